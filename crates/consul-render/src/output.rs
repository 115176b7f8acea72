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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_content_is_not_in_the_debug_form() {
        let output = Output {
            path: "a".into(),
            user: String::new(),
            group: String::new(),
            mode: 0o600,
            append: true,
            content: "hunter2".into(),
        };
        let text = format!("{output:?}");
        assert!(
            text.contains("7 bytes") && !text.contains("hunter2"),
            "{text}"
        );
    }
}
