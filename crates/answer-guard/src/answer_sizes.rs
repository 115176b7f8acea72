//! What an earlier process knew of the answers that it accepted last, as it is kept on the disk: their sizes, and their damped
//! instances.
//!
//! Input: accepted answers. Output: the number of items that an earlier process has accepted for a query, so that the
//! first answer of a new process can be judged too. Neither values nor names of items are kept,
//! except the names of damped instances and their nodes.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::damping::SavedDamping;
use super::guard::{applies_to, items};
use consul_watch::answer::{Answer, Depth};
use consul_watch::query::Query;
use sealed_json::{Damaged, seal, unseal};

/// The first words of the file: the format and its version.
const FORMAT: &str = "ctmpl-answers 1 sha256";
/// The number of processes in a row that may not use an entry before it is dropped.
const UNUSED_PROCESSES: u8 = 3;
/// The number of other Consuls whose sizes are kept.
const MAX_OTHERS: usize = 3;

/// The sizes of accepted answers, by the text of their query.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AnswerSizes {
    /// The identity of the Consul that answers.
    source: Arc<str>,
    sizes: BTreeMap<String, Entry>,
    damped: BTreeMap<String, Damped>,
    /// What other Consuls have answered.
    others: Vec<Other>,
    inherited: Inherited,
    /// The number of changes in this process.
    changes: u64,
}

/// What another Consul has answered.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Other {
    source: String,
    answers: BTreeMap<String, Entry>,
    damped: BTreeMap<String, Damped>,
}

/// What earlier Consuls of this process have answered, and the present one has not answered yet.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Inherited {
    answers: BTreeMap<String, Entry>,
    damped: BTreeMap<String, Damped>,
}

/// The size of one answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Entry {
    /// All items.
    items: usize,
    /// The keys directly below a prefix; missing for other queries.
    #[serde(skip_serializing_if = "Option::is_none")]
    level: Option<usize>,
    /// All keys below a prefix except folders; missing for other queries.
    #[serde(skip_serializing_if = "Option::is_none")]
    tree: Option<usize>,
    /// The number of processes since the last one that used it.
    #[serde(default)]
    unused: u8,
}

/// The damped instances of one query.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Damped {
    instances: Vec<SavedDamping>,
    /// The number of processes since the last one that used it.
    #[serde(default)]
    unused: u8,
}

/// The content of the file, after its first line.
#[derive(Deserialize, Serialize)]
struct Body<'a> {
    /// The Consul that has answered.
    source: std::borrow::Cow<'a, str>,
    answers: std::borrow::Cow<'a, BTreeMap<String, Entry>>,
    #[serde(default)]
    damped: std::borrow::Cow<'a, BTreeMap<String, Damped>>,
    #[serde(default)]
    others: std::borrow::Cow<'a, [Other]>,
}

impl AnswerSizes {
    /// Creates a value without sizes. `source` is the identity of the Consul that answers.
    #[must_use]
    pub fn of(source: &str) -> Self {
        Self {
            source: source.into(),
            sizes: BTreeMap::new(),
            damped: BTreeMap::new(),
            others: Vec::new(),
            inherited: Inherited::default(),
            changes: 0,
        }
    }

    /// The identity of the Consul that answers.
    #[must_use]
    pub fn source(&self) -> &Arc<str> {
        &self.source
    }

    /// The number of items in the last accepted answer to a query; `None` if it is unknown. `depth`: the entries below
    /// a prefix that count; `None`: all. After a change of the Consul, the larger number of both counts.
    #[must_use]
    pub fn items(&self, query: &Query, depth: Option<Depth>) -> Option<usize> {
        let inherited = self.inherited.answers.get(&query.to_string());
        let inherited = inherited.and_then(|entry| entry.at(depth));
        self.own_items(query, depth).max(inherited)
    }

    /// The same, but only of answers of the present Consul.
    #[must_use]
    pub fn own_items(&self, query: &Query, depth: Option<Depth>) -> Option<usize> {
        self.sizes.get(&query.to_string())?.at(depth)
    }

    /// Returns `true` if the Consul before has answered this query, and the present one has not.
    #[must_use]
    pub fn is_inherited(&self, query: &Query) -> bool {
        let inherited = &self.inherited.answers;
        !inherited.is_empty() && inherited.contains_key(&query.to_string())
    }

    /// The number of changes since the start of the process.
    #[must_use]
    pub fn changes(&self) -> u64 {
        self.changes
    }

    /// Records an accepted answer. Queries without a list, and those whose answer is secret, are ignored.
    pub fn accept(&mut self, query: &Query, answer: &Answer) {
        let Some(entry) = Entry::of(query, answer) else {
            return;
        };
        let query = query.to_string();
        self.inherited.answers.remove(&query);
        if let Some(damped) = self.inherited.damped.remove(&query) {
            self.damped.insert(query.clone(), damped);
        }
        let before = self.sizes.insert(query, entry);
        self.changes += u64::from(before != Some(entry));
    }

    /// The damped instances of a query.
    #[must_use]
    pub fn damped(&self, query: &Query) -> &[SavedDamping] {
        let query = query.to_string();
        let inherited = self.inherited.damped.get(&query);
        let damped = inherited.or_else(|| self.damped.get(&query));
        damped.map_or(&[], |damped| &damped.instances)
    }

