//! What is known of a value before there is one.
//!
//! in:  the signatures of the function library, and the records of the answers
//! out: a [`Type`]: how it prints, what its fields are, what is in it
//!
//! Where the type is known, Jinja's own way of doing something is as good as Go's; where it is not, Go's is kept.

use std::collections::BTreeMap;
use std::sync::Arc;

use minijinja::Value;
use minijinja::value::ValueKind;

use crate::answer::{
    Check, Instance, Node, NodeService, NodeServices, Pair, ServiceTags, TaggedAddress, TextMap,
    Weights,
};
use crate::query::Health;
use crate::template::record::{Fields, Record, TypedMap};

/// What is known of a value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Type {
    /// Nothing was seen yet.
    Unseen,
    /// Nothing.
    Nil,
    Text,
    Int,
    Float,
    Bool,
    /// A record, by the name of its schema.
    Record(&'static str),
    List(Box<Type>),
    /// A map by text in which a missing key yields an empty value of the type.
    Map(Box<Type>),
    /// A map by number.
    ByInt(Box<Type>),
    /// The numbers of `loop`.
    Ints,
    Scratch,
    /// What JSON can hold.
    Plain,
    /// Anything.
    Any,
}

impl Type {
    /// The type of both.
    pub(super) fn join(self, other: Self) -> Self {
        match (self, other) {
            (Self::Unseen, other) | (other, Self::Unseen) => other,
            (one, other) if one == other => one,
            (Self::List(one), Self::List(other)) => Self::List(Box::new(one.join(*other))),
            (one, other) if one.is_plain() && other.is_plain() => Self::Plain,
            _ => Self::Any,
        }
    }

    fn is_plain(&self) -> bool {
        match self {
            Self::Nil | Self::Text | Self::Int | Self::Float | Self::Bool | Self::Plain => true,
            Self::List(item) => item.is_plain(),
            _ => false,
        }
    }

    /// Does it print in Jinja as it does in Go?
    pub(super) fn prints_alike(&self) -> bool {
        matches!(self, Self::Text | Self::Int | Self::Bool | Self::Unseen)
    }

    /// Do `==` and `<` of two of these mean the same in both languages?
    pub(super) fn compares_alike(&self) -> bool {
        matches!(self, Self::Text | Self::Int | Self::Bool | Self::Unseen)
    }

    /// A name for a value of this type.
    pub(super) fn noun(&self) -> &'static str {
        match self {
            Self::Record("*dependency.HealthService") => "instance",
            Self::Record("*dependency.KeyPair") => "pair",
            Self::Record("*dependency.Node" | "*dependency.CatalogNode") => "node",
            Self::Record("*dependency.CatalogSnippet") => "listed",
            Self::Record("*dependency.CatalogNodeService") => "service",
            Self::Record("*api.HealthCheck") => "check",
            Self::Record(_) => "record",
            Self::List(_) => "list",
            Self::Map(_) | Self::ByInt(_) => "entries",
            Self::Int | Self::Ints => "number",
            Self::Text => "text",
            _ => "value",
        }
    }

    /// The field of a record with this Go name: its Jinja name and its type.
    pub(super) fn field(&self, go: &str) -> Option<(&'static str, Self)> {
        let Self::Record(schema) = self else {
            return None;
        };
        let sample = samples()
            .into_iter()
            .find(|sample| sample.schema().name == *schema)?;
        let record = Record::value(sample);
        let record = record.downcast_object_ref::<Record>()?;
        let found = record.fields().find(|(field, _)| field.go == go);
        found.map(|(field, value)| (field.jinja, Self::of_value(&value)))
    }

    /// Reads what follows the arguments in a signature: `[]service`.
    pub(super) fn of_signature(signature: &str) -> Self {
        let result = signature.rsplit_once(") ").map_or("", |(_, result)| result);
        Self::named(result)
    }

    fn named(name: &str) -> Self {
        let boxed = |name| Box::new(Self::named(name));
        if let Some(item) = name.strip_prefix("[]") {
            return Self::List(boxed(item));
        }
        match name.strip_prefix("map[string]") {
            // Maps of anything are plain maps.
            Some("any") => return Self::Plain,
            Some(item) => return Self::Map(boxed(item)),
            None => {}
        }
        if let Some(item) = name.strip_prefix("map[int]") {
            return Self::ByInt(boxed(item));
        }
        match name {
            "string" => Self::Text,
            "int" | "uint" => Self::Int,
            "float" => Self::Float,
            "bool" => Self::Bool,
            "ints" => Self::Ints,
            "scratch" => Self::Scratch,
            "service" => Self::Record("*dependency.HealthService"),
            "pair" => Self::Record("*dependency.KeyPair"),
            "node" => Self::Record("*dependency.Node"),
            "{Name, Tags}" => Self::Record("*dependency.CatalogSnippet"),
            "{Node, Services}" => Self::Record("*dependency.CatalogNode"),
            _ => Self::Any,
        }
    }

    fn of_value(value: &Value) -> Self {
        if let Some(record) = value.downcast_object_ref::<Record>() {
            return Self::Record(record.schema().name);
        }
        if let Some(map) = value.downcast_object_ref::<TypedMap>() {
            return Self::Map(Box::new(Self::of_value(&map.zero)));
        }
        match value.kind() {
            ValueKind::String => Self::Text,
            ValueKind::Bool => Self::Bool,
            ValueKind::Number if value.is_integer() => Self::Int,
            ValueKind::Number => Self::Float,
            ValueKind::Seq => {
                let first = value.try_iter().ok().and_then(|mut items| items.next());
                Self::List(Box::new(
                    first.map_or(Self::Any, |first| Self::of_value(&first)),
                ))
            }
            _ => Self::Plain,
        }
    }
}

