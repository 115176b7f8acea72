//! Keys that share the request for their prefix.

use super::*;

fn targets(world: &World) -> Vec<String> {
    let name = |(_, request): &(Instant, Request)| match &request.target {
        Target::Query(query) | Target::Index(query) => query.to_string(),
        Target::Tick(tick) => format!("{tick:?}"),
        Target::Server => "probe".to_owned(),
    };
    world.sent.iter().map(name).collect()
}

#[test]
fn many_keys_below_a_prefix_are_one_request() {
    let mut world = World::new(rules(64));
    world.follow(0, 1000);
    world.run(LATENCY * 3);
    assert!(world.outdated().is_empty());
    assert_eq!(targets(&world)[0], "kv.list(app/)");
    world.run(LATENCY * 5);
    assert_eq!(world.long_polls(), 1);
    world.change_key(77);
    world.run(LATENCY * 3);
    assert!(world.outdated().is_empty());
    assert!(world.sent.len() < 5, "{:?}", targets(&world));
}

#[test]
fn few_keys_have_long_polls_of_their_own() {
    let mut world = World::new(rules(64));
    world.follow(0, 15);
    world.run(LATENCY * 30);
    assert_eq!(world.long_polls(), 15);
}

#[test]
fn a_prefix_with_too_many_other_entries_is_not_shared() {
    let mut world = World::new(rules(64));
    world.others = 5000;
    world.follow(0, 20);
    world.run(Duration::from_secs(1));
    assert!(world.outdated().is_empty());
    assert_eq!(world.long_polls(), 20);
    let all = targets(&world);
    let lists = all.iter().filter(|name| name.contains("list")).count();
    assert_eq!(lists, 1, "it is tried once");
}

#[test]
fn beyond_the_limit_a_tick_announces_the_keys_of_such_a_prefix() {
    let mut world = World::new(rules(64));
    world.others = 50_000;
    world.follow(0, 300);
    world.run(Duration::from_secs(2));
    assert!(world.outdated().is_empty());
    assert!(world.most_connections <= 64);
    world.change_key(222);
    world.run(Duration::from_millis(200));
    assert!(world.outdated().is_empty());
}

#[test]
fn a_key_that_joins_later_is_read_by_itself_and_then_shares() {
    let mut world = World::new(rules(64));
    world.follow(0, 20);
    world.run(Duration::from_secs(1));
    world.follow(0, 30);
    world.run(Duration::from_secs(1));
    assert!(world.outdated().is_empty());
    assert_eq!(world.long_polls(), 1);
    world.change_key(25);
    world.run(LATENCY * 3);
    assert!(world.outdated().is_empty());
}

#[test]
fn a_prefix_ends_with_its_last_key() {
    let mut world = World::new(rules(64));
    world.follow(0, 20);
    world.run(Duration::from_secs(1));
    world.follow(0, 0);
    world.run(Duration::from_secs(1));
    assert_eq!(world.long_polls(), 0);
    assert_eq!(world.schedule.entries.iter().count(), 0);
}

#[test]
fn a_refused_prefix_is_read_key_by_key() {
    let mut world = World::new(rules(64));
    world.follow(0, 20);
    world.exchange();
    world.fail_first(denied);
    world.run(Duration::from_secs(1));
    assert!(world.outdated().is_empty());
    assert_eq!(world.long_polls(), 20);
}

/// The keys were answered only at the next change below the prefix.
#[test]
fn keys_below_a_prefix_that_is_already_followed_are_answered_at_once() {
    let list = Query::Consul(ConsulQuery::Pairs(crate::query::KeyQuery {
        key: "app/".to_owned(),
        scope: crate::query::Scope::default(),
    }));
    let mut world = World::new(rules(64));
    world.follow_with(0, 0, Some(list.clone()));
    world.run(Duration::from_secs(1));
    world.follow_with(0, 20, Some(list));
    world.run(Duration::from_secs(1));
    assert!(world.outdated().is_empty(), "{:?}", world.outdated());
    world.change_key(7);
    world.run(LATENCY * 3);
    assert!(world.outdated().is_empty());
}

/// Until the next reload, each key had a request of its own.
#[test]
fn a_prefix_that_was_refused_is_shared_again_when_the_rights_change() {
    let mut world = World::new(rules(64));
    world.follow(0, 20);
    world.exchange();
    world.fail_first(denied);
    world.run(Duration::from_secs(1));
    assert_eq!(world.long_polls(), 20);
    world.schedule.retry_denied(world.now);
    world.run(MINUTE * 2);
    assert_eq!(world.long_polls(), 1);
    world.change_key(5);
    world.run(LATENCY * 3);
    assert!(world.outdated().is_empty());
}
