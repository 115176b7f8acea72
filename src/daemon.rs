//! The one loop: wait, step, execute.
//!
//! in:  a [`Config`], and the [`Process`] that it runs in
//! out: the files it asks for, kept right, until the [`End`]
//!
//! [`run`] waits for whatever comes first and turns it into an `Event`; `State::step` decides, without touching
//! anything, which `Action`s follow; `Executor` carry them out and bring the results back as events.

mod certificates;
mod child;
mod commands;
mod ending;
mod event;
mod hands;
mod job;
mod missing;
mod plugins;
mod process;
mod reload;
mod standing;
mod state;
mod token;
mod trouble;
mod writing;

use std::time::Instant;

use tokio::sync::mpsc;

use crate::config::resolved::{Config, Mode};
use crate::consul::{Client, ClientError};
use crate::exit_code;
use crate::signals::SignalAction;
use crate::systemd::{Phase, Status, Systemd};
use crate::watch::{Files, WatchEvent, Watcher};
use event::{Action, Event, Moment};
use hands::Executor;
use process::rules;
pub use process::{Process, ProcessError};
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
    /// The child ended with this code.
    Child(u8),
}

impl End {
    /// The exit code of the process.
    #[must_use]
    pub fn exit_code(self) -> u8 {
        match self {
            Self::Done => exit_code::SUCCESS,
            Self::Interrupted => exit_code::INTERRUPTED,
            Self::Failed => exit_code::FAILURE,
            Self::TimedOut => exit_code::TIMED_OUT,
            Self::Child(code) => code,
        }
    }
}

/// How many events are taken in before the templates are looked at again.
const BATCH: usize = 2048;

/// Runs until the end.
///
/// # Errors
/// [`ClientError`] when it cannot begin. Once it runs, nothing but the end ends it.
pub async fn run(config: Config, mut process: Process) -> Result<End, ClientError> {
    let client = Client::new(&config.consul)?;
    let once = matches!(config.mode, Mode::Once { .. });
    let (watcher, mut answers) = Watcher::new(
        client.clone(),
        rules(&config.consul, once, config.dev.is_some()),
    );
    let mut hands = Executor::new(client, watcher, Files::new(), &config.consul.exports);
    let mut state = State::new(config, Moment::now());
    let mut actions = state.begin(Moment::now());
    let mut systemd = Systemd::here(Moment::now().instant);
    loop {
        systemd.tell(|| state.standing(), Moment::now().instant);
        for action in actions {
            match action {
                Action::End(end) => {
                    let ending = || Status {
                        phase: Phase::Ending,
                        ..state.standing()
                    };
                    systemd.tell(ending, Moment::now().instant);
                    return Ok(tokio::select! {
                        () = hands.shutdown() => end,
                        () = wish_to_end(&mut process) => End::Interrupted,
                    });
                }
                Action::EndNow => return Ok(End::Interrupted),
                Action::ReadConfig => hands.now(Event::ConfigRead(process.renew())),
                action => hands.execute(action),
            }
        }
        let event = tokio::select! {
            biased;
            wish = process.wish() => Some(Event::SignalAction(wish)),
            event = hands.next() => Some(event),
            events = take(&mut answers) => Some(Event::Watched(events)),
            () = sleep_until(state.next_wake()) => Some(Event::Time),
            // It is told at each turn, so that a loop that no longer turns is noticed.
            () = sleep_until(systemd.next_wake()) => None,
        };
        actions = event.map_or_else(Vec::new, |event| state.step(event, Moment::now()));
    }
}

/// Whoever asks for the end once more does not want to wait for what is under way.
async fn wish_to_end(process: &mut Process) {
    while !matches!(process.wish().await, SignalAction::End(_)) {}
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
