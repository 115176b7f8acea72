//! The output on a terminal of 80 columns, made by `script`.

use std::fs::File;
use std::process::Stdio;

use crate::support::ctmpl::{Folder, command};
use crate::support::{embedded, installed};
use consul_dev::Seed;

/// Returns what `ctmpl` prints on a terminal with this number of columns, and its exit code. `None`
/// if `script` is not installed.
fn on_terminal(folder: &Folder, columns: u16, words: &str) -> Option<(String, i32)> {
    on_terminal_with(folder, columns, "", words)
}

/// Like [`on_terminal`], with variables of the environment.
fn on_terminal_with(
    folder: &Folder,
    columns: u16,
    variables: &str,
    words: &str,
) -> Option<(String, i32)> {
    if !installed(&["script"]) {
        return None;
    }
    let program = command();
    let line = format!(
        "stty cols {columns} rows 24; {variables} {} {words}",
        program.get_program().display()
    );
    let log = folder.path("typescript");
    let mut script = std::process::Command::new("script");
    script
        .args(["--quiet", "--return", "--flush", "--command", &line])
        .arg(&log)
        .current_dir(folder.path("."))
        .env("TERM", "xterm")
        .stdin(Stdio::null())
        .stdout(File::create(folder.path("screen")).unwrap());
    let colors = ["NO_COLOR", "CLICOLOR", "CLICOLOR_FORCE"].map(std::ffi::OsStr::new);
    for name in program.get_envs().map(|(name, _)| name).chain(colors) {
        script.env_remove(name);
    }
    let status = script.status().unwrap();
    let screen = folder.read("screen").replace("\r\n", "\n");
    Some((screen, status.code().unwrap()))
}

/// Asserts that a text has no line of more than 80 columns.
fn fits(text: &str) {
    assert!(text.lines().count() > 5, "{text}");
    for line in text.lines() {
        assert!(line.chars().count() <= 80, "too long: {line}\n{text}");
    }
}

#[test]
fn help_wraps_between_words_at_80_columns() {
    let folder = Folder::new();
    for words in ["--help", "-h", "help convert", "dev -h", "functions"] {
        let Some((text, code)) = on_terminal(&folder, 80, words) else {
            return;
        };
        assert_eq!(code, 0, "{words}: {text}");
        fits(&text);
    }
}

#[test]
fn the_short_help_fits_one_screen() {
    let folder = Folder::new();
    let Some((text, _)) = on_terminal(&folder, 80, "-h") else {
        return;
    };
    assert!(text.lines().count() <= 40, "{text}");
}

#[test]
fn a_wider_terminal_has_longer_lines() {
    let folder = Folder::new();
    let lines = |columns| {
        let (text, _) = on_terminal(&folder, columns, "--help")?;
        Some(text.lines().count())
    };
    let (Some(narrow), Some(wide)) = (lines(60), lines(100)) else {
        return;
    };
    assert!(wide < narrow, "{wide} lines, {narrow} lines");
}

#[test]
fn validate_reports_success_on_a_terminal_only() {
    let folder = Folder::new();
    for name in ["one", "two", "three"] {
        folder.write(&format!("{name}.ctmpl"), "x");
    }
    let templates =
        "--template one.ctmpl:1st:true --template two.ctmpl:2nd:true --template three.ctmpl:3rd";
    let Some((text, code)) = on_terminal(&folder, 80, &format!("validate {templates}")) else {
        return;
    };
    assert_eq!(
        (text.as_str(), code),
        ("validate: 3 templates, 1 command: OK\n", 0)
    );
    // A pipe is not a terminal, and neither is a file.
    let (text, _) = on_terminal(&folder, 80, &format!("validate {templates} | cat")).unwrap();
    assert_eq!(text, "");
    let invalid = "validate --template one.ctmpl:1st --template missing:2nd";
    let (text, code) = on_terminal(&folder, 80, invalid).unwrap();
    assert!(code == 15 && !text.contains("OK"), "{text}");
}

