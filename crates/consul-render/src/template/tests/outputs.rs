//! Tests of `writeToFile`.

use super::*;

fn allowed(text: &str, language: Language) -> Result<Template, TemplateError> {
    let source = TemplateSource::Inline {
        name: "inline".into(),
        text: text.into(),
    };
    let allow = Permissions {
        write_to_file: true,
        ..Permissions::default()
    };
    Template::read(
        &source,
        &TemplateOptions {
            allow,
            ..TemplateOptions::new(language)
        },
    )
}

const GO: &str = r#"a{{ key "a" | writeToFile "/x" "me" "us" "0640" "append,newline" }}{{ "2" | writeToFile "y" "" "" "600" }}b"#;
const JINJA: &str = "a{{ write_to_file('/x', 'me', 'us', '0640', 'append,newline', key('a')) }}{{ write_to_file('y', '', '', '600', '2') }}b";

#[test]
fn a_pass_collects_the_files_to_write_and_prints_nothing() {
    for (text, language) in [(GO, Language::Go), (JINJA, Language::Jinja)] {
        let rendering = render(&allowed(text, language).unwrap(), &known(&[("a", "1")]));
        assert_eq!(rendering.text.unwrap(), "ab");
        let first = Output {
            path: "/x".into(),
            user: "me".into(),
            group: "us".into(),
            mode: 0o640,
            append: true,
            content: "1\n".into(),
        };
        let (user, group, content) = (String::new(), String::new(), "2".into());
        let second = Output {
            path: "y".into(),
            user,
            group,
            mode: 0o600,
            append: false,
            content,
        };
        assert_eq!(rendering.outputs, [first, second]);
    }
}

#[test]
fn the_format_of_the_template_does_not_apply_to_its_outputs() {
    let cases = [
        (
            r#"listen {{ with $x := key "a" }}{{ $x | writeToFile "x" "" "" "600" }}{{ end }}80;"#,
            Language::Go,
        ),
        (
            "listen {% set x %}{{ key('a') }}{% endset %}{{ write_to_file('x', '', '', '600', x) }}80;",
            Language::Jinja,
        ),
    ];
    for (text, language) in cases {
        let source = TemplateSource::Inline {
            name: "inline".into(),
            text: text.into(),
        };
        let allow = Permissions {
            write_to_file: true,
            ..Permissions::default()
        };
        let template = Template::read(
            &source,
            &TemplateOptions {
                allow,
                format: Format::Nginx,
                ..TemplateOptions::new(language)
            },
        )
        .unwrap();
        let rendering = render(&template, &known(&[("a", "x; {evil}\n")]));
        assert_eq!(rendering.text.unwrap(), "listen 80;");
        assert_eq!(rendering.outputs[0].content, b"x; {evil}\n");
    }
}

#[test]
fn a_pass_that_is_incomplete_or_fails_writes_nothing() {
    for (text, language) in [(GO, Language::Go), (JINJA, Language::Jinja)] {
        let rendering = render(&allowed(text, language).unwrap(), &Snapshot::default());
        assert!(
            rendering.outputs.is_empty() && !rendering.dependencies.missing.is_empty(),
            "{text}"
        );
    }
    let failing = "{{ \"1\" | writeToFile \"x\" \"\" \"\" \"600\" }}{{ parseInt \"x\" }}";
    let rendering = render(
        &allowed(failing, Language::Go).unwrap(),
        &Snapshot::default(),
    );
    assert!(rendering.text.is_err() && rendering.outputs.is_empty());
}

#[test]
fn invalid_arguments_are_errors_without_the_content() {
    let cases = [
        (
            r#""s3cret" | writeToFile "x" "" """#,
            "wrong number of arguments, expected 5 or 6, but got 4",
        ),
        (
            r#"writeToFile "x" "" "" "600" "" "" "s3cret""#,
            "expected 5 or 6, but got 7",
        ),
        (
            r#""s3cret" | writeToFile "" "" "" "600""#,
            "the path is empty",
        ),
        (r#""s3cret" | writeToFile "x" "" "" """#, "an octal number"),
        (
            r#""s3cret" | writeToFile "x" "" "" "rw""#,
            "an octal number",
        ),
        (
            r#""s3cret" | writeToFile "x" "" "" "+600""#,
            "an octal number",
        ),
        (
            r#""s3cret" | writeToFile "x" "" "" "888""#,
            "an octal number",
        ),
        (
            r#""s3cret" | writeToFile "x" "" "" "10000""#,
            "an octal number",
        ),
        (r#"7 | writeToFile "x" "" "" "600""#, "expected string"),
    ];
    for (call, wanted) in cases {
        let template = allowed(&format!("{{{{ {call} }}}}"), Language::Go).unwrap();
        let error = render(&template, &Snapshot::default())
            .text
            .expect_err(call);
        assert!(
            error.message.contains(wanted) && !error.message.contains("s3cret"),
            "{call}: {}",
            error.message
        );
    }
    let masked = allowed(r#"{{ "" | writeToFile "x" "" "" "4755" }}"#, Language::Go).unwrap();
    assert_eq!(render(&masked, &Snapshot::default()).outputs[0].mode, 0o755);
}

#[test]
fn without_permission_both_languages_report_the_function_and_the_remedy() {
    let calls = [
        (GO, Language::Go, "writeToFile"),
        (JINJA, Language::Jinja, "write_to_file"),
    ];
    for (text, language, name) in calls {
        let template = inline(text, language).unwrap();
        let rendering = render(&template, &known(&[("a", "1")]));
        assert!(rendering.outputs.is_empty());
        let error = rendering.text.unwrap_err();
        assert_eq!(error.message, format!("function {name:?} is not allowed"));
        assert!(error.hint.unwrap().contains("--allow writeToFile"));
    }
}

#[test]
fn an_output_has_the_bytes_of_a_content_that_is_not_utf_8() {
    let go = r#"{{ sprig_b64dec "/wA=" | writeToFile "x" "" "" "600" "newline" }}{{ key "a" | writeToFile "y" "" "" "600" }}"#;
    let jinja = "{{ write_to_file('x', '', '', '600', 'newline', sprig_b64dec('/wA=')) }}{{ write_to_file('y', '', '', '600', key('a')) }}";
    let mut snapshot = Snapshot::default();
    let pair = Pair {
        value: "\u{fffd}a".into(),
        bytes: Some(vec![0xfe, b'a'].into()),
        ..Pair::default()
    };
    let answer = Answer::Key(Some(Arc::new(pair)));
    snapshot.record(Query::key("a").unwrap(), Arc::new(answer));
    for (text, language) in [(go, Language::Go), (jinja, Language::Jinja)] {
        let rendering = render(&allowed(text, language).unwrap(), &snapshot);
        assert_eq!(rendering.text.as_deref(), Ok(""), "{text}");
        let contents: Vec<_> = rendering
            .outputs
            .iter()
            .map(|output| &output.content)
            .collect();
        assert_eq!(contents, [&b"\xff\0\n"[..], b"\xfea"], "{text}");
    }
}

#[test]
fn the_other_arguments_of_an_output_are_text() {
    let text = r#"{{ "x" | writeToFile (sprig_b64dec "/w==") "" "" "600" }}"#;
    let rendering = render(&allowed(text, Language::Go).unwrap(), &Snapshot::default());
    assert!(rendering.text.is_err() && rendering.outputs.is_empty());
}
