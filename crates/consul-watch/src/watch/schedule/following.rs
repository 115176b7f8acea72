//! Begins and ends to follow queries, and lets keys share the request for their prefix.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::Schedule;
use super::entry::{Entry, Lane, State, Subject, Traits};
use super::id::Id;
use super::prefixes;
use crate::query::{ConsulQuery, KeyQuery, Query};
use crate::watch::cursor::Cursor;

/// Longer than any process runs, and short enough for the clock.
const NEVER: Duration = Duration::from_secs(u32::MAX as u64);

impl Schedule {
    /// Follows these queries and no others.
    pub(in crate::watch) fn follow(&mut self, wanted: &BTreeMap<Arc<Query>, Traits>, now: Instant) {
        let gone = self.entries.iter().filter(|(_, entry)| {
            let query = entry.query();
            entry.is_requested && query.is_some_and(|query| !wanted.contains_key(query))
        });
        let gone: Vec<_> = gone.map(|(id, _)| id).collect();
        for id in gone {
            self.unfollow(id);
        }
        let mut new = Vec::new();
        for (query, traits) in wanted {
            if let Some(id) = self.entries.find(query) {
                // It may have been followed for its keys only.
                self.request(id);
            } else {
                new.push(self.add(Subject::Query(Arc::clone(query)), traits.clone(), now));
            }
        }
        for id in &new {
            self.request(*id);
        }
        self.share_prefixes(now);
        for id in new {
            let is_waiting = self
                .entries
                .get(id)
                .is_some_and(|entry| entry.prefix.is_none());
            if is_waiting {
                self.entries.wait_for(id, State::Lane(Lane::First));
            }
        }
        self.mode.is_outdated = true;
    }

    fn request(&mut self, id: Id) {
        if let Some(entry) = self.entries.get_mut(id)
            && !entry.is_requested
        {
            entry.is_requested = true;
            if let Some(query) = entry.query().cloned()
                && let Some(answer) = entry.cursor.last().cloned()
            {
                let circumstances = entry.cursor.last_circumstances();
                self.report_answer(query, answer, circumstances);
            }
        }
    }

    pub(super) fn add(&mut self, subject: Subject, mut traits: Traits, now: Instant) -> Id {
        traits.area = traits.area.map(|area| self.areas.shared(area));
        let cursor = Cursor::new(
            self.servers.preferred,
            self.rules.wait,
            self.rules.max_stale,
        );
        let full_read = self.next_full_read(now);
        self.entries
            .insert(Entry::new(subject, traits, cursor, full_read))
    }

    /// The time of the next full read of an entry, spread so that not all entries are read at once.
    pub(super) fn next_full_read(&mut self, now: Instant) -> Instant {
        match self.rules.full_read_interval {
            Some(interval) => now + self.spread(interval),
            None => now + NEVER,
        }
    }

    fn unfollow(&mut self, id: Id) {
        let Some(entry) = self.entries.get_mut(id) else {
            return;
        };
        entry.is_requested = false;
        if let Some(prefix) = entry.prefix {
            self.leave_prefix(prefix, id);
        }
        let is_needed = self
            .entries
            .get(id)
            .is_some_and(|entry| !entry.keys.is_empty());
        if !is_needed {
            self.drop_entry(id);
        }
    }

    /// Removes an entry and cancels its request.
    pub(super) fn drop_entry(&mut self, id: Id) {
        if let Some(request_id) = self.entries.get(id).and_then(Entry::request_id) {
            self.cancel(request_id);
        }
        let datacenter = self.entries.get(id).map(Entry::datacenter);
        let datacenter = datacenter.unwrap_or_default().to_owned();
        let successor = self.failures.successor(id);
        self.failures.forget(id);
        if let Some(next) = successor
            && let Some(entry) = self.entries.get(next)
            && matches!(entry.state, State::Time(_))
        {
            let lane = entry.short_lane();
            self.entries.wait_for(next, State::Lane(lane));
        }
        self.entries.remove(id);
        self.replace_probe_of_datacenter(&datacenter);
        self.mode.is_outdated = true;
    }

    fn leave_prefix(&mut self, prefix: Id, key: Id) {
        let Some(entry) = self.entries.get_mut(prefix) else {
            return;
        };
        entry.keys.retain(|id| *id != key);
        if entry.keys.is_empty() && !entry.is_requested {
            self.drop_entry(prefix);
        }
    }

