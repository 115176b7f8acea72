//! Fields of records, entries of maps, and methods.

use std::sync::LazyLock;

use minijinja::value::ObjectRepr;
use minijinja::{Environment, ErrorKind, Value};

use super::pipeline::CallArguments;
use super::{Evaluator, NodeRef};
use crate::ast::Operand;
use crate::error::{BoxedError, ErrorSubject, NameKind, Result};
use crate::go_value::{GoKind, GoValue, go_kind, nil_if_invalid};
use crate::options::MissingKey;
use crate::quote::quoted;
use crate::record::{Record, TypedMap};
use crate::redact;
use crate::scratch::Scratch;

impl<'t> Evaluator<'t> {
    /// `.Name.Name` of a value. The arguments are for the last field, which may be a method.
    pub(super) fn fields(
        &mut self,
        dot: &GoValue,
        go_value: &GoValue,
        operand: &'t Operand,
        names: &'t [Box<str>],
        args: CallArguments<'t>,
    ) -> Result<GoValue> {
        let Some((last, before)) = names.split_last() else {
            return Ok(go_value.clone());
        };
        let mut inner = None;
        for name in before {
            inner = Some(self.field(
                dot,
                inner.as_ref().unwrap_or(go_value),
                operand,
                name,
                CallArguments::NONE,
            )?);
        }
        self.field(dot, inner.as_ref().unwrap_or(go_value), operand, last, args)
    }

    fn field(
        &mut self,
        dot: &GoValue,
        go_value: &GoValue,
        operand: &'t Operand,
        name: &'t str,
        args: CallArguments<'t>,
    ) -> Result<GoValue> {
        if go_value.is_invalid() {
            return match self.program.missing_key {
                MissingKey::Error => Err(self.error(format!(
                    "nil data; no entry for key {}",
                    quoted(name.as_bytes())
                ))),
                MissingKey::Zero | MissingKey::Default => Ok(GoValue::INVALID),
            };
        }
        if go_value.value.is_none() {
            return Err(self.error(format!("nil pointer evaluating interface {{}}.{name}")));
        }
        let Some(object) = go_value.value.as_object() else {
            return Err(self.no_field(name, go_value));
        };
        let found = if let Some(record) = object.downcast_ref::<Record>() {
            if record.is_nil() {
                let of_type = record.schema().name;
                return Err(self.error(format!("nil pointer evaluating {of_type}.{name}")));
            }
            match self.field_places.index(name, record.schema()) {
                Some(index) => GoValue::concrete(record.at(index)),
                None => return self.method(dot, go_value, operand, name, args),
            }
        } else if let Some(map) = object.downcast_ref::<TypedMap>() {
            match (map.entries.get(name), self.program.missing_key) {
                (Some(value), _) => GoValue::concrete(value.clone()),
                (None, MissingKey::Error) => return Err(self.no_entry(name)),
                (None, _) => GoValue::concrete(map.zero.clone()),
            }
        } else {
            match object.repr() {
                ObjectRepr::Map if object.downcast_ref::<Scratch>().is_none() => {
                    if !args.is_empty() {
                        return Err(self.no_method(name));
                    }
                    return self.entry(object.get_value_by_str(name), name);
                }
                ObjectRepr::Map | ObjectRepr::Plain => {
                    return self.method(dot, go_value, operand, name, args);
                }
                _ => return Err(self.no_field(name, go_value)),
            }
        };
        if args.is_empty() {
            Ok(found)
        } else {
            Err(self.no_method(name))
        }
    }

    /// The entry of a `map[string]interface {}`.
    fn entry(&self, found: Option<Value>, name: &str) -> Result<GoValue> {
        match (found, self.program.missing_key) {
            (Some(value), _) => Ok(GoValue::in_interface(value)),
            (None, MissingKey::Zero) => Ok(GoValue::nil()),
            (None, MissingKey::Default) => Ok(GoValue::INVALID),
            (None, MissingKey::Error) => Err(self.no_entry(name)),
        }
    }

    fn method(
        &mut self,
        dot: &GoValue,
        go_value: &GoValue,
        operand: &'t Operand,
        name: &str,
        args: CallArguments<'t>,
    ) -> Result<GoValue> {
        static EMPTY: LazyLock<Environment<'static>> = LazyLock::new(Environment::empty);
        let Some(object) = go_value.value.as_object() else {
            return Err(self.no_field(name, go_value));
        };
        let at = self.current;
        let mut arguments = Vec::with_capacity(args.written.len() + 1);
        for argument in args.written {
            arguments.push(nil_if_invalid(self.argument(dot, argument)?.value));
        }
        arguments.extend(args.piped.map(|go_value| nil_if_invalid(go_value.value)));
        match object.call_method(&mut EMPTY.empty_state(), name, &arguments) {
            Ok(value) => Ok(GoValue::concrete(value)),
            Err(error) if error.kind() == ErrorKind::UnknownMethod => {
                self.current = at;
                Err(self.no_field(name, go_value))
            }
            Err(error) => {
                self.current = NodeRef::Operand(operand);
                let why = error
                    .detail()
                    .map_or_else(|| error.kind().to_string(), str::to_owned);
                let why = redact::quoted(&why, &self.program.source);
                Err(self.call_error(name, &why))
            }
        }
    }

    #[cold]
    fn no_field(&self, name: &str, go_value: &GoValue) -> BoxedError {
        let record = go_value.value.downcast_object_ref::<Record>();
        // In Go the elements of a list of records have a type; here they are held in an interface.
        let of_type = record.map_or_else(
            || go_value.type_name(),
            |record| record.schema().name.to_owned(),
        );
        let (thing, known) = match (go_kind(&go_value.value), record) {
            (_, Some(record)) => (
                NameKind::Field,
                record
                    .schema()
                    .fields
                    .iter()
                    .map(|field| field.go.to_owned())
                    .collect(),
            ),
            (GoKind::Opaque, None) if go_value.value.downcast_object_ref::<Scratch>().is_some() => {
                (
                    NameKind::Field,
                    Scratch::METHODS.map(str::to_owned).to_vec(),
                )
            }
            (GoKind::List | GoKind::Channel, None) => (NameKind::FieldOfList, Vec::new()),
            (
                GoKind::String(_)
                | GoKind::Int(_)
                | GoKind::Uint(_)
                | GoKind::Float(_)
                | GoKind::Bool(_),
                None,
            ) => (NameKind::FieldOfScalar, Vec::new()),
            _ => return self.error(format!("can't evaluate field {name} in type {of_type}")),
        };
        self.error(format!("can't evaluate field {name} in type {of_type}"))
            .with_subject(ErrorSubject::unknown(thing, name, known))
    }

    #[cold]
    fn no_entry(&self, name: &str) -> BoxedError {
        self.error(format!(
            "map has no entry for key {}",
            quoted(name.as_bytes())
        ))
    }

    #[cold]
    fn no_method(&self, name: &str) -> BoxedError {
        self.error(format!("{name} is not a method but has arguments"))
    }
}
