//! Several servers: which one has room for a request.

use super::*;

/// A simulation of two servers. Service 0 was refused once at server 0, so it is polled at server 1, which is in use now,
/// and service 1 is polled at server 0.
pub(super) fn at_both_servers(connections: usize) -> Simulation {
    let mut simulation = Simulation::with_servers(rules(connections), 2);
    simulation.follow(2, 0);
    simulation.run(Duration::from_secs(1));
    simulation.fail_first(unreachable);
    simulation.run(Duration::from_secs(1));
    let polled = simulation.in_flight.values();
    let servers = polled.map(|(_, request)| request.poll.server);
    assert_eq!(servers.collect::<BTreeSet<_>>(), [0, 1].into());
    simulation
}

/// Lets a server keep connections of cancelled polls.
fn keep(simulation: &mut Simulation, server: usize, count: usize) {
    let until = simulation.now + MINUTE;
    let connections = &mut simulation.schedule.connections;
    (0..count).for_each(|_| connections.abandon(server, until));
}

/// Asserts that each of two changes in succession is found: after the first one, the poll is sent again.
fn changes_are_found(simulation: &mut Simulation, services: usize) {
    for _ in 0..2 {
        (0..services).for_each(|number| simulation.change_service(number));
        simulation.run(Duration::from_millis(600));
        assert_eq!(simulation.outdated(), Vec::<String>::new());
    }
}

/// The polls of all servers were compared with the limit of the one that kept connections. One that did not fit delayed
/// those behind it, also at other servers, until the kept connections were free.
#[test]
fn polls_that_one_server_keeps_delay_no_long_poll() {
    let mut simulation = Simulation::with_servers(rules(64), 2);
    simulation.consul.down.insert(0);
    simulation.follow(50, 0);
    simulation.run(MINUTE * 3);
    simulation.consul.down.clear();
    // Server 0 is in use again, and 49 polls go on at server 1.
    simulation.fail_first(unreachable);
    simulation.run(Duration::from_secs(1));
    assert_eq!(simulation.schedule.servers.preferred, 0);
    simulation.follow_with(20, 0, (100..130).map(service));
    simulation.run(Duration::from_secs(1));
    assert_eq!(simulation.long_polls(), 50);
    changes_are_found(&mut simulation, 20);
    assert!(simulation.most_connections <= 64);
}

#[test]
fn a_query_leaves_a_server_that_has_no_room_for_its_poll() {
    let mut simulation = at_both_servers(64);
    keep(&mut simulation, 0, 54);
    changes_are_found(&mut simulation, 2);
    let servers = simulation.in_flight.values();
    let mut servers = servers.map(|(_, request)| request.poll.server);
    assert!(servers.all(|server| server == 1));
}

/// The room of the server in use was checked, and the request went to another one.
#[test]
fn a_request_needs_room_at_the_server_to_which_it_goes() {
    let mut simulation = at_both_servers(4);
    // Then the polls have just been sent for a minute.
    simulation.run(Duration::from_secs(126));
    keep(&mut simulation, 0, 3);
    simulation.schedule.read_again(&service(1));
    let reads = |simulation: &Simulation| {
        let sent = simulation.sent.iter();
        sent.filter(|(_, request)| (request.poll.server, request.poll.index) == (0, 0))
            .count()
    };
    let before = reads(&simulation);
    simulation.run(Duration::from_secs(50));
    assert_eq!(reads(&simulation), before);
    simulation.run(Duration::from_secs(11));
    assert_eq!(reads(&simulation), before + 1);
}

/// A poll at another server counted together with the connections that the server in use kept.
#[test]
fn a_poll_and_a_kept_connection_at_different_servers_leave_room_for_a_short_request() {
    let mut simulation = Simulation::with_servers(rules(2), 2);
    simulation.follow(1, 0);
    simulation.run(Duration::from_secs(10));
    simulation.schedule.servers.preferred = 1;
    keep(&mut simulation, 1, 1);
    simulation.follow(2, 0);
    simulation.run(LATENCY * 3);
    assert_eq!(simulation.outdated(), Vec::<String>::new());
}
