//! Converts pipelines, operands and fields.
//!
//! Input: a pipeline of a Go template. Output: a Jinja expression with the same value, or the
//! reason why there is none ([`Cannot`]).

use gotemplate::ast::{Command, Operand, OperandKind, Pipeline};

use crate::expression::{Expr, Level, quoted};
use crate::mark::Cannot;
use crate::name::{is_plain, snake};
use crate::types::{Records, Type};
use crate::writer::{Converted, MAX_DEPTH, Writer};

impl<'t> Writer<'t> {
    /// Converts a pipeline to its value; its variables are not set.
    pub(crate) fn value(&mut self, pipeline: &'t Pipeline) -> Converted {
        if pipeline.commands.len() > MAX_DEPTH {
            let what = format!("a pipeline of {} commands", pipeline.commands.len());
            let why = format!("Jinja takes {MAX_DEPTH} filters in a row");
            return Err(Cannot::new(pipeline.offset, what, &why));
        }
        let mut value = None;
        for command in &pipeline.commands {
            value = Some(self.command(command, value)?);
        }
        value.ok_or_else(|| Cannot::new(pipeline.offset, pipeline, "it is empty"))
    }

    fn command(&mut self, command: &'t Command, piped: Option<Expr>) -> Converted {
        let first = &command.first;
        if let OperandKind::Function(name, target) = &first.kind {
            let mut args = command
                .arguments
                .iter()
                .map(|arg| self.operand(arg))
                .collect::<Result<Vec<_>, _>>()?;
            let is_piped = piped.is_some();
            args.extend(piped);
            return self.call(command, name, *target, args, is_piped);
        }
        let given = !command.arguments.is_empty() || piped.is_some();
        if !given {
            return if matches!(first.kind, OperandKind::Nil) {
                Err(Cannot::new(command.offset, command, "nil is not a command"))
            } else {
                self.operand(first)
            };
        }
        let mut args = command
            .arguments
            .iter()
            .map(|arg| self.operand(arg))
            .collect::<Result<Vec<_>, _>>()?;
        args.extend(piped);
        self.method(command, first, args)
    }

    /// Converts a call of a method with arguments; only the scratch pad has such methods.
    fn method(&mut self, command: &'t Command, operand: &'t Operand, args: Vec<Expr>) -> Converted {
        let cannot = |why: &str| Cannot::new(command.offset, command, why);
        let (head, names) = match &operand.kind {
            OperandKind::Field(names) => (self.dot(), names),
            OperandKind::Variable(variable, names) => {
                (self.variable(operand, &variable.name)?, names)
            }
            OperandKind::Chain(head, names) => (self.operand(head)?, names),
            _ => return Err(cannot("only functions and methods take arguments")),
        };
        let Some((last, before)) = names.split_last() else {
            return Err(cannot("only functions and methods take arguments"));
        };
        let mut head = head;
        for name in before {
            head = field(self.shared.records, operand, head, name)?;
        }
        match head.kind {
            Type::Scratch => Ok(scratch(&head, last, args)),
            Type::Any | Type::Unseen => Ok(Expr {
                has_effect: false,
                ..scratch(&head, last, args)
            }),
            _ => Err(cannot("only functions and methods take arguments")),
        }
    }

