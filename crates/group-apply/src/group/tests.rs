use std::time::Duration;

use proptest::prelude::*;

use super::*;
use crate::options::{CheckConfig, CheckMethod, CommandConfig, OnFailure, Program};
use crate::options::{CommandOutput, EnvironmentConfig};
use process_tree::CommandLine;

fn group(is_checked: bool, on_failure: OnFailure) -> Group {
    let command = CommandConfig {
        line: CommandLine::Shell("reload".to_owned()),
        action: None,
        timeout: Duration::from_secs(30),
        environment: EnvironmentConfig::default(),
        output: CommandOutput::Inherit,
    };
    let check = CheckConfig {
        method: CheckMethod::Builtin(Program::Nginx, Duration::from_secs(30)),
        tree: None,
    };
    Group::new(Arc::new(GroupConfig {
        check: is_checked.then_some(check),
        on_failure,
        ..GroupConfig::of_command(command)
    }))
}

#[test]
fn without_a_check_the_files_are_staged_and_swapped_in_one_step() {
    let (mut group, now) = (group(false, OnFailure::Retry), Instant::now());
    assert_eq!(group.start(|| 1, true, now), Start::Now);
    assert_eq!(group.begin(), Step::Write);
    assert_eq!(group.start(|| 1, false, now), Start::Later);
    group.swapped(false);
    assert_eq!(group.phase(), Phase::Idle);
}

#[test]
fn staged_files_are_swapped_after_their_check() {
    let mut group = group(true, OnFailure::Retry);
    assert_eq!(group.begin(), Step::Stage);
    assert_eq!(group.staged(true), Some(Step::Check));
    assert!(!group.is_writing(), "a check delays no other group");
    assert_eq!(group.passed(), Some(Step::Swap));
    group.swapped(false);
    assert_eq!(group.begin(), Step::Stage);
    assert_eq!(group.staged(false), Some(Step::Swap), "all are unchanged");
}

#[test]
fn a_content_that_fails_its_check_is_tried_again_with_backoff_or_when_it_changes() {
    let (mut group, mut now) = (group(true, OnFailure::Retry), Instant::now());
    for seconds in [1, 2, 4] {
        group.begin();
        group.staged(true);
        assert_eq!(group.failed(7, now, 1.0), Some(Step::Discard));
        let retry = now + Duration::from_secs(seconds);
        assert_eq!(group.start(|| 7, false, now), Start::At(retry));
        assert_eq!(group.start(|| 8, false, now), Start::Now, "another content");
        now = retry;
        assert_eq!(group.start(|| 7, false, now), Start::Now);
    }
    group.begin();
    group.staged(true);
    group.failed(8, now, 1.0);
    assert_eq!(
        group.start(|| 8, false, now),
        Start::At(now + Duration::from_secs(1)),
        "the count starts over"
    );
    group.retry_now(now);
    assert_eq!(group.start(|| 8, false, now), Start::Now);
    group.begin();
    group.staged(true);
    group.passed();
    group.swapped(false);
    assert_eq!(group.refused, None);
}

/// The one that was refused made the other one due, so that both were tried again without a pause.
#[test]
fn a_text_and_a_restored_file_whose_checks_fail_have_pauses_of_their_own() {
    let (mut group, now) = (group(true, OnFailure::Retry), Instant::now());
    group.begin();
    group.failed(1, now, 1.0);
    assert_eq!(group.start_drift(|| 2, false, now), Start::Now);
    group.begin();
    assert_eq!(group.drift_failed(2, now, 1.0), Some(Step::Discard));
    let retry = now + Duration::from_secs(1);
    assert_eq!(group.start(|| 1, false, now), Start::At(retry));
    assert_eq!(group.start_drift(|| 2, false, now), Start::At(retry));
    assert!(group.has_refused(1) && group.has_refused_drift(2));
    group.begin();
    group.staged(false);
    group.drift_restored();
    assert!(group.has_refused(1) && !group.has_refused_drift(2));
}

#[test]
fn a_check_that_cannot_begin_counts_as_failed() {
    let (mut group, now) = (group(true, OnFailure::Retry), Instant::now());
    group.begin();
    assert_eq!(group.failed(7, now, 1.0), Some(Step::Discard));
    assert_eq!(group.phase(), Phase::Idle);
    assert!(group.has_refused(7));
}

#[test]
fn a_swap_without_staged_files_counts_as_failed() {
    let (mut group, now) = (group(true, OnFailure::Retry), Instant::now());
    group.begin();
    group.staged(true);
    group.passed();
    assert_eq!(group.failed(7, now, 1.0), Some(Step::Discard));
    assert_eq!(group.phase(), Phase::Idle, "no command waits for it");
    assert!(group.has_refused(7));
}

#[test]
fn a_failed_command_takes_the_content_back_until_it_changes() {
    let (mut group, now) = (group(false, OnFailure::Rollback), Instant::now());
    group.begin();
    group.swapped(true);
    assert_eq!(
        group.start(|| 2, true, now),
        Start::Later,
        "nothing is swapped while the command is owed"
    );
    assert_eq!(group.roll_back(1), Some(Step::Restore));
    assert_eq!(group.start(|| 2, false, now), Start::Later);
    group.restored();
    assert_eq!(group.start(|| 1, false, now), Start::Later);
    assert_eq!(group.start(|| 2, false, now), Start::Now);
    assert_eq!(group.roll_back(1), None, "there is nothing to restore");
}

#[test]
fn only_what_was_replaced_since_the_last_success_is_restored() {
    let mut group = group(false, OnFailure::Rollback);
    group.begin();
    group.swapped(true);
    group.succeeded();
    assert_eq!(group.roll_back(1), None);
    group.begin();
    group.swapped(false);
    assert_eq!(group.roll_back(1), None, "all were unchanged");
}

