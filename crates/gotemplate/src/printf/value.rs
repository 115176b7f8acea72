//! One argument of a verb: a value of whatever kind.

use minijinja::Value;

use super::{Flags, Printer, Trouble};
use crate::complex::Complex;
use crate::go_value::{Shape, shape, sorted_entries, type_name};
use crate::record::Record;
use crate::scalar_object::ScalarObject;

/// How deep lists and maps may be nested to be printed.
const MOST_DEPTH: usize = 300;

impl Printer {
    /// An argument as the verb asks for it.
    pub(super) fn argument(&mut self, value: &Value, verb: char) {
        match (shape(value), verb) {
            (Shape::Nothing, 'T' | 'v') => self.pad_text(b"<nil>"),
            (Shape::Nothing, _) => self.bad_verb(verb, None),
            // For errors only, and only where errors are made.
            (_, 'w') => self.bad_verb(verb, Some(value)),
            (_, 'T') => {
                let name = type_name(value);
                self.format_text(name.as_bytes());
            }
            (Shape::Record(record), _) => {
                // A pointer, by its type.
                if record.schema().name.starts_with('*') {
                    self.push(b"&");
                }
                self.record(record, verb, 0);
            }
            _ => self.value(value, verb, 0),
        }
    }

    fn value(&mut self, value: &Value, verb: char, depth: usize) {
        if depth > MOST_DEPTH {
            self.trouble = Some(Trouble::TooDeep);
        }
        if self.trouble.is_some() {
            return;
        }
        match shape(value) {
            Shape::Nothing if self.flags.sharp_v => self.push(b"interface {}(nil)"),
            Shape::Nothing => self.push(b"<nil>"),
            Shape::Bool(_) if !matches!(verb, 't' | 'v') => self.bad_verb(verb, Some(value)),
            Shape::Bool(truth) => self.pad_text(if truth { b"true" } else { b"false" }),
            Shape::Int(int) => {
                if !self.integer(int.unsigned_abs(), int < 0, true, verb) {
                    self.bad_verb(verb, Some(value));
                }
            }
            Shape::Uint(uint) => {
                if !self.integer(uint, false, false, verb) {
                    self.bad_verb(verb, Some(value));
                }
            }
            Shape::Float(float) => {
                if !self.float(float, verb) {
                    self.bad_verb(verb, Some(value));
                }
            }
            Shape::Complex(complex) => self.complex(complex, value, verb),
            Shape::Text(text) => {
                if !self.text(text, verb) {
                    self.bad_verb(verb, Some(value));
                }
            }
            Shape::List => self.list(value, verb, depth),
            Shape::Map => self.map(value, verb, depth),
            Shape::Record(record) => self.record(record, verb, depth),
            Shape::Opaque
                if matches!(verb, 'v' | 's' | 'q' | 'x' | 'X')
                    && value.downcast_object_ref::<ScalarObject>().is_some() =>
            {
                let text = value.to_string();
                self.text(text.as_bytes(), verb);
            }
            Shape::Channel | Shape::Opaque => self.address(value),
        }
    }

    fn list(&mut self, list: &Value, verb: char, depth: usize) {
        let sharp = self.flags.sharp_v;
        if verb == 'p' {
            return self.address(list);
        }
        if sharp {
            self.push(b"[]interface {}{");
        } else {
            self.push(b"[");
        }
        for (index, value) in list.try_iter().into_iter().flatten().enumerate() {
            self.separate(index);
            self.value(&value, verb, depth + 1);
            if self.trouble.is_some() {
                return;
            }
        }
        self.push(if sharp { b"}" } else { b"]" });
    }

    fn map(&mut self, map: &Value, verb: char, depth: usize) {
        let sharp = self.flags.sharp_v;
        if verb == 'p' {
            return self.address(map);
        }
        if sharp {
            self.push(type_name(map).as_bytes());
            self.push(b"{");
        } else {
            self.push(b"map[");
        }
        for (index, (key, value)) in sorted_entries(map).iter().enumerate() {
            self.separate(index);
            self.value(key, verb, depth + 1);
            self.push(b":");
            self.value(value, verb, depth + 1);
            if self.trouble.is_some() {
                return;
            }
        }
        self.push(if sharp { b"}" } else { b"]" });
    }

    /// A record's fields. Within a list Go would show an address, which says nothing to anybody.
    pub(super) fn record(&mut self, record: &Record, verb: char, depth: usize) {
        let (sharp, plus) = (self.flags.sharp_v, self.flags.plus_v);
        if sharp {
            self.push(record.schema().name.trim_start_matches('*').as_bytes());
        }
        self.push(b"{");
        for (index, (field, value)) in record.fields().enumerate() {
            self.separate(index);
            if sharp || plus {
                self.push(field.go.as_bytes());
                self.push(b":");
            }
            self.value(&value, verb, depth + 1);
            if self.trouble.is_some() {
                return;
            }
        }
        self.push(b"}");
    }

    /// What Go shows as an address: that would be another one each time.
    fn address(&mut self, value: &Value) {
        let text = format!("({})", type_name(value));
        self.pad(text.as_bytes());
    }

    fn separate(&mut self, index: usize) {
        if index > 0 {
            self.push(if self.flags.sharp_v { b", " } else { b" " });
        }
    }

    fn complex(&mut self, complex: Complex, value: &Value, verb: char) {
        if !matches!(
            verb,
            'v' | 'b' | 'g' | 'G' | 'x' | 'X' | 'f' | 'F' | 'e' | 'E'
        ) {
            return self.bad_verb(verb, Some(value));
        }
        let plus = self.flags.plus;
        self.push(b"(");
        self.float(complex.real, verb);
        // The imaginary part always has a sign.
        self.flags.plus = true;
        self.float(complex.imaginary, verb);
        self.push(b"i)");
        self.flags.plus = plus;
    }

    /// `%!d(string=x)`
    fn bad_verb(&mut self, verb: char, value: Option<&Value>) {
        self.push(b"%!");
        self.push_char(verb);
        self.push(b"(");
        match value {
            Some(value) => self.typed_with(value, self.flags),
            None => self.push(b"<nil>"),
        }
        self.push(b")");
    }

    /// `int=1`
    pub(super) fn typed(&mut self, value: &Value) {
        self.typed_with(value, Flags::default());
    }

    fn typed_with(&mut self, value: &Value, flags: Flags) {
        let before = std::mem::replace(&mut self.flags, flags);
        if matches!(shape(value), Shape::Nothing) {
            self.push(b"<nil>");
        } else {
            self.push(type_name(value).as_bytes());
            self.push(b"=");
            self.argument(value, 'v');
        }
        self.flags = before;
    }
}
