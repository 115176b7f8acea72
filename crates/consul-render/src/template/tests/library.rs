//! Tests of the function library in both languages.

use super::*;
use crate::functions;

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

/// The calls of each unsupported function and of each function that needs a permission, with the language, the
/// message of the error and the remedy.
fn failing_calls() -> Vec<(String, Language, String, &'static str)> {
    let unsupported = functions::unsupported::all();
    let names = unsupported.map(|function| {
        (
            [function.go, function.jinja],
            "is not supported yet",
            function.remedy,
        )
    });
    let guarded = [
        (["plugin", "plugin"], "is not allowed", "--allow plugin"),
        (
            ["writeToFile", "write_to_file"],
            "is not allowed",
            "--allow writeToFile",
        ),
    ];
    let mut calls = Vec::new();
    for ([go, jinja], why, remedy) in names.chain(guarded) {
        let message = |name: &str| format!("function {name:?} {why}");
        calls.push((format!("{go} \"x\""), Language::Go, message(go), remedy));
        calls.push((
            format!("{jinja}('x')"),
            Language::Jinja,
            message(jinja),
            remedy,
        ));
    }
    assert!(calls.len() >= 22, "{}", calls.len());
    calls
}

#[test]
fn row_8_none_is_an_empty_list_or_map_in_jinja() {
    let cases = [
        (
            "{{ join(',', none) }}|{{ sprig_keys(none) | to_json }}",
            "|[]",
        ),
        ("{{ merge_map(none, {'a': 1}) | to_json }}", r#"{"a":1}"#),
        ("{{ merge_map({'a': 1}, none) | to_json }}", r#"{"a":1}"#),
        ("{{ scratch().get('x') | explode_map | to_json }}", "{}"),
        ("{{ sprig_merge(none, none) | to_json }}", "null"),
        (
            "{{ contains_all(none, 'a') }}{{ sprig_has_key(none, 'a') }}",
            "truefalse",
        ),
        (
            "{{ parse_json('{\"a\":null}').a | sprig_values | length }}",
            "0",
        ),
    ];
    for (text, wanted) in cases {
        assert_eq!(outcome(text, Language::Jinja), wanted, "{text}");
    }
}

#[test]
fn row_12_the_node_of_a_node_that_does_not_exist_is_nil() {
    let mut snapshot = Snapshot::default();
    snapshot.record(Query::node("absent").unwrap(), Arc::new(Answer::Node(None)));
    let cases = [
        (
            "{{ with node \"absent\" }}[{{ .Node }}]{{ end }}",
            Ok("[<nil>]"),
        ),
        (
            "{{ (node \"absent\").Services }}{{ node \"absent\" | toJSON }}",
            Ok(r#"[]{"Node":null,"Services":null}"#),
        ),
        (
            "{{ with (node \"absent\").Node }}x{{ else }}none{{ end }}",
            Ok("none"),
        ),
        (
            "{{ node \"absent\" }}{{ eq (node \"absent\").Node nil }}",
            Ok("{<nil> []}true"),
        ),
        (
            "{{ (node \"absent\").Node.Address }}",
            Err("nil pointer evaluating *dependency.Node.Address"),
        ),
    ];
    for (text, wanted) in cases {
        let text = inline(text, Language::Go).unwrap();
        let rendered = render(&text, &snapshot).text.map_err(|error| error.message);
        assert_eq!(rendered.as_deref().map_err(String::as_str), wanted);
    }
    let jinja = "{{ node('absent').node is none }}[{{ node('absent').node }}]{{ node('absent').services | length }}";
    let rendered = render(&inline(jinja, Language::Jinja).unwrap(), &snapshot).text;
    assert_eq!(rendered, Ok("true[]0".into()));
}

/// A file would not have the bytes that it has in consul-template.
#[test]
fn bytes_that_are_not_utf_8_are_refused_where_they_are_printed() {
    for (text, line, column) in [
        ("a\n{{ sprig_b64dec \"/w==\" }}", 2, 4),
        ("{{ sprig_list (sprig_b64dec \"/w==\") }}", 1, 4),
        ("{{ $b := sprig_b64dec \"/w==\" }}\n{{ $b }}{{ $b }}", 2, 4),
        (
            "{{ define \"d\" }}{{ . }}{{ end }}\n{{ template \"d\" (slice \"é\" 0 1) }}",
            1,
            20,
        ),
    ] {
        let template = inline(text, Language::Go).unwrap();
        let error = render(&template, &Snapshot::default()).text.unwrap_err();
        assert_eq!(
            error.message, "cannot print bytes that are not UTF-8 text",
            "{text}"
        );
        assert_eq!(error.place, Some(Place { line, column }), "{text}");
    }
    let parts =
        "{{ slice \"é\" 0 1 }}{{ slice \"é\" 1 2 }}{{ sprig_b64dec \"/w==\" | base64Encode }}";
    let template = inline(parts, Language::Go).unwrap();
    assert_eq!(
        render(&template, &Snapshot::default()).text,
        Ok("é/w==".into())
    );
}

#[test]
fn row_7_a_function_that_is_not_available_fails_where_it_is_called() {
    for (call, language, message, remedy) in failing_calls() {
        let text = format!("a\n{{{{ {call} }}}}");
        let template = inline(&text, language).unwrap();
        let error = render(&template, &Snapshot::default()).text.unwrap_err();
        assert_eq!(error.message, message, "{text}");
        assert_eq!(error.place, Some(Place { line: 2, column: 4 }), "{text}");
        assert!(error.hint.unwrap().contains(remedy), "{text}");
    }
}

#[test]
fn row_7_a_branch_that_is_not_taken_does_not_fail_but_its_call_is_listed_once() {
    for (call, language, message, remedy) in failing_calls() {
        let text = match language {
            Language::Go => format!("{{{{ if false }}}}{{{{ {call} }}}}{{{{ end }}}}b"),
            Language::Jinja => format!("{{% if false %}}{{{{ {call} }}}}{{% endif %}}b"),
        };
        let template = inline(&text, language).unwrap();
        let rendered = render(&template, &Snapshot::default()).text;
        assert_eq!(rendered, Ok("b".into()), "{text}");
        let [listed] = &template.failing_calls()[..] else {
            panic!("{text}: {:?}", template.failing_calls());
        };
        assert_eq!(
            listed.message,
            message + ": the template fails where it calls it"
        );
        assert_eq!(
            listed.place,
            Some(Place {
                line: 1,
                column: 18
            }),
            "{text}"
        );
        assert!(listed.hint.as_deref().unwrap().contains(remedy), "{text}");
    }
}

#[test]
fn row_7_a_function_of_vault_in_a_branch_that_is_not_taken_does_no_harm() {
    let text = "{{ if env \"USE_VAULT\" }}{{ with secret \"s/a\" }}{{ .Data.p }}{{ end }}{{ else }}{{ key \"a\" }}{{ end }}";
    let template = inline(text, Language::Go).unwrap();
    assert_eq!(
        render(&template, &known(&[("a", "1")])).text,
        Ok("1".into())
    );
}

#[test]
fn row_7_a_variable_may_have_the_name_of_an_unsupported_function() {
    let text = "{% macro secret(x) %}{{ x }}{% endmacro %}{{ secret('a') }}";
    let template = inline(text, Language::Jinja).unwrap();
    assert_eq!(render(&template, &Snapshot::default()).text, Ok("a".into()));
    assert!(template.failing_calls().is_empty());
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
        service_tagged_addresses: Nullable::new(),
        id: "web".into(),
        name: "web".into(),
        tags: vec!["x".into()],
        checks: Nullable::new(),
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
