//! The additional files that a template writes (`writeToFile`).
//!
//! A pass only collects these files. They are written together with the destination of the
//! template, and never without it.

use std::fmt;
use std::path::PathBuf;

/// One call of `writeToFile`.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Output {
    /// The file.
    pub path: PathBuf,
    /// The owner, by name or number; empty: the owner of an existing file is kept.
    pub user: String,
    /// The group, in the same form.
    pub group: String,
    /// The permission bits.
    pub mode: u32,
    /// `true` to append the content to the file.
    pub append: bool,
    /// The content. It may be secret, so the `Debug` form shows only its length.
    pub content: Vec<u8>,
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
    /// Merges the calls that write to the same file, so that each file occurs once.
    #[must_use]
    pub fn merged(all: Vec<Self>) -> Vec<Self> {
        let mut merged: Vec<Self> = Vec::with_capacity(all.len());
        for output in all {
            match merged.iter_mut().find(|before| before.path == output.path) {
                Some(before) if output.append => {
                    let mut content = std::mem::take(&mut before.content);
                    content.extend_from_slice(&output.content);
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
            content: content.into(),
        }
    }

    #[test]
    fn several_writes_to_one_file_are_merged() {
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
