//! Calls of functions.

use minijinja::Value;

use super::pipeline::Given;
use super::{At, Evaluator};
use crate::ast::{Operand, OperandKind, Target};
use crate::builtins::{Builtin, Callee};
use crate::context::FunctionId;
use crate::error::{Failure, Outcome};
use crate::go_value::nil_for_nothing;
use crate::go_value::{GoValue, Shape, is_true, shape, type_name};
use crate::printf::Trouble;
use crate::redact;

/// The steps that a list or map counts as, beside the bytes of texts: comparing and printing look at all that is in it.
const STEPS_OF_A_COLLECTION: usize = 64;

/// The steps of a call of a builtin function with these arguments.
fn cost(arguments: &[GoValue]) -> usize {
    let of_one = |argument: &GoValue| match shape(&argument.value) {
        Shape::Text(text) => text.len(),
        Shape::List | Shape::Map => STEPS_OF_A_COLLECTION,
        _ => 0,
    };
    arguments.iter().map(of_one).fold(1, usize::saturating_add)
}

impl<'t> Evaluator<'t> {
    /// Calls a function; `whole` is what an error of the function itself is reported at.
    pub(super) fn call(
        &mut self,
        dot: &GoValue,
        name: &str,
        target: Target,
        whole: At<'t>,
        given: Given<'t>,
    ) -> Outcome<GoValue> {
        match target {
            Target::Builtin(builtin) => {
                self.check_count(name, builtin, &given)?;
                match builtin {
                    Builtin::And | Builtin::Or => self.logic(dot, builtin == Builtin::Or, given),
                    _ => self.builtin(dot, builtin, whole, given),
                }
            }
            Target::ExecuteTemplate => self.execute_template(dot, name, whole, given),
            Target::Function(function) => self.call_library(dot, name, function, whole, given),
        }
    }

    fn check_count(&self, name: &str, builtin: Builtin, given: &Given<'_>) -> Outcome<()> {
        let (fixed, variadic) = builtin.arguments();
        let count = given.arguments.len() + usize::from(given.piped.is_some());
        let (want, got) = if variadic && count < fixed {
            (format!("at least {fixed}"), given.arguments.len())
        } else if !variadic && count != fixed {
            (fixed.to_string(), count)
        } else {
            return Ok(());
        };
        let error = self.error(format!(
            "wrong number of args for {name}: want {want} got {got}"
        ));
        Err(error.of_function(name))
    }

    /// `and` and `or` evaluate no more operands than they need.
    fn logic(&mut self, dot: &GoValue, or: bool, given: Given<'t>) -> Outcome<GoValue> {
        let mut held = GoValue::NOTHING;
        for argument in given.arguments {
            held = self.argument(dot, argument)?;
            if is_true(&held.value) == or {
                return Ok(held);
            }
        }
        Ok(given.piped.unwrap_or(held))
    }

    fn builtin(
        &mut self,
        dot: &GoValue,
        builtin: Builtin,
        whole: At<'t>,
        given: Given<'t>,
    ) -> Outcome<GoValue> {
        let mut arguments = Vec::with_capacity(given.arguments.len() + 1);
        let format_first = builtin == Builtin::Printf;
        let piped = given.piped.is_some();
        for argument in given.arguments {
            let held = if format_first && arguments.is_empty() {
                self.text_argument(dot, argument)?
            } else {
                self.argument(dot, argument)?
            };
            arguments.push(held);
        }
        if let Some(last) = given.piped {
            arguments.push(if format_first && arguments.is_empty() {
                self.text(last)?
            } else {
                last
            });
        }
        let callee = given
            .arguments
            .first()
            .map_or(Callee::Piped, |callee| Callee::Written(callee));
        self.spend(cost(&arguments))?;
        match builtin.run(&arguments, callee, self.room()) {
            Ok(held) => {
                if builtin.makes_text() {
                    self.spent += held.value.as_bytes().map_or(0, <[u8]>::len);
                }
                Ok(held)
            }
            Err(trouble) => {
                self.at = whole;
                Err(match trouble {
                    Trouble::Message(why) => {
                        let constant = given.arguments.iter().all(Operand::is_constant) && !piped;
                        self.failed(builtin.name(), &self.constant_or(constant, why))
                    }
                    limit => self.trouble(limit),
                })
            }
        }
    }

