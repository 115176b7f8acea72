//! The commands: usage, help, and flags of their own.

use std::path::PathBuf;

use clap::builder::ValueHint;
use clap::{Arg, ArgAction, Command, value_parser};

use super::flags::{self, Keys};
use super::own_flags;

const USAGE: &str = "ctmpl [FLAGS] --template SOURCE:DESTINATION[:COMMAND]…
       ctmpl init
       ctmpl dev [FLAGS]
       ctmpl render [FLAGS] FILE
       ctmpl plan [FLAGS]
       ctmpl validate [FLAGS]
       ctmpl config [FLAGS]
       ctmpl functions [NAME]
       ctmpl status [FLAGS]
       ctmpl history [FLAGS] [DEST]
       ctmpl diff [FLAGS] DEST [A] [B]
       ctmpl rollback [FLAGS] DEST [N]
       ctmpl approve [FLAGS] [DEST]
       ctmpl convert [FLAGS] FILE
       ctmpl migrate [FLAGS] FILE
       ctmpl schema
       ctmpl completions SHELL
       ctmpl man
       ctmpl help [COMMAND]
       ctmpl version";

const NOTES: &str = "Flags may be written as in Go (-once, -wait 2s) or with two dashes (--once, --wait=2s). Of a \
flag given twice the last counts.\nDurations are written 300ms, 5s, 1m30s, 2h.\n\
consul-template's flags about Vault, and -dedup, are accepted, each with a warning.";

/// Chooses the subcommands that get their flags: building them takes time and memory, and most runs
/// need none.
pub(super) type Wanted<'a> = &'a dyn Fn(&str) -> bool;

/// The whole command line. Subcommands that are not `wanted` have no flags.
pub(super) fn command(wanted: Wanted<'_>) -> Command {
    command_of(
        "ctmpl",
        "Keeps configuration files in step with Consul, and reloads their programs.",
        USAGE,
    )
    .disable_help_subcommand(true)
    .args_conflicts_with_subcommands(true)
    .after_help(NOTES)
    .args(daemon(Keys::All))
    .args(help_flags())
    // In the order of the help.
    .subcommands(for_templates(wanted))
    .subcommands(for_checks(wanted))
    .subcommands(for_daemons(wanted))
    .subcommands(for_files_and_shells(wanted))
}

