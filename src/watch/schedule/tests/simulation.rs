//! A simulated Consul, with a schedule that follows queries to it.

use super::*;

/// A simulated Consul with a schedule that follows queries to it.
pub(super) struct Simulation {
    pub(super) now: Instant,
    pub(super) schedule: Schedule,
    pub(super) index: u64,
    /// The value of each service, and the index of its last change.
    pub(super) services: BTreeMap<String, (u64, u64)>,
    pub(super) keys: BTreeMap<String, (u64, u64)>,
    /// The index of the last change of a check, and of a service.
    pub(super) ticks: (u64, u64),
    /// The services with a critical check.
    pub(super) critical: BTreeSet<String>,
    pub(super) in_flight: HashMap<u64, (Instant, Request)>,
    /// The cancelled long polls whose connections the server still keeps.
    pub(super) kept: Vec<(Instant, Request)>,
    /// `true` while nothing is answered.
    pub(super) is_down: bool,
    /// The entries below the prefix that no query is about.
    pub(super) others: usize,
    /// The size of each answer.
    pub(super) bytes: usize,
    /// The last reported value of each query.
    pub(super) reported: BTreeMap<Query, u64>,
    pub(super) sent: Vec<(Instant, Request)>,
    pub(super) most_connections: usize,
    pub(super) failures: usize,
}

impl Simulation {
    pub(super) fn new(rules: Rules) -> Self {
        let now = Instant::now();
        Self {
            now,
            schedule: Schedule::new(rules, (1, 0), 7, now),
            index: 10,
            services: BTreeMap::new(),
            keys: BTreeMap::new(),
            ticks: (10, 10),
            critical: BTreeSet::new(),
            in_flight: HashMap::new(),
            kept: Vec::new(),
            is_down: false,
            others: 0,
            bytes: 0,
            reported: BTreeMap::new(),
            sent: Vec::new(),
            most_connections: 0,
            failures: 0,
        }
    }

    /// Follows this number of services and keys.
    pub(super) fn follow(&mut self, services: usize, keys: usize) {
        self.follow_with(services, keys, None);
    }

    /// Follows this number of services and keys, and another query.
    pub(super) fn follow_with(&mut self, services: usize, keys: usize, other: Option<Query>) {
        let queries = (0..services).map(service).chain((0..keys).map(key));
        let queries = queries.chain(other);
        let wanted: BTreeMap<_, _> = queries
            .map(|query| (Arc::new(query.clone()), traits(&query)))
            .collect();
        for query in wanted.keys() {
            match &**query {
                Query::Consul(ConsulQuery::Service(service)) => {
                    self.services.entry(service.name.clone()).or_insert((1, 5));
                }
                Query::Consul(ConsulQuery::Key(key)) => {
                    self.keys.entry(key.key.clone()).or_insert((1, 5));
                }
                _ => {}
            }
        }
        self.reported.retain(|query, _| wanted.contains_key(query));
        self.schedule.follow(&wanted, self.now);
    }

    /// Changes a service without a change of its checks.
    pub(super) fn change_service(&mut self, number: usize) {
        self.index += 1;
        let changed = self.services.get_mut(&format!("s{number}"));
        let Some((value, index)) = changed else {
            return;
        };
        (*value, *index) = (self.index, self.index);
        self.ticks.1 = self.index;
    }

    /// Changes the status of a service's check.
    pub(super) fn flip(&mut self, number: usize) {
        self.change_service(number);
        self.ticks = (self.index, self.ticks.1);
        let name = format!("s{number}");
        if !self.critical.remove(&name) {
            self.critical.insert(name);
        }
    }

    pub(super) fn change_key(&mut self, number: usize) {
        self.index += 1;
        if let Some((value, index)) = self.keys.get_mut(&format!("app/k{number:04}")) {
            (*value, *index) = (self.index, self.index);
        }
    }

    /// Fails all requests in flight, as when the server is restarted. Its indexes start over.
    pub(super) fn restart_server(&mut self) {
        self.index = 3;
        let values = self.services.values_mut().chain(self.keys.values_mut());
        values.for_each(|(_, index)| *index = 2);
        self.ticks = (2, 2);
        self.kept.clear();
        self.fail_all();
    }

