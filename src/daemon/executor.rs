//! Carries out actions and returns their results as events. Contains no policy.
//!
//! Input: [`Action`]s. Output: [`Event`]s.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::{Duration, Instant};

use process_tree::{Child, Order, Relay, supervise};
use secrecy::SecretString;
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use super::end::End;
use super::event::{Action, Event};
use super::process::Process;
use crate::answer::Answer;
use crate::apply::transaction::write_all;
use crate::command;
use crate::config::exec::ExecConfig;
use crate::config::resolved::{CommandConfig, CommandOutput};
use crate::query::{PluginQuery, Query};
use crate::source::consul::Client;
use crate::source::plugin::PluginSource;
use crate::source::{Poll, Source, SourceQuery};
use crate::watch::{WatchEvent, Watcher};

mod file_watch;
mod print;
mod read;
mod shutdown;
mod task;
mod workers;
mod writer_thread;

use file_watch::FileWatch;
use task::{TaskOutput, TaskResult};
use workers::{Turn, Workers};
use writer_thread::WriterThread;

/// The maximum time for explanations of empty answers; `-once` waits for them.
const EXPLAIN_TIMEOUT: Duration = Duration::from_secs(2);

/// The maximum number of query events that one iteration of the loop handles.
const BATCH: usize = 2048;

/// Owns every task, thread and process that the loop starts.
pub(super) struct Executor {
    process: Process,
    client: Client,
    watcher: Watcher<Client>,
    answers: mpsc::Receiver<WatchEvent>,
    files: FileWatch,
    exports: Arc<[(String, SecretString)]>,
    tasks: JoinSet<Event>,
    workers: Workers,
    /// Cancels the work of the workers.
    stop_rendering: Arc<AtomicBool>,
    /// Results of workers that [`next`](Executor::next) has not returned yet.
    results: VecDeque<Event>,
    writer: WriterThread,
    /// Readers of the output of background processes that commands left running.
    lingering: JoinSet<()>,
    /// Passes the output of commands on; `None` before the first command.
    relay: Option<Relay>,
    stop: CancellationToken,
    child: JoinSet<Event>,
    orders: Option<mpsc::UnboundedSender<Order>>,
}

/// The immediate result of an action.
pub(super) enum Executed {
    /// The action has begun. [`Executor::next`] returns its result, if it has one.
    Begun,
    /// The process has to shut down.
    End(End),
    /// The process has to exit without waiting.
    EndNow,
}

impl Executor {
    /// Creates an executor that follows no query.
    pub(super) fn new(
        process: Process,
        client: Client,
        (watcher, answers): (Watcher<Client>, mpsc::Receiver<WatchEvent>),
        exports: &[(String, SecretString)],
    ) -> Self {
        Self {
            process,
            client,
            watcher,
            answers,
            files: FileWatch::default(),
            exports: exports.into(),
            tasks: JoinSet::new(),
            workers: Workers::new(),
            stop_rendering: Arc::default(),
            results: VecDeque::new(),
            writer: WriterThread::default(),
            lingering: JoinSet::new(),
            relay: None,
            stop: CancellationToken::new(),
            child: JoinSet::new(),
            orders: None,
        }
    }

    /// Carries out an action, or begins it.
    pub(super) fn execute(&mut self, action: Action) -> Executed {
        match action {
            Action::Follow(queries) => self.watcher.follow_exactly(&queries),
            Action::Watch(files) => self.files.watch_exactly(files),
            Action::ReadFiles(files) => self.workers.begin(files.into_iter().map(task::file)),
            Action::ReadSources(sources) => {
                let stop = &self.stop_rendering;
                let tasks = sources.into_iter();
                let tasks =
                    tasks.map(|(number, job, known)| task::template(number, job, known, stop));
                self.workers.begin(tasks);
            }
            Action::ReadToken(path) => self.workers.begin([task::token(path)]),
            Action::ReadCertificates => {
                self.workers
                    .begin([task::certificates(self.client.clone())]);
            }
            Action::ReadConfig => self.workers.begin([task::config(self.process.reader())]),
            Action::Render(requests) => {
                let stop = &self.stop_rendering;
                let requests = requests.into_iter();
                self.workers
                    .begin(requests.map(|request| task::render(request, stop)));
                self.update_busy();
            }
            Action::UseToken(token) => self.use_token(&token),
            Action::UseClient(client, rules) => {
                self.watcher.use_client(client.clone(), rules);
                self.client = client;
            }
            Action::Export(exports) => self.exports = exports.into(),
            Action::Write(changes) => {
                self.watcher.set_busy(true);
                self.writer
                    .begin(|writer| Event::Applied(write_all(writer, changes)));
            }
            Action::Print(changes) => {
                // stdout may block, so print on the writer thread.
                self.writer
                    .begin(|_| Event::Applied(changes.into_iter().map(print::print).collect()));
            }
            Action::Run(command) => self.run(command),
            Action::RunPlugin(query) => self.run_plugin(query),
            Action::ExplainEmpty(queries) => {
                let (client, stop) = (self.client.clone(), self.stop.clone());
                self.tasks.spawn(explain(client, queries, stop));
            }
            Action::StartChild(config) => self.start_child(&config),
            Action::OrderChild(order) => {
                // A child that has just exited does not receive the order.
                let _ = self.orders.as_ref().map(|orders| orders.send(order));
            }
            Action::End(end) => return Executed::End(end),
            Action::EndNow => return Executed::EndNow,
        }
        Executed::Begun
    }