    /// Converts an operand.
    pub(crate) fn operand(&mut self, operand: &'t Operand) -> Converted {
        let cannot = |why: &str| Err(Cannot::new(operand.offset, operand, why));
        match &operand.kind {
            OperandKind::Dot => Ok(self.dot()),
            OperandKind::Nil => Ok(Expr::none()),
            OperandKind::Bool(value) => Ok(Expr::primary(value.to_string(), Type::Bool)),
            OperandKind::Number(_, None) => cannot("the number is too large for Go"),
            OperandKind::Number(_, Some(value)) => {
                number(value).map_or_else(|| cannot("Jinja has no complex numbers"), Ok)
            }
            OperandKind::String(_, value) => match value.as_str() {
                Some(text) => Ok(Expr::text(text)),
                None => cannot("a string in Jinja is UTF-8"),
            },
            OperandKind::Field(names) => {
                let dot = self.dot();
                self.fields(operand, dot, names)
            }
            OperandKind::Variable(variable, names) => {
                let value = self.variable(operand, &variable.name)?;
                self.fields(operand, value, names)
            }
            OperandKind::Chain(head, names) => {
                let head = self.operand(head)?;
                self.fields(operand, head, names)
            }
            OperandKind::Function(name, target) => {
                let whole = operand.to_string();
                self.call_named(operand.offset, &whole, name, *target, Vec::new(), false)
            }
            OperandKind::Pipeline(pipeline) if pipeline.variables.is_empty() => {
                self.value(pipeline)
            }
            OperandKind::Pipeline(_) => {
                cannot("Jinja cannot set a variable inside of an expression")
            }
        }
    }
    fn fields(&self, operand: &Operand, value: Expr, names: &[Box<str>]) -> Converted {
        let records = self.shared.records;
        names
            .iter()
            .try_fold(value, |value, name| field(records, operand, value, name))
    }
}

/// Converts the access to a field.
fn field(records: &Records, operand: &Operand, value: Expr, name: &str) -> Converted {
    let noun = snake(name);
    let after_dot = |value: &Expr| {
        let base = value.at(Level::Primary);
        if is_plain(name) {
            format!("{base}.{name}")
        } else {
            format!("{base}[{}]", quoted(name))
        }
    };
    let found = match &value.kind {
        Type::Record(_) => {
            let Some((field, kind)) = records.field(&value.kind, name) else {
                return Err(Cannot::new(
                    operand.offset,
                    operand,
                    &format!("there is no field {name}"),
                ));
            };
            Expr::primary(format!("{}.{field}", value.at(Level::Primary)), kind)
        }
        Type::Map(of) if **of == Type::Text => {
            Expr::primary(after_dot(&value), Type::Text).filter("default(\"\")", Type::Text)
        }
        Type::Map(of) => {
            let of = (**of).clone();
            Expr::call("go_index", [value, Expr::text(name)], of)
        }
        Type::Plain | Type::Unseen => Expr {
            maybe_undefined: true,
            ..Expr::primary(after_dot(&value), value.kind.clone())
        },
        Type::Any => Expr::call("go_field", [value, Expr::text(name)], Type::Any),
        Type::Nil => {
            return Err(Cannot::new(operand.offset, operand, "nil has no fields"));
        }
        Type::Scratch => scratch(&value, name, Vec::new()),
        _ => {
            return Err(Cannot::new(
                operand.offset,
                operand,
                &format!("the value has no field {name}"),
            ));
        }
    };
    Ok(found.called(noun))
}

/// Converts a call of a method of the scratch pad.
fn scratch(pad: &Expr, method: &str, args: Vec<Expr>) -> Expr {
    let kind = match method {
        "Key" => Type::Bool,
        "MapValues" => Type::List(Box::new(Type::Any)),
        "Get" => Type::Any,
        _ => Type::Text,
    };
    let has_effect = matches!(method, "Set" | "SetX" | "MapSet" | "MapSetX");
    let called = format!("{}.{}", pad.at(Level::Primary), snake(method));
    Expr {
        has_effect,
        ..Expr::call(&called, args, kind)
    }
}

/// Converts a number literal.
fn number(value: &minijinja::Value) -> Option<Expr> {
    if !value.is_number() {
        return None;
    }
    let (text, kind) = if value.is_integer() {
        (value.to_string(), Type::Int)
    } else {
        (
            format!(
                "{:?}",
                f64::try_from(value.clone())
                    .ok()
                    .filter(|float| float.is_finite())?
            ),
            Type::Float,
        )
    };
    let level = if text.starts_with('-') {
        Level::Concat
    } else {
        Level::Primary
    };
    Some(Expr::new(text, level, kind))
}
