//! The flags and operands of the subcommands that set no configuration key.

use std::path::PathBuf;

use clap::builder::{OsStringValueParser, ValueHint};
use clap::{Arg, ArgAction, value_parser};
use clap_pages::Shell;

use super::flags::bool_arg;

/// A flag or an operand whose value is a file.
fn file(name: &'static str, help: &'static str) -> Arg {
    Arg::new(name)
        .value_name("FILE")
        .value_hint(ValueHint::FilePath)
        .value_parser(value_parser!(PathBuf))
        .help(help)
}

pub(super) fn dev() -> Vec<Arg> {
    let listen = Arg::new("listen")
        .long("listen")
        .value_name("ADDR")
        .help("Address of the embedded server; port 0: any free one [default: 127.0.0.1:8500]");
    let seed = file("seed", "Initial data: a YAML or JSON file").long("seed");
    [listen, seed.value_parser(OsStringValueParser::new())]
        .map(|arg| arg.help_heading("Embedded server"))
        .to_vec()
}

pub(super) fn convert() -> Vec<Arg> {
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

pub(super) fn render() -> Vec<Arg> {
    let template = "Template; .j2, .jinja and .jinja2 are Jinja, others Go";
    let data = "Keys and services: a YAML or JSON file as for `ctmpl dev --seed`";
    vec![
        file("file", template).required(true),
        file("data", data).long("data").help_heading("Rendering"),
    ]
}

pub(super) fn plan() -> Vec<Arg> {
    let data = "Render with the data of this file instead of Consul's: YAML or JSON as for `ctmpl dev --seed`";
    let cost = Arg::new("cost")
        .long("cost")
        .value_name("BOOL")
        .help_heading("Plan")
        .help("Show what the templates cost Consul: queries, connections, requests, bytes; with advice for loops");
    vec![
        file("data", data).long("data").help_heading("Plan"),
        bool_arg(cost),
        json("Plan"),
    ]
}

pub(super) fn migrate() -> Vec<Arg> {
    let to = Arg::new("to")
        .long("to")
        .value_name("FORMAT")
        .help_heading("Migration")
        .help("Format to write: yaml, toml, hcl, or json, which has no comments [default: yaml]");
    let configuration = "Configuration file of consul-template, in HCL or JSON";
    vec![to, file("file", configuration).required(true)]
}

pub(super) fn functions() -> Vec<Arg> {
    let name = Arg::new("name")
        .value_name("NAME")
        .help("Only this function, by its name in either language, with an example");
    vec![name]
}

pub(super) fn completions() -> Vec<Arg> {
    let shell = Arg::new("shell")
        .value_name("SHELL")
        .help("bash, zsh or fish")
        .required(true)
        .value_parser(Shell::NAMES.map(|(name, _)| name))
        .hide_possible_values(true);
    vec![shell]
}

pub(super) fn help() -> Vec<Arg> {
    let command = Arg::new("command").value_name("COMMAND");
    vec![command.help("Only this command")]
}

pub(super) fn status() -> Vec<Arg> {
    let address = Arg::new("addr")
        .long("addr")
        .value_name("ADDR")
        .help("Address of the status server: HOST:PORT, unix:///PATH or unix:@NAME [env: CTMPL_STATUS_ADDR] [default: that of the configuration]");
    let config = file("config", "Configuration of the daemon; repeatable")
        .long("config")
        .value_name("PATH")
        .action(ArgAction::Append);
    let ready = "Ask only whether every file is written and nothing fails";
    let healthy = "Ask only whether the event loop works";
    let only = |name: &'static str, help: &'static str| {
        bool_arg(Arg::new(name).long(name).value_name("BOOL").help(help))
    };
    [
        address,
        config,
        only("ready", ready),
        only("healthy", healthy),
    ]
    .map(|arg| arg.help_heading("Status"))
    .into_iter()
    .chain([json("Status")])
    .collect()
}

pub(super) fn history() -> Vec<Arg> {
    vec![
        destination("Only this file, with its stored contents"),
        state_dir("History"),
        json("History"),
    ]
}

pub(super) fn diff() -> Vec<Arg> {
    vec![
        destination("File that ctmpl writes").required(true),
        generation(
            "from",
            "A",
            "Older content, by its number in the history [default: the one before B]",
        ),
        generation("to", "B", "Newer content [default: the latest]"),
        state_dir("History"),
    ]
}

pub(super) fn rollback() -> Vec<Arg> {
    let hold = Arg::new("hold")
        .long("hold")
        .value_name("DURATION")
        .help_heading("Rollback")
        .help("Keep the content for this time [default: until --release]");
    let release = Arg::new("release")
        .long("release")
        .value_name("BOOL")
        .help_heading("Rollback")
        .help("Let the template write the file again");
    vec![
        destination("File that ctmpl writes").required(true),
        generation(
            "generation",
            "N",
            "Content to restore, by its number in the history [default: the last good one before the present one]",
        ),
        hold,
        bool_arg(release),
        state_dir("Rollback"),
    ]
}

pub(super) fn approve() -> Vec<Arg> {
    vec![
        destination("Apply the parked change of this file"),
        state_dir("Approval"),
        json("Approval"),
    ]
}

/// The flag for a list as JSON.
fn json(heading: &'static str) -> Arg {
    let json = Arg::new("json")
        .long("json")
        .value_name("BOOL")
        .help_heading(heading)
        .help("Print JSON, for scripts");
    bool_arg(json)
}

fn destination(help: &'static str) -> Arg {
    file("destination", help).value_name("DEST")
}

fn generation(name: &'static str, value_name: &'static str, help: &'static str) -> Arg {
    Arg::new(name)
        .value_name(value_name)
        .value_parser(value_parser!(u64).range(1..))
        .help(help)
}

fn state_dir(heading: &'static str) -> Arg {
    // Not the name of the key: `-h` would hide the flag.
    Arg::new("ledger")
        .long("state-dir")
        .value_name("DIR")
        .value_hint(ValueHint::DirPath)
        .value_parser(value_parser!(PathBuf))
        .help_heading(heading)
        .help("State directory of the daemon [default: that of systemd's StateDirectory=, else /var/lib/ctmpl as root, else $XDG_STATE_HOME/ctmpl or ~/.local/state/ctmpl]")
}
