//! Help, completions and the manual page.

use super::*;

#[test]
fn help_and_version_are_printed() {
    for flag in ["--h", "-help", "--help", "-help=x"] {
        let text = printed(&["-once", flag, "-nope"]);
        for part in [
            "Consul:",
            "Templates:",
            "Process:",
            "--consul-addr",
            "--template",
            "ctmpl dev",
            "-v, --version",
        ] {
            assert!(text.contains(part), "{part} in {text}");
        }
        assert_eq!(text, printed(&["help"]));
        let text = printed(&["dev", flag]);
        assert!(
            text.contains("--listen")
                && text.contains("--template")
                && !text.contains("--consul-addr"),
            "{text}"
        );
        assert_eq!(text, printed(&["help", "dev"]));
    }
    for flag in ["-v", "--v", "-version", "--version", "-version=true"] {
        assert_eq!(
            printed(&[flag, "-once"]),
            concat!("ctmpl v", env!("CARGO_PKG_VERSION"), "\n")
        );
    }
    assert_eq!(
        bool_value(&arguments(&["-version=false", "-once"]), "once"),
        Some(true)
    );
}

#[test]
fn the_short_help_has_all_commands_and_the_most_used_flags() {
    let text = printed(&["-h"]);
    let command = documented();
    for command in command.get_subcommands().map(clap::Command::get_name) {
        assert!(
            text.contains(&format!("\n  {command} ")),
            "{command}: {text}"
        );
    }
    let flags: Vec<_> = text
        .lines()
        .filter_map(|line| line.trim().strip_prefix("--"))
        .collect();
    assert_eq!(flags.len(), 10, "{text}");
    let all = printed(&["--help"]);
    for flag in flags {
        let name = flag.split([' ', '=']).next().unwrap_or_default();
        assert!(all.contains(&format!("--{name}")), "{name}");
    }
    // A subcommand shows its own flags first.
    let convert = printed(&["convert", "-h"]);
    assert!(
        convert.find("--data") < convert.find("--consul-addr") && !convert.contains("transport"),
        "{convert}"
    );
}

#[test]
fn the_help_of_convert_begins_with_its_own_flags() {
    for text in [printed(&["convert", "--help"]), printed(&["man"])] {
        let text = text
            .split("ctmpl convert [FLAGS]")
            .last()
            .unwrap_or_default();
        let at = |part: &str| text.find(part).unwrap_or_else(|| panic!("{part}: {text}"));
        assert!(at("Go template") < at("Conversion"));
        assert!(at("Conversion") < at("Prove the result"));
    }
}

#[test]
fn completions_offer_what_the_help_lists() {
    for (shell, begins) in [
        ("bash", "_ctmpl()"),
        ("zsh", "#compdef ctmpl"),
        ("fish", "complete -c ctmpl"),
    ] {
        let script = match read(&["completions", shell]) {
            Ok(Command::Completions(shell)) => completion_script(shell, &["keyOrDefault"]),
            other => panic!("{shell}: {other:?}"),
        };
        assert!(script.contains(begins), "{script}");
        for word in [
            "consul-addr",
            "default-left-delimiter",
            "validate",
            "convert",
            "haproxy",
            "completions",
            "keyOrDefault",
        ] {
            assert!(script.contains(word), "{word} for {shell}");
        }
        assert!(!script.contains("vault"), "{shell}");
    }
}

#[test]
fn the_manual_has_every_flag_and_every_command() {
    let page = printed(&["man"]);
    assert!(page.starts_with(".TH CTMPL 1"), "{page}");
    let command = documented();
    let names = command
        .get_subcommands()
        .chain([&command])
        .flat_map(clap::Command::get_arguments);
    let names: Vec<_> = names.filter_map(clap::Arg::get_long).collect();
    assert!(names.len() > 60);
    for name in names {
        assert!(
            page.contains(&format!("\\-\\-{}", name.replace('-', "\\-"))),
            "{name}"
        );
    }
    for command in command.get_subcommands() {
        assert!(
            page.contains(&format!("ctmpl {}", command.get_name())),
            "{command}"
        );
    }
}