/// The color of the level of an error, as escape sequences.
const RED: &str = "[\x1b[1m\x1b[31mERR\x1b[0m]";

/// An invocation of ctmpl that logs one error.
const FAILS: &str = "--once --template missing.ctmpl:out";

#[test]
fn levels_and_errors_have_colors_on_a_terminal_only() {
    let folder = Folder::new();
    for (words, is_colored) in [
        (FAILS, true),
        (&format!("{FAILS} --color never"), false),
        (&format!("{FAILS} --log-format json"), false),
        (&format!("{FAILS} 2>&1 | cat"), false),
        (&format!("{FAILS} --color always 2>&1 | cat"), true),
    ] {
        let Some((text, _)) = on_terminal(&folder, 80, words) else {
            return;
        };
        assert!(
            text.contains("missing.ctmpl: cannot read the template"),
            "{words}: {text}"
        );
        assert_eq!(text.contains(RED), is_colored, "{words}: {text:?}");
        let is_piped = words.ends_with("cat");
        assert!(
            is_colored || !is_piped || !text.contains('\x1b'),
            "{words}: {text:?}"
        );
    }
    let (text, code) = on_terminal(&folder, 80, "--wait 5x").unwrap();
    assert!(
        text.starts_with("\x1b[1m\x1b[31mctmpl:\x1b[0m cannot use --wait"),
        "{text:?}"
    );
    assert_eq!(code, 13);
    let (text, _) = on_terminal(&folder, 80, "--wait 5x --color=never").unwrap();
    assert!(text.starts_with("ctmpl: cannot use --wait"), "{text:?}");
}

#[test]
fn the_environment_decides_about_colors() {
    let folder = Folder::new();
    for (variables, redirection, is_colored) in [
        ("NO_COLOR=1", "", false),
        ("NO_COLOR=", "", true),
        ("CLICOLOR=0", "", false),
        ("TERM=dumb", "", false),
        ("CLICOLOR_FORCE=1", "2>&1 | cat", true),
        ("CLICOLOR_FORCE=1 NO_COLOR=1", "2>&1 | cat", false),
    ] {
        let words = format!("{FAILS} {redirection}");
        let Some((text, _)) = on_terminal_with(&folder, 80, variables, &words) else {
            return;
        };
        assert_eq!(text.contains(RED), is_colored, "{variables}: {text:?}");
    }
}

#[test]
fn progress_fits_the_terminal_and_leaves_nothing_behind() {
    let (folder, consul) = (Folder::new(), embedded(Seed::default()));
    let name = "a-template-with-a-long-name".repeat(5);
    folder.write(&name, "{{ key \"missing\" }}");
    for columns in [40, 80, 120] {
        let words = format!(
            "--once --timeout 3500ms --consul-addr {} --template {name}:out",
            consul.address()
        );
        let Some((text, code)) = on_terminal(&folder, columns, &words) else {
            return;
        };
        assert_eq!(code, 16, "{text}");
        let rows: Vec<_> = text.split('\r').collect();
        let is_progress = |row: &&&str| row.starts_with("waiting for 1 of 1 templates: ");
        let shown: Vec<_> = rows.iter().filter(is_progress).collect();
        assert!(!shown.is_empty(), "{text:?}");
        for row in shown {
            let row = row.strip_suffix("\x1b[K").unwrap();
            assert_eq!(row.chars().count(), usize::from(columns) - 1, "{row}");
        }
        // Each log line erases the row of the progress, which may be longer.
        let lines: Vec<_> = text
            .lines()
            .filter(|line| line.contains("] (daemon) "))
            .collect();
        assert!(!lines.is_empty(), "{text:?}");
        for line in lines {
            let (before, _) = line.split_once("] (daemon) ").unwrap();
            let row = before.rsplit('\r').next().unwrap();
            assert!(row.starts_with("\x1b[K2"), "{line:?}");
        }
    }
}
