//! Executes a template.
//!
//! Input: a parsed template, the value of `.`, and the [`Context`] for its functions. Output: the text, or an error. The
//! number of steps, the nesting and the size of the text are limited.

use std::fmt::Display;

use crate::ast::{Command, Invocation, Operand, Pipeline, VariableId};
use crate::context::Context;
use crate::error::{BoxedError, Enclosing, Error, ErrorSubject, Phase, Result, line_and_column};
use crate::go_value::GoValue;
use crate::options::Limits;
use crate::program::Program;
use crate::redact;
use field_places::FieldPlaces;

mod call;
mod field;
mod field_places;
mod pipeline;
mod range;
mod walk;

/// What happens if an action fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ErrorPolicy {
    /// The execution fails.
    Fail,
    /// The action is skipped: the template is executed only to find out which functions it calls.
    Skip,
}

/// Executes the main template.
pub(super) fn execute(
    program: &Program,
    dot: &GoValue,
    context: &dyn Context,
    error_policy: ErrorPolicy,
) -> Result<String> {
    let mut evaluator = Evaluator {
        program,
        context,
        error_policy,
        limits: program.limits,
        name: &program.name,
        current: NodeRef::Start,
        variables: Vec::new(),
        enclosing: Vec::new(),
        base: 0,
        out: Vec::new(),
        first_bytes: None,
        intermediate_bytes: 0,
        steps: 0,
        calls: 0,
        levels: 0,
        field_places: FieldPlaces::default(),
    };
    if let Some(body) = program.templates.get(program.name.as_ref()) {
        evaluator.run(&program.name, body, dot)?;
    }
    evaluator.text()
}

struct Evaluator<'t> {
    program: &'t Program,
    context: &'t dyn Context,
    error_policy: ErrorPolicy,
    limits: Limits,
    /// The name of the template that is being executed.
    name: &'t str,
    /// The node that is being evaluated, for error messages.
    current: NodeRef<'t>,
    /// The variables of all templates that are being executed.
    variables: Vec<(VariableId, GoValue)>,
    /// The open `range` and `with` actions, the innermost last, for error messages.
    enclosing: Vec<(&'static str, &'t Pipeline)>,
    /// The index of the current template's first variable.
    base: usize,
    out: Vec<u8>,
    /// The template and the action that have first printed bytes that are not UTF-8.
    first_bytes: Option<(&'t str, NodeRef<'t>)>,
    /// The size of all texts that are not in `out`, such as results of `printf`.
    intermediate_bytes: usize,
    /// The number of iterations and template calls so far.
    steps: usize,
    /// The depth of template calls.
    calls: usize,
    /// The depth of nested lists and pipelines.
    levels: usize,
    field_places: FieldPlaces<'t>,
}

/// A node that an error message can show.
#[derive(Clone, Copy)]
enum NodeRef<'t> {
    Start,
    Pipeline(&'t Pipeline),
    Command(&'t Command),
    Operand(&'t Operand),
    Invocation(&'t Invocation),
}

impl NodeRef<'_> {
    /// The byte offset in the source.
    fn offset(&self) -> usize {
        match self {
            NodeRef::Start => 0,
            NodeRef::Pipeline(node) => node.offset,
            NodeRef::Command(node) => node.offset,
            NodeRef::Operand(node) => node.offset,
            NodeRef::Invocation(node) => node.offset,
        }
    }
}

/// What follows a node.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Flow {
    Next,
    Break,
    Continue,
}

impl<'t> Evaluator<'t> {
    fn set_current_operand(&mut self, operand: &'t Operand) {
        self.current = match &operand.kind {
            crate::ast::OperandKind::Pipeline(pipeline) => NodeRef::Pipeline(pipeline),
            _ => NodeRef::Operand(operand),
        };
    }

    /// Creates an error at the current node.
    #[cold]
    fn error(&self, message: impl Into<String>) -> BoxedError {
        let offset = self.current.offset();
        let context: &dyn Display = match self.current {
            NodeRef::Start => &"",
            NodeRef::Pipeline(node) => node,
            NodeRef::Command(node) => node,
            NodeRef::Operand(node) => node,
            NodeRef::Invocation(node) => node,
        };
        let (line, column) = line_and_column(&self.program.source, offset);
        let template = &self.program.name;
        let name = crate::quote::quoted(self.name.as_bytes());
        // In this text Go counts columns from 0.
        let prefix = format!(
            "template: {template}:{line}:{}: executing {name} at <{context}>: ",
            column - 1
        );
        let message = message.into();
        let enclosing = self.enclosing.last().map(|(keyword, pipeline)| {
            Box::new(Enclosing {
                offset: pipeline.offset,
                text: format!("{keyword} {pipeline}"),
            })
        });
        let subject = ErrorSubject::Unnamed;
        BoxedError::from(Error {
            phase: Phase::Execute,
            line,
            column,
            offset,
            prefix,
            message,
            subject,
            enclosing,
        })
    }

    /// The message, in which numbers are redacted unless all arguments are literals.
    fn redact_unless_constant(&self, is_constant: bool, message: String) -> String {
        if is_constant {
            message
        } else {
            redact::numbers(&message, &self.program.source)
        }
    }

    /// The error of a failed function call.
    #[cold]
    fn call_error(&self, function: &str, why: &str) -> BoxedError {
        self.error(format!("error calling {function}: {why}"))
            .for_function(function)
    }

    /// Spends steps of the budget of the rendering.
    fn spend(&self, steps: usize) -> Result<()> {
        let intermediate_bytes = self.context.budget().spend(steps);
        intermediate_bytes.map_err(|exhausted| self.error(exhausted.to_string()))
    }

    /// Counts an iteration or a template call.
    fn step(&mut self) -> Result<()> {
        self.spend(1)?;
        self.steps += 1;
        if self.steps > self.limits.steps {
            let max = self.limits.steps;
            return Err(self.error(format!("more than {max} iterations and calls of templates")));
        }
        Ok(())
    }

    /// Enters a level of nesting. The caller decrements `levels` afterwards, except after an error.
    fn enter_level(&mut self) -> Result<()> {
        self.levels += 1;
        if self.levels > crate::stack::MAX_LEVELS {
            return Err(self.error("exceeded maximum nesting"));
        }
        Ok(())
    }

    /// The number of bytes of text that are still allowed.
    fn remaining_bytes(&self) -> usize {
        self.limits
            .text
            .saturating_sub(self.out.len())
            .saturating_sub(self.intermediate_bytes)
    }

    #[cold]
    fn too_large(&self) -> BoxedError {
        self.error(format!(
            "the text is larger than {} bytes",
            self.limits.text
        ))
    }

    fn variable(&self, id: VariableId, name: &str) -> Result<GoValue> {
        let own = self.variables.get(self.base..).unwrap_or_default();
        let found = own.iter().rev().find(|(other, _)| *other == id);
        found
            .map(|(_, go_value)| go_value.clone())
            .ok_or_else(|| self.error(format!("undefined variable: {name}")))
    }

    fn assign(&mut self, id: VariableId, name: &str, go_value: GoValue) -> Result<()> {
        let own = self.variables.get_mut(self.base..).unwrap_or_default();
        match own.iter_mut().rev().find(|(other, _)| *other == id) {
            Some((_, variable)) => {
                *variable = go_value;
                Ok(())
            }
            None => Err(self.error(format!("undefined variable: {name}"))),
        }
    }
}
