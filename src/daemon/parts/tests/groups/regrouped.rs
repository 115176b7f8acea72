//! Reloads that move files to other groups: what was replaced since the last success goes with them.

use std::collections::BTreeMap;
use std::path::PathBuf;

use super::*;

fn key(name: &str) -> GroupKey {
    GroupKey::Named(name.into())
}

/// A template in a group with this name, whose files are restored after a failure.
fn in_group(name: &str, text: &str) -> Job {
    member(text, |group| {
        group.key = key(name);
        rolls_back(group);
    })
}

fn destination(text: &str) -> PathBuf {
    job(text, None).destination.unwrap()
}

const A: &str = "{{ key `a` }}";
const B: &str = "-{{ key `b` }}";

impl Bench {
    /// Removes and returns the replaced files that other groups can restore now.
    fn moved(&mut self) -> Vec<BTreeMap<PathBuf, GroupKey>> {
        self.take(|action| match action {
            Action::MoveReplaced(moved) => Some(moved.clone()),
            _ => None,
        })
    }

    /// The groups whose files are to be restored.
    fn restored_groups(&mut self) -> Vec<String> {
        self.take(|action| match action {
            Action::Restore(key, _) => Some(key.to_string()),
            _ => None,
        })
    }

    /// Ends a restoration of the file of the template `A`, and the command for it.
    fn restored_a(&mut self, name: &str) {
        let files = vec![previous(destination(A).to_str().unwrap())];
        let errors = Vec::new();
        self.step(Event::Restored(key(name), Restored { files, errors }));
        self.report_unchanged();
        self.pass(COMMAND_COOLDOWN);
        assert_eq!(self.take_runs().len(), 1);
        self.ended_of(key(name), true);
    }

    /// The command of the group `h` fails: the content of `A` is rolled back, and not applied again.
    fn is_rolled_back_in_h(&mut self) {
        assert_eq!(self.take_runs().len(), 1);
        self.ended_of(key("h"), false);
        assert_eq!(self.restored_groups(), ["h"]);
        self.restored_a("h");
        self.pass(Duration::from_secs(600));
        assert_eq!(self.write(), [""; 0], "the content has failed");
    }
}

/// A group `g` with both templates, whose command has succeeded.
fn applied() -> Bench {
    let mut bench = Bench::start(Mode::Daemon, vec![in_group("g", A), in_group("g", B)]);
    bench.news("b", "1");
    bench.news("a", "good");
    assert_eq!(bench.write(), ["good", "-1"]);
    assert_eq!(bench.take_runs().len(), 1);
    bench.ended_of(key("g"), true);
    bench.pass(COMMAND_COOLDOWN);
    bench
}

/// The same group, whose command runs with another content.
fn running() -> Bench {
    let mut bench = applied();
    bench.news("a", "bad");
    assert_eq!(bench.write(), ["bad"]);
    assert_eq!(bench.take_runs().len(), 1);
    bench
}

#[test]
fn a_content_is_rolled_back_although_its_group_is_renamed_while_the_command_runs() {
    let mut bench = running();
    bench.renew(vec![in_group("h", A), in_group("h", B)]);
    let moved = BTreeMap::from([(destination(A), key("h"))]);
    assert_eq!(bench.moved(), [moved]);
    bench.ended_of(key("g"), false);
    assert_eq!(bench.restored_groups(), [""; 0], "the new group owes it");
    bench.pass(COMMAND_COOLDOWN);
    assert_eq!(bench.take_runs().len(), 1);
    bench.news("a", "correction");
    bench.ended_of(key("h"), false);
    assert_eq!(bench.restored_groups(), ["h"]);
    bench.restored_a("h");
    assert_eq!(bench.write()[0], "correction", "it has not failed");
}

