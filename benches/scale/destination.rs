//! Follows a rendered file.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::PathBuf;
use std::time::{Duration, Instant};

/// The interval between two looks at the file. It bounds the error of a latency.
const INTERVAL: Duration = Duration::from_micros(300);

/// A file, and its last text.
pub(crate) struct Destination {
    path: PathBuf,
    /// Inode, size and time of change of the last text.
    version: Option<(u64, u64, i64, i64)>,
    text: String,
}

impl Destination {
    pub(crate) fn new(path: PathBuf) -> Self {
        Self {
            path,
            version: None,
            text: String::new(),
        }
    }

    /// Reads the file if it has changed. Returns `true` if it has a new text.
    pub(crate) fn refresh(&mut self) -> bool {
        let Ok(state) = fs::metadata(&self.path) else {
            return false;
        };
        let version = (state.ino(), state.size(), state.mtime(), state.mtime_nsec());
        if self.version == Some(version) {
            return false;
        }
        let Ok(text) = fs::read_to_string(&self.path) else {
            return false;
        };
        self.version = Some(version);
        self.text = text;
        true
    }

    pub(crate) fn text(&self) -> &str {
        &self.text
    }

    /// Waits until the text fulfils a condition. Returns `false` if it does not within `limit`.
    pub(crate) fn wait_until(&mut self, limit: Duration, holds: impl Fn(&str) -> bool) -> bool {
        let begun = Instant::now();
        if holds(&self.text) {
            return true;
        }
        while begun.elapsed() < limit {
            if self.refresh() && holds(&self.text) {
                return true;
            }
            std::thread::sleep(INTERVAL);
        }
        false
    }
}
