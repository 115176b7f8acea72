//! Errors in templates, with their place.
//!
//! Input: a message, the name of the file, its text and a place in it. Output: a [`TemplateError`],
//! which prints the place with its source line and, if there is one, a hint.
//!
//! ```text
//! nginx.ctmpl:4:13: can't evaluate field Adress in type *dependency.HealthService
//!   4 |   server {{ .Adress }};
//!     |             ^
//! in line 3: range service "web"
//! hint: did you mean .Address?
//! ```

use std::fmt;
use std::path::PathBuf;

/// A place in a template. Lines and columns count from 1; columns are characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Place {
    /// The line.
    pub line: u32,
    /// The column; 0 if it is unknown.
    pub column: u32,
}

impl Place {
    /// The place of a byte in a text.
    #[must_use]
    pub(crate) fn of_byte(source: &str, byte: usize) -> Self {
        let before = source.get(..byte).unwrap_or(source);
        let line_start = before.rfind('\n').map_or(0, |at| at + 1);
        let counted = |count: usize| u32::try_from(count + 1).unwrap_or(u32::MAX);
        Self {
            line: counted(before.matches('\n').count()),
            column: counted(before[line_start..].chars().count()),
        }
    }
}

/// An error in a template. It never contains values of keys or variables.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TemplateError {
    /// The file, or the name of a template in the configuration.
    pub name: String,
    /// The place; `None` for the whole template.
    pub place: Option<Place>,
    /// The message.
    pub message: String,
    /// A hint: the probable intention, or a remedy.
    pub hint: Option<Box<str>>,
    /// The files that were read. A change of one of them causes another attempt.
    pub sources: Vec<PathBuf>,
    /// The source line with a caret, and the enclosing part of the template.
    excerpt: Option<Box<str>>,
}

/// The maximum width of an excerpt, in characters. Longer lines are cut around the place.
const MAX_WIDTH: usize = 120;

impl TemplateError {
    /// Creates an error for a whole template.
    #[must_use]
    pub fn whole(name: &str, message: impl Into<String>) -> Self {
        let (place, hint, excerpt) = (None, None, None);
        Self {
            name: name.to_owned(),
            place,
            message: message.into(),
            hint,
            sources: Vec::new(),
            excerpt,
        }
    }

    /// Creates an error at a place in the source of a template.
    #[must_use]
    pub fn at(name: &str, source: &str, place: Place, message: impl Into<String>) -> Self {
        Self {
            place: Some(place),
            excerpt: excerpt(source, place),
            ..Self::whole(name, message)
        }
    }

    /// Adds the enclosing part of the template, for example `line 3: range service "web"`.
    #[must_use]
    pub fn within(self, within: Option<String>) -> Self {
        let Some(within) = within else { return self };
        let excerpt = self
            .excerpt
            .map(|excerpt| format!("{excerpt}\n"))
            .unwrap_or_default();
        Self {
            excerpt: Some(format!("{excerpt}in {within}").into()),
            ..self
        }
    }

    /// Sets the hint.
    #[must_use]
    pub fn with_hint(self, hint: Option<String>) -> Self {
        Self {
            hint: hint.map(String::into_boxed_str),
            ..self
        }
    }

    /// Sets the files that were read.
    #[must_use]
    pub fn with_sources(self, sources: Vec<PathBuf>) -> Self {
        Self { sources, ..self }
    }
}

/// Formats the line of a place, with a caret below the column.
fn excerpt(source: &str, place: Place) -> Option<Box<str>> {
    let (line, column) = (
        usize::try_from(place.line).ok()?,
        usize::try_from(place.column).ok()?,
    );
    let text = source.lines().nth(line.checked_sub(1)?)?;
    let number = line.to_string();
    let skipped = if column > MAX_WIDTH {
        column - MAX_WIDTH / 2
    } else {
        0
    };
    let shown: String = text
        .chars()
        .skip(skipped)
        .take(MAX_WIDTH)
        .map(visible)
        .collect();
    let excerpt = format!("  {number} | {shown}");
    let Some(before) = column.checked_sub(1 + skipped) else {
        return Some(excerpt.into());
    };
    // Keep tabs, so that the caret is below its column.
    let padding: String = shown
        .chars()
        .take(before)
        .map(|c| if c == '\t' { '\t' } else { ' ' })
        .collect();
    Some(
        format!(
            "{excerpt}\n  {:width$} | {padding}^",
            "",
            width = number.len()
        )
        .into(),
    )
}

/// Replaces a control character, which a terminal might interpret.
fn visible(c: char) -> char {
    if c.is_control() && c != '\t' {
        '\u{fffd}'
    } else {
        c
    }
}

impl fmt::Display for TemplateError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.name)?;
        match self.place {
            Some(Place { line, column: 0 }) => write!(f, ":{line}")?,
            Some(Place { line, column }) => write!(f, ":{line}:{column}")?,
            None => {}
        }
        write!(f, ": {}", self.message)?;
        if let Some(excerpt) = &self.excerpt {
            write!(f, "\n{excerpt}")?;
        }
        if let Some(hint) = &self.hint {
            write!(f, "\nhint: {hint}")?;
        }
        Ok(())
    }
}

impl std::error::Error for TemplateError {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shows_the_place() {
        let source = "server {\n\t{{ range servce \"web\" }}\n";
        let error = TemplateError::at(
            "nginx.ctmpl",
            source,
            Place {
                line: 2,
                column: 11,
            },
            "no such function",
        )
        .with_hint(Some("did you mean \"service\"?".into()));
        insta::assert_snapshot!(error, @r#"
        nginx.ctmpl:2:11: no such function
          2 | 	{{ range servce "web" }}
            | 	         ^
        hint: did you mean "service"?
        "#);
    }

    #[test]
    fn a_line_without_column_has_no_caret() {
        let error = TemplateError::at("a", "x\ny", Place { line: 2, column: 0 }, "wrong");
        insta::assert_snapshot!(error, @r"
        a:2: wrong
          2 | y
        ");
    }

    #[test]
    fn a_long_line_is_cut_around_the_place() {
        let source = format!("{}{{{{ wrong }}}}{}", "a".repeat(500), "b".repeat(500));
        let error = TemplateError::at(
            "a",
            &source,
            Place {
                line: 1,
                column: 504,
            },
            "wrong",
        );
        insta::assert_snapshot!(error, @r"
        a:1:504: wrong
          1 | aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa{{ wrong }}bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb
            |                                                            ^
        ");
    }

    #[test]
    fn places_past_the_end_are_accepted() {
        for place in [
            Place { line: 0, column: 0 },
            Place { line: 9, column: 9 },
            Place {
                line: 1,
                column: 99,
            },
        ] {
            assert!(
                TemplateError::at("a", "x", place, "wrong")
                    .to_string()
                    .contains("wrong")
            );
        }
        assert_eq!(Place::of_byte("aé\nb", 4), Place { line: 2, column: 1 });
        assert_eq!(Place::of_byte("aéb", 3), Place { line: 1, column: 3 });
        assert_eq!(Place::of_byte("a", 77), Place { line: 1, column: 2 });
    }
}
