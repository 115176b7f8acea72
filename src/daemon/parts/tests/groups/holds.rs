//! Holds that the command line has requested, and their results.

use std::path::Path;

use apply_ledger::{
    Attributes, Intent, IntentFile, Ledger, LedgerOptions, RequestId, RequestQueue,
};
use group_apply::hold_results::{HoldOutcome, HoldRequest, HoldResult};
use group_apply::requests::{HeldContent, Requested, RequestedChange};

use super::*;

/// The requests of a ledger.
pub(super) fn requests(count: usize) -> Vec<RequestId> {
    let directory = tempfile::tempdir().unwrap();
    let (mut ledger, _) = Ledger::open(directory.path(), LedgerOptions::default()).unwrap();
    let file = IntentFile {
        destination: Path::new("/out"),
        staged: None,
        old: None,
        new: b"",
        attributes: Attributes::default(),
    };
    let intent = Intent {
        group: "g",
        command: None,
        files: vec![file],
        rolls_back: None,
    };
    ledger.swaps_ended(&[], &[intent]).unwrap();
    let mut queue = RequestQueue::open(directory.path()).unwrap();
    let request = |_| queue.release(Path::new("/out")).unwrap();
    (0..count).map(request).collect()
}

/// A request to hold a file at this content.
pub(super) fn hold_of(id: RequestId, destination: PathBuf, text: &str) -> Requested {
    let held = HeldContent {
        text: text.to_owned(),
        generation: 1,
        until: None,
    };
    let target = destination.clone();
    Requested {
        destination,
        change: RequestedChange::Hold(held, Some(HoldRequest { id, target })),
    }
}

/// A group with one template, whose file has been applied with the text `2`.
pub(super) fn applied(change: impl Fn(&mut GroupConfig)) -> Bench {
    let mut bench = Bench::start(Mode::Daemon, vec![member("{{ key \"a\" }}", change)]);
    bench.news("a", "2");
    assert_eq!(bench.write(), ["2"]);
    bench.pass(STARTUP_BATCH_WINDOW);
    bench.succeeds();
    bench
}

/// A group with `on_failure = "rollback"` and two templates, whose files have been applied with the texts `2` and `-2`.
pub(super) fn two_applied() -> Bench {
    let jobs = vec![
        member("{{ key \"a\" }}", rolls_back),
        member("-{{ key \"a\" }}", rolls_back),
    ];
    let mut bench = Bench::start(Mode::Daemon, jobs);
    bench.news("a", "2");
    assert_eq!(bench.write(), ["2", "-2"]);
    bench.pass(STARTUP_BATCH_WINDOW);
    bench.succeeds();
    bench
}

impl Bench {
    /// Lets the command of the group succeed, and its verification if there is one.
    pub(super) fn succeeds(&mut self) {
        self.reload_ended(true);
        if self
            .actions
            .iter()
            .any(|action| matches!(action, Action::Verify(_)))
        {
            self.verification_ended(true);
        }
        self.pass(COMMAND_COOLDOWN);
    }

    /// The destination of a template.
    pub(super) fn path_of(&self, at: usize) -> PathBuf {
        self.parts.apply.paths().remove(at)
    }

    pub(super) fn hold(&mut self, request: RequestId, at: usize, text: &str) {
        let destination = self.path_of(at);
        self.hold_file(request, destination, text);
    }

    fn hold_file(&mut self, request: RequestId, destination: PathBuf, text: &str) {
        let requested = hold_of(request, destination, text);
        self.step(Event::RequestsTaken(vec![requested]));
    }

    /// The results of holds since the last call.
    pub(super) fn results(&mut self) -> Vec<(RequestId, HoldOutcome)> {
        self.take(|action| match action {
            Action::AnswerHold(HoldResult {
                request, outcome, ..
            }) => Some((request.id, outcome.clone())),
            _ => None,
        })
    }

