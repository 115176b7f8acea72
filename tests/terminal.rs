//! The output on a terminal of 80 columns, made by `script`.

use std::fs::File;
use std::process::Stdio;

use crate::support::ctmpl::{Folder, command};
use crate::support::installed;

/// Returns what `ctmpl` prints on a terminal with this number of columns, and its exit code. `None`
/// if `script` is not installed.
fn on_terminal(folder: &Folder, columns: u16, words: &str) -> Option<(String, i32)> {
    if !installed(&["script"]) {
        return None;
    }
    let program = command();
    let line = format!(
        "stty cols {columns} rows 24; {} {words}",
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
    for (name, _) in program.get_envs() {
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
