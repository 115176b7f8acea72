//! Processes that follow one another: together they stay within the limit of connections.

use std::collections::BTreeSet;

use proptest::prelude::*;

use super::*;
use crate::watch::connection_record::{BootTime, ConnectionRecord, Occupied, decode, encode};

/// The record of the connections on a simulated disk.
pub(super) struct Disk {
    /// The time that each write takes.
    latency: Duration,
    begun: Instant,
    /// The content of the file.
    file: Option<Vec<u8>>,
    /// The content that is being written, and the time at which that has ended.
    next: Option<(Vec<u8>, Instant)>,
    writes: usize,
}

impl Disk {
    fn new(latency: Duration, begun: Instant) -> Self {
        Self {
            latency,
            begun,
            file: None,
            next: None,
            writes: 0,
        }
    }

    pub(super) fn next_end(&self) -> Option<Instant> {
        self.next.as_ref().map(|(_, end)| *end)
    }

    fn time(&self, now: Instant) -> BootTime {
        BootTime {
            boot: "b".to_owned(),
            elapsed: now - self.begun,
        }
    }

    fn content(&self, record: Vec<Occupied>, now: Instant) -> Vec<u8> {
        let servers = record.into_iter().enumerate();
        let record: ConnectionRecord = servers.map(|(n, own)| (n.to_string(), own)).collect();
        encode(&record, &self.time(now))
    }
}

impl Simulation {
    /// Creates a simulation whose processes have a record. Each write of it takes this time.
    fn with_disk(rules: Rules, latency: Duration) -> Self {
        let mut simulation = Self::new(rules);
        simulation.disk = Some(Disk::new(latency, simulation.now));
        simulation.read_disk();
        simulation
    }

    pub(super) fn begin_write(&mut self) {
        let Some(disk) = &mut self.disk else { return };
        if let Some(record) = self.schedule.next_record(self.now) {
            assert!(disk.next.is_none(), "one write at a time");
            disk.next = Some((disk.content(record, self.now), self.now + disk.latency));
            disk.writes += 1;
        }
    }

    pub(super) fn end_write(&mut self) {
        let Some(disk) = &mut self.disk else { return };
        if let Some((content, _)) = disk.next.take_if(|(_, end)| *end <= self.now) {
            disk.file = Some(content);
            self.schedule.recorded(true);
        }
    }

    fn read_disk(&mut self) {
        let Some(disk) = &self.disk else { return };
        let file = disk.file.as_deref();
        let kept = file.map(|file| decode(file, &disk.time(self.now)).unwrap());
        let kept = kept.and_then(|mut kept| kept.remove("0"));
        self.schedule
            .record_connections(&[kept.unwrap_or_default()], self.now);
    }

    /// Ends the process and starts another one with this limit of connections. `is_orderly`: it writes its last record.
    fn restart(&mut self, connections: usize, is_orderly: bool) {
        let disk = self.disk.as_mut().unwrap();
        let writing = disk.next.take();
        if is_orderly {
            let last = self.schedule.end(self.now);
            disk.file = Some(disk.content(last, self.now));
        } else if let Some((content, _)) = writing.filter(|_| disk.writes.is_multiple_of(2)) {
            // The process was killed after the rename.
            disk.file = Some(content);
        }
        self.drop_cancelled();
        let queries = self.disconnect_all();
        self.schedule = Schedule::new(rules(connections), (1, 0), 7, self.now);
        self.reported.clear();
        self.failing.clear();
        self.read_disk();
        self.follow_with(0, 0, queries);
    }

    /// Continues with another schedule, as after a reload.
    fn reload(&mut self, connections: usize) {
        let queries = self.disconnect_all();
        let new = Schedule::new(rules(connections), (1, 0), 7, self.now);
        let earlier = std::mem::replace(&mut self.schedule, new);
        self.schedule.inherit(earlier, self.now);
        self.follow_with(0, 0, queries);
    }

    /// Closes all connections. Returns the followed queries.
    fn disconnect_all(&mut self) -> BTreeSet<Query> {
        let request_ids: Vec<_> = self.in_flight.keys().copied().collect();
        for request_id in request_ids {
            self.disconnect(request_id);
        }
        let followed = self.schedule.entries.iter();
        followed
            .filter(|(_, entry)| entry.is_requested)
            .filter_map(|(_, entry)| entry.query().map(|query| (**query).clone()))
            .collect()
    }
}

