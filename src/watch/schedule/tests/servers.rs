//! Several servers.

use super::*;

/// A simulation of two servers. Service 0 was refused once at server 0, so it is polled at server 1, and service 1 at
/// server 0.
fn at_both_servers() -> Simulation {
    let mut simulation = Simulation::with_servers(rules(64), 2);
    simulation.follow(2, 0);
    simulation.run(Duration::from_secs(1));
    simulation.fail_first(unreachable);
    simulation.run(Duration::from_secs(1));
    let polled = simulation.in_flight.values();
    let servers = polled.map(|(_, request)| request.poll.server);
    assert_eq!(servers.collect::<BTreeSet<_>>(), [0, 1].into());
    simulation
}

/// Only the server in use was probed, so a query at another one waited for the end of its poll.
#[test]
fn each_server_with_requests_in_flight_is_left_when_it_is_frozen() {
    for frozen in [0, 1] {
        let mut simulation = at_both_servers();
        simulation.consul.frozen = Some(frozen);
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
