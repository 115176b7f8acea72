//! The completion scripts and the manual page, tested with the real shells and man.

#![expect(
    clippy::unwrap_used,
    clippy::print_stderr,
    reason = "a test that cannot go on says where, and one that is skipped says so"
)]

use std::io::Write as _;
use std::process::{Command, Stdio};

use crate::support::ctmpl::{Folder, run};
use crate::support::{installed, program};

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
        (&["ctmpl", "completions", "z"], &["zsh"]),
        (&["ctmpl", "functions", "keyO"], &["keyOrDefault"]),
        (&["ctmpl", "help", "vali"], &["validate"]),
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

/// Returns a folder with the script of a shell, and files to complete.
fn completed_folder(shell: &str) -> Folder {
    let folder = Folder::new();
    let script = run(["completions", shell]);
    assert_eq!(
        (script.code(), script.log.as_str()),
        (Some(0), ""),
        "{shell}"
    );
    folder.write("script", &script.output);
    folder.write("some.hcl", "");
    folder
}

#[test]
fn fish_completes_values_operands_and_files() {
    if !installed(&["fish"]) {
        return;
    }
    let folder = completed_folder("fish");
    let cases: &[(&str, &[&str])] = &[
        ("ctmpl val", &["validate"]),
        ("ctmpl --log-level d", &["debug"]),
        ("ctmpl dev --log-level d", &["debug"]),
        ("ctmpl --output-format ", &["ini", "json", "toml", "yaml"]),
        ("ctmpl completions ", &["bash", "fish", "zsh"]),
        ("ctmpl functions keyO", &["keyOrDefault"]),
        ("ctmpl help vali", &["validate"]),
        ("ctmpl --config so", &["some.hcl"]),
        ("ctmpl convert so", &["some.hcl"]),
        ("ctmpl --consul-addr so", &[]),
        ("ctmpl --vault", &[]),
    ];
    for (line, expected) in cases {
        let output = Command::new("fish")
            .args(["--no-config", "-c"])
            .arg(format!("source script; complete -C '{line}'"))
            .current_dir(folder.path("."))
            .env("HOME", folder.path("."))
            .output()
            .unwrap();
        assert_eq!(String::from_utf8_lossy(&output.stderr), "", "{line}");
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        let offered: Vec<_> = text
            .lines()
            .filter_map(|line| line.split('\t').next())
            .collect();
        assert_eq!(offered, *expected, "{line}");
    }
}

#[test]
fn zsh_completes_values_operands_and_files() {
    if !installed(&["zsh", "script"]) {
        return;
    }
    let folder = completed_folder("zsh");
    let cases = [
        ("--template some.h", "--template some.hcl"),
        ("--config some.h", "--config some.hcl"),
        ("--wait 5", "--wait 5"),
        ("--consul-auth x", "--consul-auth x"),
        ("--log-level de", "--log-level debug"),
        ("valid", "validate"),
        ("dev --lis", "dev --listen"),
        ("completions z", "completions zsh"),
        ("functions keyO", "functions keyOrDefault"),
        ("help valid", "help validate"),
        ("convert some.h", "convert some.hcl"),
    ];
    let begin = "autoload -Uz compinit; compinit -u -D; source ./script; compdef _ctmpl ctmpl\n\
                 ctmpl() { print -r -- \"<$*>\" }\n";
    let screen = type_into("zsh -f -i", &folder, begin, &cases);
    for error in ["bad pattern", "not found", "_arguments:"] {
        assert!(!screen.contains(error), "{screen}");
    }
}

#[test]
fn bash_completes_what_is_typed() {
    if !installed(&["bash", "script"]) {
        return;
    }
    let folder = completed_folder("bash");
    let cases = [
        ("--template some.h", "--template some.hcl"),
        ("--wait 5", "--wait 5"),
        ("--log-level de", "--log-level debug"),
        ("valid", "validate"),
        ("dev --lis", "dev --listen"),
        ("completions z", "completions zsh"),
        ("functions keyO", "functions keyOrDefault"),
        ("help valid", "help validate"),
        ("convert some.h", "convert some.hcl"),
    ];
    let begin = "source ./script; ctmpl() { printf '<%s>\\n' \"$*\"; }\n";
    let screen = type_into("bash --norc --noprofile -i", &folder, begin, &cases);
    assert!(!screen.contains("not found"), "{screen}");
}

/// Types these beginnings of arguments into an interactive shell, each followed by the tab key, and asserts that they are
/// completed. `begin` sets up the shell, with a command `ctmpl` that prints its arguments. Returns what the terminal shows.
fn type_into(shell: &str, folder: &Folder, begin: &str, cases: &[(&str, &str)]) -> String {
    let lines = cases.iter().map(|(words, _)| format!("ctmpl {words}\t\n"));
    let typed = begin.to_owned() + &lines.collect::<String>() + "exit\n";
    let mut shell = Command::new("script")
        .args(["--quiet", "--command", shell, "/dev/null"])
        .current_dir(folder.path("."))
        .env("HOME", folder.path("."))
        .env("TERM", "dumb")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = shell.stdin.take().unwrap();
    stdin.write_all(typed.as_bytes()).unwrap();
    drop(stdin);
    let output = shell.wait_with_output().unwrap();
    let screen = String::from_utf8_lossy(&output.stdout).into_owned();
    for (words, completed) in cases {
        assert!(
            screen.contains(&format!("<{completed}>")),
            "{words} is not completed to {completed}:\n{screen}"
        );
    }
    screen
}

#[test]
fn the_manual_page_has_no_warnings() {
    let page = run(["man"]);
    assert_eq!((page.code(), page.log.as_str()), (Some(0), ""));
    let folder = Folder::new();
    let file = folder.write("ctmpl.1", &page.output);
    let checks: [(&str, &[&str]); 2] = [
        ("groff", &["-man", "-Tutf8", "-ww", "-z"]),
        ("mandoc", &["-Tlint"]),
    ];
    for (name, flags) in checks {
        if name == "groff" && program(name).is_none() {
            eprintln!("skipped: {name} is not installed");
            continue;
        }
        if name == "mandoc" && !installed(&[name]) {
            continue;
        }
        let output = Command::new(name).args(flags).arg(&file).output().unwrap();
        let said = [output.stdout, output.stderr].concat();
        assert!(
            output.status.success() && said.is_empty(),
            "{name}: {}",
            String::from_utf8_lossy(&said)
        );
    }
    if program("man").is_some() && program("groff").is_some() {
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
            "CONSUL_HTTP_TOKEN_FILE",
            "EXAMPLES",
            "SEE ALSO",
        ] {
            assert!(text.contains(part), "{part}: {text}");
        }
    }
}
