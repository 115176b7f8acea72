//! The tasks that worker threads run.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::{Duration, Instant};
use std::{fmt, io};

use consul_render::{Template, TemplateError};
use consul_watch::query::{FileQuery, Query};
use consul_watch::source::Error;
use consul_watch::source::consul::Client;
use consul_watch::watch::WatchEvent;
use ctmpl_options::config::resolved::Job;
use ctmpl_options::config::token::TokenError;
use gotemplate::budget::Budget;

use super::read;
use crate::daemon::event::{CertificateError, Event};
use crate::daemon::process::{Prepared, Reader, RenewalError};
use crate::daemon::render_pass::{RenderRequest, Rendered};

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
    /// Creates the result of a task that has no result of its own.
    pub(super) substitute: Substitute,
}

pub(super) type Work = Box<dyn FnOnce() -> TaskResult + Send>;
pub(super) type Substitute = Box<dyn Fn(NoResult) -> TaskResult + Send>;

/// The subject of a task. Tasks with the same key run one after another.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Key {
    /// The number of a template, and its version. A new version does not wait for the old one.
    Render(usize, Version),
    Source(usize),
    File(FileQuery),
    Token,
    Certificates,
    Config,
}

/// A version of a template: the address of the parsed source, which the task keeps alive.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Version(usize);

/// The kinds of tasks; each has its own limit of hung tasks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Render,
    Read,
}

/// The reason for which a task has no result of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum NoResult {
    /// The task has exceeded its limit and was abandoned.
    Overdue,
    /// The task was not started, because too many tasks of its kind hang.
    TooManyStuck,
    /// The task was not started, because the system gives no thread.
    NoThread,
    /// The task panicked, which is a bug in ctmpl.
    Panicked,
}

/// The result of a task.
pub(super) struct TaskResult {
    pub(super) key: Key,
    pub(super) output: TaskOutput,
}

/// The output of a task.
pub(super) enum TaskOutput {
    Event(Event),
    /// A configuration, which the process has not adopted yet.
    Config(Result<Box<Prepared>, RenewalError>),
}

impl Key {
    /// The kind of the task.
    pub(super) fn kind(&self) -> Kind {
        match self {
            Self::Render(..) => Kind::Render,
            Self::Source(_) | Self::File(_) | Self::Token | Self::Certificates | Self::Config => {
                Kind::Read
            }
        }
    }
}

impl TaskResult {
    /// Creates a result that is an event.
    pub(super) fn event(key: Key, event: Event) -> Self {
        let output = TaskOutput::Event(event);
        Self { key, output }
    }

    /// Converts the result of an abandoned task. Data that was read still counts; a rendered text
    /// does not.
    pub(super) fn late(self) -> Self {
        let Self { key, output } = self;
        match output {
            TaskOutput::Event(Event::Rendered(all)) => {
                let all = all.into_iter().map(Rendered::returned).collect();
                Self::event(key, Event::Rendered(all))
            }
            output => Self { key, output },
        }
    }
}

impl Version {
    fn of(template: &Arc<Template>) -> Self {
        Self(Arc::as_ptr(template).addr())
    }
}

impl NoResult {
    /// The error of a file that was not read.
    fn error(self, limit: Duration) -> io::Error {
        io::Error::other(NotRead(self, limit).to_string())
    }

    /// The reason for which a template was not rendered.
    fn of_rendering(self) -> &'static str {
        match self {
            Self::Overdue | Self::TooManyStuck => "many other templates take too long",
            Self::NoThread => "no worker thread can be started",
            Self::Panicked => "ctmpl has a bug, which process.panicked names",
        }
    }
}

/// The error text of a file that was not read.
struct NotRead(NoResult, Duration);

impl fmt::Display for NotRead {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(reason, limit) = self;
        out.write_str(match reason {
            NoResult::Overdue => {
                let limit = limit.as_secs_f64();
                return write!(
                    out,
                    "it was not read within {limit} s; its file system may hang"
                );
            }
            NoResult::TooManyStuck => "it was not read, because many other files hang",
            NoResult::NoThread => "it was not read, because no worker thread can be started",
            NoResult::Panicked => {
                "it was not read, because ctmpl has a bug, which process.panicked names"
            }
        })
    }
}

/// Creates the task that renders a template. `stop` cancels it.
pub(super) fn render(request: RenderRequest, stop: &Arc<AtomicBool>) -> Task {
    let (number, limit) = (request.number, request.limit);
    let template = Arc::clone(&request.template);
    let stop = Arc::clone(stop);
    let version = Version::of(&template);
    let key = Key::Render(number, version);
    let event = move |rendered| {
        TaskResult::event(
            Key::Render(number, version),
            Event::Rendered(vec![rendered]),
        )
    };
    Task {
        key,
        limit: limit.saturating_add(GRACE),
        work: Box::new(move || {
            let deadline = Instant::now().checked_add(limit);
            event(request.run(&Arc::new(Budget::new(deadline, stop))))
        }),
        substitute: Box::new(move |reason| {
            event(match reason {
                NoResult::Overdue => Rendered::overdue(number, Arc::clone(&template), limit),
                _ => Rendered::refused(number, Arc::clone(&template), reason.of_rendering()),
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
        substitute: Box::new(move |reason| {
            let (name, file) = (late_job.source.name(), late_job.source.file());
            let why = NotRead(reason, limit);
            let error = TemplateError::whole(&name, format!("cannot read the template: {why}"));
            event(Err(error.with_sources(file.into_iter().cloned().collect())))
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
        substitute: Box::new(move |reason| {
            let (path, source) = (late.path.clone(), reason.error(READ_LIMIT));
            let error = Arc::new(Error::File { path, source });
            let event = WatchEvent::Failed(Arc::new(Query::File(late.clone())), error);
            TaskResult::event(late_key.clone(), Event::Watched(vec![event]))
        }),
    }
}

/// Creates the task that reads the token file.
pub(super) fn token(path: PathBuf) -> Task {
    Task {
        key: Key::Token,
        limit: READ_LIMIT,
        work: Box::new(move || TaskResult::event(Key::Token, Event::TokenRead(read::token(&path)))),
        substitute: Box::new(|reason| {
            let error = TokenError::from(reason.error(READ_LIMIT));
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
        substitute: Box::new(|reason| {
            let error = CertificateError::Unreadable(reason.error(READ_LIMIT));
            TaskResult::event(Key::Certificates, Event::CertificatesRead(Err(error)))
        }),
    }
}

/// Creates the task that reads the configuration.
pub(super) fn config(reader: Reader) -> Task {
    let result = |output| TaskResult {
        key: Key::Config,
        output: TaskOutput::Config(output),
    };
    Task {
        key: Key::Config,
        limit: CONFIG_LIMIT,
        work: Box::new(move || result(reader.prepare().map(Box::new))),
        substitute: Box::new(move |reason| {
            let error = reason.error(CONFIG_LIMIT);
            result(Err(RenewalError::Unreadable(error)))
        }),
    }
}