#[test]
fn a_content_is_rolled_back_although_its_template_is_moved_to_another_group() {
    let mut bench = running();
    bench.renew(vec![in_group("h", A), in_group("g", B)]);
    assert_eq!(bench.moved().len(), 1);
    bench.ended_of(key("g"), false);
    bench.report_unchanged();
    bench.pass(COMMAND_COOLDOWN);
    bench.is_rolled_back_in_h();
}

#[test]
fn a_content_that_is_being_swapped_at_a_reload_is_rolled_back_with_the_new_group() {
    let mut bench = applied();
    bench.news("a", "bad");
    let changes = bench.take_changes().unwrap();
    bench.renew(vec![in_group("h", A), in_group("h", B)]);
    assert_eq!(bench.moved(), [], "it is not known yet");
    bench.written(changes, Effect::Written);
    assert_eq!(bench.moved().len(), 1);
    bench.report_unchanged();
    bench.is_rolled_back_in_h();
}

#[test]
fn a_failed_content_is_recognized_although_a_reload_has_removed_another_template_of_its_group() {
    let mut bench = running();
    bench.renew(vec![in_group("g", A)]);
    bench.ended_of(key("g"), false);
    assert_eq!(bench.restored_groups(), ["g"]);
    bench.restored_a("g");
    bench.pass(Duration::from_secs(600));
    assert_eq!(bench.write(), [""; 0]);
}

#[test]
fn a_rolled_back_content_is_rolled_back_again_after_its_group_is_renamed() {
    let mut bench = running();
    bench.ended_of(key("g"), false);
    assert_eq!(bench.restored_groups(), ["g"]);
    bench.restored_a("g");
    bench.step(Event::SignalAction(SignalAction::Reload));
    assert_eq!(bench.write(), ["bad"], "the signal makes it due");
    bench.renew(vec![in_group("h", A), in_group("h", B)]);
    bench.report_unchanged();
    bench.pass(COMMAND_COOLDOWN);
    assert_eq!(bench.take_runs().len(), 1);
    bench.ended_of(key("h"), false);
    assert_eq!(bench.restored_groups(), ["h"]);
}

#[test]
fn a_reload_that_adds_a_rollback_restores_what_the_ledger_knows() {
    let jobs = |on_failure| vec![member(A, |group| group.on_failure = on_failure)];
    for is_owed in [true, false] {
        let mut bench = Bench::start(Mode::Daemon, jobs(OnFailure::Retry));
        bench.news("a", "bad");
        assert_eq!(bench.write(), ["bad"]);
        bench.reload_ended(!is_owed);
        let config = config(Mode::Daemon, jobs(OnFailure::Rollback));
        let replaced = vec![previous(destination(A).to_str().unwrap())];
        let renewal = Renewal::of(config).unwrap();
        let renewal = Renewal {
            replaced,
            ..renewal
        };
        bench.step(Event::ConfigRead(Ok(Box::new(renewal))));
        bench.read_sources();
        let kept = bench.take(|action| match action {
            Action::KeepReplaced(files) => Some(files.len()),
            _ => None,
        });
        assert_eq!(kept.is_empty(), !is_owed, "{kept:?}");
        bench.report_unchanged();
        if is_owed {
            bench.pass(COMMAND_COOLDOWN);
            assert_eq!(bench.take_runs().len(), 1);
            bench.ended_of(named(), false);
            assert_eq!(bench.restored_groups(), [named().to_string()]);
        }
    }
}

#[test]
fn a_renamed_group_does_not_start_its_command_while_it_still_runs() {
    let mut bench = running();
    bench.renew(vec![in_group("h", A), in_group("h", B)]);
    bench.report_unchanged();
    bench.pass(Duration::from_secs(5));
    assert_eq!(bench.take_runs(), [], "the command of the old group runs");
    bench.ended_of(key("g"), true);
    assert_eq!(bench.take_runs(), [], "the pause between two runs");
    bench.pass(COMMAND_COOLDOWN);
    assert_eq!(bench.take_runs().len(), 1);
}
