//! A simulated Consul with a schedule that follows queries to it, and a clock.

use super::restarts::Disk;
use super::*;

/// A simulated Consul with a schedule that follows queries to it.
pub(super) struct Simulation {
    pub(super) now: Instant,
    pub(super) schedule: Schedule,
    pub(super) consul: SimulatedConsul,
    pub(super) in_flight: HashMap<u64, (Instant, Request)>,
    /// The cancelled long polls whose connections the server still keeps.
    pub(super) kept: Vec<(Instant, Request)>,
    /// The last reported value of each query.
    pub(super) reported: BTreeMap<Query, u64>,
    /// The queries that have failed and not recovered since.
    pub(super) failing: BTreeSet<Query>,
    pub(super) sent: Vec<(Instant, Request)>,
    /// The maximum number of requests in flight to all servers.
    pub(super) most_in_flight: usize,
    /// The maximum number of connections of one server: those of requests in flight, and those that it keeps.
    pub(super) most_connections: usize,
    /// The time between the choice of requests and the question when the next one is due.
    pub(super) choice: Duration,
    /// The record of the connections; `None`: there is none.
    pub(super) disk: Option<Disk>,
}

impl Simulation {
    pub(super) fn new(rules: Rules) -> Self {
        Self::with_servers(rules, 1)
    }

    pub(super) fn with_servers(rules: Rules, servers: usize) -> Self {
        let now = Instant::now();
        Self {
            now,
            schedule: Schedule::new(rules, (servers, 0), 7, now),
            consul: SimulatedConsul::new(),
            in_flight: HashMap::new(),
            kept: Vec::new(),
            reported: BTreeMap::new(),
            failing: BTreeSet::new(),
            sent: Vec::new(),
            most_in_flight: 0,
            most_connections: 0,
            choice: Duration::ZERO,
            disk: None,
        }
    }

    /// Follows this number of services and keys.
    pub(super) fn follow(&mut self, services: usize, keys: usize) {
        self.follow_with(services, keys, None);
    }

    /// Follows this number of services and keys, and other queries.
    pub(super) fn follow_with(
        &mut self,
        services: usize,
        keys: usize,
        others: impl IntoIterator<Item = Query>,
    ) {
        let queries = (0..services).map(service).chain((0..keys).map(key));
        let queries = queries.chain(others);
        let wanted: BTreeMap<_, _> = queries
            .map(|query| (Arc::new(query.clone()), traits(&query)))
            .collect();
        for query in wanted.keys() {
            self.consul.create(query);
        }
        self.reported.retain(|query, _| wanted.contains_key(query));
        self.failing.retain(|query| wanted.contains_key(query));
        self.schedule.follow(&wanted, self.now);
    }

    /// Changes a service without a change of its checks.
    pub(super) fn change_service(&mut self, number: usize) {
        self.consul.change_service(&format!("s{number}"));
    }

    /// Changes the status of a service's check.
    pub(super) fn flip(&mut self, number: usize) {
        self.consul.flip(&format!("s{number}"));
    }

    /// Changes the output of a check, which is not part of any answer here.
    pub(super) fn change_output(&mut self) {
        self.consul.index += 1;
        self.consul.ticks.0 = self.consul.index;
    }

    pub(super) fn change_key(&mut self, number: usize) {
        self.consul.change_key(&key_name(number), false);
    }

    /// Fails all requests in flight, as when the server is restarted. Its indexes start over.
    pub(super) fn restart_server(&mut self) {
        self.consul.restart();
        self.kept.clear();
        self.fail_all(None);
    }

    /// Fails the requests in flight to a server, or all.
    pub(super) fn fail_all(&mut self, server: Option<usize>) {
        let is_at = |request: &Request| server.is_none_or(|server| request.poll.server == server);
        let in_flight = self.in_flight.iter();
        let ids: Vec<_> = in_flight
            .filter(|(_, (_, request))| is_at(request))
            .map(|(id, _)| *id)
            .collect();
        for id in ids {
            self.fail(id, unreachable);
        }
    }

