//! Tests that each touched difference is found, and nothing else.

use std::path::Path;

use super::*;

fn notes(name: &str, text: &str) -> Vec<String> {
    let source = Source::of_file(Path::new(name), text.into()).expect("a text");
    in_file(&source).expect(text)
}

#[test]
fn a_key_with_another_meaning_is_found_with_its_line() {
    let cases = [
        ("once = true", "once in f.hcl:1"),
        ("\nparseonly = true", "parseonly in f.hcl:2"),
        ("exec { enabled = false }", "exec.enabled in"),
        ("exec { reload_signal = \"\" }", "exec.reload_signal in"),
        ("exec { command = \"echo a,b\" }", "exec.command in"),
        (
            "exec { env { custom = [\"A=1\", \"B\"] } }",
            "exec.env.custom in",
        ),
        (
            "exec { env { denylist = \"A, B\" } }",
            "exec.env.denylist in",
        ),
        ("kill_signal = \"SIGTERM\"", "kill_signal in"),
        (
            "consul { retry { backoff = \"1s\" } }",
            "consul.retry.backoff in",
        ),
        ("template_error_fatal = true", "template_error_fatal in"),
        (
            "template {}\nTemplate { Error_Fatal = false }",
            "template[2].Error_Fatal in f.hcl:2",
        ),
        ("template { perms = 640 }", "template[1].perms in"),
        ("template { wait = \"0s\" }", "template[1].wait in"),
        ("template { wait { bool = false } }", "template[1].wait in"),
        (
            "template { command = \"echo a,b\" }",
            "template[1].command in",
        ),
        (
            "template { function_denylist = [\"a?\"] }",
            "template[1].function_denylist in",
        ),
        (
            "template { function_denylist = [\"a[bc]\"] }",
            "template[1].function_denylist in",
        ),
        (
            "template { exec { env { whitelist = \"A ,B\" } } }",
            "template[1].exec.env.whitelist in",
        ),
    ];
    for (text, start) in cases {
        let notes = notes("f.hcl", text);
        assert!(
            notes.len() == 1 && notes[0].starts_with(start),
            "{text}: {notes:?}"
        );
        assert!(notes[0].contains(": consul-template: ") && notes[0].contains("; ctmpl: "));
    }
    let json = r#"{"template": [{"perms": 384}, {"perms": 640}]}"#;
    let notes = notes("f.json", json);
    assert!(
        notes.len() == 1 && notes[0].starts_with("template[2].perms in f.json:1"),
        "{notes:?}"
    );
}

#[test]
fn the_same_meaning_touches_nothing() {
    for text in [
        "once = false kill_signal = \"SIGINT\" max_stale = \"5s\"",
        "kill_signal = \"\" reload_signal = \"SIGUSR1\"",
        "exec { command = [\"a\", \"b,c\"] enabled = true reload_signal = \"SIGHUP\" env { custom = \"A=1,B=2\" } }",
        "consul { auth { username = \"u\" password = \"p\" } retry { attempts = 5 } }",
        "consul { retry { attempts = -1 } }",
        "template { function_denylist = [\"a[b\"] }",
        "template { perms = 0640 command = \"nginx -s reload\" wait = \"2s:5s\" function_denylist = [\"sprig_*\"] }",
        "template { perms = \"0640\" wait { min = \"1s\" } }",
    ] {
        assert_eq!(notes("f.hcl", text), [""; 0], "{text}");
    }
    // consul-template does not read these formats.
    assert_eq!(notes("f.yaml", "once: true"), [""; 0]);
    assert_eq!(notes("f.toml", "once = true"), [""; 0]);
}

#[test]
fn a_flag_with_another_meaning_is_found() {
    let notes = |flag: &'static str, texts: &[&str]| {
        let mut flags = Flags::default();
        flags.set(flag, texts.iter().map(Into::into).collect());
        in_flags(&flags).len()
    };
    for (flag, texts, count) in [
        ("--once", &["true"][..], 1),
        ("--once", &["false"], 0),
        ("--parse-only", &["true"], 1),
        ("--kill-signal", &["SIGTERM"], 1),
        ("--kill-signal", &["SIGINT"], 0),
        ("--consul-retry-attempts", &["-1"], 0),
        ("--exec-reload-signal", &[""], 1),
        ("--exec-reload-signal", &["SIGHUP"], 0),
        ("--consul-retry-attempts", &["3"], 0),
        ("--consul-retry-backoff", &["1s"], 1),
        ("--exec-env-custom", &["A=1", "B"], 1),
        ("--template-error-fatal", &["true"], 1),
        ("--template", &["in:out:cmd a:b"], 0),
        ("--template", &["a:b"], 1),
        ("--template", &["in:out:rsync h::m"], 1),
        ("--template", &["input:-"], 1),
        ("--template", &["input:./-"], 0),
    ] {
        assert_eq!(notes(flag, texts), count, "{flag} {texts:?}");
    }
}

