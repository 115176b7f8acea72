//! Reads of an answer while the long poll of the same query is in flight.

use super::*;

/// A simulation in which two services are followed, and the first is read once more.
fn reading(servers: usize) -> (Simulation, u64, u64) {
    let mut simulation = Simulation::with_servers(rules(64), servers);
    simulation.follow(2, 0);
    simulation.run(Duration::from_secs(1));
    let poll = only_request(&simulation, 0);
    simulation.schedule.read_again(&service(0));
    simulation.exchange();
    let extra = simulation.in_flight.keys().max().copied().unwrap();
    assert!(extra > poll);
    (simulation, poll, extra)
}

/// The only request in flight of a service.
fn only_request(simulation: &Simulation, number: usize) -> u64 {
    let wanted = service(number);
    let of_service =
        |request: &Request| matches!(&request.target, Target::Query(query) if **query == wanted);
    let in_flight = simulation.in_flight.iter();
    let mut ids = in_flight.filter(|(_, (_, request))| of_service(request));
    let id = ids.next().expect("a request").0;
    assert!(ids.next().is_none(), "one request");
    *id
}

/// The answer to the extra read was older than that to the poll, and replaced it.
#[test]
fn an_extra_read_that_was_overtaken_replaces_no_newer_answer() {
    let (mut simulation, poll, extra) = reading(1);
    let (_, request) = simulation.in_flight.remove(&extra).unwrap();
    let old = simulation.consul.outcome(&request);
    simulation.change_service(0);
    simulation.run(LATENCY * 3);
    assert!(!simulation.in_flight.contains_key(&poll), "it was answered");
    assert!(simulation.outdated().is_empty());
    let begun = simulation.now;
    simulation.schedule.ended(extra, old, simulation.now);
    simulation.run(LATENCY * 3);
    assert!(
        simulation.outdated().is_empty(),
        "{:?}",
        simulation.outdated()
    );
    assert!(simulation.sent_since(begun) >= 1, "it is read again");
}

/// The failures of both requests counted as those of two servers.
#[test]
fn a_dead_server_is_counted_once_for_two_requests() {
    let (mut simulation, poll, extra) = reading(2);
    simulation.fail(poll, unreachable);
    simulation.fail(extra, unreachable);
    simulation.exchange();
    assert!(simulation.failing.is_empty(), "{:?}", simulation.failing);
    simulation.run(Duration::from_secs(1));
    assert_eq!(
        simulation.in_flight[&only_request(&simulation, 0)]
            .1
            .poll
            .server,
        1
    );
}

/// Any error of the extra read cancelled the long poll, whose connection Consul keeps.
#[test]
fn a_refused_extra_read_leaves_the_long_poll_alone() {
    for error in [throttled as fn() -> Error, denied, idle] {
        let (mut simulation, poll, extra) = reading(1);
        simulation.fail(extra, error);
        simulation.run(Duration::from_secs(1));
        assert_eq!(only_request(&simulation, 0), poll);
        assert!(simulation.kept.is_empty() && simulation.failing.is_empty());
    }
}

/// Extra reads of a datacenter that had ceased to answer took all short requests.
#[test]
fn a_slow_datacenter_gets_no_extra_reads() {
    let mut simulation = Simulation::new(rules(64));
    simulation.follow_with(2, 0, (0..10).map(eu));
    // Long enough for polls that wait for a minute.
    simulation.run(MINUTE * 3 + Duration::from_secs(10));
    simulation.consul.eu = Some(Trouble::BlackHole);
    simulation.schedule.read_again(&eu(0));
    simulation.run(Duration::from_secs(1));
    let begun = simulation.sent.len();
    (1..10).for_each(|number| simulation.schedule.read_again(&eu(number)));
    simulation.change_service(1);
    simulation.run(Duration::from_millis(500));
    let is_to_eu = |(_, request): &&(Instant, Request)| match &request.target {
        Target::Query(query) => query.datacenter() == "eu",
        _ => false,
    };
    let sent = simulation.sent[begun..].iter().filter(is_to_eu);
    assert_eq!(sent.count(), 0);
    assert!(!simulation.outdated().contains(&service(1).to_string()));
}
