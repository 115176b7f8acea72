//! The commands: usage, help, and flags of their own.

use std::path::PathBuf;

use clap::builder::{OsStringValueParser, ValueHint};
use clap::{Arg, ArgAction, Command, value_parser};
use clap_pages::Shell;

use super::flags::{self, Keys};

const USAGE: &str = "ctmpl [FLAGS] --template SOURCE:DESTINATION[:COMMAND]…
       ctmpl init
       ctmpl dev [FLAGS]
       ctmpl render [FLAGS] FILE
       ctmpl validate [FLAGS]
       ctmpl config [FLAGS]
       ctmpl functions [NAME]
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
        "Keeps configuration files in step with Consul: watches, renders, writes atomically, reloads.",
        USAGE,
    )
    .disable_help_subcommand(true)
    .args_conflicts_with_subcommands(true)
    .after_help(NOTES)
    .args(daemon(Keys::All))
    .args(help_flags())
    // In the order of the help.
    .subcommands(for_templates(wanted))
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
                "Run an embedded Consul-compatible server, and templates against it",
                ". All its data is in memory",
            ],
            "ctmpl dev [FLAGS]",
            || all(dev_flags(), daemon(Keys::WithoutConsul)),
        ),
        subcommand(
            wanted,
            "render",
            [
                "Print the rendering of a template with the data of a file",
                "; write no file, run no command",
            ],
            "ctmpl render [FLAGS] FILE",
            || vec![template_file(), render_data()],
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
            || vec![function_name()],
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
            || all(convert_flags(), flags::args(Keys::Connection)),
        ),
        subcommand(
            wanted,
            "migrate",
            [
                "Print a configuration of consul-template as one of ctmpl",
                ", and report what differs",
            ],
            "ctmpl migrate [FLAGS] FILE",
            migrate_flags,
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
            || vec![shell()],
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
            || {
                let command = Arg::new("command").value_name("COMMAND");
                vec![command.help("Only this command")]
            },
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

fn function_name() -> Arg {
    Arg::new("name")
        .value_name("NAME")
        .help("Only this function, by its name in either language, with an example")
}

fn shell() -> Arg {
    Arg::new("shell")
        .value_name("SHELL")
        .help("bash, zsh or fish")
        .required(true)
        .value_parser(Shell::NAMES.map(|(name, _)| name))
        .hide_possible_values(true)
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

/// A flag or an operand whose value is a file.
fn file(name: &'static str, help: &'static str) -> Arg {
    Arg::new(name)
        .value_name("FILE")
        .value_hint(ValueHint::FilePath)
        .value_parser(value_parser!(PathBuf))
        .help(help)
}

fn dev_flags() -> Vec<Arg> {
    let listen = Arg::new("listen")
        .long("listen")
        .value_name("ADDR")
        .help("Address of the embedded server; port 0: any free one [default: 127.0.0.1:8500]");
    let seed = file("seed", "Initial data: a YAML or JSON file").long("seed");
    [listen, seed.value_parser(OsStringValueParser::new())]
        .map(|arg| arg.help_heading("Embedded server"))
        .to_vec()
}

fn convert_flags() -> Vec<Arg> {
    let delimiter = |name: &'static str, help: &'static str| {
        Arg::new(name).long(name).value_name("TEXT").help(help)
    };
    let data = "Prove the result on this data: a YAML or JSON file as for `ctmpl dev --seed`";
    let flags = [
        file("data", data).long("data"),
        file(
            "output",
            "Write the Jinja template to this file instead of standard output",
        )
        .long("output")
        .short('o'),
        delimiter(
            "left-delimiter",
            "Opening delimiter of the Go template [default: {{]",
        ),
        delimiter(
            "right-delimiter",
            "Closing delimiter of the Go template [default: }}]",
        ),
    ]
    .map(|arg| arg.help_heading("Conversion"));
    let template = file("file", "Go template").required(true);
    std::iter::once(template).chain(flags).collect()
}

fn template_file() -> Arg {
    file(
        "file",
        "Template; .j2, .jinja and .jinja2 are Jinja, others Go",
    )
    .required(true)
}

fn render_data() -> Arg {
    let help = "Keys and services: a YAML or JSON file as for `ctmpl dev --seed`";
    file("data", help).long("data").help_heading("Rendering")
}

fn migrate_flags() -> Vec<Arg> {
    let to = Arg::new("to")
        .long("to")
        .value_name("FORMAT")
        .help_heading("Migration")
        .help("Format to write: yaml, toml, hcl, or json, which has no comments [default: yaml]");
    let configuration = "Configuration file of consul-template, in HCL or JSON";
    vec![to, file("file", configuration).required(true)]
}