    /// Returns the reason for which the only result is a refusal.
    pub(super) fn refusal(&mut self) -> String {
        match self.results().as_slice() {
            [
                (
                    _,
                    HoldOutcome::Refused {
                        reason,
                        earlier: None,
                    },
                ),
            ] => reason.clone(),
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn a_held_content_that_the_file_has_succeeds_at_once() {
    let request = requests(1)[0];
    let mut bench = applied(|_| {});
    bench.hold(request, 0, "2");
    let changes = bench.take_changes().unwrap();
    bench.written(changes, Effect::Unchanged);
    assert_eq!(bench.results(), [(request, HoldOutcome::Applied)]);
    assert_eq!(bench.take_runs(), []);
}

#[test]
fn a_held_content_without_a_command_succeeds_when_it_is_written() {
    let request = requests(1)[0];
    let mut bench = Bench::start(Mode::Daemon, vec![job("{{ key \"a\" }}", None)]);
    bench.news("a", "2");
    bench.write();
    bench.hold(request, 0, "1");
    assert_eq!(bench.write(), ["1"]);
    assert_eq!(bench.results(), [(request, HoldOutcome::Applied)]);
}

#[test]
fn a_later_request_or_a_release_ends_the_request_before() {
    let ids = requests(2);
    let mut bench = applied(|_| {});
    bench.hold(ids[0], 0, "1");
    assert_eq!(bench.write(), ["1"]);
    bench.hold(ids[1], 0, "0");
    assert_eq!(bench.results(), [(ids[0], HoldOutcome::Replaced)]);
    bench.step(Event::RequestsTaken(vec![Requested {
        destination: bench.path_of(0),
        change: RequestedChange::Release,
    }]));
    assert_eq!(bench.results(), [(ids[1], HoldOutcome::Replaced)]);
    bench.reload_ended(false);
    assert_eq!(bench.results(), [], "no request waits");
}

#[test]
fn a_reload_that_removes_the_template_refuses_its_hold() {
    let request = requests(1)[0];
    let mut bench = applied(|_| {});
    let destination = bench.path_of(0);
    bench.hold(request, 0, "1");
    let other = || vec![job("--{{ key \"b\" }}", None)];
    bench.renew(other());
    assert!(bench.refusal().contains("a reload has removed"));

    let mut bench = applied(|_| {});
    bench.renew(other());
    bench.hold_file(request, destination, "1");
    assert!(bench.refusal().contains("a reload has removed"));
}

#[test]
fn a_reload_that_removes_the_template_of_a_requested_hold_ends_an_earlier_one_too() {
    let ids = requests(2);
    let mut bench = applied(|_| {});
    bench.hold(ids[0], 0, "1");
    assert_eq!(bench.write(), ["1"]);
    bench.succeeds();
    assert_eq!(bench.results(), [(ids[0], HoldOutcome::Applied)]);
    bench.hold(ids[1], 0, "0");
    bench.renew(vec![job("--{{ key \"b\" }}", None)]);
    assert!(bench.refusal().contains("a reload has removed"));
}

#[test]
fn a_reload_that_changes_the_template_keeps_the_request() {
    let request = requests(1)[0];
    let mut bench = applied(|_| {});
    bench.hold(request, 0, "1");
    assert_eq!(bench.write(), ["1"]);
    bench.renew(vec![member("{{ key `a` }}", |_| {})]);
    let changes = bench.take_changes().unwrap();
    bench.written(changes, Effect::Unchanged);
    assert_eq!(bench.results(), []);
    bench.succeeds();
    assert_eq!(bench.results(), [(request, HoldOutcome::Applied)]);
}

#[test]
fn a_hold_is_refused_if_another_file_of_its_group_is_not_written() {
    let request = requests(1)[0];
    for (outcome, reason) in [
        (Effect::Held, "cannot be written"),
        (Effect::Parked(None), "parked"),
    ] {
        let mut bench = applied(|_| {});
        bench.hold(request, 0, "1");
        let changes = bench.take_changes().unwrap();
        bench.written(changes, outcome);
        assert!(bench.refusal().contains(reason));
        bench.pass(Duration::from_secs(2));
        assert_eq!(bench.write(), ["2"], "its template writes it again");
    }
}

#[test]
fn two_files_of_a_group_are_refused_together() {
    let ids = requests(2);
    let mut bench = two_applied();
    bench.step(Event::RequestsTaken(vec![
        hold_of(ids[0], bench.path_of(0), "1"),
        hold_of(ids[1], bench.path_of(1), "-1"),
    ]));
    assert_eq!(bench.write(), ["1", "-1"]);
    bench.reload_ended(false);
    let results = bench.results();
    assert_eq!(results.len(), 2, "{results:?}");
    let is_refused = |outcome: &HoldOutcome| matches!(outcome, HoldOutcome::Refused { reason, .. } if reason == "command `c` failed with exit code 1");
    assert!(results.iter().all(|(_, outcome)| is_refused(outcome)));
    let paths = [bench.path_of(0), bench.path_of(1)];
    bench.restore(&paths.each_ref().map(|path| path.to_str().unwrap()));
    bench.pass(COMMAND_COOLDOWN);
    bench.succeeds();
    assert_eq!(bench.write(), ["2", "-2"]);
}

#[test]
fn a_hold_replaces_a_content_whose_verification_is_repeated() {
    let request = requests(1)[0];
    let mut bench = applied(verified);
    bench.news("a", "3");
    assert_eq!(bench.write(), ["3"]);
    bench.reload_ended(true);
    bench.hold(request, 0, "2");
    assert_eq!(bench.write(), [""; 0], "the result of 3 is not known");
    bench.verification_ended(false);
    assert_eq!(bench.write(), ["2"]);
    bench.pass(Duration::from_secs(2));
    bench.succeeds();
    assert_eq!(bench.results(), [(request, HoldOutcome::Applied)]);
}

#[test]
fn a_command_that_began_before_the_held_content_was_written_is_not_its_run() {
    let request = requests(1)[0];
    let mut bench = applied(|_| {});
    bench.news("a", "3");
    assert_eq!(bench.write(), ["3"]);
    bench.hold(request, 0, "2");
    assert_eq!(bench.write(), ["2"], "the command for 3 runs");
    bench.reload_ended(false);
    assert_eq!(bench.results(), [], "it was not for 2");
    bench.pass(Duration::from_secs(2));
    bench.succeeds();
    assert_eq!(bench.results(), [(request, HoldOutcome::Applied)]);
}

#[test]
fn a_held_content_that_was_refused_is_tried_again_by_the_next_request() {
    let ids = requests(2);
    let jobs = vec![member("{{ key \"a\" | parseInt }}", checked)];
    let mut bench = Bench::start(Mode::Daemon, jobs);
    bench.news("a", "x");
    for id in ids {
        bench.hold(id, 0, "1");
        assert_eq!(bench.stage().len(), 1, "{id:?}");
        assert_eq!(bench.checks(), 1);
        bench.is_refused("bad");
        assert!(bench.refusal().contains("bad"));
    }
}
