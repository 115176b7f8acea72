//! Selects and sorts the instances of a service.
//!
//! Input: the instances of an answer, a [`Choice`], and which instances have been passing for long
//! enough. Output: the selected instances. Their order depends on the instances, not on the order
//! of Consul's answer.
//!
//! The selection happens in the template, not in the query to Consul, so that all selections from a
//! service share one watched query.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use super::call_options::{Setting, unknown_option};
use consul_watch::answer::Instance;

/// The names of all options.
#[cfg(test)]
pub(crate) const OPTIONS: &[&str] = &[
    "tag",
    "unique",
    "require_port",
    "sort",
    "passing_for",
    "shuffle",
];

/// The instances that a template requests, and their order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Choice {
    /// `tag`: the tags that an instance must have, in lower case: Consul ignores case.
    tags: Vec<String>,
    /// `unique="addr:port"`: `true` to keep only the first instance with an address and port.
    unique: bool,
    /// `require_port`: `true` to omit instances without a port.
    require_port: bool,
    /// `sort`.
    sort: Option<Sort>,
    /// `shuffle`.
    shuffle: bool,
    /// `passing_for`: the time that an instance must have been passing; zero: no limit.
    passing_for: Duration,
}

/// The values of `sort`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Sort {
    Name,
    Near,
}

/// An order of instances.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// Sorted by node and ID.
    Name,
    /// The nodes in the order of the answer, by distance; the instances of a node by ID.
    Near,
    /// Shuffled, in an order that differs between hosts.
    Shuffled,
}

impl Choice {
    /// Reads options. The error names the option and its allowed values, but not the given value.
    /// `known` are all options of the function.
    ///
    /// # Errors
    /// The invalid option, and the reason.
    pub fn read<'a>(
        options: impl IntoIterator<Item = (&'a str, Setting<'a>)>,
        known: &[&str],
    ) -> Result<Self, String> {
        let mut choice = Self::default();
        let mut seen = HashSet::new();
        for (name, setting) in options {
            if !seen.insert(name) && name != "tag" {
                return Err(format!("{name} is given twice"));
            }
            match name {
                "tag" => choice.add_tags(&setting)?,
                "unique" => choice.unique = setting.word(name, &[("addr:port", true)])?,
                "require_port" => choice.require_port = setting.flag(name)?,
                "sort" => {
                    choice.sort =
                        Some(setting.word(name, &[("name", Sort::Name), ("near", Sort::Near)])?);
                }
                "shuffle" => choice.shuffle = setting.flag(name)?,
                "passing_for" => choice.passing_for = setting.span(name)?,
                unknown => return Err(unknown_option(unknown, known)),
            }
        }
        if choice.shuffle && choice.sort.is_some() {
            return Err("sort and shuffle exclude each other".to_owned());
        }
        Ok(choice)
    }

    fn add_tags(&mut self, setting: &Setting<'_>) -> Result<(), String> {
        let tags: Vec<&str> = match setting {
            Setting::Text(text) => text.split(',').collect(),
            Setting::List(tags) => tags.iter().map(String::as_str).collect(),
            Setting::Number(_) => return Err("tag is a text or a list of texts".to_owned()),
        };
        if tags.iter().any(|tag| tag.is_empty()) {
            // An empty tag must not mean "any": an unintentionally empty variable would select
            // every instance.
            return Err("tag is empty".to_owned());
        }
        self.tags.extend(tags.iter().map(|tag| tag.to_lowercase()));
        Ok(())
    }

    /// Returns `true` if Consul has to sort the answer by distance.
    #[must_use]
    pub(crate) fn wants_near(&self) -> bool {
        self.sort == Some(Sort::Near)
    }

    /// The time that instances must have been passing; zero: no limit.
    #[must_use]
    pub(crate) fn passing_for(&self) -> Duration {
        self.passing_for
    }

    /// The order of the instances. `is_near`: Consul has sorted the answer by distance.
    #[must_use]
    pub(crate) fn order(&self, is_near: bool) -> Order {
        if self.shuffle {
            Order::Shuffled
        } else if is_near && self.sort != Some(Sort::Name) {
            Order::Near
        } else {
            Order::Name
        }
    }

    /// Selects and sorts instances. `has_passed` returns `true` for an instance that has been
    /// passing for long enough. `host` seeds the shuffle.
    pub fn apply(
        &self,
        instances: &[Arc<Instance>],
        order: Order,
        host: &str,
        has_passed: impl Fn(&Instance) -> bool,
    ) -> Vec<Arc<Instance>> {
        let mut chosen = self.candidates(instances, order, host, has_passed);
        if self.unique {
            let mut seen = HashSet::new();
            chosen.retain(|one| seen.insert((one.address.clone(), one.port)));
        }
        chosen
    }

    /// Selects and sorts instances like [`apply`](Self::apply), but keeps several with the same address and port.
    pub(crate) fn candidates(
        &self,
        instances: &[Arc<Instance>],
        order: Order,
        host: &str,
        has_passed: impl Fn(&Instance) -> bool,
    ) -> Vec<Arc<Instance>> {
        let wanted = |one: &&Arc<Instance>| {
            (one.port != 0 || !self.require_port)
                && self
                    .tags
                    .iter()
                    .all(|tag| one.tags.iter().any(|own| own.to_lowercase() == *tag))
                && has_passed(one)
        };
        let mut chosen: Vec<_> = instances.iter().filter(wanted).cloned().collect();
        chosen.sort_by(|a, b| a.identity().cmp(&b.identity()));
        match order {
            Order::Name => {}
            Order::Near => {
                let mut places = HashMap::new();
                for (place, one) in instances.iter().enumerate() {
                    places.entry(one.node.as_str()).or_insert(place);
                }
                chosen.sort_by_key(|one| places.get(one.node.as_str()).copied());
            }
            Order::Shuffled => chosen.sort_by_cached_key(|one| rank(host, one)),
        }
        chosen
    }
}

/// The rank of an instance in the shuffle of a host. It depends only on the host and the instance,
/// so that an added or removed instance does not move the others.
///
/// The hash is FNV-1a with the finalizer of `MurmurHash3`, which are the same in every version and
/// on every machine.
fn rank(host: &str, instance: &Instance) -> u64 {
    let mut hash: u64 = 0xcbf2_9ce4_8422_2325;
    for text in [host, &instance.node, &instance.id] {
        // UTF-8 never contains this byte, so it separates the parts.
        for byte in text.bytes().chain([0xff]) {
            hash = (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
        }
    }
    hash = (hash ^ (hash >> 33)).wrapping_mul(0xff51_afd7_ed55_8ccd);
    hash = (hash ^ (hash >> 33)).wrapping_mul(0xc4ce_b9fe_1a85_ec53);
    hash ^ (hash >> 33)
}

#[cfg(test)]
mod tests;
