//! The completion scripts and the manual page, tested with the real shells and man.

#![expect(
    clippy::unwrap_used,
    clippy::print_stderr,
    reason = "a test that cannot go on says where, and one that is skipped says so"
)]

use std::process::{Command, Stdio};

use crate::support::ctmpl::{Folder, run};
use crate::support::program;

/// Returns the completions that bash offers after these words; the last word may be incomplete.
fn offered(folder: &Folder, words: &[&str]) -> Vec<String> {
    let line = words
        .iter()
        .map(|word| format!("'{word}'"))
        .collect::<Vec<_>>()
        .join(" ");
    let current = words.last().unwrap();
    let before = if words.len() > 1 {
        words[words.len() - 2]
    } else {
        ""
    };
    // Does the same as readline: sets the variables, and calls the function that `complete`
    // registered.
    let script = format!(
        "source ctmpl.bash; complete -p ctmpl | grep -q -- '-F _ctmpl' || exit 9; compopt() {{ :; }}; \
         COMP_WORDS=({line}); COMP_CWORD={}; _ctmpl ctmpl '{current}' '{before}'; printf '%s\\n' \"${{COMPREPLY[@]}}\"",
        words.len() - 1
    );
    let output = Command::new("bash")
        .args(["--norc", "-c", &script])
        .current_dir(folder.path("."))
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    assert_eq!(String::from_utf8_lossy(&output.stderr), "");
    String::from_utf8_lossy(&output.stdout)
        .lines()
        .map(str::to_owned)
        .collect()
}

#[test]
fn bash_completes_commands_flags_and_values() {
    let folder = Folder::new();
    let script = run(["completions", "bash"]);
    assert_eq!((script.code(), script.log.as_str()), (Some(0), ""));
    folder.write("ctmpl.bash", &script.output);
    folder.write("some.hcl", "");
    let cases: &[(&[&str], &[&str])] = &[
        (&["ctmpl", "val"], &["validate"]),
        (
            &["ctmpl", "--consul-a"],
            &["--consul-addr", "--consul-auth"],
        ),
        (&["ctmpl", "--default-l"], &["--default-left-delimiter"]),
        (&["ctmpl", "dev", "--li"], &["--listen"]),
        (&["ctmpl", "dev", "--consul-addr"], &[]),
        (&["ctmpl", "config", "--parse"], &["--parse-only"]),
        (&["ctmpl", "--log-level", "d"], &["debug"]),
        (
            &["ctmpl", "--output-format", ""],
            &["json", "yaml", "toml", "ini"],
        ),
        (&["ctmpl", "--config", "so"], &["some.hcl"]),
        (&["ctmpl", "convert", "--data", "so"], &["some.hcl"]),
        (&["ctmpl", "--once", "--dr"], &["--dry"]),
        (&["ctmpl", "--vault"], &[]),
    ];
    for (words, expected) in cases {
        let offered = offered(&folder, words);
        let offered: Vec<_> = offered
            .iter()
            .map(String::as_str)
            .filter(|word| !word.is_empty())
            .collect();
        assert_eq!(offered, *expected, "{words:?}");
    }
    // The complete list is the one in the help.
    let all = offered(&folder, &["ctmpl", "--"]);
    let help = run(["--help"]).output;
    assert!(all.len() > 40, "{all:?}");
    for flag in &all {
        assert!(help.contains(flag.as_str()), "{flag} is not in the help");
    }
}

#[test]
fn the_other_shells_accept_their_scripts() {
    for (shell, flags) in [("zsh", &["-n"][..]), ("fish", &["--no-execute"])] {
        let folder = Folder::new();
        let script = run(["completions", shell]);
        assert_eq!(
            (script.code(), script.log.as_str()),
            (Some(0), ""),
            "{shell}"
        );
        let file = folder.write("script", &script.output);
        if program(shell).is_none() {
            eprintln!("skipped: {shell} is not installed");
            continue;
        }
        assert!(
            Command::new(shell)
                .args(flags)
                .arg(file)
                .status()
                .unwrap()
                .success(),
            "{shell}"
        );
    }
}

#[test]
fn the_manual_page_has_no_warnings() {
    let page = run(["man"]);
    assert_eq!((page.code(), page.log.as_str()), (Some(0), ""));
    let folder = Folder::new();
    let file = folder.write("ctmpl.1", &page.output);
    let checks: [(&str, &[&str]); 2] = [
        ("groff", &["-man", "-Tutf8", "-ww", "-z"]),
        ("mandoc", &["-Tlint", "-Werror"]),
    ];
    let mut checked = 0;
    for (name, flags) in checks {
        if program(name).is_none() {
            eprintln!("skipped: {name} is not installed");
            continue;
        }
        let output = Command::new(name).args(flags).arg(&file).output().unwrap();
        let said = [output.stdout, output.stderr].concat();
        assert!(
            output.status.success() && said.is_empty(),
            "{name}: {}",
            String::from_utf8_lossy(&said)
        );
        checked += 1;
    }
    if program("man").is_some() && checked > 0 {
        let output = Command::new("man")
            .arg("-l")
            .arg(&file)
            .stdin(Stdio::null())
            .env("MANPAGER", "cat")
            .output()
            .unwrap();
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        for part in [
            "NAME",
            "SYNOPSIS",
            "ctmpl dev [FLAGS]",
            "EXIT STATUS",
            "ENVIRONMENT",
        ] {
            assert!(text.contains(part), "{part}: {text}");
        }
    }
}
