//! The one loop: wait, step, act.
//!
//! in:  a [`Config`], and the [`Signals`] that are listened for
//! out: the files it asks for, kept right, until the [`End`]
//!
//! [`run`] waits for whatever comes first and turns it into an `Event`; `State::step` decides, without touching
//! anything, which `Action`s follow; `Hands` carry them out and bring the results back as events.

mod ending;
mod event;
mod hands;
mod job;
mod missing;
mod plugins;
mod state;
mod token;
mod trouble;
mod writing;

use std::time::Instant;

use nix::sys::resource::{Resource, getrlimit};
use tokio::sync::mpsc;

use crate::config::resolved::Config;
use crate::consul::{Client, ClientError};
use crate::signals::{Signals, Wish};
use crate::watch::{Files, Rules, WatchEvent, Watcher};
use event::{Action, Event, Moment};
use hands::Hands;
use state::State;

/// How the process ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// Everything is written, and every command has succeeded.
    Done,
    /// A signal asked for it.
    Interrupted,
    /// A template, a command or Consul failed, and there is nothing to wait for.
    Failed,
    /// Data was still missing when the time was up.
    TimedOut,
}

impl End {
    /// The exit code: consul-template's where it has one.
    #[must_use]
    pub fn code(self) -> u8 {
        match self {
            Self::Done => 0,
            Self::Interrupted => 12,
            Self::Failed => 14,
            Self::TimedOut => 16,
        }
    }
}

/// How many files are open at most beside the connections that wait: those of first answers, of what is written, of a
/// command, of the watch, and some to spare.
const OTHER_FILES: usize = 40;
/// How many events are taken in before the templates are looked at again.
const BATCH: usize = 2048;
/// How long somebody who renders once rests after an answer: mostly, the first answer is all that is needed.
const REST_ONCE: std::time::Duration = std::time::Duration::from_millis(500);

/// Runs until the end.
///
/// # Errors
/// [`ClientError`] when it cannot begin. Once it runs, nothing but the end ends it.
pub async fn run(config: Config, mut signals: Signals) -> Result<End, ClientError> {
    let client = Client::new(&config.consul)?;
    let once = matches!(config.mode, crate::config::resolved::Mode::Once { .. });
    let rules = Rules {
        wait: config.consul.block_query_wait,
        max_stale: config.consul.max_stale,
        rest: if once { REST_ONCE } else { std::time::Duration::ZERO },
        polls: room_for_polls(config.dev.is_some()),
    };
    let (watcher, mut answers) = Watcher::new(client.clone(), rules);
    let mut hands = Hands::new(client, watcher, Files::new(), &config.consul.exports);
    let mut state = State::new(config, Moment::now());
    let mut actions = state.begin(Moment::now());
    loop {
        for action in actions {
            match action {
                Action::End(end) => {
                    return Ok(tokio::select! {
                        () = hands.let_go() => end,
                        () = wish_to_end(&mut signals) => End::Interrupted,
                    });
                }
                Action::EndNow => return Ok(End::Interrupted),
                action => hands.act(action),
            }
        }
        let event = tokio::select! {
            biased;
            wish = signals.next() => Event::Wish(wish),
            event = hands.next() => event,
            events = take(&mut answers) => Event::Watched(events),
            () = sleep_until(state.next_wake()) => Event::Time,
        };
        actions = state.step(event, Moment::now());
    }
}

/// How many connections may wait for news, so that enough files can be opened for everything else. The embedded server
/// has the other end of each connection in the same process.
fn room_for_polls(embedded: bool) -> usize {
    let most =
        getrlimit(Resource::RLIMIT_NOFILE).map_or(usize::MAX, |(soft, _)| usize::try_from(soft).unwrap_or(usize::MAX));
    let room = most.saturating_sub(OTHER_FILES);
    if embedded { room / 2 } else { room }
}

/// Whoever asks for the end once more does not want to wait for what is under way.
async fn wish_to_end(signals: &mut Signals) {
    while signals.next().await != Wish::End {}
}

/// Everything that can be had without waiting, and at least one.
async fn take(answers: &mut mpsc::Receiver<WatchEvent>) -> Vec<WatchEvent> {
    let mut events = Vec::new();
    if answers.recv_many(&mut events, BATCH).await == 0 {
        // The watcher, which holds the sender, lives as long as the loop.
        std::future::pending::<()>().await;
    }
    events
}

async fn sleep_until(wake: Option<Instant>) {
    match wake {
        Some(wake) => tokio::time::sleep_until(wake.into()).await,
        None => std::future::pending().await,
    }
}
