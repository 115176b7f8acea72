//! The function calls and the escaping of Go templates.

use std::borrow::Cow;

use gotemplate::{Budget, Context, FunctionId};
use minijinja::Value;

use crate::functions;
use crate::hints::absent;
use crate::render_context::{CallSite, RenderContext};
use ::functions::{Call, FunctionError, Group};
use file_formats::Format;
use file_formats::escape::mark::Kind;

impl Context for RenderContext {
    fn budget(&self) -> &Budget {
        RenderContext::budget(self)
    }

    fn call(
        &self,
        function: FunctionId,
        args: &mut [Value],
        at: usize,
    ) -> Result<Value, FunctionError> {
        let Some(function) = functions::of_id(function) else {
            let name = functions::failing_of_id(function).unwrap_or_default();
            let unsupported = functions::unsupported::in_go(name);
            return Err(FunctionError::new(absent::message(name, unsupported)));
        };
        for arg in args.iter_mut() {
            *arg = self.argument(function, std::mem::take(arg));
        }
        let call = || {
            function.call(&Call {
                args,
                context: self,
            })
        };
        let value = if function.group == Group::Sources {
            self.requesting(call, || CallSite::Byte(at))?
        } else {
            call()?
        };
        Ok(self.outcome(function, args, value))
    }

    fn permit(&self, name: &str) -> Result<(), FunctionError> {
        if !self.denies_functions() {
            return Ok(());
        }
        let in_jinja = functions::named_in_go(name).map_or(name, |function| function.jinja);
        RenderContext::permit(self, [name, in_jinja])
    }

    fn escapes(&self) -> bool {
        self.format() != Format::None
    }

    fn refuses_bytes(&self) -> bool {
        true
    }

    fn escape<'a>(&self, text: &'a str) -> Result<Cow<'a, str>, FunctionError> {
        self.printed(text, Kind::Text)
    }
}
