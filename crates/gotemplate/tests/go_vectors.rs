//! Compares the results of about 1,900 templates with those of Go's `text/template`.
//!
//! The cases are in `tests/vectors/go-template.jsonl`, or in the file that `CTMPL_GO_VECTORS` names: the first line is the
//! data, each further line a case. A case passes with the same output, or with an error in the same phase. The result is
//! a table by category.

use std::collections::{BTreeMap, HashMap};
use std::fmt::Write as _;

use gotemplate::{Budget, Delimiters, MissingKey, Options, Phase, Template};
use minijinja::Value;
use serde::Deserialize;
use serde_json::Value as Json;

const VECTORS: &str = "tests/vectors/go-template.jsonl";

/// The number of errors in [`VECTORS`] with the same text as in Go. The others differ by a redacted value (`range can't
/// iterate over hello`, `index out of range: 4711`), the maximum depth, or the unused capacity of a list.
const SAME_TEXT: usize = 441;

/// Cases that may differ, and why.
const MAY_DIFFER: &[(&str, &str)] = &[];

#[derive(Deserialize)]
struct Fixtures {
    data: HashMap<String, Json>,
}

#[derive(Deserialize)]
struct Case {
    id: String,
    category: String,
    template: String,
    data: String,
    #[serde(default)]
    options: CaseOptions,
    output: Option<String>,
    error: Option<String>,
    phase: Option<String>,
}

#[derive(Default, Deserialize)]
struct CaseOptions {
    left: Option<String>,
    right: Option<String>,
    missingkey: Option<String>,
}

impl From<CaseOptions> for Options {
    fn from(
        CaseOptions {
            left,
            right,
            missingkey,
        }: CaseOptions,
    ) -> Self {
        let default = Delimiters::default();
        let missing_key = match missingkey.as_deref() {
            Some("error") => MissingKey::Error,
            Some("zero") => MissingKey::Zero,
            Some("default" | "invalid") | None => MissingKey::Default,
            Some(other) => panic!("no such missingkey: {other}"),
        };
        let delimiters = Delimiters {
            left: left.unwrap_or(default.left),
            right: right.unwrap_or(default.right),
        };
        Self {
            delimiters,
            missing_key,
            ..Self::default()
        }
    }
}

#[derive(Default)]
struct Tally {
    cases: usize,
    passed: usize,
    errors: usize,
    same_text: usize,
}

fn load() -> (HashMap<String, Value>, Vec<Case>) {
    let path = std::env::var("CTMPL_GO_VECTORS").unwrap_or_else(|_| VECTORS.to_owned());
    let text = std::fs::read_to_string(&path).expect("the vectors can be read");
    let mut lines = text.lines();
    let fixtures: Fixtures =
        serde_json::from_str(lines.next().expect("the first line")).expect("the data");
    let data = fixtures
        .data
        .iter()
        .map(|(key, json)| (key.clone(), value(json)))
        .collect();
    let cases: Vec<Case> = lines
        .map(|line| serde_json::from_str(line).expect(line))
        .collect();
    assert!(!cases.is_empty(), "there are no cases in {path}");
    (data, cases)
}

/// JSON as Go's decoder returns it.
fn value(json: &Json) -> Value {
    match json {
        Json::Null => Value::from(()),
        Json::Bool(value) => Value::from(*value),
        Json::Number(number) => number
            .as_i64()
            .map(Value::from)
            .or_else(|| number.as_u64().map(Value::from))
            .or_else(|| number.as_f64().map(Value::from))
            .expect("a number"),
        Json::String(text) => Value::from(text.as_str()),
        Json::Array(values) => Value::from(values.iter().map(value).collect::<Vec<_>>()),
        Json::Object(entries) => Value::from(
            entries
                .iter()
                .map(|(key, json)| (key.clone(), value(json)))
                .collect::<BTreeMap<_, _>>(),
        ),
    }
}

fn render(
    template: &str,
    options: &Options,
    dot: &Value,
) -> Result<String, (&'static str, String)> {
    Template::parse("t", template, options, |_| None)
        .and_then(|template| template.render(dot, &Budget::unlimited()))
        .map_err(|error| {
            let phase = if error.phase == Phase::Parse {
                "parse"
            } else {
                "exec"
            };
            (phase, error.to_string())
        })
}

/// Returns `true` if a result has the output of Go, or an error in the same phase.
fn passes(
    ours: &Result<String, (&'static str, String)>,
    output: Option<&String>,
    phase: Option<&String>,
) -> bool {
    match (ours, output, phase) {
        (Ok(ours), Some(output), _) => ours == output,
        (Err((ours, _)), None, Some(phase)) => ours == phase,
        _ => false,
    }
}

#[test]
fn templates_have_the_same_results_as_in_go() {
    let (data, cases) = load();
    let mut tallies: BTreeMap<String, Tally> = BTreeMap::new();
    let mut report = String::new();
    for Case {
        id,
        category,
        template,
        data: key,
        options,
        output,
        error,
        phase,
    } in cases
    {
        let ours = render(
            &template,
            &options.into(),
            data.get(&key).expect("the data of the case"),
        );
        let tally = tallies.entry(category).or_default();
        tally.cases += 1;
        let passed = passes(&ours, output.as_ref(), phase.as_ref());
        if passed || MAY_DIFFER.iter().any(|(other, _)| *other == id) {
            tally.passed += 1;
        } else {
            let go = output.as_ref().or(error.as_ref());
            writeln!(
                report,
                "{id}: {template:?}\n    Go:   {go:?}\n    ours: {ours:?}"
            )
            .expect("text");
        }
        if let Some(go) = error {
            tally.errors += 1;
            match &ours {
                Err((_, text)) if *text == go => tally.same_text += 1,
                Err((_, text)) if passed => {
                    writeln!(
                        report,
                        "(text) {id}: {template:?}\n    Go:   {go}\n    ours: {text}"
                    )
                    .expect("text");
                }
                _ => {}
            }
        }
    }
    let total = tallies.values().fold(Tally::default(), |sum, tally| Tally {
        cases: sum.cases + tally.cases,
        passed: sum.passed + tally.passed,
        errors: sum.errors + tally.errors,
        same_text: sum.same_text + tally.same_text,
    });
    let table = table(&tallies, &total);
    assert_eq!(total.passed, total.cases, "\n{report}\n{table}");
    if std::env::var_os("CTMPL_GO_VECTORS").is_none() {
        assert!(total.same_text >= SAME_TEXT, "\n{report}\n{table}");
    }
    eprint_table(&format!("{report}\n{table}"));
}

/// The table of results by category.
fn table(tallies: &BTreeMap<String, Tally>, total: &Tally) -> String {
    let mut table = format!(
        "{:<14}{:>14}{:>20}\n",
        "category", "passed", "same error text"
    );
    for (
        category,
        Tally {
            cases,
            passed,
            errors,
            same_text,
        },
    ) in tallies
        .iter()
        .map(|(name, tally)| (name.as_str(), tally))
        .chain([("all", total)])
    {
        let passed = format!("{passed}/{cases}");
        writeln!(
            table,
            "{category:<14}{passed:>14}{:>20}",
            format!("{same_text}/{errors}")
        )
        .expect("text");
    }
    table
}

#[expect(clippy::print_stderr, reason = "the table is printed with --nocapture")]
fn eprint_table(text: &str) {
    eprintln!("{text}");
}
