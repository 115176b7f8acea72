//! Writes whole lines to a file or a pipe.
//!
//! If an error truncates a line, the next line still starts on a new line.

use std::io::{self, ErrorKind, Write};
use std::thread::sleep;
use std::time::Duration;

/// The pause before a retry. Standard error may be non-blocking, because another process has set it
/// so.
const RETRY_PAUSE: Duration = Duration::from_millis(10);

/// A writer of lines.
pub(crate) struct Lines<W> {
    to: W,
    /// Whether the last line was written only in part.
    torn: bool,
}

impl<W: Write> Lines<W> {
    pub(crate) fn new(to: W) -> Self {
        Self { to, torn: false }
    }

    /// Writes a line that ends with a newline; blocks until it is written.
    pub(crate) fn write(&mut self, line: &str) -> io::Result<()> {
        if self.torn {
            self.write_all(b"\n").1?;
            self.torn = false;
        }
        let (written, result) = self.write_all(line.as_bytes());
        self.torn = result.is_err() && written > 0;
        result
    }

    fn write_all(&mut self, bytes: &[u8]) -> (usize, io::Result<()>) {
        let mut written = 0;
        while written < bytes.len() {
            match self.to.write(&bytes[written..]) {
                Ok(0) => return (written, Err(ErrorKind::WriteZero.into())),
                Ok(count) => written += count,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) if error.kind() == ErrorKind::WouldBlock => sleep(RETRY_PAUSE),
                Err(error) => return (written, Err(error)),
            }
        }
        (written, Ok(()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A disk with room for this many bytes.
    struct Disk {
        content: Vec<u8>,
        room: usize,
    }

    impl Write for &mut Disk {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            let count = bytes.len().min(self.room);
            self.room -= count;
            self.content.extend_from_slice(&bytes[..count]);
            if count == 0 {
                Err(ErrorKind::StorageFull.into())
            } else {
                Ok(count)
            }
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn after_a_torn_line_the_next_line_starts_on_its_own_line() {
        let mut disk = Disk {
            content: Vec::new(),
            room: 6,
        };
        let mut lines = Lines::new(&mut disk);
        assert!(lines.write("one\n").is_ok());
        assert!(lines.write("two\n").is_err());
        assert!(lines.write("three\n").is_err());
        lines.to.room = 100;
        assert!(lines.write("four\n").is_ok());
        assert_eq!(String::from_utf8_lossy(&disk.content), "one\ntw\nfour\n");
    }
}
