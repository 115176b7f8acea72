//! What follows a failed command or verification.

use apply_ledger::{Ending, Intent, IntentId, Ledger, LedgerOptions};

use super::*;
use crate::daemon::state_dir::OwedFile;
use crate::signals::SignalAction;

/// The intents of a ledger.
pub(super) fn owed_intents(count: usize) -> Vec<IntentId> {
    let directory = tempfile::tempdir().unwrap();
    let (mut ledger, _) = Ledger::open(directory.path(), LedgerOptions::default()).unwrap();
    let intent = Intent {
        group: "g",
        command: None,
        files: Vec::new(),
        rolls_back: None,
    };
    (0..count).map(|_| ledger.begin(&intent).unwrap()).collect()
}

#[test]
fn a_verification_follows_the_command_and_is_repeated_with_it() {
    let mut bench = Bench::start(Mode::Daemon, vec![member("{{ key \"a\" }}", verified)]);
    bench.news("a", "1");
    bench.write();
    bench.reload_ended(true);
    bench.news("a", "2");
    assert!(bench.write().is_empty(), "the content under test stays");
    bench.verification_ended(true);
    assert_eq!(bench.write(), ["2"]);
    bench.pass(COMMAND_COOLDOWN);
    bench.reload_ended(true);
    bench.verification_ended(false);
    assert!(bench.parts.apply.is_owed(), "the command is owed");
    bench.pass(Duration::from_secs(2));
    bench.reload_ended(true);
    bench.verification_ended(true);
    assert!(!bench.parts.apply.is_owed());
}

#[test]
fn a_content_whose_verification_fails_does_not_block_the_one_that_mends_it() {
    for order in ["during the verification", "after it"] {
        let mut bench = Bench::start(Mode::Daemon, vec![member("{{ key \"a\" }}", verified)]);
        bench.news("a", "bad");
        bench.write();
        bench.reload_ended(true);
        if order == "during the verification" {
            bench.news("a", "good");
            assert!(bench.write().is_empty(), "the content under test stays");
            bench.verification_ended(false);
        } else {
            bench.verification_ended(false);
            bench.news("a", "good");
        }
        assert_eq!(bench.write(), ["good"], "{order}");
        bench.pass(COMMAND_COOLDOWN);
        bench.reload_ended(true);
        bench.verification_ended(true);
        assert!(!bench.parts.apply.is_owed(), "{order}");
    }
}

#[test]
fn a_failed_verification_restores_the_files_and_reloads_again() {
    let group = |group: &mut GroupConfig| {
        verified(group);
        rolls_back(group);
    };
    let jobs = vec![
        member("{{ key \"a\" }}", group),
        member("-{{ key \"b\" }}", group),
    ];
    let mut bench = Bench::start(Mode::Daemon, jobs);
    bench.news("b", "1");
    bench.news("a", "1");
    let changes = bench.take_changes().unwrap();
    assert!(changes.iter().all(Change::keeps_previous));
    let paths: Vec<_> = changes
        .iter()
        .map(|change| change.destination.clone())
        .collect();
    let paths: Vec<_> = paths.iter().map(|path| path.to_str().unwrap()).collect();
    bench.written(changes, Effect::Written);
    bench.reload_ended(true);
    bench.verification_ended(false);
    bench.restore(&paths);
    bench.pass(COMMAND_COOLDOWN);
    bench.reload_ended(true);
    bench.verification_ended(true);
    bench.pass(Duration::from_secs(3600));
    assert!(
        bench.write().is_empty(),
        "the content that failed is not tried again"
    );
    bench.news("a", "2");
    assert_eq!(bench.write(), ["2", "-1"], "the whole group is applied");
}

#[test]
fn a_failure_can_end_the_process() {
    let group = |group: &mut GroupConfig| group.on_failure = OnFailure::Exit;
    let mut bench = Bench::start(Mode::Daemon, vec![member("{{ key \"a\" }}", group)]);
    bench.news("a", "1");
    bench.write();
    bench.reload_ended(false);
    assert_eq!(bench.end(), Some(End::Failed));
}

#[test]
fn files_of_an_earlier_process_are_restored_if_their_command_fails() {
    let owed = |previous| {
        let mut ledger = owed_intents(1);
        OwedFile {
            is_unrestored: false,
            destination: "/out/13".into(),
            intent: ledger.remove(0),
            previous,
        }
    };
    for (kept, is_restored) in [(Some(previous("/out/13").previous), true), (None, false)] {
        let jobs = vec![member("{{ key \"a\" }}", rolls_back)];
        let mut bench = Bench::start(Mode::Daemon, jobs);
        let files = bench.parts.owe(vec![owed(kept)], bench.now);
        assert_eq!(files[0].0, named());
        bench.pass(STARTUP_BATCH_WINDOW);
        bench.reload_ended(false);
        if !is_restored {
            assert_eq!(
                bench.take(restores).len(),
                0,
                "it is not known what to restore"
            );
            continue;
        }
        bench.restore(&["/out/13"]);
        bench.pass(COMMAND_COOLDOWN);
        bench.reload_ended(true);
        assert!(!bench.parts.apply.is_owed());
    }
}