#[test]
fn a_function_with_another_meaning_is_found() {
    let found = |text: &str, is_jinja: bool| {
        let template = TemplateText {
            name: "in",
            text,
            delimiters: &Delimiters::default(),
            is_jinja,
        };
        in_template(template, |name| name != "unknown" && name != "writeToFile")
    };
    let go = "{{ if false }}{{ plugin \"a\" }}{{ end }}{{ \"x\" | spew_dump }}{{ writeToFile }}{{ key \"a\" }}";
    let notes = found(go, false);
    assert_eq!(notes.len(), 2, "{notes:?}");
    assert!(
        notes[0].starts_with("in: plugin: consul-template: in every pass"),
        "{notes:?}"
    );
    let notes = found("{{ sprig_bcrypt \"a\" }}", false);
    assert!(
        notes[0].ends_with(
            "ctmpl: once for the same arguments (a salted hash, a new key, a new certificate)"
        ),
        "{notes:?}"
    );
    assert_eq!(found("{{ key \"a\" | toUpper }}", false), [""; 0]);
    // A Go template whose name is that of a Jinja template.
    assert_eq!(found("{{ key \"a\" | toUpper }}", true).len(), 1);
    for jinja in [
        "{{ key(\"a\") }}",
        "{% if x %}{{ x }}{% endif %}",
        "{{ unknown }}",
        "text",
    ] {
        assert_eq!(found(jinja, true), [""; 0], "{jinja}");
    }
}

#[test]
fn a_function_with_another_result_is_found() {
    let found = |text: &str| {
        let template = TemplateText {
            name: "in",
            text,
            delimiters: &Delimiters::default(),
            is_jinja: false,
        };
        in_template(template, |_| true)
    };
    for (text, start) in [
        ("{{ key \"a\" | sprig_nospace }}", "in: sprig_nospace: "),
        ("{{ spew_sdump . }}", "in: spew_sdump: "),
        ("{{ spew_sprintf \"%v\" . }}", "in: spew_sprintf: "),
        ("{{ printf \"%T\" 1 }}", "in: consul-template: Go's types"),
        (
            "{{ 1 | printf \"%#v\" }}",
            "in: consul-template: Go's types",
        ),
        ("{{ . | toTOML }}", "in: toTOML: "),
        ("{{ . | toYAML }}", "in: toYAML: "),
        ("{{ \"a\" | parseYAML }}", "in: parseYAML: "),
        ("{{ scratch }}", "in: scratch: "),
        (
            "{{ scratch.Set \"a\" 1 }}{{ scratch | print }}",
            "in: scratch: ",
        ),
        ("{{ range sprig_keys . }}{{ end }}", "in: sprig_keys: "),
        (
            "{{ range service \"a\" }}{{ range .Checks }}{{ .Definition }}{{ end }}{{ end }}",
            "in: consul-template: some as nanoseconds",
        ),
    ] {
        let notes = found(text);
        assert!(
            notes.len() == 1 && notes[0].starts_with(start),
            "{text}: {notes:?}"
        );
    }
    let of_times = found("{{ (sprig_toDate \"2006\" \"2026\").Month }}");
    assert_eq!(of_times.len(), 2, "{of_times:?}");
    for text in [
        "{{ printf \"%d%%\" 1 }}",
        "{{ scratch.Set \"a\" 1 }}{{ scratch.Get \"a\" }}",
        "{{ . | toJSON }}",
    ] {
        assert_eq!(found(text), [""; 0], "{text}");
    }
}

#[test]
fn every_difference_is_described() {
    let rows: Vec<_> = all().collect();
    assert!(rows.len() > 60, "{}", rows.len());
    for row in rows {
        for cell in [row.subject, row.theirs, row.ours, row.reason] {
            assert!(!cell.contains(['|', '\n']), "{cell}");
        }
        // README promises a reason for each.
        let cells = [row.subject, row.theirs, row.ours, row.reason];
        assert!(cells.iter().all(|cell| !cell.is_empty()), "{row:?}");
    }
}

#[test]
fn standard_input_and_output_are_found() {
    let notes_of = |key: &str, name: &str| {
        let text = format!("template {{ {key} = \"{name}\" }}");
        notes("f.hcl", &text)
    };
    for (key, name) in [
        ("destination", "-"),
        ("destination", "/dev/stdout"),
        ("source", "-"),
    ] {
        let found = notes_of(key, name);
        let place = format!("template[1].{key} in f.hcl:1");
        assert!(
            found.len() == 1 && found[0].starts_with(&place),
            "{found:?}"
        );
    }
    assert!(notes_of("destination", "./-").is_empty());
}
