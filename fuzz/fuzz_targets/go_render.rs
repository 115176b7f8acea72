//! Executing a Go template never panics and never exceeds its limits. No error contains the value of
//! a key or a variable.
#![no_main]

use std::collections::BTreeMap;
use std::sync::Arc;

use answer_guard::Snapshot;
use consul_render::functions;
use consul_render::render_context::{RenderContext, RenderEnv};
use consul_watch::answer::{Answer, Pair};
use consul_watch::query::Query;
use gotemplate::{Limits, Options, Template};
use libfuzzer_sys::fuzz_target;
use minijinja::Value;

const LIMITS: Limits = Limits {
    steps: 10_000,
    text: 100_000,
    depth: 500,
};

/// A value that no template contains by chance.
const CANARY: &str = "cAnArYcAnArY";

fuzz_target!(|source: &str| {
    let options = Options {
        limits: LIMITS,
        ..Options::default()
    };
    let Ok(template) = Template::parse("t", source, &options, functions::id_in_go) else {
        return;
    };
    let list = Value::from(vec![
        Value::from(1),
        Value::from("two"),
        Value::from(3.5),
        Value::from(()),
    ]);
    let dot = Value::from_pairs([
        ("a", list),
        ("b", Value::from(CANARY)),
        ("c", Value::from(-7)),
    ]);
    let mut snapshot = Snapshot::default();
    let pair = Pair {
        path: "k".into(),
        key: "k".into(),
        value: CANARY.into(),
        ..Pair::default()
    };
    let Ok(query) = Query::key("k") else { return };
    snapshot.record(query, Arc::new(Answer::Key(Some(Arc::new(pair)))));
    let variables = BTreeMap::from([("E".to_owned(), CANARY.to_owned())]);
    let pass = RenderContext::new(
        snapshot,
        Arc::new(RenderEnv {
            variables,
            ..RenderEnv::default()
        }),
        jiff::Timestamp::UNIX_EPOCH,
    );
    match template.render(&dot, &pass) {
        // Each invalid UTF-8 byte becomes three bytes.
        Ok(text) => assert!(text.len() <= 3 * LIMITS.text),
        Err(error) => {
            let shown = format!("{error} {error:?}");
            assert!(
                source.contains(CANARY) || !shown.contains(CANARY),
                "{shown}"
            );
        }
    }
});
