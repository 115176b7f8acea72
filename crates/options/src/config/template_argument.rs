//! Parses the value of `--template`: `source:destination[:command]`.
//!
//! As consul-template, except where that loses something:
//!
//! - Everything after the second separator is the command, verbatim: `::` stays, nothing is unescaped.
//! - In source and destination, `\:` is a literal colon. Backslashes are literal unless they are
//!   directly before a colon; there `\\` is one backslash, so `a\\:b` is the source `a\` and the destination `b`.
//! - `C:` begins a part only on Windows; elsewhere `a:b:c` has three parts.
//! - Blanks belong to their part, because file names may contain them; a part of blanks only is empty. Colons before the source are skipped. An empty destination stays empty (it is an error except in a dry
//!   run) instead of taking the command's place; an empty command is none.

/// Source, destination and command; none is blank.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct TemplateArgument {
    /// The template file.
    pub source: String,
    /// The file to write.
    pub destination: Option<String>,
    /// The command to run after a change.
    pub command: Option<String>,
}

/// A text that is not `source:destination[:command]`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("template: cannot be empty; write SOURCE:DESTINATION or SOURCE:DESTINATION:COMMAND")]
pub(crate) struct TemplateArgumentError;

/// Whether parts may begin with a drive letter.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Drives {
    Windows,
    None,
}

impl std::str::FromStr for TemplateArgument {
    type Err = TemplateArgumentError;

    fn from_str(text: &str) -> Result<Self, TemplateArgumentError> {
        parse(
            text,
            if cfg!(windows) {
                Drives::Windows
            } else {
                Drives::None
            },
        )
    }
}

fn parse(text: &str, drives: Drives) -> Result<TemplateArgument, TemplateArgumentError> {
    let (source, rest) = cut(text.trim_start_matches(':'), drives);
    let source = filled(source).ok_or(TemplateArgumentError)?;
    let (destination, rest) = rest.map_or((None, None), |rest| {
        let (destination, rest) = cut(rest, drives);
        (filled(destination), rest)
    });
    Ok(TemplateArgument {
        source,
        destination,
        command: rest.and_then(|rest| filled(rest.to_owned())),
    })
}

/// Escapes a source that a separator follows.
pub(super) fn escape(source: &str) -> String {
    let mut escaped = String::with_capacity(source.len());
    let mut backslashes = 0;
    for letter in source.chars() {
        if letter == ':' {
            escaped.push_str(&"\\".repeat(backslashes + 1));
        }
        backslashes = if letter == '\\' { backslashes + 1 } else { 0 };
        escaped.push(letter);
    }
    escaped.push_str(&"\\".repeat(backslashes));
    escaped
}

fn filled(part: String) -> Option<String> {
    Some(part).filter(|part| !part.trim().is_empty())
}

/// The first part, unescaped, and what follows its separator, if there is one.
fn cut(text: &str, drives: Drives) -> (String, Option<&str>) {
    let mut part = String::new();
    let mut backslashes = 0;
    let drive = drive_length(text, drives);
    part.push_str(&text[..drive]);
    for (at, letter) in text.char_indices().skip_while(|(at, _)| *at < drive) {
        match letter {
            '\\' => backslashes += 1,
            ':' => {
                part.push_str(&"\\".repeat(backslashes / 2));
                if backslashes % 2 == 0 {
                    return (part, Some(&text[at + 1..]));
                }
                part.push(':');
                backslashes = 0;
            }
            _ => {
                part.push_str(&"\\".repeat(backslashes));
                part.push(letter);
                backslashes = 0;
            }
        }
    }
    part.push_str(&"\\".repeat(backslashes));
    (part, None)
}

/// The length of a drive letter with its colon. As in consul-template, something must follow.
fn drive_length(text: &str, drives: Drives) -> usize {
    match text.as_bytes() {
        [letter, b':', next, ..]
            if drives == Drives::Windows && letter.is_ascii_alphabetic() && *next != b':' =>
        {
            2
        }
        _ => 0,
    }
}

