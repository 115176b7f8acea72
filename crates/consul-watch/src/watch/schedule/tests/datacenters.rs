//! A datacenter that does not answer delays no other.

use super::*;

/// The number of services of each datacenter.
const COUNT: usize = 100;

fn simulation() -> Simulation {
    let mut simulation = Simulation::new(rules(64));
    simulation.consul.change_service("s0");
    simulation
}

fn follow(simulation: &mut Simulation) {
    simulation.follow_with(COUNT, 0, (0..COUNT).map(eu));
}

/// Asserts that only queries to `eu` lack an answer.
fn only_eu_is_outdated(simulation: &Simulation) {
    let outdated = simulation.outdated();
    let others: Vec<_> = outdated
        .iter()
        .filter(|name| !name.contains("@eu"))
        .collect();
    assert!(others.is_empty(), "{others:?}");
}

/// Changes services of the own datacenter for a time. Each change is found soon.
fn own_changes_are_found(simulation: &mut Simulation, seconds: usize) {
    for number in 0..seconds {
        simulation.change_service(number % COUNT);
        simulation.run(Duration::from_millis(600));
        only_eu_is_outdated(simulation);
        simulation.run(Duration::from_millis(400));
    }
}

#[test]
fn a_datacenter_that_is_dead_from_the_start_delays_nothing() {
    for trouble in [Trouble::NoPath, Trouble::BlackHole] {
        let mut simulation = simulation();
        simulation.consul.eu = Some(trouble);
        follow(&mut simulation);
        simulation.run(Duration::from_millis(500));
        only_eu_is_outdated(&simulation);
        simulation.run(Duration::from_millis(1700));
        let failing = simulation.failing.len();
        assert_eq!(failing, COUNT, "{trouble:?}: templates continue without it");
        own_changes_are_found(&mut simulation, 100);
        assert!(simulation.most_connections <= 64);
        let is_to_eu = |(_, request): &&(Instant, Request)| match &request.target {
            Target::Query(query) | Target::Index(query) => query.datacenter() == "eu",
            _ => false,
        };
        let sent = simulation.sent.iter().filter(is_to_eu).count();
        assert!(sent < 400, "{trouble:?}: {sent} requests in 100 s");

        simulation.consul.eu = None;
        simulation.run(Duration::from_secs(18));
        assert!(simulation.outdated().is_empty(), "{trouble:?}");
        assert!(simulation.failing.is_empty(), "{trouble:?}");
    }
}

#[test]
fn a_datacenter_that_dies_later_delays_nothing() {
    for trouble in [Trouble::NoPath, Trouble::BlackHole] {
        let mut simulation = simulation();
        follow(&mut simulation);
        simulation.run(MINUTE);
        assert!(simulation.outdated().is_empty());
        simulation.consul.eu = Some(trouble);
        own_changes_are_found(&mut simulation, 200);
        assert!(!simulation.failing.is_empty(), "{trouble:?}");
        assert!(
            simulation
                .failing
                .iter()
                .all(|query| query.datacenter() == "eu")
        );
        simulation.consul.change_service("e7");
        simulation.consul.eu = None;
        simulation.run(MINUTE * 2);
        assert!(simulation.outdated().is_empty(), "{trouble:?}");
        assert!(simulation.failing.is_empty(), "{trouble:?}");
    }
}

#[test]
fn a_slow_datacenter_is_reported_and_then_answers() {
    let mut simulation = simulation();
    simulation.consul.eu = Some(Trouble::Slow);
    follow(&mut simulation);
    simulation.run(Duration::from_secs(3));
    assert_eq!(simulation.failing.len(), COUNT);
    own_changes_are_found(&mut simulation, 3);
    // The first answer opens the way for eight requests at a time.
    simulation.run(Duration::from_secs(5) * u32::try_from(COUNT / 8 + 2).unwrap());
    assert!(simulation.outdated().is_empty());
    assert!(simulation.failing.is_empty());
}

#[test]
fn a_query_that_is_not_followed_any_more_does_not_end_the_search_for_a_datacenter() {
    for trouble in [Trouble::NoPath, Trouble::BlackHole] {
        let mut simulation = simulation();
        simulation.consul.eu = Some(trouble);
        follow(&mut simulation);
        for first in 0..50 {
            simulation.run(Duration::from_secs(1));
            simulation.follow_with(COUNT, 0, (first..COUNT).map(eu));
        }
        simulation.consul.eu = None;
        simulation.run(Duration::from_secs(18));
        assert!(simulation.outdated().is_empty(), "{trouble:?}");
    }
}

#[test]
fn without_another_answer_consul_itself_is_asked_whether_it_answers() {
    let mut simulation = simulation();
    simulation.consul.eu = Some(Trouble::BlackHole);
    simulation.follow_with(0, 0, (0..3).map(eu));
    simulation.run(Duration::from_millis(1900));
    assert!(simulation.failing.is_empty());
    simulation.run(Duration::from_millis(200));
    assert_eq!(simulation.failing.len(), 3);
    let is_probe = |(_, request): &&(Instant, Request)| matches!(request.target, Target::Server);
    assert_eq!(simulation.sent.iter().filter(is_probe).count(), 1);
}
