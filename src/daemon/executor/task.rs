//! The tasks that worker threads run.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::{Duration, Instant};
use std::{fmt, io};

use super::read;
use crate::config::resolved::{Config, Job, Source};
use crate::config::token::TokenError;
use crate::daemon::event::{CertificateError, Event};
use crate::daemon::process::{ReadConfig, RenewalError};
use crate::daemon::rendering::{RenderRequest, Rendered};
use crate::query::{FileQuery, Query};
use crate::render::{Template, TemplateError};
use crate::source;
use crate::source::consul::Client;
use crate::watch::WatchEvent;
use gotemplate::budget::Budget;

/// The time limit for reading one file. A longer read means that its file system hangs.
const READ_LIMIT: Duration = Duration::from_secs(10);

/// The time limit for reading the whole configuration.
const CONFIG_LIMIT: Duration = Duration::from_secs(60);

/// The time that a task may take to stop after its budget is exhausted.
const GRACE: Duration = Duration::from_secs(1);

/// One piece of work.
pub(super) struct Task {
    pub(super) key: Key,
    /// The time after which the task is abandoned.
    pub(super) limit: Duration,
    pub(super) work: Work,
    /// Creates the result of an abandoned task.
    pub(super) overdue: Overdue,
}

pub(super) type Work = Box<dyn FnOnce() -> TaskResult + Send>;
pub(super) type Overdue = Box<dyn FnOnce(Lateness) -> TaskResult + Send>;

/// The subject of a task. Tasks with the same key run one after another.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Key {
    Render(usize),
    Source(usize),
    File(FileQuery),
    Token,
    Certificates,
    Config,
}

/// The kinds of tasks; each has its own limit of hung tasks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Render,
    Read,
}

/// The reason for which a task is abandoned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Lateness {
    /// The task has exceeded its limit.
    Overdue,
    /// The task was not started, because too many tasks of its kind hang.
    TooManyStuck,
}

/// The result of a task.
pub(super) struct TaskResult {
    pub(super) key: Key,
    pub(super) output: Output,
}

/// The output of a task.
pub(super) enum Output {
    Event(Event),
    /// A configuration, which the process has not adopted yet.
    Config(Result<(Box<Config>, Client), RenewalError>),
}

impl Key {
    /// The kind of the task.
    pub(super) fn kind(&self) -> Kind {
        match self {
            Self::Render(_) => Kind::Render,
            Self::Source(_) | Self::File(_) | Self::Token | Self::Certificates | Self::Config => {
                Kind::Read
            }
        }
    }
}

impl TaskResult {
    fn event(key: Key, event: Event) -> Self {
        let output = Output::Event(event);
        Self { key, output }
    }

    /// Creates the result of a task that panicked or could not be started.
    pub(super) fn lost(key: Key, what: String) -> Self {
        Self::event(key, Event::TaskLost(what))
    }

    /// Converts the result of an abandoned task. Data that was read still counts; a rendered text
    /// does not.
    pub(super) fn late(self) -> Self {
        let Self { key, output } = self;
        match output {
            Output::Event(Event::Rendered(all)) => {
                let all = all.into_iter().map(Rendered::returned).collect();
                Self::event(key, Event::Rendered(all))
            }
            output => Self { key, output },
        }
    }
}

impl Lateness {
    fn error(self, limit: Duration) -> io::Error {
        let text = Hung(self, limit).to_string();
        io::Error::new(io::ErrorKind::TimedOut, text)
    }
}

/// The error text of a read that hangs.
struct Hung(Lateness, Duration);

impl fmt::Display for Hung {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(lateness, limit) = self;
        match lateness {
            Lateness::Overdue => write!(
                out,
                "it was not read within {} s; its file system may hang",
                limit.as_secs_f64()
            ),
            Lateness::TooManyStuck => {
                write!(out, "it was not read, because many other files hang")
            }
        }
    }
}

