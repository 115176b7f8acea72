//! A token that is replaced while long polls with the old one block.

use super::*;

impl SimulatedConsul {
    /// Lets the token read other values than before. No index changes.
    fn show_other_values(&mut self) {
        let values = self.services.values_mut().chain(self.keys.values_mut());
        values.for_each(|(value, _)| *value += 1_000);
    }
}

/// The open poll went on with the old token, and the next one carried the old index and blocked, too.
#[test]
fn a_new_token_is_used_within_seconds_for_queries_whose_polls_block() {
    let cases = [
        (2, 0, 1),
        (0, 20, 1),
        (60, 0, 1),
        (3_000, 0, 3),
        (50, 200, 3),
    ];
    for (services, keys, seconds) in cases {
        let mut simulation = Simulation::new(rules(64));
        simulation.follow(services, keys);
        simulation.run(MINUTE * 3);
        assert!(simulation.outdated().is_empty());
        let polls = simulation.long_polls();
        simulation.consul.show_other_values();
        let begun = simulation.now;
        simulation.schedule.token_changed(simulation.now);
        simulation.run(Duration::from_secs(seconds));
        assert_eq!(
            simulation.outdated(),
            Vec::<String>::new(),
            "{services} {keys}"
        );
        assert!(simulation.kept.is_empty(), "no poll was cancelled");
        assert!(simulation.long_polls() + 1 >= polls);
        assert!(simulation.most_connections <= 64);
        let sent = simulation.sent_since(begun);
        assert!(sent <= 2 * (services + keys) + 100, "{sent} requests");
    }
}

/// The answer of a poll with the old token replaced that of the new one.
#[test]
fn the_outcome_of_a_poll_with_the_old_token_is_not_used() {
    for is_read_before in [true, false] {
        for is_refused in [true, false] {
            let mut simulation = Simulation::new(rules(64));
            simulation.follow(1, 0);
            simulation.run(Duration::from_secs(1));
            let poll = *simulation.in_flight.keys().next().expect("a poll");
            let (_, request) = simulation.in_flight[&poll].clone();
            let old = if is_refused {
                consul::failed(&request, denied())
            } else {
                simulation.consul.outcome(&request)
            };
            simulation.consul.show_other_values();
            simulation.schedule.token_changed(simulation.now);
            if is_read_before {
                simulation.run(LATENCY * 3);
                assert!(simulation.outdated().is_empty());
            }
            simulation
                .in_flight
                .remove(&poll)
                .expect("the poll goes on");
            simulation.schedule.ended(poll, old, simulation.now);
            simulation.run(LATENCY * 20);
            assert!(simulation.outdated().is_empty());
            assert!(simulation.failing.is_empty());
            assert_eq!(simulation.long_polls(), 1);
        }
    }
}

/// The guard waits for the answer of the leader.
#[test]
fn a_read_from_the_leader_is_repeated_with_the_new_token() {
    let mut simulation = Simulation::new(rules(64));
    simulation.follow(1, 0);
    simulation.run(Duration::from_secs(1));
    simulation.schedule.read_again(&service(0));
    simulation.exchange();
    simulation.schedule.token_changed(simulation.now);
    simulation.reported.clear();
    simulation.run(LATENCY * 3);
    assert!(
        simulation.outdated().is_empty(),
        "it is reported although it has not changed"
    );
}
