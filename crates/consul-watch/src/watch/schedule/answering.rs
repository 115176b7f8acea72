//! Handles the answers to requests.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::Schedule;
use super::connections::Kind;
use super::entry::{Lane, State};
use super::id::Id;
use super::pace::{CROWDED_WAIT, MIN_POLL_INTERVAL};
use super::request::{InFlight, Outcome, Purpose};
use crate::answer::{Answer, Pair};
use crate::query::Query;
use crate::source::{Circumstances, Reply};
use crate::watch::cursor::Verdict;
use crate::watch::event::WatchEvent;

/// The time below which an unchanged answer shows that the poll did not block.
pub(super) const QUICK: Duration = Duration::from_secs(1);
/// The maximum pause after polls that did not block.
const MAX_IDLE_BACKOFF: Duration = Duration::from_millis(500);
/// The number of entries below a prefix, per followed key, from which the answer about it is too large.
const MAX_PAIRS_PER_KEY: usize = 4;
/// The number of entries in addition that does not matter.
const FEW_PAIRS: usize = 256;

impl Schedule {
    /// Handles the outcome of a request. That of a cancelled request is ignored.
    pub(in crate::watch) fn ended(&mut self, request_id: u64, outcome: Outcome, now: Instant) {
        let Some(request) = self.end_request(request_id) else {
            return;
        };
        if outcome.is_from_datacenter() {
            self.datacenter_answered(&request.datacenter, now);
        }
        if outcome.is_from_consul() {
            let is_probe = request.kind == Kind::Probe;
            self.servers.answered(request.poll.server, is_probe, now);
        }
        if let Some(id) = request.id
            && self.is_of_old_token(&request, &outcome)
        {
            return self.repeat_with_new_token(id, &request, now);
        }
        match (outcome, request.id) {
            (Outcome::Server(result), _) => self.probed(&request, result, now),
            (Outcome::Query(Ok(reply)), Some(id)) => self.answered((id, request), reply, now),
            (Outcome::Index(Ok(index)), Some(id)) => self.index_read(id, index, now),
            (Outcome::Node(scope, node, result), _) => self.surveyed((&scope, &node), result, now),
            (Outcome::Tick(Ok(reply)), Some(id)) => self.ticked((id, request), reply, now),
            (Outcome::Index(Err(error)), Some(id)) if !error.concerns_the_server() => {
                // The server may not know how to filter: read the whole answer.
                tracing::debug!(name: "query.index_refused", %error, "the index alone cannot be read: {error}");
                self.entries.queue_first(id, Lane::Again);
                self.forget_index(id);
            }
            (
                Outcome::Query(Err(error)) | Outcome::Index(Err(error)) | Outcome::Tick(Err(error)),
                Some(id),
            ) => self.failed((id, &request), &Arc::new(error), now),
            (_, None) => {}
        }
    }

    fn answered(&mut self, (id, request): (Id, InFlight), reply: Reply, now: Instant) {
        self.pace.received(reply.bytes);
        let circumstances = Circumstances {
            is_fresh: !request.poll.stale,
            is_filtered: reply.is_filtered,
        };
        let is_full = request.kind == Kind::Short;
        let full_read = self.next_full_read(now);
        let is_extra = self.is_extra_read(id, &request);
        let Some(entry) = self.entries.get_mut(id) else {
            return;
        };
        if is_extra && entry.answered.is_some_and(|at| at >= request.sent) {
            // The long poll was answered meanwhile, perhaps with something newer.
            entry.read_again = true;
            if entry.request_id().is_some() {
                self.extra_reads.push_back(id);
            }
            return;
        }
        entry.answered = Some(now);
        let verdict = entry.cursor.accept(reply, request.poll.stale);
        if verdict == Verdict::TooStale {
            return self.entries.queue_first(id, Lane::Again);
        }
        if is_full {
            entry.full_read = full_read;
        }
        let took = now.saturating_duration_since(request.sent);
        entry.idle_backoff = idle_backoff(entry.idle_backoff, &verdict, took);
        let mut pause = entry.idle_backoff;
        self.recover(id, now);
        if let Verdict::Changed(answer) = &verdict {
            pause = pause.max(self.rules.pause);
            self.changed(id, request.purpose, now);
            self.distribute(id, answer, now);
        }
        self.report_outcome(id, request.purpose, verdict, circumstances);
        let Some(entry) = self.entries.get(id) else {
            return;
        };
        // After an extra read, the long poll that is in flight goes on.
        if !is_extra || entry.request_id().is_none() {
            let pause = entry.traits.interval.unwrap_or(pause);
            self.requeue_after(id, pause, now);
        }
    }

