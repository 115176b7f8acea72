//! Surveys: reads of the nodes, which name the services that have changed.

use super::*;

/// To ask for all of them takes three seconds.
#[test]
fn a_change_among_ten_thousand_services_at_few_nodes_is_found_by_a_survey() {
    let mut simulation = Simulation::new(rules(64));
    simulation.consul.nodes = 50;
    simulation.follow(10_000, 0);
    simulation.run(MINUTE);
    for number in [3, 4000, 9999] {
        simulation.change_service(number);
        simulation.run(Duration::from_millis(100));
        assert_eq!(simulation.outdated(), Vec::<String>::new());
        simulation.run(Duration::from_secs(10));
    }
}

#[test]
fn the_services_at_a_node_that_has_failed_are_found_first() {
    let mut simulation = Simulation::new(rules(64));
    simulation.consul.nodes = 50;
    simulation.follow(10_000, 0);
    simulation.run(MINUTE);
    simulation.consul.fail_node("n7");
    assert!(simulation.outdated().len() > 100);
    simulation.run(Duration::from_millis(200));
    assert_eq!(simulation.outdated(), Vec::<String>::new());
}

#[test]
fn steady_changes_are_found_within_the_budget_with_surveys_too() {
    budget::steady_changes(50);
}
