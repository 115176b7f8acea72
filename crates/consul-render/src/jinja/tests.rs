use std::collections::BTreeMap;

use super::*;
use crate::render_context::RenderEnv;
use answer_guard::Snapshot;
use consul_watch::answer::{Answer, Instance, Nullable, Pair, TextMap, Weights};
use consul_watch::query::{Health, Query};

mod errors;
mod files;

fn instance(number: i64) -> Arc<Instance> {
    Arc::new(Instance {
        node: format!("node-{number}"),
        node_id: String::new(),
        node_address: "10.0.0.1".into(),
        node_tagged_addresses: TextMap::new(),
        node_meta: TextMap::new(),
        service_meta: TextMap::from([("version".into(), "2".into())]),
        address: format!("10.0.{}.{}", number / 250, number % 250),
        service_tagged_addresses: Nullable::new(),
        id: format!("web-{number}"),
        name: "web".into(),
        tags: vec!["blue".into()],
        checks: Nullable::new(),
        status: Health::Passing,
        port: 8000 + number,
        weights: Weights::default(),
    })
}

fn snapshot() -> Snapshot {
    let mut snapshot = Snapshot::default();
    snapshot.record(
        Query::service("web").unwrap(),
        Arc::new(Answer::Service((1..=2).map(instance).collect())),
    );
    let pair = |key: &str, value: &str| {
        Arc::new(Pair {
            path: key.into(),
            key: key.into(),
            value: value.into(),
            ..Pair::default()
        })
    };
    snapshot.record(
        Query::key("port").unwrap(),
        Arc::new(Answer::Key(Some(pair("port", "80")))),
    );
    snapshot.record(
        Query::key("secret").unwrap(),
        Arc::new(Answer::Key(Some(pair("secret", "hunter2")))),
    );
    snapshot.record(
        Query::pairs("app").unwrap(),
        Arc::new(Answer::Pairs(vec![pair("x/y", "1"), pair("z", "2")])),
    );
    snapshot
}

fn context() -> Arc<RenderContext> {
    let variables = BTreeMap::from([("PASSWORD".to_owned(), "hunter2".to_owned())]);
    let now = "2024-03-05T07:08:09Z".parse().unwrap();
    Arc::new(RenderContext::new(
        snapshot(),
        Arc::new(RenderEnv {
            variables,
            ..RenderEnv::default()
        }),
        now,
    ))
}

fn render(source: &str) -> Result<String, TemplateError> {
    JinjaTemplate::parse("test.j2", source, Options::default())?
        .render(&context(), Undefined::Refused)
}

/// Checks cases: each has a template and its text.
fn check(cases: &[(&str, &str)]) {
    assert!(!cases.is_empty());
    for (source, wanted) in cases {
        match render(source) {
            Ok(text) => assert_eq!(text, *wanted, "{source}"),
            Err(error) => panic!("{error}"),
        }
    }
}

#[test]
fn values_print_in_the_form_of_configuration_files() {
    check(&[
        ("{{ true }} {{ false }} [{{ none }}]", "true false []"),
        (
            "{{ 1 }} {{ 1.0 }} {{ 0.5 }} {{ 1e21 }} {{ 10 / 4 }}",
            "1 1 0.5 1e+21 2.5",
        ),
        (
            r#"{{ ["a", 1.0, none] }} {{ {"k": "v"} }}"#,
            r#"["a",1,null] {"k":"v"}"#,
        ),
        ("{{ '<a href=\"x\">' }}", "<a href=\"x\">"),
        (
            "a\n{% if true %}\nb\n{% endif %}\n  {% if true %}\nc\n  {% endif %}\n",
            "a\nb\nc\n",
        ),
        ("no newline", "no newline"),
        ("two\n\n", "two\n\n"),
        ("{{ loop_range(3) }}", "[0,1,2]"),
    ]);
}