#[test]
fn a_success_with_the_previous_files_does_not_shorten_the_pause_of_the_content() {
    let (mut group, mut now) = (group(false, OnFailure::Rollback), Instant::now());
    for seconds in [1, 2, 4] {
        group.begin();
        group.swapped(true);
        group.roll_back(1);
        group.restored();
        // The program is slow to recover from the content.
        group.previous_failed(now, now, 1.0);
        group.succeeded();
        let retry = now + Duration::from_secs(seconds);
        assert_eq!(group.start(|| 1, false, now), Start::At(retry));
        now = retry;
    }
    group.begin();
    group.swapped(true);
    group.succeeded();
    group.begin();
    group.swapped(true);
    group.roll_back(1);
    group.restored();
    group.previous_failed(now, now, 1.0);
    assert_eq!(
        group.start(|| 1, false, now),
        Start::At(now + Duration::from_secs(1)),
        "it has succeeded since"
    );
}

#[test]
fn without_rollback_nothing_is_restored() {
    for on_failure in [OnFailure::Retry, OnFailure::Exit] {
        let mut group = group(false, on_failure);
        group.begin();
        group.swapped(true);
        assert_eq!(group.roll_back(1), None);
    }
}

/// They stayed as they were, and the group was idle.
#[test]
fn files_that_could_not_be_restored_are_restored_again_with_backoff() {
    let (mut group, mut now) = (group(false, OnFailure::Rollback), Instant::now());
    group.begin();
    group.swapped(true);
    group.roll_back(1);
    assert_eq!(group.restores_again_at(), None, "it is in progress");
    for seconds in [1, 2, 4, 8, 16, 32, 60, 60] {
        let pause = Duration::from_secs(seconds);
        assert_eq!(group.not_restored(true, now, 1.0), Some(pause));
        assert_eq!(group.start(|| 1, false, now), Start::Later);
        assert_eq!(group.start(|| 2, false, now), Start::Now, "a new content");
        now += pause;
        assert_eq!(group.restores_again_at(), Some(now));
        assert_eq!(group.restore_again(), Step::Restore);
    }
    assert!(group.restored(), "an attempt has failed");
    assert_eq!(group.restores_again_at(), None);
}

#[test]
fn the_command_of_a_new_content_decides_whether_unrestored_files_are_restored() {
    let (mut group, now) = (group(false, OnFailure::Rollback), Instant::now());
    group.begin();
    group.swapped(true);
    group.roll_back(1);
    group.not_restored(true, now, 1.0);
    group.begin();
    group.swapped(true);
    assert_eq!(group.restores_again_at(), None);
    assert_eq!(group.roll_back(2), Some(Step::Restore));
    assert_eq!(group.not_restored(false, now, 1.0), None);
    assert_eq!(group.restores_again_at(), None, "a run that ends");
}

/// A result that arrives at any time, also one that does not fit.
#[derive(Clone, Copy, Debug)]
enum Event {
    Begin,
    Staged(bool),
    Passed,
    Failed,
    Swapped(bool),
    Succeeded,
    CommandFailed,
    Restored,
    NotRestored,
}

fn event() -> impl Strategy<Value = Event> {
    prop_oneof![
        Just(Event::Begin),
        any::<bool>().prop_map(Event::Staged),
        Just(Event::Passed),
        Just(Event::Failed),
        any::<bool>().prop_map(Event::Swapped),
        Just(Event::Succeeded),
        Just(Event::CommandFailed),
        Just(Event::Restored),
        Just(Event::NotRestored),
    ]
}

proptest! {
    /// Each step in progress is ended by exactly one result, and then the group is idle or the next
    /// step is in progress.
    #[test]
    fn a_result_that_does_not_fit_changes_nothing(
        (is_checked, rolls_back) in any::<(bool, bool)>(),
        events in prop::collection::vec(event(), 1..60),
    ) {
        let on_failure = if rolls_back { OnFailure::Rollback } else { OnFailure::Retry };
        let (mut group, now) = (group(is_checked, on_failure), Instant::now());
        for event in events {
            let before = group.phase();
            let step = match event {
                Event::Begin if before == Phase::Idle => Some(group.begin()),
                Event::Begin => None,
                Event::Staged(needs_check) => group.staged(needs_check),
                Event::Passed => group.passed(),
                Event::Failed => group.failed(1, now, 1.0),
                Event::Swapped(is_kept) => { group.swapped(is_kept); None }
                Event::Succeeded => { group.succeeded(); None }
                Event::CommandFailed => group.roll_back(1),
                Event::Restored => { group.restored(); None }
                Event::NotRestored => { group.not_restored(true, now, 1.0); None }
            };
            let expected = match step {
                Some(Step::Stage) => Phase::Staging,
                Some(Step::Check) => Phase::Checking,
                Some(Step::Write | Step::Swap) => Phase::Swapping,
                Some(Step::Restore) => Phase::Restoring,
                Some(Step::Discard) => Phase::Idle,
                None => match (event, before) {
                    (Event::Swapped(_), Phase::Swapping) | (Event::Restored | Event::NotRestored, Phase::Restoring) => Phase::Idle,
                    _ => before,
                },
            };
            prop_assert_eq!(group.phase(), expected, "{:?} after {:?}", event, before);
            prop_assert!(is_checked || !matches!(group.phase(), Phase::Staging | Phase::Checking));
            prop_assert!(rolls_back || group.phase() != Phase::Restoring);
        }
    }
}
