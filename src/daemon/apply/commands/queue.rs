//! The order of commands: what delays a command that is due.

use std::time::{Duration, Instant};

use ctmpl_options::config::resolved::Mode;
use group_apply::options::GroupConfig;

/// At startup, a command waits this long for templates with the same command that are not written
/// yet, so that they share one run.
pub(crate) const STARTUP_BATCH_WINDOW: Duration = Duration::from_secs(1);

/// The time after which a running command does not delay the next one any more.
pub(crate) const ORDER_WINDOW: Duration = Duration::from_secs(2);

/// What delays due commands.
#[derive(Clone, Copy, Debug)]
pub(super) struct Queue {
    /// At the start, a command waits for the templates of its group.
    batch: Option<Hold>,
    /// A command waits for the one before.
    ahead: Option<Hold>,
}

/// The end of a delay.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Hold {
    Until(Instant),
    UntilEvent,
}

impl Hold {
    fn is_open(self, now: Instant) -> bool {
        self.until().is_none_or(|until| now < until)
    }

    pub(super) fn until(self) -> Option<Instant> {
        match self {
            Self::Until(until) => Some(until),
            Self::UntilEvent => None,
        }
    }
}

impl Queue {
    /// `begun`: the start of the process; `None` during shutdown. `ahead`: the starts of the commands
    /// that run.
    pub(super) fn new(
        mode: Mode,
        begun: Option<Instant>,
        ahead: impl Iterator<Item = Instant>,
        now: Instant,
    ) -> Self {
        let hold = |since: Instant, window| match mode {
            Mode::Daemon => Hold::Until(since + window),
            Mode::Once { .. } => Hold::UntilEvent,
        };
        let batch = begun.map(|begun| hold(begun, STARTUP_BATCH_WINDOW));
        let ahead = ahead.map(|begun| hold(begun, ORDER_WINDOW));
        Self {
            batch: batch.filter(|batch| batch.is_open(now)),
            ahead: ahead.filter(|ahead| ahead.is_open(now)).max(),
        }
    }

    /// Returns the end of the delay of a group; `None`: it is not delayed. `waits` returns `true` if
    /// the first write of a template of the group is outstanding.
    pub(super) fn hold(
        self,
        group: &GroupConfig,
        waits: impl Fn(&GroupConfig) -> bool,
    ) -> Option<Hold> {
        let ahead = self.ahead.filter(|_| !group.key.is_named());
        ahead.or_else(|| self.batch.filter(|_| waits(group)))
    }
}
