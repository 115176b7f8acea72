//! A source whose answers are written down in advance.

use super::*;

/// A source that answers from a list and records the polls with their times. The last entry repeats
/// forever.
#[derive(Clone)]
pub(super) struct Script(Arc<Mutex<State>>);

struct State {
    lines: VecDeque<Line>,
    polls: Vec<(Duration, Poll)>,
    begun: Instant,
    servers: usize,
    blocking: usize,
    most_blocking: usize,
}

#[derive(Clone)]
pub(super) enum Line {
    /// Answers with this text and index after this time.
    Answers(Duration, &'static str, u64),
    /// The same, from a server whose last contact with the leader was this long ago.
    AnswersStale(Duration, &'static str, u64, Duration),
    /// Answers with this text and index after the poll has blocked for its whole wait.
    Blocks(&'static str, u64),
    /// Fails as in an outage.
    Down,
    /// Denies the query.
    Denied,
    /// Fails with an error of this query alone.
    Unknown,
    /// Answers with a web page.
    Page,
    /// Another server answers with this status and text.
    Strange(u16, &'static str),
    /// Refuses because of too many requests.
    Throttled,
    /// Exceeds the client's limit after this time.
    Idle(Duration),
}

pub(super) const NOW: Duration = Duration::ZERO;

impl Script {
    pub(super) fn new(lines: impl IntoIterator<Item = Line>) -> Self {
        Self::with_servers(1, lines)
    }

    pub(super) fn with_servers(servers: usize, lines: impl IntoIterator<Item = Line>) -> Self {
        let lines = lines.into_iter().collect();
        Self(Arc::new(Mutex::new(State {
            lines,
            polls: Vec::new(),
            begun: Instant::now(),
            servers,
            blocking: 0,
            most_blocking: 0,
        })))
    }

    pub(super) fn polls(&self) -> Vec<(Duration, Poll)> {
        self.0.lock().unwrap().polls.clone()
    }

    /// The largest number of polls that have blocked at the same time.
    pub(super) fn most_blocking(&self) -> usize {
        self.0.lock().unwrap().most_blocking
    }

    pub(super) fn replace(&self, lines: impl IntoIterator<Item = Line>) {
        self.0.lock().unwrap().lines = lines.into_iter().collect();
    }

    fn next(&self, poll: Poll) -> Line {
        let mut state = self.0.lock().unwrap();
        let at = state.begun.elapsed();
        state.polls.push((at, poll));
        assert!(state.polls.len() < 100_000, "polls in a tight loop");
        if state.lines.len() > 1 {
            state.lines.pop_front().unwrap()
        } else {
            state.lines[0].clone()
        }
    }
}

impl Source for Script {
    type Query = ConsulQuery;

    fn servers(&self) -> usize {
        self.0.lock().unwrap().servers
    }

    fn preferred(&self) -> usize {
        0
    }

    async fn poll(&self, _: &ConsulQuery, poll: Poll) -> Result<Reply, Error> {
        let server = "a.test:8500".to_owned();
        let status = |status, message: &str| Error::Status {
            server: "a.test:8500".to_owned(),
            status,
            message: message.to_owned(),
            retry_after: None,
        };
        let (after, value, index, late) = match self.next(poll) {
            Line::Answers(after, value, index) => (after, value, index, NOW),
            Line::AnswersStale(after, value, index, late) => (after, value, index, late),
            Line::Blocks(value, index) => {
                {
                    let mut state = self.0.lock().unwrap();
                    state.blocking += 1;
                    state.most_blocking = state.most_blocking.max(state.blocking);
                }
                sleep(poll.wait).await;
                self.0.lock().unwrap().blocking -= 1;
                (NOW, value, index, NOW)
            }
            Line::Down => {
                return Err(Error::Unreachable {
                    server,
                    reason: "refused".to_owned(),
                });
            }
            Line::Unknown => return Err(status(400, "Invalid")),
            Line::Page => {
                return Err(Error::Unreadable {
                    server,
                    reason: "line 1".to_owned(),
                });
            }
            Line::Strange(code, text) => {
                return Err(crate::source::consul::error_for(code, text));
            }
            Line::Denied => return Err(status(403, "Permission denied")),
            Line::Throttled => return Err(status(429, "Too many requests")),
            Line::Idle(limit) => {
                sleep(limit).await;
                return Err(Error::TimedOut {
                    server,
                    blocking: true,
                });
            }
        };
        sleep(after).await;
        Ok(Reply {
            answer: Answer::Datacenters(vec![value.to_owned()]),
            index: Some(index),
            last_contact: late,
            is_filtered: false,
            bytes: 0,
        })
    }
}
