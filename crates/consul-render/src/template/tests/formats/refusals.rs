//! Values that a format refuses, and their origins.

use super::*;

#[test]
fn a_refusal_shows_the_place_and_the_origin_and_no_value() {
    let jinja = formatted(
        "# one\na b{{ key('good') }}{{ key('evil') }};",
        Language::Jinja,
        Format::Nginx,
    );
    insta::assert_snapshot!(jinja.unwrap_err(), @r#"
    inline:2:24: a value of kv.get(evil) with a double quote in it cannot be written here: it is only a part of a word, and could be quoted only as a whole
      2 | a b{{ key('good') }}{{ key('evil') }};
        |                        ^
    hint: quote it as a whole, or write `| raw` behind it if it may be more than a value
    "#);
    let go = formatted(
        "# one\na b{{ key \"good\" }}{{ key \"evil\" }};",
        Language::Go,
        Format::Nginx,
    );
    insta::assert_snapshot!(go.unwrap_err(), @r#"
    inline:2:23: a value of kv.get(evil) with a double quote in it cannot be written here: it is only a part of a word, and could be quoted only as a whole
      2 | a b{{ key "good" }}{{ key "evil" }};
        |                       ^
    hint: quote it as a whole, or write `| raw` behind it if it may be more than a value
    "#);
    let computed = formatted(
        "a \"{{ key('lines') ~ '!' }}\";",
        Language::Jinja,
        Format::Nginx,
    );
    insta::assert_snapshot!(computed.unwrap_err(), @r#"
    inline:1:7: a value with a line break in it cannot be written here: the format has no way to write it
      1 | a "{{ key('lines') ~ '!' }}";
        |       ^
    hint: quote it as a whole, or write `| raw` behind it if it may be more than a value
    "#);
    let cut = formatted(
        "{% set b %}{{ key('evil') }}{% endset %}a {{ b[:8] }};",
        Language::Jinja,
        Format::Nginx,
    );
    assert_eq!(
        cut,
        Ok("a \"x\\\"; }\";".to_owned()),
        "what is cut is a new value, and quoted as such"
    );
}

/// An instance in which every string is a value that is not plain.
fn odd_instance() -> Instance {
    let odd = |letter: char| format!("a;{letter}");
    Instance {
        node: odd('2'),
        node_id: String::new(),
        node_address: String::new(),
        node_tagged_addresses: TextMap::new(),
        node_meta: TextMap::new(),
        service_meta: TextMap::from([(odd('3'), odd('4'))]),
        address: odd('5'),
        service_tagged_addresses: Nullable::new(),
        id: odd('6'),
        name: "web".into(),
        tags: vec![odd('7')],
        checks: Nullable::new(),
        status: Health::Passing,
        port: 80,
        weights: Weights::default(),
    }
}

#[test]
fn an_option_is_seen_without_marks() {
    let mut snapshot = known(&[("tag", "a;7")]);
    snapshot.record(
        Query::service("web").unwrap(),
        Arc::new(Answer::Service(vec![Arc::new(odd_instance())])),
    );
    let text = "{% set tag %}{{ key('tag') }}{% endset %}{{ service('web', tag=tag) | length }}";
    let source = TemplateSource::Inline {
        name: "t".into(),
        text: text.into(),
    };
    let template = Template::read(
        &source,
        &TemplateOptions {
            format: Format::Nginx,
            ..TemplateOptions::new(Language::Jinja)
        },
    )
    .unwrap();
    assert_eq!(render(&template, &snapshot).text, Ok("1".to_owned()));
}

#[test]
fn the_origin_is_found_in_answers_of_every_kind() {
    let mut snapshot = known(&[("evil", "a;1")]);
    snapshot.record(
        Query::service("web").unwrap(),
        Arc::new(Answer::Service(vec![Arc::new(odd_instance())])),
    );
    let tails = [
        ("key('evil')", "kv.get(evil)"),
        ("service('web')[0].node", "health.service(web|passing)"),
        (
            "service('web')[0].service_meta | first",
            "health.service(web|passing)",
        ),
        (
            "(service('web')[0].service_meta | items | first)[1]",
            "health.service(web|passing)",
        ),
        ("service('web')[0].address", "health.service(web|passing)"),
        ("service('web')[0].id", "health.service(web|passing)"),
        ("service('web')[0].tags[0]", "health.service(web|passing)"),
    ];
    for (expression, query) in tails {
        let source = TemplateSource::Inline {
            name: "t".into(),
            text: format!("x{{{{ {expression} }}}};"),
        };
        let template = Template::read(
            &source,
            &TemplateOptions {
                format: Format::Nginx,
                ..TemplateOptions::new(Language::Jinja)
            },
        )
        .unwrap();
        let message = render(&template, &snapshot).text.unwrap_err().message;
        assert!(
            message.starts_with(&format!("a value of {query} with \";\" in it")),
            "{expression}: {message}"
        );
    }
}

#[test]
fn missing_data_is_awaited_before_values_are_checked() {
    let source = TemplateSource::Inline {
        name: "t".into(),
        text: "x{{ key('evil') }}{{ key('later') }}".into(),
    };
    let template = Template::read(
        &source,
        &TemplateOptions {
            format: Format::Nginx,
            ..TemplateOptions::new(Language::Jinja)
        },
    )
    .unwrap();
    let rendering = render(&template, &known(&[("evil", HOSTILE)]));
    assert_eq!(
        (rendering.text, rendering.dependencies.missing.len()),
        (Ok(String::new()), 1)
    );
}

#[test]
fn an_output_that_does_not_parse_is_an_error() {
    let text = |text: &str| {
        let source = TemplateSource::Inline {
            name: "t".into(),
            text: text.into(),
        };
        let output_format = Some(OutputFormat::Json);
        render(
            &Template::read(
                &source,
                &TemplateOptions {
                    output_format,
                    ..TemplateOptions::new(Language::Go)
                },
            )
            .unwrap(),
            &known(&[("k", "1")]),
        )
        .text
    };
    assert_eq!(text("[{{ key \"k\" }}]"), Ok("[1]".to_owned()));
    let error = text("[{{ key \"k\" }}").unwrap_err();
    assert_eq!(
        error.to_string(),
        "t: the output is not JSON: line 1: EOF while parsing a list"
    );
}
