//! The daemon: an event loop and its parts.
//!
//! Input: a [`Config`], and the [`Process`] that it runs in. Output: rendered files, until an
//! [`End`].
//!
//! [`run`] waits for the next `Event`. The `Parts` decide, without I/O, which `Action`s follow. The
//! `Executor` carries them out and returns their results as events.
//!
//! [`group_apply`] writes the files, and `daemon::apply` decides when. [`crate::child`] decides when
//! the child process is started, signalled and killed, and `daemon::child` connects these decisions
//! with the events.

mod apply;
mod child;
mod credentials;
mod emptiness;
mod end;
mod event;
mod executor;
mod file_limit;
mod hanging;
mod keeping;
mod kept_answers;
mod missing;
mod parts;
mod process;
mod query_failures;
mod reload;
mod render_pass;
mod renderer;
mod requests;
mod shutdown;
mod size_writes;
mod sizes_file;
mod state_dir;
mod status;
mod text;
mod unwritten;
mod waiting;

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::sync::Arc;
use std::time::Instant;

use apply_ledger::OpenError;
use tokio::sync::watch;

use crate::progress::Progress;
use crate::report::{Phase, Report};
use crate::systemd::Systemd;
use consul_render::RenderEnv;
use consul_watch::source::consul::{Client, ClientError};
use consul_watch::watch::Watcher;
use ctmpl_options::config::resolved::{Config, Mode};
pub use end::End;
use error_line::chain;
use event::{Action, Event, Moment};
use executor::{Executed, Executor};
pub use file_limit::{FileLimitError, check as check_file_limit};
use group_apply::journal::Journal;
use kept_answers::KeptAnswers;
use parts::Parts;
pub use process::{Process, ProcessError};
use renderer::RestorePolicy;
use sizes_file::SizesFile;

/// A daemon that cannot start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// No client for Consul can be created.
    #[error(transparent)]
    Client(#[from] ClientError),
    /// The state directory belongs to another process, or to a later version.
    #[error("{}{}", chain(.0), state_dir::remedy(.0))]
    StateDir(OpenError),
}

impl From<OpenError> for StartError {
    fn from(error: OpenError) -> Self {
        Self::StateDir(error)
    }
}

/// Runs the daemon until it ends.
///
/// # Errors
/// [`StartError`] if no client can be created, or the state directory is not to be used. After that,
/// every result is an [`End`].
pub async fn run(config: Config, process: Process) -> Result<End, StartError> {
    let (mut executor, mut parts) = start(&config, process)?;
    let is_once = config.mode != Mode::Daemon && !config.dry;
    drop(config);
    let mut actions = parts.begin(Moment::now());
    let reports = watch::Sender::new(Arc::new(parts.report()));
    let pulse = executor.status_server().pulse();
    let mut systemd = Systemd::from_environment(&reports, Moment::now().instant);
    let mut progress = Progress::new(is_once, &reports, Moment::now().instant);
    loop {
        executor.status_server().subscribe(&reports);
        publish(&reports, || parts.report());
        executor.status_server().record_iteration();
        systemd.notify(Moment::now().instant);
        progress.update(Moment::now().instant);
        for action in actions {
            match executor.execute(action) {
                Executed::Begun => {}
                Executed::EndNow => {
                    progress.finish(false);
                    return Ok(End::Interrupted);
                }
                Executed::End(end) => {
                    publish(&reports, || Report {
                        phase: Phase::Ending,
                        ..parts.report()
                    });
                    systemd.notify(Moment::now().instant);
                    let end = executor.shutdown(end).await;
                    progress.finish(end == End::Done);
                    return Ok(end);
                }
            }
        }
        let notice = [systemd.next_wake(), progress.next_wake()];
        let event = tokio::select! {
            biased;
            event = executor.next() => Some(event),
            () = sleep_until(parts.next_wake()) => Some(Event::Time),
            // Each iteration notifies the watchdog of systemd, so a loop that hangs is detected.
            () = sleep_until(notice.into_iter().flatten().min()) => None,
            // The status server proves in the same way that the loop works.
            () = pulse.woken_up() => None,
        };
        actions = event.map_or_else(Vec::<Action>::new, |event| {
            parts.step(&event, Moment::now())
        });
    }
}

/// Creates the executor and the parts, with what an earlier process has left in the state directory.
fn start(config: &Config, process: Process) -> Result<(Executor, Parts), StartError> {
    let client = Client::new(&config.consul.client)?;
    let journal = state_dir::open(config)?;
    let (journal, owed) = state_dir::recover(journal, config);
    let held = state_dir::held(journal.as_ref(), config);
    let sizes_file = journal
        .as_ref()
        .filter(|_| !config.dry)
        .map(|journal| SizesFile::new(&journal.directory()));
    let server = client.identity();
    let sizes = sizes_file
        .as_ref()
        .map(|file| state_dir::answer_sizes(file, &server));
    let kept = journal
        .as_ref()
        .filter(|_| !config.dry)
        .map(|journal| KeptAnswers::new(&journal.directory()));
    let kept = kept.and_then(|kept| state_dir::kept_answers(kept, config));
    let rolled_back = state_dir::rolled_back(journal.as_ref(), config);
    let last_good = state_dir::check_last_good(journal.as_ref(), config);
    let recorder = state_dir::recorder(journal.as_ref(), config);
    let watcher = Watcher::recording(client.clone(), process.rules(config), recorder);
    let directory = journal.as_ref().map(Journal::directory);
    let mut executor = Executor::new(process, client, watcher, &config.consul.exports, journal);
    executor.write_sizes_to(sizes_file);
    let keeps_answers = kept.is_some();
    executor.keep_answers_in(kept);
    if config.mode == Mode::Daemon && !config.dry {
        executor.remove_leftovers(config);
    }
    let mut parts = Parts::new(config, RenderEnv::here(environment()), Moment::now());
    executor.owe(parts.owe(owed, Moment::now()));
    parts.quarantine(&rolled_back);
    parts.hold(&held, Moment::now());
    if let Some(directory) = directory {
        parts.take_requests_to(&directory);
    }
    if let Some(sizes) = sizes {
        parts.expect(sizes);
    }
    if keeps_answers {
        parts.keep_answers(RestorePolicy::of(config));
    }
    if let Some(checked) = last_good {
        parts.check_last_good(checked, config.answers, Moment::now());
    }
    Ok((executor, parts))
}

/// Publishes a report, if there are readers.
fn publish(reports: &watch::Sender<Arc<Report>>, report: impl FnOnce() -> Report) {
    if reports.receiver_count() > 0 {
        let report = report();
        reports.send_if_modified(|published| {
            let is_news = **published != report;
            if is_news {
                *published = Arc::new(report);
            }
            is_news
        });
    }
}

/// The environment variables of the process; those that are not UTF-8 are left out.
fn environment() -> BTreeMap<String, String> {
    let text = |(name, value): (OsString, OsString)| {
        Some((name.into_string().ok()?, value.into_string().ok()?))
    };
    std::env::vars_os().filter_map(text).collect()
}

async fn sleep_until(wake: Option<Instant>) {
    match wake {
        Some(wake) => tokio::time::sleep_until(wake.into()).await,
        None => std::future::pending().await,
    }
}
