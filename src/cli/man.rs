//! The manual page.
//!
//! Input: the commands and flags of the help. Output: a page in roff.

use std::fmt::Write as _;

use clap::{Arg, Command};

/// The description.
const DESCRIPTION: &str = "ctmpl follows Consul's catalog, health and key/value store, renders templates, writes files \
atomically, and runs commands when they have changed. It takes the flags, configuration files and templates of \
consul-template.";

/// The exit codes.
const CODES: &[(&str, &str)] = &[
    (
        "0",
        "Every template is written, and every command has succeeded.",
    ),
    (
        "1",
        "ctmpl convert or ctmpl migrate left something out, or the result differs.",
    ),
    ("12", "Shut down by TERM, INT, QUIT or the kill signal."),
    ("13", "A flag is invalid."),
    ("14", "A template, a command, or Consul failed."),
    ("15", "The configuration is invalid."),
    ("16", "\u{2d}\u{2d}once timed out with data missing."),
];

/// The signals.
const SIGNALS: &[(&str, &str)] = &[
    (
        "TERM, INT, QUIT, the kill signal",
        "Shut down; a second signal exits at once.",
    ),
    (
        "HUP, or the reload signal",
        "Reload the configuration, all templates, and the files that they read.",
    ),
];

/// The environment variables without a flag.
const VARIABLES: &[(&str, &str)] = &[
    (
        "CT_LOCAL_CONFIG",
        "A whole configuration in HCL or JSON; it overrides all files, and flags override it.",
    ),
    (
        "HTTP_PROXY, HTTPS_PROXY, NO_PROXY",
        "Proxies for the connection to Consul; connections to this host use none.",
    ),
];

/// Creates the page of a command.
pub(super) fn page(command: &Command) -> String {
    let mut page = format!(
        ".TH CTMPL 1 \"\" \"ctmpl {}\"\n.SH NAME\nctmpl \\- {}\n",
        escaped(env!("CARGO_PKG_VERSION")),
        escaped(
            &command
                .get_about()
                .map(ToString::to_string)
                .unwrap_or_default()
        )
    );
    page += ".SH SYNOPSIS\n.nf\n";
    for line in usage(command).lines() {
        line_of_text(&mut page, line.trim());
    }
    page += ".fi\n.SH DESCRIPTION\n";
    line_of_text(&mut page, DESCRIPTION);
    line_of_text(
        &mut page,
        &command
            .get_after_help()
            .map(ToString::to_string)
            .unwrap_or_default()
            .replace('\n', " "),
    );
    page += ".SH OPTIONS\n";
    flags(&mut page, command, |_| true);
    page += ".SH COMMANDS\n";
    for own in command.get_subcommands() {
        let _ = writeln!(page, ".SS {}", escaped(usage(own).trim()));
        line_of_text(
            &mut page,
            &(own.get_about().map(ToString::to_string).unwrap_or_default() + "."),
        );
        // The flags of the main command are listed above.
        flags(&mut page, own, |arg| {
            arg.is_positional()
                || command
                    .get_arguments()
                    .all(|other| other.get_id() != arg.get_id())
        });
    }
    for (title, entries) in [
        ("EXIT STATUS", CODES),
        ("SIGNALS", SIGNALS),
        ("ENVIRONMENT", VARIABLES),
    ] {
        let _ = writeln!(page, ".SH {title}");
        for (name, text) in entries {
            entry(&mut page, &format!("\\fB{}\\fR", escaped(name)), text);
        }
    }
    page
}

fn usage(command: &Command) -> String {
    let usage = command.clone().render_usage().to_string();
    usage.trim_start_matches("Usage:").trim().to_owned()
}

/// Writes the flags, grouped by heading.
fn flags(page: &mut String, command: &Command, shown: impl Fn(&Arg) -> bool) {
    let mut headings: Vec<Option<&str>> = Vec::new();
    let args: Vec<&Arg> = command.get_arguments().filter(|arg| shown(arg)).collect();
    for arg in &args {
        if !headings.contains(&arg.get_help_heading()) {
            headings.push(arg.get_help_heading());
        }
    }
    for heading in headings {
        if let Some(heading) = heading {
            let _ = writeln!(page, ".PP\n\\fI{}\\fR", escaped(heading));
        }
        for arg in args.iter().filter(|arg| arg.get_help_heading() == heading) {
            let help = arg.get_help().map(ToString::to_string).unwrap_or_default();
            entry(page, &name(arg), &help);
        }
    }
}

/// Formats the name of a flag: `-o, --output FILE`, in bold and italics.
fn name(arg: &Arg) -> String {
    let value = arg
        .get_value_names()
        .unwrap_or_default()
        .first()
        .map(|name| format!("\\fI{}\\fR", escaped(name)));
    let names = arg.get_short().map(|short| format!("-{short}")).into_iter();
    let longs = arg.get_long_and_visible_aliases().unwrap_or_default();
    let names: Vec<_> = names
        .chain(longs.iter().map(|name| format!("--{name}")))
        .collect();
    let shown = names
        .iter()
        .map(|name| format!("\\fB{}\\fR", escaped(name)))
        .collect::<Vec<_>>()
        .join(", ");
    match (
        value.filter(|_| arg.get_action().takes_values()),
        arg.get_num_args()
            .is_some_and(|count| count.min_values() == 0),
    ) {
        (Some(value), true) => format!("{shown}[={value}]"),
        (Some(value), false) => format!("{shown} {value}").trim_start().to_owned(),
        (None, _) => shown,
    }
}

fn entry(page: &mut String, name: &str, text: &str) {
    let _ = writeln!(page, ".TP\n{name}");
    line_of_text(page, text);
}

fn line_of_text(page: &mut String, text: &str) {
    let text = escaped(text);
    // At the start of a line, these characters begin a roff request.
    let guard = if text.starts_with(['.', '\'']) {
        "\\&"
    } else {
        ""
    };
    let _ = writeln!(page, "{guard}{text}");
}

/// Escapes a text for roff.
fn escaped(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '\\' => shown.push_str("\\e"),
            '-' => shown.push_str("\\-"),
            '\'' => shown.push_str("\\(aq"),
            '`' => shown.push_str("\\(ga"),
            _ if letter.is_ascii() => shown.push(letter),
            _ => {
                let _ = write!(shown, "\\[u{:04X}]", u32::from(letter));
            }
        }
    }
    shown
}
