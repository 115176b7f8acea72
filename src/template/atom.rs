//! A value of a type of its own, such as a version or a point in time.
//!
//! It prints as one text, and has properties: methods without arguments in Go (`.Major`), attributes in Jinja
//! (`.major`).

use std::fmt;
use std::sync::Arc;

use minijinja::value::{Object, ObjectRepr, Value};
use minijinja::{Error, ErrorKind, State};

/// One value that is more than its text.
#[derive(Debug)]
pub(crate) struct Atom {
    /// What Go calls its type.
    pub(crate) go_type: &'static str,
    /// How it is printed.
    pub(crate) text: String,
    /// Its properties, each with its name in Go and in Jinja.
    pub(crate) properties: Vec<([&'static str; 2], Value)>,
}

impl Atom {
    /// A property, by its name in either language.
    pub(crate) fn property(&self, name: &str) -> Option<Value> {
        self.properties.iter().find(|(names, _)| names.contains(&name)).map(|(_, value)| value.clone())
    }
}

impl Object for Atom {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Plain
    }

    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        self.property(key.as_str()?)
    }

    fn call_method(self: &Arc<Self>, _: &mut State<'_, '_>, method: &str, args: &[Value]) -> Result<Value, Error> {
        match self.property(method) {
            Some(value) if args.is_empty() => Ok(value),
            Some(_) => {
                let text = format!("wrong number of args for {method}: want 0 got {}", args.len());
                Err(Error::new(ErrorKind::InvalidOperation, text))
            }
            None => Err(Error::new(ErrorKind::UnknownMethod, format!("{} has no method {method:?}", self.go_type))),
        }
    }

    fn is_true(self: &Arc<Self>) -> bool {
        true
    }

    fn render(self: &Arc<Self>, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}