    pub(super) fn fail_all(&mut self) {
        let request_ids: Vec<_> = self.in_flight.keys().copied().collect();
        for request_id in request_ids {
            self.fail(request_id, unreachable);
        }
    }

    pub(super) fn fail(&mut self, request_id: u64, error: fn() -> Error) {
        if let Some((_, request)) = self.in_flight.remove(&request_id) {
            let outcome = match request.target {
                Target::Query(_) => Outcome::Query(Err(error())),
                Target::Index(_) => Outcome::Index(Err(error())),
                Target::Tick(_) => Outcome::Tick(Err(error())),
                Target::Server => Outcome::Server(Err(error())),
            };
            self.failures += 1;
            self.schedule.ended(request_id, outcome, self.now);
        }
    }

    /// Fails a request in flight.
    pub(super) fn fail_first(&mut self, error: fn() -> Error) {
        let first = self.in_flight.keys().min().copied();
        self.fail(first.expect("a request"), error);
    }

    /// Runs for a time.
    pub(super) fn run(&mut self, time: Duration) {
        let end = self.now + time;
        let mut idle = 0;
        loop {
            self.exchange();
            let answer = self.next_answer();
            let wake = self.schedule.next_wake(self.now);
            let next = answer.map(|(at, _)| at).into_iter().chain(wake).min();
            let Some(next) = next.filter(|next| *next <= end) else {
                self.now = end;
                return;
            };
            idle = if next > self.now || answer.is_some_and(|(at, _)| at <= self.now) {
                0
            } else {
                idle + 1
            };
            assert!(idle < 3, "the schedule wakes without a reason");
            self.now = self.now.max(next);
            if let Some((at, request_id)) = answer
                && at <= self.now
            {
                self.answer(request_id);
            }
        }
    }

    /// Sends and cancels requests, and takes events.
    pub(super) fn exchange(&mut self) {
        while let Some(request) = self.schedule.next(self.now) {
            assert!(self.sent.len() < 300_000, "requests in a tight loop");
            self.sent.push((self.now, request.clone()));
            self.in_flight
                .insert(request.request_id, (self.now, request));
            let now = self.now;
            self.kept.retain(|(until, _)| now < *until);
            let connections = self.in_flight.len() + self.kept.len();
            self.most_connections = self.most_connections.max(connections);
        }
        for request_id in self.schedule.take_cancelled() {
            if let Some((sent, request)) = self.in_flight.remove(&request_id)
                && request.poll.index > 0
            {
                let wait = request.poll.wait;
                self.kept.push((sent + wait + wait / 16, request));
            }
        }
        for event in self.schedule.take_events() {
            match event {
                WatchEvent::Answered(query, answer, _) => {
                    self.reported.insert((*query).clone(), value_of(&answer));
                }
                WatchEvent::Failed(..) | WatchEvent::Recovered(_) => {}
            }
        }
    }

    /// The request that is answered next, and the time.
    pub(super) fn next_answer(&self) -> Option<(Instant, u64)> {
        let due = |(request_id, (sent, request)): (&u64, &(Instant, Request))| {
            let is_blocked = request.poll.index > 0 && self.index_of(request) <= request.poll.index;
            let at = if is_blocked {
                *sent + request.poll.wait
            } else {
                (*sent + LATENCY).max(self.now)
            };
            (at, *request_id)
        };
        self.in_flight.iter().map(due).min()
    }

    pub(super) fn index_of(&self, request: &Request) -> u64 {
        match &request.target {
            Target::Query(query) | Target::Index(query) => self.value(query).1,
            Target::Tick(Tick::Checks(_)) => self.ticks.0,
            Target::Tick(Tick::Services(_)) => self.ticks.1,
            Target::Tick(Tick::Nodes(_)) | Target::Server => 1,
            Target::Tick(Tick::Keys(prefix)) => {
                self.below(&prefix.key).map(|(_, v)| v.1).max().unwrap_or(1)
            }
        }
    }