#[test]
fn a_content_that_an_earlier_process_has_rolled_back_waits_until_it_changes() {
    for ending in ["a change", "a reload"] {
        let jobs = vec![
            member("{{ key \"a\" }}", rolls_back),
            member("-{{ key \"b\" }}", rolls_back),
        ];
        let known = [
            file_rolled_back(&jobs[0], "bad", true),
            file_rolled_back(&jobs[1], "-1", false),
        ];
        let mut bench = Bench::start(Mode::Daemon, jobs);
        bench.parts.quarantine(&known);
        bench.news("b", "1");
        bench.news("a", "bad");
        assert_eq!(bench.write(), [""; 0]);
        bench.pass(Duration::from_secs(3600));
        assert_eq!(bench.write(), [""; 0]);
        let report = bench.parts.report();
        let refused = &report.applies.refused;
        assert!(refused[0].reason.contains("before the restart"));
        assert!(
            report.templates.iter().all(|it| it.is_written),
            "{report:?}"
        );
        if ending == "a change" {
            bench.news("b", "2");
            assert_eq!(bench.write(), ["bad", "-2"]);
            bench.reload_ended(true);
        } else {
            bench.step(Event::SignalAction(SignalAction::Reload));
            assert_eq!(bench.write(), ["bad", "-1"]);
            bench.reload_ended(true);
        }
        assert_eq!(bench.parts.report().applies.refused, [], "{ending}");
    }
}

#[test]
fn another_content_than_the_one_that_was_rolled_back_is_applied() {
    let jobs = vec![member("{{ key \"a\" }}", rolls_back)];
    let known = file_rolled_back(&jobs[0], "bad", true);
    let mut bench = Bench::start(Mode::Daemon, jobs);
    bench.parts.quarantine(&[known]);
    bench.news("a", "good");
    assert_eq!(bench.write(), ["good"]);
    bench.reload_ended(true);
    bench.news("a", "bad");
    assert_eq!(bench.write(), ["bad"], "it is judged again");
}

#[test]
fn a_reload_records_which_command_is_owed_now_or_that_none_is() {
    let template = |command| vec![job("{{ key \"a\" }}", command)];
    for (command, is_transferred) in [(Some("new"), true), (None, false), (Some("old"), false)] {
        let mut bench = Bench::start(Mode::Daemon, template(Some("old")));
        bench.news("a", "1");
        bench.write();
        let run = bench.take_runs().remove(0);
        bench.ended(run, false);
        bench.actions.clear();
        bench.renew(template(command));
        let transferred = bench.take(|action| match action {
            Action::Transfer(all) => Some(all.clone()),
            _ => None,
        });
        let dropped = bench.take(|action| match action {
            Action::Finish(key, Ending::Dropped) => Some(key.clone()),
            _ => None,
        });
        let is_dropped = command.is_none();
        assert_eq!(
            transferred.len(),
            usize::from(is_transferred),
            "{command:?}"
        );
        assert_eq!(dropped.len(), usize::from(is_dropped), "{command:?}");
        assert_eq!(bench.parts.apply.is_owed(), !is_dropped, "{command:?}");
    }
}

#[test]
fn a_failed_verification_is_not_reported_as_a_failed_command() {
    let group = |group: &mut GroupConfig| {
        verified(group);
        rolls_back(group);
    };
    for (failed, commands_run) in [("command", 0), ("verification", 1)] {
        let mut bench = Bench::start(Mode::Daemon, vec![member("{{ key \"a\" }}", group)]);
        bench.news("a", "1");
        bench.write();
        bench.reload_ended(failed == "verification");
        if failed == "verification" {
            bench.verification_ended(false);
        }
        let applies = bench.parts.report().applies;
        let reasons: Vec<_> = applies.refused.iter().map(|it| &*it.reason).collect();
        assert_eq!(
            reasons,
            [format!(
                "its {failed} failed, so the previous files are restored"
            )]
        );
        assert_eq!(applies.commands_run, commands_run, "{failed}");
    }
}

#[test]
fn a_change_during_a_failing_command_is_applied_after_the_rollback() {
    for (file, texts) in [("a", vec!["3"]), ("b", vec!["2", "-3"])] {
        let jobs = vec![
            member("{{ key \"a\" }}", rolls_back),
            member("-{{ key \"b\" }}", rolls_back),
        ];
        let mut bench = Bench::start(Mode::Daemon, jobs);
        bench.news("b", "1");
        bench.news("a", "1");
        assert_eq!(bench.write(), ["1", "-1"]);
        bench.reload_ended(true);
        bench.pass(COMMAND_COOLDOWN);
        bench.news("a", "2");
        assert_eq!(bench.write(), ["2"]);
        bench.news(file, "3");
        assert_eq!(bench.write(), [""; 0], "the command runs");
        bench.reload_ended(false);
        bench.restore(&["/out/13"]);
        bench.pass(COMMAND_COOLDOWN);
        bench.reload_ended(true);
        bench.pass(COMMAND_COOLDOWN);
        assert_eq!(bench.write(), texts, "after a change of {file}");
    }
}

#[test]
fn a_success_during_a_swap_that_finds_no_staged_file_is_recorded() {
    let mut bench = Bench::start(Mode::Daemon, vec![member("{{ key `a` }}", checked)]);
    bench.news("a", "1");
    let changes = bench.stage();
    bench.passes();
    bench.swap(changes);
    bench.news("a", "2");
    bench.stage();
    bench.passes();
    let applied =
        |action: &Action| matches!(action, Action::Finish(_, Ending::Applied)).then_some(());
    bench.reload_ended(true);
    assert_eq!(bench.take(applied), [], "the files are being swapped");
    bench.is_refused("internal error: no file is staged");
    assert_eq!(bench.take(applied), [()]);
}
