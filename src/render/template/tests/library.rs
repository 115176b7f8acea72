//! Tests of the function library in both languages.

use super::*;
use crate::render::functions;

/// The text of a template, or `!` and the error without its place.
fn outcome(text: &str, language: Language) -> String {
    let rendered =
        inline(text, language).and_then(|template| render(&template, &known(&[("a", "1")])).text);
    rendered.unwrap_or_else(|error| format!("!{}", error.message))
}

#[test]
fn both_languages_have_the_functions_of_sprig() {
    let cases = [
        (
            "{{ sprig_list 3 1 | sprig_join \",\" }}",
            "{{ sprig_list(3, 1) | sprig_join(',') }}",
            "3,1",
        ),
        (
            "{{ \"a-b\" | sprig_hasPrefix \"a\" }}",
            "{{ 'a-b' | sprig_has_prefix('a') }}",
            "true",
        ),
        (
            "{{ $d := sprig_dict \"a\" 1 }}{{ $_ := sprig_set $d \"b\" 2 }}{{ $d | toJSON }}",
            "{% set d = sprig_dict('a', 1) %}{% set _ = sprig_set(d, 'b', 2) %}{{ d }}",
            "{\"a\":1,\"b\":2}",
        ),
        (
            "{{ (sprig_semver \"v1.2\").Minor }}",
            "{{ sprig_semver('v1.2').minor }}",
            "2",
        ),
        (
            "{{ sprig_semver \"v1.2\" }}",
            "{{ sprig_semver('v1.2') }}",
            "1.2.0",
        ),
        (
            "{{ (parseYAML \"a: yes\").a }}",
            "{{ parse_yaml('a: yes').a }}",
            "true",
        ),
        (
            "{{ toYAML (parseJSON \"[\\\"yes\\\"]\") }}",
            "{{ ['yes'] | to_yaml }}",
            "- \"yes\"",
        ),
        (
            "{{ md5sum (key \"a\") }}",
            "{{ key('a') | md5sum }}",
            "c4ca4238a0b923820dcc509a6f75849b",
        ),
    ];
    assert!(!cases.is_empty());
    for (go, jinja, wanted) in cases {
        assert_eq!(
            (
                outcome(go, Language::Go).as_str(),
                outcome(jinja, Language::Jinja).as_str()
            ),
            (wanted, wanted),
            "{go}"
        );
    }
}

#[test]
fn an_unsupported_function_is_reported_when_the_template_is_read() {
    let mut seen = 0;
    for function in functions::unsupported::all() {
        let cases = [
            (
                format!(
                    "{{{{ if false }}}}{{{{ {} \"x\" }}}}{{{{ end }}}}",
                    function.go
                ),
                Language::Go,
                function.go,
            ),
            (
                format!(
                    "{{% if false %}}{{{{ {}('x') }}}}{{% endif %}}",
                    function.jinja
                ),
                Language::Jinja,
                function.jinja,
            ),
        ];
        for (text, language, name) in cases {
            let error = inline(&text, language).unwrap_err();
            assert_eq!(
                error.message,
                format!("function {name:?} is not supported yet")
            );
            assert_eq!(error.hint.as_deref(), Some(function.remedy));
            seen += 1;
        }
    }
    assert!(seen >= 18, "{seen}");
}

#[test]
fn a_former_method_has_a_hint() {
    let template = inline(
        "{{ range service \"web\" }}{{ .Tags.Contains \"x\" }}{{ end }}",
        Language::Go,
    )
    .unwrap();
    let mut snapshot = Snapshot::default();
    let instance = Instance {
        node: "n".into(),
        node_id: String::new(),
        node_address: String::new(),
        node_tagged_addresses: TextMap::new(),
        node_meta: TextMap::new(),
        service_meta: TextMap::new(),
        address: String::new(),
        service_tagged_addresses: BTreeMap::new(),
        id: "web".into(),
        name: "web".into(),
        tags: vec!["x".into()],
        checks: Vec::new(),
        status: Health::Passing,
        port: 80,
        weights: Weights::default(),
    };
    snapshot.record(
        Query::service("web").unwrap(),
        Arc::new(Answer::Service(vec![Arc::new(instance)])),
    );
    let error = render(&template, &snapshot).text.unwrap_err();
    assert!(
        error
            .hint
            .as_deref()
            .is_some_and(|hint| hint.contains("| contains ")),
        "{error}"
    );
}

#[test]
fn an_included_jinja_template_may_call_sprig() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("a.j2");
    fs::write(&path, "{% include 'b.j2' %}").unwrap();
    fs::write(directory.path().join("b.j2"), "{{ sprig_upper('b') }}").unwrap();
    let template = file(&path).unwrap();
    assert_eq!(render(&template, &Snapshot::default()).text, Ok("B".into()));
}
