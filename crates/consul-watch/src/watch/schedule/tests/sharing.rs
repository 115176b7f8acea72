//! Keys that share the request for their prefix.

use super::*;

fn targets(simulation: &Simulation) -> Vec<String> {
    let name = |(_, request): &(Instant, Request)| match &request.target {
        Target::Query(query) | Target::Index(query) => query.to_string(),
        Target::Tick(tick) => format!("{tick:?}"),
        Target::Node(_, name) => format!("the node {name}"),
        Target::Server => "probe".to_owned(),
    };
    simulation.sent.iter().map(name).collect()
}

#[test]
fn many_keys_below_a_prefix_are_one_request() {
    let mut simulation = Simulation::new(rules(64));
    simulation.follow(0, 1000);
    simulation.run(LATENCY * 3);
    assert!(simulation.outdated().is_empty());
    assert_eq!(targets(&simulation)[0], "kv.list(app/)");
    simulation.run(LATENCY * 5);
    assert_eq!(simulation.long_polls(), 1);
    simulation.change_key(77);
    simulation.run(LATENCY * 3);
    assert!(simulation.outdated().is_empty());
    assert!(simulation.sent.len() < 5, "{:?}", targets(&simulation));
}

#[test]
fn few_keys_have_long_polls_of_their_own() {
    let mut simulation = Simulation::new(rules(64));
    simulation.follow(0, 15);
    simulation.run(LATENCY * 30);
    assert_eq!(simulation.long_polls(), 15);
}

#[test]
fn a_prefix_with_too_many_other_entries_is_not_shared() {
    let mut simulation = Simulation::new(rules(64));
    simulation.consul.others.0 = 5000;
    simulation.follow(0, 20);
    simulation.run(Duration::from_secs(1));
    assert!(simulation.outdated().is_empty());
    assert_eq!(simulation.long_polls(), 20);
    let all = targets(&simulation);
    let lists = all.iter().filter(|name| name.contains("list")).count();
    assert_eq!(lists, 1, "it is tried once");
}

#[test]
fn beyond_the_limit_a_tick_announces_the_keys_of_such_a_prefix() {
    let mut simulation = Simulation::new(rules(64));
    simulation.consul.others.0 = 50_000;
    simulation.follow(0, 300);
    simulation.run(Duration::from_secs(2));
    assert!(simulation.outdated().is_empty());
    assert!(simulation.most_connections <= 64);
    simulation.change_key(222);
    simulation.run(Duration::from_millis(200));
    assert!(simulation.outdated().is_empty());
}

#[test]
fn a_key_that_joins_later_is_read_by_itself_and_then_shares() {
    let mut simulation = Simulation::new(rules(64));
    simulation.follow(0, 20);
    simulation.run(Duration::from_secs(1));
    simulation.follow(0, 30);
    simulation.run(Duration::from_secs(1));
    assert!(simulation.outdated().is_empty());
    assert_eq!(simulation.long_polls(), 1);
    simulation.change_key(25);
    simulation.run(LATENCY * 3);
    assert!(simulation.outdated().is_empty());
}

#[test]
fn a_prefix_ends_with_its_last_key() {
    let mut simulation = Simulation::new(rules(64));
    simulation.follow(0, 20);
    simulation.run(Duration::from_secs(1));
    simulation.follow(0, 0);
    simulation.run(Duration::from_secs(1));
    assert_eq!(simulation.long_polls(), 0);
    assert_eq!(simulation.schedule.entries.iter().count(), 0);
}

#[test]
fn a_refused_prefix_is_read_key_by_key() {
    let mut simulation = Simulation::new(rules(64));
    simulation.follow(0, 20);
    simulation.exchange();
    simulation.fail_first(denied);
    simulation.run(Duration::from_secs(1));
    assert!(simulation.outdated().is_empty());
    assert_eq!(simulation.long_polls(), 20);
}

/// The keys were answered only at the next change below the prefix.
#[test]
fn keys_below_a_prefix_that_is_already_followed_are_answered_at_once() {
    let mut simulation = Simulation::new(rules(64));
    simulation.follow_with(0, 0, [list()]);
    simulation.run(Duration::from_secs(1));
    simulation.follow_with(0, 20, [list()]);
    simulation.run(Duration::from_secs(1));
    assert!(
        simulation.outdated().is_empty(),
        "{:?}",
        simulation.outdated()
    );
    simulation.change_key(7);
    simulation.run(LATENCY * 3);
    assert!(simulation.outdated().is_empty());
}

/// Until the next reload, each key had a request of its own.
#[test]
fn a_prefix_that_was_refused_is_shared_again_when_the_rights_change() {
    let mut simulation = Simulation::new(rules(64));
    simulation.follow(0, 20);
    simulation.exchange();
    simulation.fail_first(denied);
    simulation.run(Duration::from_secs(1));
    assert_eq!(simulation.long_polls(), 20);
    simulation.schedule.retry_denied(simulation.now);
    simulation.run(MINUTE * 2);
    assert_eq!(simulation.long_polls(), 1);
    simulation.change_key(5);
    simulation.run(LATENCY * 3);
    assert!(simulation.outdated().is_empty());
}

/// Nothing was noticed before the next full read.
#[test]
fn keys_whose_tick_is_refused_take_turns() {
    let mut simulation = Simulation::new(rules(64));
    simulation.consul.is_list_denied = true;
    simulation.follow(0, 200);
    simulation.run(MINUTE);
    assert!(simulation.outdated().is_empty());
    simulation.change_key(150);
    simulation.run(Duration::from_secs(20));
    assert!(
        simulation.outdated().is_empty(),
        "{:?}",
        simulation.outdated()
    );
}
