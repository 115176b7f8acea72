use super::*;

fn key(name: &str) -> Arc<Query> {
    Arc::new(Query::key(name).unwrap())
}

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
fn each_policy_has_its_users() {
    use RestorePolicy::{Kept, Never, WarmStart};
    use Users::{All, StaleCalls};
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
        let users = [Never, Kept, WarmStart].map(|policy| failing.users(policy));
        assert_eq!(users, [None, kept, warm_start], "{failing:?}");
    }
    for (policy, expected) in [(Never, false), (Kept, true), (WarmStart, true)] {
        let is_loaded = on(policy).decide(&key("a"), MissingReason::Held, now);
        assert_eq!(is_loaded, expected, "{policy:?}");
        let is_loaded = on(policy).decide(&key("a"), MissingReason::Unanswered, now);
        assert!(!is_loaded, "{policy:?}");
    }
}

#[test]
fn a_query_is_loaded_after_half_a_second_of_silence_and_once() {
    let (mut restoration, begun) = (on(RestorePolicy::WarmStart), Instant::now());
    let failing = silent(begun, false);
    let reason = MissingReason::Failing(failing);
    let refused = FailingQuery {
        is_silent: false,
        has_stale_call: true,
        ..failing
    };
    let own = MissingReason::Failing(refused);
    assert!(restoration.decide(&key("own"), own, begun));
    assert!(restoration.begin(begun));
    assert!(!restoration.decide(&key("a"), reason, begun));
    assert!(restoration.is_pending(&key("a"), failing));
    let due = restoration.next_wake().unwrap();
    assert_eq!(due, begun + OUTAGE_FOR);
    assert!(!restoration.begin(begun) && restoration.begin(due));
    assert!(restoration.decide(&key("a"), reason, due));
    assert!(!restoration.decide(&key("a"), reason, due));
    assert!(restoration.is_pending(&key("a"), failing));
    assert_eq!(restoration.loaded(&key("a"), true), Some(Users::All));
    assert!(!restoration.is_pending(&key("a"), failing));
    assert_eq!(restoration.restored(), 1);
    assert!(restoration.answered(&key("a")) && !restoration.answered(&key("a")));
    assert_eq!(restoration.restored(), 0);
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
    let (mut restoration, now) = (on(RestorePolicy::Kept), Instant::now());
    assert!(restoration.decide(&key("a"), MissingReason::Held, now));
    restoration.answered(&key("a"));
    assert_eq!(restoration.loaded(&key("a"), true), None);
    assert!(restoration.decide(&key("b"), MissingReason::Held, now));
    restoration.server_changed();
    assert_eq!(restoration.loaded(&key("b"), true), None);
    assert!(restoration.decide(&key("c"), MissingReason::Held, now));
    assert_eq!(restoration.loaded(&key("c"), false), Some(Users::All));
    assert_eq!(restoration.restored(), 0);
}
