//! Groups: which files are applied together, and after which check.

mod counts;
mod drift_checks;
mod failures;
mod holds;
mod order;
mod refused_holds;
mod regrouped;
mod rollbacks;
mod unrestored;

use apply_ledger::Hash;
use file_writer::Previous;
use group_apply::change::ReplacedFile;
use group_apply::options::{
    CheckConfig, CheckMethod, GroupConfig, OnFailure, Probe, Program, VerifyConfig,
};
use group_apply::transaction::StagedFile;

use super::*;
use crate::daemon::event::{CheckFailure, Checked, Restored, Staged, VerifyFailure};
use crate::daemon::process::Renewal;
use crate::daemon::state_dir::RolledBack;

fn named() -> GroupKey {
    GroupKey::Named("nginx".into())
}

/// A template in the group `nginx`, which `change` configures.
fn member(text: &str, change: impl Fn(&mut GroupConfig)) -> Job {
    let mut job = job(text, Some("reload"));
    let mut group = GroupConfig {
        key: named(),
        ..GroupConfig::clone(&job.applied_with())
    };
    change(&mut group);
    job.group = Some(Arc::new(group));
    job
}

fn checked(group: &mut GroupConfig) {
    group.check = Some(CheckConfig {
        method: CheckMethod::Builtin(Program::Nginx, Duration::from_secs(30)),
        tree: None,
    });
}

fn verified(group: &mut GroupConfig) {
    group.verify = Some(VerifyConfig {
        probe: Probe::Builtin {
            program: Program::Nginx,
            pid_file: None,
        },
        timeout: Duration::from_secs(10),
    });
}

fn rolls_back(group: &mut GroupConfig) {
    group.on_failure = OnFailure::Rollback;
}

impl Bench {
    /// Removes and returns the actions for which `select` returns a value.
    fn take<T>(&mut self, select: impl Fn(&Action) -> Option<T>) -> Vec<T> {
        let mut taken = Vec::new();
        self.actions.retain(|action| match select(action) {
            Some(value) => {
                taken.push(value);
                false
            }
            None => true,
        });
        taken
    }

    /// Stages what is to be staged, and returns it.
    fn stage(&mut self) -> Vec<Change> {
        let staged = self.take(|action| match action {
            Action::Stage(key, changes) => Some((key.clone(), changes.clone())),
            _ => None,
        });
        let (keys, changes): (Vec<_>, Vec<_>) = staged.into_iter().unzip();
        let key = keys.into_iter().next().unwrap_or_else(named);
        let changes: Vec<_> = changes.into_iter().flatten().collect();
        let file = |change: &Change| StagedFile {
            destination: change.destination.clone(),
            staged: Some(change.destination.with_extension("staged")),
            is_changed: true,
        };
        let files = changes.iter().map(file).collect();
        let has_failed = false;
        self.step(Event::Staged(key, Staged { files, has_failed }));
        changes
    }

    fn checks(&mut self) -> usize {
        self.take(|action| matches!(action, Action::Check(..)).then_some(()))
            .len()
    }

    fn passes(&mut self) {
        self.passes_of(named());
    }

    fn passes_of(&mut self, key: GroupKey) {
        let took = Duration::ZERO;
        self.step(Event::Checked(key, Ok(Checked { took, method: None })));
    }

    fn is_refused(&mut self, error: &str) {
        let failure = CheckFailure {
            error: error.to_owned(),
            ..CheckFailure::default()
        };
        self.step(Event::Checked(named(), Err(failure)));
    }

    /// Swaps the staged files.
    fn swap(&mut self, changes: Vec<Change>) {
        let swaps = self.take(|action| matches!(action, Action::Swap(_)).then_some(()));
        assert_eq!(swaps.len(), 1);
        self.written(changes, Effect::Written);
    }

    fn reload_ended(&mut self, succeeded: bool) {
        let runs = self.take(|action| match action {
            Action::Run(group) => group.command.clone(),
            _ => None,
        });
        assert_eq!(runs.len(), 1);
        self.ended_of(named(), succeeded);
    }