    /// Lets keys share the request for their prefix where that replaces many requests.
    pub(super) fn share_prefixes(&mut self, now: Instant) {
        self.unusable_prefixes
            .retain(|_, until| until.is_none_or(|until| now < until));
        let mut alone: BTreeMap<KeyQuery, Id> = BTreeMap::new();
        for (id, entry) in self.entries.iter() {
            if let Some(key) = entry.key().filter(|_| entry.prefix.is_none()) {
                alone.insert(key.clone(), id);
            }
        }
        self.join_known_prefixes(&mut alone);
        let chosen = prefixes::choose(alone.keys(), |prefix| {
            self.unusable_prefixes.contains_key(prefix)
        });
        for (prefix, keys) in chosen {
            let query = Arc::new(Query::Consul(ConsulQuery::Pairs(prefix)));
            let id = self.entries.find(&query).unwrap_or_else(|| {
                let traits = Traits {
                    blocks: true,
                    interval: None,
                    area: None,
                };
                let id = self.add(Subject::Query(query), traits, now);
                self.entries.wait_for(id, State::Lane(Lane::First));
                id
            });
            let keys: Vec<_> = keys
                .iter()
                .filter_map(|key| alone.get(key).copied())
                .collect();
            for key in keys {
                self.join(id, key);
            }
        }
    }

    /// Lets keys join the prefixes that other keys share.
    fn join_known_prefixes(&mut self, alone: &mut BTreeMap<KeyQuery, Id>) {
        let shared = self
            .entries
            .iter()
            .filter(|(_, entry)| !entry.keys.is_empty());
        let shared: Vec<_> = shared
            .filter_map(|(id, entry)| match entry.query().map(|query| &**query) {
                Some(Query::Consul(ConsulQuery::Pairs(prefix))) => Some((id, prefix.clone())),
                _ => None,
            })
            .collect();
        for (id, prefix) in shared {
            let inside: Vec<_> = alone
                .range(prefix.clone()..)
                .take_while(|(key, _)| key.key.starts_with(&prefix.key))
                .filter(|(key, _)| key.scope == prefix.scope && !key.key.contains("//"))
                .map(|(key, id)| (key.clone(), *id))
                .collect();
            for (key, key_id) in inside {
                alone.remove(&key);
                self.join(id, key_id);
            }
        }
    }

    fn join(&mut self, prefix: Id, key: Id) {
        if let Some(entry) = self.entries.get_mut(key) {
            entry.prefix = Some(prefix);
            if !matches!(entry.state, State::Answer(_)) && !entry.failure.is_reported {
                self.entries.wait_for(key, State::Prefix);
            }
        }
        let Some(entry) = self.entries.get_mut(prefix) else {
            return;
        };
        entry.keys.push(key);
        let is_answered = !entry.is_unanswered();
        let entry = self.entries.get(key);
        let waits =
            entry.is_some_and(|entry| entry.is_unanswered() && entry.state == State::Prefix);
        if is_answered && waits {
            // The answer about the prefix may be older than the interest in this key.
            self.entries.wait_for(key, State::Lane(Lane::First));
        }
    }

    /// Stops sharing a prefix, whose answer is not usable: each key is requested by itself. `until`: the time at which the
    /// prefix may be usable again.
    pub(super) fn dissolve(&mut self, prefix: Id, until: Option<Instant>) {
        let Some(entry) = self.entries.get_mut(prefix) else {
            return;
        };
        let keys = std::mem::take(&mut entry.keys);
        let is_requested = entry.is_requested;
        if let Some(Query::Consul(ConsulQuery::Pairs(query))) = entry.query().map(|query| &**query)
        {
            self.unusable_prefixes.insert(query.clone(), until);
        }
        for key in keys {
            let Some(entry) = self.entries.get_mut(key) else {
                continue;
            };
            entry.prefix = None;
            if entry.state == State::Prefix {
                let lane = entry.short_lane();
                self.entries.wait_for(key, State::Lane(lane));
            }
        }
        if !is_requested {
            self.drop_entry(prefix);
        }
        self.mode.is_outdated = true;
    }
}
