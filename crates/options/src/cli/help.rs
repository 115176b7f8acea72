//! The help: all flags for `--help` and `ctmpl help`, the most used ones for `-h`.
//!
//! Input: a command with all its flags. Output: the text, wrapped at the width of the terminal.

use clap::{Arg, ArgAction, Command};

use super::flags;

/// The most used flags, in the order of `-h`: the flag, its value, and a description of a few words.
const COMMON: [(&str, &str, &str); 10] = [
    (
        "template",
        "SOURCE:DEST[:COMMAND]",
        "Template, file, reload command",
    ),
    ("config", "PATH", "Configuration file or directory"),
    ("consul-addr", "ADDR", "Consul [default: 127.0.0.1:8500]"),
    ("consul-token-file", "PATH", "File with the ACL token"),
    ("once", "", "Write everything once, then exit"),
    ("dry", "", "Print the files, write nothing"),
    ("wait", "MIN[:MAX]", "Collect changes for this time"),
    ("exec", "COMMAND", "Child process to run and reload"),
    ("format", "FORMAT", "Escape values: nginx, json, …"),
    ("log-level", "LEVEL", "debug, info, … [default: warn]"),
];

const FLAGS: &str = "Flags";
const HELP: &str = "This help; --help: all flags";

/// Returns the complete help of a command.
pub(super) fn full(command: &Command) -> String {
    let about = command.get_long_about().cloned();
    rendered(match about {
        Some(about) => command.clone().about(about),
        None => command.clone(),
    })
}

/// Returns the help on one screen: the commands, the flags of this command only, and the most used
/// ones of the others.
pub(super) fn short(command: &Command) -> String {
    let name = match command.get_name() {
        "ctmpl" => "ctmpl".to_owned(),
        own => format!("ctmpl {own}"),
    };
    let mut short = command.clone().next_line_help(false).mut_args(short_arg);
    if command.has_subcommands() {
        short = short.override_usage(
            "ctmpl [FLAGS] --template SOURCE:DESTINATION[:COMMAND]…\n       ctmpl COMMAND [FLAGS]",
        );
    }
    // On the whole page, where lines are scarce, the flag `-h` says the same.
    let has_more = !command.has_subcommands() && short.get_arguments().any(Arg::is_hide_set);
    rendered(short.after_help(if has_more {
        format!("`{name} --help` lists all flags.")
    } else {
        String::new()
    }))
}

fn short_arg(arg: Arg) -> Arg {
    let name = arg.get_id().to_string();
    let Some(at) = COMMON.iter().position(|(flag, ..)| *flag == name) else {
        return match name.as_str() {
            "help" => arg
                .help(HELP)
                .help_heading(FLAGS)
                .display_order(COMMON.len()),
            "version" => arg.help_heading(FLAGS).display_order(COMMON.len()),
            name if flags::sets_key(name) => arg.hide(true),
            _ => arg,
        };
    };
    let (_, value, text) = COMMON[at];
    let arg = match value {
        // Without a value, `[=<BOOL>]` is not shown.
        "" => arg.num_args(0).action(ArgAction::SetTrue),
        value => arg.value_name(value),
    };
    arg.help(text).help_heading(FLAGS).display_order(at)
}

fn rendered(mut command: Command) -> String {
    command.render_help().to_string().trim_end().to_owned() + "\n"
}