/// Creates a subcommand. The first part of the description is for the list of all commands, both are
/// for the page of the command.
fn subcommand(
    wanted: Wanted<'_>,
    name: &'static str,
    about: [&'static str; 2],
    usage: &'static str,
    args: fn() -> Vec<Arg>,
) -> Command {
    let command = command_of(name, about[0], usage);
    if !wanted(name) {
        return command;
    }
    command
        .long_about(about.join(""))
        .args(args())
        .args(help_flags())
}

fn for_templates(wanted: Wanted<'_>) -> Vec<Command> {
    vec![
        subcommand(
            wanted,
            "init",
            [
                "Write a configuration and a template to start from",
                ", and data to try them; overwrite no file",
            ],
            "ctmpl init",
            Vec::new,
        ),
        subcommand(
            wanted,
            "dev",
            [
                "Run an embedded server like Consul, and templates against it",
                ". All its data is in memory",
            ],
            "ctmpl dev [FLAGS]",
            || all(own_flags::dev(), daemon(Keys::WithoutConsul)),
        ),
        subcommand(
            wanted,
            "render",
            [
                "Print the rendering of a template with the data of a file",
                "; write no file, run no command",
            ],
            "ctmpl render [FLAGS] FILE",
            own_flags::render,
        ),
    ]
}

fn for_checks(wanted: Wanted<'_>) -> Vec<Command> {
    vec![
        subcommand(
            wanted,
            "plan",
            [
                "Show what the daemon would change, as a diff of each file",
                ", and the commands that it would run; write no file, run no command. Exit with 2 if something would change",
            ],
            "ctmpl plan [FLAGS]",
            || all(own_flags::plan(), daemon(Keys::All)),
        ),
        subcommand(
            wanted,
            "validate",
            [
                "Check the configuration and all templates",
                "; send no query, write no file, run no command",
            ],
            "ctmpl validate [FLAGS]",
            || daemon(Keys::All),
        ),
        subcommand(
            wanted,
            "config",
            [
                "Print the effective configuration with the origin of each value",
                ": flags, environment, files and defaults; secrets are hidden",
            ],
            "ctmpl config [FLAGS]",
            || daemon(Keys::All),
        ),
        subcommand(
            wanted,
            "functions",
            ["Print the reference of template functions", ""],
            "ctmpl functions [NAME]",
            own_flags::functions,
        ),
    ]
}

fn for_daemons(wanted: Wanted<'_>) -> Vec<Command> {
    vec![
        subcommand(
            wanted,
            "status",
            [
                "Ask a running daemon for its state",
                " on its status_addr. Exit with 1 if it is not ready, and with 3 if no daemon answers",
            ],
            "ctmpl status [FLAGS]",
            own_flags::status,
        ),
        subcommand(
            wanted,
            "history",
            [
                "List the written files and their last contents",
                ": when, how large, and whether the command succeeded. Contents are not shown",
            ],
            "ctmpl history [FLAGS] [DEST]",
            own_flags::history,
        ),
        subcommand(
            wanted,
            "diff",
            [
                "Show what changed between two contents of a file",
                ", as a unified diff. It shows the contents, which may be secret",
            ],
            "ctmpl diff [FLAGS] DEST [A] [B]",
            own_flags::diff,
        ),
        subcommand(
            wanted,
            "rollback",
            [
                "Restore an earlier content of a file",
                " through the daemon, and keep it, whatever the template renders, until it is released",
            ],
            "ctmpl rollback [FLAGS] DEST [N]",
            own_flags::rollback,
        ),
        subcommand(
            wanted,
            "approve",
            [
                "List the changes that max_change has parked, or apply one",
                " through the daemon. An approval holds for the parked content only",
            ],
            "ctmpl approve [FLAGS] [DEST]",
            own_flags::approve,
        ),
    ]
}

fn for_files_and_shells(wanted: Wanted<'_>) -> Vec<Command> {
    vec![
        subcommand(
            wanted,
            "convert",
            [
                "Convert a Go template to Jinja",
                ", and prove that both print the same",
            ],
            "ctmpl convert [FLAGS] FILE",
            || all(own_flags::convert(), flags::args(Keys::Connection)),
        ),
        subcommand(
            wanted,
            "migrate",
            [
                "Print a configuration of consul-template as one of ctmpl",
                ", and report what differs",
            ],
            "ctmpl migrate [FLAGS] FILE",
            own_flags::migrate,
        ),
        subcommand(
            wanted,
            "schema",
            ["Print the JSON Schema of configurations, for editors", ""],
            "ctmpl schema",
            Vec::new,
        ),
        subcommand(
            wanted,
            "completions",
            ["Print a completion script for a shell", ""],
            "ctmpl completions SHELL",
            own_flags::completions,
        ),
        subcommand(
            wanted,
            "man",
            ["Print the manual page", ""],
            "ctmpl man",
            Vec::new,
        ),
        subcommand(
            wanted,
            "help",
            ["Print the complete help of ctmpl or of a command", ""],
            "ctmpl help [COMMAND]",
            own_flags::help,
        ),
        subcommand(
            wanted,
            "version",
            ["Print the version", ""],
            "ctmpl version",
            Vec::new,
        ),
    ]
}

fn all(mut one: Vec<Arg>, other: Vec<Arg>) -> Vec<Arg> {
    one.extend(other);
    one
}

fn command_of(name: &'static str, about: &'static str, usage: &'static str) -> Command {
    Command::new(name)
        .about(about)
        .version(env!("CARGO_PKG_VERSION"))
        .disable_version_flag(true)
        .disable_help_flag(true)
        .args_override_self(true)
        .next_line_help(true)
        .override_usage(usage)
}

/// The flags of the daemon.
fn daemon(keys: Keys) -> Vec<Arg> {
    let config = Arg::new("config")
        .long("config")
        .value_name("PATH")
        .action(ArgAction::Append)
        .value_hint(ValueHint::AnyPath)
        .value_parser(value_parser!(PathBuf))
        .help_heading("Templates")
        .help("Configuration file or directory, in HCL, JSON, YAML or TOML; repeatable, later ones override earlier ones");
    let mut args = vec![config];
    args.extend(flags::args(keys));
    args
}

/// The flags `--help` and `--version`, which have priority over all others. The declarations serve
/// the help and the reader of the words.
fn help_flags() -> [Arg; 2] {
    [
        Arg::new("help")
            .long("help")
            .short('h')
            .action(ArgAction::Help)
            .help("Print this help; -h: only the most used flags"),
        Arg::new("version")
            .long("version")
            .short('v')
            .action(ArgAction::Version)
            .help("Print the version"),
    ]
    .map(|arg| arg.help_heading("Help"))
}
