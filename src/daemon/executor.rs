//! Carries out actions and returns their results as events. Contains no policy.
//!
//! Input: [`Action`]s. Output: [`Event`]s.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use answer_guard::AnswerSizes;
use consul_watch::query::Query;
use consul_watch::source::consul::Client;
use consul_watch::watch::{Rules, WatchEvent, Watcher};
use ctmpl_options::config::exec::ExecConfig;
use group_apply::change::Change;
use group_apply::journal::Journal;
use process_tree::{Child, Order, Relay, supervise};
use secrecy::SecretString;
use status_server::StatusServer;
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use super::end::End;
use super::event::{Action, Event};
use super::kept_answers::KeptAnswers;
use super::process::Process;
use super::sizes_file::SizesFile;
use crate::command;
use crate::report::Report;
use crate::source::plugin::PluginSource;

mod check;
mod dry;
mod file_watch;
mod group_files;
mod groups;
mod kept;
mod print;
mod programs;
mod queues;
mod read;
mod shutdown;
mod task;
mod verify;
mod workers;
mod writers;

use file_watch::FileWatch;
use group_files::GroupFiles;
use programs::{explain, run_plugin};
use queues::{join, ready, take};
use task::{TaskOutput, TaskResult};
use verify::Observed;
use workers::{Turn, Workers};
use writers::Writers;

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
    writers: Writers,
    /// The file with the sizes of the accepted answers; `None`: they are not kept.
    sizes_file: Option<SizesFile>,
    /// The accepted answers on the disk; `None`: they are not kept.
    kept_answers: Option<KeptAnswers>,
    group_files: GroupFiles,
    observed: Observed,
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
        journal: Option<Journal>,
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
            writers: Writers::new(journal),
            sizes_file: None,
            kept_answers: None,
            group_files: GroupFiles::default(),
            observed: Observed::default(),
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
            Action::ReadAgain(query) => self.watcher.read_again(&query),
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
            Action::ReadCertificates => self.read_certificates(),
            Action::ReadConfig => self.read_config(),
            Action::Render(requests) => {
                let stop = &self.stop_rendering;
                let requests = requests.into_iter();
                self.workers
                    .begin(requests.map(|request| task::render(request, stop)));
                self.update_busy();
            }
            Action::UseToken(token) => self.use_token(&token),
            Action::UseClient(client, rules) => self.use_client(client, rules),
            Action::Export(exports) => self.exports = exports.into(),
            Action::Write(changes) => {
                for changes in group_files::by_directory(changes) {
                    self.write(move |files, writer| files.write(writer, changes));
                }
            }
            Action::Stage(key, changes) => self.stage(key, changes),
            Action::Swap(key) => self.write(move |files, writer| files.swap(writer, key)),
            Action::Restore(key, plan) => self.restore(key, plan),
            Action::KeepReplaced(files) => self.group_files.keep_all(files),
            Action::MoveReplaced(moved) => self.group_files.move_replaced(&moved),
            Action::Discard(key) => self.write(move |files, _| files.discard(&key)),
            Action::TakeRequests(destinations) => self.take_requests(destinations),
            Action::AnswerHold(result) => self.answer_hold(result),
            Action::Finish(key, ending) => self.finish(key, ending),
            Action::Transfer(all) => self.transfer(all),
            Action::Inspect(all) => self.inspect(all),
            Action::WriteSizes(sizes) => self.write_sizes(sizes),
            Action::KeepAnswers(write) => self.keep_answers(write),
            Action::LoadAnswers(server, queries) => self.load_answers(server, queries),
            Action::Print(changes) => self.print(changes),
            Action::Check(group, files, jobs) => self.check(group, files, jobs),
            Action::Run(group) => self.run(group),
            Action::Verify(group) => self.verify(group),
            Action::RunPlugin(query) => self.run_plugin(query),
            Action::ExplainEmpty(queries) => {
                let (client, stop) = (self.client.clone(), self.stop.clone());
                self.tasks.spawn(explain(client, queries, stop));
            }
            Action::StartChild(config) => self.start_child(&config),
            Action::OrderChild(order) => self.order_child(order),
            Action::End(end) => return Executed::End(end),
            Action::EndNow => return Executed::EndNow,
        }
        Executed::Begun
    }

    /// The status server of the process.
    pub(super) fn status_server(&mut self) -> &mut StatusServer<Report> {
        self.process.status_server()
    }

    /// Keeps the sizes of the accepted answers in this file.
    pub(super) fn write_sizes_to(&mut self, file: Option<SizesFile>) {
        self.sizes_file = file;
    }

    /// Writes the sizes of the accepted answers. A thread of its own does it, so that no other write waits.
    fn write_sizes(&mut self, sizes: Arc<AnswerSizes>) {
        if let Some(file) = self.sizes_file.clone() {
            self.tasks.spawn_blocking(move || {
                if file.write(sizes) {
                    Event::Recorded
                } else {
                    Event::SizesNotWritten
                }
            });
        }
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
                written = self.writers.next() => {
                    self.update_busy();
                    written.unwrap_or_else(|| {
                        // A ledger that is late is logged by itself.
                        if !self.writers.journal().is_some_and(Journal::is_late) {
                            tracing::warn!(
                                name: "file.slow",
                                "writing files takes more than a second; does their file system hang?"
                            );
                        }
                        Event::WritesAreSlow
                    })
                }
                event = join(&mut self.tasks) => event,
                event = join(&mut self.child) => event,
                event = self.files.changed() => Event::FilesChanged(event),
                events = take(&mut self.answers) => Event::Watched(events),
            };
            if let Event::CommandEnded(_, Ok(finished)) = &mut event
                && let Some(output) = finished.lingering.take()
            {
                self.lingering.spawn(output.follow());
                while self.lingering.try_join_next().is_some() {}
            }
            return event;
        }
    }

    fn read_certificates(&mut self) {
        let client = self.client.clone();
        self.workers.begin([task::certificates(client)]);
    }

    fn read_config(&mut self) {
        let reader = self.process.reader(self.writers.journal().cloned());
        self.workers.begin([task::config(reader)]);
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
        let is_busy = self.writers.is_briefly_busy() || self.workers.are_briefly_busy();
        self.watcher.set_busy(is_busy);
    }

    fn use_client(&mut self, client: Client, rules: Rules) {
        // What has arrived already is of the client before.
        self.answers = self.watcher.use_client(client.clone(), rules);
        self.client = client;
    }

    fn use_token(&mut self, token: &SecretString) {
        match self.client.set_token(token) {
            Ok(()) => self.watcher.token_changed(),
            Err(error) => tracing::error!(name: "token.unusable", %error, "{error}"),
        }
    }

    fn run_plugin(&mut self, query: Arc<Query>) {
        let (exports, stop) = (Arc::clone(&self.exports), self.stop.clone());
        self.tasks.spawn(async move {
            let answer = run_plugin(&query, PluginSource { exports, stop }).await;
            Event::PluginEnded(query, Arc::new(answer))
        });
    }

    fn print(&mut self, changes: Vec<Change>) {
        // stdout may block, so print on a writer thread.
        self.writers
            .begin(|_| Event::Applied(changes.into_iter().map(print::print).collect()));
    }

    fn order_child(&self, order: Order) {
        // A child that has just exited does not receive the order.
        let _ = self.orders.as_ref().map(|orders| orders.send(order));
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
