//! The outlet on standard error.

use std::io;

use crate::layout::Layout;
use crate::lines::Lines;
use crate::queue::Sink;
use crate::record::Record;

/// Standard error with a line format.
pub(crate) struct StandardError {
    layout: Layout,
    lines: Lines<io::Stderr>,
    line: String,
}

impl StandardError {
    pub(crate) fn new(layout: Layout) -> Self {
        Self {
            layout,
            lines: Lines::new(io::stderr()),
            line: String::new(),
        }
    }
}

impl Sink for StandardError {
    fn write(&mut self, record: &Record) -> io::Result<()> {
        self.line.clear();
        self.layout.push(&mut self.line, record);
        self.lines.write(&self.line)
    }
}
