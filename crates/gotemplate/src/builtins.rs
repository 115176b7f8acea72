//! The predefined functions of `text/template`.
//!
//! Input: evaluated arguments, and the maximum length of a text. Output: a value, or Go's message. `and` and `or`
//! evaluate only the arguments that they need, so `evaluate::call` has them.

use std::fmt::Display;

use minijinja::Value;

use crate::builtin_error::BuiltinError;
use crate::go_value::{GoValue, is_true, text_value, type_name};
use crate::printf::Printer;
use crate::{compare, elements, escape};

/// A predefined function.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Builtin {
    /// The first argument that is false, or the last one.
    And,
    /// The first argument that is true, or the last one.
    Or,
    /// Negates a truth value.
    Not,
    /// Returns `true` if the first argument equals one of the others.
    Eq,
    /// `a != b`.
    Ne,
    /// `a < b`.
    Lt,
    /// `a <= b`.
    Le,
    /// `a > b`.
    Gt,
    /// `a >= b`.
    Ge,
    /// The length of a string, list or map.
    Len,
    /// An element of a list, a string or a map; with several indexes, of nested ones.
    Index,
    /// A part of a list or a string.
    Slice,
    /// Go's `fmt.Sprint`.
    Print,
    /// Go's `fmt.Sprintf`.
    Printf,
    /// Go's `fmt.Sprintln`.
    Println,
    /// Escapes for HTML.
    Html,
    /// Escapes for JavaScript.
    Js,
    /// Escapes for the query of a URL.
    UrlQuery,
    /// Calls a function value; always an error, as no value is a function.
    Call,
}

/// The first argument of `call`, for its error message.
#[derive(Clone, Copy)]
pub(super) enum Callee<'t> {
    /// An operand of the template.
    Operand(&'t dyn Display),
    /// The result of the command before.
    Piped,
}

const ALL: [(&str, Builtin); 19] = [
    ("and", Builtin::And),
    ("or", Builtin::Or),
    ("not", Builtin::Not),
    ("eq", Builtin::Eq),
    ("ne", Builtin::Ne),
    ("lt", Builtin::Lt),
    ("le", Builtin::Le),
    ("gt", Builtin::Gt),
    ("ge", Builtin::Ge),
    ("len", Builtin::Len),
    ("index", Builtin::Index),
    ("slice", Builtin::Slice),
    ("print", Builtin::Print),
    ("printf", Builtin::Printf),
    ("println", Builtin::Println),
    ("html", Builtin::Html),
    ("js", Builtin::Js),
    ("urlquery", Builtin::UrlQuery),
    ("call", Builtin::Call),
];

impl Builtin {
    /// The function with this name.
    pub fn of_name(name: &str) -> Option<Self> {
        ALL.iter()
            .find(|(known, _)| *known == name)
            .map(|(_, builtin)| *builtin)
    }

    /// The names of all.
    pub(super) fn names() -> impl Iterator<Item = &'static str> {
        ALL.iter().map(|(name, _)| *name)
    }

    /// Its name.
    pub fn name(self) -> &'static str {
        ALL.iter()
            .find(|(_, builtin)| *builtin == self)
            .map_or("", |(name, _)| *name)
    }

    /// The minimum number of arguments, and whether it is variadic.
    pub fn arguments(self) -> (usize, bool) {
        match self {
            Self::Not | Self::Len => (1, false),
            Self::Ne | Self::Lt | Self::Le | Self::Gt | Self::Ge => (2, false),
            Self::And
            | Self::Or
            | Self::Eq
            | Self::Index
            | Self::Slice
            | Self::Printf
            | Self::Call => (1, true),
            Self::Print | Self::Println | Self::Html | Self::Js | Self::UrlQuery => (0, true),
        }
    }

    /// Returns `true` if its result is a new text, which counts against the limit for texts.
    pub(super) fn makes_text(self) -> bool {
        use Builtin::{Html, Js, Print, Printf, Println, Slice, UrlQuery};
        matches!(
            self,
            Print | Printf | Println | Html | Js | UrlQuery | Slice
        )
    }

    /// Runs the function. The caller has checked the number of arguments.
    pub(super) fn run(
        self,
        arguments: &[GoValue],
        callee: Callee<'_>,
        max_len: usize,
    ) -> Result<GoValue, BuiltinError> {
        let (first, rest) = arguments.split_first().unwrap_or((&GoValue::INVALID, &[]));
        let second = rest.first().unwrap_or(&GoValue::INVALID);
        let (a, b) = (&first.value, &second.value);
        match self {
            // The evaluator handles these two.
            Self::And | Self::Or => Ok(first.clone()),
            Self::Not => bool_value(!is_true(a)),
            Self::Eq => bool_value(compare::equals_any(a, rest)?),
            Self::Ne => bool_value(!compare::equal(a, b)?),
            Self::Lt => bool_value(compare::less(a, b)?),
            Self::Le => bool_value(compare::less_or_equal(a, b)?),
            Self::Gt => bool_value(!compare::less_or_equal(a, b)?),
            Self::Ge => bool_value(!compare::less(a, b)?),
            Self::Len => elements::len(first),
            Self::Index => elements::index(first, rest),
            Self::Slice => elements::slice(first, rest, max_len),
            Self::Print => text(max_len, |printer| {
                printer.print(arguments.iter().map(|go_value| &go_value.value));
            }),
            Self::Println => text(max_len, |printer| {
                printer.println(arguments.iter().map(|go_value| &go_value.value));
            }),
            Self::Printf => text(max_len, |printer| {
                let rest: Vec<&Value> = rest.iter().map(|go_value| &go_value.value).collect();
                printer.printf(a.as_bytes().unwrap_or_default(), &rest);
            }),
            Self::Html => escape::html(arguments, max_len),
            Self::Js => escape::js(arguments, max_len),
            Self::UrlQuery => escape::url_query(arguments, max_len),
            Self::Call => Err(call(first, callee)),
        }
    }
}

#[expect(clippy::unnecessary_wraps, reason = "the result type of all functions")]
fn bool_value(value: bool) -> Result<GoValue, BuiltinError> {
    Ok(GoValue::concrete(Value::from(value)))
}

fn text(max_len: usize, print: impl FnOnce(&mut Printer)) -> Result<GoValue, BuiltinError> {
    let mut printer = Printer::new(Vec::new(), max_len);
    print(&mut printer);
    let (text, error) = printer.finish();
    error.map_or_else(|| Ok(GoValue::concrete(text_value(text))), Err)
}

/// The error of `call`: no value of a template is a function.
fn call(value: &GoValue, callee: Callee<'_>) -> BuiltinError {
    if value.is_invalid() || value.value.is_none() {
        return BuiltinError::new("call of nil");
    }
    let go_type = type_name(&value.value);
    let name = match callee {
        Callee::Operand(operand) => operand.to_string(),
        Callee::Piped => format!("<{go_type} Value>"),
    };
    BuiltinError::new(format!("non-function {name} of type {go_type}"))
}

/// The names of the functions that are part of the language, and consul-template's `executeTemplate`.
pub fn language_functions() -> impl Iterator<Item = &'static str> {
    Builtin::names().chain(["executeTemplate"])
}
