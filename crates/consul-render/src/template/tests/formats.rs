//! Tests of values in a file with a format.

mod refusals;

use super::*;

const HOSTILE: &str = "x\"; } evil on; #";

fn formatted(text: &str, language: Language, format: Format) -> Result<String, TemplateError> {
    let source = TemplateSource::Inline {
        name: "inline".into(),
        text: text.into(),
    };
    let template = Template::read(
        &source,
        &TemplateOptions {
            format,
            ..TemplateOptions::new(language)
        },
    )?;
    let snapshot = known(&[
        ("good", "web"),
        ("evil", HOSTILE),
        ("lines", "a\nb"),
        ("list", "[1, \"a b\"]"),
        ("forged", "\u{fdd0}a;"),
    ]);
    render(&template, &snapshot).text
}

/// Checks cases: each has a template and its text.
fn check(language: Language, format: Format, cases: &[(&str, &str)]) {
    assert!(!cases.is_empty());
    for (text, wanted) in cases {
        match formatted(text, language, format) {
            Ok(text) => assert_eq!(text, *wanted),
            Err(error) => panic!("{error}"),
        }
    }
}

#[test]
#[expect(clippy::too_many_lines, reason = "a table of cases")]
fn jinja_quotes_values_and_leaves_text_alone() {
    check(
        Language::Jinja,
        Format::Nginx,
        &[
            (
                "a {{ key('good') }} {{ key('evil') }};",
                "a web \"x\\\"; } evil on; #\";",
            ),
            ("a \"{{ key('evil') }}\";", "a \"x\\\"; } evil on; #\";"),
            ("{{ key('evil') | raw }}", HOSTILE),
            (
                "{{ raw(key('evil')) }}{{ key('evil') | safe }}",
                "x\"; } evil on; #x\"; } evil on; #",
            ),
            (
                "{% autoescape false %}{{ key('evil') }}{% endautoescape %}",
                HOSTILE,
            ),
            ("a {{ key('evil') | upper }};", "a \"X\\\"; } EVIL ON; #\";"),
            (
                "a {{ ['b', key('evil')] | join(' ') }};",
                "a \"b x\\\"; } evil on; #\";",
            ),
            (
                "{% macro m(v) %}a {{ v }};{% endmacro %}{{ m(key('evil')) }}",
                "a \"x\\\"; } evil on; #\";",
            ),
            (
                "{% set b %}a {{ key('evil') }};{% endset %}{{ b }}",
                "a \"x\\\"; } evil on; #\";",
            ),
            (
                "{% set b %}{{ key('evil') }}{% endset %}a {{ b | trim_space }};",
                "a \"x\\\"; } evil on; #\";",
            ),
            (
                "{% for w in [1, 0.5, true, none] %}a {{ w }};{% endfor %}",
                "a 1;a 0.5;a true;a ;",
            ),
        ],
    );
    check(
        Language::Jinja,
        Format::Json,
        &[
            ("[\"{{ key('evil') }}\"]", "[\"x\\\"; } evil on; #\"]"),
            (
                "[{{ key('evil') | to_json }}, {{ ['a b'] }}]",
                "[\"x\\\"; } evil on; #\", [\"a b\"]]",
            ),
            (
                "[{% for i in [1, 2] %}{{ i }}{{ ', ' if not loop.last }}{% endfor %}]",
                "[1, 2]",
            ),
            (
                "[{{ key('forged') | to_json }}, \"{{ key('forged') }}\"]",
                "[\"a;\", \"a;\"]",
            ),
            (
                "{{ key('list') | parse_json | to_json_pretty }}",
                "[\n  1,\n  \"a b\"\n]",
            ),
        ],
    );
}

#[test]
fn values_in_includes_blocks_and_macros_are_escaped_for_their_final_place() {
    let directory = tempfile::tempdir().unwrap();
    let files = [
        ("part", "a {{ key('evil') }};\n"),
        ("base", "{% block b %}b {{ key('evil') }};\n{% endblock %}"),
        (
            "macros",
            "{% macro m(v) %}\"{{ v }}\" {{ caller() }}{% endmacro %}",
        ),
        (
            "m.j2",
            "{% extends 'base' %}{% from 'macros' import m %}\n{% block b %}\n{{ super() }}{% include 'part' %}\n\
             {% from 'macros' import m %}\nc {% call m(key('evil')) %}{{ key('evil') }};{% endcall %}\n\n\
             {% filter upper | raw %}d {{ key('evil') }};{% endfilter %}\n{% endblock %}\n",
        ),
    ];
    for (name, text) in files {
        fs::write(directory.path().join(name), text).unwrap();
    }
    let source = TemplateSource::File(directory.path().join("m.j2"));
    let template = Template::read(
        &source,
        &TemplateOptions {
            format: Format::Nginx,
            ..TemplateOptions::new(Language::Jinja)
        },
    )
    .unwrap();
    let text = render(&template, &known(&[("evil", "x; }")])).text.unwrap();
    assert_eq!(
        text,
        "b \"x; }\";\na \"x; }\";\nc \"x; }\" \"x; }\";\nD \"X; }\";"
    );
}

