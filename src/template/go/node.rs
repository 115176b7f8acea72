//! The tree of a template: what the parser yields, the evaluator walks, and `convert` writes anew.
//!
//! `Display` writes a piece of the tree as error messages show it, which is close to how it was written.

use std::fmt;

use minijinja::Value;

use super::builtins::Builtin;
use crate::template::function::Function;

/// A run of nodes.
#[derive(Debug, Default)]
pub(crate) struct List(pub(crate) Vec<Node>);

/// One thing in a template.
#[derive(Debug)]
pub(crate) enum Node {
    Text(Box<str>),
    /// `{{pipeline}}`
    Action(Pipeline),
    If(Branches),
    With(Branches),
    Range(Range),
    Template(Invocation),
    Break,
    Continue,
    /// A comment, without its signs; only where comments are kept.
    Comment(Box<str>),
}

/// `if` or `with`, with all its `else if` or `else with`.
#[derive(Debug)]
pub(crate) struct Branches {
    pub(crate) arms: Vec<(Pipeline, List)>,
    pub(crate) otherwise: Option<List>,
}

/// `range`.
#[derive(Debug)]
pub(crate) struct Range {
    pub(crate) pipeline: Pipeline,
    pub(crate) body: List,
    pub(crate) otherwise: Option<List>,
}

/// `template` (and `block`, which defines the template besides).
#[derive(Debug)]
pub(crate) struct Invocation {
    pub(crate) offset: usize,
    pub(crate) name: Box<str>,
    pub(crate) pipeline: Option<Pipeline>,
}

/// Commands joined by `|`, and the variables that take the result.
#[derive(Debug)]
pub(crate) struct Pipeline {
    pub(crate) offset: usize,
    /// `=` instead of `:=`.
    pub(crate) assigns: bool,
    pub(crate) variables: Vec<Variable>,
    pub(crate) commands: Vec<Command>,
}

impl Pipeline {
    /// Whether it is a text that the template spells out: `{{ "{{" }}`.
    pub(super) fn is_text(&self) -> bool {
        let [
            Command {
                first, arguments, ..
            },
        ] = self.commands.as_slice()
        else {
            return false;
        };
        arguments.is_empty() && matches!(first.kind, OperandKind::Text(..))
    }
}

/// A variable that is declared or assigned to.
#[derive(Debug)]
pub(crate) struct Variable {
    pub(crate) id: VariableId,
    pub(crate) name: Box<str>,
}

/// The number that a variable's name has in its template; `$` is number 0.
pub(crate) type VariableId = u32;

/// An operand with its arguments; never empty.
#[derive(Debug)]
pub(crate) struct Command {
    pub(crate) offset: usize,
    pub(crate) first: Operand,
    pub(crate) arguments: Vec<Operand>,
}

/// Something that has a value.
#[derive(Debug)]
pub(crate) struct Operand {
    pub(crate) offset: usize,
    pub(crate) kind: OperandKind,
}

/// What an operand is.
#[derive(Debug)]
pub(crate) enum OperandKind {
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
pub(crate) enum Target {
    Builtin(Builtin),
    /// Renders one of the defined templates into a string.
    ExecuteTemplate,
    Library(&'static Function),
}

impl List {
    /// Whether there is nothing but white space: such a definition does not replace another one.
    pub(crate) fn is_blank(&self) -> bool {
        self.0.iter().all(|node| match node {
            Node::Text(text) => text.trim().is_empty(),
            Node::Comment(_) => true,
            _ => false,
        })
    }
}

impl Operand {
    /// Whether its value is written in the template.
    pub(super) fn is_constant(&self) -> bool {
        match &self.kind {
            OperandKind::Bool(_)
            | OperandKind::Nil
            | OperandKind::Number(..)
            | OperandKind::Text(..) => true,
            OperandKind::Pipeline(pipeline) => pipeline.is_constant(),
            _ => false,
        }
    }
}

impl Pipeline {
    /// Whether its value is written in the template.
    pub(super) fn is_constant(&self) -> bool {
        matches!(self.commands.as_slice(), [only] if only.arguments.is_empty() && only.first.is_constant())
    }
}

impl fmt::Display for Invocation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{{{{template {}",
            super::quote::quoted(self.name.as_bytes())
        )?;
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
