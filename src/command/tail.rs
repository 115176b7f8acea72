//! The last lines of the output of a command, for the message about its failure.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use super::redact::Redactor;

/// The number of lines that are kept.
const LINES: usize = 10;

/// The maximum length of a line, in characters.
const LINE_LEN: usize = 400;

/// The last lines. Clones share them.
#[derive(Clone, Debug)]
pub(super) struct Tail(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    redactor: Redactor,
    lines: Mutex<VecDeque<String>>,
}

impl Tail {
    pub(super) fn new(redactor: Redactor) -> Self {
        Self(Arc::new(Shared {
            redactor,
            lines: Mutex::default(),
        }))
    }

    /// Adds a line.
    pub(super) fn push(&self, line: &str) {
        let line = self.0.redactor.redact(line);
        let line = match line.char_indices().nth(LINE_LEN) {
            Some((end, _)) => format!("{}…", &line[..end]),
            None => line,
        };
        let mut lines = self.0.lines.lock().unwrap_or_else(PoisonError::into_inner);
        if lines.len() == LINES {
            lines.pop_front();
        }
        lines.push_back(line);
    }

    /// Removes and returns the lines.
    pub(super) fn take(&self) -> Vec<String> {
        let mut lines = self.0.lines.lock().unwrap_or_else(PoisonError::into_inner);
        std::mem::take(&mut *lines).into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_lines_are_kept_without_secrets() {
        let exports = [("CONSUL_HTTP_TOKEN".to_owned(), "s3cret".into())];
        let tail = Tail::new(Redactor::new(&exports));
        for number in 0..30 {
            tail.push(&format!("line {number} of s3cret"));
        }
        tail.push(&"é".repeat(1000));
        let lines = tail.take();
        assert_eq!(lines.len(), LINES);
        assert_eq!(lines[8], "line 29 of ***");
        assert_eq!(lines[9], format!("{}…", "é".repeat(LINE_LEN)));
        assert!(tail.take().is_empty());
    }
}