#[test]
fn go_quotes_values_and_leaves_text_alone() {
    check(
        Language::Go,
        Format::Nginx,
        &[
            (
                "a {{ key \"good\" }} {{ key \"evil\" }};",
                "a web \"x\\\"; } evil on; #\";",
            ),
            ("a '{{ key \"evil\" }}';", "a 'x\"; } evil on; #';"),
            ("{{ key \"evil\" | raw }}", HOSTILE),
            ("{{ \"{{ a; }}\" }}", "{{ a; }}"),
            (
                "a {{ print (key \"evil\") 1 }};",
                "a \"x\\\"; } evil on; #1\";",
            ),
            (
                "a {{ key \"evil\" | toUpper }};",
                "a \"X\\\"; } EVIL ON; #\";",
            ),
            (
                "{{ define \"t\" }}a {{ . }};{{ end }}{{ template \"t\" key \"evil\" }}",
                "a \"x\\\"; } evil on; #\";",
            ),
            (
                "{{ define \"t\" }}a {{ . }};{{ end }}{{ executeTemplate \"t\" (key \"evil\") }}",
                "a \"x\\\"; } evil on; #\";",
            ),
            (
                "a {{ 1 }} {{ 1.5 }} {{ true }} {{ len (key \"good\") }};",
                "a 1 1.5 true 3;",
            ),
        ],
    );
    check(
        Language::Go,
        Format::Json,
        &[
            (
                "[\"{{ key \"evil\" }}\", {{ key \"evil\" | toJSON }}]",
                "[\"x\\\"; } evil on; #\", \"x\\\"; } evil on; #\"]",
            ),
            ("{{ key \"list\" | parseJSON | toJSON }}", "[1,\"a b\"]"),
        ],
    );
}

#[test]
#[expect(clippy::too_many_lines, reason = "a table of cases")]
fn documents_of_every_function_are_written_unescaped() {
    let value = "key('list') | parse_json";
    for function in [
        "to_json",
        "sprig_to_json",
        "sprig_must_to_json",
        "sprig_to_raw_json",
        "sprig_must_to_raw_json",
    ] {
        let text = format!("{{{{ {value} | {function} }}}}");
        check(Language::Jinja, Format::Json, &[(&text, "[1,\"a b\"]")]);
        check(Language::Jinja, Format::Yaml, &[(&text, "[1,\"a b\"]")]);
    }
    for function in [
        "to_json_pretty",
        "sprig_to_pretty_json",
        "sprig_must_to_pretty_json",
    ] {
        let text = format!("{{{{ {value} | {function} }}}}");
        check(
            Language::Jinja,
            Format::Json,
            &[(&text, "[\n  1,\n  \"a b\"\n]")],
        );
    }
    check(
        Language::Jinja,
        Format::Yaml,
        &[
            (
                "{{ {'a': key('lines'), 'b': [1, '{c}']} | to_yaml }}",
                "a: |-\n  a\n  b\nb:\n- 1\n- '{c}'",
            ),
            (
                "a:\n  {{ [1, 'b: c'] | to_yaml | indent(2) }}",
                "a:\n  - 1\n  - 'b: c'",
            ),
            (
                "a:\n{{ sprig_indent(2, to_yaml([1, 'b: c'])) }}",
                "a:\n  - 1\n  - 'b: c'",
            ),
            ("a: {{ 'b: c' | sprig_indent(0) }}", "a: \"b: c\""),
        ],
    );
    check(
        Language::Go,
        Format::Yaml,
        &[
            ("{{ key \"list\" | parseJSON | toYAML }}", "- 1\n- a b"),
            (
                "a:\n{{ key \"list\" | parseJSON | toYAML | indent 2 }}",
                "a:\n  - 1\n  - a b",
            ),
            (
                "a:{{ key \"list\" | parseJSON | toYAML | sprig_nindent 2 }}",
                "a:\n  - 1\n  - a b",
            ),
            (
                "{{ define \"t\" }}{{ key \"evil\" }}{{ end }}a: {{ executeTemplate \"t\" | indent 0 }}",
                "a: \"x\\\"; } evil on; #\"",
            ),
            (
                "{{ key \"list\" | parseJSON | sprig_toJson }}",
                "[1,\"a b\"]",
            ),
        ],
    );
    // YAML is not a document of a JSON file.
    assert!(formatted("{{ [1] | to_yaml }}", Language::Jinja, Format::Json).is_err());
}

#[test]
fn a_value_with_properties_is_a_value() {
    let quoted = "a \"2020-01-02 00:00:00 +0000 UTC\";";
    check(
        Language::Jinja,
        Format::Nginx,
        &[("a {{ sprig_to_date('2006-01-02', '2020-01-02') }};", quoted)],
    );
    check(
        Language::Go,
        Format::Nginx,
        &[(
            "a {{ sprig_toDate \"2006-01-02\" \"2020-01-02\" }};",
            quoted,
        )],
    );
}

#[test]
fn a_converted_go_template_has_its_values_quoted() {
    check(
        Language::Jinja,
        Format::Nginx,
        &[
            (
                "a {{ key('evil') | go_text }};",
                "a \"x\\\"; } evil on; #\";",
            ),
            (
                "a {{ go_printf('%s!', key('evil')) }};",
                "a \"x\\\"; } evil on; #!\";",
            ),
            (
                "{% macro m(v) %}a {{ v }};{% endmacro %}{{ m(key('evil')) | go_text }}",
                "a \"x\\\"; } evil on; #\";",
            ),
            (
                "{% macro m(v) %}{{ v }}{% endmacro %}a {{ go_len(m(key('evil'))) }};",
                "a 16;",
            ),
            (
                "{% macro m(v) %}{{ v }}{% endmacro %}{{ 'same' if go_eq(m(key('evil')), key('evil')) }}",
                "same",
            ),
        ],
    );
}
