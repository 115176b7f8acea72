//! The rate limit for logged lines of a command.
//!
//! Input: the time of each line. Output: whether it is logged. The number of dropped lines is logged
//! when the next line is, and at the end of the command.

use std::time::{Duration, Instant};

/// The number of lines that are logged without a pause.
const BURST: u32 = 500;

/// The time after which one more line is logged.
const INTERVAL: Duration = Duration::from_millis(20);

/// What happens to a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    Log,
    Drop,
}

/// The limit of one command.
#[derive(Debug)]
pub(super) struct LineLimit {
    command: String,
    /// The number of lines that may be logged now.
    free: u32,
    /// The time since which `free` counts.
    since: Instant,
    dropped: u64,
}

impl LineLimit {
    /// Creates the limit of a command, which is shown as `command`.
    pub(super) fn new(command: String, now: Instant) -> Self {
        Self {
            command,
            free: BURST,
            since: now,
            dropped: 0,
        }
    }

    /// The command.
    pub(super) fn command(&self) -> &str {
        &self.command
    }

    /// Returns what happens to a line that arrives now.
    pub(super) fn on_line(&mut self, now: Instant) -> Verdict {
        let elapsed = now.saturating_duration_since(self.since);
        let gained = u32::try_from(elapsed.as_millis() / INTERVAL.as_millis()).unwrap_or(BURST);
        if gained > 0 {
            self.free = self.free.saturating_add(gained).min(BURST);
            self.since = if self.free == BURST {
                now
            } else {
                self.since + INTERVAL * gained
            };
        }
        if self.free == 0 {
            self.dropped += 1;
            return Verdict::Drop;
        }
        self.free -= 1;
        self.report_dropped();
        Verdict::Log
    }

    fn report_dropped(&mut self) {
        let (count, command) = (std::mem::take(&mut self.dropped), &self.command);
        if count > 0 {
            tracing::warn!(
                name: "command.output_dropped", target: "command", command, count,
                "too much output: {count} lines were not logged command={command}"
            );
        }
    }
}

impl Drop for LineLimit {
    fn drop(&mut self) {
        self.report_dropped();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_burst_is_logged_and_then_a_line_per_interval() {
        let begin = Instant::now();
        let mut limit = LineLimit::new("c".to_owned(), begin);
        let logged = (0..2 * BURST).filter(|_| limit.on_line(begin) == Verdict::Log);
        assert_eq!(u32::try_from(logged.count()), Ok(BURST));
        assert_eq!(limit.dropped, u64::from(BURST));

        let later = begin + INTERVAL * 2;
        let verdicts = [(); 3].map(|()| limit.on_line(later));
        assert_eq!(verdicts, [Verdict::Log, Verdict::Log, Verdict::Drop]);
        assert_eq!(limit.dropped, 1, "the earlier count was reported");

        let rested = later + Duration::from_secs(3600);
        let logged = (0..2 * BURST).filter(|_| limit.on_line(rested) == Verdict::Log);
        assert_eq!(u32::try_from(logged.count()), Ok(BURST));
    }
}