    pub(super) fn below<'a>(
        &'a self,
        prefix: &'a str,
    ) -> impl Iterator<Item = (&'a String, &'a (u64, u64))> {
        self.keys
            .iter()
            .filter(move |(key, _)| key.starts_with(prefix))
    }

    /// The value of a query, and its index.
    pub(super) fn value(&self, query: &Query) -> (u64, u64) {
        match query {
            Query::Consul(ConsulQuery::Service(service)) => self.services[&service.name],
            Query::Consul(ConsulQuery::Key(key)) => self.keys[&key.key],
            Query::Consul(ConsulQuery::Pairs(prefix)) => {
                let index = self.below(&prefix.key).map(|(_, value)| value.1).max();
                (0, index.unwrap_or(1))
            }
            query => panic!("{query} is not in this simulation"),
        }
    }

    pub(super) fn answer(&mut self, request_id: u64) {
        if self.is_down {
            return self.fail(request_id, unreachable);
        }
        let Some((_, request)) = self.in_flight.remove(&request_id) else {
            return;
        };
        let index = self.index_of(&request);
        let outcome = match &request.target {
            Target::Query(query) => Outcome::Query(Ok(self.reply(query, index))),
            Target::Index(_) => Outcome::Index(Ok(Some(index))),
            Target::Tick(tick) => Outcome::Tick(Ok(TickReply {
                index: Some(index),
                critical: match tick {
                    Tick::Checks(_) => self.critical.clone(),
                    _ => BTreeSet::new(),
                },
                bytes: 0,
            })),
            Target::Server => Outcome::Server(Ok(())),
        };
        self.schedule.ended(request_id, outcome, self.now);
    }

    pub(super) fn reply(&self, query: &Query, index: u64) -> Reply {
        let answer = match query {
            Query::Consul(ConsulQuery::Service(service)) => {
                let instance = Instance {
                    port: i64::try_from(self.services[&service.name].0).unwrap(),
                    ..Instance::default()
                };
                Answer::Service(vec![Arc::new(instance)])
            }
            Query::Consul(ConsulQuery::Key(key)) => {
                Answer::Key(Some(pair(&key.key, self.keys[&key.key].0)))
            }
            Query::Consul(ConsulQuery::Pairs(prefix)) => {
                let below = self.below(&prefix.key);
                let mut pairs: Vec<_> = below.map(|(path, value)| pair(path, value.0)).collect();
                let others = (0..self.others).map(|n| pair(&format!("{}z{n:06}", prefix.key), 1));
                pairs.extend(others);
                Answer::Pairs(pairs)
            }
            query => panic!("{query} is not in this simulation"),
        };
        Reply {
            index: Some(index),
            bytes: self.bytes,
            ..Reply::current(answer)
        }
    }

    /// The queries whose last reported value is not the present one.
    pub(super) fn outdated(&self) -> Vec<String> {
        let services = self
            .services
            .keys()
            .map(|name| Query::service(name).unwrap());
        let keys = self.keys.keys().map(|key| Query::key(key).unwrap());
        services
            .chain(keys)
            .filter(|query| self.schedule.entries.find(query).is_some())
            .filter(|query| self.reported.get(query) != Some(&self.value(query).0))
            .map(|query| query.to_string())
            .collect()
    }

    /// The number of requests since a time.
    pub(super) fn sent_since(&self, time: Instant) -> usize {
        self.sent.iter().filter(|(at, _)| *at >= time).count()
    }

    /// The number of long polls in flight.
    pub(super) fn long_polls(&self) -> usize {
        let requests = self.in_flight.values();
        requests
            .filter(|(_, request)| request.poll.index > 0)
            .count()
    }
}

fn pair(path: &str, value: u64) -> Arc<Pair> {
    Arc::new(Pair {
        path: path.to_owned(),
        value: value.to_string(),
        ..Pair::default()
    })
}

fn value_of(answer: &Answer) -> u64 {
    match answer {
        Answer::Service(instances) => u64::try_from(instances[0].port).unwrap(),
        Answer::Key(Some(pair)) => pair.value.parse().unwrap(),
        // The list as a whole has no value.
        Answer::Pairs(_) => 0,
        answer => panic!("{answer:?}"),
    }
}
