//! The limit of connections of each server, with incidents that move requests from one server to another.

use super::*;

/// An incident after which connections are kept, or requests go to another server.
fn incident() -> impl Strategy<Value = Incident> {
    prop_oneof![
        2 => (0..9usize).prop_map(Incident::Service),
        2 => (0..9usize).prop_map(Incident::ReadAgain),
        1 => any::<usize>().prop_map(Incident::Lost),
        1 => (0..2usize).prop_map(Incident::ServerDown),
        2 => (0..2usize).prop_map(Incident::ServerUp),
        1 => (0..2usize).prop_map(|server| Incident::Frozen(Some(server))),
        1 => Just(Incident::Frozen(None)),
        2 => trouble().prop_map(Incident::Datacenter),
        3 => (0..18usize, 0..6usize, any::<bool>())
            .prop_map(|(services, eu, list)| Incident::Follow(services, 0, eu, list)),
        1 => Just(Incident::Suspended),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn each_server_stays_within_the_limit(
        connections in 2..20usize,
        incidents in prop::collection::vec((0..30_000u64, incident()), 1..60),
    ) {
        let rules = Rules { full_read_interval: Some(FULL_READ_INTERVAL), ..rules(connections) };
        let mut simulation = Simulation::with_servers(rules, 2);
        simulation.follow_with(9, 0, (0..3).map(eu));
        for (after, incident) in &incidents {
            simulation.run(Duration::from_millis(*after));
            simulation.cause(incident);
        }
        simulation.run(MINUTE);
        simulation.stayed_within(connections)?;
    }
}