/// One record of each kind, with something in every list.
fn samples() -> Vec<Arc<dyn Fields>> {
    let texts = || vec![String::new()];
    vec![
        Arc::new(Instance {
            node: String::new(),
            node_id: String::new(),
            node_address: String::new(),
            node_tagged_addresses: TextMap::new(),
            node_meta: TextMap::new(),
            service_meta: TextMap::new(),
            address: String::new(),
            service_tagged_addresses: BTreeMap::new(),
            id: String::new(),
            name: String::new(),
            tags: texts(),
            checks: vec![Arc::default()],
            status: Health::Passing,
            port: 0,
            weights: Weights::default(),
        }),
        Arc::new(Pair::default()),
        Arc::new(TaggedAddress::default()),
        Arc::new(Weights::default()),
        Arc::new(Check {
            service_tags: texts(),
            ..Check::default()
        }),
        Arc::new(ServiceTags {
            name: String::new(),
            tags: texts(),
        }),
        Arc::new(Node::default()),
        Arc::new(NodeServices {
            node: Arc::default(),
            services: vec![Arc::default()],
        }),
        Arc::new(NodeService {
            tags: texts(),
            ..NodeService::default()
        }),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::template::functions;

    #[test]
    fn signatures_are_understood() {
        let result = |name| Type::of_signature(functions::named_in_go(name).unwrap().signature);
        let pair = Type::Record("*dependency.KeyPair");
        let cases = [
            ("key", Type::Text),
            ("keyExists", Type::Bool),
            ("tree", Type::List(Box::new(pair.clone()))),
            ("byKey", Type::Map(Box::new(Type::Map(Box::new(pair))))),
            ("parseJSON", Type::Any),
            ("explode", Type::Plain),
            ("loop", Type::Ints),
            ("scratch", Type::Scratch),
            ("splitToMap", Type::Map(Box::new(Type::Text))),
            (
                "services",
                Type::List(Box::new(Type::Record("*dependency.CatalogSnippet"))),
            ),
        ];
        assert!(!cases.is_empty());
        for (name, kind) in cases {
            assert_eq!(result(name), kind, "{name}");
        }
    }

    #[test]
    fn fields_have_types() {
        let instance = Type::Record("*dependency.HealthService");
        assert_eq!(instance.field("NodeID"), Some(("node_id", Type::Text)));
        assert_eq!(
            instance.field("Tags"),
            Some(("tags", Type::List(Box::new(Type::Text))))
        );
        assert_eq!(
            instance.field("ServiceMeta"),
            Some(("service_meta", Type::Map(Box::new(Type::Text))))
        );
        assert_eq!(
            instance.field("Weights").unwrap().1.field("Passing"),
            Some(("passing", Type::Int))
        );
        assert_eq!(instance.field("Nope"), None);
        assert_eq!(Type::Text.field("Address"), None);
    }

    #[test]
    fn types_are_joined() {
        let list = |item| Type::List(Box::new(item));
        let cases = [
            (Type::Unseen, Type::Text, Type::Text),
            (Type::Text, Type::Text, Type::Text),
            (Type::Text, Type::Int, Type::Plain),
            (list(Type::Text), list(Type::Int), list(Type::Plain)),
            (list(Type::Unseen), list(Type::Int), list(Type::Int)),
            (Type::Scratch, Type::Text, Type::Any),
            (Type::Nil, Type::Record("*dependency.Node"), Type::Any),
        ];
        assert!(!cases.is_empty());
        for (one, other, both) in cases {
            assert_eq!(one.clone().join(other.clone()), both);
            assert_eq!(other.join(one), both);
        }
    }
}
