//! Function calls.

use minijinja::Value;

use super::pipeline::CallArguments;
use super::{Evaluator, NodeRef};
use crate::ast::{Operand, OperandKind, Target};
use crate::builtin_error::BuiltinError;
use crate::builtins::{Builtin, Callee};
use crate::context::FunctionId;
use crate::error::{BoxedError, Result};
use crate::go_value::{GoKind, GoValue, go_kind, is_true, type_name};

/// The steps for a list or a map as an argument; a string takes a step per byte.
const STEPS_OF_A_COLLECTION: usize = 64;

/// The steps of a call of a builtin function with these arguments.
fn cost(arguments: &[GoValue]) -> usize {
    let of_one = |argument: &GoValue| match go_kind(&argument.value) {
        GoKind::String(text) => text.len(),
        GoKind::List | GoKind::Map => STEPS_OF_A_COLLECTION,
        _ => 0,
    };
    arguments.iter().map(of_one).fold(1, usize::saturating_add)
}

impl<'t> Evaluator<'t> {
    /// Calls a function. Its own errors are reported at `call_node`.
    pub(super) fn call(
        &mut self,
        dot: &GoValue,
        name: &str,
        target: Target,
        call_node: NodeRef<'t>,
        args: CallArguments<'t>,
    ) -> Result<GoValue> {
        match target {
            Target::Builtin(builtin) => {
                self.check_count(name, builtin, &args)?;
                match builtin {
                    Builtin::And | Builtin::Or => self.and_or(dot, builtin == Builtin::Or, args),
                    _ => self.builtin(dot, builtin, call_node, args),
                }
            }
            Target::ExecuteTemplate => self.execute_template(dot, name, call_node, args),
            Target::Function(function) => self.call_function(dot, name, function, call_node, args),
        }
    }

    fn check_count(&self, name: &str, builtin: Builtin, args: &CallArguments<'_>) -> Result<()> {
        let (fixed, variadic) = builtin.arguments();
        let count = args.written.len() + usize::from(args.piped.is_some());
        let (want, got) = if variadic && count < fixed {
            (format!("at least {fixed}"), args.written.len())
        } else if !variadic && count != fixed {
            (fixed.to_string(), count)
        } else {
            return Ok(());
        };
        let error = self.error(format!(
            "wrong number of args for {name}: want {want} got {got}"
        ));
        Err(error.for_function(name))
    }

    /// `and` and `or`, which evaluate only the arguments that they need.
    fn and_or(&mut self, dot: &GoValue, or: bool, args: CallArguments<'t>) -> Result<GoValue> {
        let mut go_value = GoValue::INVALID;
        for argument in args.written {
            go_value = self.argument(dot, argument)?;
            if is_true(&go_value.value) == or {
                return Ok(go_value);
            }
        }
        Ok(args.piped.unwrap_or(go_value))
    }

    fn builtin(
        &mut self,
        dot: &GoValue,
        builtin: Builtin,
        call_node: NodeRef<'t>,
        args: CallArguments<'t>,
    ) -> Result<GoValue> {
        let mut arguments = Vec::with_capacity(args.written.len() + 1);
        let format_first = builtin == Builtin::Printf;
        let piped = args.piped.is_some();
        for argument in args.written {
            let go_value = if format_first && arguments.is_empty() {
                self.string_argument(dot, argument)?
            } else {
                self.argument(dot, argument)?
            };
            arguments.push(go_value);
        }
        if let Some(last) = args.piped {
            arguments.push(if format_first && arguments.is_empty() {
                self.string(last)?
            } else {
                last
            });
        }
        let callee = args
            .written
            .first()
            .map_or(Callee::Piped, |callee| Callee::Operand(callee));
        self.spend(cost(&arguments))?;
        match builtin.run(&arguments, callee, self.remaining_bytes()) {
            Ok(go_value) => {
                if builtin.makes_text() {
                    self.intermediate_bytes += go_value.value.as_bytes().map_or(0, <[u8]>::len);
                }
                Ok(go_value)
            }
            Err(error) => {
                self.current = call_node;
                Err(match error {
                    BuiltinError::Message(message) => {
                        let constant = args.written.iter().all(Operand::is_constant) && !piped;
                        self.call_error(
                            builtin.name(),
                            &self.redact_unless_constant(constant, message),
                        )
                    }
                    limit => self.builtin_error(limit),
                })
            }
        }
    }

