//! Executes a template.
//!
//! in:  the parsed template, the value of the dot, the [`Context`] that its functions are called in
//! out: the text, or the error; whatever happens, the number of steps, the nesting and the size of the text are limited

use std::fmt::Display;

use crate::ast::{Command, Invocation, Operand, Pipeline, VariableId};
use crate::context::Context;
use crate::error::{About, Error, Failure, Outcome, Phase, line_and_column};
use crate::go_value::GoValue;
use crate::options::Limits;
use crate::program::Program;
use crate::redact;

mod call;
mod field;
mod pipeline;
mod range;
mod walk;

/// The effect of an action that fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Manner {
    /// It ends the execution.
    Strict,
    /// It prints nothing: the rendering is made for the functions that the template calls.
    Survey,
}

/// Executes the main template.
pub(super) fn execute(
    program: &Program,
    dot: &GoValue,
    context: &dyn Context,
    manner: Manner,
) -> Outcome<String> {
    let mut evaluator = Evaluator {
        program,
        context,
        manner,
        limits: program.limits,
        name: &program.name,
        at: At::Start,
        variables: Vec::new(),
        around: Vec::new(),
        base: 0,
        out: Vec::new(),
        spent: 0,
        steps: 0,
        calls: 0,
        levels: 0,
    };
    if let Some(body) = program.templates.get(program.name.as_ref()) {
        evaluator.run(&program.name, body, dot)?;
    }
    let text = String::from_utf8(evaluator.out);
    Ok(text.unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned()))
}

struct Evaluator<'t> {
    program: &'t Program,
    context: &'t dyn Context,
    manner: Manner,
    limits: Limits,
    /// The name of the template that is being executed.
    name: &'t str,
    /// What is being evaluated, for error messages.
    at: At<'t>,
    /// All variables, of the templates further out too.
    variables: Vec<(VariableId, GoValue)>,
    /// The `range` and `with` that are being executed, for error messages.
    around: Vec<(&'static str, &'t Pipeline)>,
    /// Where the variables of the current template begin.
    base: usize,
    out: Vec<u8>,
    /// The size of the texts that were made and are not in `out`.
    spent: usize,
    /// The number of iterations and calls of templates so far.
    steps: usize,
    /// How many templates are being executed, one called by the other.
    calls: usize,
    /// How many lists and pipelines are being executed, one within the other.
    levels: usize,
}

/// A part of the tree that an error message can name.
#[derive(Clone, Copy)]
enum At<'t> {
    Start,
    Pipeline(&'t Pipeline),
    Command(&'t Command),
    Operand(&'t Operand),
    Invocation(&'t Invocation),
}

impl At<'_> {
    /// Its first byte in the source.
    fn offset(&self) -> usize {
        match self {
            At::Start => 0,
            At::Pipeline(node) => node.offset,
            At::Command(node) => node.offset,
            At::Operand(node) => node.offset,
            At::Invocation(node) => node.offset,
        }
    }
}

/// Where to go on after a node.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Flow {
    Next,
    Break,
    Continue,
}

impl<'t> Evaluator<'t> {
    fn at_operand(&mut self, operand: &'t Operand) {
        self.at = match &operand.kind {
            crate::ast::OperandKind::Pipeline(pipeline) => At::Pipeline(pipeline),
            _ => At::Operand(operand),
        };
    }

    /// The error at the current place.
    #[cold]
    fn error(&self, message: impl Into<String>) -> Failure {
        let offset = self.at.offset();
        let context: &dyn Display = match self.at {
            At::Start => &"",
            At::Pipeline(node) => node,
            At::Command(node) => node,
            At::Operand(node) => node,
            At::Invocation(node) => node,
        };
        let (line, column) = line_and_column(&self.program.source, offset);
        let template = &self.program.name;
        let name = crate::quote::quoted(self.name.as_bytes());
        // Go counts columns from 0 here.
        let prefix = format!(
            "template: {template}:{line}:{}: executing {name} at <{context}>: ",
            column - 1
        );
        let message = message.into();
        let around = self.around.last().map(|(keyword, pipeline)| {
            Box::new((pipeline.offset, format!("{keyword} {pipeline}")))
        });
        let about = About::Nothing;
        Failure::from(Error {
            phase: Phase::Execute,
            line,
            column,
            offset,
            prefix,
            message,
            about,
            around,
        })
    }

    /// A value that came with an error, only if it is written in the template in so many words.
    fn constant_or(&self, is_constant: bool, message: String) -> String {
        if is_constant {
            message
        } else {
            redact::numbers(&message, &self.program.source)
        }
    }

    /// The error that a function has failed.
    #[cold]
    fn failed(&self, function: &str, why: &str) -> Failure {
        self.error(format!("error calling {function}: {why}"))
            .of_function(function)
    }

    /// Spends steps of the budget of the rendering.
    fn spend(&self, steps: usize) -> Outcome<()> {
        let spent = self.context.budget().spend(steps);
        spent.map_err(|exhausted| self.error(exhausted.to_string()))
    }

    /// One iteration or call more.
    fn step(&mut self) -> Outcome<()> {
        self.spend(1)?;
        self.steps += 1;
        if self.steps > self.limits.steps {
            let most = self.limits.steps;
            return Err(self.error(format!(
                "more than {most} iterations and calls of templates"
            )));
        }
        Ok(())
    }

    /// Enters a level of nesting; the caller leaves it again, unless there is an error.
    fn deeper(&mut self) -> Outcome<()> {
        self.levels += 1;
        if self.levels > crate::stack::MOST_LEVELS {
            return Err(self.error("exceeded maximum nesting"));
        }
        Ok(())
    }

    /// How many bytes of text may still be made.
    fn room(&self) -> usize {
        self.limits
            .text
            .saturating_sub(self.out.len())
            .saturating_sub(self.spent)
    }

    #[cold]
    fn too_large(&self) -> Failure {
        self.error(format!(
            "the text is larger than {} bytes",
            self.limits.text
        ))
    }

    fn variable(&self, id: VariableId, name: &str) -> Outcome<GoValue> {
        let own = self.variables.get(self.base..).unwrap_or_default();
        let found = own.iter().rev().find(|(other, _)| *other == id);
        found
            .map(|(_, held)| held.clone())
            .ok_or_else(|| self.error(format!("undefined variable: {name}")))
    }

    fn assign(&mut self, id: VariableId, name: &str, held: GoValue) -> Outcome<()> {
        let own = self.variables.get_mut(self.base..).unwrap_or_default();
        match own.iter_mut().rev().find(|(other, _)| *other == id) {
            Some((_, place)) => {
                *place = held;
                Ok(())
            }
            None => Err(self.error(format!("undefined variable: {name}"))),
        }
    }
}
