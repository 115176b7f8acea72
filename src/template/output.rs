//! A file that a template writes beside its own (`writeToFile`).
//!
//! A pass only collects them: they are written when what the template renders to is, and never if that is not.

use std::fmt;
use std::path::PathBuf;

/// One call of `writeToFile`.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Output {
    /// The file.
    pub path: PathBuf,
    /// Who it is to belong to, by name or number; empty: whoever it belongs to, or we.
    pub user: String,
    /// Its group, in the same way.
    pub group: String,
    /// Its permission bits.
    pub mode: u32,
    /// Whether the content is added to what the file holds.
    pub append: bool,
    /// What is written. May be secret: it is not part of the `Debug` form.
    pub content: String,
}

impl fmt::Debug for Output {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            path,
            user,
            group,
            mode,
            append,
            content,
        } = self;
        out.debug_struct("Output")
            .field("path", path)
            .field("user", user)
            .field("group", group)
            .field("mode", &format_args!("{mode:o}"))
            .field("append", append)
            .field("content", &format_args!("{} bytes", content.len()))
            .finish()
    }
}

impl Output {
    /// One for each file: what is written to a file in several steps is one content.
    #[must_use]
    pub fn merged(all: Vec<Self>) -> Vec<Self> {
        let mut merged: Vec<Self> = Vec::with_capacity(all.len());
        for output in all {
            match merged.iter_mut().find(|before| before.path == output.path) {
                Some(before) if output.append => {
                    let content = std::mem::take(&mut before.content) + &output.content;
                    *before = Self {
                        append: before.append,
                        content,
                        ..output
                    };
                }
                Some(before) => *before = output,
                None => merged.push(output),
            }
        }
        merged
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn output(path: &str, append: bool, content: &str) -> Output {
        let (user, group) = (String::new(), String::new());
        Output {
            path: path.into(),
            user,
            group,
            mode: 0o600,
            append,
            content: content.to_owned(),
        }
    }

    #[test]
    fn steps_to_one_file_are_one_content() {
        let steps = [
            ("a", true, "1"),
            ("b", false, "2"),
            ("a", true, "3"),
            ("b", true, "4"),
            ("c", true, "5"),
        ];
        let merged = Output::merged(
            steps
                .iter()
                .map(|(path, append, text)| output(path, *append, text))
                .collect(),
        );
        assert_eq!(
            merged,
            [
                output("a", true, "13"),
                output("b", false, "24"),
                output("c", true, "5")
            ]
        );
        let replaced = Output::merged(vec![
            output("a", true, "1"),
            Output {
                mode: 0o644,
                ..output("a", false, "2")
            },
        ]);
        assert_eq!(
            replaced,
            [Output {
                mode: 0o644,
                ..output("a", false, "2")
            }]
        );
    }

    #[test]
    fn the_content_is_not_in_the_debug_form() {
        let text = format!("{:?}", output("a", true, "hunter2"));
        assert!(
            text.contains("7 bytes") && !text.contains("hunter2"),
            "{text}"
        );
    }
}