    pub(super) fn fail(&mut self, request_id: u64, error: fn() -> Error) {
        if let Some((_, request)) = self.in_flight.remove(&request_id) {
            let outcome = consul::failed(&request, error());
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
            let before = self.sent.len();
            self.exchange();
            self.now += self.choice;
            let answer = self.next_answer();
            let wake = self.schedule.next_wake();
            let written = self.disk.as_ref().and_then(Disk::next_end);
            let times = answer.map(|(at, _)| at).into_iter().chain(wake);
            let next = times.chain(written).min();
            let Some(next) = next.filter(|next| *next <= end) else {
                self.now = end;
                return;
            };
            let is_answered = answer.is_some_and(|(at, _)| at <= self.now);
            idle = if next > self.now || is_answered || self.sent.len() > before {
                0
            } else {
                idle + 1
            };
            assert!(idle < 3, "the schedule wakes without a reason");
            self.now = self.now.max(next);
            self.end_write();
            if let Some((at, request_id)) = answer
                && at <= self.now
            {
                self.answer(request_id);
            }
        }
    }

    /// Sends and cancels requests, and takes events.
    pub(super) fn exchange(&mut self) {
        self.begin_write();
        while let Some(request) = self.schedule.next(self.now) {
            assert!(self.sent.len() < 300_000, "requests in a tight loop");
            self.drop_cancelled();
            self.sent.push((self.now, request.clone()));
            let server = request.poll.server;
            self.in_flight.insert(request.id, (self.now, request));
            self.most_in_flight = self.most_in_flight.max(self.in_flight.len());
            self.most_connections = self.most_connections.max(self.connections(server));
        }
        self.drop_cancelled();
        for event in self.schedule.take_events() {
            match event {
                WatchEvent::Answered(query, answer, _) => {
                    let value = consul::value_of(&answer);
                    self.reported.insert((*query).clone(), value);
                }
                WatchEvent::Failed(query, _) => {
                    self.failing.insert((*query).clone());
                }
                WatchEvent::Recovered(query) => {
                    self.failing.remove(&query);
                }
            }
        }
    }

    /// The number of connections of a server.
    fn connections(&mut self, server: usize) -> usize {
        let now = self.now;
        self.kept.retain(|(until, _)| now < *until);
        let all = self.kept.iter().chain(self.in_flight.values());
        all.filter(|(_, request)| request.poll.server == server)
            .count()
    }

    /// Drops the requests that were cancelled. The server keeps the connections of long polls.
    pub(super) fn drop_cancelled(&mut self) {
        for request_id in self.schedule.take_cancelled() {
            self.disconnect(request_id);
        }
    }

    /// Closes the connection of a request. The server keeps that of a long poll.
    pub(super) fn disconnect(&mut self, request_id: u64) {
        if let Some((sent, request)) = self.in_flight.remove(&request_id)
            && request.poll.index > 0
        {
            let wait = request.poll.wait;
            self.kept.push((sent + wait + wait / 16, request));
        }
    }

    /// The request that is answered next, and the time.
    fn next_answer(&self) -> Option<(Instant, u64)> {
        let due = |(id, (sent, request)): (&u64, &(Instant, Request))| {
            let at = self.consul.answers_at(*sent, request);
            (at.max(self.now), *id)
        };
        self.in_flight.iter().map(due).min()
    }

    fn answer(&mut self, request_id: u64) {
        if let Some((_, request)) = self.in_flight.remove(&request_id) {
            let outcome = self.consul.outcome(&request);
            self.schedule.ended(request_id, outcome, self.now);
        }
    }

    /// The queries whose last reported value is not the present one.
    pub(super) fn outdated(&self) -> Vec<String> {
        let entries = self.schedule.entries.iter();
        let requested = entries.filter(|(_, entry)| entry.is_requested);
        let queries = requested.filter_map(|(_, entry)| entry.query());
        queries
            .filter(|query| self.reported.get(query) != Some(&self.consul.value(query).0))
            .map(ToString::to_string)
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
