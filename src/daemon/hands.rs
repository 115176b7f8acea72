//! Carries out what was decided, and brings the results back.
//!
//! in:  [`Action`]s
//! out: [`Event`]s

use std::io::Write;
use std::sync::Arc;
use std::time::Duration;

use secrecy::SecretString;
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use super::event::{Action, Event};
use super::state::chain;
use super::writing::Writing;
use crate::answer::Answer;
use crate::apply::error::WriteError;
use crate::apply::transaction::{Applied, Change, Outcome, write_all};
use crate::apply::write::is_current;
use crate::apply::{dry, output};
use crate::child::process::{self, Order};
use crate::command;
use crate::config::resolved::{CommandConfig, CommandLine, EnvironmentConfig, Job};
use crate::config::token::{self, TokenError};
use crate::consul::{AskError, Client};
use crate::query::{FileQuery, Query};
use crate::safe_read;
use crate::template::output::Output;
use crate::template::{Template, TemplateError};
use crate::watch::{Files, WatchEvent, Watcher};

/// How long a plugin may take, as in consul-template.
const PLUGIN_LIMIT: Duration = Duration::from_secs(30);

/// Owns every task and process that the loop starts.
pub(super) struct Executor {
    client: Client,
    watcher: Watcher<Client>,
    files: Files,
    exports: Arc<[(String, SecretString)]>,
    tasks: JoinSet<Event>,
    writing: Writing,
    /// What commands left running in the background still prints.
    lingering: JoinSet<()>,
    stop: CancellationToken,
    /// The child that is kept running, for as long as it does.
    child: JoinSet<Event>,
    orders: Option<mpsc::UnboundedSender<Order>>,
}

impl Executor {
    pub(super) fn new(
        client: Client,
        watcher: Watcher<Client>,
        files: Files,
        exports: &[(String, SecretString)],
    ) -> Self {
        Self {
            client,
            watcher,
            files,
            exports: exports.into(),
            tasks: JoinSet::new(),
            writing: Writing::default(),
            lingering: JoinSet::new(),
            stop: CancellationToken::new(),
            child: JoinSet::new(),
            orders: None,
        }
    }

    /// Begins to carry out an action; its result comes out of [`next`](Self::next).
    pub(super) fn execute(&mut self, action: Action) {
        match action {
            Action::Follow(queries) => self.watcher.follow_exactly(&queries),
            Action::Watch(files) => self.files.watch_exactly(files),
            Action::ReadFiles(files) => {
                self.now(Event::Watched(files.into_iter().map(read_file).collect()));
            }
            Action::ReadSources(jobs) => {
                let read = jobs
                    .into_iter()
                    .map(|(number, job, known)| (number, read_source(&job, known)));
                self.now(Event::SourcesRead(read.collect()));
            }
            Action::ReadToken(path) => {
                let read = safe_read::read(&path).map_err(TokenError::from);
                self.now(Event::TokenRead(
                    read.and_then(|content| token::read(&content)),
                ));
            }
            Action::UseToken(token) => match self.client.set_token(&token) {
                Ok(()) => self.watcher.ask_denied_again(),
                Err(error) => tracing::error!(name: "token.unusable", %error, "{error}"),
            },
            Action::AskWith(client, rules) => {
                self.watcher.ask_with(client.clone(), rules);
                self.client = client;
            }
            Action::Export(exports) => self.exports = exports.into(),
            Action::ReadCertificates => {
                let read = self.client.read_certificates();
                self.now(Event::CertificatesRead(read));
            }
            Action::Write(changes) => {
                self.watcher.set_busy(true);
                self.writing
                    .begin(|writer| Event::Applied(write_all(writer, changes)));
            }
            Action::Print(changes) => {
                // Whoever reads our standard output may take his time.
                self.writing
                    .begin(|_| Event::Applied(changes.into_iter().map(print).collect()));
            }
            Action::Run(command) => {
                let (exports, stop) = (Arc::clone(&self.exports), self.stop.clone());
                self.tasks.spawn(async move {
                    let ended = command::run(
                        &command,
                        &exports,
                        &stop,
                        command::log(&command.line, &exports),
                    )
                    .await;
                    Event::CommandEnded(command, ended)
                });
            }
            Action::RunPlugin(query) => {
                let (exports, stop) = (Arc::clone(&self.exports), self.stop.clone());
                self.tasks.spawn(async move {
                    let answer = run_plugin(&query, &exports, &stop).await;
                    Event::PluginEnded(query, Arc::new(answer))
                });
            }
            Action::StartChild(config) => {
                let (sender, orders) = mpsc::unbounded_channel();
                let exports = Arc::clone(&self.exports);
                self.orders = Some(sender);
                self.child.spawn(async move {
                    Event::ChildEnded(process::run(&config, &exports, orders).await)
                });
            }
            Action::OrderChild(order) => {
                // One that has just ended hears nothing any more.
                let _ = self.orders.as_ref().map(|orders| orders.send(order));
            }
            // The loop does these itself.
            Action::ReadConfig | Action::End(_) | Action::EndNow => {}
        }
    }

