//! One query, followed for as long as it is wanted.
//!
//! Input: a query. Output: its news, failures and recoveries, as [`WatchEvent`]s.
//!
//! The rules are in [`Cursor`], [`Trouble`] and [`Turns`]; this loop polls, waits and reports.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, mpsc, watch};
use tokio::task::yield_now;
use tokio::time::{Instant, sleep};

use super::cursor::{Cursor, Verdict};
use super::event::WatchEvent;
use super::outage;
use super::trouble::{Cause, Trouble, Troubles};
use super::turns::Turns;
use crate::config::resolved::Pauses;
use crate::query::Query;
use crate::source::{Error, ErrorClass, Refresh, Reply, Source, SourceQuery};

/// Rules for all queries of a watcher.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rules {
    /// How long one blocking query may block.
    pub wait: Duration,
    /// How old a stale answer may be; `None`: stale answers are not requested.
    pub max_stale: Option<Duration>,
    /// The pause between news and the next blocking query. `-once` needs no second answer unless the first was not
    /// enough.
    pub rest: Duration,
    /// How many queries may block at the same time; the others take turns. Each holds a connection, which is an open
    /// file.
    pub polls: usize,
    /// The pauses between retries.
    pub pauses: Pauses,
}

/// Throttled queries come back spread over this time.
const RECOVERY_JITTER: Duration = Duration::from_secs(1);
/// The least time between two polls of a query, so that a server whose every answer is news is not polled in a tight
/// loop.
const MIN_POLL_INTERVAL: Duration = Duration::from_millis(5);
/// A poll that ends sooner than this without news did not block as it should.
const QUICK: Duration = Duration::from_secs(1);
/// The longest pause after such polls.
const MAX_IDLE_BACKOFF: Duration = Duration::from_millis(500);

/// Shared by the followers of one watcher; each follower has its clone.
#[derive(Clone, Debug)]
pub(super) struct Follower<S> {
    source: S,
    rules: Rules,
    events: mpsc::Sender<WatchEvent>,
    turns: Turns,
    troubles: Troubles,
    /// Whether the receiver of the events is busy with some.
    busy: watch::Sender<bool>,
    /// Counts how often the rights of the token have changed.
    rights: watch::Sender<u64>,
}

/// The state of one followed query.
struct Followed {
    query: Arc<Query>,
    cursor: Cursor,
    trouble: Trouble,
    /// The right to wait for a first answer; held until there is one or all servers were tried, so that the queries
    /// behind this one do not run into the same dead server.
    turn: Option<OwnedSemaphorePermit>,
    rights: watch::Receiver<u64>,
    /// The pause after polls that are answered at once.
    idle_backoff: Duration,
}

/// The receiver of the events is gone.
struct Cancelled;

impl<S: Source> Follower<S> {
    pub(super) fn new(source: S, rules: Rules, events: mpsc::Sender<WatchEvent>) -> Self {
        Self {
            source,
            rules,
            events,
            turns: Turns::new(rules.polls),
            troubles: Troubles::new(),
            busy: watch::Sender::new(false),
            rights: watch::Sender::new(0),
        }
    }

    /// A follower with another source or other rules, for the same receiver.
    pub(super) fn with(&self, source: S, rules: Rules) -> Self {
        let new = Self::new(source, rules, self.events.clone());
        new.busy.send_replace(*self.busy.borrow());
        new
    }

    /// The rights of the token have changed: denied queries are polled now.
    pub(super) fn retry_denied(&self) {
        self.rights.send_modify(|count| *count += 1);
    }

    /// Sets whether the receiver of the events is busy.
    pub(super) fn set_busy(&self, busy: bool) {
        self.busy.send_replace(busy);
    }

