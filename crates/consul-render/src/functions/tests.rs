//! Compares every function with the documentation and the behaviour of consul-template.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::Arc;

use ::functions::Call;
use minijinja::Value;
use proptest::prelude::*;

use super::*;
use crate::records::{self, Reads};
use crate::render_context::{Absence, RenderContext, RenderEnv};
use answer_guard::Snapshot;
use consul_watch::answer::{
    Answer, CaRoot, Consumers, ExportedService, ImportedService, Instance, LeafCertificate, Node,
    NodeServices, Nullable, Pair, Partition, Peering, ServiceTags, TextMap, Weights,
};
use consul_watch::query::{ConsulQuery, DatacentersQuery, FileQuery, Health, Query};
use gotemplate::json::{self, Style};

mod answers;
mod budget;
mod examples;
mod instances;
mod mesh;
mod mixtures;
mod table;
mod values;

/// A render context with answers to the queries of the tests.
#[expect(clippy::too_many_lines, reason = "a table of answers")]
fn context() -> RenderContext {
    let mut snapshot = Snapshot::default();
    let mut answer = |query: Query, answer: Answer| snapshot.record(query, Arc::new(answer));
    answer(
        Query::key("port").unwrap(),
        Answer::Key(Some(pair("port", "80"))),
    );
    answer(
        Query::key("empty").unwrap(),
        Answer::Key(Some(pair("empty", ""))),
    );
    answer(Query::key("none").unwrap(), Answer::Key(None));
    answer(
        Query::key("gone").unwrap(),
        Answer::Key(Some(pair("gone", "last"))),
    );
    answer(Query::key("gone").unwrap(), Answer::Key(None));
    let keys = ["a", "b", "folder/", "folder/c", "folder/deep/d", ""];
    answer(
        Query::pairs("app").unwrap(),
        Answer::Pairs(keys.iter().map(|key| pair(key, "v")).collect()),
    );
    answer(
        Query::pairs("void").unwrap(),
        Answer::Pairs(vec![pair("folder/", "")]),
    );
    answer(Query::service("web").unwrap(), Answer::Service(instances()));
    answer(
        Query::service("web|any").unwrap(),
        Answer::Service(instances()),
    );
    answer(Query::connect("web").unwrap(), Answer::Service(instances()));
    answers_of_the_mesh(&mut answer);
    answer(
        Query::services("").unwrap(),
        Answer::Services(vec![Arc::new(ServiceTags {
            name: "web".into(),
            tags: vec!["blue".into()],
        })]),
    );
    let node = Arc::new(Node {
        node: "n1".into(),
        address: "10.0.0.1".into(),
        ..Node::default()
    });
    answer(
        Query::nodes("").unwrap(),
        Answer::Nodes(vec![Arc::clone(&node)]),
    );
    let found = NodeServices {
        node,
        services: Vec::new(),
    };
    answer(
        Query::node("n1").unwrap(),
        Answer::Node(Some(Arc::new(found))),
    );
    answer(Query::node("n2").unwrap(), Answer::Node(None));
    let datacenters = |ignore_failing| {
        Query::Consul(ConsulQuery::Datacenters(DatacentersQuery {
            ignore_failing,
        }))
    };
    answer(
        datacenters(false),
        Answer::Datacenters(vec!["dc1".into(), "dc2".into()]),
    );
    answer(datacenters(true), Answer::Datacenters(vec!["dc1".into()]));
    answer(
        Query::File(FileQuery {
            path: PathBuf::from("/etc/motd"),
            sandbox: None,
        }),
        Answer::File("hello\n".into()),
    );
    let variables =
        [("SET", "value"), ("EMPTY", "")].map(|(name, value)| (name.to_owned(), value.to_owned()));
    let render_env = Arc::new(RenderEnv {
        variables: BTreeMap::from(variables),
        host: "h1".to_owned(),
        ..RenderEnv::default()
    });
    RenderContext::new(
        snapshot,
        render_env,
        "2024-03-05T07:08:09.5Z".parse().unwrap(),
    )
}

