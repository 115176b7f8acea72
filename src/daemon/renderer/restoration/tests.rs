use super::*;

fn key(name: &str) -> Arc<Query> {
    Arc::new(Query::key(name).unwrap())
}

const NOT_KEPT: Result<(), NoAnswer> = Err(NoAnswer::NotKept);

fn on(policy: RestorePolicy) -> Restoration {
    let mut restoration = Restoration::default();
    restoration.set_policy(policy);
    restoration
}

fn silent(since: Instant, has_stale_call: bool) -> FailingQuery {
    FailingQuery {
        since,
        is_silent: true,
        concerns_datacenter: false,
        has_stale_call,
    }
}

#[test]
fn each_policy_has_its_calls() {
    use RestorePolicy::{Kept, Never, WarmStart};
    use SeenBy::{All, StaleCalls};
    let now = Instant::now();
    let down = silent(now, false);
    let refused = FailingQuery {
        is_silent: false,
        ..down
    };
    let datacenter = FailingQuery {
        concerns_datacenter: true,
        ..refused
    };
    let with_call = |failing| FailingQuery {
        has_stale_call: true,
        ..failing
    };
    for (failing, kept, warm_start) in [
        (down, None, Some(All)),
        (datacenter, None, Some(All)),
        (refused, None, None),
        (with_call(down), Some(StaleCalls), Some(All)),
        (with_call(datacenter), Some(StaleCalls), Some(All)),
        (with_call(refused), Some(StaleCalls), Some(StaleCalls)),
    ] {
        let seen_by = [Never, Kept, WarmStart].map(|policy| failing.seen_by(policy));
        assert_eq!(seen_by, [None, kept, warm_start], "{failing:?}");
    }
    for (policy, expected) in [(Never, false), (Kept, true), (WarmStart, true)] {
        let seen_by = on(policy).decide_beside_held();
        assert_eq!(seen_by, expected.then_some(All), "{policy:?}");
    }
}

#[test]
fn a_query_is_loaded_after_half_a_second_of_silence_and_once() {
    let (mut restoration, begun) = (on(RestorePolicy::WarmStart), Instant::now());
    let failing = silent(begun, false);
    let refused = FailingQuery {
        is_silent: false,
        has_stale_call: true,
        ..failing
    };
    assert_eq!(restoration.decide(refused, begun), Some(SeenBy::StaleCalls));
    assert!(restoration.begin(begun));
    assert_eq!(restoration.decide(failing, begun), None);
    assert!(restoration.is_pending(&key("a"), failing));
    let due = restoration.next_wake().unwrap();
    assert_eq!(due, begun + OUTAGE_FOR);
    assert!(!restoration.begin(begun) && restoration.begin(due));
    assert_eq!(restoration.decide(failing, due), Some(SeenBy::All));
    assert_eq!(restoration.load(&key("a"), SeenBy::All), Load::Begin);
    assert_eq!(restoration.load(&key("a"), SeenBy::All), Load::Pending);
    assert!(restoration.is_pending(&key("a"), failing) && restoration.is_decided(&key("a")));
    assert_eq!(restoration.loaded(&key("a"), Ok(())), Some(SeenBy::All));
    assert_eq!(restoration.loaded(&key("a"), Ok(())), None);
}

#[test]
fn an_answer_that_is_loaded_for_some_calls_is_used_by_all_that_need_it_meanwhile() {
    let mut restoration = on(RestorePolicy::Kept);
    let stale_calls = SeenBy::StaleCalls;
    assert_eq!(restoration.load(&key("a"), stale_calls), Load::Begin);
    assert!(!restoration.is_decided(&key("a")));
    assert_eq!(restoration.load(&key("a"), SeenBy::All), Load::Pending);
    let loaded = restoration.loaded(&key("a"), NOT_KEPT);
    assert_eq!(loaded, Some(SeenBy::All));
    assert!(restoration.is_decided(&key("a")));
    assert!(!restoration.is_pending(&key("a"), silent(Instant::now(), true)));
}

#[test]
fn a_failure_is_a_reason_for_a_decision_if_more_calls_may_use_the_earlier_answer() {
    let now = Instant::now();
    let down = silent(now, false);
    let refused = FailingQuery {
        is_silent: false,
        ..down
    };
    for (policy, failing, seen_by, expected) in [
        (RestorePolicy::Kept, refused, None, true),
        (RestorePolicy::Kept, down, Some(SeenBy::StaleCalls), false),
        (
            RestorePolicy::WarmStart,
            refused,
            Some(SeenBy::StaleCalls),
            false,
        ),
        (
            RestorePolicy::WarmStart,
            down,
            Some(SeenBy::StaleCalls),
            true,
        ),
        (RestorePolicy::WarmStart, down, Some(SeenBy::All), false),
    ] {
        let mut restoration = on(policy);
        restoration.begin(now);
        let earlier = seen_by.map(|seen_by| Earlier {
            seen_by,
            current_until: None,
        });
        restoration.schedule_for(failing, earlier);
        let later = now + INTERVAL;
        assert_eq!(restoration.begin(later), expected, "{policy:?} {seen_by:?}");
    }
}

#[test]
fn many_failures_cause_ten_decisions_per_second() {
    let (mut restoration, begun) = (on(RestorePolicy::WarmStart), Instant::now());
    let failures = (0..1000).map(|number| begun + Duration::from_millis(number));
    let decisions = failures.filter(|now| {
        restoration.schedule();
        restoration.begin(*now)
    });
    assert_eq!(decisions.count(), 10);
    let rest = restoration.next_wake();
    assert_eq!(rest, Some(begun + Duration::from_secs(1)));
}

#[test]
fn an_answer_that_is_loaded_too_late_is_not_used() {
    let mut restoration = on(RestorePolicy::Kept);
    assert_eq!(restoration.load(&key("a"), SeenBy::All), Load::Begin);
    restoration.answered(&key("a"));
    assert_eq!(restoration.loaded(&key("a"), Ok(())), None);
    assert_eq!(restoration.load(&key("b"), SeenBy::All), Load::Begin);
    restoration.server_changed();
    assert_eq!(restoration.loaded(&key("b"), Ok(())), None);
    assert_eq!(restoration.load(&key("c"), SeenBy::All), Load::Begin);
    let loaded = restoration.loaded(&key("c"), NOT_KEPT);
    assert_eq!(loaded, Some(SeenBy::All));
}

/// It was never reported, because calls that use stale answers had looked for it first.
#[test]
fn an_answer_that_is_missing_is_reported_when_all_calls_want_it_and_once() {
    let mut restoration = on(RestorePolicy::WarmStart);
    let stale_calls = SeenBy::StaleCalls;
    assert_eq!(restoration.load(&key("a"), stale_calls), Load::Begin);
    let loaded = restoration.loaded(&key("a"), NOT_KEPT);
    assert_eq!(loaded, Some(stale_calls));
    assert!(!restoration.is_decided(&key("a")));
    assert_eq!(restoration.load(&key("a"), stale_calls), Load::Pending);
    let missing = Load::Missing(NoAnswer::NotKept);
    assert_eq!(restoration.load(&key("a"), SeenBy::All), missing);
    assert!(restoration.is_decided(&key("a")));
    assert_eq!(restoration.load(&key("a"), SeenBy::All), Load::Pending);
}
