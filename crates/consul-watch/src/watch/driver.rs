//! Sends the requests that the [`Schedule`] decides on, and reports their outcomes to it.
//!
//! One task: it waits for a command, an outcome or a time, passes it to the schedule, then sends
//! requests and events until there is nothing left to do.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;
use std::time::Instant;

use tokio::sync::{mpsc, oneshot};
use tokio::task::{AbortHandle, JoinSet, yield_now};
use tokio::time::{Instant as Clock, sleep_until};

use super::connection_record::{ConnectionRecord, Occupied};
use super::event::WatchEvent;
use super::recorder::Recorder;
use super::rules::Rules;
use super::schedule::{Outcome, Request, Schedule, Target, Traits};
use super::suspension::Suspension;
use crate::query::Query;
use crate::source::{Error, Refresh, Reply, Source, SourceQuery};

/// What the owner of a watcher demands.
#[derive(Debug)]
pub(super) enum Command<S> {
    /// Follow these queries and no others.
    Follow(BTreeSet<Arc<Query>>),
    /// Switch to another source or other rules, and send the events to another receiver.
    UseClient(S, Rules, mpsc::Sender<WatchEvent>),
    /// The receiver of the events is busy, or not any more.
    SetBusy(bool),
    /// The token was replaced.
    TokenChanged,
    /// Read the answer of the leader.
    ReadAgain(Arc<Query>),
    /// Cancel all requests and end, after the last record is written.
    End(oneshot::Sender<()>),
}

/// The task of a watcher.
pub(super) struct Driver<S> {
    source: S,
    schedule: Schedule,
    followed: BTreeMap<Arc<Query>, Traits>,
    commands: mpsc::UnboundedReceiver<Command<S>>,
    events: mpsc::Sender<WatchEvent>,
    requests: JoinSet<(u64, Outcome)>,
    handles: HashMap<u64, AbortHandle>,
    suspension: Suspension,
    recorder: Recorder,
    /// The process ends.
    end: Option<oneshot::Sender<()>>,
}

/// The receiver of the events was dropped.
struct Cancelled;

impl<S: Source> Driver<S> {
    pub(super) fn new(
        source: S,
        rules: Rules,
        recorder: Recorder,
        (commands, events): (
            mpsc::UnboundedReceiver<Command<S>>,
            mpsc::Sender<WatchEvent>,
        ),
    ) -> Self {
        let mut schedule = schedule(&source, rules);
        if recorder.is_on() {
            let kept = (0..source.servers()).map(|server| recorder.kept(&source.address(server)));
            schedule.record_connections(&kept.collect::<Vec<_>>(), now());
        }
        Self {
            source,
            schedule,
            followed: BTreeMap::new(),
            commands,
            events,
            requests: JoinSet::new(),
            handles: HashMap::new(),
            suspension: Suspension::new(),
            recorder,
            end: None,
        }
    }