fn answers_of_the_mesh(answer: &mut impl FnMut(Query, Answer)) {
    let root = CaRoot {
        id: "1f".into(),
        name: "Root".into(),
        certificate: "PEM".into(),
        ..CaRoot::default()
    };
    answer(
        Query::Consul(ConsulQuery::CaRoots),
        Answer::CaRoots(vec![Arc::new(root)]),
    );
    let leaf: LeafCertificate = serde_json::from_str(
        r#"{"SerialNumber":"08","CertPEM":"CERT","PrivateKeyPEM":"KEY","Service":"web"}"#,
    )
    .unwrap();
    answer(
        Query::ca_leaf("web").unwrap(),
        Answer::CaLeaf(Arc::new(leaf)),
    );
    let partition = Partition {
        name: "default".into(),
        description: "Builtin".into(),
    };
    answer(
        Query::Consul(ConsulQuery::Partitions),
        Answer::Partitions(vec![Arc::new(partition)]),
    );
    let peering = Peering {
        name: "east".into(),
        state: "ACTIVE".into(),
        ..Peering::default()
    };
    answer(
        Query::peerings("").unwrap(),
        Answer::Peerings(vec![Arc::new(peering)]),
    );
    let consumers = Consumers {
        peers: vec!["east".into()],
        partitions: Vec::new(),
    };
    let exported = ExportedService {
        service: "web".into(),
        consumers,
        ..ExportedService::default()
    };
    answer(
        Query::Consul(ConsulQuery::ExportedServices(String::new())),
        Answer::ExportedServices(vec![Arc::new(exported)]),
    );
    let imported = ImportedService {
        service: "db".into(),
        source_partition: "p2".into(),
        ..ImportedService::default()
    };
    answer(
        Query::Consul(ConsulQuery::ImportedServices("p1".into())),
        Answer::ImportedServices(vec![Arc::new(imported)]),
    );
}

fn pair(key: &str, value: &str) -> Arc<Pair> {
    Arc::new(Pair {
        path: format!("app/{key}"),
        key: key.into(),
        value: value.into(),
        ..Pair::default()
    })
}

fn instances() -> Vec<Arc<Instance>> {
    let instance = |id: &str, port, tags: &[&str], version: &str| {
        Arc::new(Instance {
            node: "n1".into(),
            node_id: String::new(),
            node_address: "10.0.0.1".into(),
            node_tagged_addresses: TextMap::new(),
            node_meta: TextMap::new(),
            service_meta: TextMap::from([
                ("version".into(), version.into()),
                ("weight".into(), "7".into()),
            ]),
            address: "10.0.0.2".into(),
            service_tagged_addresses: Nullable::new(),
            id: id.into(),
            name: "web".into(),
            tags: tags.iter().map(|tag| (*tag).to_owned()).collect(),
            checks: Nullable::new(),
            status: Health::Passing,
            port,
            weights: Weights::default(),
        })
    };
    vec![
        instance("web-1", 80, &["blue", "v1"], "1.0"),
        instance("web-2", 81, &["blue"], ""),
    ]
}

/// Calls a function by its Go name.
fn call_in(context: &RenderContext, name: &str, args: &[Value]) -> Result<Value, String> {
    let function = named_in_go(name).unwrap_or_else(|| panic!("no function {name}"));
    (function.code)(&Call { args, context }).map_err(|error| error.to_string())
}

fn call(name: &str, args: &[Value]) -> Result<Value, String> {
    call_in(&context(), name, args)
}

/// Calls a function with arguments in JSON. Returns the result as JSON, or `!` and the error.
fn result_of(name: &str, args: &str) -> String {
    let args: Vec<Value> = arguments(args);
    match call(name, &args) {
        Ok(value) => written(&value),
        Err(error) => format!("!{error}"),
    }
}

/// Parses JSON values. Integers stay integers, as in templates.
fn arguments(json: &str) -> Vec<Value> {
    fn value(json: &serde_json::Value) -> Value {
        match json {
            serde_json::Value::Number(number) => match number.as_i64() {
                Some(int) => Value::from(int),
                None => Value::from(number.as_f64().unwrap()),
            },
            serde_json::Value::Array(items) => items.iter().map(value).collect(),
            serde_json::Value::Object(fields) => Value::from_object(
                fields
                    .iter()
                    .map(|(k, v)| (k.clone(), value(v)))
                    .collect::<BTreeMap<String, Value>>(),
            ),
            serde_json::Value::String(text) => Value::from(text.as_str()),
            serde_json::Value::Bool(bool) => Value::from(*bool),
            serde_json::Value::Null => Value::from(()),
        }
    }
    serde_json::from_str::<Vec<serde_json::Value>>(json)
        .unwrap()
        .iter()
        .map(value)
        .collect()
}

fn written(value: &Value) -> String {
    json::write(
        value,
        Style {
            pretty: false,
            escape_html: false,
        },
    )
    .unwrap()
}

/// Each case: a function, its arguments as a JSON list, and its result.
fn check(cases: &[(&str, &str, &str)]) {
    assert!(!cases.is_empty());
    for (name, args, expected) in cases {
        assert_eq!(result_of(name, args), *expected, "{name} {args}");
    }
}
