//! Checks that a text parses as JSON, YAML, TOML or INI, before it is written to a file.
//!
//! Input: a text and the expected format. Output: an error with the line and the reason, which
//! never quotes the text.

use crate::format::OutputFormat;

/// Replaces parser messages that may quote the text, because it may be secret.
const UNREADABLE: &str = "it cannot be parsed";

/// Parses a text.
///
/// # Errors
/// A sentence with the line and the reason. It contains nothing of the text.
pub fn check(expected: OutputFormat, text: &str) -> Result<(), String> {
    let (name, wrong) = match expected {
        OutputFormat::Json => ("JSON", json(text)),
        OutputFormat::Yaml => ("YAML", yaml(text)),
        OutputFormat::Toml => ("TOML", toml(text)),
        OutputFormat::Ini => ("INI", ini(text)),
    };
    match wrong {
        None => Ok(()),
        Some(Wrong {
            line: Some(line),
            why,
        }) => Err(format!("the output is not {name}: line {line}: {why}")),
        Some(Wrong { line: None, why }) => Err(format!("the output is not {name}: {why}")),
    }
}

/// A parse error: its reason and line.
struct Wrong {
    line: Option<usize>,
    why: String,
}

fn json(text: &str) -> Option<Wrong> {
    let error = serde_json::from_str::<serde::de::IgnoredAny>(text).err()?;
    // All values are ignored, so the message is about syntax and quotes no value.
    let why = error.to_string();
    let why = why
        .split(" at line ")
        .next()
        .unwrap_or(UNREADABLE)
        .to_owned();
    Some(Wrong {
        line: Some(error.line()).filter(|line| *line > 0),
        why,
    })
}

fn yaml(text: &str) -> Option<Wrong> {
    let budget = serde_saphyr::budget! {
        max_events: usize::MAX,
        max_nodes: usize::MAX,
        max_documents: usize::MAX,
        max_merge_keys: usize::MAX,
    };
    // The size is unlimited; only depth and aliases are limited.
    let options = serde_saphyr::options! { budget: budget };
    let error =
        serde_saphyr::from_multiple_with_options::<serde::de::IgnoredAny>(text, options).err()?;
    // The parser's message may quote the text.
    let line = error
        .location()
        .and_then(|location| usize::try_from(location.line()).ok());
    Some(Wrong {
        line,
        why: UNREADABLE.to_owned(),
    })
}

fn toml(text: &str) -> Option<Wrong> {
    let error = toml::from_str::<toml::Table>(text).err()?;
    // The parser's message may quote a key.
    let line = error
        .span()
        .and_then(|span| text.get(..span.start))
        .map(|before| 1 + before.matches('\n').count());
    Some(Wrong {
        line,
        why: UNREADABLE.to_owned(),
    })
}

/// Checks INI: sections in brackets, settings with `=` or `:`, comments after `;` or `#`. An
/// indented line continues the previous one.
fn ini(text: &str) -> Option<Wrong> {
    let mut setting = false;
    for (index, line) in text.lines().enumerate() {
        let wrong = |why: &str| {
            Some(Wrong {
                line: Some(index + 1),
                why: why.to_owned(),
            })
        };
        if line.contains('\0') {
            return wrong("there is a NUL in it");
        }
        let indented = line.starts_with([' ', '\t']);
        let line = line.trim();
        if line.is_empty() || line.starts_with([';', '#']) || indented && setting {
            continue;
        }
        if let Some(section) = line.strip_prefix('[') {
            let name = section
                .split_once(']')
                .map(|(name, rest)| (name.trim(), rest.trim()));
            match name {
                Some((name, rest))
                    if !name.is_empty() && (rest.is_empty() || rest.starts_with([';', '#'])) => {}
                _ => return wrong("a section is written [name]"),
            }
            setting = false;
        } else {
            match line.split_once(['=', ':']) {
                Some((name, _)) if !name.trim().is_empty() => setting = true,
                _ => return wrong("neither a section nor a setting: name = value"),
            }
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_well_formed_text_passes() {
        let cases = [
            (OutputFormat::Json, "{\"a\": [1, null]}\n"),
            (OutputFormat::Json, "\"x\""),
            (OutputFormat::Yaml, "a: 1\nb: [x, y]\n"),
            (OutputFormat::Yaml, "a: 1\n---\nb: 2\n"),
            (OutputFormat::Yaml, "- a\n- b: |\n    text\n"),
            (OutputFormat::Yaml, "a: &x {k: 1}\nb: *x\n"),
            (OutputFormat::Yaml, "# nothing\n"),
            (OutputFormat::Toml, "a = 1\n[b]\nc = \"x\"\n"),
            (OutputFormat::Toml, ""),
            (
                OutputFormat::Ini,
                "; c\n# c\n[s]\na = 1\n  more\nb: 2 = 3\n[t] ; c\nempty =\n",
            ),
            (OutputFormat::Ini, "a=1"),
        ];
        assert!(!cases.is_empty());
        for (format, text) in cases {
            assert_eq!(check(format, text), Ok(()), "{text}");
        }
    }

    #[test]
    #[expect(clippy::too_many_lines, reason = "a table of cases")]
    fn an_error_names_the_line_and_never_quotes_the_text() {
        let cases = [
            (
                OutputFormat::Json,
                "",
                "the output is not JSON: line 1: EOF while parsing a value",
            ),
            (
                OutputFormat::Json,
                "{\n\"secret\": secret}",
                "the output is not JSON: line 2: expected value",
            ),
            (
                OutputFormat::Json,
                "[1] [2]",
                "the output is not JSON: line 1: trailing characters",
            ),
            (
                OutputFormat::Json,
                "{\"a\": 1,}",
                "the output is not JSON: line 1: key must be a string",
            ),
            (
                OutputFormat::Yaml,
                "a: 1\nb: [secret\nc: 2\n",
                "the output is not YAML: line 3: it cannot be parsed",
            ),
            (
                OutputFormat::Yaml,
                "a: b: secret\n",
                "the output is not YAML: line 1: it cannot be parsed",
            ),
            (
                OutputFormat::Toml,
                "a = 1\nb = secret\n",
                "the output is not TOML: line 2: it cannot be parsed",
            ),
            (
                OutputFormat::Toml,
                "secret = 1\nsecret = 2\n",
                "the output is not TOML: line 2: it cannot be parsed",
            ),
            (
                OutputFormat::Ini,
                "a = 1\n[s",
                "the output is not INI: line 2: a section is written [name]",
            ),
            (
                OutputFormat::Ini,
                "[]",
                "the output is not INI: line 1: a section is written [name]",
            ),
            (
                OutputFormat::Ini,
                "[s]\nsecret\n",
                "the output is not INI: line 2: neither a section nor a setting: name = value",
            ),
            (
                OutputFormat::Ini,
                " = x",
                "the output is not INI: line 1: neither a section nor a setting: name = value",
            ),
            (
                OutputFormat::Ini,
                "a = \0",
                "the output is not INI: line 1: there is a NUL in it",
            ),
        ];
        assert!(!cases.is_empty());
        for (format, text, wanted) in cases {
            assert_eq!(check(format, text), Err(wanted.to_owned()), "{text}");
        }
    }
}
