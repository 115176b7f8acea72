//! The tree of a template: what the parser yields and the evaluator walks.
//!
//! `Display` writes a piece of the tree as error messages show it, which is close to how it was written.

use std::fmt;

use minijinja::Value;

use super::builtins::Builtin;
use crate::template::function::Function;

/// A run of nodes.
#[derive(Debug, Default)]
pub(super) struct List(pub(super) Vec<Node>);

/// One thing in a template.
#[derive(Debug)]
pub(super) enum Node {
    Text(Box<str>),
    /// `{{pipeline}}`
    Action(Pipeline),
    If(Branches),
    With(Branches),
    Range(Range),
    Template(Invocation),
    Break,
    Continue,
}

/// `if` or `with`, with all its `else if` or `else with`.
#[derive(Debug)]
pub(super) struct Branches {
    pub(super) arms: Vec<(Pipeline, List)>,
    pub(super) otherwise: Option<List>,
}

/// `range`.
#[derive(Debug)]
pub(super) struct Range {
    pub(super) pipeline: Pipeline,
    pub(super) body: List,
    pub(super) otherwise: Option<List>,
}

/// `template` (and `block`, which defines the template besides).
#[derive(Debug)]
pub(super) struct Invocation {
    pub(super) offset: usize,
    pub(super) name: Box<str>,
    pub(super) pipeline: Option<Pipeline>,
}

/// Commands joined by `|`, and the variables that take the result.
#[derive(Debug)]
pub(super) struct Pipeline {
    pub(super) offset: usize,
    /// `=` instead of `:=`.
    pub(super) assigns: bool,
    pub(super) variables: Vec<Variable>,
    pub(super) commands: Vec<Command>,
}

/// A variable that is declared or assigned to.
#[derive(Debug)]
pub(super) struct Variable {
    pub(super) id: VariableId,
    pub(super) name: Box<str>,
}

/// The number that a variable's name has in its template; `$` is number 0.
pub(super) type VariableId = u32;

/// An operand with its arguments; never empty.
#[derive(Debug)]
pub(super) struct Command {
    pub(super) offset: usize,
    pub(super) first: Operand,
    pub(super) arguments: Vec<Operand>,
}

/// Something that has a value.
#[derive(Debug)]
pub(super) struct Operand {
    pub(super) offset: usize,
    pub(super) kind: OperandKind,
}

/// What an operand is.
#[derive(Debug)]
pub(super) enum OperandKind {
    Dot,
    Nil,
    Bool(bool),
    /// A number as written; without a value if it overflows Go's `int`.
    Number(Box<str>, Option<Value>),
    /// A string as written.
    Text(Box<str>, Value),
    /// `.Name.Name`
    Field(Box<[Box<str>]>),
    /// `$name.Name.Name`
    Variable(Variable, Box<[Box<str>]>),
    Function(Box<str>, Target),
    /// `(pipeline).Name.Name` or `function.Name`
    Chain(Box<Operand>, Box<[Box<str>]>),
    /// `(pipeline)`
    Pipeline(Box<Pipeline>),
}

/// What a function's name stands for.
#[derive(Clone, Copy, Debug)]
pub(super) enum Target {
    Builtin(Builtin),
    /// Renders one of the defined templates into a string.
    ExecuteTemplate,
    Library(&'static Function),
}

impl List {
    /// Whether there is nothing but white space: such a definition does not replace another one.
    pub(super) fn is_blank(&self) -> bool {
        self.0.iter().all(|node| matches!(node, Node::Text(text) if text.trim().is_empty()))
    }
}

impl fmt::Display for Invocation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{{{{template {}", super::quote::quoted(self.name.as_bytes()))?;
        if let Some(pipeline) = &self.pipeline {
            write!(f, " {pipeline}")?;
        }
        f.write_str("}}")
    }
}

impl fmt::Display for Pipeline {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, variable) in self.variables.iter().enumerate() {
            write!(f, "{}{}", if index > 0 { ", " } else { "" }, variable.name)?;
        }
        if !self.variables.is_empty() {
            f.write_str(if self.assigns { " = " } else { " := " })?;
        }
        for (index, command) in self.commands.iter().enumerate() {
            write!(f, "{}{command}", if index > 0 { " | " } else { "" })?;
        }
        Ok(())
    }
}

impl fmt::Display for Command {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.first.fmt_in_command(f)?;
        for argument in &self.arguments {
            f.write_str(" ")?;
            argument.fmt_in_command(f)?;
        }
        Ok(())
    }
}

impl Operand {
    fn fmt_in_command(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.kind {
            OperandKind::Pipeline(pipeline) => write!(f, "({pipeline})"),
            _ => write!(f, "{self}"),
        }
    }
}

impl fmt::Display for Operand {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.kind {
            OperandKind::Dot => f.write_str("."),
            OperandKind::Nil => f.write_str("nil"),
            OperandKind::Bool(value) => write!(f, "{value}"),
            OperandKind::Number(written, _) | OperandKind::Text(written, _) => f.write_str(written),
            OperandKind::Field(names) => fmt_fields(f, names),
            OperandKind::Variable(variable, names) => {
                f.write_str(&variable.name)?;
                fmt_fields(f, names)
            }
            OperandKind::Function(name, _) => f.write_str(name),
            OperandKind::Chain(head, names) => {
                head.fmt_in_command(f)?;
                fmt_fields(f, names)
            }
            OperandKind::Pipeline(pipeline) => write!(f, "{pipeline}"),
        }
    }
}

fn fmt_fields(f: &mut fmt::Formatter<'_>, names: &[Box<str>]) -> fmt::Result {
    names.iter().try_for_each(|name| write!(f, ".{name}"))
}
