//! Contents that were refused before a hold that is refused, or is resumed after a restart.

use group_apply::hold_results::HoldOutcome;

use super::super::parking::recorded;
use super::holds::{applied, hold_of, requests, two_applied};
use super::*;

/// A group like [`applied`], with `on_failure = "rollback"`, in which the text `3` was rolled back.
fn rolled_back() -> Bench {
    let mut bench = applied(rolls_back);
    bench.news("a", "3");
    assert_eq!(bench.write(), ["3"]);
    bench.take_back();
    bench
}

impl Bench {
    /// Lets the command fail with the new file, and succeed with the previous one.
    fn take_back(&mut self) {
        self.pass(COMMAND_COOLDOWN);
        self.reload_ended(false);
        let path = self.path_of(0);
        self.restore(&[path.to_str().unwrap()]);
        self.pass(COMMAND_COOLDOWN);
        self.succeeds();
    }
}

#[test]
fn a_content_that_was_rolled_back_stays_refused_after_a_hold_that_is_refused() {
    let ids = requests(2);
    let mut bench = rolled_back();
    let reason = bench.parts.report().applies.refused;
    for id in ids {
        bench.hold(id, 0, "1");
        assert_eq!(bench.write(), ["1"]);
        bench.take_back();
        assert_eq!(bench.refusal(), "command `c` failed with exit code 1");
        bench.pass(Duration::from_secs(3600));
        assert_eq!(bench.write(), [""; 0], "3 was rolled back");
        assert_eq!(bench.parts.report().applies.refused, reason);
    }
    bench.news("a", "4");
    assert_eq!(bench.write(), ["4"]);
}

#[test]
fn a_content_that_was_rolled_back_stays_refused_after_a_hold_that_cannot_be_written() {
    let ids = requests(2);
    let mut bench = rolled_back();
    for (id, outcome) in ids.into_iter().zip([Effect::Held, Effect::Parked(None)]) {
        bench.hold(id, 0, "1");
        let changes = bench.take_changes().unwrap();
        bench.written(changes, outcome);
        bench.refusal();
        bench.pass(Duration::from_secs(3600));
        assert_eq!(bench.write(), [""; 0], "3 was rolled back");
    }
}

#[test]
fn a_content_stays_refused_until_the_last_hold_of_its_group_is_refused() {
    let ids = requests(2);
    let mut bench = two_applied();
    bench.news("a", "3");
    assert_eq!(bench.write(), ["3", "-3"]);
    bench.take_back();
    bench.hold(ids[0], 0, "1");
    let changes = bench.take_changes().unwrap();
    bench.hold(ids[1], 1, "-1");
    bench.written(changes, Effect::Held);
    bench.refusal();
    bench.pass(Duration::from_secs(2));
    assert!(bench.write().contains(&"-1".to_owned()));
    bench.take_back();
    bench.refusal();
    bench.pass(Duration::from_secs(3600));
    assert_eq!(bench.write(), [""; 0], "3 was rolled back");
}

#[test]
fn a_parked_content_is_parked_again_after_a_hold_that_is_refused_so_that_it_can_be_approved() {
    let request = requests(1)[0];
    let mut bench = applied(|_| {});
    let parked = recorded("3", 0);
    bench.news("a", "3");
    assert_eq!(bench.park_as(parked).as_deref(), Some("3"));
    bench.hold(request, 0, "1");
    let changes = bench.take_changes().unwrap();
    bench.written(changes, Effect::Held);
    bench.refusal();
    bench.pass(Duration::from_secs(2));
    assert_eq!(bench.park_as(parked).as_deref(), Some("3"));
    bench.pass(Duration::from_secs(3600));
    assert_eq!(bench.write(), [""; 0], "it is parked");
    let destination = bench.path_of(0);
    bench.approve(destination.to_str().unwrap(), "3");
    assert_eq!(bench.write(), ["3"]);
}

#[test]
fn a_hold_that_is_resumed_does_not_make_what_was_rolled_back_due() {
    let request = requests(1)[0];
    let jobs = vec![
        member("{{ key \"a\" }}", rolls_back),
        member("-{{ key \"b\" }}", rolls_back),
    ];
    let known = [
        file_rolled_back(&jobs[0], "1", false),
        file_rolled_back(&jobs[1], "-bad", true),
    ];
    let mut bench = Bench::start(Mode::Daemon, jobs);
    bench.parts.quarantine(&known);
    let held = hold_of(request, bench.path_of(0), "1");
    bench.parts.hold(&[held], bench.now);
    bench.news("a", "2");
    bench.news("b", "bad");
    assert_eq!(bench.write(), [""; 0]);
    bench.news("b", "good");
    assert_eq!(bench.write(), ["1", "-good"]);
}

/// A group of two templates with the keys `a` and `b`, whose files have been applied with the texts `1` and `-1`, and then
/// the second one with `-2`.
fn two_contents() -> Bench {
    let jobs = vec![
        member("{{ key \"a\" }}", rolls_back),
        member("-{{ key \"b\" }}", rolls_back),
    ];
    let mut bench = Bench::start(Mode::Daemon, jobs);
    bench.news("a", "1");
    bench.news("b", "1");
    assert_eq!(bench.write(), ["1", "-1"]);
    bench.pass(STARTUP_BATCH_WINDOW);
    bench.succeeds();
    bench.news("b", "2");
    assert_eq!(bench.write(), ["-2"]);
    bench.succeeds();
    bench
}

/// The refused content was written together with the requested one, so that the request failed.
#[test]
fn a_hold_does_not_apply_the_refused_content_of_another_file() {
    let request = requests(1)[0];
    let mut bench = two_contents();
    bench.news("a", "bad");
    assert_eq!(bench.write(), ["bad"]);
    bench.take_back();
    let reason = bench.parts.report().applies.refused;
    bench.hold(request, 1, "-1");
    assert_eq!(bench.write(), ["-1"]);
    bench.succeeds();
    assert_eq!(bench.results(), [(request, HoldOutcome::Applied)]);
    bench.pass(Duration::from_secs(3600));
    assert_eq!(bench.write(), [""; 0], "bad has not changed");
    assert_eq!(bench.parts.report().applies.refused, reason);
    bench.news("a", "good");
    assert_eq!(bench.write(), ["good"]);
}

/// It was unknown that the content was refused, so that it was applied again.
#[test]
fn a_content_that_is_rolled_back_while_a_hold_is_requested_stays_refused_after_it() {
    for is_applied in [true, false] {
        let request = requests(1)[0];
        let mut bench = two_contents();
        bench.news("a", "bad");
        assert_eq!(bench.write(), ["bad"]);
        bench.hold(request, 1, "-1");
        assert_eq!(bench.write(), [""; 0], "the result of bad is not known");
        bench.take_back();
        assert_eq!(bench.write(), ["-1"]);
        if is_applied {
            bench.succeeds();
            assert_eq!(bench.results(), [(request, HoldOutcome::Applied)]);
        } else {
            bench.pass(COMMAND_COOLDOWN);
            bench.reload_ended(false);
            let path = bench.path_of(1);
            bench.restore(&[path.to_str().unwrap()]);
            bench.pass(COMMAND_COOLDOWN);
            bench.succeeds();
            bench.refusal();
        }
        bench.pass(Duration::from_secs(3600));
        assert_eq!(bench.write(), [""; 0], "bad was rolled back");
        let refused = bench.parts.report().applies.refused;
        assert!(refused[0].reason.contains("its command failed"));
    }
}
