//! Tests that a template converted without a mark prints the same bytes.

mod sizes;

use std::collections::{BTreeMap, HashMap};
use std::fmt::Write as _;
use std::sync::Arc;

use jiff::Timestamp;
use minijinja::{Environment, Value};
use serde::Deserialize;
use serde_json::Value as Json;

use ctmpl_convert::{Conversion, Delimiters};

use super::library::TemplateFunctions;
use crate::config::resolved::MissingKey;
use crate::render::Undefined;
use crate::render::jinja::{self, JinjaTemplate};
use crate::render::render_context::{RenderContext, RenderEnv};
use crate::render::{TemplateError, functions};
use crate::store::Snapshot;
use gotemplate::{Options, Template};

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

/// Go templates and their conversions.
const CONVERSIONS: &[(&str, &str)] = &[
    (
        "upstream a {\n{{- range service \"web\"}}\n    server {{.Address}}:{{.Port}};\n{{- else}}\n    none;\n{{- end}}\n}\n",
        "upstream a {\n{% for instance in service(\"web\") %}\n    server {{ instance.address }}:{{ instance.port }};\n\
         {% else %}\n    none;\n{% endfor %}\n}\n",
    ),
    (
        "{{if keyExists \"a\"}}A{{else if eq (key \"b\") \"x\" \"y\"}}B{{end}}\n",
        "{% if key_exists(\"a\") %}A{% elif key(\"b\") in [\"x\", \"y\"] %}B{% endif +%}\n",
    ),
    (
        "{{key \"a\" | toUpper | printf \"%s:%s\" \"x\"}}",
        "{{ \"x\" ~ \":\" ~ key(\"a\") | to_upper }}",
    ),
    (
        "{{with $x := key \"a\"}}{{$x}}{{.}}{{end}}",
        "{% set x = key(\"a\") %}\n{% if x %}{{ x }}{{ x }}{% endif %}",
    ),
    (
        "{{with key \"a\" | parseJSON}}{{.b}} {{index . \"c\"}}{{end}}",
        "{% set value = key(\"a\") | parse_json %}\n{% if value %}{{ value.b | go_text }} \
         {{ go_index(value, \"c\") | go_text }}{% endif %}",
    ),
    (
        "{{range $i, $s := services}}{{$i}}{{$s.Name}}{{range $s.Tags}}-{{.}}{{end}}\n{{end}}",
        "{% for s in services() %}\n{% set i = loop.index0 %}\n{{ i }}{{ s.name }}{% for tag in s.tags %}-{{ tag }}\
         {% endfor +%}\n{% endfor %}\n",
    ),
    (
        "{{range service \"web\"}}{{.ServiceMeta.zone}}{{range $k, $v := .NodeMeta}}{{$k}}={{$v}};{{end}}{{end}}",
        "{% for instance in service(\"web\") %}{{ instance.service_meta.zone | default(\"\") }}\
         {% for k, v in instance.node_meta | items %}{{ k }}={{ v }};{% endfor %}{% endfor %}",
    ),
    (
        "{{\"{{\"}} {% x %} {#",
        "{{ \"{{\" }} {{ \"{\" }}% x %} {{ \"{\" }}#",
    ),
    ("a{{/* {# -#} */}}b", "a{# {# -# } #}b"),
    (
        "{{call 1}}",
        "{# ctmpl convert: line 1: call 1: no value of a template is a function to be called #}\n",
    ),
    (
        "a\n{{if call 1}}b{{end}}",
        "a\n{# ctmpl convert: line 2: call 1: no value of a template is a function to be called #}\n\
         {% if none %}b{% endif %}",
    ),
];

#[test]
fn conversions_read_like_templates_written_by_hand() {
    for (go, jinja) in CONVERSIONS {
        let Conversion { text, marks } = convert_with(go, &Delimiters::default(), None).unwrap();
        assert_eq!(text, *jinja, "{go}");
        assert_eq!(
            marks.len(),
            text.matches("ctmpl convert:").count(),
            "{go}: {marks:?}"
        );
    }
    assert!(CONVERSIONS.len() > 5);
}

#[test]
fn a_mark_has_a_line_and_a_reason() {
    let source = "a\n\n{{template \"none\"}}b{{$x := 1i}}";
    let Conversion { text, marks } = convert_with(source, &Delimiters::default(), None).unwrap();
    let reasons: Vec<String> = marks.iter().map(ToString::to_string).collect();
    assert_eq!(
        reasons,
        [
            "line 3: 1i: Jinja has no complex numbers",
            "line 3: {{template \"none\"}}: there is no macro for this template"
        ]
    );
    assert!(
        text.starts_with("a\n\n{# ctmpl convert: line 3: {{template \"none\"}}"),
        "{text}"
    );
}

