//! Completion scripts for bash, zsh and fish.
//!
//! Input: the commands and flags of the help. Output: a script that completes them in GNU style.

use clap::builder::{PossibleValuesParser, ValueHint};
use clap::{Arg, ArgAction, Command};
use clap_complete::{generate, shells};

use super::shell::Shell;

/// The values of flags with few possible values, where the type of the key does not list them.
const WORDS: &[(&str, &[&str])] = &[
    ("log-level", &["trace", "debug", "info", "warn", "err"]),
    ("log-format", &["text", "json"]),
    ("allow", &["plugin", "writeToFile"]),
];

/// Creates the script for a command.
pub(super) fn script(command: Command, shell: Shell) -> String {
    let mut command = offered(command);
    let mut script = Vec::new();
    match shell {
        Shell::Bash => generate(shells::Bash, &mut command, "ctmpl", &mut script),
        Shell::Zsh => generate(shells::Zsh, &mut command, "ctmpl", &mut script),
        Shell::Fish => generate(shells::Fish, &mut command, "ctmpl", &mut script),
    }
    String::from_utf8_lossy(&script).into_owned()
}

/// Converts a command into the form for completion; it is not used for parsing.
fn offered(command: Command) -> Command {
    command.mut_args(offered_arg).mut_subcommands(offered)
}

fn offered_arg(arg: Arg) -> Arg {
    if let Some(words) = words(&arg) {
        arg.value_parser(PossibleValuesParser::new(words))
    } else if arg
        .get_num_args()
        .is_some_and(|count| count.min_values() == 0)
        && !arg.is_positional()
    {
        // A bool is completed without a value, because a shell would add the value as the next
        // word, which is an error.
        arg.require_equals(false)
            .num_args(0)
            .action(ArgAction::SetTrue)
    } else if arg.get_value_hint() == ValueHint::Unknown {
        // Do not complete the names of files.
        arg.value_hint(ValueHint::Other)
    } else {
        arg
    }
}

/// The possible values of a flag, if there are few.
fn words(arg: &Arg) -> Option<Vec<&'static str>> {
    let name = arg.get_long()?;
    if let Some((_, words)) = WORDS.iter().find(|(flag, _)| *flag == name) {
        return Some(words.to_vec());
    }
    let names = super::flags::names(name);
    (1..=10).contains(&names.len()).then_some(names)
}
