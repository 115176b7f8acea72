//! Decides which notification a change of the state needs.

use std::time::Duration;

/// The state of the service.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// The service is starting. After a reload, `Starting` means that the reload is finished; the
    /// service stays ready.
    Starting,
    /// The service is ready.
    Ready,
    /// The service reloads its configuration.
    Reloading,
    /// The service shuts down.
    Stopping,
}

/// The state and the status line that were sent last.
#[derive(Debug, Default)]
pub(crate) struct Notices {
    last: Option<(State, String)>,
}

impl Notices {
    /// Returns the notification for a state and a status line, or `None` if both are unchanged.
    /// `monotonic` is the time of the monotonic clock.
    pub(crate) fn next(
        &mut self,
        mut state: State,
        status: &str,
        monotonic: Duration,
    ) -> Option<String> {
        let last = self.last.as_ref();
        let last_state = last.map_or(State::Starting, |(state, _)| *state);
        if state == State::Starting && last_state != State::Starting {
            state = State::Ready;
        }
        let mut lines = Vec::new();
        match state {
            same if same == last_state => {}
            State::Starting => {}
            State::Ready => lines.push("READY=1".to_owned()),
            State::Reloading => {
                lines.push("RELOADING=1".to_owned());
                lines.push(format!("MONOTONIC_USEC={}", monotonic.as_micros()));
            }
            State::Stopping => lines.push("STOPPING=1".to_owned()),
        }
        if last.is_none_or(|(_, last_status)| last_status != status) {
            let one_line: String = status
                .chars()
                .map(|letter| if letter.is_control() { ' ' } else { letter })
                .collect();
            lines.push(format!("STATUS={one_line}"));
        }
        self.last = Some((state, status.to_owned()));
        (!lines.is_empty()).then(|| lines.join("\n"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_change_of_state_or_status_is_sent_once() {
        let mut notices = Notices::default();
        let clock = Duration::from_micros(42);
        for (state, status, expected) in [
            (State::Starting, "0 of 1", Some("STATUS=0 of 1")),
            (State::Starting, "0 of 1", None),
            (
                State::Ready,
                "1\nREADY=0",
                Some("READY=1\nSTATUS=1 READY=0"),
            ),
            (State::Ready, "1\nREADY=0", None),
            (State::Ready, "trouble", Some("STATUS=trouble")),
            (
                State::Reloading,
                "trouble",
                Some("RELOADING=1\nMONOTONIC_USEC=42"),
            ),
            (State::Reloading, "trouble", None),
            (State::Ready, "1", Some("READY=1\nSTATUS=1")),
            (State::Starting, "1", None),
            (State::Stopping, "1", Some("STOPPING=1")),
            (State::Stopping, "1", None),
        ] {
            assert_eq!(
                notices.next(state, status, clock).as_deref(),
                expected,
                "{state:?} {status}"
            );
        }
    }
}
