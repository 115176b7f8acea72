//! The limits of connections and requests.

use super::*;

#[test]
fn within_the_limit_each_query_has_a_long_poll() {
    let mut simulation = Simulation::new(rules(64));
    simulation.follow(50, 0);
    simulation.run(Duration::from_secs(1));
    assert_eq!(simulation.long_polls(), 50);
    simulation.change_service(7);
    simulation.run(LATENCY * 3);
    assert!(simulation.outdated().is_empty());
}

#[test]
fn a_thousand_services_use_the_limit_of_connections_and_no_more() {
    let mut simulation = Simulation::new(rules(64));
    simulation.follow(1000, 0);
    simulation.run(Duration::from_secs(5));
    assert!(simulation.outdated().is_empty());
    assert!(
        simulation.most_connections <= 64,
        "{}",
        simulation.most_connections
    );
    let quiet = simulation.now;
    simulation.run(MINUTE * 5);
    let per_second = simulation.sent_since(quiet) / 300;
    assert!(per_second < 5, "{per_second} requests per second");
}

#[test]
fn a_flipped_check_is_found_at_once_and_any_change_soon() {
    let mut simulation = Simulation::new(rules(64));
    simulation.follow(1000, 0);
    simulation.run(MINUTE);
    simulation.flip(700);
    simulation.run(LATENCY * 5);
    assert!(
        simulation.outdated().is_empty(),
        "{:?}",
        simulation.outdated()
    );
    for number in [3, 400, 999] {
        simulation.run(Duration::from_secs(10));
        simulation.change_service(number);
        simulation.run(Duration::from_millis(400));
        assert!(
            simulation.outdated().is_empty(),
            "{:?}",
            simulation.outdated()
        );
    }
}

#[test]
fn steady_changes_are_found_within_two_seconds_and_within_the_budget() {
    steady_changes(0);
}

pub(super) fn steady_changes(nodes: usize) {
    let mut simulation = Simulation::new(rules(64));
    simulation.consul.nodes = nodes;
    simulation.follow(1000, 0);
    simulation.run(Duration::from_secs(30));
    let begun = simulation.now;
    let mut changed: Vec<(Instant, usize)> = Vec::new();
    for step in 0..400 {
        let number = (step * 37) % 1000;
        simulation.change_service(number);
        changed.push((simulation.now, number));
        simulation.run(Duration::from_millis(50));
        let outdated: BTreeSet<_> = simulation.outdated().into_iter().collect();
        for (at, number) in &changed {
            let name = service(*number).to_string();
            let age = simulation.now - *at;
            let is_late = age >= Duration::from_secs(2) && outdated.contains(&name);
            assert!(!is_late, "{name}: {age:?}");
        }
    }
    let seconds = (simulation.now - begun).as_secs_f64();
    #[expect(clippy::cast_precision_loss, reason = "a small number")]
    let rate = simulation.sent_since(begun) as f64 / seconds;
    assert!(rate < 1_800.0, "{rate} requests per second");
}

#[test]
fn useless_ticks_are_followed_by_ever_fewer_requests() {
    let mut simulation = Simulation::new(rules(64));
    simulation.follow(1000, 0);
    simulation.run(Duration::from_secs(30));
    let tick = |simulation: &mut Simulation, seconds: u64| {
        let begun = simulation.now;
        for _ in 0..seconds * 5 {
            simulation.change_output();
            simulation.run(Duration::from_millis(200));
        }
        simulation.sent_since(begun) as u64 / seconds
    };
    tick(&mut simulation, 120);
    let rate = tick(&mut simulation, 60);
    assert!(rate < 80, "{rate} requests per second");
    simulation.change_service(500);
    tick(&mut simulation, 31);
    assert!(
        simulation.outdated().is_empty(),
        "the bound of staleness holds"
    );
}