    /// Waits for the next event: a signal, a result, a file change or an answer.
    pub(super) async fn next(&mut self) -> Event {
        loop {
            let mut event = tokio::select! {
                biased;
                action = self.process.next_signal() => Event::SignalAction(action),
                event = ready(&mut self.results) => event,
                turn = self.workers.next() => {
                    self.worked(turn);
                    continue;
                }
                written = self.writer.next() => {
                    let Some(event) = written else {
                        tracing::warn!(
                            name: "file.slow",
                            "writing files takes more than a second; does their file system hang?"
                        );
                        self.update_busy();
                        continue;
                    };
                    event
                }
                event = join(&mut self.tasks) => event,
                event = join(&mut self.child) => event,
                event = self.files.changed() => Event::FilesChanged(event),
                events = take(&mut self.answers) => Event::Watched(events),
            };
            if let Event::Applied(_) = &event {
                self.update_busy();
            }
            if let Event::CommandEnded(_, Ok(finished)) = &mut event
                && let Some(output) = finished.lingering.take()
            {
                self.lingering.spawn(output.follow());
                while self.lingering.try_join_next().is_some() {}
            }
            return event;
        }
    }

    /// Handles a report of the workers.
    fn worked(&mut self, turn: Turn) {
        if let Turn::Results(results) = turn {
            for TaskResult { output, .. } in results {
                let event = match output {
                    TaskOutput::Event(event) => event,
                    TaskOutput::Config(read) => {
                        Event::ConfigRead(read.and_then(|prepared| self.process.adopt(*prepared)))
                    }
                };
                // Merge results of the same kind into one event.
                match (self.results.back_mut(), event) {
                    (Some(Event::Rendered(all)), Event::Rendered(more)) => all.extend(more),
                    (Some(Event::SourcesRead(all)), Event::SourcesRead(more)) => all.extend(more),
                    (Some(Event::Watched(all)), Event::Watched(more)) => all.extend(more),
                    (_, event) => self.results.push_back(event),
                }
            }
        }
        self.update_busy();
    }

    /// Lets followers send their next polls if nothing is rendered or written, or if that takes
    /// long.
    fn update_busy(&self) {
        let is_busy = self.writer.is_briefly_busy() || self.workers.are_briefly_busy();
        self.watcher.set_busy(is_busy);
    }

    fn use_token(&mut self, token: &SecretString) {
        match self.client.set_token(token) {
            Ok(()) => self.watcher.retry_denied(),
            Err(error) => tracing::error!(name: "token.unusable", %error, "{error}"),
        }
    }

    fn run(&mut self, command: CommandConfig) {
        if command.output == CommandOutput::Inherit && self.relay.is_none() {
            self.relay = command::start_relay();
        }
        let (exports, stop) = (Arc::clone(&self.exports), self.stop.clone());
        let relay = self.relay.clone();
        self.tasks.spawn(async move {
            let context = command::Context {
                exports: &exports,
                stop: &stop,
                relay: relay.as_ref(),
            };
            let ended = command::run(&command, context).await;
            Event::CommandEnded(command, ended)
        });
    }

    fn run_plugin(&mut self, query: Arc<Query>) {
        let (exports, stop) = (Arc::clone(&self.exports), self.stop.clone());
        self.tasks.spawn(async move {
            let answer = run_plugin(&query, PluginSource { exports, stop }).await;
            Event::PluginEnded(query, Arc::new(answer))
        });
    }

    fn start_child(&mut self, config: &ExecConfig) {
        let (sender, orders) = mpsc::unbounded_channel();
        let child = Child {
            line: config.line.clone(),
            environment: command::environment(&config.environment, &self.exports),
            end_signals: config.kill_signal.signals(),
        };
        self.orders = Some(sender);
        self.child
            .spawn(async move { Event::ChildEnded(supervise(&child, orders).await) });
    }
}

/// Runs a plugin and returns its output as an answer.
async fn run_plugin(query: &Query, plugins: PluginSource) -> Answer {
    let Some(plugin) = PluginQuery::select(query) else {
        return Answer::Plugin(Err("the query is not a plugin".into()));
    };
    match plugins.poll(plugin, Poll::once(0)).await {
        Ok(reply) => reply.answer,
        Err(error) => Answer::Plugin(Err(error.to_string().into())),
    }
}

/// Finds out why queries have an empty answer.
async fn explain(client: Client, queries: Vec<Arc<Query>>, stop: CancellationToken) -> Event {
    let begun = Instant::now();
    let mut explained = Vec::new();
    for query in queries {
        let left = EXPLAIN_TIMEOUT.saturating_sub(begun.elapsed());
        let emptiness = match &*query {
            Query::Consul(own) => tokio::select! {
                explained = timeout(left, client.explain_empty(own)) => explained.ok(),
                () = stop.cancelled() => None,
            },
            _ => None,
        };
        let emptiness = emptiness.and_then(Result::ok).flatten();
        explained.push((query, emptiness));
    }
    Event::EmptyExplained(explained)
}

/// Waits for the first queued event; pends forever if the queue is empty.
async fn ready(events: &mut VecDeque<Event>) -> Event {
    match events.pop_front() {
        Some(event) => event,
        None => std::future::pending().await,
    }
}

/// Waits for the next task that ends; pends forever without tasks.
async fn join(tasks: &mut JoinSet<Event>) -> Event {
    match tasks.join_next().await {
        Some(Ok(event)) => event,
        // The text of the error may quote values.
        Some(Err(_)) => Event::TaskLost("a task".to_owned()),
        None => std::future::pending().await,
    }
}

/// Waits for at least one event and returns all that have arrived.
async fn take(answers: &mut mpsc::Receiver<WatchEvent>) -> Vec<WatchEvent> {
    let mut events = Vec::new();
    if answers.recv_many(&mut events, BATCH).await == 0 {
        // The watcher, which holds the sender, lives as long as the loop.
        std::future::pending::<()>().await;
    }
    events
}
