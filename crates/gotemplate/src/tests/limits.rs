//! Limits: steps, depth, time and the stop flag.

use super::*;

#[test]
fn endless_templates_are_stopped() {
    let quick = Limits {
        steps: 10_000,
        text: 100_000,
        ..Limits::default()
    };
    for source in [
        "{{range 1000000000000}}{{end}}",
        "{{range 18446744073709551614.0 | print | len}}{{range 1000000}}{{end}}{{end}}",
        "{{define \"a\"}}{{template \"a\"}}{{template \"a\"}}{{end}}{{template \"a\"}}",
        "{{define \"a\"}}{{range 2}}{{template \"a\"}}{{end}}{{end}}{{template \"a\"}}",
        "{{range 1000}}{{range 1000}}{{range 1000}}{{end}}{{end}}{{end}}",
        "{{$x := \"abc\"}}{{range 100}}{{$x = print $x $x}}{{end}}",
        "{{range 9999}}{{printf \"%1000000d\" 1}}{{end}}",
        "{{printf \"%.999999f\" 1.5}}",
        "{{printf \"%.999999d\" 1}}",
        "{{range 9999}}{{printf \"%99999q\" \"a\" | html}}{{end}}",
        "{{define \"a\"}}xxxxxxxxxxxxxxxxxxxxxxxx{{executeTemplate \"a\"}}{{end}}{{template \"a\"}}",
    ] {
        let error = render_with(source, &limited(quick), &Value::from(())).expect_err(source);
        assert_eq!(error.phase, Phase::Execute, "{source}");
    }
}

#[test]
fn recursion_is_limited() {
    let source = "{{define \"a\"}}{{if (((.)))}}{{with .}}{{range 1}}{{block \"b\" $}}{{template \"a\" (slice . 1)}}{{end}}{{end}}{{end}}{{end}}{{end}}{{template \"a\" .}}";
    let dot = |length: usize| Value::from("x".repeat(length));
    assert_eq!(render(source, &dot(1000)), "");
    assert!(render(source, &dot(4000)).contains("exceeded maximum"));
    let plain = "{{define \"a\"}}{{template \"a\"}}{{end}}{{template \"a\"}}";
    assert!(render(plain, &dot(1)).contains("exceeded maximum template depth (5000)"));
}

#[test]
fn nesting_in_the_source_is_limited() {
    let nested = |open: &str, inner: &str, close: &str, count: usize| {
        format!("{}{inner}{}", open.repeat(count), close.repeat(count))
    };
    assert_eq!(
        render(&nested("{{if 1}}", "x", "{{end}}", 190), &Value::from(())),
        "x"
    );
    assert_eq!(
        render(
            &format!("{{{{{}}}}}", nested("(", "1", ")", 190)),
            &Value::from(())
        ),
        "1"
    );
    for (source, count) in [
        ("{{if 1}}", 100_000),
        ("{{range 1}}", 201),
        ("{{define \"a\"}}{{if 1}}", 300),
    ] {
        assert_eq!(fails(&source.repeat(count)).phase, Phase::Parse);
    }
    assert!(
        fails(&format!("{{{{{}", "(".repeat(100_000)))
            .message
            .contains("nesting too deep")
    );
    let chain = format!("{{{{if 0}}}}{}{{{{end}}}}", "{{else if 0}}".repeat(5000));
    assert_eq!(render(&chain, &Value::from(())), "");
}

#[test]
fn a_deeply_nested_value_is_not_printed() {
    let deep = (0..1000).fold(Value::from(1), |inner, _| Value::from(vec![inner]));
    assert!(render("{{.}}", &deep).contains("nested too deep"));
    assert!(render("{{print .}}", &deep).contains("nested too deep"));
    assert!(render("{{eq . .}}", &deep).contains("non-comparable"));
}

/// The error of a template whose budget is exhausted by `exhausted`.
fn exhausted(source: &str, budget: Budget) -> Error {
    let template = Template::parse("t", source, &Options::default(), |_| None).expect(source);
    template
        .render(&Value::from(()), &Functions(budget))
        .expect_err(source)
}

#[test]
fn loops_and_calls_end_when_the_deadline_is_over() {
    let sources = [
        "{{ range 9000000 }}{{ end }}",
        r#"{{ define "a" }}{{ template "a" }}{{ end }}{{ template "a" }}"#,
        "{{ range 9000000 }}{{ $x := printf `%d` . }}{{ end }}",
    ];
    for source in sources {
        let error = exhausted(source, Budget::new(Some(Instant::now()), Arc::default()));
        assert_eq!(error.message, Exhausted::Deadline.to_string(), "{source}");
    }
}

#[test]
fn comparing_a_long_text_takes_a_step_per_byte() {
    let source = "{{ $x := printf `%2000d` 1 }}{{ range 100 }}{{ if eq $x $x }}{{ end }}{{ end }}";
    let error = exhausted(source, Budget::unlimited().with_max_steps(100_000));
    assert_eq!(error.message, Exhausted::Steps.to_string());
}

#[test]
fn the_stop_flag_ends_the_parser() {
    let options = Options {
        budget: Arc::new(Budget::new(None, Arc::new(AtomicBool::new(true)))),
        ..Options::default()
    };
    let error = Template::parse("t", "a{{ 1 }}", &options, |_| None).unwrap_err();
    assert!(error.message.contains("stopped"), "{error}");
}