/// A read that became due between the choice of requests and the question when the next one is due had no wake-up, so
/// reading stopped until some long poll was answered.
#[test]
fn reading_goes_on_although_the_choice_of_requests_takes_time() {
    let mut simulation = Simulation::new(rules(64));
    simulation.follow(1000, 0);
    simulation.run(Duration::from_secs(30));
    for _ in 0..600 {
        simulation.change_output();
        simulation.run(Duration::from_millis(200));
    }
    // Less than 40 requests per second are sent now.
    simulation.choice = Duration::from_millis(30);
    simulation.change_service(500);
    simulation.run(Duration::from_secs(60));
    assert_eq!(simulation.outdated(), Vec::<String>::new());
}

#[test]
fn cancelled_long_polls_count_until_their_wait_is_over() {
    let mut simulation = Simulation::new(rules(16));
    for round in 0..6 {
        simulation.follow(8 + round % 3, 0);
        simulation.run(Duration::from_millis(500));
        simulation.follow(0, 0);
        simulation.run(Duration::from_millis(100));
    }
    assert!(
        simulation.most_connections <= 16,
        "{}",
        simulation.most_connections
    );
    simulation.follow(8, 0);
    simulation.run(MINUTE * 2);
    assert_eq!(simulation.long_polls(), 8);
    assert!(simulation.outdated().is_empty());
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
    let mut simulation = Simulation::new(rules(64));
    simulation.follow(3, 0);
    simulation.run(Duration::from_secs(1));
    simulation.fail_first(|| too_many_requests(20));
    let begun = simulation.now;
    simulation.run(Duration::from_secs(19));
    assert_eq!(simulation.sent_since(begun), 0);
    simulation.run(Duration::from_secs(3));
    assert!(simulation.sent_since(begun) > 0);
}

#[test]
fn refused_connections_lower_the_number_of_long_polls() {
    let mut simulation = Simulation::new(rules(64));
    simulation.follow(50, 0);
    simulation.run(Duration::from_secs(1));
    assert_eq!(simulation.long_polls(), 50);
    let refused: Vec<_> = simulation.in_flight.keys().copied().take(20).collect();
    for request_id in refused {
        simulation.fail(request_id, throttled);
    }
    simulation.run(Duration::from_secs(5));
    assert!(simulation.long_polls() <= 40, "{}", simulation.long_polls());
    simulation.run(MINUTE * 3);
    assert_eq!(
        simulation.long_polls(),
        50,
        "later the server may have room"
    );
}

#[test]
fn five_hundred_queries_that_fail_together_return_without_a_burst() {
    let mut simulation = Simulation::new(rules(1000));
    simulation.follow(500, 0);
    simulation.run(Duration::from_secs(1));
    simulation.consul.is_down = true;
    simulation.fail_all(None);
    simulation.run(MINUTE * 10);
    simulation.consul.is_down = false;
    let back = simulation.now;
    while simulation.long_polls() < 500 && simulation.now - back < MINUTE {
        simulation.run(LATENCY);
        let short = simulation.in_flight.len() - simulation.long_polls();
        assert!(short <= 8, "{short} requests at the same time");
    }
    let took = simulation.now - back;
    assert!(took < Duration::from_secs(3), "{took:?}");
}

#[test]
fn queries_that_start_over_together_are_read_within_the_request_budget() {
    let mut simulation = Simulation::new(rules(64));
    simulation.follow(5000, 0);
    simulation.run(MINUTE);
    simulation.schedule.start_over();
    let begun = simulation.now;
    simulation.run(Duration::from_millis(600));
    let sent = simulation.sent_since(begun);
    // 2,000 at once, then 3,000 per second. Eight at a time would be 4,800.
    assert!((3_000..4_100).contains(&sent), "{sent} requests");
    simulation.run(Duration::from_secs(2));
    assert!(simulation.outdated().is_empty());
}

#[test]
fn huge_first_answers_are_requested_within_the_budget_of_bytes() {
    let mut simulation = Simulation::new(rules(64));
    simulation.consul.bytes = 10_000_000;
    simulation.follow(100, 0);
    simulation.run(Duration::from_secs(10));
    assert!(!simulation.outdated().is_empty());
    simulation.run(Duration::from_secs(7));
    assert!(simulation.outdated().is_empty());
}