    /// Converts an error of a builtin function or of the printer.
    #[cold]
    pub(super) fn builtin_error(&self, error: BuiltinError) -> BoxedError {
        match error {
            BuiltinError::Message(message) => self.error(message),
            BuiltinError::TooLarge => self.too_large(),
            BuiltinError::TooDeep => self.error("a value is nested too deep to be printed"),
        }
    }

    /// The value of an operand that must be a string.
    fn string_argument(&mut self, dot: &GoValue, operand: &'t Operand) -> Result<GoValue> {
        self.set_current_operand(operand);
        match &operand.kind {
            OperandKind::Nil => Err(self.error("cannot assign nil to string")),
            OperandKind::Bool(_) | OperandKind::Number(..) => {
                Err(self.error(format!("expected string; found {operand}")))
            }
            _ => {
                let go_value = self.argument(dot, operand)?;
                self.string(go_value)
            }
        }
    }

    fn string(&self, go_value: GoValue) -> Result<GoValue> {
        match go_kind(&go_value.value) {
            GoKind::String(_) => Ok(go_value.into_concrete()),
            GoKind::Nil if go_value.is_invalid() => {
                Err(self.error("invalid value; expected string"))
            }
            _ => {
                let got = type_name(&go_value.value);
                Err(self.error(format!("wrong type for value; expected string; got {got}")))
            }
        }
    }

    fn call_function(
        &mut self,
        dot: &GoValue,
        name: &str,
        function: FunctionId,
        call_node: NodeRef<'t>,
        args: CallArguments<'t>,
    ) -> Result<GoValue> {
        self.permit(name, call_node)?;
        let constant = args.written.iter().all(Operand::is_constant) && args.piped.is_none();
        let mut arguments = self.evaluated(dot, args)?;
        match self
            .context
            .call(function, &mut arguments, call_node.offset())
        {
            Ok(value) => Ok(GoValue::concrete(value)),
            Err(error) => {
                self.current = call_node;
                // A value may be a secret, also where the function uses it as a name.
                let why = if constant {
                    error.into_text()
                } else {
                    error.redacted(&self.program.source, &arguments)
                };
                Err(self.call_error(name, &why))
            }
        }
    }

    /// Returns an error if the function is denied, before its arguments are evaluated.
    fn permit(&mut self, name: &str, call_node: NodeRef<'t>) -> Result<()> {
        self.context.permit(name).map_err(|error| {
            self.current = call_node;
            self.call_error(name, &error.into_text())
        })
    }

    fn evaluated(&mut self, dot: &GoValue, args: CallArguments<'t>) -> Result<Vec<Value>> {
        let mut values = Vec::with_capacity(args.written.len() + 1);
        for argument in args.written {
            values.push(self.argument(dot, argument)?.into_argument());
        }
        values.extend(args.piped.map(GoValue::into_argument));
        Ok(values)
    }

    /// `executeTemplate name [data]`
    fn execute_template(
        &mut self,
        dot: &GoValue,
        name: &str,
        call_node: NodeRef<'t>,
        args: CallArguments<'t>,
    ) -> Result<GoValue> {
        self.permit(name, call_node)?;
        let first = args.written.first();
        let values = self.evaluated(dot, args)?;
        let caller = self.current;
        self.current = call_node;
        let (template, data) = match values.as_slice() {
            [template] => (template, GoValue::INVALID),
            [template, data] => (template, GoValue::concrete(data.clone()).into_concrete()),
            _ => {
                let why = format!(
                    "wrong number of arguments, expected 1 or 2, but got {}",
                    values.len()
                );
                return Err(self.call_error(name, &why));
            }
        };
        let Some(template) = template.as_str() else {
            let got = type_name(template);
            return Err(self.error(format!("wrong type for value; expected string; got {got}")));
        };
        // An error in the called template is reported unchanged: it has the position of the cause.
        let rendered = self.render(template, &data)?;
        self.current = caller;
        rendered.ok_or_else(|| {
            let known = crate::quote::quoted(self.program.name.as_bytes());
            let error = self.call_error(
                name,
                &format!("template: no template of this name associated with template {known}"),
            );
            match first {
                Some(Operand {
                    kind: OperandKind::String(..),
                    ..
                }) => error.with_subject(self.no_template(template)),
                _ => error,
            }
        })
    }
}
