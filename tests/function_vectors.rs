//! What consul-template's functions, sprig's among them, did with some hundred templates, against what ours do.
//!
//! in:  `tests/vectors/functions.jsonl`, or the file that `CTMPL_FUNCTION_VECTORS` names: a case a line
//! out: a case passes with the same output, or with an error in the same phase

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::sync::Arc;

use ctmpl::store::Snapshot;
use ctmpl::template::function::Group;
use ctmpl::template::functions;
use ctmpl::template::render_context::{RenderContext, RenderEnv};
use gotemplate::{Options, Phase, Template};
use jiff::Timestamp;
use minijinja::Value;
use serde::Deserialize;

const VECTORS: &str = "tests/vectors/functions.jsonl";

#[derive(Deserialize)]
struct Case {
    template: String,
    output: Option<String>,
    error: Option<String>,
    phase: Option<String>,
}

fn cases() -> Vec<Case> {
    let path = std::env::var("CTMPL_FUNCTION_VECTORS").unwrap_or_else(|_| VECTORS.to_owned());
    let text = std::fs::read_to_string(&path).expect("the vectors can be read");
    let cases: Vec<Case> = text
        .lines()
        .map(|line| serde_json::from_str(line).expect(line))
        .collect();
    assert!(
        cases.len() > 200 || path != VECTORS,
        "only {} cases in {path}",
        cases.len()
    );
    cases
}

fn render(template: &str) -> Result<String, (&'static str, String)> {
    let variables = BTreeMap::from([("SET".to_owned(), "value".to_owned())]);
    let pass = RenderContext::new(
        Snapshot::default(),
        Arc::new(RenderEnv::here(variables)),
        Timestamp::UNIX_EPOCH,
    );
    Template::parse("", template, &Options::default(), functions::id_in_go)
        .and_then(|template| template.render(&Value::from(()), &pass))
        .map_err(|error| {
            (
                if error.phase == Phase::Parse {
                    "parse"
                } else {
                    "exec"
                },
                error.to_string(),
            )
        })
}

#[test]
fn functions_do_what_they_do_in_consul_template() {
    let mut report = String::new();
    let mut failed = 0;
    for Case {
        template,
        output,
        error,
        phase,
    } in cases()
    {
        let ours = render(&template);
        let passed = match (&ours, &output, &phase) {
            (Ok(ours), Some(output), _) => ours == output,
            (Err((ours, _)), None, Some(phase)) => ours == phase,
            _ => false,
        };
        if !passed {
            failed += 1;
            let go = output.as_ref().or(error.as_ref());
            writeln!(report, "{template:?}\n    Go:   {go:?}\n    ours: {ours:?}").expect("text");
        }
    }
    assert!(failed == 0, "{failed} failed\n{report}");
}

/// Those that ask Consul are tested elsewhere; the first three of these have no result that would be the same in Go, and
/// `raw` is not in consul-template; `writeToFile` acts, and has tests of its own.
#[test]
fn every_function_has_a_case() {
    let elsewhere = ["sprig_ago", "sockaddr", "file", "raw", "writeToFile"];
    let templates: String = cases()
        .into_iter()
        .map(|case| case.template + "\n")
        .collect();
    let words: BTreeSet<&str> = templates
        .split(|c: char| !(c.is_alphanumeric() || c == '_'))
        .collect();
    let plain = functions::all().filter(|function| function.group != Group::Sources);
    let missing: Vec<&str> = plain
        .map(|function| function.go)
        .filter(|name| !words.contains(name) && !elsewhere.contains(name))
        .collect();
    assert!(missing.is_empty(), "no case for {missing:?}");
}
