//! What templates cost Consul: queries, connections, requests and bytes.
//!
//! Input: the queries with the measured size of their answers, and the limits of the daemon. Output: the [`Load`]. The
//! rates are those of a Consul whose data does not change; each change costs one more answer.

use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

use consul_render::{Rendering, Template};
use consul_watch::query::{ConsulQuery, Query};
use consul_watch::source::consul::Traffic;
use consul_watch::source::{Refresh, SourceQuery as _};
use consul_watch::watch::{long_polls, shared_prefixes};
use ctmpl_options::config::resolved::ConsulConfig;

/// The number of queries that share a connection over TLS.
const SHARING: usize = 90;
/// The time for which queries block that have a long poll, although ticks announce their changes too.
const SHARED_WAIT: Duration = Duration::from_secs(15);

/// A query, and what its first answer has cost.
#[derive(Clone, Debug)]
pub(super) struct QueryCost {
    pub(super) query: Query,
    pub(super) traffic: Traffic,
}

/// The limits that decide how often queries are sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Budget {
    /// The maximum number of connections.
    pub(super) connections: usize,
    /// The number of queries that share a connection.
    pub(super) sharing: usize,
    /// The time for which a query blocks.
    pub(super) wait: Duration,
    /// The interval at which each answer is read again; `None`: never.
    pub(super) full_read_interval: Option<Duration>,
}

/// The cost of all templates together.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Load {
    /// Queries to Consul.
    pub(super) queries: usize,
    /// Those of them that are long polls.
    pub(super) polls: usize,
    /// Simultaneous connections.
    pub(super) connections: usize,
    /// The traffic until all templates are rendered for the first time.
    pub(super) start: Traffic,
    /// Requests per second while nothing changes.
    pub(super) idle_requests: f64,
    /// Bytes per second while nothing changes.
    pub(super) idle_bytes: f64,
    /// The largest answer: the cost of a change of its data.
    pub(super) largest: Option<(String, u64)>,
}

/// The queries of one call in a template.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Call {
    /// The file.
    pub(super) file: String,
    /// The line; 0 if it is unknown.
    pub(super) line: u32,
    /// The kind of query, for example `health.service`.
    pub(super) kind: String,
    /// The queries.
    pub(super) queries: Vec<Query>,
    /// The bytes of their answers.
    pub(super) bytes: u64,
}

impl Budget {
    /// The limits of a daemon with this configuration.
    pub(super) fn of(consul: &ConsulConfig) -> Self {
        Self {
            connections: consul.load.connections,
            sharing: if consul.client.is_over_tls() {
                SHARING
            } else {
                1
            },
            wait: consul.block_query_wait,
            full_read_interval: consul.load.full_read_interval,
        }
    }

    /// The requests per second for one of this many long polls while nothing changes. Beyond the limit, ticks announce
    /// changes; then only some of the queries have a long poll.
    fn idle_rate(self, polls: usize) -> f64 {
        let slots = long_polls(self.connections, self.sharing);
        let wait = self.wait.max(Duration::from_millis(1));
        let (interval, part) = if polls <= slots {
            (wait, 1.0)
        } else {
            (wait.min(SHARED_WAIT), ratio(slots, polls))
        };
        let full_reads = self
            .full_read_interval
            .map_or(0.0, |every| 1.0 / every.as_secs_f64());
        part / interval.as_secs_f64() + full_reads
    }
}

#[expect(
    clippy::cast_precision_loss,
    reason = "a rate is shown with few digits"
)]
fn ratio(a: usize, b: usize) -> f64 {
    a as f64 / b as f64
}

/// The number of long polls: many keys below one prefix share one.
fn polls_of<'a>(queries: impl Iterator<Item = &'a ConsulQuery>) -> usize {
    let blocking: Vec<_> = queries.filter(|query| query.blocks()).collect();
    let keys = blocking.iter().filter_map(|query| match query {
        ConsulQuery::Key(key) => Some(key),
        _ => None,
    });
    let shared = shared_prefixes(keys, |_| false);
    let saved: usize = shared.iter().map(|(_, keys)| keys.len() - 1).sum();
    blocking.len() - saved
}

