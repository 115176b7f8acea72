//! The handle to inject faults, and to inspect the requests of clients.
//!
//! Input: rules ("three times, below `/v1/health/`, answer 500"), and orders that take effect at
//! once. Output: the faults of the next request, and the recorded requests.

mod serving;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::Instant;

use super::cluster_state::ClusterState;
use super::reply::Reply;
use super::request_log::{RecordedRequest, RequestLog};
use super::store::Store;

/// A fault.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// Answer with this status and text.
    Status(u16, String),
    /// Answer 200 with this web page, as a captive portal or a wrong port does.
    Html(String),
    /// Answer correctly after this delay.
    Delay(Duration),
    /// Accept the request and never answer.
    BlackHole,
    /// Close the connection without an HTTP answer, as Consul 1.8 does when a client has more than
    /// 200 connections.
    HangUp,
    /// Cut the connection after this many bytes of the answer, including its head.
    CutAfter(usize),
    /// Answer with the first half of the body, as a complete HTTP answer.
    HalfBody,
    /// Answer with this index instead of the correct one.
    Index(u64),
    /// Answer without an index.
    NoIndex,
    /// Answer as a follower whose data is this old.
    LastContact(Duration),
    /// Answer without items, and say that ACLs have filtered them, as for a token that has lost its
    /// rights.
    Filtered,
    /// Answer as a server that has data but knows no leader.
    UnknownLeader,
    /// Answer only `?stale` queries; fail others with 500 `No cluster leader` after this time (7 s
    /// in Consul).
    NoLeader(Duration),
}

/// The ID of a rule, for [`Faults::lift`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Rule(u64);

#[derive(Debug)]
struct FaultRule {
    prefix: String,
    /// The datacenter that the requests name; `None`: any request.
    datacenter: Option<String>,
    fault: Fault,
    /// The number of requests that the rule still applies to; `None` for all.
    left: Option<usize>,
    since: Instant,
}

/// A fault that applies to a request, and the time when its rule was added.
#[derive(Clone, Debug)]
pub(crate) struct ActiveFault {
    pub(crate) fault: Fault,
    pub(crate) since: Instant,
}

/// The orders to the listener.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct ListenerOrder {
    /// Refuse new connections and close all existing ones.
    pub(crate) refuse: bool,
    /// The number of orders to cut all connections so far.
    pub(crate) cuts: u64,
    /// Close connections above this number as soon as they are accepted.
    pub(crate) max_connections: Option<usize>,
}

#[derive(Clone, Debug, Default)]
struct Interruption {
    prefix: String,
    reply: Option<(u16, String)>,
}

#[derive(Debug, Default)]
struct Rules {
    last: u64,
    by_number: BTreeMap<u64, FaultRule>,
}

/// The handle to inject faults into a server. Clones share one server.
#[derive(Clone, Debug)]
pub struct Faults {
    rules: Arc<Mutex<Rules>>,
    log: RequestLog,
    store: Store,
    interruption: watch::Sender<Interruption>,
    listener: watch::Sender<ListenerOrder>,
    /// The datacenters that are not reachable.
    lost: watch::Sender<BTreeSet<String>>,
}

/// The interruptions of waiting queries after a request arrived.
#[derive(Debug)]
pub(crate) struct Interruptions {
    receiver: watch::Receiver<Interruption>,
    /// The epoch of the state when the request arrived.
    epoch: u64,
}

impl Interruptions {
    /// The epoch of the state when the request arrived: a later one answers the query.
    pub(crate) fn epoch(&self) -> u64 {
        self.epoch
    }

    /// Waits for an interruption that applies to `path`.
    pub(crate) async fn of(mut self, path: &str) -> Reply {
        loop {
            if self.receiver.changed().await.is_err() {
                std::future::pending::<()>().await;
            }
            let Interruption { prefix, reply } = self.receiver.borrow().clone();
            if let Some((status, text)) = reply.filter(|_| path.starts_with(&prefix)) {
                return Reply::text(status, text);
            }
        }
    }
}

impl Faults {
    /// Creates a handle for this state. It keeps the last `record_requests` requests.
    pub(crate) fn new(store: Store, record_requests: usize) -> Self {
        Self {
            rules: Arc::default(),
            log: RequestLog::new(record_requests),
            store,
            interruption: watch::Sender::default(),
            listener: watch::Sender::default(),
            lost: watch::Sender::default(),
        }
    }

    /// Applies a fault to every request whose path starts with `prefix`, until the rule is removed.
    /// If several rules match, they apply in the order in which they were added.
    pub fn inject(&self, prefix: &str, fault: Fault) -> Rule {
        self.add((prefix, None), fault, None)
    }

