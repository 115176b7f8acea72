//! Decides whether standard error has colors.
//!
//! Input: the `color` of the configuration, the environment, and the kind of standard error.

use std::ffi::OsString;
use std::io::IsTerminal as _;

use ctmpl_options::config::logging::Color;

/// Returns `true` if standard error has colors.
#[must_use]
pub fn is_used(color: Color) -> bool {
    decide(color, |name| std::env::var_os(name), is_terminal())
}

/// Returns `true` if standard error is a terminal that understands escape sequences.
pub(super) fn is_terminal() -> bool {
    std::io::stderr().is_terminal() && !is_dumb(|name| std::env::var_os(name))
}

fn is_dumb(variable: impl Fn(&str) -> Option<OsString>) -> bool {
    variable("TERM").is_none_or(|term| term.is_empty() || term == "dumb")
}

/// The configuration comes first, then `NO_COLOR`, `CLICOLOR_FORCE` and `CLICOLOR`.
fn decide(color: Color, variable: impl Fn(&str) -> Option<OsString>, is_terminal: bool) -> bool {
    let has = |name| variable(name).is_some_and(|value| !value.is_empty());
    let is_zero = |name| variable(name).is_some_and(|value| value == "0");
    match color {
        Color::Always => true,
        Color::Never => false,
        Color::Auto if has("NO_COLOR") => false,
        Color::Auto if has("CLICOLOR_FORCE") && !is_zero("CLICOLOR_FORCE") => true,
        Color::Auto => is_terminal && !is_zero("CLICOLOR"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_configuration_overrides_the_environment_and_that_the_terminal() {
        type Case<'a> = (Color, &'a [(&'a str, &'a str)], bool, bool);
        let cases: &[Case<'_>] = &[
            (Color::Auto, &[], true, true),
            (Color::Auto, &[], false, false),
            (Color::Auto, &[("NO_COLOR", "1")], true, false),
            (Color::Auto, &[("NO_COLOR", "")], true, true),
            (Color::Auto, &[("CLICOLOR_FORCE", "1")], false, true),
            (Color::Auto, &[("CLICOLOR_FORCE", "0")], false, false),
            (Color::Auto, &[("CLICOLOR", "0")], true, false),
            (
                Color::Auto,
                &[("NO_COLOR", "1"), ("CLICOLOR_FORCE", "1")],
                true,
                false,
            ),
            (Color::Always, &[("NO_COLOR", "1")], false, true),
            (Color::Never, &[("CLICOLOR_FORCE", "1")], true, false),
        ];
        for (color, variables, is_terminal, expected) in cases {
            let variable = |name: &str| {
                let mut variables = variables.iter();
                variables
                    .find(|(own, _)| *own == name)
                    .map(|(_, value)| value.into())
            };
            assert_eq!(
                decide(*color, variable, *is_terminal),
                *expected,
                "{variables:?}"
            );
        }
    }

    #[test]
    fn a_terminal_without_a_name_has_no_escape_sequences() {
        for (term, expected) in [(None, true), (Some("dumb"), true), (Some("xterm"), false)] {
            assert_eq!(is_dumb(|_| term.map(Into::into)), expected, "{term:?}");
        }
    }
}
