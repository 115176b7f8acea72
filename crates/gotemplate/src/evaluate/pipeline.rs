//! Pipelines, commands and operands.

use minijinja::Value;

use super::{Evaluator, NodeRef};
use crate::ast::{Command, Operand, OperandKind, Pipeline};
use crate::error::Result;
use crate::go_value::GoValue;

/// The arguments of a command.
#[derive(Clone, Debug)]
pub(super) struct CallArguments<'t> {
    /// The operands after the first one, not evaluated yet.
    pub(super) written: &'t [Operand],
    /// The result of the command before, which becomes the last argument.
    pub(super) piped: Option<GoValue>,
}

impl CallArguments<'_> {
    pub(super) const NONE: Self = Self {
        written: &[],
        piped: None,
    };

    pub(super) fn is_empty(&self) -> bool {
        self.written.is_empty() && self.piped.is_none()
    }
}

impl<'t> Evaluator<'t> {
    /// Evaluates a pipeline, and assigns its value to its variables.
    pub(super) fn pipeline(&mut self, dot: &GoValue, pipeline: &'t Pipeline) -> Result<GoValue> {
        self.enter_level()?;
        self.current = NodeRef::Pipeline(pipeline);
        let mut value = None;
        for command in &pipeline.commands {
            value = Some(self.command(dot, command, value)?.into_concrete());
        }
        let value = value.unwrap_or(GoValue::INVALID);
        for variable in &pipeline.variables {
            if pipeline.is_assignment {
                self.assign(variable.id, &variable.name, value.clone())?;
            } else {
                self.variables.push((variable.id, value.clone()));
            }
        }
        self.levels -= 1;
        Ok(value)
    }

    fn command(
        &mut self,
        dot: &GoValue,
        command: &'t Command,
        piped: Option<GoValue>,
    ) -> Result<GoValue> {
        let first = &command.first;
        let args = CallArguments {
            written: &command.arguments,
            piped,
        };
        match &first.kind {
            OperandKind::Function(name, target) => {
                self.current = NodeRef::Operand(first);
                return self.call(dot, name, *target, NodeRef::Command(command), args);
            }
            OperandKind::Pipeline(pipeline) => {
                self.reject_arguments(first, &args)?;
                return self.pipeline(dot, pipeline);
            }
            OperandKind::Field(_) | OperandKind::Variable(..) | OperandKind::Chain(..) => {
                return self.field_chain(dot, first, args);
            }
            _ => {}
        }
        self.current = NodeRef::Operand(first);
        self.reject_arguments(first, &args)?;
        match &first.kind {
            OperandKind::Nil => Err(self.error("nil is not a command")),
            _ => self.constant(dot, first),
        }
    }

    /// Returns an error if there are arguments: only functions and methods take some.
    fn reject_arguments(&self, operand: &Operand, args: &CallArguments<'_>) -> Result<()> {
        if args.is_empty() {
            return Ok(());
        }
        Err(self.error(format!("can't give argument to non-function {operand}")))
    }

    /// The value of a field, a variable or a chain with its fields.
    pub(super) fn field_chain(
        &mut self,
        dot: &GoValue,
        operand: &'t Operand,
        args: CallArguments<'t>,
    ) -> Result<GoValue> {
        self.current = NodeRef::Operand(operand);
        match &operand.kind {
            OperandKind::Field(names) => self.fields(dot, dot, operand, names, args),
            OperandKind::Variable(variable, names) => {
                let go_value = self.variable(variable.id, &variable.name)?;
                if names.is_empty() {
                    self.reject_arguments(operand, &args)?;
                    return Ok(go_value);
                }
                self.fields(dot, &go_value, operand, names, args)
            }
            OperandKind::Chain(head, names) => {
                let value = self.argument(dot, head)?;
                self.fields(dot, &value, operand, names, args)
            }
            _ => self.constant(dot, operand),
        }
    }

    /// The value of an operand as an argument, where `nil` is an invalid value.
    pub(super) fn argument(&mut self, dot: &GoValue, operand: &'t Operand) -> Result<GoValue> {
        self.set_current_operand(operand);
        match &operand.kind {
            OperandKind::Function(name, target) => self.call(
                dot,
                name,
                *target,
                NodeRef::Operand(operand),
                CallArguments::NONE,
            ),
            OperandKind::Pipeline(pipeline) => self.pipeline(dot, pipeline),
            _ => self.field_chain(dot, operand, CallArguments::NONE),
        }
    }

    fn constant(&mut self, dot: &GoValue, operand: &'t Operand) -> Result<GoValue> {
        let value = match &operand.kind {
            OperandKind::Dot => return Ok(dot.clone()),
            OperandKind::Bool(value) => Value::from(*value),
            OperandKind::Number(written, None) => {
                return Err(self.error(format!("{written} overflows int")));
            }
            OperandKind::Number(_, Some(value)) | OperandKind::String(_, value) => value.clone(),
            _ => return Ok(GoValue::INVALID),
        };
        Ok(GoValue::concrete(value))
    }
}
