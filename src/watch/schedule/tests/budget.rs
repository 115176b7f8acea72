//! The limits of connections and requests.

use super::*;

#[test]
fn within_the_limit_each_query_has_a_long_poll() {
    let mut world = World::new(rules(64));
    world.follow(50, 0);
    world.run(Duration::from_secs(1));
    assert_eq!(world.long_polls(), 50);
    world.change_service(7);
    world.run(LATENCY * 3);
    assert!(world.outdated().is_empty());
}

#[test]
fn a_thousand_services_use_the_limit_of_connections_and_no_more() {
    let mut world = World::new(rules(64));
    world.follow(1000, 0);
    world.run(Duration::from_secs(5));
    assert!(world.outdated().is_empty());
    assert!(world.most_connections <= 64, "{}", world.most_connections);
    let quiet = world.now;
    world.run(MINUTE * 5);
    let per_second = world.sent_since(quiet) / 300;
    assert!(per_second < 5, "{per_second} requests per second");
}

#[test]
fn a_flipped_check_is_found_at_once_and_any_change_soon() {
    let mut world = World::new(rules(64));
    world.follow(1000, 0);
    world.run(MINUTE);
    world.flip(700);
    world.run(LATENCY * 5);
    assert!(world.outdated().is_empty(), "{:?}", world.outdated());
    for number in [3, 400, 999] {
        world.run(Duration::from_secs(10));
        world.change_service(number);
        world.run(Duration::from_millis(400));
        assert!(world.outdated().is_empty(), "{:?}", world.outdated());
    }
}

#[test]
fn steady_changes_are_found_within_two_seconds_and_within_the_budget() {
    let mut world = World::new(rules(64));
    world.follow(1000, 0);
    world.run(Duration::from_secs(30));
    let begun = world.now;
    let mut changed: Vec<(Instant, usize)> = Vec::new();
    for step in 0..400 {
        let number = (step * 37) % 1000;
        world.change_service(number);
        changed.push((world.now, number));
        world.run(Duration::from_millis(50));
        let outdated: BTreeSet<_> = world.outdated().into_iter().collect();
        for (at, number) in &changed {
            let name = service(*number).to_string();
            let age = world.now - *at;
            let is_late = age >= Duration::from_secs(2) && outdated.contains(&name);
            assert!(!is_late, "{name}: {age:?}");
        }
    }
    let seconds = (world.now - begun).as_secs_f64();
    #[expect(clippy::cast_precision_loss, reason = "a small number")]
    let rate = world.sent_since(begun) as f64 / seconds;
    assert!(rate < 1_800.0, "{rate} requests per second");
}

#[test]
fn useless_ticks_are_followed_by_ever_fewer_requests() {
    let mut world = World::new(rules(64));
    world.follow(1000, 0);
    world.run(Duration::from_secs(30));
    let tick = |world: &mut World, seconds: u64| {
        let begun = world.now;
        for _ in 0..seconds * 5 {
            // The output of a check changes, which is not part of any answer here.
            world.index += 1;
            world.ticks.0 = world.index;
            world.run(Duration::from_millis(200));
        }
        world.sent_since(begun) as u64 / seconds
    };
    tick(&mut world, 120);
    let rate = tick(&mut world, 60);
    assert!(rate < 80, "{rate} requests per second");
    world.change_service(500);
    tick(&mut world, 31);
    assert!(world.outdated().is_empty(), "the bound of staleness holds");
}

#[test]
fn cancelled_long_polls_count_until_their_wait_is_over() {
    let mut world = World::new(rules(16));
    for round in 0..6 {
        world.follow(8 + round % 3, 0);
        world.run(Duration::from_millis(500));
        world.follow(0, 0);
        world.run(Duration::from_millis(100));
    }
    assert!(world.most_connections <= 16, "{}", world.most_connections);
    world.follow(8, 0);
    world.run(MINUTE * 2);
    assert_eq!(world.long_polls(), 8);
    assert!(world.outdated().is_empty());
}

/// A refusal that demands a pause of this number of seconds.
fn too_many_requests(seconds: u64) -> Error {
    Error::Status {
        server: "a.test:8500".to_owned(),
        status: 429,
        message: String::new(),
        retry_after: Some(Duration::from_secs(seconds)),
    }
}

