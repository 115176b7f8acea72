//! Makes the server misbehave, and tells what was asked of it.
//!
//! in:  rules ("three times, below `/v1/health/`, answer 500"), and orders that take effect at once
//! out: what to do with the next request, and the record of all requests

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::Instant;

use super::record::{Record, Seen};
use super::reply::Reply;
use super::store::Store;

/// A way to misbehave.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// Answer with this status and this text.
    Status(u16, String),
    /// Answer 200 with this web page, as a captive portal or a wrong port does.
    Html(String),
    /// Answer as usual, but later.
    Delay(Duration),
    /// Take the request and never answer.
    BlackHole,
    /// Close the connection without any HTTP, as Consul 1.8 does beyond 200 connections of one client.
    HangUp,
    /// Cut the connection after so many bytes of the answer, its head included.
    CutAfter(usize),
    /// Answer with only the first half of the body, as a complete HTTP answer.
    HalfBody,
    /// Answer with another index than the true one.
    Index(u64),
    /// Answer without an index.
    NoIndex,
    /// Answer with a copy of the data this old.
    LastContact(Duration),
    /// Answer as a server that knows no leader, though it has data.
    UnknownLeader,
    /// Answer only `?stale` queries, others with 500 `No cluster leader` after this time (7 s with a real server).
    NoLeader(Duration),
}

/// Names a rule, to lift it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Rule(u64);

#[derive(Debug)]
struct Trouble {
    prefix: String,
    fault: Fault,
    left: Option<usize>,
    since: Instant,
}

/// A fault that applies to a request, and for how long its rule has been in force.
#[derive(Clone, Debug)]
pub(crate) struct Struck {
    pub(crate) fault: Fault,
    pub(crate) since: Instant,
}

/// What the listener is to do.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Listening {
    /// Do not listen, and keep no connection.
    pub(crate) refused: bool,
    /// Counts the orders to cut all connections.
    pub(crate) cuts: u64,
    /// Close connections beyond this number as soon as they are made.
    pub(crate) most: Option<usize>,
}

#[derive(Clone, Debug, Default)]
struct Interruption {
    prefix: String,
    reply: Option<(u16, String)>,
}

#[derive(Debug, Default)]
struct Rules {
    next: u64,
    troubles: BTreeMap<u64, Trouble>,
}

/// The handle to make a server misbehave. Cheap to clone; all clones are the same.
#[derive(Clone, Debug)]
pub struct Faults {
    rules: Arc<Mutex<Rules>>,
    record: Record,
    store: Store,
    interruption: watch::Sender<Interruption>,
    listening: watch::Sender<Listening>,
}

/// What interrupts a query from its arrival on.
#[derive(Debug)]
pub(crate) struct Interruptions(watch::Receiver<Interruption>);

impl Interruptions {
    /// Waits until somebody interrupts the queries below a path of which this is one.
    pub(crate) async fn below(mut self, path: &str) -> Reply {
        loop {
            if self.0.changed().await.is_err() {
                std::future::pending::<()>().await;
            }
            let Interruption { prefix, reply } = self.0.borrow().clone();
            if let Some((status, text)) = reply.filter(|_| path.starts_with(&prefix)) {
                return Reply::text(status, text);
            }
        }
    }
}

impl Faults {
    pub(crate) fn new(store: Store) -> Self {
        Self {
            rules: Arc::default(),
            record: Record::default(),
            store,
            interruption: watch::Sender::default(),
            listening: watch::Sender::default(),
        }
    }

    /// Misbehaves for every request whose path starts with this, until lifted. Several rules may apply to one
    /// request; they apply in the order they were made.
    pub fn inject(&self, prefix: &str, fault: Fault) -> Rule {
        self.add(prefix, fault, None)
    }

    /// Misbehaves for so many requests whose path starts with this.
    pub fn inject_times(&self, prefix: &str, times: usize, fault: Fault) -> Rule {
        self.add(prefix, fault, Some(times))
    }

    /// Ends a rule.
    pub fn lift(&self, rule: Rule) {
        self.locked(|rules| rules.troubles.remove(&rule.0));
    }

