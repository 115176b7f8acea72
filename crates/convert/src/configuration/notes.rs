//! Collects notes about changes.

use std::sync::Arc;

use config_blocks::{Document, Origin, Span};

/// The prefix of ctmpl's comments.
const MARK: &str = "ctmpl migrate: ";

/// The notes and their document.
pub(super) struct Notes {
    document: Document,
    pub(super) all: Vec<String>,
    /// Whether nothing was omitted.
    pub(super) complete: bool,
}

impl Notes {
    pub(super) fn new(document: Document) -> Self {
        Self {
            document,
            all: Vec::new(),
            complete: true,
        }
    }

    /// Adds a note about a change, also as a comment.
    pub(super) fn note(&mut self, line: usize, path: &str, what: &str, comments: &mut Vec<String>) {
        let span = Span {
            document: self.document.clone(),
            line,
            key: path.to_owned(),
        };
        self.all
            .push(format!("{}: {what}", Origin::File(Arc::new(span))));
        let name = path.rsplit('.').next().unwrap_or_default();
        comments.push(format!("{MARK}{name}: {what}"));
    }

    /// Adds a note about an omitted key, also as a comment.
    pub(super) fn leave_out(
        &mut self,
        line: usize,
        path: &str,
        what: &str,
        comments: &mut Vec<String>,
    ) {
        self.complete = false;
        self.note(line, path, &format!("left out: {what}"), comments);
    }
}
