use proptest::prelude::*;

use std::time::Duration;

use super::*;
use crate::query::{DatacentersQuery, Query};

mod whole;

fn target(query: &Query) -> Target {
    match query {
        Query::Consul(query) => Target::of(query),
        query => panic!("{query} is not for Consul"),
    }
}

fn config() -> ClientConfig {
    ClientConfig::new(Vec::new())
}

/// The text form, the path and the parameters of a query.
fn shown(query: &Query) -> String {
    let mut target = target(query);
    target.parameters.sort();
    let parameters: Vec<_> = target
        .parameters
        .iter()
        .map(|(name, value)| format!("{name}={value}"))
        .collect();
    format!(
        "{query} /{}?{}",
        target.path.join("/"),
        parameters.join("&")
    )
}

#[test]
fn every_form_of_a_service_is_read() {
    let cases = [
        (
            "web",
            "health.service(web|passing) /v1/health/service/web?passing=1",
        ),
        (
            "web|passing",
            "health.service(web|passing) /v1/health/service/web?passing=1",
        ),
        (
            "v1.web",
            "health.service(v1.web|passing) /v1/health/service/web?passing=1&tag=v1",
        ),
        (
            "a.b=c.web",
            "health.service(a.b=c.web|passing) /v1/health/service/web?passing=1&tag=a.b=c",
        ),
        (
            "web@dc2",
            "health.service(web@dc2|passing) /v1/health/service/web?dc=dc2&passing=1",
        ),
        (
            "web~_agent",
            "health.service(web~_agent|passing) /v1/health/service/web?near=_agent&passing=1",
        ),
        ("web|any", "health.service(web|any) /v1/health/service/web?"),
        (
            "web|warning,passing",
            "health.service(web|passing,warning) /v1/health/service/web?",
        ),
        (
            "web|critical,any",
            "health.service(web|any) /v1/health/service/web?",
        ),
        ("web|,", "health.service(web|) /v1/health/service/web?"),
        (
            "t1.web?ns=a&partition=p@dc2~n.1|passing",
            "health.service(t1.web@dc2@partition=p@ns=a~n.1|passing) \
             /v1/health/service/web?dc=dc2&near=n.1&ns=a&partition=p&passing=1&tag=t1",
        ),
        (
            "web?peer=east",
            "health.service(web@peer=east|passing) /v1/health/service/web?passing=1&peer=east",
        ),
    ];
    for (text, expected) in cases {
        assert_eq!(shown(&Query::service(text).unwrap()), expected, "{text}");
    }
}

#[test]
fn row_12_the_first_of_repeated_parameters_counts() {
    let cases = [
        (
            "web?ns=a&ns=b",
            "health.service(web@ns=a|passing) /v1/health/service/web?ns=a&passing=1",
        ),
        (
            "web?peer=&peer=east&partition=p&partition=q",
            "health.service(web@partition=p|passing) /v1/health/service/web?partition=p&passing=1",
        ),
    ];
    for (text, expected) in cases {
        assert_eq!(shown(&Query::service(text).unwrap()), expected, "{text}");
    }
    for text in ["web?ns=a&ns=b.c", "web?ns=a&nope=b"] {
        assert!(Query::service(text).is_err(), "{text}");
    }
}

#[test]
fn every_form_of_a_key_is_read() {
    let cases = [
        ("a/b", "kv.get(a/b) /v1/kv/a/b?"),
        ("/a/b", "kv.get(a/b) /v1/kv/a/b?"),
        ("a b/c%d:+é", "kv.get(a b/c%d:+é) /v1/kv/a b/c%d:+é?"),
        ("a?ns=q@dc4", "kv.get(a@dc4@ns=q) /v1/kv/a?dc=dc4&ns=q"),
    ];
    for (text, expected) in cases {
        assert_eq!(shown(&Query::key(text).unwrap()), expected, "{text}");
    }
    let cases = [
        ("app", "kv.list(app) /v1/kv/app?recurse="),
        ("app/@dc2", "kv.list(app/@dc2) /v1/kv/app/?dc=dc2&recurse="),
        // All keys.
        ("/", "kv.list() /v1/kv/?recurse="),
    ];
    for (text, expected) in cases {
        assert_eq!(shown(&Query::pairs(text).unwrap()), expected, "{text}");
    }
}