    /// Ends all rules, and the limit of connections.
    pub fn lift_all(&self) {
        self.locked(|rules| rules.troubles.clear());
        self.listening
            .send_modify(|listening| listening.most = None);
    }

    /// Answers the blocking queries that wait now below this path, as a dying leader does.
    pub fn interrupt(&self, prefix: &str, status: u16, text: &str) {
        let reply = Some((status, text.to_owned()));
        self.interruption.send_replace(Interruption {
            prefix: prefix.to_owned(),
            reply,
        });
    }

    /// How often all connections were cut.
    pub(crate) fn cuts(&self) -> u64 {
        self.listening.borrow().cuts
    }

    /// Cuts all connections, without an answer.
    pub fn cut_connections(&self) {
        self.listening.send_modify(|listening| listening.cuts += 1);
    }

    /// Stops listening and cuts all connections: new ones are refused. The port stays reserved.
    pub fn stop_listening(&self) {
        self.listening
            .send_modify(|listening| listening.refused = true);
    }

    /// Listens again on the same port.
    pub fn listen_again(&self) {
        self.listening
            .send_modify(|listening| listening.refused = false);
    }

    /// Closes every connection beyond this number as soon as it is made, without any HTTP.
    pub fn limit_connections(&self, most: usize) {
        self.listening
            .send_modify(|listening| listening.most = Some(most));
    }

    /// Loses all state, seed included, as a `-dev` agent does that is restarted. Waiting queries are answered.
    pub fn forget_everything(&self) {
        self.store.write(super::cluster_state::World::forget);
    }

    /// Lowers every index to this one at most and keeps the data, as after a restore. Waiting queries are answered.
    pub fn rewind(&self, index: u64) {
        self.store.write(|world| world.rewind(index));
    }

    /// All requests so far whose path starts with this, in order of arrival.
    pub fn requests(&self, prefix: &str) -> Vec<Seen> {
        self.record.requests(prefix)
    }

    /// How many requests below this path are being answered now.
    pub fn open_requests(&self, prefix: &str) -> usize {
        self.record.open(prefix)
    }

    /// How many connections there are now.
    pub fn connections(&self) -> usize {
        self.record.connections()
    }

    /// How many connections there were at most at one time.
    pub fn most_connections(&self) -> usize {
        self.record.most_connections()
    }

    /// Forgets the requests so far.
    pub fn forget_requests(&self) {
        self.record.forget();
    }

    fn add(&self, prefix: &str, fault: Fault, left: Option<usize>) -> Rule {
        self.locked(|rules| {
            rules.next += 1;
            let trouble = Trouble {
                prefix: prefix.to_owned(),
                fault,
                left,
                since: Instant::now(),
            };
            rules.troubles.insert(rules.next, trouble);
            Rule(rules.next)
        })
    }

    fn locked<R>(&self, change: impl FnOnce(&mut Rules) -> R) -> R {
        change(&mut self.rules.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// The server's side of the handle.
impl Faults {
    /// The faults that apply to a request, each counted.
    pub(crate) fn strike(&self, path: &str) -> Vec<Struck> {
        self.locked(|rules| {
            let mut struck = Vec::new();
            rules.troubles.retain(|_, trouble| {
                if !path.starts_with(&trouble.prefix) || trouble.left == Some(0) {
                    return trouble.left != Some(0);
                }
                struck.push(Struck {
                    fault: trouble.fault.clone(),
                    since: trouble.since,
                });
                trouble.left = trouble.left.map(|left| left - 1);
                true
            });
            struck
        })
    }

    /// The interruptions from now on.
    pub(crate) fn interruptions(&self) -> Interruptions {
        Interruptions(self.interruption.subscribe())
    }

    /// Orders to the listener.
    pub(crate) fn listening(&self) -> watch::Receiver<Listening> {
        self.listening.subscribe()
    }

    /// Where requests are written down.
    pub(crate) fn record(&self) -> &Record {
        &self.record
    }
}
