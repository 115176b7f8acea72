//! Surveys: reads of the nodes, which name the services that have changed.

use super::*;

/// A quiet simulation with this number of services at fifty nodes.
fn at_fifty_nodes(services: usize) -> Simulation {
    let mut simulation = Simulation::new(rules(64));
    simulation.consul.nodes = 50;
    simulation.follow(services, 0);
    simulation.run(MINUTE);
    simulation
}

/// To ask for all of them takes three seconds.
#[test]
fn a_change_among_ten_thousand_services_at_few_nodes_is_found_by_a_survey() {
    let mut simulation = at_fifty_nodes(10_000);
    for number in [3, 4000, 9999] {
        simulation.change_service(number);
        simulation.run(Duration::from_millis(100));
        assert_eq!(simulation.outdated(), Vec::<String>::new());
        simulation.run(Duration::from_secs(10));
    }
}

/// The survey was completed first.
#[test]
fn a_service_that_a_survey_names_is_read_before_further_nodes() {
    let mut simulation = at_fifty_nodes(1000);
    let before = simulation.sent.len();
    simulation.change_service(3);
    simulation.run(Duration::from_secs(1));
    assert_eq!(simulation.outdated(), Vec::<String>::new());
    let sent = simulation.sent[before..].iter().map(|(_, request)| request);
    let targets: Vec<_> = sent.map(|request| &request.target).collect();
    let query = Arc::new(service(3));
    let its_node = consul::node_of("s3", 50);
    let place = |is_it: &dyn Fn(&Target) -> bool| targets.iter().position(|target| is_it(target));
    let read = place(&|target| matches!(target, Target::Query(read) if *read == query));
    let named = place(&|target| matches!(target, Target::Node(_, node) if *node == its_node));
    // Those that were sent before the answer came which names it.
    let between = targets[named.unwrap() + 1..read.unwrap()].iter();
    let nodes = between.filter(|target| matches!(target, Target::Node(..)));
    assert!(nodes.count() <= 16);
}

#[test]
fn the_services_at_a_node_that_has_failed_are_found_first() {
    let mut simulation = at_fifty_nodes(10_000);
    simulation.consul.fail_node("n7");
    assert!(simulation.outdated().len() > 100);
    simulation.run(Duration::from_millis(200));
    assert_eq!(simulation.outdated(), Vec::<String>::new());
}

#[test]
fn steady_changes_are_found_within_the_budget_with_surveys_too() {
    budget::steady_changes(50);
}

#[test]
fn a_survey_ends_when_consul_refuses_requests_because_there_are_too_many() {
    let mut simulation = at_fifty_nodes(1000);
    simulation.change_service(3);
    let is_read = |request: &Request| matches!(request.target, Target::Node(..));
    let in_flight = loop {
        simulation.run(LATENCY / 2);
        let mut all = simulation.in_flight.values();
        if let Some((_, request)) = all.find(|(_, request)| is_read(request)) {
            break request.id;
        }
    };
    simulation.fail(in_flight, throttled);
    let before = simulation.sent.len();
    simulation.run(MINUTE);
    let later = simulation.sent[before..].iter();
    assert_eq!(later.filter(|(_, request)| is_read(request)).count(), 0);
    assert_eq!(simulation.outdated(), Vec::<String>::new());
}
