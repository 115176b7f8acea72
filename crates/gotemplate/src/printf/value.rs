//! Prints a value of any kind.

use minijinja::Value;

use super::{BuiltinError, Flags, Printer};
use crate::complex::Complex;
use crate::go_value::{GoKind, go_kind, sorted_entries, type_name};
use crate::record::{Record, is_typed_nil};
use crate::scalar_object::ScalarObject;

/// The maximum nesting of lists and maps that are printed.
const MAX_DEPTH: usize = 300;

impl Printer {
    /// Prints an argument with a verb.
    pub(super) fn argument(&mut self, value: &Value, verb: char) {
        match (go_kind(value), verb) {
            (GoKind::Nil, 'T' | 'v') => self.pad_text(b"<nil>"),
            (GoKind::Nil, _) => self.bad_verb(verb, None),
            // Only for errors, in Go's `Errorf`.
            (_, 'w') => self.bad_verb(verb, Some(value)),
            (_, 'T') => {
                let name = type_name(value);
                self.format_text(name.as_bytes());
            }
            (GoKind::Record(record), _) if !record.is_nil() => {
                // A pointer type.
                if record.schema().name.starts_with('*') {
                    self.push(b"&");
                }
                self.record(record, verb, 0);
            }
            _ => self.value(value, verb, 0),
        }
    }

    fn value(&mut self, value: &Value, verb: char, depth: usize) {
        if depth > MAX_DEPTH {
            self.error = Some(BuiltinError::TooDeep);
        }
        if self.error.is_some() {
            return;
        }
        match go_kind(value) {
            GoKind::Nil if self.flags.sharp_v => self.push(b"interface {}(nil)"),
            GoKind::Nil => self.push(b"<nil>"),
            GoKind::Bool(_) if !matches!(verb, 't' | 'v') => self.bad_verb(verb, Some(value)),
            GoKind::Bool(truth) => self.pad_text(if truth { b"true" } else { b"false" }),
            GoKind::Int(int) => {
                if !self.integer(int.unsigned_abs(), int < 0, true, verb) {
                    self.bad_verb(verb, Some(value));
                }
            }
            GoKind::Uint(uint) => {
                if !self.integer(uint, false, false, verb) {
                    self.bad_verb(verb, Some(value));
                }
            }
            GoKind::Float(float) => {
                if !self.float(float, verb) {
                    self.bad_verb(verb, Some(value));
                }
            }
            GoKind::Complex(complex) => self.complex(complex, value, verb),
            GoKind::String(text) => {
                if !self.text(text, verb) {
                    self.bad_verb(verb, Some(value));
                }
            }
            GoKind::List => self.list(value, verb, depth),
            GoKind::Map => self.map(value, verb, depth),
            GoKind::Record(record) => self.record(record, verb, depth),
            GoKind::Opaque
                if matches!(verb, 'v' | 's' | 'q' | 'x' | 'X')
                    && value.downcast_object_ref::<ScalarObject>().is_some() =>
            {
                let text = value.to_string();
                self.text(text.as_bytes(), verb);
            }
            GoKind::Channel | GoKind::Opaque => self.address(value),
        }
    }

    fn list(&mut self, list: &Value, verb: char, depth: usize) {
        let sharp = self.flags.sharp_v;
        if verb == 'p' {
            return self.address(list);
        }
        if sharp && is_typed_nil(list) {
            return self.push(b"[]interface {}(nil)");
        }
        if sharp {
            self.push(b"[]interface {}{");
        } else {
            self.push(b"[");
        }
        for (index, value) in list.try_iter().into_iter().flatten().enumerate() {
            self.separate(index);
            self.value(&value, verb, depth + 1);
            if self.error.is_some() {
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
        if sharp && is_typed_nil(map) {
            self.push(type_name(map).as_bytes());
            return self.push(b"(nil)");
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
            if self.error.is_some() {
                return;
            }
        }
        self.push(if sharp { b"}" } else { b"]" });
    }

    /// Prints the fields of a record, also within a list, where Go prints an address.
    pub(super) fn record(&mut self, record: &Record, verb: char, depth: usize) {
        if record.is_nil() {
            return self.push(b"<nil>");
        }
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
            if self.error.is_some() {
                return;
            }
        }
        self.push(b"}");
    }

    /// Prints the type in place of the address that Go prints, which differs each time.
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
            Some(value) => self.with_type_and_flags(value, self.flags),
            None => self.push(b"<nil>"),
        }
        self.push(b")");
    }

    /// `int=1`
    pub(super) fn with_type(&mut self, value: &Value) {
        self.with_type_and_flags(value, Flags::default());
    }

    fn with_type_and_flags(&mut self, value: &Value, flags: Flags) {
        let before = std::mem::replace(&mut self.flags, flags);
        if matches!(go_kind(value), GoKind::Nil) {
            self.push(b"<nil>");
        } else {
            self.push(type_name(value).as_bytes());
            self.push(b"=");
            self.argument(value, 'v');
        }
        self.flags = before;
    }
}
