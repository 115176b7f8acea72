//! The rows of the database: answers, and when a source was seen last.

use std::collections::HashSet;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use ring::digest::{Context, Digest, SHA256};
use rusqlite::{Connection, OptionalExtension as _, Transaction, params};

use crate::update::Update;

/// The time after which an answer that was not current since is neither returned nor kept.
const MAX_AGE: Duration = Duration::from_secs(30 * 24 * 3600);

/// An answer as it is stored.
pub(crate) struct Row {
    pub(crate) answer: Vec<u8>,
    /// `true` if the answer has its checksum.
    pub(crate) is_intact: bool,
    /// The time since which it is stale; `None` while it is current.
    pub(crate) stale_since: Option<i64>,
}

/// The answer of a source to a query.
pub(crate) fn row(
    connection: &Connection,
    source: &str,
    query: &str,
) -> Result<Option<Row>, rusqlite::Error> {
    let select = "SELECT stale_since, hash, answer FROM answers WHERE source = ?1 AND query = ?2";
    let mut select = connection.prepare_cached(select)?;
    let row = select.query_row([source, query], |row| {
        let (hash, answer): (Vec<u8>, Vec<u8>) = (row.get(1)?, row.get(2)?);
        Ok(Row {
            is_intact: hash_of(source, query, &answer).as_ref() == hash,
            stale_since: row.get(0)?,
            answer,
        })
    });
    row.optional()
}

/// The time of the last write for a source.
pub(crate) fn seen_at(
    connection: &Connection,
    source: &str,
) -> Result<Option<i64>, rusqlite::Error> {
    let select = "SELECT at FROM seen WHERE source = ?1";
    let row = connection.query_row(select, [source], |row| row.get(0));
    row.optional()
}

/// One write for a source.
pub(crate) struct RowWriter<'a> {
    transaction: &'a Transaction<'a>,
    source: &'a str,
    now: i64,
    /// The time of the last write before this one; 0 if there was none.
    seen: i64,
}

impl<'a> RowWriter<'a> {
    /// Begins a write, and records its time. The time never goes back: the clock of a host may not be set yet.
    pub(crate) fn begin(
        transaction: &'a Transaction<'a>,
        source: &'a str,
        now: SystemTime,
    ) -> Result<Self, rusqlite::Error> {
        let own = Self {
            transaction,
            source,
            now: milliseconds(now),
            seen: seen_at(transaction, source)?.unwrap_or_default(),
        };
        let seen =
            "INSERT INTO seen VALUES (?1, ?2) ON CONFLICT DO UPDATE SET at = max(at, excluded.at)";
        transaction.execute(seen, params![source, own.now])?;
        Ok(own)
    }

    /// Marks all answers as stale since the last write.
    pub(crate) fn mark_stale(&self) -> Result<(), rusqlite::Error> {
        let stale = "UPDATE answers SET stale_since = ?2 WHERE source = ?1 AND stale_since IS NULL";
        self.transaction
            .execute(stale, params![self.source, self.seen])?;
        Ok(())
    }

    /// Applies the update of one answer.
    pub(crate) fn apply(&self, query: &str, update: Update) -> Result<(), rusqlite::Error> {
        let own = [self.source, query];
        let current = "UPDATE answers SET stale_since = NULL WHERE source = ?1 AND query = ?2";
        match update {
            Update::Answer(answer) => {
                let known = row(self.transaction, self.source, query)?;
                if known.is_some_and(|known| known.is_intact && known.answer == answer) {
                    self.transaction.prepare_cached(current)?.execute(own)?;
                    return Ok(());
                }
                let hash = hash_of(self.source, query, &answer);
                let replace = "INSERT OR REPLACE INTO answers VALUES (?1, ?2, NULL, ?3, ?4)";
                let mut replace = self.transaction.prepare_cached(replace)?;
                replace.execute(params![self.source, query, hash.as_ref(), answer])?;
            }
            Update::Current => {
                self.transaction.prepare_cached(current)?.execute(own)?;
            }
            Update::StaleSince(since) => {
                // An answer that is stale already keeps its time.
                let stale = "UPDATE answers SET stale_since = coalesce(stale_since, ?3) WHERE source = ?1 AND query = ?2";
                let mut stale = self.transaction.prepare_cached(stale)?;
                stale.execute(params![self.source, query, self.since(since)])?;
            }
            Update::Remove => {
                let remove = "DELETE FROM answers WHERE source = ?1 AND query = ?2";
                self.transaction.prepare_cached(remove)?.execute(own)?;
            }
        }
        Ok(())
    }

    /// The time since which an answer is stale. A clock that is behind the last write says nothing about it.
    fn since(&self, time: SystemTime) -> i64 {
        let time = milliseconds(time);
        let is_behind = self.now < self.seen;
        if is_behind && time <= self.now {
            self.seen
        } else {
            time
        }
    }

    /// Removes old answers of this source, except those to these queries.
    pub(crate) fn remove_old_except(&self, used: &HashSet<String>) -> Result<(), rusqlite::Error> {
        let select = "SELECT query FROM answers WHERE source = ?1 AND stale_since < ?2";
        let mut select = self.transaction.prepare(select)?;
        let old = select.query_map(params![self.source, self.oldest()], |row| row.get(0))?;
        let old: Vec<String> = old.collect::<Result<_, _>>()?;
        for query in old.iter().filter(|query| !used.contains(*query)) {
            self.apply(query, Update::Remove)?;
        }
        Ok(())
    }

    /// Removes old answers of other sources, and what is known of a source without answers.
    pub(crate) fn remove_old_of_others(&self) -> Result<(), rusqlite::Error> {
        let others = [
            "DELETE FROM answers WHERE source IN (SELECT source FROM seen WHERE source <> ?1) AND \
             (SELECT min(at, coalesce(stale_since, at)) FROM seen WHERE seen.source = answers.source) < ?2",
            "DELETE FROM seen WHERE source <> ?1 AND at < ?2 AND source NOT IN (SELECT source FROM answers)",
        ];
        for remove in others {
            let parameters = params![self.source, self.oldest()];
            self.transaction.execute(remove, parameters)?;
        }
        Ok(())
    }

    fn oldest(&self) -> i64 {
        oldest(time(self.now))
    }
}

/// The time since which an answer may be stale at most.
pub(crate) fn oldest(now: SystemTime) -> i64 {
    now.checked_sub(MAX_AGE).map_or(0, milliseconds)
}

/// The hash of an answer together with its source and query, so that an answer is never taken for another one.
fn hash_of(source: &str, query: &str, answer: &[u8]) -> Digest {
    let mut hash = Context::new(&SHA256);
    for text in [source, query] {
        hash.update(text.as_bytes());
        hash.update(&[0]);
    }
    hash.update(answer);
    hash.finish()
}

/// The milliseconds since 1970.
pub(crate) fn milliseconds(time: SystemTime) -> i64 {
    let since = time.duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}

/// The time this many milliseconds after 1970.
pub(crate) fn time(milliseconds: i64) -> SystemTime {
    let since = Duration::from_millis(u64::try_from(milliseconds).unwrap_or_default());
    UNIX_EPOCH.checked_add(since).unwrap_or(UNIX_EPOCH)
}