    fn report_outcome(
        &mut self,
        id: Id,
        purpose: Purpose,
        verdict: Verdict,
        circumstances: Circumstances,
    ) {
        let Some(entry) = self.entries.get_mut(id) else {
            return;
        };
        let is_asked = purpose == Purpose::ReadAgain;
        if is_asked {
            entry.read_again = false;
        }
        let answer = match verdict {
            Verdict::Changed(answer) => Some(answer),
            _ if is_asked => entry.cursor.last().cloned(),
            _ => None,
        };
        let query = entry.query().filter(|_| entry.is_requested).cloned();
        if let (Some(query), Some(answer)) = (query, answer) {
            self.report_answer(query, answer, circumstances);
        }
    }

    pub(super) fn report_answer(
        &mut self,
        query: Arc<Query>,
        answer: Arc<Answer>,
        circumstances: Circumstances,
    ) {
        self.events
            .push(WatchEvent::Answered(query, answer, circumstances));
    }

    /// Queues an entry again, after a pause.
    pub(super) fn requeue_after(&mut self, id: Id, pause: Duration, now: Instant) {
        // Without a long poll it is read at an interval.
        let pause = if self.mode.limit == 0 {
            pause.max(CROWDED_WAIT)
        } else {
            pause
        };
        if pause > Duration::ZERO {
            self.entries.wait_for(id, State::Time(now + pause));
        } else {
            self.requeue(id, now);
        }
    }

    /// Records that the answer of an entry has changed.
    fn changed(&mut self, id: Id, purpose: Purpose, now: Instant) {
        let Some(entry) = self.entries.get_mut(id) else {
            return;
        };
        if purpose == Purpose::First {
            return;
        }
        let before = entry.changed.replace(now);
        if purpose == Purpose::FullRead
            && let Some(query) = entry.query()
        {
            tracing::info!(
                name: "query.repaired", %query,
                "{query}: the periodic read has found a change that nothing had announced"
            );
        }
        if let Some(area) = &entry.area {
            self.pace.found();
            self.areas.changed((id, area), before, now);
        }
    }

    /// Handles the index of a query. Another one than before means that the answer has changed.
    fn index_read(&mut self, id: Id, index: Option<u64>, now: Instant) {
        self.recover(id, now);
        let Some(entry) = self.entries.get(id) else {
            return;
        };
        if index.unwrap_or(0).max(1) == entry.cursor.poll().index {
            return self.requeue(id, now);
        }
        self.entries.queue_first(id, Lane::Again);
        self.forget_index(id);
    }

    /// Makes the next request of an entry one for the whole answer.
    fn forget_index(&mut self, id: Id) {
        if let Some(entry) = self.entries.get_mut(id) {
            entry.cursor.start_over();
        }
    }

    /// Divides the answer about a prefix into the answers of its keys.
    fn distribute(&mut self, prefix: Id, answer: &Answer, now: Instant) {
        let Some(entry) = self.entries.get(prefix) else {
            return;
        };
        let Answer::Pairs(pairs) = answer else { return };
        if entry.keys.is_empty() {
            return;
        }
        let most = entry.keys.len() * MAX_PAIRS_PER_KEY + FEW_PAIRS;
        if !entry.is_requested && pairs.len() > most {
            return self.dissolve(prefix, None);
        }
        let circumstances = entry.cursor.last_circumstances();
        for key in entry.keys.clone() {
            self.update_key(key, pairs, circumstances, now);
        }
    }

    /// Updates a key from the answer about its prefix.
    fn update_key(
        &mut self,
        key: Id,
        pairs: &[Arc<Pair>],
        circumstances: Circumstances,
        now: Instant,
    ) {
        let Some(entry) = self.entries.get_mut(key) else {
            return;
        };
        let Some(path) = entry.key().map(|key| &key.key) else {
            return;
        };
        if let State::Answer(_) = entry.state {
            // That answer may be older than this one.
            entry.read_again = true;
            return;
        }
        let found = pairs.binary_search_by(|pair| pair.path.as_str().cmp(path));
        let found = found.ok().and_then(|at| pairs.get(at));
        let Some(pair) = found else {
            let is_known = matches!(
                entry.cursor.last().map(|answer| &**answer),
                Some(Answer::Key(None))
            );
            // It may be there, and the token may not read it.
            if !is_known && entry.state == State::Prefix {
                let lane = entry.short_lane();
                self.entries.wait_for(key, State::Lane(lane));
            }
            return;
        };
        let Some(query) = entry.query().cloned() else {
            return;
        };
        let changed = entry.cursor.record_entry(pair, circumstances);
        self.recover(key, now);
        if let Some(answer) = changed {
            self.report_answer(query, answer, circumstances);
        }
        self.entries.wait_for(key, State::Prefix);
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
