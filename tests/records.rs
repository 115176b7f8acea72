//! What a template prints of Consul's answers: the same bytes as consul-template.
//!
//! `tests/vectors/records.jsonl` has bodies of answers, templates, and the output of consul-template for each.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::sync::Arc;

use answer_guard::Snapshot;
use consul_render::{Language, Template, TemplateOptions, TemplateSource};
use consul_watch::answer::Answer;
use consul_watch::query::{ConsulQuery, Query, QueryError};
use jiff::Timestamp;
use serde::Deserialize;

use crate::consul_answers::ask;

const VECTORS: &str = include_str!("vectors/records.jsonl");

/// An answer with templates, and what consul-template prints; `None` if it fails.
#[derive(Deserialize)]
struct Case {
    query: String,
    argument: String,
    body: String,
    outputs: Vec<(String, Option<String>)>,
}

fn query(function: &str, argument: &str) -> Result<Query, QueryError> {
    Ok(match function {
        "service" => Query::service(argument)?,
        "connect" => Query::connect(argument)?,
        "node" => Query::node(argument)?,
        "nodes" => Query::nodes(argument)?,
        "services" => Query::services(argument)?,
        "tree" => Query::pairs(argument)?,
        "caRoots" => ConsulQuery::CaRoots.into(),
        "partitions" => ConsulQuery::Partitions.into(),
        "peerings" => Query::peerings(argument)?,
        "exportedServices" => ConsulQuery::ExportedServices(argument.to_owned()).into(),
        "importedServices" => ConsulQuery::ImportedServices(argument.to_owned()).into(),
        other => panic!("no query for {other}"),
    })
}

fn render(text: &str, snapshot: &Snapshot) -> Option<String> {
    let source = TemplateSource::Inline {
        name: "inline".into(),
        text: text.into(),
    };
    let template = Template::read(&source, &TemplateOptions::new(Language::Go)).expect(text);
    let rendering = template.render(snapshot, &Arc::default(), Timestamp::UNIX_EPOCH);
    assert!(rendering.dependencies.is_complete(), "{text}");
    rendering.text.ok()
}

#[tokio::test]
async fn row_9_records_print_what_consul_template_prints() {
    let (mut queries, mut report) = (BTreeSet::new(), String::new());
    for line in VECTORS.lines() {
        let Case {
            query: function,
            argument,
            body,
            outputs,
        } = serde_json::from_str(line).expect(line);
        let query = query(&function, &argument).expect(line);
        let head = format!(
            "HTTP/1.1 200 OK\r\nX-Consul-Index: 7\r\nContent-Length: {}\r\n\r\n",
            body.len()
        );
        let reply = ask(&query, (head + &body).into_bytes()).await.expect(line);
        let stored = reply.answer.encode().expect(line);
        let decoded = Answer::decode(&stored).expect(line);
        assert!(
            decoded == reply.answer,
            "{}",
            String::from_utf8_lossy(&stored)
        );
        let mut snapshot = Snapshot::default();
        snapshot.record(query, Arc::new(reply.answer));
        for (text, expected) in outputs {
            let ours = render(&text, &snapshot);
            if ours != expected {
                writeln!(
                    report,
                    "{text} of {body}\n    Go:   {expected:?}\n    ours: {ours:?}"
                )
                .unwrap();
            }
        }
        queries.insert(function);
    }
    assert!(queries.len() >= 11, "{queries:?}");
    assert!(report.is_empty(), "{report}");
}

/// Go keeps a list that the answer does not have as nil, which JSON shows as `null`.
#[tokio::test]
async fn a_missing_list_of_checks_is_null_and_prints_nothing_else() {
    let entry = r#"{"Node":{"Node":"n"},"Service":{"ID":"a","Service":"web","Port":80}CHECKS}"#;
    for (checks, expected) in [
        ("", "null [] 0"),
        (r#","Checks":null"#, "null [] 0"),
        (r#","Checks":[]"#, "[] [] 0"),
    ] {
        let body = format!("[{}]", entry.replace("CHECKS", checks));
        let head = format!(
            "HTTP/1.1 200 OK\r\nX-Consul-Index: 7\r\nContent-Length: {}\r\n\r\n",
            body.len()
        );
        let query = Query::service("web").unwrap();
        let reply = ask(&query, (head + &body).into_bytes()).await.unwrap();
        let mut snapshot = Snapshot::default();
        snapshot.record(query, Arc::new(reply.answer));
        let template = "{{ range service \"web\" }}{{ toJSON .Checks }} {{ .Checks }} {{ len .Checks }}{{ end }}";
        assert_eq!(
            render(template, &snapshot).as_deref(),
            Some(expected),
            "{checks}"
        );
    }
}
