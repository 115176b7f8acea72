//! One query, followed for as long as it is wanted.
//!
//! in:  a query
//! out: its news, failures and recoveries, as [`WatchEvent`]s
//!
//! The rules are in [`Cursor`]; this loop asks, waits and tells.

use std::sync::{Arc, Once};
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore, SemaphorePermit, mpsc, watch};
use tokio::task::yield_now;
use tokio::time::{Instant, sleep, timeout};

use super::WatchEvent;
use super::backoff::Backoff;
use super::cursor::{Cursor, Verdict};
use super::outage::{self, Outage, Prober};
use crate::config::resolved::Pauses;
use crate::consul::{Ask, AskError, ErrorClass};
use crate::query::Query;

/// What holds for all queries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rules {
    /// How long one blocking query may block.
    pub wait: Duration,
    /// How old a stale answer may be; `None`: stale answers are not asked for.
    pub max_stale: Option<Duration>,
    /// How long to rest after news before the next, blocking request. Somebody who renders once needs no second
    /// answer unless the first was not enough.
    pub rest: Duration,
    /// How many queries may block at the same time; the others wait for their turn. Each holds a connection, which is
    /// an open file.
    pub polls: usize,
    /// How long to wait before asking again what was not answered.
    pub pauses: Pauses,
}

/// How many queries may ask for their first answer at the same time: they are short, and there may be thousands.
const FIRST_ANSWERS: usize = 8;
/// How long a long poll leaves its connection to those who have no answer yet. Consul takes only so many connections
/// of a host; what was answered is right for the moment, what was not keeps a file from being written.
const YIELD_TO_FIRST_ANSWERS: Duration = Duration::from_secs(2);
/// How long a query blocks while others wait for their turn.
const CROWDED_WAIT: Duration = Duration::from_secs(2);
/// Over this time those come back who were throttled.
const RECOVERY_JITTER: Duration = Duration::from_secs(1);
/// All who are denied ask together once in this time at the most; a right that is given is seen soon, and a right that
/// is wanting for good does not fill the server's log.
const DENIED_PAUSE: Duration = Duration::from_secs(5);
/// Endpoints that do not block are asked this often.
const INTERVAL: Duration = Duration::from_secs(15);
/// The least time from one question to the next, so that a server whose every answer is news is not asked in a tight
/// loop.
const MIN_POLL_INTERVAL: Duration = Duration::from_millis(5);
/// A poll that ends sooner than this without news did not block as it should.
const QUICK: Duration = Duration::from_secs(1);
/// The longest pause after such polls.
const LONGEST_CALM: Duration = Duration::from_millis(500);

/// Everything that the followers of one watcher share; each follower has its clone.
#[derive(Clone, Debug)]
pub(super) struct Follower<A> {
    ask: A,
    rules: Rules,
    events: mpsc::Sender<WatchEvent>,
    outage: Outage,
    /// Chooses the one who asks often among those whose answers are not Consul's. It is not the one of an outage: whose
    /// answer can never be read would not notice its end.
    pages: Outage,
    first_answers: Arc<Semaphore>,
    polls: Arc<Semaphore>,
    /// How many follow a query.
    all: watch::Sender<usize>,
    /// Says once that some wait for their turn.
    crowded: Arc<Once>,
    /// How many wait for a first answer.
    without_answer: watch::Sender<usize>,
    /// How many are denied their answer.
    denied: watch::Sender<usize>,
    /// Whether somebody acts on news just now.
    busy: watch::Sender<bool>,
    /// Counts how often the right to ask has changed.
    rights: watch::Sender<u64>,
}

/// Counts somebody who follows, waits for a first answer or wants the right to ask, for as long as it is held.
struct CountGuard(watch::Sender<usize>);

impl CountGuard {
    fn begin(count: &watch::Sender<usize>) -> Self {
        count.send_modify(|count| *count += 1);
        Self(count.clone())
    }
}

impl Drop for CountGuard {
    fn drop(&mut self) {
        self.0.send_modify(|count| *count -= 1);
    }
}

/// What one follower has to remember while its query fails.
struct Trouble {
    backoff: Backoff,
    scout: Option<Prober>,
    page_scout: Option<Prober>,
    denied: Option<CountGuard>,
    /// The right to ask for a first answer; held until there is one or all servers were tried, so that those who wait
    /// for it do not run into the same dead server.
    turn: Option<OwnedSemaphorePermit>,
    /// How many servers were tried since the last answer.
    tried: usize,
    failing: bool,
    rights: watch::Receiver<u64>,
}

/// The listener is gone: nobody wants to know any more.
struct Cancelled;

