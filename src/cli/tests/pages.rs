//! Help, completions and the manual page.

use super::*;

#[test]
fn help_and_version_are_printed() {
    for flag in ["-h", "--h", "-help", "--help", "-help=x"] {
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
        let text = printed(&["dev", flag]);
        assert!(
            text.contains("--listen")
                && text.contains("--template")
                && !text.contains("--consul-addr"),
            "{text}"
        );
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
fn completions_offer_what_the_help_lists() {
    for (shell, begins) in [
        ("bash", "_ctmpl()"),
        ("zsh", "#compdef ctmpl"),
        ("fish", "complete -c ctmpl"),
    ] {
        let script = printed(&["completions", shell]);
        assert!(script.contains(begins), "{script}");
        for word in [
            "consul-addr",
            "default-left-delimiter",
            "validate",
            "convert",
            "haproxy",
            "completions",
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
