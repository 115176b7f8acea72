//! Go's own functions.
//!
//! in:  the arguments, and how much text may still be made
//! out: the value, or what is wrong. (`and` and `or` do not evaluate all of their arguments: see `evaluate::call`.)

use std::fmt::Display;

use minijinja::Value;

use crate::go_value::{GoValue, is_true, text_value, type_name};
use crate::printf::{Printer, Trouble};
use crate::{compare, elements, escape};

/// One of Go's own functions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Builtin {
    /// The first argument that is false, or the last one.
    And,
    /// The first argument that is true, or the last one.
    Or,
    /// The negation.
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
    /// The length of a text, list or map.
    Len,
    /// An element of an element.
    Index,
    /// A part of a list or text.
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

/// The callee of `call`, for its error: always a value that is no function.
#[derive(Clone, Copy)]
pub(super) enum Callee<'t> {
    Written(&'t dyn Display),
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

type Answer = Result<GoValue, Trouble>;

fn wrong(message: impl Into<String>) -> Trouble {
    Trouble::Message(message.into())
}

impl Builtin {
    /// The function of that name.
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

    /// How many arguments it needs, and whether it takes more.
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

    /// Whether it makes a new text, which counts against the limit.
    pub(super) fn makes_text(self) -> bool {
        use Builtin::{Html, Js, Print, Printf, Println, Slice, UrlQuery};
        matches!(
            self,
            Print | Printf | Println | Html | Js | UrlQuery | Slice
        )
    }

    /// Runs it; the number of arguments has been checked.
    pub(super) fn run(self, arguments: &[GoValue], callee: Callee<'_>, room: usize) -> Answer {
        let (first, rest) = arguments.split_first().unwrap_or((&GoValue::NOTHING, &[]));
        let second = rest.first().unwrap_or(&GoValue::NOTHING);
        let (a, b) = (&first.value, &second.value);
        match self {
            // Evaluated elsewhere; here for completeness.
            Self::And | Self::Or => Ok(first.clone()),
            Self::Not => truth(!is_true(a)),
            Self::Eq => truth(compare::equals_any(a, rest)?),
            Self::Ne => truth(!compare::equal(a, b)?),
            Self::Lt => truth(compare::less(a, b)?),
            Self::Le => truth(compare::less_or_equal(a, b)?),
            Self::Gt => truth(!compare::less_or_equal(a, b)?),
            Self::Ge => truth(!compare::less(a, b)?),
            Self::Len => elements::len(first),
            Self::Index => elements::index(first, rest),
            Self::Slice => elements::slice(first, rest, room),
            Self::Print => text(room, |printer| {
                printer.print(arguments.iter().map(|held| &held.value));
            }),
            Self::Println => text(room, |printer| {
                printer.println(arguments.iter().map(|held| &held.value));
            }),
            Self::Printf => text(room, |printer| {
                let rest: Vec<&Value> = rest.iter().map(|held| &held.value).collect();
                printer.printf(a.as_bytes().unwrap_or_default(), &rest);
            }),
            Self::Html => escape::html(arguments, room),
            Self::Js => escape::js(arguments, room),
            Self::UrlQuery => escape::url_query(arguments, room),
            Self::Call => Err(call(first, callee)),
        }
    }
}

#[expect(clippy::unnecessary_wraps, reason = "what all functions yield")]
fn truth(value: bool) -> Answer {
    Ok(GoValue::bare(Value::from(value)))
}

fn text(room: usize, print: impl FnOnce(&mut Printer)) -> Answer {
    let mut printer = Printer::new(Vec::new(), room);
    print(&mut printer);
    let (text, trouble) = printer.finish();
    trouble.map_or_else(|| Ok(GoValue::bare(text_value(text))), Err)
}

/// No value of a template is a function.
fn call(value: &GoValue, callee: Callee<'_>) -> Trouble {
    if value.is_nothing() || value.value.is_none() {
        return wrong("call of nil");
    }
    let of_type = type_name(&value.value);
    let name = match callee {
        Callee::Written(operand) => operand.to_string(),
        Callee::Piped => format!("<{of_type} Value>"),
    };
    wrong(format!("non-function {name} of type {of_type}"))
}

/// The names of the functions that are part of the language, with consul-template's `executeTemplate`.
pub fn own_functions() -> impl Iterator<Item = &'static str> {
    Builtin::names().chain(["executeTemplate"])
}