    fn verification_ended(&mut self, succeeded: bool) {
        let verifications = self.take(|action| matches!(action, Action::Verify(_)).then_some(()));
        assert_eq!(verifications.len(), 1);
        let failure = VerifyFailure {
            error: "the old workers still run".to_owned(),
            last_lines: Vec::new(),
        };
        let verified = succeeded.then_some(Duration::ZERO).ok_or(failure);
        self.step(Event::Verified(named(), verified));
    }

    /// Restores the files, and returns their number.
    fn restore(&mut self, files: &[&str]) {
        assert_eq!(self.take(restores).len(), 1);
        let restored = Restored {
            files: files.iter().map(|path| previous(path)).collect(),
            errors: Vec::new(),
        };
        self.step(Event::Restored(named(), restored));
    }
}

fn restores(action: &Action) -> Option<()> {
    matches!(action, Action::Restore(..)).then_some(())
}

/// A file of a template that an earlier process has rolled back.
fn file_rolled_back(job: &Job, content: &str, has_failed: bool) -> RolledBack {
    RolledBack {
        destination: job.destination.clone().unwrap(),
        content: Hash::of(content.as_bytes()),
        outputs: None,
        has_failed,
    }
}

/// A file that had another content before.
pub(super) fn previous(path: &str) -> ReplacedFile {
    ReplacedFile::of_template(Previous::recorded(path.into(), Some(b"old".to_vec())))
}

#[test]
fn a_named_group_is_applied_when_all_its_templates_are_rendered() {
    let jobs = vec![
        member("{{ key \"a\" }}", |_| {}),
        member("-{{ key \"b\" }}", |_| {}),
    ];
    let mut bench = Bench::start(Mode::Daemon, jobs);
    bench.news("a", "1");
    bench.pass(Duration::from_secs(60));
    assert!(bench.write().is_empty(), "b is missing");
    assert!(
        bench
            .parts
            .next_wake()
            .is_none_or(|wake| wake > bench.now.instant)
    );
    bench.news("b", "2");
    assert_eq!(bench.write(), ["1", "-2"]);
    bench.reload_ended(true);
    bench.news("a", "3");
    assert_eq!(bench.write(), ["3"], "later changes are applied alone");
}

#[test]
fn a_named_group_waits_for_a_template_with_a_broken_source_until_it_is_repaired() {
    let jobs = vec![member("a", |_| {}), member("{{ if }}", |_| {})];
    let mut bench = Bench::start(Mode::Daemon, jobs.clone());
    assert!(bench.write().is_empty());
    let repaired = read_template(&member("b", |_| {}));
    bench.step(Event::SourcesRead(vec![(1, repaired)]));
    assert_eq!(bench.write(), ["a", "b"]);

    let bench = Bench::start(ONCE, jobs);
    assert_eq!(bench.end(), Some(End::Failed));
}

#[test]
fn a_content_is_swapped_after_its_check_and_not_at_all_if_that_fails() {
    let jobs = vec![
        member("{{ key \"a\" }}", checked),
        job("-{{ key \"a\" }}", Some("other")),
    ];
    let mut bench = Bench::start(Mode::Daemon, jobs);
    bench.news("a", "1");
    assert_eq!(bench.write(), ["-1"], "groups do not wait for each other");
    let changes = bench.stage();
    assert_eq!(changes.len(), 1);
    assert_eq!(bench.checks(), 1);
    bench.is_refused("there is no closing brace");
    let discards = bench.take(|action| matches!(action, Action::Discard(_)).then_some(()));
    assert_eq!(discards.len(), 1);
    assert!(bench.stage().is_empty(), "it is not tried at once");
    let refused = bench.parts.report().applies.refused;
    assert_eq!(refused.len(), 1);
    assert_eq!(
        refused[0].reason,
        "the check failed: there is no closing brace"
    );
    bench.news("a", "2");
    assert_eq!(bench.write(), ["-2"]);
    let changes = bench.stage();
    assert_eq!(changes[0].content, b"2");
    bench.passes();
    bench.swap(changes);
    assert_eq!(bench.parts.report().applies.refused, []);
    bench.pass(STARTUP_BATCH_WINDOW);
    assert_eq!(bench.take_runs().len(), 2);
}

