//! Follows one query until it is not requested any more.
//!
//! Input: a query. Output: its new answers, failures and recoveries, as [`WatchEvent`]s.
//!
//! The rules are in [`Cursor`], [`FailureState`] and [`Turns`]; this loop polls, waits and reports.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, mpsc, watch};
use tokio::task::yield_now;
use tokio::time::{Instant, sleep};

use super::cursor::{Cursor, Verdict};
use super::event::WatchEvent;
use super::failure_state::{Cause, FailureState, SharedFailures};
use super::outage;
use super::turns::Turns;
use crate::config::resolved::Pauses;
use crate::query::Query;
use crate::source::{Circumstances, Error, ErrorClass, Refresh, Reply, Source, SourceQuery};

/// The rules for all queries of a watcher.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rules {
    /// The maximum time that a blocking query blocks.
    pub wait: Duration,
    /// The maximum age of a stale answer; `None`: do not request stale answers.
    pub max_stale: Option<Duration>,
    /// The pause between a new answer and the next blocking query. `-once` needs a second answer
    /// only if the first one is not enough.
    pub pause: Duration,
    /// The maximum number of queries that block at the same time; the others take turns. Each
    /// blocking query holds a connection, which is an open file.
    pub polls: usize,
    /// The pauses between retries.
    pub pauses: Pauses,
}

/// The time over which throttled queries are spread when they resume.
const RECOVERY_JITTER: Duration = Duration::from_secs(1);
/// The minimum time between two polls of a query, so that a server whose answer changes every time
/// is not polled in a tight loop.
const MIN_POLL_INTERVAL: Duration = Duration::from_millis(5);
/// The time below which an unchanged answer shows that the poll did not block.
const QUICK: Duration = Duration::from_secs(1);
/// The maximum pause after polls that did not block.
const MAX_IDLE_BACKOFF: Duration = Duration::from_millis(500);

/// The state that the followers of one watcher share; each follower has a clone.
#[derive(Clone, Debug)]
pub(super) struct Follower<S> {
    source: S,
    rules: Rules,
    events: mpsc::Sender<WatchEvent>,
    turns: Turns,
    shared: SharedFailures,
    /// `true` while the receiver is busy with events.
    busy: watch::Sender<bool>,
    /// The number of times that the rights of the token have changed.
    rights: watch::Sender<u64>,
}

/// The state of one followed query.
struct Followed {
    query: Arc<Query>,
    cursor: Cursor,
    failure: FailureState,
    /// The permit to request a first answer. It is held until there is an answer or all servers
    /// were tried, so that the queries behind this one do not try the same dead server.
    turn: Option<OwnedSemaphorePermit>,
    rights: watch::Receiver<u64>,
    /// The pause after polls that did not block.
    idle_backoff: Duration,
}

/// The receiver of the events was dropped.
struct Cancelled;

impl<S: Source> Follower<S> {
    pub(super) fn new(source: S, rules: Rules, events: mpsc::Sender<WatchEvent>) -> Self {
        Self {
            source,
            rules,
            events,
            turns: Turns::new(rules.polls),
            shared: SharedFailures::new(),
            busy: watch::Sender::new(false),
            rights: watch::Sender::new(0),
        }
    }

    /// Creates a follower with another source or other rules, for the same receiver.
    pub(super) fn with(&self, source: S, rules: Rules) -> Self {
        let new = Self::new(source, rules, self.events.clone());
        new.busy.send_replace(*self.busy.borrow());
        new
    }

    /// Polls denied queries now, because the rights of the token have changed.
    pub(super) fn retry_denied(&self) {
        self.rights.send_modify(|count| *count += 1);
    }

    /// Sets whether the receiver of the events is busy.
    pub(super) fn set_busy(&self, busy: bool) {
        self.busy.send_replace(busy);
    }

    /// Follows the query until the task is aborted or the receiver is dropped. A query for another
    /// source is ignored.
    pub(super) async fn follow(self, query: Arc<Query>) {
        let Some(own) = S::Query::select(&query) else {
            return;
        };
        let _counted = self.turns.follow();
        let mut followed = Followed {
            query: Arc::clone(&query),
            cursor: Cursor::new(
                self.source.preferred(),
                self.rules.wait,
                self.rules.max_stale,
            ),
            failure: FailureState::default(),
            turn: None,
            rights: self.rights.subscribe(),
            idle_backoff: Duration::ZERO,
        };
        loop {
            let recoveries = self.shared.outage.listen();
            followed.rights.mark_unchanged();
            let begun = Instant::now();
            let step = match self.poll(own, &mut followed).await {
                Ok(reply) => {
                    let circumstances = followed.cursor.circumstances(&reply);
                    let verdict = followed.cursor.accept(reply);
                    followed.idle_backoff =
                        idle_backoff(followed.idle_backoff, &verdict, begun.elapsed());
                    self.answered(own, &mut followed, verdict, circumstances)
                        .await
                }
                Err(error) => self.failed(&mut followed, error, recoveries).await,
            };
            if let Err(Cancelled) = step {
                return;
            }
        }
    }