/// Without the record, the last process added its long polls to those of the ones before.
#[test]
fn processes_in_quick_succession_stay_within_the_limit() {
    for is_orderly in [false, true] {
        let mut simulation = Simulation::with_disk(rules(16), LATENCY);
        simulation.follow(6, 0);
        for seconds in [100, 20, 7, 1, 3, 90] {
            simulation.run(Duration::from_secs(seconds));
            simulation.change_service(3);
            simulation.run(Duration::from_secs(6));
            assert_eq!(simulation.outdated(), Vec::<String>::new());
            simulation.restart(16, is_orderly);
            simulation.run(Duration::from_millis(100));
            assert_eq!(simulation.outdated(), Vec::<String>::new(), "at once");
        }
        let most = simulation.most_connections;
        assert!(most <= 16, "{most} connections, {is_orderly}");
        simulation.run(MINUTE * 2);
        assert_eq!(simulation.long_polls(), 6);
    }
}

#[test]
fn the_record_is_rarely_written_and_not_at_all_while_nothing_changes() {
    let mut simulation = Simulation::with_disk(rules(64), LATENCY);
    simulation.follow(40, 0);
    simulation.run(MINUTE * 5);
    let writes = simulation.disk.as_ref().unwrap().writes;
    assert!((2..20).contains(&writes), "{writes}");
    simulation.run(MINUTE * 60);
    assert_eq!(simulation.disk.as_ref().unwrap().writes, writes);
    let waits = simulation.in_flight.values();
    assert!(waits.clone().count() == 40);
    for (_, request) in waits {
        assert_eq!(request.poll.wait, MINUTE);
    }
}

#[test]
fn a_disk_that_hangs_delays_long_polls_by_two_seconds() {
    let mut simulation = Simulation::with_disk(rules(64), MINUTE * 60);
    simulation.follow(40, 0);
    simulation.run(Duration::from_millis(1900));
    assert_eq!(simulation.outdated(), Vec::<String>::new());
    assert_eq!(simulation.long_polls(), 0);
    simulation.run(Duration::from_millis(200));
    assert_eq!(simulation.long_polls(), 40);
    simulation.run(MINUTE * 3);
    for (_, request) in simulation.in_flight.values() {
        assert_eq!(request.poll.wait, MINUTE);
    }
}

#[derive(Clone, Debug)]
enum Step {
    Restart(bool),
    Follow(usize),
    Change(usize),
    /// The machine was suspended: all requests are cancelled.
    StartOver,
    /// A reload gives the process another schedule.
    Reload,
}

fn step() -> impl Strategy<Value = (u64, Step)> {
    let step = prop_oneof![
        3 => any::<bool>().prop_map(Step::Restart),
        2 => (0..120usize).prop_map(Step::Follow),
        2 => (0..120usize).prop_map(Step::Change),
        1 => Just(Step::StartOver),
        1 => Just(Step::Reload),
    ];
    let pause = prop_oneof![0..3000u64, 0..30_000u64, 0..200_000u64];
    (pause, step)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn all_processes_together_stay_within_the_limit(
        connections in prop_oneof![2..20usize, Just(64)],
        latency in 0..1500u64,
        services in 0..120usize,
        steps in prop::collection::vec(step(), 1..25),
    ) {
        let latency = Duration::from_millis(latency);
        let mut simulation = Simulation::with_disk(rules(connections), latency);
        (0..120).for_each(|number| simulation.consul.create(&service(number)));
        simulation.follow(services, 0);
        for (pause, step) in steps {
            simulation.run(Duration::from_millis(pause));
            match step {
                Step::Restart(is_orderly) => simulation.restart(connections, is_orderly),
                Step::Follow(services) => simulation.follow(services, 0),
                Step::Change(number) => simulation.change_service(number),
                Step::StartOver => simulation.schedule.start_over(),
                Step::Reload => simulation.reload(connections),
            }
        }
        let most = simulation.most_connections;
        prop_assert!(most <= connections, "{} connections", most);
        simulation.run(MINUTE * 3);
        prop_assert_eq!(simulation.outdated(), Vec::<String>::new());
    }
}
