//! The sessions of one datacenter, which hold the locks of keys.
//!
//! Input: definitions, renewals, the catalog. Output: the sessions, and those that end because their
//! node or one of their checks failed.

use std::collections::BTreeMap;
use std::time::Duration;

use super::catalog::{Catalog, casefold};
use super::ids::{self, UUID_LENGTH};
use super::write_index::{Table, WriteIndex};

/// The effect of the end of a session on the keys that it holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Behavior {
    /// The locks are released.
    #[default]
    Release,
    /// The keys are deleted.
    Delete,
}

impl Behavior {
    /// Returns the name in Consul's API.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Release => "release",
            Self::Delete => "delete",
        }
    }
}

/// A session.
#[derive(Clone, Debug, Default)]
pub(crate) struct Session {
    /// A UUID.
    pub(crate) id: String,
    /// Name for people.
    pub(crate) name: String,
    /// The node that it belongs to.
    pub(crate) node: String,
    /// The time in which the keys of an ended session cannot be locked.
    pub(crate) lock_delay: Duration,
    /// The effect of its end.
    pub(crate) behavior: Behavior,
    /// The time in which it must be renewed, as written; empty for no limit.
    pub(crate) ttl_text: String,
    /// The time in which it must be renewed.
    pub(crate) ttl: Option<Duration>,
    /// IDs of the checks of the node that must not be critical.
    pub(crate) node_checks: Vec<String>,
    /// IDs of the checks of services that must not be critical.
    pub(crate) service_checks: Vec<String>,
    /// IDs of checks, in the field that older clients send.
    pub(crate) checks: Vec<String>,
    /// The index of its creation.
    pub(crate) create: u64,
    /// Changes with each renewal.
    pub(crate) stamp: u64,
}

/// The reason why a session cannot be created.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum SessionError {
    #[error("Missing node registration")]
    NoNode,
    #[error("Missing check '{0}' registration")]
    NoCheck(String),
    #[error("Check '{0}' is in critical state")]
    Critical(String),
}

impl Session {
    /// Returns an error if the node or a check of the session is missing or critical.
    pub(crate) fn validate(&self, catalog: &Catalog) -> Result<(), SessionError> {
        if catalog.node(&self.node).is_none() {
            return Err(SessionError::NoNode);
        }
        let ids = self.node_checks.iter();
        for id in ids.chain(&self.service_checks).chain(&self.checks) {
            let mut checks = catalog.checks_on(&self.node);
            let check = checks.find(|check| casefold(&check.value.id) == casefold(id));
            let check = check.ok_or_else(|| SessionError::NoCheck(id.clone()))?;
            if check.value.status == "critical" {
                return Err(SessionError::Critical(id.clone()));
            }
        }
        Ok(())
    }
}

/// Returns an error in Consul's words unless the text can be the ID of a session.
pub(crate) fn check_id(id: &str) -> Result<(), String> {
    if id.len() == UUID_LENGTH {
        Ok(())
    } else {
        let text = format!("UUID must be {UUID_LENGTH} characters");
        Err(format!("failed session lookup: index error: {text}"))
    }
}

/// A key that cannot be locked for a time.
#[derive(Clone, Copy, Debug)]
pub(crate) struct LockDelay {
    /// Changes when the time starts again.
    pub(crate) stamp: u64,
    /// The time.
    pub(crate) time: Duration,
}

/// The sessions and the keys with a lock delay.
#[derive(Clone, Debug, Default)]
pub(crate) struct Sessions {
    by_id: BTreeMap<String, Session>,
    delays: BTreeMap<String, LockDelay>,
    table: u64,
}

impl Sessions {
    /// Returns all sessions, by ID.
    pub(crate) fn all(&self) -> &BTreeMap<String, Session> {
        &self.by_id
    }

    /// Returns a session.
    pub(crate) fn get(&self, id: &str) -> Option<&Session> {
        self.by_id.get(id)
    }

    /// Returns an error in Consul's words unless a session with this ID exists.
    pub(crate) fn check_holder(&self, id: &str) -> Result<(), String> {
        if id.is_empty() {
            return Err("missing session".into());
        }
        check_id(id)?;
        match self.by_id.get(id) {
            Some(_) => Ok(()),
            None => Err(format!("invalid session {id:?}")),
        }
    }

    /// Returns the index of every query for sessions.
    pub(crate) fn index(&self) -> u64 {
        self.table
    }

    /// Adds a session.
    pub(crate) fn insert(&mut self, at: (u64, &mut WriteIndex), session: Session) {
        self.record(at, &session.id);
        self.by_id.insert(session.id.clone(), session);
    }

    /// Removes a session.
    pub(crate) fn remove(&mut self, at: (u64, &mut WriteIndex), id: &str) -> Option<Session> {
        let session = self.by_id.remove(id)?;
        self.record(at, id);
        Some(session)
    }

    fn record(&mut self, (index, writes): (u64, &mut WriteIndex), id: &str) {
        self.table = index;
        writes.record(Table::Sessions, id, index);
    }

    /// Starts the TTL of a session again.
    pub(crate) fn renew(&mut self, id: &str) -> Option<&Session> {
        let session = self.by_id.get_mut(id)?;
        session.stamp = ids::stamp();
        Some(session)
    }

    /// Returns the IDs of the sessions whose node or checks failed.
    pub(crate) fn broken(&self, catalog: &Catalog) -> Vec<String> {
        let broken = self
            .by_id
            .values()
            .filter(|session| session.validate(catalog).is_err());
        broken.map(|session| session.id.clone()).collect()
    }

    /// Returns the keys that cannot be locked.
    pub(crate) fn delays(&self) -> &BTreeMap<String, LockDelay> {
        &self.delays
    }

    /// Forbids to lock these keys for a time.
    pub(crate) fn delay(&mut self, keys: Vec<String>, time: Duration) {
        if time.is_zero() {
            return;
        }
        for key in keys {
            let stamp = ids::stamp();
            self.delays.insert(key, LockDelay { stamp, time });
        }
    }

    /// Allows to lock a key again.
    pub(crate) fn end_delay(&mut self, key: &str) {
        self.delays.remove(key);
    }

    /// Lowers all indexes to at most `to`.
    pub(crate) fn rewind(&mut self, to: u64) {
        for session in self.by_id.values_mut() {
            session.create = session.create.min(to);
        }
        self.table = self.table.min(to);
    }
}
