//! Decides what to send to systemd after a change of the status.

use std::time::Duration;

use super::status::Status;
use crate::report::Phase;

/// The last status that was sent.
#[derive(Debug, Default)]
pub(super) struct Notices {
    last: Option<Status>,
}

impl Notices {
    /// The message for a status, if it differs from the last one. `monotonic` is the time of the monotonic clock.
    pub(super) fn next(&mut self, mut status: Status, monotonic: Duration) -> Option<String> {
        if status.phase == Phase::Starting
            && self
                .last
                .as_ref()
                .is_some_and(|last| last.phase != Phase::Starting)
        {
            // After a reload with new templates that wait for data, the daemon still serves the others: it stays ready.
            status.phase = Phase::Ready;
        }
        let last = self.last.as_ref();
        let last_phase = last.map_or(Phase::Starting, |last| last.phase);
        let mut lines = Vec::new();
        match status.phase {
            same if same == last_phase => {}
            Phase::Starting => {}
            Phase::Ready => lines.push("READY=1".to_owned()),
            Phase::Reloading => {
                lines.push("RELOADING=1".to_owned());
                lines.push(format!("MONOTONIC_USEC={}", monotonic.as_micros()));
            }
            Phase::Ending => lines.push("STOPPING=1".to_owned()),
        }
        if last.is_none_or(|last| last.line != status.line) {
            let one_line: String = status
                .line
                .chars()
                .map(|letter| if letter.is_control() { ' ' } else { letter })
                .collect();
            lines.push(format!("STATUS={one_line}"));
        }
        self.last = Some(status);
        (!lines.is_empty()).then(|| lines.join("\n"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_change_of_phase_or_status_is_sent_once() {
        let mut notices = Notices::default();
        let clock = Duration::from_micros(42);
        for (phase, text, expected) in [
            (Phase::Starting, "0 of 1", Some("STATUS=0 of 1")),
            (Phase::Starting, "0 of 1", None),
            (
                Phase::Ready,
                "1\nREADY=0",
                Some("READY=1\nSTATUS=1 READY=0"),
            ),
            (Phase::Ready, "1\nREADY=0", None),
            (Phase::Ready, "trouble", Some("STATUS=trouble")),
            (
                Phase::Reloading,
                "trouble",
                Some("RELOADING=1\nMONOTONIC_USEC=42"),
            ),
            (Phase::Reloading, "trouble", None),
            (Phase::Ready, "1", Some("READY=1\nSTATUS=1")),
            (Phase::Ending, "1", Some("STOPPING=1")),
            (Phase::Ending, "1", None),
        ] {
            let status = Status {
                phase,
                line: text.to_owned(),
            };
            assert_eq!(
                notices.next(status, clock).as_deref(),
                expected,
                "{phase:?} {text}"
            );
        }
    }
}
