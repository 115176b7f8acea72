//! A simulated Consul: its data, and its answers to requests.

use super::*;

/// What happens to requests to another datacenter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Trouble {
    /// Consul knows no path to it, and says so at once.
    NoPath,
    /// It gives no answer, and the request exceeds its limit.
    BlackHole,
    /// It answers after five seconds.
    Slow,
}

/// The time limit of a short request.
const LIMIT: Duration = Duration::from_secs(15);
/// The time limit of a probe.
const PROBE_LIMIT: Duration = Duration::from_secs(5);
/// The time that a slow datacenter takes.
const SLOW: Duration = Duration::from_secs(5);
/// The indexes of the first server are higher by this number, so that an index of one means nothing at the other.
const SERVER_0: u64 = 1_000_000;

/// A simulated Consul.
pub(super) struct SimulatedConsul {
    pub(super) index: u64,
    /// The value of each service, and the index of its last change.
    pub(super) services: BTreeMap<String, (u64, u64)>,
    /// The same of each key. The value of a deleted one is 0.
    pub(super) keys: BTreeMap<String, (u64, u64)>,
    /// The index of the last change of a check, and of a service.
    pub(super) ticks: (u64, u64),
    /// The services with a critical check.
    pub(super) critical: BTreeSet<String>,
    /// The nodes with a critical check of their own.
    pub(super) critical_nodes: BTreeSet<String>,
    /// The number of nodes over which the services are spread; 0 if nodes cannot be read.
    pub(super) nodes: usize,
    /// `true` while nothing is answered.
    pub(super) is_down: bool,
    /// The servers that are down.
    pub(super) down: BTreeSet<usize>,
    /// The servers that take requests and answer none.
    pub(super) frozen: BTreeSet<usize>,
    /// `true` if frozen servers answer probes.
    pub(super) answers_probes: bool,
    /// The trouble of the datacenter `eu`.
    pub(super) eu: Option<Trouble>,
    /// The number of entries below the prefix that no query is about, and the index of their last change.
    pub(super) others: (usize, u64),
    /// `true` while the token may not list a prefix.
    pub(super) is_list_denied: bool,
    /// The keys that the token may not read.
    pub(super) denied: BTreeSet<String>,
    /// The size of each answer.
    pub(super) bytes: usize,
}

impl SimulatedConsul {
    pub(super) fn new() -> Self {
        Self {
            index: 10,
            services: BTreeMap::new(),
            keys: BTreeMap::new(),
            ticks: (10, 10),
            critical: BTreeSet::new(),
            critical_nodes: BTreeSet::new(),
            nodes: 0,
            is_down: false,
            down: BTreeSet::new(),
            frozen: BTreeSet::new(),
            answers_probes: false,
            eu: None,
            others: (0, 1),
            is_list_denied: false,
            denied: BTreeSet::new(),
            bytes: 0,
        }
    }

    /// Creates the subject of a query, if it does not exist.
    pub(super) fn create(&mut self, query: &Query) {
        match query {
            Query::Consul(ConsulQuery::Service(service)) => {
                self.services.entry(service.name.clone()).or_insert((1, 5));
            }
            Query::Consul(ConsulQuery::Key(key)) => {
                self.keys.entry(key.key.clone()).or_insert((1, 5));
            }
            _ => {}
        }
    }

    /// Changes a service without a change of its checks.
    pub(super) fn change_service(&mut self, name: &str) {
        self.index += 1;
        let Some(service) = self.services.get_mut(name) else {
            return;
        };
        *service = (self.index, self.index);
        self.ticks.1 = self.index;
    }

    /// Changes the status of a service's check.
    pub(super) fn flip(&mut self, name: &str) {
        self.change_service(name);
        self.ticks = (self.index, self.ticks.1);
        if !self.critical.remove(name) {
            self.critical.insert(name.to_owned());
        }
    }

    /// Lets a node fail: the services at it have changed.
    pub(super) fn fail_node(&mut self, node: &str) {
        self.index += 1;
        self.ticks.0 = self.index;
        self.critical_nodes.insert(node.to_owned());
        let count = self.nodes;
        let here = self.services.iter_mut();
        for (_, service) in here.filter(|(name, _)| node_of(name, count) == node) {
            *service = (self.index, self.index);
        }
    }

    /// Gives a key another value, or deletes it.
    pub(super) fn change_key(&mut self, key: &str, is_deleted: bool) {
        self.index += 1;
        if let Some(entry) = self.keys.get_mut(key) {
            *entry = (if is_deleted { 0 } else { self.index }, self.index);
        }
    }