    /// The next result, or change of a file.
    pub(super) async fn next(&mut self) -> Event {
        let mut event = tokio::select! {
            event = self.writing.next() => event,
            event = join(&mut self.tasks) => event,
            event = join(&mut self.child) => event,
            event = self.files.changed() => Event::FilesChanged(event),
        };
        if let Event::Applied(_) = &event {
            self.watcher.set_busy(false);
        }
        if let Event::CommandEnded(_, Ok(finished)) = &mut event
            && let Some(output) = finished.lingering.take()
        {
            self.lingering.spawn(output.follow());
            while self.lingering.try_join_next().is_some() {}
        }
        event
    }

    /// Ends everything. A batch that is being written is written to its end; a command that still runs is asked to
    /// stop, then made to.
    pub(super) async fn shutdown(mut self) {
        self.writing.finish().await;
        self.stop.cancel();
        // A child that is still there was not heard to end in time: its guardian makes it.
        self.child.shutdown().await;
        while self.tasks.join_next().await.is_some() {}
        self.lingering.shutdown().await;
    }

    /// A result that is there already; it is taken in its turn.
    pub(super) fn now(&mut self, event: Event) {
        self.tasks.spawn(async { event });
    }
}

/// The next task that ends.
async fn join(tasks: &mut JoinSet<Event>) -> Event {
    match tasks.join_next().await {
        Some(Ok(event)) => event,
        Some(Err(error)) => Event::Lost(error.to_string()),
        None => std::future::pending().await,
    }
}

/// Runs a program for what it prints. No text shows its arguments, which may be made of values.
async fn run_plugin(
    query: &Query,
    exports: &[(String, SecretString)],
    stop: &CancellationToken,
) -> Answer {
    let Query::Plugin(words) = query else {
        return Answer::Plugin(Err("it is no plugin".into()));
    };
    let program = words.first().map_or("", String::as_str);
    let command = CommandConfig {
        line: CommandLine::Direct(words.clone()),
        timeout: PLUGIN_LIMIT,
        environment: EnvironmentConfig::default(),
    };
    let shown = CommandLine::Direct(vec![program.to_owned()]);
    let failed = |why: String| Answer::Plugin(Err(why.into()));
    match command::capture(&command, exports, stop, command::log(&shown, exports)).await {
        Ok(printed) => match String::from_utf8(printed) {
            Ok(text) => Answer::Plugin(Ok(text.trim().into())),
            Err(_) => failed(format!("what {program} printed is not UTF-8 text")),
        },
        Err(error) => failed(chain(&error.shown_as(program))),
    }
}

/// Reads a template, and parses it unless it is the same as before.
fn read_source(job: &Job, known: Option<Arc<Template>>) -> Result<Arc<Template>, TemplateError> {
    reread(known, || Template::read(job))
}

fn reread(
    known: Option<Arc<Template>>,
    read: impl FnOnce() -> Result<Template, TemplateError>,
) -> Result<Arc<Template>, TemplateError> {
    match known.filter(|known| known.is_current()) {
        Some(known) => Ok(known),
        None => read().map(Arc::new),
    }
}

fn read_file(file: FileQuery) -> WatchEvent {
    let read = safe_read::read_within(&file.path, file.sandbox.as_deref());
    let path = file.path.clone();
    let query = Arc::new(Query::File(file));
    match read {
        Ok(content) => {
            let text = String::from_utf8_lossy(&content);
            WatchEvent::News(query, Arc::new(Answer::File(text.into())))
        }
        Err(source) => WatchEvent::Failed(query, Arc::new(AskError::File { path, source })),
    }
}

fn print_output(output: &Output, fresh: bool) -> Result<(), WriteError> {
    if !output::is_current(output, fresh)? {
        let (path, content) = (&output.path, output.content.as_bytes());
        let shown = if output.append {
            dry::shown_appended(path, content)
        } else {
            dry::shown(Some(path), content)
        };
        let _ = std::io::stdout().lock().write_all(&shown);
    }
    Ok(())
}

fn print(change: Change) -> Applied {
    let Change {
        job,
        source: _,
        destination,
        content,
        outputs,
        fresh,
        file: _,
    } = change;
    let nowhere = destination.as_os_str().is_empty();
    let outcome = if nowhere {
        Ok(false)
    } else {
        is_current(&destination, &content)
    };
    let outcome = outcome.map(|current| {
        if !current {
            let shown = dry::shown((!nowhere).then_some(&destination), &content);
            // Somebody who has closed our standard output does not want to see it.
            let _ = std::io::stdout().lock().write_all(&shown);
        }
    });
    let outputs = outcome.and_then(|()| {
        Output::merged(outputs)
            .iter()
            .try_for_each(|output| print_output(output, fresh))
    });
    let outcome = outputs.map(|()| Outcome::Unchanged);
    Applied {
        job,
        destination,
        outcome,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::language_of;
    use crate::config::resolved::Source;

    #[test]
    fn a_template_is_parsed_again_only_when_its_source_has_changed() {
        let directory = tempfile::tempdir().unwrap();
        for name in ["a.ctmpl", "a.j2"] {
            let path = directory.path().join(name);
            let read = |text: &str, known: Option<&Arc<Template>>| {
                std::fs::write(&path, text).unwrap();
                let job = Job::of_template(Source::File(path.clone()), language_of(&path));
                reread(known.cloned(), || Template::read(&job)).unwrap()
            };
            let first = read("a", None);
            assert!(Arc::ptr_eq(&first, &read("a", Some(&first))), "{name}");
            assert!(!Arc::ptr_eq(&first, &read("b", Some(&first))), "{name}");
        }
    }
}