#[test]
fn every_form_of_the_catalog_is_read() {
    let cases = [
        (
            Query::services(""),
            "catalog.services /v1/catalog/services?",
        ),
        (
            Query::services("@dc2"),
            "catalog.services(@dc2) /v1/catalog/services?dc=dc2",
        ),
        (
            Query::services("?ns=a@dc2"),
            "catalog.services(@dc2@ns=a) /v1/catalog/services?dc=dc2&ns=a",
        ),
        (Query::nodes(""), "catalog.nodes /v1/catalog/nodes?"),
        (
            Query::nodes("@dc2~n1"),
            "catalog.nodes(@dc2~n1) /v1/catalog/nodes?dc=dc2&near=n1",
        ),
        (
            Query::node("n.1@dc2"),
            "catalog.node(n.1@dc2) /v1/catalog/node/n.1?dc=dc2",
        ),
        (Query::node(""), "catalog.node() /v1/catalog/node/?"),
    ];
    for (query, expected) in cases {
        assert_eq!(shown(&query.unwrap()), expected);
    }
}

#[test]
fn every_form_of_the_mesh_is_read() {
    let cases = [
        (
            Query::connect("web"),
            "health.connect(web|passing) /v1/health/connect/web?passing=1",
        ),
        (
            Query::connect("v1.web@dc2~n1|any"),
            "health.connect(v1.web@dc2~n1|any) /v1/health/connect/web?dc=dc2&near=n1&tag=v1",
        ),
        (
            Query::ca_leaf("web.v1"),
            "connect.caleaf(web.v1) /v1/agent/connect/ca/leaf/web.v1?",
        ),
        (Query::peerings(""), "list.peerings /v1/peerings?"),
        (
            Query::peerings("?partition=p"),
            "list.peerings?partition=p /v1/peerings?partition=p",
        ),
        // Accepted by the parser, but ignored by this query.
        (
            Query::peerings("?ns=a&peer=b"),
            "list.peerings /v1/peerings?",
        ),
        (
            Ok(ConsulQuery::CaRoots.into()),
            "connect.caroots /v1/agent/connect/ca/roots?",
        ),
        (
            Ok(ConsulQuery::Partitions.into()),
            "list.partitions /v1/partitions?",
        ),
        (
            Ok(ConsulQuery::ExportedServices(String::new()).into()),
            "list.exportedServices() /v1/exported-services?",
        ),
        (
            Ok(ConsulQuery::ImportedServices("p".into()).into()),
            "list.importedServices(p) /v1/imported-services?partition=p",
        ),
    ];
    for (query, expected) in cases {
        assert_eq!(shown(&query.unwrap()), expected);
    }
}

proptest! {
    #[test]
    fn no_text_makes_the_parser_panic(text in any::<String>()) {
        let _ = (Query::service(&text), Query::key(&text), Query::pairs(&text));
        let _ = (Query::services(&text), Query::node(&text), Query::nodes(&text));
        let _ = (Query::connect(&text), Query::ca_leaf(&text), Query::peerings(&text));
    }

    #[test]
    fn a_query_is_parsed_into_its_parts(
        tag in "[a-z0-9_=:.-]{0,6}", name in "[a-z0-9_-]{1,8}", dc in "[a-z0-9.-]{0,5}", near in "[a-z0-9.-]{0,5}",
    ) {
        let mut text = if tag.is_empty() { String::new() } else { format!("{tag}.") };
        text.push_str(&name);
        for (sign, part) in [('@', &dc), ('~', &near)] {
            if !part.is_empty() {
                text.push(sign);
                text.push_str(part);
            }
        }
        let Query::Consul(ConsulQuery::Service(query)) = Query::service(&text).unwrap() else { unreachable!() };
        prop_assert_eq!((query.tag, query.name, query.scope.datacenter, query.near), (tag, name, dc, near));
    }
}

#[test]
fn a_query_is_shown_on_one_line() {
    let query = Query::key("a\nb\u{1b}[2J").expect("a key");
    assert_eq!(query.to_string(), "kv.get(a\\nb\\u{1b}[2J)");
}
