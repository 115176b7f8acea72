//! The names of services that Consul does not list any more, although instances of them are still accepted.
//!
//! A loop over `services` requests the instances of each service. When a service loses all of them, Consul also removes
//! its name. Without the name, the loop would not request the service, and its guard could hold nothing back. So the name
//! stays in the accepted list until the loss of the instances is accepted. If no loss is noticed within [`GRACE`], the
//! instances do not belong to the listed service, and the name is removed.

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;
use std::time::{Duration, Instant};

use consul_watch::answer::{Answer, ServiceTags};
use consul_watch::query::{ConsulQuery, Query, Scope};

/// The time within which the loss of the instances is noticed: an answer is at most half a minute old.
pub(in crate::daemon) const GRACE: Duration = Duration::from_secs(40);

/// The lists of which the accepted answer has further names.
#[derive(Debug, Default)]
pub(super) struct RetainedNames {
    lists: BTreeMap<Arc<Query>, List>,
    is_outdated: bool,
}

/// One list.
#[derive(Debug)]
struct List {
    /// The latest answer.
    latest: Arc<Answer>,
    /// The further names, with the times at which they were missing first.
    missing: BTreeMap<String, Instant>,
    /// The end of the next [`GRACE`].
    next_end: Option<Instant>,
}

/// An accepted list with further names.
pub(super) struct Completed {
    pub(super) answer: Arc<Answer>,
    missing: BTreeMap<String, Instant>,
}

impl RetainedNames {
    /// The latest answer to a list, if the accepted one has further names.
    pub(super) fn latest(&self, list: &Query) -> Option<&Arc<Answer>> {
        Some(&self.lists.get(list)?.latest)
    }

    /// Records which further names the accepted answer has; `None`: none.
    pub(super) fn set(
        &mut self,
        list: &Arc<Query>,
        latest: &Arc<Answer>,
        completed: Option<&Completed>,
        now: Instant,
    ) {
        let Some(completed) = completed else {
            self.lists.remove(list);
            return;
        };
        let before = self.lists.get(list).map(|list| &list.missing);
        for service in completed.missing.keys() {
            if before.is_none_or(|before| !before.contains_key(service)) {
                tracing::debug!(
                    name: "query.name_kept", query = %list, service,
                    "{list}: {service} is not listed any more; its name stays for {} s, or until the loss of its instances is accepted",
                    GRACE.as_secs()
                );
            }
        }
        let ends = completed.missing.values().map(|since| *since + GRACE);
        let new = List {
            latest: Arc::clone(latest),
            next_end: ends.filter(|end| now < *end).min(),
            missing: completed.missing.clone(),
        };
        self.lists.insert(Arc::clone(list), new);
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

    /// Records that a query does not fail any more: it may end the need for a name.
    pub(super) fn recovered(&mut self, query: &Query) {
        self.is_outdated |= service_of(query).is_some();
    }

    /// The lists to judge again, with their latest answers.
    pub(super) fn take_outdated(&mut self, now: Instant) -> Vec<(Arc<Query>, Arc<Answer>)> {
        let is_outdated = std::mem::take(&mut self.is_outdated);
        let mut outdated = Vec::new();
        for (query, list) in &mut self.lists {
            let has_ended = list.next_end.take_if(|end| *end <= now).is_some();
            if is_outdated || has_ended {
                outdated.push((Arc::clone(query), Arc::clone(&list.latest)));
            }
        }
        outdated
    }

    /// The time at which a list has to be judged again.
    pub(super) fn next_wake(&self) -> Option<Instant> {
        let lists = self.lists.values();
        if self.is_outdated {
            // A time in the past.
            lists.flat_map(|list| list.missing.values()).copied().min()
        } else {
            lists.filter_map(|list| list.next_end).min()
        }
    }

    /// The latest answer to a list with those names of the accepted one that have to stay; `None` if there are none.
    /// `keeps_name` decides: it receives a query for the service, and the time since which the name has been missing.
    pub(super) fn complete<'a>(
        &self,
        list: &Query,
        (accepted, latest): (Option<&Answer>, &Answer),
        followed: impl Iterator<Item = &'a Arc<Query>>,
        keeps_name: impl Fn(&Arc<Query>, Instant) -> bool,
        now: Instant,
    ) -> Option<Completed> {
        let (
            Query::Consul(ConsulQuery::Services(scope)),
            Answer::Services(listed),
            Some(Answer::Services(accepted)),
        ) = (list, latest, accepted)
        else {
            return None;
        };
        let names: HashSet<&str> = listed.iter().map(|service| &*service.name).collect();
        let all = accepted.iter().map(|service| (&*service.name, service));
        let gone: BTreeMap<&str, &Arc<ServiceTags>> =
            all.filter(|(name, _)| !names.contains(name)).collect();
        if gone.is_empty() {
            return None;
        }
        let known = self.lists.get(list).map(|list| &list.missing);
        let since = |name| known.and_then(|known| known.get(name)).copied();
        let stays = |query: &'a Arc<Query>| {
            let (name, own) = service_of(query)?;
            let service = gone.get(name).filter(|_| own == scope)?;
            let since = since(name).unwrap_or(now);
            keeps_name(query, since).then(|| (name, (Arc::clone(service), since)))
        };
        let stay: BTreeMap<_, _> = followed.filter_map(stays).collect();
        if stay.is_empty() {
            return None;
        }
        let missing = stay
            .iter()
            .map(|(name, (_, since))| ((*name).to_owned(), *since));
        let missing = missing.collect();
        let mut services = listed.clone();
        services.extend(stay.into_values().map(|(service, _)| service));
        services.sort_by(|one, other| one.name.cmp(&other.name));
        Some(Completed {
            answer: Arc::new(Answer::Services(services)),
            missing,
        })
    }
}

/// The service of a query for instances of the own cluster, and its target.
fn service_of(query: &Query) -> Option<(&str, &Scope)> {
    match query {
        Query::Consul(ConsulQuery::Service(service) | ConsulQuery::Connect(service))
            if service.peer.is_empty() && service.sameness_group.is_empty() =>
        {
            Some((&service.name, &service.scope))
        }
        _ => None,
    }
}