    /// Changes the number of entries that no query is about.
    pub(super) fn change_others(&mut self, count: usize) {
        self.index += 1;
        self.others = (count, self.index);
    }

    /// Lets the indexes start over, as when the server is restarted.
    pub(super) fn restart(&mut self) {
        self.index = 3;
        let values = self.services.values_mut().chain(self.keys.values_mut());
        values.for_each(|(_, index)| *index = 2);
        (self.ticks, self.others.1) = ((2, 2), 2);
    }

    /// The time at which a request is answered.
    pub(super) fn answers_at(&self, sent: Instant, request: &Request) -> Instant {
        let trouble = self.eu.filter(|_| is_in_eu(request));
        let is_lost = trouble == Some(Trouble::BlackHole);
        let poll = &request.poll;
        if self.is_frozen(request) {
            let is_probe = matches!(request.target, Target::Server);
            let limit = if is_probe {
                PROBE_LIMIT
            } else {
                LIMIT + poll.wait
            };
            return sent + limit;
        }
        match poll.index {
            0 if is_lost => sent + LIMIT,
            0 if trouble == Some(Trouble::Slow) => sent + SLOW,
            0 => sent + LATENCY,
            index if is_lost || self.index_at(request) <= index => sent + poll.wait,
            _ => sent + LATENCY,
        }
    }

    /// Returns `true` if the server gives no answer to a request.
    fn is_frozen(&self, request: &Request) -> bool {
        let is_answered = self.answers_probes && matches!(request.target, Target::Server);
        self.frozen.contains(&request.poll.server) && !is_answered
    }

    /// The index that the server of a request answers.
    fn index_at(&self, request: &Request) -> u64 {
        let offset = if request.poll.server == 0 {
            SERVER_0
        } else {
            0
        };
        offset + self.index_of(request)
    }

    fn index_of(&self, request: &Request) -> u64 {
        match &request.target {
            Target::Query(query) | Target::Index(query) => self.value(query).1,
            Target::Tick(Tick::Checks(_)) => self.ticks.0,
            Target::Tick(Tick::Services(_)) => self.ticks.1,
            Target::Tick(Tick::Nodes(_)) | Target::Node(..) | Target::Server => 1,
            Target::Tick(Tick::Keys(prefix)) => self.index_below(&prefix.key),
        }
    }

    fn index_below(&self, prefix: &str) -> u64 {
        let keys = self.keys.iter().filter(|(key, _)| key.starts_with(prefix));
        let indexes = keys.map(|(_, value)| value.1);
        indexes.chain([self.others.1]).max().unwrap_or(1)
    }

    /// The entries below a prefix that the token may read.
    fn below(&self, prefix: &str) -> impl Iterator<Item = (&String, u64)> {
        let keys = self.keys.iter();
        let keys = keys.filter(move |(key, _)| key.starts_with(prefix));
        let keys = keys.filter(|(key, (value, _))| *value > 0 && !self.denied.contains(*key));
        keys.map(|(key, (value, _))| (key, *value))
    }

    /// The value of a query, and its index. The value of a list is the sum of its values.
    pub(super) fn value(&self, query: &Query) -> (u64, u64) {
        match query {
            Query::Consul(ConsulQuery::Service(service)) => self.services[&service.name],
            Query::Consul(ConsulQuery::Key(key)) => self.keys[&key.key],
            Query::Consul(ConsulQuery::Pairs(prefix)) => {
                let sum = self.below(&prefix.key).map(|(_, value)| value).sum();
                (sum, self.index_below(&prefix.key))
            }
            query => panic!("{query} is not in this simulation"),
        }
    }

    /// The outcome of a request.
    pub(super) fn outcome(&self, request: &Request) -> Outcome {
        if let Some(error) = self.error(request) {
            return failed(request, error);
        }
        let index = self.index_at(request);
        match &request.target {
            Target::Query(query) => Outcome::Query(Ok(Reply {
                index: Some(index),
                bytes: self.bytes,
                ..Reply::current(self.answer(query))
            })),
            Target::Index(_) => Outcome::Index(Ok(Some(index))),
            Target::Tick(tick) => Outcome::Tick(Ok(TickReply {
                index: Some(index),
                critical: match tick {
                    Tick::Checks(_) => self.critical.clone(),
                    _ => BTreeSet::new(),
                },
                critical_nodes: match tick {
                    Tick::Checks(_) => self.critical_nodes.clone(),
                    _ => BTreeSet::new(),
                },
                nodes: match tick {
                    Tick::Nodes(_) => (0..self.nodes).map(|node| format!("n{node}")).collect(),
                    _ => BTreeSet::new(),
                },
                bytes: 0,
            })),
            Target::Node(scope, name) => {
                Outcome::Node(scope.clone(), name.clone(), Ok(self.snapshot(name)))
            }
            Target::Server => Outcome::Server(Ok(())),
        }
    }