impl<A: Ask> Follower<A> {
    pub(super) fn new(ask: A, rules: Rules, events: mpsc::Sender<WatchEvent>) -> Self {
        let first_answers = Arc::new(Semaphore::new(FIRST_ANSWERS));
        let (polls, crowded) = (
            Arc::new(Semaphore::new(rules.polls.clamp(1, Semaphore::MAX_PERMITS))),
            Arc::new(Once::new()),
        );
        let (without_answer, denied) = (watch::Sender::new(0), watch::Sender::new(0));
        let (busy, rights) = (watch::Sender::new(false), watch::Sender::new(0));
        let (outage, pages, all) = (Outage::new(), Outage::new(), watch::Sender::new(0));
        Self {
            ask,
            rules,
            events,
            outage,
            pages,
            first_answers,
            polls,
            all,
            crowded,
            without_answer,
            denied,
            busy,
            rights,
        }
    }

    /// One that asks somebody else, or by other rules, and tells the same listener.
    pub(super) fn with(&self, ask: A, rules: Rules) -> Self {
        let new = Self::new(ask, rules, self.events.clone());
        new.busy.send_replace(*self.busy.borrow());
        new
    }

    /// The right to ask has changed.
    pub(super) fn ask_denied_again(&self) {
        self.rights.send_modify(|count| *count += 1);
    }

    /// Somebody acts on news, or has done so.
    pub(super) fn set_busy(&self, busy: bool) {
        self.busy.send_replace(busy);
    }

    /// Follows the query until the task is aborted or nobody listens any more.
    pub(super) async fn follow(self, query: Arc<Query>) {
        let _one_of_all = CountGuard::begin(&self.all);
        let mut cursor = Cursor::new(self.ask.preferred(), self.rules.wait, self.rules.max_stale);
        let rights = self.rights.subscribe();
        let (backoff, scout, page_scout, denied, turn) =
            (Backoff::new(&self.rules.pauses), None, None, None, None);
        let mut trouble = Trouble {
            backoff,
            scout,
            page_scout,
            denied,
            turn,
            tried: 0,
            failing: false,
            rights,
        };
        let mut calm = Duration::ZERO;
        loop {
            let mut recoveries = self.outage.listen();
            trouble.rights.mark_unchanged();
            let begun = Instant::now();
            let step = match self.ask_once(&query, &mut cursor, &mut trouble).await {
                Ok(reply) => {
                    let verdict = cursor.accept(reply);
                    calm = calmer(calm, &verdict, begun.elapsed());
                    self.answered(&query, verdict, calm, &mut trouble).await
                }
                Err(error) => {
                    self.failed(&query, error, &mut cursor, &mut trouble, &mut recoveries)
                        .await
                }
            };
            if let Err(Cancelled) = step {
                return;
            }
        }
    }

    async fn ask_once(
        &self,
        query: &Arc<Query>,
        cursor: &mut Cursor,
        trouble: &mut Trouble,
    ) -> Result<crate::consul::Reply, AskError> {
        let mut waiting = None;
        if cursor.poll().index > 0 {
            if *self.without_answer.borrow() > 0 {
                let mut others = self.without_answer.subscribe();
                let _ = timeout(YIELD_TO_FIRST_ANSWERS, others.wait_for(|count| *count == 0)).await;
            }
        } else if cursor.is_at_the_beginning() {
            waiting = Some(CountGuard::begin(&self.without_answer));
        }
        if cursor.poll().index == 0 && trouble.turn.is_none() {
            // The semaphore is never closed; should it be, asking without it is right.
            trouble.turn = Arc::clone(&self.first_answers).acquire_owned().await.ok();
            if trouble.tried == 0 {
                // While it waited for its turn, others may have found out which server answers.
                cursor.move_to(self.ask.preferred());
            }
        }
        let _turn = if cursor.poll().index > 0 {
            self.turn_to_block().await
        } else {
            None
        };
        let mut poll = cursor.poll();
        if *self.all.borrow() > self.rules.polls {
            // Others wait for their turn, or soon will.
            poll.wait = poll.wait.min(CROWDED_WAIT);
        }
        let (server, index) = (poll.server, poll.index);
        tracing::trace!(name: "query.asked", %query, server, index, "{query} is asked server={server} index={index}");
        let asked = self.ask.ask(query, poll).await;
        drop(waiting);
        match &asked {
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
        asked
    }

    /// The right to block, when there is one free.
    async fn turn_to_block(&self) -> Option<SemaphorePermit<'_>> {
        if let Ok(turn) = self.polls.try_acquire() {
            return Some(turn);
        }
        self.crowded.call_once(|| {
            tracing::warn!(
                name: "queries.take_turns", polls = self.rules.polls,
                "only {} queries can wait for news at the same time, and others hear of theirs later, because this \
                 process may have few files open; raise the limit (ulimit -n, LimitNOFILE= in a systemd unit)",
                self.rules.polls
            );
        });
        self.polls.acquire().await.ok()
    }

