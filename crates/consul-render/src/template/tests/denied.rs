//! Tests of functions that the configuration denies.

use super::*;

fn denying(patterns: &[&str], text: &str, language: Language) -> Template {
    let source = TemplateSource::Inline {
        name: "inline".into(),
        text: text.into(),
    };
    let denied = patterns
        .iter()
        .map(|pattern| pattern.parse().unwrap())
        .collect();
    Template::read(
        &source,
        &TemplateOptions {
            denied,
            ..TemplateOptions::new(language)
        },
    )
    .unwrap()
}

#[test]
fn a_denied_function_fails_when_it_is_called_and_only_then() {
    let cases = [
        (
            Language::Go,
            r#"{{ if false }}{{ key "a" }}{{ end }}b"#,
            r#"{{ key "a" }}"#,
        ),
        (
            Language::Jinja,
            "{% if false %}{{ key('a') }}{% endif %}b",
            "{{ key('a') }}",
        ),
    ];
    for (language, uncalled, called) in cases {
        for pattern in ["key", "k*", "*"] {
            let rendering = render(
                &denying(&[pattern], uncalled, language),
                &Snapshot::default(),
            );
            assert_eq!(rendering.text.unwrap(), "b");
            let rendering = render(
                &denying(&["x", pattern], called, language),
                &Snapshot::default(),
            );
            assert!(
                rendering.dependencies.queries.is_empty()
                    && rendering.dependencies.missing.is_empty(),
                "no query is requested"
            );
            let message = rendering.text.expect_err("it is denied").message;
            assert!(
                message.contains("key: ") || message.contains("calling key"),
                "{message}"
            );
            assert!(
                message.contains(&format!("is disabled: function_denylist has {pattern:?}")),
                "{message}"
            );
        }
        let rendering = render(
            &denying(&["keys", "ke"], called, language),
            &known(&[("a", "1")]),
        );
        assert_eq!(
            rendering.text.unwrap(),
            "1",
            "a pattern is for the whole name"
        );
    }
}

#[test]
fn a_denied_function_cannot_be_reached_indirectly() {
    let cases = [
        (Language::Go, "toUpper", r#"{{ "a" | toUpper }}"#),
        (
            Language::Go,
            "toUpper",
            r#"{{ define "t" }}{{ "a" | toUpper }}{{ end }}{{ executeTemplate "t" }}"#,
        ),
        (
            Language::Go,
            "executeTemplate",
            r#"{{ define "t" }}a{{ end }}{{ executeTemplate "t" }}"#,
        ),
        (Language::Go, "to_upper", r#"{{ toUpper "a" }}"#),
        (Language::Jinja, "toUpper", "{{ 'a' | to_upper }}"),
        (Language::Jinja, "to_upper", "{{ to_upper('a') }}"),
        (
            Language::Jinja,
            "to_*",
            "{{ ['a'] | map('to_upper') | first }}",
        ),
        (
            Language::Jinja,
            "toUpper",
            "{% macro m() %}{{ to_upper('a') }}{% endmacro %}{{ m() }}",
        ),
        (
            Language::Jinja,
            "toUpper",
            "{% set f = to_upper %}{{ f('a') }}",
        ),
    ];
    for (language, pattern, text) in cases {
        let text_of = |patterns: &[&str]| {
            render(&denying(patterns, text, language), &Snapshot::default()).text
        };
        assert!(
            text_of(&[]).is_ok_and(|text| text.eq_ignore_ascii_case("a")),
            "{text}"
        );
        let error = text_of(&[pattern]).expect_err(text);
        assert!(
            error.message.contains("is disabled: function_denylist"),
            "{text}: {}",
            error.message
        );
    }
}
