//! What becomes of each thing that consul-template reads differently.

mod properties;

use config_blocks::{Document, Format, Source, quoted};
use proptest::prelude::*;

use super::super::migrate::{fuzz, migrate, rewrite};

/// A rewritten file.
#[derive(Debug)]
struct Migrated {
    /// In YAML.
    text: String,
    notes: Vec<String>,
    complete: bool,
}

/// What becomes of a file in YAML, with its notes.
fn migrated(name: &str, text: &str) -> Result<Migrated, String> {
    let folder = tempfile::tempdir().expect("a directory");
    let path = folder.path().join(name);
    std::fs::write(&path, text).expect("a file");
    let here = |text: String| text.replace(&format!("{}/", folder.path().display()), "");
    match migrate(&path) {
        Ok(made) => Ok(Migrated {
            text: made.write(Format::Yaml),
            notes: made.notes.into_iter().map(here).collect(),
            complete: made.complete,
        }),
        Err(error) => {
            let source = std::error::Error::source(&error).map(ToString::to_string);
            Err(here(format!("{error}: {}", source.unwrap_or_default())))
        }
    }
}

#[test]
#[expect(clippy::too_many_lines, reason = "a table of cases")]
fn values_that_consul_template_reads_differently_are_rewritten() {
    let cases: &[(&str, &str, &str)] = &[
        // Numbers are nanoseconds there.
        (
            "max_stale = 5000000000",
            "max_stale: \"5s\"",
            "max_stale in f:1: a number is nanoseconds",
        ),
        ("block_query_wait = 0", "block_query_wait: \"0s\"", ""),
        (
            "wait { min = 1000000 }",
            "  min: \"1ms\"",
            "wait.min in f:1: a number is nanoseconds",
        ),
        // Modes.
        ("template { perms = 0640 }", "perms: \"0640\"", ""),
        ("template { perms = \"640\" }", "perms: \"0640\"", ""),
        (
            "template { perms = 640 }",
            "perms: \"0640\"",
            "template[1].perms in f:1: consul-template reads the number as decimal",
        ),
        (
            "template { perms = 420 }",
            "perms: \"0644\"",
            "template[1].perms in f:1: it was in decimal",
        ),
        (
            "template { perms = \"4755\" }",
            "perms: \"0755\"",
            "the last nine bits",
        ),
        ("template { perms = 0 }", "perms: \"0000\"", ""),
        // Commas.
        (
            "template { command = \"echo a,b\" }",
            "command: \"echo a,b\"",
            "splits it at commas",
        ),
        (
            "template { command = [\"echo a,b\"] }",
            "command: [\"echo a,b\"]",
            "",
        ),
        (
            "template { function_denylist = \"env, sprig_*\" }",
            "function_denylist: [\"env\", \"sprig_*\"]",
            "",
        ),
        // What is there more than once.
        (
            "log_level = \"info\"\nlog_level = \"err\"",
            "log_level: err",
            "log_level in f:1: it is set more than once",
        ),
        (
            "consul { address = \"a\" }\nCONSUL { token = \"t\" }",
            "consul:\n  token: t",
            "consul in f:1: it is set more than once",
        ),
        (
            "wait = [{ min = \"1s\" }, { min = \"2s\" }]",
            "wait:\n  min: \"2s\"",
            "wait in f:1: it is set more than once",
        ),
        // Older spellings.
        ("consul = \"h:8500\"", "consul:\n  address: h:8500", ""),
        ("wait { bool = true min = \"1s\" }", "enabled: true", ""),
        (
            "template { uid = 7 gid = 010 }",
            "user: 7\n    group: 8",
            "",
        ),
        ("template { uid = 7 user = \"u\" }", "- user: u\n", ""),
        (
            "template { exec { command = \"x\" timeout = \"5s\" } }",
            "- command: x\n    command_timeout: \"5s\"",
            "",
        ),
        (
            "template { command = \"y\" exec { command = \"x\" } }",
            "- command: x\n",
            "template[1].command in f:1: that of exec overrides it",
        ),
        ("template { exec {} source = \"a\" }", "- source: a\n", ""),
        // What means something else here.
        (
            "exec { command = \"x\" reload_signal = \"\" }",
            "reload_signal: SIGNULL",
            "exec.reload_signal in f:1: consul-template leaves the child process alone",
        ),
        (
            "exec { command = \"x\" enabled = false }",
            "enabled: false",
            "runs it anyway",
        ),
        (
            "exec { command = \"x\" env { whitelist = [\"A*\"] } }",
            "exec:\n  command: x\n  env:\n    allowlist: [\"A*\"]",
            "",
        ),
        (
            "once = true",
            "once: true",
            "once in f:1: consul-template ignores it",
        ),
        ("once = false", "once: false", ""),
        (
            "template { source = \"a.j2\" }",
            "source: a.j2\n    # ctmpl migrate: source: a source of this name is a Jinja template in ctmpl, and a Go template in consul-template\n    language: go",
            "is a Jinja template in ctmpl",
        ),
        (
            "template { source = \"a.j2\" language = \"jinja\" }",
            "language: jinja",
            "",
        ),
        ("parseonly = false", "parseonly: false", ""),
        (
            "parseonly = true",
            "parseonly: true",
            "parseonly in f:1: consul-template ignores it",
        ),
        (
            "consul { retry { attempts = 12 } }",
            "attempts: 12",
            "consul.retry.attempts in f:1: the daemon has no limit",
        ),
        (
            "consul { retry { attempts = -1 } }",
            "attempts: 0",
            "consul.retry.attempts in f:1: 0 is the documented spelling",
        ),
    ];
    for (text, expected, note) in cases {
        let Migrated {
            text: made,
            notes,
            complete,
        } = migrated("f", text).unwrap_or_else(|error| panic!("{text}: {error}"));
        assert!(made.contains(expected), "{text}: {made}");
        let told = notes.join("\n");
        assert!(told.contains(note), "{text}: {told}");
        assert_eq!(notes.is_empty(), note.is_empty(), "{text}: {told}");
        assert!(complete, "{text}");
    }
}