/// For fuzzing: a command is verbatim, and no part is blank.
#[doc(hidden)]
pub fn fuzz(text: &str) {
    for drives in [Drives::None, Drives::Windows] {
        if let Ok(TemplateArgument {
            source,
            destination,
            command,
        }) = parse(text, drives)
        {
            assert!(
                command
                    .as_ref()
                    .is_none_or(|command| text.ends_with(command)),
                "{text}"
            );
            let parts = [Some(source), destination, command];
            assert!(
                parts.iter().flatten().all(|part| !part.trim().is_empty()),
                "{text}"
            );
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    type Parts<'a> = (&'a str, Option<&'a str>, Option<&'a str>);

    fn check(drives: Drives, cases: &[(&str, Parts<'_>)]) {
        assert!(!cases.is_empty());
        for (text, (source, destination, command)) in cases {
            let expected = TemplateArgument {
                source: (*source).to_owned(),
                destination: destination.map(str::to_owned),
                command: command.map(str::to_owned),
            };
            assert_eq!(parse(text, drives), Ok(expected), "{text}");
        }
    }

    #[test]
    fn the_rows_of_consul_template_repaired() {
        check(
            Drives::None,
            &[
                ("in.tpl", ("in.tpl", None, None)),
                ("in.tpl:out", ("in.tpl", Some("out"), None)),
                (
                    "in.tpl:out:cmd a:b c",
                    ("in.tpl", Some("out"), Some("cmd a:b c")),
                ),
                ("in.tpl:out:", ("in.tpl", Some("out"), None)),
                (":in.tpl:out", ("in.tpl", Some("out"), None)),
                ("in.tpl::cmd", ("in.tpl", None, Some("cmd"))),
                (
                    "in.tpl:out:rsync h::m/x",
                    ("in.tpl", Some("out"), Some("rsync h::m/x")),
                ),
                ("a:b", ("a", Some("b"), None)),
                ("a:b:c", ("a", Some("b"), Some("c"))),
                ("in.tpl:b:cmd", ("in.tpl", Some("b"), Some("cmd"))),
                ("in.tpl:/o:5s:10s", ("in.tpl", Some("/o"), Some("5s:10s"))),
                (" in.tpl : out ", (" in.tpl ", Some(" out "), None)),
                ("in.tpl: :cmd", ("in.tpl", None, Some("cmd"))),
                ("in.tpl:out:  ", ("in.tpl", Some("out"), None)),
                ("in.tpl:", ("in.tpl", None, None)),
                (
                    "nginx.ctmpl:/etc/lp.conf:nginx -s reload",
                    ("nginx.ctmpl", Some("/etc/lp.conf"), Some("nginx -s reload")),
                ),
            ],
        );
    }

    #[test]
    fn a_backslash_takes_a_colon_literally_but_not_in_the_command() {
        check(
            Drives::None,
            &[
                (
                    r"in\:1.tpl:out\:2:echo a\:b",
                    ("in:1.tpl", Some("out:2"), Some(r"echo a\:b")),
                ),
                (r"a\\:b", (r"a\", Some("b"), None)),
                (r"a\\\:b", (r"a\:b", None, None)),
                (r"a\b:c\", (r"a\b", Some(r"c\"), None)),
                (r"\\host\share:out", (r"\\host\share", Some("out"), None)),
            ],
        );
    }

    #[test]
    fn drive_letters_are_for_windows() {
        check(
            Drives::Windows,
            &[
                (
                    r"C:\in.tpl:D:\out:cmd",
                    (r"C:\in.tpl", Some(r"D:\out"), Some("cmd")),
                ),
                ("a:b", ("a:b", None, None)),
                ("in.tpl:b:cmd", ("in.tpl", Some("b:cmd"), None)),
                ("in.tpl:out:c:d", ("in.tpl", Some("out"), Some("c:d"))),
            ],
        );
        check(
            Drives::None,
            &[(
                r"C:\in.tpl:D:\out:cmd",
                ("C", Some(r"\in.tpl"), Some(r"D:\out:cmd")),
            )],
        );
    }

    #[test]
    fn an_empty_template_argument_is_an_error() {
        let cases = ["", ":", "::", " ", " :out", "::: :x"];
        assert!(!cases.is_empty());
        for text in cases {
            assert_eq!(
                text.parse::<TemplateArgument>(),
                Err(TemplateArgumentError),
                "{text:?}"
            );
        }
        assert!(
            TemplateArgumentError
                .to_string()
                .starts_with("template: cannot be empty")
        );
    }

    /// What the documentation says about writing a part that has colons in it.
    fn escape(part: &str) -> String {
        let mut escaped = String::new();
        let mut backslashes = 0;
        for letter in part.chars() {
            if letter == ':' {
                escaped.push_str(&"\\".repeat(backslashes + 1));
            }
            backslashes = if letter == '\\' { backslashes + 1 } else { 0 };
            escaped.push(letter);
        }
        escaped + &"\\".repeat(backslashes)
    }

    proptest! {
        #[test]
        fn escaped_parts_read_back(
            source in r"[a-z\\: /]{0,12}x[a-z\\: ]{0,4}",
            destination in r"[a-z\\: /]{0,12}x[a-z\\: ]{0,4}",
            command in r"[a-z\\: ;&]{0,12}x\PC{0,6}",
        ) {
            let text = format!("{}:{}:{command}", escape(&source), escape(&destination));
            let expected = TemplateArgument { source, destination: Some(destination), command: Some(command) };
            prop_assert_eq!(parse(&text, Drives::None), Ok(expected));
        }

        #[test]
        fn any_parts_without_colon_or_backslash_need_no_escape(
            source in r"[^:\\]*[^:\\\s]", destination in r"[^:\\]*[^:\\\s]",
        ) {
            let expected = TemplateArgument {
                source: source.clone(), destination: Some(destination.clone()), command: None,
            };
            prop_assert_eq!(parse(&format!("{source}:{destination}"), Drives::None), Ok(expected));
        }

        #[test]
        fn no_text_is_too_strange(text in r"[:\\a ä]{0,12}", other in "\\PC*") {
            fuzz(&text);
            fuzz(&other);
        }
    }
}
