//! Pipelines, commands and operands.

use minijinja::Value;

use super::{At, Evaluator};
use crate::ast::{Command, Operand, OperandKind, Pipeline};
use crate::error::Outcome;
use crate::go_value::GoValue;

/// What a command is given besides its operand.
#[derive(Clone, Debug)]
pub(super) struct Given<'t> {
    /// The arguments as written.
    pub(super) arguments: &'t [Operand],
    /// The result of the command before, which is the last argument.
    pub(super) piped: Option<GoValue>,
}

impl Given<'_> {
    pub(super) const NONE: Self = Self {
        arguments: &[],
        piped: None,
    };

    pub(super) fn is_none(&self) -> bool {
        self.arguments.is_empty() && self.piped.is_none()
    }
}

impl<'t> Evaluator<'t> {
    /// The value of a pipeline, out of its box; its variables get the value too.
    pub(super) fn pipeline(&mut self, dot: &GoValue, pipeline: &'t Pipeline) -> Outcome<GoValue> {
        self.deeper()?;
        self.at = At::Pipeline(pipeline);
        let mut value = None;
        for command in &pipeline.commands {
            value = Some(self.command(dot, command, value)?.unboxed());
        }
        let value = value.unwrap_or(GoValue::NOTHING);
        for variable in &pipeline.variables {
            if pipeline.assigns {
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
    ) -> Outcome<GoValue> {
        let first = &command.first;
        let given = Given {
            arguments: &command.arguments,
            piped,
        };
        match &first.kind {
            OperandKind::Function(name, target) => {
                self.at = At::Operand(first);
                return self.call(dot, name, *target, At::Command(command), given);
            }
            OperandKind::Pipeline(pipeline) => {
                self.takes_nothing(first, &given)?;
                return self.pipeline(dot, pipeline);
            }
            OperandKind::Field(_) | OperandKind::Variable(..) | OperandKind::Chain(..) => {
                return self.reach(dot, first, given);
            }
            _ => {}
        }
        self.at = At::Operand(first);
        self.takes_nothing(first, &given)?;
        match &first.kind {
            OperandKind::Nil => Err(self.error("nil is not a command")),
            _ => self.constant(dot, first),
        }
    }

    /// Only functions and methods take arguments.
    fn takes_nothing(&self, operand: &Operand, given: &Given<'_>) -> Outcome<()> {
        if given.is_none() {
            return Ok(());
        }
        Err(self.error(format!("can't give argument to non-function {operand}")))
    }

    /// A field, a variable or a chain, with what hangs on to it.
    pub(super) fn reach(
        &mut self,
        dot: &GoValue,
        operand: &'t Operand,
        given: Given<'t>,
    ) -> Outcome<GoValue> {
        self.at = At::Operand(operand);
        match &operand.kind {
            OperandKind::Field(names) => self.fields(dot, dot, operand, names, given),
            OperandKind::Variable(variable, names) => {
                let held = self.variable(variable.id, &variable.name)?;
                if names.is_empty() {
                    self.takes_nothing(operand, &given)?;
                    return Ok(held);
                }
                self.fields(dot, &held, operand, names, given)
            }
            OperandKind::Chain(head, names) => {
                let value = self.argument(dot, head)?;
                self.fields(dot, &value, operand, names, given)
            }
            _ => self.constant(dot, operand),
        }
    }

    /// The value of an operand that stands as an argument; nil is nothing there.
    pub(super) fn argument(&mut self, dot: &GoValue, operand: &'t Operand) -> Outcome<GoValue> {
        self.at_operand(operand);
        match &operand.kind {
            OperandKind::Function(name, target) => {
                self.call(dot, name, *target, At::Operand(operand), Given::NONE)
            }
            OperandKind::Pipeline(pipeline) => self.pipeline(dot, pipeline),
            _ => self.reach(dot, operand, Given::NONE),
        }
    }

    fn constant(&mut self, dot: &GoValue, operand: &'t Operand) -> Outcome<GoValue> {
        let value = match &operand.kind {
            OperandKind::Dot => return Ok(dot.clone()),
            OperandKind::Bool(value) => Value::from(*value),
            OperandKind::Number(written, None) => {
                return Err(self.error(format!("{written} overflows int")));
            }
            OperandKind::Number(_, Some(value)) | OperandKind::Text(_, value) => value.clone(),
            _ => return Ok(GoValue::NOTHING),
        };
        Ok(GoValue::bare(value))
    }
}
