//! The names of services that Consul does not list any more, although instances of them are still accepted.
//!
//! A loop over `services` requests the instances of each service. When a service loses all of them, Consul also removes
//! its name. Without the name, the loop would not request the service, and its guard could hold nothing back. So the name
//! stays in the accepted list until the loss of the instances is accepted.

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;

use crate::answer::{Answer, ServiceTags};
use crate::query::{ConsulQuery, Query, Scope};

/// The lists of which the accepted answer has further names.
#[derive(Debug, Default)]
pub(super) struct RetainedNames {
    /// The latest answer to each of these lists.
    lists: BTreeMap<Arc<Query>, Arc<Answer>>,
    is_outdated: bool,
}

impl RetainedNames {
    /// Records that the accepted answer to a list has more names than the latest one.
    pub(super) fn insert(&mut self, list: &Arc<Query>, latest: &Arc<Answer>) {
        self.lists.insert(Arc::clone(list), Arc::clone(latest));
    }

    /// Records that the latest answer to a list is accepted.
    pub(super) fn remove(&mut self, list: &Query) {
        self.lists.remove(list);
    }

    /// Keeps only the lists that are still followed. A service may not be followed any more.
    pub(super) fn retain(&mut self, wanted: impl Fn(&Query) -> bool) {
        self.lists.retain(|list, _| wanted(list));
        self.is_outdated = true;
    }

    /// Records an accepted answer: it may end the need for a name.
    pub(super) fn accepted(&mut self, query: &Query, answer: &Answer) {
        self.is_outdated |= service_of(query).is_some() && answer.is_empty();
    }

    /// The lists to judge again, with their latest answers.
    pub(super) fn take_outdated(&mut self) -> Vec<(Arc<Query>, Arc<Answer>)> {
        if !std::mem::take(&mut self.is_outdated) {
            return Vec::new();
        }
        let lists = self.lists.iter();
        lists
            .map(|(list, latest)| (Arc::clone(list), Arc::clone(latest)))
            .collect()
    }
}

/// The latest answer to a list with those names of the accepted one that have to stay: `uses` returns `true` for a query
/// with accepted instances and a guard. `None` if there are none.
pub(super) fn completed<'a>(
    list: &Query,
    accepted: Option<&Answer>,
    latest: &Answer,
    followed: impl Iterator<Item = &'a Arc<Query>>,
    uses: impl Fn(&Query) -> bool,
) -> Option<Arc<Answer>> {
    let (
        Query::Consul(ConsulQuery::Services(scope)),
        Answer::Services(listed),
        Some(Answer::Services(accepted)),
    ) = (list, latest, accepted)
    else {
        return None;
    };
    let names: HashSet<&str> = listed.iter().map(|service| &*service.name).collect();
    let gone = accepted.iter().map(|service| (&*service.name, service));
    let gone: BTreeMap<&str, &Arc<ServiceTags>> =
        gone.filter(|(name, _)| !names.contains(name)).collect();
    if gone.is_empty() {
        return None;
    }
    let stays = |query: &'a Arc<Query>| {
        let (name, own) = service_of(query)?;
        let service = gone.get(name).filter(|_| own == scope && uses(query))?;
        Some((name, Arc::clone(service)))
    };
    let stay: BTreeMap<_, _> = followed.filter_map(stays).collect();
    if stay.is_empty() {
        return None;
    }
    let mut all = listed.clone();
    all.extend(stay.into_values());
    all.sort_by(|one, other| one.name.cmp(&other.name));
    Some(Arc::new(Answer::Services(all)))
}

/// The service of a query for instances, and its target.
fn service_of(query: &Query) -> Option<(&str, &Scope)> {
    match query {
        Query::Consul(ConsulQuery::Service(service) | ConsulQuery::Connect(service)) => {
            Some((&service.name, &service.scope))
        }
        _ => None,
    }
}
