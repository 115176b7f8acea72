//! What a shell has to read in order to complete the words of ctmpl.
//!
//! in:  the flags and subcommands that the help tells of
//! out: a script for bash, zsh or fish, which offers them in GNU style

use clap::builder::{PossibleValuesParser, ValueHint};
use clap::{Arg, ArgAction, Command, ValueEnum};
use clap_complete::{generate, shells};

/// A shell.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Shell {
    Bash,
    Zsh,
    Fish,
}

/// The words that a flag takes, where there are only a few.
const WORDS: &[(&str, &[&str])] = &[
    (
        "format",
        &["nginx", "haproxy", "json", "yaml", "shell", "none"],
    ),
    ("output-format", &["json", "yaml", "toml", "ini"]),
    ("log-level", &["trace", "debug", "info", "warn", "err"]),
    ("allow", &["plugin", "writeToFile"]),
];

/// The script.
pub(super) fn script(shell: Shell) -> String {
    let mut command = offered(super::described());
    let mut script = Vec::new();
    match shell {
        Shell::Bash => generate(shells::Bash, &mut command, "ctmpl", &mut script),
        Shell::Zsh => generate(shells::Zsh, &mut command, "ctmpl", &mut script),
        Shell::Fish => generate(shells::Fish, &mut command, "ctmpl", &mut script),
    }
    String::from_utf8_lossy(&script).into_owned()
}

/// The command as it is offered, which nobody parses with.
fn offered(command: Command) -> Command {
    command.mut_args(offered_arg).mut_subcommands(offered)
}

fn offered_arg(arg: Arg) -> Arg {
    let words = WORDS.iter().find(|(name, _)| arg.get_long() == Some(name));
    if let Some((_, words)) = words {
        arg.value_parser(PossibleValuesParser::new(*words))
    } else if arg
        .get_num_args()
        .is_some_and(|count| count.min_values() == 0)
        && !arg.is_positional()
    {
        // A bool is offered without a value: a shell would offer one as the next word, where it cannot stand.
        arg.require_equals(false)
            .num_args(0)
            .action(ArgAction::SetTrue)
    } else if arg.get_value_hint() == ValueHint::Unknown {
        // Not the names of files, at any rate.
        arg.value_hint(ValueHint::Other)
    } else {
        arg
    }
}
