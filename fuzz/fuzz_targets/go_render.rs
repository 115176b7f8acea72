//! Executing a Go template never panics, and keeps its limits.
#![no_main]

use std::sync::Arc;

use ctmpl::snapshot::Snapshot;
use ctmpl::template::go::{GoTemplate, Limits, Options};
use ctmpl::template::pass::{Pass, Surroundings};
use libfuzzer_sys::fuzz_target;
use minijinja::Value;

const LIMITS: Limits = Limits { steps: 10_000, text: 100_000, depth: 500 };

fuzz_target!(|source: &str| {
    let options = Options { limits: LIMITS, ..Options::default() };
    let Ok(template) = GoTemplate::parse("t", source, &options, |_| None) else { return };
    let list = Value::from(vec![Value::from(1), Value::from("two"), Value::from(3.5), Value::from(())]);
    let dot = Value::from_pairs([("a", list), ("b", Value::from("text")), ("c", Value::from(-7))]);
    let pass = Pass::new(Snapshot::default(), Arc::new(Surroundings::default()), jiff::Timestamp::UNIX_EPOCH);
    if let Ok(text) = template.execute(&dot, &pass) {
        // Each byte that is not UTF-8 becomes three.
        assert!(text.len() <= 3 * LIMITS.text);
    }
});