#[test]
fn a_failed_check_is_repeated_with_the_same_content() {
    let mut bench = Bench::start(Mode::Daemon, vec![member("{{ key \"a\" }}", checked)]);
    bench.news("a", "1");
    bench.stage();
    bench.is_refused("the certificate is missing");
    let wake = bench.parts.next_wake().expect("it is repeated");
    bench.now.instant = wake;
    bench.step(Event::Time);
    assert_eq!(bench.stage().len(), 1);
    assert_eq!(bench.checks(), 2);
}

#[test]
fn a_text_that_is_rendered_during_a_failing_check_is_checked_at_once() {
    let mut bench = Bench::start(Mode::Daemon, vec![member("{{ key \"a\" }}", checked)]);
    bench.news("a", "1");
    bench.stage();
    bench.news("a", "2");
    bench.is_refused("no");
    assert_eq!(bench.stage()[0].content, b"2");
}

#[test]
fn once_fails_if_a_check_fails() {
    let mut bench = Bench::start(ONCE, vec![member("{{ key \"a\" }}", checked)]);
    bench.news("a", "1");
    bench.stage();
    bench.is_refused("no");
    assert_eq!(bench.end(), Some(End::Failed));
}

#[test]
fn unchanged_files_are_not_checked() {
    let mut bench = Bench::start(Mode::Daemon, vec![member("{{ key \"a\" }}", checked)]);
    bench.news("a", "1");
    let changes = bench.take(|action| match action {
        Action::Stage(_, changes) => Some(changes.clone()),
        _ => None,
    });
    let files = vec![StagedFile {
        destination: "/out/13".into(),
        staged: None,
        is_changed: false,
    }];
    let has_failed = false;
    bench.step(Event::Staged(named(), Staged { files, has_failed }));
    assert_eq!(bench.checks(), 0);
    let swaps = bench.take(|action| matches!(action, Action::Swap(_)).then_some(()));
    assert_eq!(swaps.len(), 1);
    bench.written(changes.into_iter().flatten().collect(), Effect::Unchanged);
    bench.pass(STARTUP_BATCH_WINDOW);
    assert_eq!(bench.take_runs(), []);
}

#[test]
fn the_files_of_a_named_group_wait_for_its_template_that_is_rendered_longer() {
    let jobs = ["{{ key `a` }}", "b {{ key `a` }}"].map(|text| member(text, |_| {}));
    let mut bench = Bench::start(Mode::Daemon, jobs.into());
    bench.news("a", "1");
    assert_eq!(bench.write(), ["1", "b 1"]);
    let news = Event::Watched(vec![WatchEvent::current(key("a"), value("2"))]);
    let actions = bench.parts.step(&news, bench.now).into_iter();
    let requests = actions.filter_map(|action| match action {
        Action::Render(requests) => Some(requests),
        _ => None,
    });
    let mut rendered = requests.flatten().map(|it| it.run(&Arc::default()));
    bench.step(Event::Rendered(rendered.next().into_iter().collect()));
    bench.pass(Duration::from_secs(1));
    assert_eq!(bench.write(), [""; 0], "half of the change is not written");
    bench.step(Event::Rendered(rendered.collect()));
    assert_eq!(bench.write(), ["2", "b 2"]);
}

#[test]
fn a_template_that_cannot_be_rendered_holds_back_its_named_group() {
    let broken = "{{ key \"a\" | parseInt }}";
    let jobs = || vec![member("-{{ key \"a\" }}", |_| {}), member(broken, |_| {})];
    let mut bench = Bench::start(Mode::Daemon, jobs());
    bench.news("a", "1");
    assert_eq!(bench.write(), ["-1", "1"]);
    bench.reload_ended(true);
    bench.news("a", "bad");
    bench.pass(Duration::from_secs(60));
    assert!(bench.take_changes().is_none());
    let refused = bench.parts.report().applies.refused;
    assert!(
        refused[0].reason.ends_with("cannot be rendered"),
        "{refused:?}"
    );
    bench.news("a", "2");
    assert_eq!(bench.write(), ["-2", "2"]);
    assert_eq!(bench.parts.report().applies.refused, []);

    let mut bench = Bench::start(ONCE, jobs());
    bench.news("a", "bad");
    assert!(bench.take_changes().is_none());
    assert_eq!(bench.end(), Some(End::Failed));
}