    /// Runs until the watcher or the receiver of the events is dropped.
    pub(super) async fn run(mut self) {
        loop {
            if let Err(Cancelled) = self.report().await {
                return;
            }
            if let Some(end) = self.end.take() {
                self.finish().await;
                // The owner may have stopped waiting.
                let _ = end.send(());
                return;
            }
            self.send_all();
            if self.schedule.has_events() {
                continue;
            }
            let wake = self.schedule.next_wake();
            let sleep = async {
                match wake {
                    Some(time) => sleep_until(Clock::from_std(time)).await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                biased;
                command = self.commands.recv() => match command {
                    Some(command) => self.obey(command),
                    None => return,
                },
                Some(joined) = self.requests.join_next() => {
                    // A request that was cancelled has no outcome.
                    if let Ok((request_id, outcome)) = joined {
                        self.ended(request_id, outcome);
                    }
                }
                is_written = self.recorder.written() => self.schedule.recorded(is_written),
                () = sleep => {}
            }
            if self.suspension.has_ended() {
                tracing::info!(name: "watch.resumed", "the machine was suspended: all queries start over");
                self.schedule.start_over();
            }
        }
    }

    fn obey(&mut self, command: Command<S>) {
        match command {
            Command::Follow(wanted) => {
                let traits = |query: Arc<Query>| Some((Arc::clone(&query), traits::<S>(&query)?));
                self.followed = wanted.into_iter().filter_map(traits).collect();
                self.schedule.follow(&self.followed, now());
            }
            Command::UseClient(source, rules, events) => {
                let new = schedule(&source, rules);
                let earlier = std::mem::replace(&mut self.schedule, new);
                (self.source, self.events) = (source, events);
                // An outcome that has already arrived must not be taken for that of a new request.
                self.requests = JoinSet::new();
                self.handles.clear();
                self.schedule.inherit(earlier, now());
                self.schedule.follow(&self.followed, now());
            }
            Command::SetBusy(is_busy) => self.schedule.set_busy(is_busy),
            Command::TokenChanged => self.schedule.token_changed(now()),
            Command::ReadAgain(query) => self.schedule.read_again(&query),
            Command::End(done) => self.end = Some(done),
        }
    }

    fn ended(&mut self, request_id: u64, outcome: Outcome) {
        self.handles.remove(&request_id);
        self.schedule.ended(request_id, outcome, now());
    }

    /// Passes the events of the schedule on. Then the receiver runs, so that it renders before the next requests are
    /// sent.
    async fn report(&mut self) -> Result<(), Cancelled> {
        loop {
            let events = self.schedule.take_events();
            if events.is_empty() {
                return Ok(());
            }
            for event in events {
                if self.events.send(event).await.is_err() {
                    break;
                }
            }
            yield_now().await;
            // A command may cause further events.
            while let Ok(command) = self.commands.try_recv() {
                self.obey(command);
            }
            // The receiver is also dropped when a command brings another one.
            if self.events.is_closed() {
                return Err(Cancelled);
            }
        }
    }

    fn send_all(&mut self) {
        let server = self.source.preferred();
        self.schedule.share_connections(self.source.sharing(server));
        self.record();
        while let Some(request) = self.schedule.next(now()) {
            // Their connections are closed before others are opened.
            self.abort_cancelled();
            let request_id = request.id;
            let send = send(self.source.clone(), request);
            let handle = self.requests.spawn(async move { (request_id, send.await) });
            self.handles.insert(request_id, handle);
        }
        self.abort_cancelled();
    }

    /// Begins to write the record of the connections, if that is due.
    fn record(&mut self) {
        if let Some(record) = self.schedule.next_record(now()) {
            self.recorder.write(by_address(&self.source, record));
        }
    }

    /// Cancels all requests, and records which connections the servers keep.
    async fn finish(&mut self) {
        let record = self.schedule.end(now());
        self.requests.shutdown().await;
        self.recorder.finish(by_address(&self.source, record)).await;
    }

    fn abort_cancelled(&mut self) {
        for request_id in self.schedule.take_cancelled() {
            if let Some(handle) = self.handles.remove(&request_id) {
                handle.abort();
            }
        }
    }
}

fn now() -> Instant {
    Clock::now().into_std()
}

fn schedule<S: Source>(source: &S, rules: Rules) -> Schedule {
    let servers = (source.servers(), source.preferred());
    Schedule::new(rules, servers, fastrand::u64(..), now())
}

/// The record with the address of each server.
fn by_address<S: Source>(source: &S, record: Vec<Occupied>) -> ConnectionRecord {
    let servers = record.into_iter().enumerate();
    servers
        .map(|(server, occupied)| (source.address(server), occupied))
        .collect()
}

/// What the schedule has to know about a query; `None` if the query is for another source.
fn traits<S: Source>(query: &Query) -> Option<Traits> {
    let own = S::Query::select(query)?;
    let refresh = own.refresh();
    Some(Traits {
        blocks: refresh == Refresh::Blocking,
        interval: match refresh {
            Refresh::Interval(interval) => Some(interval),
            _ => None,
        },
        area: own.area().map(Arc::new),
    })
}

async fn send<S: Source>(source: S, request: Request) -> Outcome {
    let poll = request.poll;
    match &request.target {
        Target::Query(query) => Outcome::Query(ask(&source, query, &request).await),
        Target::Index(query) => match S::Query::select(query) {
            Some(own) => Outcome::Index(source.peek(own, poll).await),
            None => Outcome::Index(Ok(None)),
        },
        Target::Tick(tick) => Outcome::Tick(source.tick(tick, poll).await),
        Target::Node(scope, name) => {
            let snapshot = source.node(name, scope, poll).await;
            Outcome::Node(scope.clone(), name.clone(), snapshot)
        }
        Target::Server => Outcome::Server(source.probe(poll.server).await),
    }
}

async fn ask<S: Source>(source: &S, query: &Arc<Query>, request: &Request) -> Result<Reply, Error> {
    let Some(own) = S::Query::select(query) else {
        return Err(Error::InvalidRequest {
            reason: "the query is for another source".to_owned(),
        });
    };
    let poll = request.poll;
    let (server, index) = (poll.server, poll.index);
    tracing::trace!(name: "query.asked", %query, server, index, "{query} is polled server={server} index={index}");
    let answered = source.poll_again(own, poll, &request.known).await;
    match &answered {
        Ok(reply) => {
            let index = reply.index.unwrap_or_default();
            tracing::trace!(
                name: "query.answered", %query, server, index,
                "{query} is answered server={server} index={index}"
            );
        }
        Err(error) => {
            tracing::trace!(name: "query.refused", %query, server, %error, "{query} fails: {error} server={server}");
        }
    }
    answered
}