    /// The error of what could not be printed or called.
    #[cold]
    pub(super) fn trouble(&self, trouble: Trouble) -> Failure {
        match trouble {
            Trouble::Message(why) => self.error(why),
            Trouble::TooLarge => self.too_large(),
            Trouble::TooDeep => self.error("a value is nested too deep to be printed"),
        }
    }

    /// The value of an operand where a string is wanted.
    fn text_argument(&mut self, dot: &GoValue, operand: &'t Operand) -> Outcome<GoValue> {
        self.at_operand(operand);
        match &operand.kind {
            OperandKind::Nil => Err(self.error("cannot assign nil to string")),
            OperandKind::Bool(_) | OperandKind::Number(..) => {
                Err(self.error(format!("expected string; found {operand}")))
            }
            _ => {
                let held = self.argument(dot, operand)?;
                self.text(held)
            }
        }
    }

    fn text(&self, held: GoValue) -> Outcome<GoValue> {
        match shape(&held.value) {
            Shape::Text(_) => Ok(held.unboxed()),
            Shape::Nothing if held.is_nothing() => {
                Err(self.error("invalid value; expected string"))
            }
            _ => {
                let got = type_name(&held.value);
                Err(self.error(format!("wrong type for value; expected string; got {got}")))
            }
        }
    }

    fn call_library(
        &mut self,
        dot: &GoValue,
        name: &str,
        function: FunctionId,
        whole: At<'t>,
        given: Given<'t>,
    ) -> Outcome<GoValue> {
        self.permit(name, whole)?;
        let constant = given.arguments.iter().all(Operand::is_constant) && given.piped.is_none();
        let mut arguments = self.values(dot, given)?;
        match self.context.call(function, &mut arguments, whole.offset()) {
            Ok(value) => Ok(GoValue::bare(value)),
            Err(error) => {
                self.at = whole;
                // What is made of values may be a secret, also where it is used as a name.
                let why = if constant {
                    error.0
                } else {
                    redact::arguments(&error.0, &self.program.source, &arguments)
                };
                Err(self.failed(name, &why))
            }
        }
    }

    /// Nothing of a function that is denied is evaluated.
    fn permit(&mut self, name: &str, whole: At<'t>) -> Outcome<()> {
        self.context.permit(name).map_err(|error| {
            self.at = whole;
            self.failed(name, &error.0)
        })
    }

    fn values(&mut self, dot: &GoValue, given: Given<'t>) -> Outcome<Vec<Value>> {
        let mut values = Vec::with_capacity(given.arguments.len() + 1);
        for argument in given.arguments {
            values.push(nil_for_nothing(self.argument(dot, argument)?.value));
        }
        values.extend(given.piped.map(|held| nil_for_nothing(held.value)));
        Ok(values)
    }

    /// `executeTemplate name [data]`
    fn execute_template(
        &mut self,
        dot: &GoValue,
        name: &str,
        whole: At<'t>,
        given: Given<'t>,
    ) -> Outcome<GoValue> {
        self.permit(name, whole)?;
        let first = given.arguments.first();
        let values = self.values(dot, given)?;
        let caller = self.at;
        self.at = whole;
        let (template, data) = match values.as_slice() {
            [template] => (template, GoValue::NOTHING),
            [template, data] => (template, GoValue::bare(data.clone()).unboxed()),
            _ => {
                let why = format!(
                    "wrong number of arguments, expected 1 or 2, but got {}",
                    values.len()
                );
                return Err(self.failed(name, &why));
            }
        };
        let Some(template) = template.as_str() else {
            let got = type_name(template);
            return Err(self.error(format!("wrong type for value; expected string; got {got}")));
        };
        // An error inside is reported as it is: it names the place that is to blame.
        let rendered = self.render(template, &data)?;
        self.at = caller;
        rendered.ok_or_else(|| {
            let known = crate::quote::quoted(self.program.name.as_bytes());
            let error = self.failed(
                name,
                &format!("template: no template of this name associated with template {known}"),
            );
            match first {
                Some(Operand {
                    kind: OperandKind::Text(..),
                    ..
                }) => error.about(self.no_template(template)),
                _ => error,
            }
        })
    }
}
