//! Completion scripts for bash, zsh and fish.
//!
//! Input: a command, and the possible values of its flags and operands. Output: a script that
//! completes them in GNU style.

use std::fmt::Write as _;

use clap::builder::{PossibleValuesParser, ValueHint};
use clap::{Arg, ArgAction, Command};
use clap_complete::{generate, shells};

/// A shell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shell {
    /// GNU bash.
    Bash,
    /// The Z shell.
    Zsh,
    /// fish.
    Fish,
}

impl Shell {
    /// All shells, by their names.
    pub const NAMES: [(&str, Self); 3] = [
        ("bash", Self::Bash),
        ("zsh", Self::Zsh),
        ("fish", Self::Fish),
    ];

    /// Returns the shell of this name; `None` if there is no script for it.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        let mut shells = Self::NAMES.iter();
        shells.find_map(|(known, shell)| (*known == name).then_some(*shell))
    }
}

/// The possible values of the flag or operand with this ID, if there are few.
type Values<'a> = &'a dyn Fn(&str) -> Option<Vec<String>>;

/// Creates the script that completes a command in a shell.
#[must_use]
pub fn script(command: Command, shell: Shell, values: Values<'_>) -> String {
    let name = command.get_name().to_owned();
    let mut command = offered(command, values);
    let mut script = Vec::new();
    match shell {
        Shell::Bash => generate(shells::Bash, &mut command, &name, &mut script),
        Shell::Zsh => generate(shells::Zsh, &mut command, &name, &mut script),
        Shell::Fish => generate(shells::Fish, &mut command, &name, &mut script),
    }
    let script = String::from_utf8_lossy(&script).into_owned();
    match shell {
        Shell::Bash => without_operands(script, &command),
        Shell::Zsh => script,
        Shell::Fish => for_fish(&script, &command, &name, values),
    }
}

/// Converts a command into the form for completion; it is not used for parsing.
fn offered(command: Command, values: Values<'_>) -> Command {
    command
        .mut_args(|arg| offered_arg(arg, values))
        .mut_subcommands(|command| offered(command, values))
}

fn offered_arg(arg: Arg, values: Values<'_>) -> Arg {
    let arg = match arg.get_value_names() {
        Some([name, ..]) => {
            let plain = plain(name);
            arg.value_name(plain)
        }
        _ => arg,
    };
    if let Some(words) = values(arg.get_id().as_str()) {
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

/// The first word of the name of a value. zsh would execute `:` and `[` in it.
fn plain(name: &str) -> String {
    let is_plain = |letter: &char| letter.is_ascii_alphanumeric() || *letter == '_';
    name.chars().take_while(is_plain).collect()
}

/// Removes the names of operands, such as `<FILE>`, from the words that bash offers.
fn without_operands(mut script: String, command: &Command) -> String {
    for operand in command.get_subcommands().flat_map(Command::get_positionals) {
        script = script.replace(&format!(" {operand}\""), "\"");
    }
    script
}

/// Completes the value of a flag before the subcommand, and the operands of subcommands, in fish.
fn for_fish(script: &str, command: &Command, name: &str, values: Values<'_>) -> String {
    // `argparse` fails for a flag whose value is still missing; there is no subcommand then.
    let mut script = script.replace("\n    or return\n", "\n    or return 0\n");
    for own in command.get_subcommands() {
        for operand in own.get_positionals() {
            let words = values(operand.get_id().as_str()).unwrap_or_default();
            if !words.is_empty() {
                let _ = writeln!(
                    script,
                    "complete -c {name} -n \"__fish_{name}_using_subcommand {}\" -f -a \"{}\"",
                    own.get_name(),
                    words.join(" ")
                );
            }
        }
    }
    script
}

#[cfg(test)]
mod tests {
    use super::*;

    fn command() -> Command {
        let mut command = Command::new("demo")
            .arg(Arg::new("pair").long("pair").value_name("A:B[:C]"))
            .subcommand(
                Command::new("paint").arg(Arg::new("color").value_name("COLOR").required(true)),
            )
            .subcommand(Command::new("show").arg(Arg::new("file").value_name("FILE")));
        command.build();
        command
    }

    fn script_of(shell: &str) -> String {
        let colors = |id: &str| (id == "color").then(|| vec!["red".to_owned(), "blue".to_owned()]);
        script(command(), Shell::named(shell).unwrap(), &colors)
    }

    #[test]
    fn zsh_gets_plain_value_names() {
        let script = script_of("zsh");
        assert!(script.contains("'--pair=[]:A:'"), "{script}");
        assert!(script.contains("(red blue)"), "{script}");
    }

    #[test]
    fn bash_offers_the_values_of_operands_but_not_their_names() {
        let script = script_of("bash");
        assert!(script.contains("red blue"), "{script}");
        assert!(!script.contains("FILE"), "{script}");
    }

    #[test]
    fn fish_completes_operands_and_unfinished_flags() {
        let script = script_of("fish");
        assert!(
            script.contains("__fish_demo_using_subcommand paint\" -f -a \"red blue\""),
            "{script}"
        );
        assert!(script.contains("or return 0"), "{script}");
    }

    #[test]
    fn other_shells_are_unknown() {
        assert_eq!(Shell::named("tcsh"), None);
    }
}