#[test]
fn a_demanded_pause_stops_all_requests() {
    let mut world = World::new(rules(64));
    world.follow(3, 0);
    world.run(Duration::from_secs(1));
    world.fail_first(|| too_many_requests(20));
    let begun = world.now;
    world.run(Duration::from_secs(19));
    assert_eq!(world.sent_since(begun), 0);
    world.run(Duration::from_secs(3));
    assert!(world.sent_since(begun) > 0);
}

#[test]
fn refused_connections_lower_the_number_of_long_polls() {
    let mut world = World::new(rules(64));
    world.follow(50, 0);
    world.run(Duration::from_secs(1));
    assert_eq!(world.long_polls(), 50);
    let refused: Vec<_> = world.in_flight.keys().copied().take(20).collect();
    for ticket in refused {
        world.fail(ticket, throttled);
    }
    world.run(Duration::from_secs(5));
    assert!(world.long_polls() <= 40, "{}", world.long_polls());
    world.run(MINUTE * 3);
    assert_eq!(world.long_polls(), 50, "later the server may have room");
}

#[test]
fn five_hundred_queries_that_fail_together_return_without_a_burst() {
    let mut world = World::new(rules(1000));
    world.follow(500, 0);
    world.run(Duration::from_secs(1));
    world.is_down = true;
    world.fail_all();
    world.run(MINUTE * 10);
    world.is_down = false;
    let back = world.now;
    while world.long_polls() < 500 && world.now - back < MINUTE {
        world.run(LATENCY);
        let short = world.in_flight.len() - world.long_polls();
        assert!(short <= 8, "{short} requests at the same time");
    }
    let took = world.now - back;
    assert!(took < Duration::from_secs(3), "{took:?}");
}

#[test]
fn a_demanded_pause_without_end_ends_after_some_minutes() {
    let mut world = World::new(rules(64));
    world.follow(3, 0);
    world.run(Duration::from_secs(1));
    world.fail_first(|| too_many_requests(u64::MAX));
    world.change_service(1);
    world.run(MINUTE * 7);
    assert!(world.outdated().is_empty());
}

#[test]
fn a_tick_that_exceeds_a_gateways_limit_does_not_cause_that_everything_is_read() {
    let mut world = World::new(rules(64));
    world.follow(1000, 0);
    world.run(MINUTE);
    let begun = world.now;
    let is_tick = |(_, request): &&(Instant, Request)| matches!(request.target, Target::Tick(_));
    let ticks = world.in_flight.values().filter(is_tick);
    let ticks: Vec<_> = ticks.map(|(_, request)| request.ticket).collect();
    for ticket in ticks {
        world.fail(ticket, idle);
    }
    world.run(Duration::from_secs(5));
    assert!(world.sent_since(begun) < 100, "{}", world.sent_since(begun));
}

/// Nothing was noticed until the wait of the cancelled polls was over.
#[test]
fn changes_are_noticed_while_cancelled_polls_keep_all_connections() {
    let mut world = World::new(rules(16));
    world.follow(9, 0);
    // Then the polls have just been sent for a minute.
    world.run(Duration::from_secs(126));
    // The first time, connections are left for the ticks.
    for _ in 0..2 {
        world.schedule.start_over();
        world.run(Duration::from_secs(10));
    }
    world.change_service(3);
    world.run(Duration::from_secs(6));
    assert!(world.outdated().is_empty(), "{:?}", world.outdated());
}

/// The queries of services whose checks change all the time were read again and again, and others never.
#[test]
fn checks_that_flap_do_not_keep_others_from_being_read() {
    let mut world = World::new(rules(64));
    world.follow(1000, 0);
    world.run(Duration::from_secs(30));
    world.change_service(900);
    for _ in 0..100 {
        (0..200).for_each(|number| world.flip(number));
        world.run(Duration::from_millis(50));
    }
    let changed = service(900).to_string();
    assert!(!world.outdated().contains(&changed));
}

/// Each read cancelled a long poll, whose connection Consul keeps.
#[test]
fn reading_again_leaves_the_long_poll_alone() {
    let mut world = World::new(rules(64));
    world.follow(40, 0);
    world.run(Duration::from_secs(10));
    for _ in 0..20 {
        (0..40).for_each(|number| world.schedule.read_again(&service(number)));
        let begun = world.now;
        world.run(Duration::from_secs(1));
        assert_eq!(world.long_polls(), 40);
        assert!(world.sent_since(begun) >= 40, "each is read");
    }
    world.change_service(7);
    world.run(LATENCY * 3);
    assert!(world.outdated().is_empty());
}