/// Templates that call themselves, shadow variables, or use keywords of Jinja as names; each with its text.
const SCOPES: &[(&str, &str)] = &[
    ("{{$x := 1}}{{if true}}{{$x := 2}}{{$x}}{{end}}{{$x}}", "21"),
    (
        "{{$x := 1}}{{range loop 3}}{{$x = add $x .}}{{end}}{{$x}}",
        "4",
    ),
    (
        "{{$x := 0}}{{range loop 2}}{{$y := 5}}{{range loop 2}}{{$y = add 1 $y}}{{end}}{{$x = $y}}{{end}}{{$x}}",
        "7",
    ),
    (
        "{{$loop := 1}}{{$service := 2}}{{$none := 3}}{{range loop 2}}{{$loop}}{{$service}}{{$none}}{{end}}",
        "123123",
    ),
    (
        "{{define \"a\"}}{{if gt . 0}}{{.}}{{template \"a\" subtract 1 .}}{{end}}{{end}}{{template \"a\" 3}}",
        "321",
    ),
    (
        "{{define \"b\"}}<{{.}}>{{end}}{{define \"a\"}}{{template \"b\" .}}{{end}}{{range loop 2}}{{template \"a\" .}}{{end}}",
        "<0><1>",
    ),
    (
        "{{block \"if\" 5}}{{.}}{{end}}{{executeTemplate \"if\" 6 | toUpper}}",
        "56",
    ),
    (
        "{{range $i, $e := loop 3}}{{if eq $e 1}}{{continue}}{{end}}{{$i}}{{$e = 9}}{{.}}{{$e}}{{end}}",
        "009229",
    ),
    (
        "{{range loop 3}}{{break}}{{else}}E{{end}}{{range loop 0}}x{{else}}E{{end}}",
        "E",
    ),
    (
        "{{with 0}}{{.}}{{else with 1}}{{.}}{{else}}{{.}}{{end}}",
        "1",
    ),
    (
        "{{scratch.Set \"a\" 1}}{{scratch.Get \"a\"}}{{scratch.MapSet \"m\" \"k\" 2}}{{range scratch.MapValues \"m\"}}{{.}}{{end}}",
        "12",
    ),
    (
        "{{1.0}} {{1e21}} {{\"a\" | len}} {{len \"é\"}} {{printf \"%05.1f|%-4s|%q\" 2.25 \"a\" \"b\"}}",
        "1 1e+21 1 2 002.2|a   |\"b\"",
    ),
    (
        "{{split \",\" \"a,b\"}} {{join \"-\" (split \",\" \"a,b\")}} {{index (split \",\" \"a,b\") 1}}",
        "[a b] a-b b",
    ),
    (
        "{{and 1 0}}{{or 0 \"x\"}}{{not 1}} {{eq 1 2 1}} {{lt \"a\" \"b\"}} {{and true (or false true)}}",
        "0xfalse true true true",
    ),
];

#[test]
fn names_and_scopes_are_kept_apart() {
    assert!(!SCOPES.is_empty());
    for (go, printed) in SCOPES {
        let Conversion { text, marks } = convert_with(go, &Delimiters::default(), None).unwrap();
        assert!(marks.is_empty(), "{go}: {marks:?}");
        let nothing = Value::from(());
        assert_eq!(
            in_go(go, &Delimiters::default(), &nothing).as_deref(),
            Some(*printed),
            "{go}"
        );
        assert_eq!(
            in_jinja(&text, &nothing)
                .as_deref()
                .map_err(ToString::to_string),
            Ok(*printed),
            "{go}: {text}"
        );
    }
}

#[test]
fn fields_of_records_have_types() {
    let source = "{{range service \"web\"}}{{.NodeID}} {{.Tags}} {{.ServiceMeta.a}} {{.Weights.Passing}}{{end}}";
    let Conversion { text, marks } = convert_with(source, &Delimiters::default(), None).unwrap();
    assert!(marks.is_empty(), "{marks:?}");
    assert!(
        text.contains(
            "{{ instance.node_id }} {{ instance.tags | go_text }} \
             {{ instance.service_meta.a | default(\"\") }} {{ instance.weights.passing }}"
        ),
        "{text}"
    );
    let Conversion { marks, .. } = convert_with(
        "{{range service \"web\"}}{{.Nope}}{{end}}",
        &Delimiters::default(),
        None,
    )
    .unwrap();
    assert_eq!(marks[0].why, "there is no field Nope");
}
