//! The manual page and the completion scripts.
//!
//! Input: the commands and flags of the help. Output: a page in roff, or a script for a shell.

use clap::Command;
use clap_pages::{Manual, Section, Shell};

use crate::config::reference::flag_keys;

/// The date of the manual page.
const DATE: &str = "2026-11-29";

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
        "ctmpl convert or ctmpl migrate left something out, or the result differs; or the daemon that ctmpl status asks \
         is not ready.",
    ),
    ("3", "No daemon answers ctmpl status."),
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

/// The files.
const FILES: &[(&str, &str)] = &[
    (
        "/etc/ctmpl.d",
        "Directory of configuration files, by convention; pass it with \u{2d}\u{2d}config.",
    ),
    (
        "/var/lib/ctmpl, ~/.local/state/ctmpl",
        "State directory of a daemon of root, and of other users: what was written and applied, and the last contents.",
    ),
];

/// Examples, each with its effect.
const EXAMPLES: &[(&str, &str)] = &[
    (
        "ctmpl \u{2d}\u{2d}template \"nginx.ctmpl:/etc/nginx/conf.d/app.conf:nginx \u{2d}s reload\"",
        "Keep a file of nginx up to date, and reload nginx after each change.",
    ),
    (
        "ctmpl \u{2d}\u{2d}once \u{2d}\u{2d}dry \u{2d}\u{2d}template app.ctmpl:app.conf",
        "Print what would be written.",
    ),
    (
        "ctmpl dev \u{2d}\u{2d}seed data.yaml \u{2d}\u{2d}template app.ctmpl:app.conf",
        "Render with the data of a file, without Consul.",
    ),
];

/// Related pages.
const SEE_ALSO: &[(&str, &str)] = &[(
    "",
    "consul(1), nginx(8), haproxy(1), systemd.service(5). ctmpl functions prints the reference of the template \
     functions, and ctmpl schema the schema of configuration files.",
)];

/// Creates the manual page.
pub(super) fn manual(command: &Command) -> String {
    let mut environment = Section::new("ENVIRONMENT", VARIABLES);
    let keys = flag_keys().iter().filter(|(_, key)| !key.env.is_empty());
    environment.entries.extend(keys.map(|(_, key)| {
        let text = format!("The default of {}.", key.flag);
        (key.env.join(", "), text)
    }));
    let manual = Manual {
        date: DATE,
        description: DESCRIPTION,
        sections: vec![
            Section::new("EXIT STATUS", CODES),
            Section::new("SIGNALS", SIGNALS),
            environment,
            Section::new("FILES", FILES),
            Section::new("EXAMPLES", EXAMPLES),
            Section::new("SEE ALSO", SEE_ALSO),
        ],
    };
    manual.page(command)
}

/// The values of flags with few possible values, where the type of the key does not list them.
const WORDS: &[(&str, &[&str])] = &[
    ("log-level", &["trace", "debug", "info", "warn", "err"]),
    ("log-format", &["text", "json"]),
    ("allow", &["plugin", "writeToFile"]),
    ("to", &["yaml", "toml", "hcl", "json"]),
    ("shell", &["bash", "zsh", "fish"]),
];

/// Creates the completion script for a shell. `functions` are the names of the template functions.
pub(super) fn completion_script(command: Command, shell: Shell, functions: &[&str]) -> String {
    let commands: Vec<_> = command.get_subcommands().map(Command::get_name).collect();
    let commands: Vec<_> = commands.iter().map(ToString::to_string).collect();
    let words = |name: &str| {
        let words = match name {
            "name" => functions.to_vec(),
            "command" => return Some(commands.clone()),
            name => match WORDS.iter().find(|(flag, _)| *flag == name) {
                Some((_, words)) => words.to_vec(),
                None => super::flags::names(name),
            },
        };
        let are_few = (1..=10).contains(&words.len()) || name == "name";
        are_few.then(|| words.into_iter().map(str::to_owned).collect())
    };
    clap_pages::completion_script(command, shell, &words)
}
