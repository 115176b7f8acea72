//! Parsing and rendering a Jinja template ends without a panic. No error contains the value of a key
//! or a variable.
#![no_main]

use std::collections::BTreeMap;
use std::sync::Arc;

use answer_guard::Snapshot;
use consul_render::Undefined;
use consul_render::jinja::{JinjaTemplate, Options};
use consul_render::render_context::{RenderContext, RenderEnv};
use consul_watch::answer::{Answer, Pair};
use consul_watch::query::Query;
use libfuzzer_sys::fuzz_target;

/// A value that no template contains by chance.
const CANARY: &str = "cAnArYcAnArY";

fuzz_target!(|source: &str| {
    let Ok(template) = JinjaTemplate::parse("t", source, Options::default()) else {
        return;
    };
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
    for undefined in [Undefined::Refused, Undefined::Empty] {
        let render_env = Arc::new(RenderEnv {
            variables: variables.clone(),
            ..RenderEnv::default()
        });
        let pass = Arc::new(RenderContext::new(
            snapshot.clone(),
            render_env,
            jiff::Timestamp::UNIX_EPOCH,
        ));
        if let Err(error) = template.render(&pass, undefined) {
            let shown = format!("{error} {error:?}");
            assert!(
                source.contains(CANARY) || !shown.contains(CANARY),
                "{shown}"
            );
        }
    }
});
