//! The syntax tree of a template, as [`parse_tree`](crate::parse_tree) returns it and the evaluator walks it.
//!
//! `Display` writes a part of the tree as Go's error messages show it, which is close to the source.

use std::collections::HashMap;
use std::fmt;

use minijinja::Value;

pub use crate::builtins::Builtin;
use crate::context::FunctionId;

/// The templates of a source by their names: the main one, and those of `define` and `block`.
pub type Templates = HashMap<Box<str>, List>;

/// A sequence of nodes.
#[derive(Debug, Default)]
pub struct List(pub Vec<Node>);

/// Text, an action or a control structure.
#[derive(Debug)]
pub enum Node {
    /// Text outside of actions, trimmed as `{{-` and `-}}` say.
    Text(Box<str>),
    /// `{{pipeline}}`
    Action(Pipeline),
    /// `{{if}}`
    If(Branches),
    /// `{{with}}`
    With(Branches),
    /// `{{range}}`
    Range(Range),
    /// `{{template}}` or `{{block}}`
    Template(Invocation),
    /// `{{break}}`
    Break,
    /// `{{continue}}`
    Continue,
    /// The text of a comment; only in a tree of [`parse_tree`](crate::parse_tree).
    Comment(Box<str>),
}

/// An `if` or `with`, with each `else if` or `else with`.
#[derive(Debug)]
pub struct Branches {
    /// The conditions and their bodies, in order.
    pub arms: Vec<(Pipeline, List)>,
    /// The body of `else`.
    pub else_body: Option<List>,
}

/// A `range`.
#[derive(Debug)]
pub struct Range {
    /// The value to iterate over, and the loop variables.
    pub pipeline: Pipeline,
    /// The body of an iteration.
    pub body: List,
    /// The body of `else`.
    pub else_body: Option<List>,
}

/// A `template`, or the call that is part of a `block`.
#[derive(Debug)]
pub struct Invocation {
    /// The byte offset in the source.
    pub offset: usize,
    /// The name of the template.
    pub name: Box<str>,
    /// The data for the template.
    pub pipeline: Option<Pipeline>,
}

/// Commands joined by `|`, and the variables that take the result.
#[derive(Debug)]
pub struct Pipeline {
    /// The byte offset in the source.
    pub offset: usize,
    /// `true` for `=`, `false` for `:=`.
    pub is_assignment: bool,
    /// The variables to the left of `=` or `:=`.
    pub variables: Vec<Variable>,
    /// The commands; never empty.
    pub commands: Vec<Command>,
}

/// A variable.
#[derive(Debug)]
pub struct Variable {
    /// The number of the name.
    pub id: VariableId,
    /// The name with its `$`.
    pub name: Box<str>,
}

/// The number of a variable's name in its source; `$` is number 0.
pub type VariableId = u32;

/// An operand with its arguments.
#[derive(Debug)]
pub struct Command {
    /// The byte offset in the source.
    pub offset: usize,
    /// The value, or the function.
    pub first: Operand,
    /// The arguments as written; a piped one is not among them.
    pub arguments: Vec<Operand>,
}

/// An expression.
#[derive(Debug)]
pub struct Operand {
    /// The byte offset in the source.
    pub offset: usize,
    /// The kind, with its content.
    pub kind: OperandKind,
}

/// The kinds of [`Operand`].
#[derive(Debug)]
pub enum OperandKind {
    /// `.`
    Dot,
    /// `nil`
    Nil,
    /// `true` or `false`
    Bool(bool),
    /// A number as written, and its value unless it overflows Go's `int`.
    Number(Box<str>, Option<Value>),
    /// A string as written, and its value.
    String(Box<str>, Value),
    /// `.Name.Name`
    Field(Box<[Box<str>]>),
    /// `$name.Name.Name`
    Variable(Variable, Box<[Box<str>]>),
    /// A function by its name.
    Function(Box<str>, Target),
    /// `(pipeline).Name.Name` or `function.Name`
    Chain(Box<Operand>, Box<[Box<str>]>),
    /// `(pipeline)`
    Pipeline(Box<Pipeline>),
}

/// The function that a name refers to.
#[derive(Clone, Copy, Debug)]
pub enum Target {
    /// A function of Go's language.
    Builtin(Builtin),
    /// `executeTemplate`, which renders a defined template into a string.
    ExecuteTemplate,
    /// A function of the program.
    Function(FunctionId),
}

impl List {
    /// Returns `true` if it holds only white space and comments: such a definition replaces no other one.
    #[must_use]
    pub fn is_blank(&self) -> bool {
        self.0.iter().all(|node| match node {
            Node::Text(text) => text.trim().is_empty(),
            Node::Comment(_) => true,
            _ => false,
        })
    }
}

impl Operand {
    /// Returns `true` if it is a literal, so that its value is in the source.
    pub(super) fn is_constant(&self) -> bool {
        match &self.kind {
            OperandKind::Bool(_)
            | OperandKind::Nil
            | OperandKind::Number(..)
            | OperandKind::String(..) => true,
            OperandKind::Pipeline(pipeline) => pipeline.is_constant(),
            _ => false,
        }
    }
}

impl Pipeline {
    /// Returns `true` if it is a string literal: `{{ "{{" }}`.
    pub(super) fn is_text(&self) -> bool {
        let [
            Command {
                first, arguments, ..
            },
        ] = self.commands.as_slice()
        else {
            return false;
        };
        arguments.is_empty() && matches!(first.kind, OperandKind::String(..))
    }

    /// Returns `true` if it is a literal, so that its value is in the source.
    pub(super) fn is_constant(&self) -> bool {
        matches!(self.commands.as_slice(), [only] if only.arguments.is_empty() && only.first.is_constant())
    }
}

impl fmt::Display for Invocation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{{{{template {}",
            crate::quote::quoted(self.name.as_bytes())
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
            f.write_str(if self.is_assignment { " = " } else { " := " })?;
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
            OperandKind::Number(written, _) | OperandKind::String(written, _) => {
                f.write_str(written)
            }
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