    /// Waits for the turn of this query, and polls once.
    async fn poll(&self, own: &S::Query, followed: &mut Followed) -> Result<Reply, Error> {
        let mut without_answer = None;
        if followed.cursor.poll().index > 0 {
            self.turns.yield_to_first_answers().await;
        } else if followed.cursor.is_at_the_beginning() {
            without_answer = Some(self.turns.await_first_answer());
        }
        if followed.cursor.poll().index == 0 && followed.turn.is_none() {
            followed.turn = self.turns.first_answer().await;
            if followed.failure.is_first_try() {
                // Meanwhile another query may have found a server that answers.
                followed.cursor.move_to(self.source.preferred());
            }
        }
        let _turn = if followed.cursor.poll().index > 0 {
            self.turns.block().await
        } else {
            None
        };
        let answered = self.send(own, followed).await;
        drop(without_answer);
        answered
    }

    async fn send(&self, own: &S::Query, followed: &Followed) -> Result<Reply, Error> {
        let query = &followed.query;
        let mut poll = followed.cursor.poll();
        poll.wait = self.turns.wait(poll.wait);
        let (server, index) = (poll.server, poll.index);
        tracing::trace!(name: "query.asked", %query, server, index, "{query} is polled server={server} index={index}");
        let answered = self.source.poll(own, poll).await;
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

    /// Reports an answer, and waits until the next poll is due.
    async fn answered(
        &self,
        own: &S::Query,
        followed: &mut Followed,
        verdict: Verdict,
        circumstances: Circumstances,
    ) -> Result<(), Cancelled> {
        if verdict == Verdict::TooStale {
            return Ok(());
        }
        followed.turn = None;
        let ended = followed.failure.answered();
        if ended.denial {
            // This right may have been granted together with others.
            self.retry_denied();
        }
        if ended.failure {
            self.shared.outage.recovered();
            let query = Arc::clone(&followed.query);
            self.report(WatchEvent::Recovered(query)).await?;
        }
        let mut pause = followed.idle_backoff;
        if let Verdict::Changed(answer) = verdict {
            let query = Arc::clone(&followed.query);
            self.report(WatchEvent::Answered(query, answer, circumstances))
                .await?;
            pause = pause.max(self.rules.pause);
        }
        if let Refresh::Interval(interval) = own.refresh() {
            pause = interval;
        }
        if pause > Duration::ZERO {
            sleep(pause).await;
        }
        self.yield_to_receiver().await;
        Ok(())
    }

    /// Yields so that the main loop renders before the next poll is sent.
    async fn yield_to_receiver(&self) {
        yield_now().await;
        if *self.busy.borrow() {
            // Every follower, including this one, holds a sender: the channel cannot be closed.
            let _ = self.busy.subscribe().wait_for(|busy| !busy).await;
        }
    }

    /// Tries the next server. After a failure of all servers, reports it and waits until a retry is due.
    async fn failed(
        &self,
        followed: &mut Followed,
        error: Error,
        mut recoveries: watch::Receiver<u64>,
    ) -> Result<(), Cancelled> {
        followed.cursor.start_over();
        if error.class() == ErrorClass::Idle {
            return Ok(());
        }
        if error.concerns_the_server() {
            let servers = self.source.servers();
            let next = (followed.cursor.poll().server + 1) % servers;
            followed.cursor.move_to(next);
            if followed.failure.has_another_server(servers) {
                return Ok(());
            }
        }
        followed.turn = None;
        let cause = Cause::of(&error);
        followed.failure.failed(cause, &self.shared);
        let query = Arc::clone(&followed.query);
        self.report(WatchEvent::Failed(query, Arc::new(error)))
            .await?;
        self.back_off(followed, cause, &mut recoveries).await;
        Ok(())
    }

    /// Waits for the backoff, or until a recovery makes an answer likely.
    async fn back_off(
        &self,
        followed: &mut Followed,
        cause: Cause,
        recoveries: &mut watch::Receiver<u64>,
    ) {
        let Followed {
            failure, rights, ..
        } = followed;
        let pause = failure.pause(cause, &self.rules.pauses, &self.shared, fastrand::f64());
        match cause {
            Cause::Outage | Cause::NotConsul => {
                if outage::wait(pause, recoveries).await {
                    failure.start_over();
                }
            }
            Cause::Throttled => {
                if outage::wait(pause, recoveries).await {
                    // There were too many requests at once: spread them this time.
                    sleep(RECOVERY_JITTER.mul_f64(fastrand::f64())).await;
                }
            }
            Cause::Denied => {
                if outage::wait(pause, rights).await {
                    failure.start_over();
                }
            }
            // Only this query fails, so answers to other queries do not matter.
            Cause::Query => sleep(pause).await,
        }
    }

    async fn report(&self, event: WatchEvent) -> Result<(), Cancelled> {
        self.events.send(event).await.map_err(|_| Cancelled)
    }
}

/// The pause after a poll that took `took`: short if a new answer came at once; growing while
/// unchanged answers come at once.
fn idle_backoff(before: Duration, verdict: &Verdict, took: Duration) -> Duration {
    match verdict {
        Verdict::Changed(_) if took < MIN_POLL_INTERVAL => MIN_POLL_INTERVAL,
        Verdict::Unchanged if took < QUICK => {
            (before * 2).clamp(Duration::from_millis(20), MAX_IDLE_BACKOFF)
        }
        _ => Duration::ZERO,
    }
}

#[cfg(test)]
mod tests;
