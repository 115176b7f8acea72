//! The requests that find out whether a server answers at all.

use super::servers::at_both_servers;
use super::*;

/// Only the server in use was probed, so a query at another one waited for the end of its poll.
#[test]
fn each_server_with_requests_in_flight_is_left_when_it_is_frozen() {
    for (frozen, connections) in [(0, 4), (1, 4), (0, 8), (1, 8), (0, 64), (1, 64)] {
        let mut simulation = at_both_servers(connections);
        simulation.consul.frozen.insert(frozen);
        simulation.run(Duration::from_secs(15));
        (0..2).for_each(|number| simulation.change_service(number));
        simulation.run(LATENCY * 3);
        assert_eq!(
            simulation.outdated(),
            Vec::<String>::new(),
            "server {frozen}"
        );
        assert_eq!(simulation.failing, BTreeSet::new(), "server {frozen}");
    }
}

/// The probe took the only room of short requests.
#[test]
fn the_probe_of_one_server_delays_no_request_to_another() {
    for connections in [4, 8, 16, 64] {
        let mut simulation = at_both_servers(connections);
        simulation.consul.frozen.insert(0);
        simulation.run(Duration::from_millis(5100));
        let is_probe = |(_, request): &(Instant, Request)| matches!(request.target, Target::Server);
        assert!(simulation.in_flight.values().any(is_probe));
        simulation.follow(3, 0);
        simulation.run(LATENCY * 3);
        assert_eq!(
            simulation.outdated(),
            Vec::<String>::new(),
            "{connections} connections"
        );
    }
}

/// Long polls and the request to the datacenter took all connections, so none was left for the probe.
#[test]
fn few_connections_leave_one_for_the_probe() {
    for connections in 3..16 {
        for services in 1..=connections {
            let mut simulation = Simulation::new(rules(connections));
            simulation.follow_with(services, 0, [list()]);
            simulation.run(Duration::from_secs(126));
            simulation.consul.eu = Some(Trouble::BlackHole);
            simulation.follow_with(services, 0, [list(), eu(0)]);
            simulation.run(Duration::from_millis(2100));
            assert_eq!(
                simulation.failing.len(),
                1,
                "{connections} connections, {services} services"
            );
            assert!(simulation.most_connections <= connections);
        }
    }
}

/// There was one probe at a time, whatever its server.
#[test]
fn the_probe_of_one_server_does_not_delay_that_of_another() {
    let mut simulation = at_both_servers(64);
    simulation.consul.frozen.insert(0);
    simulation.consul.eu = Some(Trouble::BlackHole);
    simulation.run(Duration::from_millis(5100));
    simulation.follow_with(2, 0, [eu(0)]);
    simulation.run(Duration::from_millis(2100));
    assert_eq!(simulation.failing, [eu(0)].into());
}

/// A probe that was answered postponed the next one by five seconds.
#[test]
fn a_probe_that_was_answered_does_not_delay_the_next_one() {
    let mut simulation = at_both_servers(64);
    simulation.run(MINUTE * 2);
    let probes = |simulation: &Simulation| {
        let sent = simulation.sent.iter();
        sent.filter(|(_, request)| matches!(request.target, Target::Server))
            .count()
    };
    let before = probes(&simulation);
    while probes(&simulation) == before {
        simulation.run(LATENCY * 10);
    }
    simulation.consul.eu = Some(Trouble::BlackHole);
    simulation.follow_with(2, 0, [eu(0)]);
    simulation.run(Duration::from_millis(2100));
    assert_eq!(simulation.failing, [eu(0)].into());
}

/// The server still has their connections when it answers again.
#[test]
fn polls_at_a_server_that_does_not_answer_its_probe_count_until_their_wait_is_over() {
    let mut simulation = Simulation::with_servers(rules(16), 2);
    simulation.follow(9, 0);
    // Then the polls have just been sent for a minute.
    simulation.run(Duration::from_secs(126));
    simulation.consul.frozen.insert(0);
    simulation.run(Duration::from_secs(15));
    simulation.consul.frozen.clear();
    // All queries return to the first server.
    simulation.consul.down.insert(1);
    simulation.fail_all(Some(1));
    simulation.run(Duration::from_secs(5));
    assert_eq!(simulation.schedule.servers.preferred, 0);
    let most = simulation.most_connections;
    assert!(most <= 16, "{most} connections");
}

/// Each answer to a probe made its server the one in use.
#[test]
fn servers_that_answer_only_probes_do_not_take_turns() {
    let mut simulation = at_both_servers(64);
    simulation.consul.frozen.extend([0, 1]);
    simulation.consul.answers_probes = true;
    simulation.run(MINUTE * 3);
    let preferred = simulation.schedule.servers.preferred;
    for _ in 0..10_000 {
        simulation.run(LATENCY);
        assert_eq!(simulation.schedule.servers.preferred, preferred);
    }
}