    async fn answered(
        &self,
        query: &Arc<Query>,
        verdict: Verdict,
        calm: Duration,
        trouble: &mut Trouble,
    ) -> Result<(), Cancelled> {
        if verdict == Verdict::TooStale {
            return Ok(());
        }
        trouble.turn = None;
        trouble.tried = 0;
        trouble.backoff.reset();
        trouble.scout = None;
        trouble.page_scout = None;
        if trouble.denied.take().is_some() {
            // Whoever gave this right has perhaps given others.
            self.ask_denied_again();
        }
        if std::mem::take(&mut trouble.failing) {
            self.outage.recovered();
            self.tell(WatchEvent::Recovered(Arc::clone(query))).await?;
        }
        let rest = match verdict {
            Verdict::News(answer) => {
                self.tell(WatchEvent::News(Arc::clone(query), answer))
                    .await?;
                self.rules.rest.max(calm)
            }
            Verdict::NoNews | Verdict::TooStale => calm,
        };
        let rest = if query.blocks() { rest } else { INTERVAL };
        if rest > Duration::ZERO {
            sleep(rest).await;
        }
        // Whoever acts on the news goes first, with the processor to itself; the next question is in no hurry.
        yield_now().await;
        if *self.busy.borrow() {
            // The sender lives in every follower, this one included: it cannot be gone.
            let _ = self.busy.subscribe().wait_for(|busy| !busy).await;
        }
        Ok(())
    }

    async fn failed(
        &self,
        query: &Arc<Query>,
        error: AskError,
        cursor: &mut Cursor,
        trouble: &mut Trouble,
        recoveries: &mut watch::Receiver<u64>,
    ) -> Result<(), Cancelled> {
        let class = error.class();
        cursor.start_over();
        if class == ErrorClass::Idle {
            return Ok(());
        }
        if error.concerns_the_server() {
            trouble.tried += 1;
            cursor.move_to((cursor.poll().server + 1) % self.ask.servers());
            if !trouble.tried.is_multiple_of(self.ask.servers()) {
                return Ok(());
            }
        }
        trouble.turn = None;
        // One who asks often is no burden, even for a server of which too much is asked.
        let is_outage = matches!(class, ErrorClass::Outage | ErrorClass::Throttled);
        let is_page = error.concerns_the_server() && !is_outage;
        trouble.page_scout = trouble.page_scout.take().filter(|_| is_page);
        if is_outage {
            trouble.scout = trouble.scout.take().or_else(|| self.outage.scout());
        } else if trouble.scout.take().is_some() {
            // Whoever refuses one question can answer the others again.
            self.outage.recovered();
        }
        if is_page {
            trouble.page_scout = trouble.page_scout.take().or_else(|| self.pages.scout());
        }
        let is_denied = class == ErrorClass::Denied;
        trouble.denied = is_denied.then(|| {
            trouble
                .denied
                .take()
                .unwrap_or_else(|| CountGuard::begin(&self.denied))
        });
        trouble.failing = true;
        self.tell(WatchEvent::Failed(Arc::clone(query), Arc::new(error)))
            .await?;
        let mut longest = Outage::longest_pause(
            &self.rules.pauses,
            trouble.scout.as_ref().or(trouble.page_scout.as_ref()),
        );
        if is_denied {
            longest = longest.min(
                DENIED_PAUSE
                    .saturating_mul(u32::try_from(*self.denied.borrow()).unwrap_or(u32::MAX)),
            );
        }
        let pause = trouble.backoff.next(longest, fastrand::f64());
        match class {
            ErrorClass::Throttled => {
                if outage::wait(pause, recoveries).await {
                    // Too many at once is what it was about.
                    sleep(RECOVERY_JITTER.mul_f64(fastrand::f64())).await;
                }
            }
            ErrorClass::Denied => {
                if outage::wait(pause, &mut trouble.rights).await {
                    trouble.backoff.reset();
                }
            }
            _ if is_outage || is_page => {
                if outage::wait(pause, recoveries).await {
                    trouble.backoff.reset();
                }
            }
            // It is about this question: that others are answered says nothing.
            _ => sleep(pause).await,
        }
        Ok(())
    }

    async fn tell(&self, event: WatchEvent) -> Result<(), Cancelled> {
        self.events.send(event).await.map_err(|_| Cancelled)
    }
}

/// How long the next poll waits after one that took so long: a little when it was answered at once, and longer each
/// time when there was no news.
fn calmer(before: Duration, verdict: &Verdict, took: Duration) -> Duration {
    match verdict {
        Verdict::News(_) if took < MIN_POLL_INTERVAL => MIN_POLL_INTERVAL,
        Verdict::NoNews if took < QUICK => {
            (before * 2).clamp(Duration::from_millis(20), LONGEST_CALM)
        }
        _ => Duration::ZERO,
    }
}

#[cfg(test)]
mod tests;
