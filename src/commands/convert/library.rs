//! The functions and records of ctmpl for the converter.

use std::sync::Arc;

use ctmpl_convert::{Function, Library};
use gotemplate::FunctionId;
use gotemplate::record::Fields;

use consul_render::jinja::{self, JinjaTemplate};
use consul_render::records::unmarked;
use consul_render::{Permissions, functions};
use consul_watch::answer::{
    Check, Instance, Node, NodeService, NodeServices, Nullable, Pair, ServiceTags, TaggedAddress,
    TextMap, Weights,
};
use consul_watch::query::Health;

/// The function library of ctmpl, as an implementation of the converter's trait.
pub(super) struct TemplateFunctions;

impl Library for TemplateFunctions {
    fn resolve(&self, name: &str) -> Option<FunctionId> {
        functions::id_in_go(name)
    }

    fn function(&self, id: FunctionId) -> Option<Function<'_>> {
        let function = functions::of_id(id)?;
        Some(Function {
            go: function.go,
            jinja: function.jinja,
            signature: function.signature,
            is_filter: jinja::is_filter(function),
        })
    }

    fn records(&self) -> Vec<Arc<dyn Fields>> {
        let texts = || vec![String::new()];
        vec![
            unmarked(instance()),
            unmarked(Pair::default()),
            unmarked(TaggedAddress::default()),
            unmarked(Weights::default()),
            unmarked(Check {
                service_tags: Nullable::from([String::new()]),
                ..Check::default()
            }),
            unmarked(ServiceTags {
                name: String::new(),
                tags: texts(),
            }),
            unmarked(Node::default()),
            unmarked(NodeServices {
                node: Arc::default(),
                services: vec![Arc::default()],
            }),
            unmarked(NodeService {
                tags: texts(),
                ..NodeService::default()
            }),
        ]
    }

    fn jinja_error(&self, name: &str, text: &str) -> Option<String> {
        let options = jinja::Options {
            allow: Permissions::ALL,
            ..jinja::Options::default()
        };
        let error = JinjaTemplate::parse(name, text, options).err()?;
        Some(error.message)
    }
}

fn instance() -> Instance {
    Instance {
        node: String::new(),
        node_id: String::new(),
        node_address: String::new(),
        node_tagged_addresses: TextMap::new(),
        node_meta: TextMap::new(),
        service_meta: TextMap::new(),
        address: String::new(),
        service_tagged_addresses: Nullable::new(),
        id: String::new(),
        name: String::new(),
        tags: vec![String::new()],
        checks: Nullable::from([Arc::default()]),
        status: Health::Passing,
        port: 0,
        weights: Weights::default(),
    }
}