    /// Records the damped instances of a query.
    pub fn set_damped(&mut self, query: &Query, instances: Vec<SavedDamping>) {
        self.changes += 1;
        let query = query.to_string();
        self.inherited.damped.remove(&query);
        if instances.is_empty() {
            self.damped.remove(&query);
        } else {
            let damped = Damped {
                instances,
                unused: 0,
            };
            self.damped.insert(query, damped);
        }
    }

    /// Returns `true` if no process since an earlier one has used the damped instances of a query, so that they may be left
    /// out soon.
    #[must_use]
    pub fn has_aged(&self, query: &Query) -> bool {
        let damped = self.damped.get(&query.to_string());
        damped.is_some_and(|damped| damped.unused > 0)
    }

    /// Forgets a query that no reader requests any more.
    pub fn forget(&mut self, query: &Query) {
        let query = query.to_string();
        let is_known = self.sizes.remove(&query).is_some();
        let is_damped = self.damped.remove(&query).is_some();
        self.inherited.answers.remove(&query);
        self.inherited.damped.remove(&query);
        self.changes += u64::from(is_known || is_damped);
    }

    /// Another Consul answers from now on. Its answers are compared with those of the one before, because both may belong
    /// to the same cluster. Nothing is recorded for it before it answers. What is known of others is kept, too.
    pub fn server_changed(&mut self, now: &str) {
        let mut others = self.others.iter();
        let own = others.position(|other| other.source == now);
        let own = own.map(|place| self.others.remove(place));
        let own = own.unwrap_or_default();
        let source = std::mem::replace(&mut self.source, now.into());
        let before = Other {
            source: (*source).to_owned(),
            answers: std::mem::replace(&mut self.sizes, own.answers),
            damped: std::mem::replace(&mut self.damped, own.damped),
        };
        // What is inherited already is newer: the Consul before has not answered it.
        let inherited = &mut self.inherited;
        for (query, entry) in before.answers.clone() {
            inherited.answers.entry(query).or_insert(entry);
        }
        for (query, damped) in before.damped.clone() {
            inherited.damped.entry(query).or_insert(damped);
        }
        if !before.answers.is_empty() {
            self.others.retain(|other| other.source != before.source);
            self.others.insert(0, before);
            self.others.truncate(MAX_OTHERS);
        }
    }

    /// The content of the file. A Consul that has not answered is not part of it.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        use std::borrow::Cow::Borrowed;
        let body = match self.others.split_first() {
            Some((latest, others)) if self.sizes.is_empty() => Body {
                source: Borrowed(&latest.source),
                answers: Borrowed(&latest.answers),
                damped: Borrowed(&latest.damped),
                others: Borrowed(others),
            },
            _ => Body {
                source: Borrowed(&self.source),
                answers: Borrowed(&self.sizes),
                damped: Borrowed(&self.damped),
                others: Borrowed(&self.others),
            },
        };
        seal(FORMAT, &body)
    }

    /// Reads the content of the file. `source` is the identity of the Consul that answers. What other Consuls have answered is kept beside. Entries that the last processes
    /// have not used are left out.
    ///
    /// # Errors
    /// [`Damaged`]
    pub fn decode(file: &[u8], source: &str) -> Result<Self, Damaged> {
        let body: Body<'_> = unseal(FORMAT, file)?;
        let latest = Other {
            source: body.source.into_owned(),
            answers: body.answers.into_owned(),
            damped: body.damped.into_owned(),
        };
        let mut others = body.others.into_owned();
        others.insert(0, latest);
        let own = others.iter().position(|other| other.source == source);
        let own = own.map(|place| others.remove(place));
        others.truncate(MAX_OTHERS);
        let Some(own) = own else {
            return Ok(Self {
                others,
                ..Self::of(source)
            });
        };
        let used = own.answers.into_iter();
        let sizes = used
            .map(|(query, entry)| {
                let unused = entry.unused.saturating_add(1);
                (query, Entry { unused, ..entry })
            })
            .filter(|(_, entry)| entry.unused <= UNUSED_PROCESSES);
        let mut damped = own.damped;
        damped.retain(|_, damped| {
            damped.unused = damped.unused.saturating_add(1);
            damped.unused <= UNUSED_PROCESSES
        });
        Ok(Self {
            sizes: sizes.collect(),
            damped,
            others,
            ..Self::of(source)
        })
    }
}

impl Entry {
    /// The size of an answer; `None` for a query without a list, or with a secret answer.
    fn of(query: &Query, answer: &Answer) -> Option<Self> {
        let is_prefix = matches!(answer, Answer::Pairs(_));
        let below = |depth: Depth| is_prefix.then(|| items(answer, Some(depth)));
        applies_to(query).then(|| Self {
            items: items(answer, None),
            level: below(Depth::Level),
            tree: below(Depth::Tree),
            unused: 0,
        })
    }

    /// The number of items that count at this depth.
    fn at(&self, depth: Option<Depth>) -> Option<usize> {
        match depth {
            None => Some(self.items),
            Some(Depth::Level) => self.level,
            Some(Depth::Tree) => self.tree,
        }
    }
}

#[cfg(test)]
mod tests;