#[test]
fn functions_take_their_arguments_in_the_order_of_go() {
    check(&[
        ("{{ key('port') }}", "80"),
        ("{{ key_exists('port') }}", "true"),
        ("{{ split(',', 'a,b') }}", r#"["a","b"]"#),
        ("{{ join('-', ['a', 'b']) }}", "a-b"),
        (
            "{{ subtract(2, 5) }} {{ parse_int(key('port')) + 1 }}",
            "3 81",
        ),
        ("{{ env('PASSWORD') | length }}", "7"),
        ("{{ timestamp('2006') }}", "2024"),
        ("{{ to_json({'a': [1, 2.0]}) }}", r#"{"a":[1,2]}"#),
        ("{{ regex_match('^8', key('port')) }}", "true"),
    ]);
}

#[test]
fn filters_take_the_piped_value_last() {
    check(&[
        ("{{ 'port' | key }}", "80"),
        ("{{ 5 | subtract(2) }}", "3"),
        ("{{ 'a-b' | replace_all('-', '_') | to_upper }}", "A_B"),
        ("{{ 'a.example' | trim_suffix('.example') }}", "a"),
        ("{{ [1] | to_json }}", "[1]"),
        ("{{ 'd' | env_or_default('NOPE') }}", "d"),
        ("{% for i in loop_range(1, 3) %}{{ i }}{% endfor %}", "12"),
    ]);
}

#[test]
fn jinjas_own_filters_are_unchanged() {
    check(&[
        ("{{ 'a,b' | split(',') | join('-') }}", "a-b"),
        ("{{ 'aXb' | replace('X', '-') }}", "a-b"),
        ("{{ 'a\nb' | indent(2) }}", "a\n  b"),
        ("{{ ' a ' | trim }}|{{ 'xax' | trim('x') }}", "a|a"),
        ("{{ [3, 1] | sort | first }}", "1"),
    ]);
}

#[test]
fn fields_have_both_names() {
    check(&[
        (
            "{% for s in service('web') %}\n{{ s.address }}:{{ s.Port }} {{ s.tags | join(',') }}\n{% endfor %}\n",
            "10.0.0.1:8001 blue\n10.0.0.2:8002 blue\n",
        ),
        ("{{ service('web')[0].service_meta.version }}", "2"),
        (
            "{{ service('web') | map(attribute='node') | join(' ') }}",
            "node-1 node-2",
        ),
        (
            "{% for tag, list in by_tag(service('web')) | items %}{{ tag }}={{ list | length }}{% endfor %}",
            "blue=2",
        ),
        (
            "{{ by_key(tree('app')).x.y.value }} {{ explode(tree('app')).x.y }}",
            "1 1",
        ),
        ("{% if service('web')[0] %}yes{% endif %}", "yes"),
    ]);
}

#[test]
fn the_scratch_pad_lasts_for_one_pass() {
    let source =
        "{% set s = scratch() %}{{ s.set('n', 1) }}{{ scratch().get('n') }}{{ s.Key('m') }}";
    check(&[(source, "1false"), (source, "1false")]);
}

#[test]
fn macros_see_the_pass() {
    check(&[(
        "{% macro port(k) %}{{ key(k) }}{{ k | key }}{% endmacro %}{{ port('port') }}",
        "8080",
    )]);
}

#[test]
fn an_incomplete_pass_continues_past_missing_data() {
    let source = "{{ service('later')[0].address.more }} {{ key('a') | int + 1 }} {{ nodes()[0].node | upper }}\n\
                  {% for s in service(key('name')) %}{{ key('in-loop') }}{% endfor %}{{ node('n').node.address }}\n\
                  {{ by_key(tree('t')).x.y.value }} {{ parse_int(key('n')) / 2 }}{{ file('/f') }}";
    let template = JinjaTemplate::parse("test.j2", source, Options::default()).unwrap();
    let context = context();
    template.render(&context, Undefined::Empty).unwrap();
    let dependencies: Vec<String> = context
        .take_dependencies()
        .queries
        .iter()
        .map(ToString::to_string)
        .collect();
    insta::assert_snapshot!(dependencies.join("\n"), @r"
    kv.get(a)
    kv.get(n)
    kv.get(name)
    kv.list(t)
    health.service(later|passing)
    catalog.node(n)
    catalog.nodes
    file(/f)
    ");
}

/// Regression test: a long chain overflowed the parser's stack and aborted the process.
#[test]
fn a_chain_that_is_too_long_for_the_parser_is_an_error() {
    let long = [
        format!("{{{{ {}1 }}}}", "not ".repeat(20_000)),
        format!("{{{{ 1{} }}}}", " + 1".repeat(20_000)),
    ];
    for source in long {
        assert!(
            render(&source)
                .unwrap_err()
                .message
                .contains("one after the other")
        );
    }
    for source in [
        format!("{{{{ {}1 }}}}", "-".repeat(depth::MAX_CHAIN)),
        format!("{{{{ 1{} }}}}", " + 1".repeat(depth::MAX_CHAIN)),
    ] {
        assert!(render(&source).is_ok());
    }
}

/// Regression test: dropping a deeply nested list overflowed the stack and aborted the process.
#[test]
fn endlessly_nested_lists_do_not_overflow_the_stack() {
    let grow = |turns: usize, value: &str| {
        format!(
            "{{% set ns = namespace(x=[1]) %}}{{% for i in range({turns}) %}}{{% set ns.x = {value} %}}{{% endfor %}}"
        )
    };
    assert_eq!(render(&(grow(50_000, "[ns.x]") + "ok")).unwrap(), "ok");
    let doubled = grow(40, "[ns.x, ns.x]");
    for (print, message) in [
        ("{{ ns.x }}", "the text is larger than"),
        ("{{ ns.x | to_yaml }}", "values in all levels"),
        ("{{ ns.x | go_text }}", "values in all levels"),
        ("{{ sprig_deep_equal(ns.x, ns.x) }}", "values in all levels"),
    ] {
        let error = render(&(doubled.clone() + print)).unwrap_err();
        assert!(
            error.message.contains(message),
            "{print}: {}",
            error.message
        );
    }
}

/// Regression test: the time grew with the square of the number of lines: 47 s for 40,000 statements.
#[test]
fn templates_of_many_statements_names_and_includes_are_parsed() {
    let statements = "{% if true %}a{% endif %}\n".repeat(20_000);
    assert_eq!(render(&statements).map(|text| text.len()), Ok(20_000));
    let names = (0..20_000).fold(String::new(), |all, number| {
        all + &format!("{{% set n{number} = 1 %}}{{{{ n{number} }}}}")
    });
    assert_eq!(render(&names).map(|text| text.len()), Ok(20_000));
    let words = "absent( ".repeat(20_000) + "{{ absent() }}";
    let error = render(&words).unwrap_err();
    assert_eq!(error.place.map(|place| place.column), Some(160_004));
}
