//! Tests that a template converted without a mark prints the same bytes.

mod sizes;
mod texts;

use std::collections::{BTreeMap, HashMap};
use std::fmt::Write as _;
use std::sync::Arc;

use answer_guard::Snapshot;
use consul_render::jinja::{self, JinjaTemplate};
use consul_render::render_context::{RenderContext, RenderEnv};
use consul_render::{TemplateError, Undefined, functions};
use ctmpl_convert::{Conversion, Delimiters};
use gotemplate::{MissingKey, Options, Template};
use jiff::Timestamp;
use minijinja::{Environment, Value};
use serde::Deserialize;
use serde_json::Value as Json;

use super::library::TemplateFunctions;

/// The minimum percentage of the vectors that must be converted without a mark, among those that Go
/// renders.
const MIN_SHARE: usize = 97;

/// The dot of a vector, in converted templates.
const ROOT: &str = "scratch().get(\"dot\")";

#[derive(Deserialize)]
struct Fixtures {
    data: HashMap<String, Json>,
}

#[derive(Deserialize)]
struct Case {
    id: String,
    template: String,
    data: String,
    #[serde(default)]
    options: CaseOptions,
}

#[derive(Default, Deserialize)]
struct CaseOptions {
    left: Option<String>,
    right: Option<String>,
}

fn convert_with(
    source: &str,
    delimiters: &Delimiters,
    root: Option<&str>,
) -> Result<Conversion, ctmpl_convert::Error> {
    let options = ctmpl_convert::Options {
        delimiters: delimiters.clone(),
        root: root.map(str::to_owned),
    };
    ctmpl_convert::convert("t", source, &options, &TemplateFunctions)
}

/// Converts JSON to a value as Go's decoder does.
fn value(json: &Json) -> Value {
    match json {
        Json::Null => Value::from(()),
        Json::Bool(value) => Value::from(*value),
        Json::Number(number) => {
            let whole = number
                .as_i64()
                .map(Value::from)
                .or_else(|| number.as_u64().map(Value::from));
            whole.or_else(|| number.as_f64().map(Value::from)).unwrap()
        }
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

fn pass(dot: &Value) -> Arc<RenderContext> {
    let pass = RenderContext::new(
        Snapshot::default(),
        Arc::new(RenderEnv::default()),
        Timestamp::UNIX_EPOCH,
    );
    let scratch = Value::from_dyn_object(pass.scratch());
    scratch
        .call_method(
            &mut Environment::empty().empty_state(),
            "set",
            &["dot".into(), dot.clone()],
        )
        .unwrap();
    Arc::new(pass)
}

/// Renders a Go template; `None` if it fails.
fn in_go(template: &str, delimiters: &Delimiters, dot: &Value) -> Option<String> {
    let missing_key = MissingKey::default();
    let options = Options {
        delimiters: delimiters.clone(),
        missing_key,
        ..Options::default()
    };
    Template::parse("t", template, &options, functions::id_in_go)
        .ok()?
        .render(dot, pass(dot).as_ref())
        .ok()
}

fn in_jinja(text: &str, dot: &Value) -> Result<String, TemplateError> {
    JinjaTemplate::parse("t", text, jinja::Options::default())?
        .render(&pass(dot), Undefined::Refused)
}

/// Reads the data and the cases of the vectors.
fn vectors() -> (HashMap<String, Value>, Vec<Case>) {
    let text =
        std::fs::read_to_string("crates/gotemplate/tests/vectors/go-template.jsonl").unwrap();
    let mut lines = text.lines();
    let fixtures: Fixtures = serde_json::from_str(lines.next().unwrap()).unwrap();
    let data = fixtures.data.iter();
    let data = data.map(|(key, json)| (key.clone(), value(json))).collect();
    let cases = lines.map(|line| serde_json::from_str(line).unwrap());
    (data, cases.collect())
}

#[test]
fn the_vectors_print_the_same_or_are_marked() {
    let (data, cases) = vectors();
    let (mut rendered, mut equal, mut marked, mut failing, mut both_fail) = (0, 0, 0, 0, 0);
    let mut report = String::new();
    for case in cases {
        let Case {
            id,
            template,
            data: key,
            options,
            ..
        } = case;
        let usual = Delimiters::default();
        let delimiters = Delimiters {
            left: options.left.unwrap_or(usual.left),
            right: options.right.unwrap_or(usual.right),
        };
        let dot = &data[&key];
        let root = Some(ROOT).filter(|_| !dot.is_none());
        let Ok(converted) = convert_with(&template, &delimiters, root) else {
            continue;
        };
        let jinja = in_jinja(&converted.text, dot);
        let Some(wanted) = in_go(&template, &delimiters, dot) else {
            failing += 1;
            both_fail += usize::from(jinja.is_err() || !converted.marks.is_empty());
            continue;
        };
        rendered += 1;
        if !converted.marks.is_empty() {
            marked += 1;
            writeln!(
                report,
                "(marked) {id}: {template:?}\n    {:?}",
                converted.marks
            )
            .unwrap();
        } else if jinja.as_ref().is_ok_and(|text| *text == wanted) {
            equal += 1;
        } else {
            let Conversion { text, .. } = converted;
            writeln!(
                report,
                "{id}: {template:?}\n    {text:?}\n    Go:    {wanted:?}\n    Jinja: {jinja:?}"
            )
            .unwrap();
        }
    }
    let share = equal * 100 / rendered;
    let table = format!(
        "{rendered} vectors render: {equal} are converted and equal ({share} %), {marked} are marked; \
         {failing} fail in Go: {both_fail} of them are marked or fail in Jinja"
    );
    #[expect(clippy::print_stderr, reason = "shown with --nocapture")]
    {
        eprintln!("{report}\n{table}");
    }
    assert!(rendered > 1000, "{table}");
    assert_eq!(equal + marked, rendered, "\n{report}\n{table}");
    assert!(share >= MIN_SHARE, "\n{report}\n{table}");
}