/// Creates the task that renders a template. `stop` cancels it.
pub(super) fn render(request: RenderRequest, stop: &Arc<AtomicBool>) -> Task {
    let (number, limit) = (request.number, request.limit);
    let template = Arc::clone(&request.template);
    let stop = Arc::clone(stop);
    let event =
        move |rendered| TaskResult::event(Key::Render(number), Event::Rendered(vec![rendered]));
    Task {
        key: Key::Render(number),
        limit: limit.saturating_add(GRACE),
        work: Box::new(move || {
            let deadline = Instant::now().checked_add(limit);
            event(request.run(&Arc::new(Budget::new(deadline, stop))))
        }),
        overdue: Box::new(move |lateness| {
            event(match lateness {
                Lateness::Overdue => Rendered::overdue(number, template, limit),
                Lateness::TooManyStuck => Rendered::refused(number, template),
            })
        }),
    }
}

/// Creates the task that reads and parses the source of a template, unless it is unchanged.
pub(super) fn template(
    number: usize,
    job: Arc<Job>,
    known: Option<Arc<Template>>,
    stop: &Arc<AtomicBool>,
) -> Task {
    let limit = job.render_timeout;
    let late_job = Arc::clone(&job);
    let stop = Arc::clone(stop);
    let event = move |read| {
        TaskResult::event(
            Key::Source(number),
            Event::SourcesRead(vec![(number, read)]),
        )
    };
    Task {
        key: Key::Source(number),
        limit: limit.saturating_add(GRACE),
        work: Box::new(move || {
            let deadline = Instant::now().checked_add(limit);
            let budget = Arc::new(Budget::new(deadline, stop));
            event(read::source(&job, known, &budget))
        }),
        overdue: Box::new(move |lateness| {
            let (name, sources) = match &late_job.source {
                Source::File(path) => (path.display().to_string(), vec![path.clone()]),
                Source::Inline { name, .. } => (name.clone(), Vec::new()),
            };
            let why = Hung(lateness, limit);
            let error = TemplateError::whole(&name, format!("cannot read the template: {why}"));
            event(Err(error.with_sources(sources)))
        }),
    }
}

/// Creates the task that reads a file for `file`.
pub(super) fn file(file: FileQuery) -> Task {
    let (own, late) = (file.clone(), file.clone());
    let key = Key::File(file);
    let late_key = key.clone();
    Task {
        key: key.clone(),
        limit: READ_LIMIT,
        work: Box::new(move || TaskResult::event(key, Event::Watched(vec![read::file(own)]))),
        overdue: Box::new(move |lateness| {
            let (path, source) = (late.path.clone(), lateness.error(READ_LIMIT));
            let error = Arc::new(source::Error::File { path, source });
            let event = WatchEvent::Failed(Arc::new(Query::File(late)), error);
            TaskResult::event(late_key, Event::Watched(vec![event]))
        }),
    }
}

/// Creates the task that reads the token file.
pub(super) fn token(path: PathBuf) -> Task {
    Task {
        key: Key::Token,
        limit: READ_LIMIT,
        work: Box::new(move || TaskResult::event(Key::Token, Event::TokenRead(read::token(&path)))),
        overdue: Box::new(|lateness| {
            let error = TokenError::from(lateness.error(READ_LIMIT));
            TaskResult::event(Key::Token, Event::TokenRead(Err(error)))
        }),
    }
}

/// Creates the task that reads the certificates.
pub(super) fn certificates(client: Client) -> Task {
    Task {
        key: Key::Certificates,
        limit: READ_LIMIT,
        work: Box::new(move || {
            let read = client.read_certificates().map_err(CertificateError::from);
            TaskResult::event(Key::Certificates, Event::CertificatesRead(read))
        }),
        overdue: Box::new(|lateness| {
            let error = CertificateError::Unreadable(lateness.error(READ_LIMIT));
            TaskResult::event(Key::Certificates, Event::CertificatesRead(Err(error)))
        }),
    }
}

/// Creates the task that reads the configuration.
pub(super) fn config(read: ReadConfig) -> Task {
    let result = |output| TaskResult {
        key: Key::Config,
        output: Output::Config(output),
    };
    Task {
        key: Key::Config,
        limit: CONFIG_LIMIT,
        work: Box::new(move || {
            let read = || {
                let config = read()?;
                let client = Client::new(&config.consul)?;
                Ok((Box::new(config), client))
            };
            result(read())
        }),
        overdue: Box::new(move |lateness| {
            let error = lateness.error(CONFIG_LIMIT);
            result(Err(RenewalError::Unreadable(error)))
        }),
    }
}