#[test]
fn keys_without_an_equivalent_are_left_out_with_a_note() {
    for (text, key) in [
        ("vault { address = \"v\" retry { attempts = 3 } }", "vault"),
        ("nomad {}", "nomad"),
        ("deduplicate { enabled = true }", "deduplicate"),
        (
            "template { command_timeout = \"0s\" }",
            "template[1].command_timeout",
        ),
        (
            "template { command_timeout = 0 }",
            "template[1].command_timeout",
        ),
        (
            "template { exec { command = \"x\" timeout = \"0\" } }",
            "template[1].exec.timeout",
        ),
    ] {
        let Migrated {
            text: made,
            notes,
            complete,
        } = migrated("f", text).unwrap_or_else(|error| panic!("{text}: {error}"));
        assert!(!complete && notes.len() == 1, "{text}: {notes:?}");
        assert!(
            notes[0].starts_with(&format!("{key} in ")) && notes[0].contains(": left out: "),
            "{notes:?}"
        );
        assert!(made.contains("# ctmpl migrate: "), "{made}");
    }
}

#[test]
fn an_invalid_file_is_an_error_with_its_line() {
    for (name, text, part) in [
        ("f", "\nconsul { adress = \"h\" }", "consul.adress in "),
        ("f", "\ntemplate { source = 5 }", "template[1].source in "),
        ("f", "template { perms = 9999 }", "is not a mode"),
        ("f", "max_stale = -5", "max_stale in "),
        ("f", "consul { address { x = 1 } }", "consul.address in "),
        ("f", "template = 5", "template[1] in "),
        ("f", "a = ", "as HCL"),
        ("f.yaml", "once: true", "HCL and JSON only"),
        ("f.json", "[]", "should be a block"),
    ] {
        let error = migrated(name, text).expect_err(text);
        assert!(error.contains(part), "{text}: {error}");
    }
}

#[test]
fn a_large_file_is_rewritten_in_time_proportional_to_its_size() {
    let lines = |line: &str| line.repeat(100_000);
    let texts = [
        lines("max_stale = \"5s\" # again\n"),
        lines("unknown = 1 # a key\n") + &lines("template {} // one more\n"),
        format!("template {{\n{}}}", lines("# one\ncommand = \"x\"\n")),
    ];
    for text in texts {
        let begun = std::time::Instant::now();
        let _ = migrated("f", &text);
        // Time that grows with the square of the size would be minutes.
        assert!(
            begun.elapsed() < std::time::Duration::from_secs(20),
            "{:?}",
            begun.elapsed()
        );
    }
}

#[test]
fn comments_stay_with_their_keys() {
    let text = "# head\nconsul { # of consul\n  # of the address\n  address = \"h:1\" // behind it\n  # last in consul\n}\n\
                # before the template\ntemplate {\n  /* of the source */ source = \"s\"\n  vault_gone = 1\n}\n# end\n";
    let text = text.replace("  vault_gone = 1\n", "  # about nothing\n");
    let made = migrated("f", &text).expect("HCL").text;
    let made: Vec<_> = made
        .lines()
        .filter(|line| !line.contains("ctmpl migrate"))
        .collect();
    let expected = [
        "# head",
        "consul:",
        "  # of consul",
        "  # of the address",
        "  # behind it",
        "  address: h:1",
        "  # last in consul",
        "",
        "template:",
        "  # before the template",
        "  # of the source",
        "  - source: s",
        "    # about nothing",
        "# end",
    ];
    assert_eq!(made, expected);
}

#[test]
fn blocks_with_labels_stay_and_a_label_elsewhere_is_an_error() {
    let text = "# above\ngroup \"g\" {\n  # within\n  check = \"nginx\"\n  verify { http = \"http://h\" }\n}\n\
                group { \"h.i\" { command = \"a,b\" } }\n";
    fuzz(text);
    let source = Source::of_variable("TEXT", text);
    let migration = rewrite(&source).expect("a configuration");
    let toml = migration.write(config_blocks::Format::Toml);
    for line in [
        "# above",
        "[group.g]",
        "# within",
        "[group.g.verify]",
        "[group.\"h.i\"]",
    ] {
        assert!(toml.lines().any(|other| other == line), "{line}: {toml}");
    }
    for text in [
        "consul \"retry\" { attempts = 3 }",
        "template \"x\" {}",
        "consul { retry \"x\" {} }",
        "group \"g\" { verify \"x\" {} }",
    ] {
        let error = rewrite(&Source::of_variable("TEXT", text)).expect_err(text);
        assert!(
            super::chain(&error).contains("takes no label"),
            "{text}: {}",
            super::chain(&error)
        );
    }
}
