//! Go's own functions.
//!
//! in:  the arguments, and how much text may still be made
//! out: the value, or what is wrong. (`and` and `or` do not evaluate all of their arguments: see `evaluate::call`.)

use std::sync::Arc;

use minijinja::Value;
use minijinja::value::{Enumerator, Object, ObjectRepr};

use super::held::{Held, KeyType, Shape, is_true, key_type, shape, text_value, type_name};
use super::node::Operand;
use super::printf::{Printer, Trouble};
use super::{compare, escape};
use crate::template::record::TypedMap;

/// One of Go's own functions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Builtin {
    And,
    Or,
    Not,
    Eq,
    Ne,
    Lt,
    Le,
    Gt,
    Ge,
    Len,
    Index,
    Slice,
    Print,
    Printf,
    Println,
    Html,
    Js,
    UrlQuery,
    Call,
}

/// What `call` is asked to call.
#[derive(Clone, Copy, Debug)]
pub(super) enum Callee<'t> {
    Written(&'t Operand),
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

type Answer = Result<Held, Trouble>;

fn wrong(message: impl Into<String>) -> Trouble {
    Trouble::Message(message.into())
}

impl Builtin {
    /// The function of that name.
    pub(super) fn of_name(name: &str) -> Option<Self> {
        ALL.iter().find(|(known, _)| *known == name).map(|(_, builtin)| *builtin)
    }

    /// Its name.
    pub(super) fn name(self) -> &'static str {
        ALL.iter().find(|(_, builtin)| *builtin == self).map_or("", |(name, _)| *name)
    }

    /// How many arguments it needs, and whether it takes more.
    pub(super) fn arguments(self) -> (usize, bool) {
        match self {
            Self::Not | Self::Len => (1, false),
            Self::Ne | Self::Lt | Self::Le | Self::Gt | Self::Ge => (2, false),
            Self::And | Self::Or | Self::Eq | Self::Index | Self::Slice | Self::Printf | Self::Call => (1, true),
            Self::Print | Self::Println | Self::Html | Self::Js | Self::UrlQuery => (0, true),
        }
    }

    /// Whether it makes a new text, which counts against the limit.
    pub(super) fn makes_text(self) -> bool {
        use Builtin::{Html, Js, Print, Printf, Println, Slice, UrlQuery};
        matches!(self, Print | Printf | Println | Html | Js | UrlQuery | Slice)
    }

    /// Runs it; the number of arguments has been checked.
    pub(super) fn run(self, arguments: &[Held], callee: &Callee<'_>, room: usize) -> Answer {
        let (first, rest) = arguments.split_first().unwrap_or((&Held::NOTHING, &[]));
        let second = rest.first().unwrap_or(&Held::NOTHING);
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
            Self::Len => len(first),
            Self::Index => index(first, rest),
            Self::Slice => slice(first, rest, room),
            Self::Print => text(room, |printer| printer.print(arguments.iter().map(|held| &held.value))),
            Self::Println => text(room, |printer| printer.println(arguments.iter().map(|held| &held.value))),
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
    Ok(Held::bare(Value::from(value)))
}

fn text(room: usize, print: impl FnOnce(&mut Printer)) -> Answer {
    let mut printer = Printer::new(Vec::new(), room);
    print(&mut printer);
    let (text, trouble) = printer.finish();
    trouble.map_or_else(|| Ok(Held::bare(text_value(text))), Err)
}

fn length(value: &Value) -> Option<usize> {
    match shape(value) {
        Shape::Text(text) => Some(text.len()),
        Shape::List | Shape::Map => Some(value.len().unwrap_or(0)),
        // Go counts what waits in the channel, which is nothing.
        Shape::Channel => Some(0),
        _ => None,
    }
}

fn int(value: usize) -> Value {
    Value::from(i64::try_from(value).unwrap_or(i64::MAX))
}

fn len(item: &Held) -> Answer {
    if item.is_nothing() {
        return Err(wrong("reflect: call of reflect.Value.Type on zero Value"));
    }
    if item.value.is_none() {
        return Err(wrong("len of nil pointer"));
    }
    let length = length(&item.value).ok_or_else(|| wrong(format!("len of type {}", type_name(&item.value))))?;
    Ok(Held::bare(int(length)))
}

/// An index into something of this capacity; the length itself is allowed here.
fn position(index: &Held, most: usize, sees_into_box: bool) -> Result<usize, Trouble> {
    if index.is_nothing() || (sees_into_box && index.value.is_none()) {
        return Err(wrong("cannot index slice/array with nil"));
    }
    let number = match shape(&index.value) {
        _ if index.boxed && !sees_into_box => {
            return Err(wrong("cannot index slice/array with type interface {}"));
        }
        Shape::Int(number) => i128::from(number),
        Shape::Uint(number) => i128::from(number),
        _ => return Err(wrong(format!("cannot index slice/array with type {}", type_name(&index.value)))),
    };
    let fits = usize::try_from(number).ok().filter(|at| *at <= most);
    fits.ok_or_else(|| wrong(format!("index out of range: {number}")))
}

fn index(item: &Held, indexes: &[Held]) -> Answer {
    if item.is_nothing() || item.value.is_none() {
        return Err(wrong("index of untyped nil"));
    }
    let mut item = item.clone();
    for index in indexes {
        item = element(&item, index)?;
    }
    Ok(item)
}

fn element(item: &Held, index: &Held) -> Answer {
    match shape(&item.value) {
        Shape::Nothing => Err(wrong("index of nil pointer")),
        Shape::Text(text) => {
            let at = position(index, text.len(), true)?;
            let byte = text.get(at).ok_or_else(|| wrong("reflect: string index out of range"))?;
            Ok(Held::bare(Value::from(i64::from(*byte))))
        }
        Shape::List => {
            let length = item.value.len().unwrap_or(0);
            let at = position(index, length, true)?;
            if at >= length {
                return Err(wrong("reflect: slice index out of range"));
            }
            Ok(Held::boxed(item.value.get_item_by_index(at).unwrap_or_default()))
        }
        Shape::Map => entry(&item.value, &index.value),
        _ => Err(wrong(format!("can't index item of type {}", type_name(&item.value)))),
    }
}

/// The entry of a map; one that is missing is the zero value, whatever the template's option says.
fn entry(map: &Value, key: &Value) -> Answer {
    let typed = map.downcast_object_ref::<TypedMap>();
    let keys = match shape(key) {
        Shape::Text(_) if typed.is_some() => KeyType::Text,
        _ => key_type(map),
    };
    let fits = match (keys, shape(key)) {
        (KeyType::Anything, _) | (KeyType::Text, Shape::Text(_)) | (KeyType::Int, Shape::Int(_)) => true,
        (_, Shape::Nothing) => return Err(wrong(format!("value is nil; should be of type {}", keys.name()))),
        _ => false,
    };
    if !fits {
        return Err(wrong(format!("value has type {}; should be {}", type_name(key), keys.name())));
    }
    if let Some(typed) = typed {
        let found = key.as_str().and_then(|key| typed.entries.get(key));
        return Ok(Held::bare(found.unwrap_or(&typed.zero).clone()));
    }
    let found = map.as_object().and_then(|object| object.get_value(key));
    Ok(found.map_or_else(Held::nil, Held::boxed))
}

fn slice(item: &Held, indexes: &[Held], room: usize) -> Answer {
    if item.is_nothing() || item.value.is_none() {
        return Err(wrong("slice of untyped nil"));
    }
    if indexes.len() > 3 {
        return Err(wrong(format!("too many slice indexes: {}", indexes.len())));
    }
    let value = &item.value;
    let (length, capacity) = match shape(value) {
        Shape::Text(_) if indexes.len() == 3 => return Err(wrong("cannot 3-index slice a string")),
        Shape::Text(text) => (text.len(), text.len()),
        // Go may have room behind the end of a list; ours ends where it ends, but for the error's text.
        Shape::List => (value.len().unwrap_or(0), value.len().unwrap_or(0)),
        _ => return Err(wrong(format!("can't slice item of type {}", type_name(value)))),
    };
    let mut bounds = [0, length, capacity];
    for (bound, index) in bounds.iter_mut().zip(indexes) {
        *bound = position(index, capacity, false)?;
    }
    let [from, to, most] = bounds;
    if from > to {
        return Err(wrong(format!("invalid slice index: {from} > {to}")));
    }
    if to > most {
        return Err(wrong(format!("invalid slice index: {to} > {most}")));
    }
    match value.as_bytes() {
        Some(text) if to - from > room => {
            let _ = text;
            Err(Trouble::TooLarge)
        }
        Some(text) => Ok(Held::bare(text_value(text.get(from..to).unwrap_or_default().to_vec()))),
        None => Ok(Held::bare(Part::of(value, from, to - from))),
    }
}

/// A part of a list; the list itself is not copied.
#[derive(Debug)]
struct Part {
    whole: Value,
    from: usize,
    length: usize,
}

impl Part {
    /// A part of a list, or of a part of one.
    fn of(list: &Value, from: usize, length: usize) -> Value {
        let (whole, from) = match list.downcast_object_ref::<Self>() {
            Some(part) => (part.whole.clone(), part.from.saturating_add(from)),
            None => (list.clone(), from),
        };
        Value::from_object(Self { whole, from, length })
    }
}

impl Object for Part {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Seq
    }

    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        let at = key.as_usize().filter(|at| *at < self.length)?;
        self.whole.get_item_by_index(self.from.checked_add(at)?).ok()
    }

    fn enumerate(self: &Arc<Self>) -> Enumerator {
        Enumerator::Seq(self.length)
    }
}

/// No value of a template is a function.
fn call(value: &Held, callee: &Callee<'_>) -> Trouble {
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