/// The load of queries.
pub(super) fn load(costs: &[QueryCost], budget: Budget) -> Load {
    let of_consul = costs.iter().filter_map(|cost| match &cost.query {
        Query::Consul(query) => Some((cost, query.refresh())),
        Query::File(_) | Query::Plugin(_) => None,
    });
    let of_consul: Vec<_> = of_consul.collect();
    let polls = polls_of(costs.iter().filter_map(|cost| match &cost.query {
        Query::Consul(query) => Some(query),
        Query::File(_) | Query::Plugin(_) => None,
    }));
    let slots = long_polls(budget.connections, budget.sharing);
    let connections = if polls <= slots {
        polls.div_ceil(budget.sharing)
    } else {
        budget.connections
    };
    let mut load = Load {
        queries: of_consul.len(),
        polls,
        connections,
        ..Load::default()
    };
    for (cost, refresh) in &of_consul {
        let Traffic { requests, bytes } = cost.traffic;
        let rate = match refresh {
            Refresh::Interval(interval) => 1.0 / interval.as_secs_f64(),
            Refresh::Blocking | Refresh::Notification | Refresh::OnDemand => {
                budget.idle_rate(polls)
            }
        };
        load.start.requests += requests;
        load.start.bytes += bytes;
        #[expect(
            clippy::cast_precision_loss,
            reason = "a rate is shown with few digits"
        )]
        {
            load.idle_requests += requests as f64 * rate;
            load.idle_bytes += bytes as f64 * rate;
        }
        if load.largest.as_ref().is_none_or(|(_, most)| bytes > *most) {
            load.largest = Some((cost.query.to_string(), bytes));
        }
    }
    load
}

/// The calls of templates with their queries, the most expensive first.
pub(super) fn calls<'a>(
    templates: impl Iterator<Item = (&'a Template, &'a Rendering)>,
    costs: &[QueryCost],
) -> Vec<Call> {
    let bytes: HashMap<_, _> = costs
        .iter()
        .map(|cost| (&cost.query, cost.traffic.bytes))
        .collect();
    let mut calls: BTreeMap<(String, u32, String), Call> = BTreeMap::new();
    for (template, rendering) in templates {
        let dependencies = &rendering.dependencies;
        for query in &dependencies.queries {
            if !matches!(**query, Query::Consul(_)) {
                continue;
            }
            let site = dependencies.sites.get(query);
            let place = site.and_then(|site| template.place(site));
            let (file, line) = place.map_or_else(
                || ("(template)".to_owned(), 0),
                |(file, place)| (file, place.line),
            );
            let text = query.to_string();
            let kind = text.split('(').next().unwrap_or_default().to_owned();
            let key = (file.clone(), line, kind.clone());
            let call = calls.entry(key).or_insert_with(|| Call {
                file,
                line,
                kind,
                queries: Vec::new(),
                bytes: 0,
            });
            if !call.queries.contains(query) {
                call.bytes += bytes.get(&**query).copied().unwrap_or_default();
                call.queries.push((**query).clone());
            }
        }
    }
    let mut calls: Vec<_> = calls.into_values().collect();
    calls.sort_by_key(|call| std::cmp::Reverse((call.queries.len(), call.bytes)));
    calls
}

#[cfg(test)]
mod tests {
    use super::*;
    use consul_watch::query::{ConsulQuery, DatacentersQuery};

    fn costs(count: usize, bytes: u64) -> Vec<QueryCost> {
        let cost = |number| QueryCost {
            query: Query::service(&format!("s{number}")).unwrap(),
            traffic: Traffic { requests: 1, bytes },
        };
        (0..count).map(cost).collect()
    }

    fn budget(sharing: usize) -> Budget {
        Budget {
            connections: 64,
            sharing,
            wait: Duration::from_secs(60),
            full_read_interval: None,
        }
    }

    #[test]
    fn within_the_budget_each_query_has_a_connection_and_a_request_per_wait() {
        let load = load(&costs(48, 500), budget(1));
        assert_eq!((load.queries, load.polls, load.connections), (48, 48, 48));
        assert_eq!((load.start.requests, load.start.bytes), (48, 24_000));
        assert!((load.idle_requests - 0.8).abs() < 1e-9);
        assert!((load.idle_bytes - 400.0).abs() < 1e-9);
    }

    #[test]
    fn beyond_the_budget_ticks_announce_changes_and_over_tls_queries_share() {
        let many = costs(1000, 10);
        let clear = load(&many, budget(1));
        assert_eq!(clear.connections, 64);
        // 54 long polls of 15 s.
        assert!((clear.idle_requests - 54.0 / 15.0).abs() < 1e-9);
        let tls = load(&many, budget(90));
        assert_eq!(tls.connections, 12);
        assert!((tls.idle_requests - 1000.0 / 60.0).abs() < 1e-9);
    }

    #[test]
    fn queries_that_do_not_block_are_sent_at_their_interval() {
        let datacenters = QueryCost {
            query: Query::Consul(ConsulQuery::Datacenters(DatacentersQuery {
                ignore_failing: false,
            })),
            traffic: Traffic {
                requests: 1,
                bytes: 30,
            },
        };
        let load = load(&[datacenters], budget(1));
        assert_eq!((load.queries, load.polls, load.connections), (1, 0, 0));
        assert!((load.idle_bytes - 2.0).abs() < 1e-9);
        assert_eq!(load.largest, Some(("catalog.datacenters".to_owned(), 30)));
    }

    #[test]
    fn no_query_costs_nothing() {
        assert_eq!(load(&[], budget(1)), Load::default());
    }
}
