//! Flags that change what a run does: errors, help, several files, delimiters.

use super::*;

#[test]
#[expect(clippy::too_many_lines, reason = "a table of cases")]
fn a_wrong_flag_exits_with_13_and_one_line() {
    let folder = folder();
    let cases: &[(&[&str], &[&str])] = &[
        (&["-nope"], &["unknown flag --nope"]),
        (
            &["-consul-retri"],
            &[
                "unknown flag --consul-retri",
                "did you mean --consul-retry?",
            ],
        ),
        (
            &["-once=maybe"],
            &["invalid boolean value \"maybe\" for --once"],
        ),
        (
            &["-once", "false"],
            &["unexpected word \"false\"", "--once=true or --once=false"],
        ),
        (&["-wait=5x"], &["cannot use --wait", "unknown unit \"x\""]),
        (
            &["-retry", "5"],
            &["cannot use --consul-retry-backoff", "needs a unit"],
        ),
        (
            &["-consul-retry-max-backoff=-1s"],
            &["cannot use --consul-retry-max-backoff", "is negative"],
        ),
        (
            &["-consul-retry-attempts=many"],
            &["cannot use --consul-retry-attempts", "not a whole number"],
        ),
        (
            &["-consul-retry-attempts=9999999999"],
            &["cannot use --consul-retry-attempts", "out of range"],
        ),
        (
            &["-consul-transport-dial-timeout=soon"],
            &["cannot use --consul-transport-dial-timeout"],
        ),
        (
            &["-vault-retry-backoff=5x"],
            &["cannot use --vault-retry-backoff", "unknown unit"],
        ),
        (
            &["-vault-retry-attempts=x"],
            &["cannot use --vault-retry-attempts", "not a whole number"],
        ),
        (&["-kill-signal="], &["cannot use --kill-signal"]),
        (&["-kill-signal=9"], &["cannot use --kill-signal"]),
        (&["-template="], &["cannot use --template"]),
        (&["-consul-auth="], &["cannot use --consul-auth"]),
        (&["extra"], &["unexpected word \"extra\""]),
        (&["-consul-addr"], &["the flag --consul-addr needs a value"]),
    ];
    for (words, parts) in cases {
        let ended = run(&folder, &[&["-template=in:out"], *words].concat());
        assert_eq!(
            (ended.code(), ended.output.as_str()),
            (Some(13), ""),
            "{words:?}: {}",
            ended.log
        );
        assert_eq!(ended.log.lines().count(), 1, "{}", ended.log);
        assert!(ended.log.starts_with("ctmpl: "), "{}", ended.log);
        for part in *parts {
            assert!(ended.log.contains(part), "{part:?} in {}", ended.log);
        }
    }
    let mut local = command();
    local
        .current_dir(folder.path("."))
        .env("CT_LOCAL_CONFIG", "max_stale = 5")
        .arg("-template=in:out");
    assert_eq!(run_command(local).code(), Some(13));
    assert!(!folder.path("out").exists());
}

#[test]
fn help_and_version_are_printed_without_any_configuration() {
    let folder = folder();
    for flag in ["--h", "-help", "--help"] {
        let ended = run(&folder, &["-config=none", flag]);
        assert_eq!((ended.code(), ended.log.as_str()), (Some(0), ""), "{flag}");
        for topic in [
            "Templates:",
            "Process:",
            "Consul:",
            "Consul over TLS:",
            "When Consul does not answer:",
        ] {
            assert!(ended.output.contains(topic), "{topic}: {}", ended.output);
        }
    }
    for flag in ["-v", "--v", "-version", "--version"] {
        let ended = run(&folder, &["-config=none", flag]);
        assert_eq!(
            ended.output,
            concat!("ctmpl v", env!("CARGO_PKG_VERSION"), "\n")
        );
        assert_eq!(ended.code(), Some(0));
    }
}

#[test]
fn several_configuration_files_are_merged() {
    let folder = folder();
    folder.write("d/a.hcl", "max_stale = \"1s\"");
    folder.write("b.yaml", "block_query_wait: 7s");
    for words in spellings("config", "d") {
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        let ended = run(
            &folder,
            &[
                &["config", "-template=in:out", "-config=b.yaml"],
                words.as_slice(),
            ]
            .concat(),
        );
        for part in ["max_stale in d/a.hcl:1", "block_query_wait in b.yaml:1"] {
            assert!(
                ended.output.contains(part),
                "{words:?}: {part}: {}{}",
                ended.output,
                ended.log
            );
        }
    }
}

#[test]
fn parse_only_reads_every_template_and_does_nothing_else() {
    let folder = folder();
    folder.write("good", "{{ key \"a\" }}");
    folder.write("bad", "{{ if }}");
    folder.write(
        "ct.hcl",
        "parseonly = true\ntemplate { source = \"good\" destination = \"out\" command = \"touch ran\" }",
    );
    for words in [
        &["-parse-only", "-template=good:out:touch ran"][..],
        &["-parse-only", "-template=good"],
        &["-config=ct.hcl"],
        &["-parse-only", "-once", "-template=in:out"],
        &["dev", "-parse-only", "-template=good:out"],
    ] {
        let ended = run(&folder, words);
        assert_eq!(
            (ended.code(), ended.output.as_str(), ended.log.as_str()),
            (Some(0), "", ""),
            "{words:?}"
        );
    }
    for (template, part) in [("bad:out", "bad:1"), ("none:out", "none")] {
        let ended = run(
            &folder,
            &["-parse-only", "-template=good:a", "-template", template],
        );
        assert_eq!(ended.code(), Some(14), "{template}");
        assert!(ended.log.contains(part), "{}", ended.log);
    }
    assert!(
        !folder.path("out").exists() && !folder.path("ran").exists() && !folder.path("a").exists()
    );
    folder.write(
        "in.hcl",
        "parseonly = true\ntemplate { source = \"in\" destination = \"out\" }",
    );
    assert_eq!(
        run(&folder, &["-config=in.hcl", "-parse-only=false", "-once"]).code(),
        Some(0),
        "the flag wins"
    );
    assert_eq!(folder.read("out"), "x");
}

#[test]
fn other_delimiters_apply_to_go_templates_without_their_own() {
    let folder = folder();
    folder.write("go", "<< 1 | add 1 >> {{ x }}");
    folder.write("jinja.j2", "{{ 1 + 1 }} << x >>");
    folder.write(
        "own.hcl",
        "template { contents = \"[[ 2 ]]\" destination = \"own\" left_delimiter = \"[[\" right_delimiter = \"]]\" }",
    );
    let flags = [
        "-once",
        "-default-left-delimiter=<<",
        "--default-right-delimiter",
        ">>",
    ];
    let ended = run(
        &folder,
        &[
            &flags[..],
            &[
                "-template=go:go.out",
                "-template=jinja.j2:j2.out",
                "-config=own.hcl",
            ],
        ]
        .concat(),
    );
    assert_eq!(ended.code(), Some(0), "{}", ended.log);
    assert_eq!(
        ["go.out", "j2.out", "own"].map(|name| folder.read(name)),
        ["2 {{ x }}", "2 << x >>", "2"]
    );
}
