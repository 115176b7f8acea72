//! Reads every answer again when the token has changed.
//!
//! Long polls with the old token go on, because Consul keeps the connection of a cancelled one. Each query is read once with
//! the new token by a short request beside its poll. The answer to a request with the old token is not used.

use std::time::Instant;

use super::Schedule;
use super::entry::{Lane, State};
use super::id::Id;
use super::request::{InFlight, Outcome, Purpose};

impl Schedule {
    /// Requests the answers that the new token may read, at the pace of short requests.
    pub(in crate::watch) fn token_changed(&mut self, now: Instant) {
        self.failures.tokens += 1;
        self.retry_denied(now);
        let queries = self.entries.iter().filter(|(_, entry)| !entry.is_tick());
        let queries: Vec<_> = queries.map(|(id, _)| id).collect();
        for id in queries {
            self.read_with_new_token(id);
        }
    }

    fn read_with_new_token(&mut self, id: Id) {
        let Some(entry) = self.entries.get_mut(id) else {
            return;
        };
        // Without an index, the next request does not block.
        entry.cursor.start_over();
        match entry.state {
            State::Answer(_) => self.extra_reads.push_back(id),
            State::Time(_) if entry.failure.is_reported => {}
            State::Time(_) | State::Tick(_) | State::Lane(Lane::Long) => {
                let lane = entry.short_lane();
                self.entries.wait_for(id, State::Lane(lane));
            }
            // The prefix is read.
            State::Prefix | State::Lane(_) => {}
        }
    }

    /// Returns `true` if an outcome says only what the old token may read.
    pub(super) fn is_of_old_token(&self, request: &InFlight, outcome: &Outcome) -> bool {
        let depends_on_token = match outcome {
            Outcome::Query(_) | Outcome::Index(_) => true,
            // The index of a tick depends on no right, but an old token may be unknown meanwhile.
            Outcome::Tick(reply) => reply.is_err(),
            Outcome::Node(..) | Outcome::Server(_) => false,
        };
        depends_on_token && request.tokens != self.failures.tokens && outcome.is_from_consul()
    }

    /// Requests an entry again in place of a request with the old token.
    pub(super) fn repeat_with_new_token(&mut self, id: Id, request: &InFlight, now: Instant) {
        let is_extra = self.is_extra_read(id, request);
        let Some(entry) = self.entries.get_mut(id) else {
            return;
        };
        entry.read_again |= request.purpose == Purpose::ReadAgain;
        if is_extra && entry.request_id().is_some() {
            self.extra_reads.push_back(id);
        } else if !is_extra && !entry.is_tick() && entry.cursor.poll().index == 0 {
            let lane = entry.short_lane();
            self.entries.wait_for(id, State::Lane(lane));
        } else if !is_extra {
            self.requeue(id, now);
        }
    }
}