    /// Applies a fault to every request that names this datacenter, until the rule is removed.
    pub fn inject_in_datacenter(&self, name: &str, fault: Fault) -> Rule {
        self.add(("/", Some(name)), fault, None)
    }

    /// Applies a fault to the next `times` requests whose path starts with `prefix`.
    pub fn inject_times(&self, prefix: &str, times: usize, fault: Fault) -> Rule {
        self.add((prefix, None), fault, Some(times))
    }

    /// Removes a rule.
    pub fn lift(&self, rule: Rule) {
        self.locked(|rules| rules.by_number.remove(&rule.0));
    }

    /// Removes all rules and the limit of connections.
    pub fn lift_all(&self) {
        self.locked(|rules| rules.by_number.clear());
        self.listener
            .send_modify(|order| order.max_connections = None);
    }

    /// Answers all blocking queries that wait below `prefix` with this error, as a leader that
    /// stops does.
    pub fn interrupt(&self, prefix: &str, status: u16, text: &str) {
        let reply = Some((status, text.to_owned()));
        self.interruption.send_replace(Interruption {
            prefix: prefix.to_owned(),
            reply,
        });
    }

    /// Answers all requests that name this datacenter with 500 `No path to datacenter`, those that wait included. The
    /// datacenter stays in the list of datacenters, as in Consul for 72 hours.
    pub fn lose_datacenter(&self, name: &str) {
        self.lost
            .send_modify(|lost| _ = lost.insert(name.to_owned()));
    }

    /// Makes a lost datacenter reachable again.
    pub fn regain_datacenter(&self, name: &str) {
        self.lost.send_modify(|lost| _ = lost.remove(name));
    }

    /// Cuts all connections without an answer.
    pub fn cut_connections(&self) {
        self.listener.send_modify(|order| order.cuts += 1);
    }

    /// Cuts all connections and refuses new ones. The port stays reserved.
    pub fn stop_listening(&self) {
        self.listener.send_modify(|order| order.refuse = true);
    }

    /// Listens again on the same port.
    pub fn listen_again(&self) {
        self.listener.send_modify(|order| order.refuse = false);
    }

    /// Limits the number of connections. A connection above the limit is accepted and closed
    /// without an HTTP answer.
    pub fn limit_connections(&self, max: usize) {
        self.listener
            .send_modify(|order| order.max_connections = Some(max));
    }

    /// Drops all state, including the seed, as a restarted `-dev` agent does. Waiting queries are
    /// answered.
    pub fn forget_everything(&self) {
        self.store.write(ClusterState::reset);
    }

    /// Lowers all indexes to at most `index` and keeps the data, as after the restore of a
    /// snapshot. Waiting queries are answered.
    pub fn rewind(&self, index: u64) {
        self.store.write(|cluster| cluster.rewind(index));
    }

    /// Returns the recorded requests whose path starts with `prefix`, oldest first.
    ///
    /// # Panics
    /// If the server does not record requests: see
    /// [`Options::record_requests`](crate::Options::record_requests). With an empty list, a wrong
    /// test could pass.
    pub fn requests(&self, prefix: &str) -> Vec<RecordedRequest> {
        let recorded = self.log.requests(prefix);
        assert!(
            recorded.is_some(),
            "this server does not record requests: set `Options::record_requests`"
        );
        recorded.unwrap_or_default()
    }

    /// Returns the number of open requests whose path starts with `prefix`.
    pub fn open_requests(&self, prefix: &str) -> usize {
        self.log.open(prefix)
    }

    /// Returns the number of open connections.
    pub fn connections(&self) -> usize {
        self.log.connections()
    }

    /// Returns the highest number of simultaneous connections so far.
    pub fn most_connections(&self) -> usize {
        self.log.most_connections()
    }

    /// Drops the recorded requests.
    pub fn forget_requests(&self) {
        self.log.clear();
    }

    fn add(
        &self,
        (prefix, datacenter): (&str, Option<&str>),
        fault: Fault,
        left: Option<usize>,
    ) -> Rule {
        self.locked(|rules| {
            rules.last += 1;
            let rule = FaultRule {
                prefix: prefix.to_owned(),
                datacenter: datacenter.map(str::to_owned),
                fault,
                left,
                since: Instant::now(),
            };
            rules.by_number.insert(rules.last, rule);
            Rule(rules.last)
        })
    }

    fn locked<R>(&self, change: impl FnOnce(&mut Rules) -> R) -> R {
        change(&mut self.rules.lock().unwrap_or_else(PoisonError::into_inner))
    }
}