#[test]
fn a_demanded_pause_without_end_ends_after_some_minutes() {
    let mut simulation = Simulation::new(rules(64));
    simulation.follow(3, 0);
    simulation.run(Duration::from_secs(1));
    simulation.fail_first(|| too_many_requests(u64::MAX));
    simulation.change_service(1);
    simulation.run(MINUTE * 7);
    assert!(simulation.outdated().is_empty());
}

#[test]
fn a_tick_that_exceeds_a_gateways_limit_does_not_cause_that_everything_is_read() {
    let mut simulation = Simulation::new(rules(64));
    simulation.follow(1000, 0);
    simulation.run(MINUTE);
    let begun = simulation.now;
    let is_tick = |(_, request): &&(Instant, Request)| matches!(request.target, Target::Tick(_));
    let ticks = simulation.in_flight.values().filter(is_tick);
    let ticks: Vec<_> = ticks.map(|(_, request)| request.id).collect();
    for request_id in ticks {
        simulation.fail(request_id, idle);
    }
    simulation.run(Duration::from_secs(5));
    assert!(
        simulation.sent_since(begun) < 100,
        "{}",
        simulation.sent_since(begun)
    );
}

/// Nothing was noticed until the wait of the cancelled polls was over.
#[test]
fn changes_are_noticed_while_cancelled_polls_keep_all_connections() {
    let mut simulation = Simulation::new(rules(16));
    simulation.follow(9, 0);
    // Then the polls have just been sent for a minute.
    simulation.run(Duration::from_secs(126));
    // The first time, connections are left for the ticks.
    for _ in 0..2 {
        simulation.schedule.start_over();
        simulation.run(Duration::from_secs(10));
    }
    simulation.change_service(3);
    simulation.run(Duration::from_secs(6));
    assert!(
        simulation.outdated().is_empty(),
        "{:?}",
        simulation.outdated()
    );
}

/// The queries of services whose checks change all the time were read again and again, and others never.
#[test]
fn checks_that_flap_do_not_keep_others_from_being_read() {
    let mut simulation = Simulation::new(rules(64));
    simulation.follow(1000, 0);
    simulation.run(Duration::from_secs(30));
    simulation.change_service(900);
    for _ in 0..100 {
        (0..200).for_each(|number| simulation.flip(number));
        simulation.run(Duration::from_millis(50));
    }
    let changed = service(900).to_string();
    assert!(!simulation.outdated().contains(&changed));
}

/// Each read cancelled a long poll, whose connection Consul keeps.
#[test]
fn reading_again_leaves_the_long_poll_alone() {
    let mut simulation = Simulation::new(rules(64));
    simulation.follow(40, 0);
    simulation.run(Duration::from_secs(10));
    for _ in 0..20 {
        (0..40).for_each(|number| simulation.schedule.read_again(&service(number)));
        let begun = simulation.now;
        simulation.run(Duration::from_secs(1));
        assert_eq!(simulation.long_polls(), 40);
        assert!(simulation.sent_since(begun) >= 40, "each is read");
    }
    simulation.change_service(7);
    simulation.run(LATENCY * 3);
    assert!(simulation.outdated().is_empty());
}

/// Only the ticks failed, so no template noticed the outage.
#[test]
fn queries_that_rely_on_ticks_fail_with_them_and_recover() {
    let mut simulation = Simulation::new(rules(64));
    simulation.follow(1000, 0);
    simulation.run(MINUTE);
    simulation.consul.is_down = true;
    simulation.fail_all(None);
    simulation.run(Duration::from_secs(1));
    assert_eq!(simulation.failing.len(), 1000);
    simulation.run(MINUTE);
    simulation.consul.is_down = false;
    simulation.run(Duration::from_secs(3));
    assert!(
        simulation.failing.is_empty(),
        "{}",
        simulation.failing.len()
    );
    assert!(simulation.outdated().is_empty());
}