    /// Follows the query until the task is aborted or the receiver is gone. A query for another source is not followed.
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
            trouble: Trouble::default(),
            turn: None,
            rights: self.rights.subscribe(),
            idle_backoff: Duration::ZERO,
        };
        loop {
            let recoveries = self.troubles.outage.listen();
            followed.rights.mark_unchanged();
            let begun = Instant::now();
            let step = match self.poll(own, &mut followed).await {
                Ok(reply) => {
                    let verdict = followed.cursor.accept(reply);
                    followed.idle_backoff =
                        idle_backoff(followed.idle_backoff, &verdict, begun.elapsed());
                    self.answered(own, &mut followed, verdict).await
                }
                Err(error) => self.failed(&mut followed, error, recoveries).await,
            };
            if let Err(Cancelled) = step {
                return;
            }
        }
    }

    /// Polls once, when it is this query's turn.
    async fn poll(&self, own: &S::Query, followed: &mut Followed) -> Result<Reply, Error> {
        let mut without_answer = None;
        if followed.cursor.poll().index > 0 {
            self.turns.yield_to_first_answers().await;
        } else if followed.cursor.is_at_the_beginning() {
            without_answer = Some(self.turns.await_first_answer());
        }
        if followed.cursor.poll().index == 0 && followed.turn.is_none() {
            followed.turn = self.turns.first_answer().await;
            if followed.trouble.is_first_try() {
                // Meanwhile others may have found out which server answers.
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
        tracing::trace!(name: "query.asked", %query, server, index, "{query} is asked server={server} index={index}");
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
    ) -> Result<(), Cancelled> {
        if verdict == Verdict::TooStale {
            return Ok(());
        }
        followed.turn = None;
        let over = followed.trouble.answered();
        if over.denial {
            // This right may have been granted together with others.
            self.retry_denied();
        }
        if over.failure {
            self.troubles.outage.recovered();
            let query = Arc::clone(&followed.query);
            self.report(WatchEvent::Recovered(query)).await?;
        }
        let mut rest = followed.idle_backoff;
        if let Verdict::News(answer) = verdict {
            let query = Arc::clone(&followed.query);
            self.report(WatchEvent::News(query, answer)).await?;
            rest = rest.max(self.rules.rest);
        }
        if let Refresh::Interval(interval) = own.refresh() {
            rest = interval;
        }
        if rest > Duration::ZERO {
            sleep(rest).await;
        }
        self.yield_to_receiver().await;
        Ok(())
    }

    /// Yields so that the main loop renders before the next poll is sent.
    async fn yield_to_receiver(&self) {
        yield_now().await;
        if *self.busy.borrow() {
            // The sender lives in every follower, this one included: it cannot be gone.
            let _ = self.busy.subscribe().wait_for(|busy| !busy).await;
        }
    }

    /// Tries the next server, or reports a failure on all servers and waits until a retry is due.
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
            if followed.trouble.has_another_server(servers) {
                return Ok(());
            }
        }
        followed.turn = None;
        let cause = Cause::of(&error);
        followed.trouble.failed(cause, &self.troubles);
        let query = Arc::clone(&followed.query);
        self.report(WatchEvent::Failed(query, Arc::new(error)))
            .await?;
        self.back_off(followed, cause, &mut recoveries).await;
        Ok(())
    }

    /// Waits for the pause of a failure, or until there is reason to hope for an answer.
    async fn back_off(
        &self,
        followed: &mut Followed,
        cause: Cause,
        recoveries: &mut watch::Receiver<u64>,
    ) {
        let Followed {
            trouble, rights, ..
        } = followed;
        let pause = trouble.pause(cause, &self.rules.pauses, &self.troubles, fastrand::f64());
        match cause {
            Cause::Outage | Cause::NotConsul => {
                if outage::wait(pause, recoveries).await {
                    trouble.start_over();
                }
            }
            Cause::Throttled => {
                if outage::wait(pause, recoveries).await {
                    // There were too many requests at once: do not repeat that.
                    sleep(RECOVERY_JITTER.mul_f64(fastrand::f64())).await;
                }
            }
            Cause::Denied => {
                if outage::wait(pause, rights).await {
                    trouble.start_over();
                }
            }
            // Only this query fails: that others are answered means nothing.
            Cause::Query => sleep(pause).await,
        }
    }

    async fn report(&self, event: WatchEvent) -> Result<(), Cancelled> {
        self.events.send(event).await.map_err(|_| Cancelled)
    }
}

/// The pause after a poll that took so long: a short one if it was answered at once, and a longer one each time if
/// there was no news.
fn idle_backoff(before: Duration, verdict: &Verdict, took: Duration) -> Duration {
    match verdict {
        Verdict::News(_) if took < MIN_POLL_INTERVAL => MIN_POLL_INTERVAL,
        Verdict::NoNews if took < QUICK => {
            (before * 2).clamp(Duration::from_millis(20), MAX_IDLE_BACKOFF)
        }
        _ => Duration::ZERO,
    }
}

#[cfg(test)]
mod tests;