    /// What is registered at a node: each service has one instance.
    fn snapshot(&self, node: &str) -> NodeSnapshot {
        let services = self.services.iter();
        let services = services.filter(|(name, _)| node_of(name, self.nodes) == node);
        let instances = services.map(|(name, (_, index))| InstanceIndex {
            id: fingerprint(name),
            service: fingerprint(name),
            index: *index,
        });
        NodeSnapshot::new(1, instances.collect(), 0)
    }

    fn error(&self, request: &Request) -> Option<Error> {
        let server = request.poll.server;
        if self.is_down || self.down.contains(&server) || self.is_frozen(request) {
            return Some(unreachable());
        }
        match self.eu.filter(|_| is_in_eu(request)) {
            Some(Trouble::BlackHole) if request.poll.index > 0 => return Some(idle()),
            Some(Trouble::NoPath | Trouble::BlackHole) => return Some(no_path()),
            Some(Trouble::Slow) | None => {}
        }
        match &request.target {
            Target::Query(query) | Target::Index(query) => {
                let is_denied = match &**query {
                    Query::Consul(ConsulQuery::Key(key)) => self.denied.contains(&key.key),
                    Query::Consul(ConsulQuery::Pairs(_)) => self.is_list_denied,
                    _ => false,
                };
                is_denied.then(denied)
            }
            Target::Tick(Tick::Keys(_)) => self.is_list_denied.then(denied),
            _ => None,
        }
    }

    fn answer(&self, query: &Query) -> Answer {
        match query {
            Query::Consul(ConsulQuery::Service(service)) => {
                let instance = Instance {
                    port: i64::try_from(self.services[&service.name].0).unwrap(),
                    ..Instance::default()
                };
                Answer::Service(vec![Arc::new(instance)])
            }
            Query::Consul(ConsulQuery::Key(key)) => {
                let value = self.keys[&key.key].0;
                Answer::Key((value > 0).then(|| pair(&key.key, value)))
            }
            Query::Consul(ConsulQuery::Pairs(prefix)) => {
                let below = self.below(&prefix.key);
                let mut pairs: Vec<_> = below.map(|(path, value)| pair(path, value)).collect();
                let others = 0..self.others.0;
                pairs.extend(others.map(|n| pair(&format!("{}z{n:06}", prefix.key), 0)));
                Answer::Pairs(pairs)
            }
            query => panic!("{query} is not in this simulation"),
        }
    }
}

/// The node of a service.
pub(super) fn node_of(service: &str, nodes: usize) -> String {
    format!("n{}", fingerprint(service) % nodes as u64)
}

/// The outcome of a request that fails.
pub(super) fn failed(request: &Request, error: Error) -> Outcome {
    match &request.target {
        Target::Query(_) => Outcome::Query(Err(error)),
        Target::Index(_) => Outcome::Index(Err(error)),
        Target::Tick(_) => Outcome::Tick(Err(error)),
        Target::Node(scope, name) => Outcome::Node(scope.clone(), name.clone(), Err(error)),
        Target::Server => Outcome::Server(Err(error)),
    }
}

fn pair(path: &str, value: u64) -> Arc<Pair> {
    Arc::new(Pair {
        path: path.to_owned(),
        value: value.to_string(),
        ..Pair::default()
    })
}

/// The value of an answer, as [`SimulatedConsul::value`] counts it.
pub(super) fn value_of(answer: &Answer) -> u64 {
    let number = |pair: &Pair| pair.value.parse::<u64>().unwrap();
    match answer {
        Answer::Service(instances) => u64::try_from(instances[0].port).unwrap(),
        Answer::Key(pair) => pair.as_deref().map_or(0, number),
        Answer::Pairs(pairs) => pairs.iter().map(|pair| number(pair)).sum(),
        answer => panic!("{answer:?}"),
    }
}

/// Returns `true` if a request names the datacenter `eu`.
fn is_in_eu(request: &Request) -> bool {
    match &request.target {
        Target::Query(query) | Target::Index(query) => query.datacenter() == "eu",
        Target::Tick(tick) => tick.scope().datacenter == "eu",
        Target::Node(scope, _) => scope.datacenter == "eu",
        Target::Server => false,
    }
}
