//! Fields of records, entries of maps, and methods.

use std::sync::LazyLock;

use minijinja::value::ObjectRepr;
use minijinja::{Environment, ErrorKind, Value};

use super::pipeline::Given;
use super::{At, Evaluator};
use crate::ast::Operand;
use crate::error::{About, Failure, Outcome, Thing};
use crate::go_value::{GoValue, Shape, nil_for_nothing, shape};
use crate::options::MissingKey;
use crate::quote::quoted;
use crate::record::{Record, TypedMap};
use crate::redact;
use crate::scratch::Scratch;

impl<'t> Evaluator<'t> {
    /// `.Name.Name` of a value; what is given goes to the last one.
    pub(super) fn fields(
        &mut self,
        dot: &GoValue,
        held: &GoValue,
        operand: &'t Operand,
        names: &'t [Box<str>],
        given: Given<'t>,
    ) -> Outcome<GoValue> {
        let Some((last, before)) = names.split_last() else {
            return Ok(held.clone());
        };
        let mut inner = None;
        for name in before {
            inner = Some(self.field(
                dot,
                inner.as_ref().unwrap_or(held),
                operand,
                name,
                Given::NONE,
            )?);
        }
        self.field(dot, inner.as_ref().unwrap_or(held), operand, last, given)
    }

    fn field(
        &mut self,
        dot: &GoValue,
        held: &GoValue,
        operand: &'t Operand,
        name: &'t str,
        given: Given<'t>,
    ) -> Outcome<GoValue> {
        if held.is_nothing() {
            return match self.program.missing_key {
                MissingKey::Error => Err(self.error(format!(
                    "nil data; no entry for key {}",
                    quoted(name.as_bytes())
                ))),
                MissingKey::Zero | MissingKey::Default => Ok(GoValue::NOTHING),
            };
        }
        if held.value.is_none() {
            return Err(self.error(format!("nil pointer evaluating interface {{}}.{name}")));
        }
        let Some(object) = held.value.as_object() else {
            return Err(self.no_field(name, held));
        };
        let found = if let Some(record) = object.downcast_ref::<Record>() {
            match record.field(name) {
                Some(value) => GoValue::bare(value),
                None => return self.method(dot, held, operand, name, given),
            }
        } else if let Some(map) = object.downcast_ref::<TypedMap>() {
            match (map.entries.get(name), self.program.missing_key) {
                (Some(value), _) => GoValue::bare(value.clone()),
                (None, MissingKey::Error) => return Err(self.no_entry(name)),
                (None, _) => GoValue::bare(map.zero.clone()),
            }
        } else {
            match object.repr() {
                ObjectRepr::Map if object.downcast_ref::<Scratch>().is_none() => {
                    if !given.is_none() {
                        return Err(self.no_method(name));
                    }
                    return self.entry(object.get_value_by_str(name), name);
                }
                ObjectRepr::Map | ObjectRepr::Plain => {
                    return self.method(dot, held, operand, name, given);
                }
                _ => return Err(self.no_field(name, held)),
            }
        };
        if given.is_none() {
            Ok(found)
        } else {
            Err(self.no_method(name))
        }
    }

    /// The entry of a map in which anything can be stored.
    fn entry(&self, found: Option<Value>, name: &str) -> Outcome<GoValue> {
        match (found, self.program.missing_key) {
            (Some(value), _) => Ok(GoValue::boxed(value)),
            (None, MissingKey::Zero) => Ok(GoValue::nil()),
            (None, MissingKey::Default) => Ok(GoValue::NOTHING),
            (None, MissingKey::Error) => Err(self.no_entry(name)),
        }
    }

    fn method(
        &mut self,
        dot: &GoValue,
        held: &GoValue,
        operand: &'t Operand,
        name: &str,
        given: Given<'t>,
    ) -> Outcome<GoValue> {
        static NOWHERE: LazyLock<Environment<'static>> = LazyLock::new(Environment::empty);
        let Some(object) = held.value.as_object() else {
            return Err(self.no_field(name, held));
        };
        let at = self.at;
        let mut arguments = Vec::with_capacity(given.arguments.len() + 1);
        for argument in given.arguments {
            arguments.push(nil_for_nothing(self.argument(dot, argument)?.value));
        }
        arguments.extend(given.piped.map(|held| nil_for_nothing(held.value)));
        match object.call_method(&mut NOWHERE.empty_state(), name, &arguments) {
            Ok(value) => Ok(GoValue::bare(value)),
            Err(error) if error.kind() == ErrorKind::UnknownMethod => {
                self.at = at;
                Err(self.no_field(name, held))
            }
            Err(error) => {
                self.at = At::Operand(operand);
                let why = error
                    .detail()
                    .map_or_else(|| error.kind().to_string(), str::to_owned);
                let why = redact::quoted(&why, &self.program.source);
                Err(self.failed(name, &why))
            }
        }
    }

    #[cold]
    fn no_field(&self, name: &str, held: &GoValue) -> Failure {
        let record = held.value.downcast_object_ref::<Record>();
        // Go knows the type of what is in a list of records; here a list holds anything.
        let of_type = record.map_or_else(
            || held.type_name(),
            |record| record.schema().name.to_owned(),
        );
        let (thing, known) = match (shape(&held.value), record) {
            (_, Some(record)) => (
                Thing::Field,
                record
                    .schema()
                    .fields
                    .iter()
                    .map(|field| field.go.to_owned())
                    .collect(),
            ),
            (Shape::Opaque, None) if held.value.downcast_object_ref::<Scratch>().is_some() => {
                (Thing::Field, Scratch::METHODS.map(str::to_owned).to_vec())
            }
            (Shape::List | Shape::Channel, None) => (Thing::FieldOfList, Vec::new()),
            (
                Shape::Text(_) | Shape::Int(_) | Shape::Uint(_) | Shape::Float(_) | Shape::Bool(_),
                None,
            ) => (Thing::FieldOfScalar, Vec::new()),
            _ => return self.error(format!("can't evaluate field {name} in type {of_type}")),
        };
        self.error(format!("can't evaluate field {name} in type {of_type}"))
            .about(About::unknown(thing, name, known))
    }

    #[cold]
    fn no_entry(&self, name: &str) -> Failure {
        self.error(format!(
            "map has no entry for key {}",
            quoted(name.as_bytes())
        ))
    }

    #[cold]
    fn no_method(&self, name: &str) -> Failure {
        self.error(format!("{name} is not a method but has arguments"))
    }
}
