//! Destinations that other programs change: noticed, reported, restored.

use group_apply::drift::{Difference, DriftKind};
use group_apply::options::{Drift, GroupConfig, OnFailure};

use super::groups::previous;
use super::*;
use crate::daemon::event::Restored;

fn watched(text: &str, drift: Drift) -> Job {
    Job {
        file: FileConfig {
            drift,
            ..FileConfig::default()
        },
        ..job(text, Some("reload"))
    }
}

/// A difference that has not been found before.
fn deleted(version: u64) -> Difference {
    Difference {
        kind: DriftKind::Deleted,
        version,
        target: None,
    }
}

/// The file has become a link to this one.
fn redirected(target: &str) -> Difference {
    Difference {
        kind: DriftKind::Redirected,
        version: 0,
        target: Some(target.into()),
    }
}

impl Bench {
    /// A template whose file was written.
    fn written_once(drift: Drift) -> Self {
        let mut bench = Self::start(Mode::Daemon, vec![watched("{{ key \"a\" }}", drift)]);
        bench.news("a", "1");
        assert_eq!(bench.write(), ["1"]);
        bench.pass(STARTUP_BATCH_WINDOW);
        for run in bench.take_runs() {
            bench.ended(run, true);
        }
        bench
    }

    fn destination(&self) -> PathBuf {
        let report = self.parts.report();
        report.templates[0].destination.clone().unwrap()
    }

    fn touched(&mut self) {
        let files = [self.destination()].into();
        self.step(Event::FilesChanged(FileEvent {
            files,
            ..FileEvent::default()
        }));
    }

    /// Removes the comparisons that have begun, and returns their number.
    fn take_inspections(&mut self) -> usize {
        let before = self.actions.len();
        self.actions
            .retain(|action| !matches!(action, Action::Inspect(_)));
        before - self.actions.len()
    }

    fn inspected(&mut self, difference: Option<Difference>) {
        assert_eq!(self.take_inspections(), 1);
        self.step(Event::Inspected(vec![(0, difference)]));
    }

    fn drifts(&mut self, version: u64) {
        self.touched();
        self.inspected(Some(deleted(version)));
    }

    fn drift(&self) -> Option<DriftKind> {
        self.parts.report().templates[0].drift
    }

    fn watches(&self) -> bool {
        let own = self.destination();
        let watches = |action: &Action| matches!(action, Action::Watch(all) if all.contains(&own));
        self.actions.iter().any(watches)
    }
}

#[test]
fn a_file_whose_drift_is_ignored_is_neither_watched_nor_compared() {
    let mut bench = Bench::written_once(Drift::Ignore);
    assert!(!bench.watches());
    bench.touched();
    bench.pass(Duration::from_secs(3600));
    assert_eq!(bench.take_inspections(), 0);
}

#[test]
fn a_reported_drift_is_in_the_report_and_nothing_is_written() {
    let mut bench = Bench::written_once(Drift::Report);
    assert!(bench.watches());
    bench.drifts(1);
    assert_eq!(bench.drift(), Some(DriftKind::Deleted));
    bench.pass(Duration::from_secs(3));
    assert!(bench.take_changes().is_none());
    bench.touched();
    bench.inspected(None);
    assert_eq!(bench.drift(), None, "it has its content again");
}

#[test]
fn a_file_that_has_become_a_link_is_restored_only_when_the_link_is_removed() {
    let mut bench = Bench::written_once(Drift::Restore);
    // A restoration that is due does not follow the link either.
    for version in 0..5 {
        bench.drifts(version);
        assert_eq!(bench.write(), ["1"]);
    }
    bench.drifts(5);
    assert!(bench.take_changes().is_none(), "it is delayed");
    for _ in 0..2 {
        bench.touched();
        bench.inspected(Some(redirected("/other")));
        bench.pass(Duration::from_secs(10));
        assert!(bench.take_changes().is_none());
        assert_eq!(bench.drift(), Some(DriftKind::Redirected));
    }
    bench.pass(Duration::from_secs(700));
    bench.inspected(Some(deleted(6)));
    assert_eq!(bench.write(), ["1"]);
    assert_eq!(bench.drift(), None);
}

#[test]
fn a_drift_is_restored_once_and_the_command_runs() {
    let mut bench = Bench::written_once(Drift::Restore);
    bench.drifts(1);
    assert_eq!(bench.write(), ["1"]);
    assert_eq!(bench.drift(), None);
    bench.pass(COMMAND_COOLDOWN);
    let runs = bench.take_runs();
    assert_eq!(runs.len(), 1);
    bench.ended(runs.into_iter().next().unwrap(), true);
    bench.touched();
    bench.inspected(None);
    assert!(bench.take_changes().is_none() && bench.take_runs().is_empty());
}

#[test]
fn a_sweep_compares_what_no_event_has_reported() {
    let mut bench = Bench::written_once(Drift::Restore);
    bench.pass(Duration::from_secs(36));
    bench.inspected(Some(deleted(1)));
    assert_eq!(bench.write(), ["1"]);
    let next = bench.parts.next_wake().expect("the next sweep");
    assert!(next <= bench.now.instant + Duration::from_secs(36));
}

#[test]
fn a_comparison_during_a_write_does_not_count() {
    let mut bench = Bench::written_once(Drift::Restore);
    bench.touched();
    bench.news("a", "2");
    let changes = bench.take_changes().expect("a new text");
    // The file had the new text, but the comparison knew only the old one.
    bench.inspected(Some(deleted(1)));
    bench.written(changes, Effect::Written);
    assert_eq!(bench.drift(), None);
    bench.inspected(None);
    assert!(bench.take_changes().is_none());
}

#[test]
fn a_text_that_waits_for_quiescence_stays_waiting_while_the_old_one_is_restored() {
    let settle = Settle {
        quiet: Duration::from_secs(5),
        most: Duration::from_secs(20),
    };
    let settling = Job {
        settle: Some(settle),
        ..watched("{{ key \"a\" }}", Drift::Restore)
    };
    let mut bench = Bench::start(Mode::Daemon, vec![settling]);
    bench.news("a", "1");
    assert_eq!(bench.write(), ["1"]);
    bench.news("a", "2");
    bench.drifts(1);
    assert_eq!(bench.write(), ["1"], "at once");
    bench.pass(settle.quiet);
    assert_eq!(bench.write(), ["2"]);
}

#[test]
fn a_program_that_keeps_changing_the_file_is_not_fought_without_pauses() {
    let mut bench = Bench::written_once(Drift::Restore);
    let mut prompt = 0;
    for version in 0..100 {
        bench.drifts(version);
        if bench.write().is_empty() {
            break;
        }
        prompt += 1;
    }
    assert_eq!(prompt, 5);
    bench.pass(Duration::from_secs(1));
    assert!(bench.write().is_empty());
    bench.pass(Duration::from_secs(4));
    assert_eq!(bench.write(), ["1"]);
    // The pauses grow, up to five minutes, and end when the file is left alone.
    let mut pauses = Vec::new();
    for version in 100..110 {
        bench.drifts(version);
        let begun = bench.now.instant;
        while bench.write().is_empty() {
            bench.take_inspections();
            bench.step(Event::Inspected(vec![(0, Some(deleted(version)))]));
            bench.pass(Duration::from_millis(500));
        }
        pauses.push(bench.now.instant - begun);
        bench.take_inspections();
        bench.step(Event::Inspected(vec![(0, None)]));
    }
    assert!(pauses[0] >= Duration::from_secs(8), "{pauses:?}");
    assert!(pauses.is_sorted(), "{pauses:?}");
    assert!(
        pauses[9] <= Duration::from_secs(301) && pauses[9] >= Duration::from_secs(240),
        "{pauses:?}"
    );
    bench.pass(Duration::from_secs(700));
    bench.inspected(None);
    bench.drifts(1000);
    assert_eq!(bench.write(), ["1"]);
}

#[test]
fn only_the_changed_file_of_a_group_is_written_again() {
    let member = |text: &str| {
        let mut job = watched(text, Drift::Restore);
        job.group = Some(Arc::new(GroupConfig {
            key: GroupKey::Named("g".into()),
            ..GroupConfig::clone(&job.applied_with())
        }));
        job
    };
    let jobs = vec![member("{{ key \"a\" }}"), member("-{{ key \"b\" }}")];
    let mut bench = Bench::start(Mode::Daemon, jobs);
    bench.news("a", "1");
    bench.news("b", "2");
    assert_eq!(bench.write(), ["1", "-2"]);
    bench.pass(STARTUP_BATCH_WINDOW);
    assert_eq!(bench.take_runs().len(), 1);
    bench.ended_of(GroupKey::Named("g".into()), true);
    bench.drifts(1);
    assert_eq!(bench.write(), ["1"]);
    bench.pass(COMMAND_COOLDOWN);
    assert_eq!(bench.take_runs().len(), 1);
}

#[test]
fn after_a_rollback_the_previous_content_is_restored_and_the_failed_one_stays_refused() {
    let mut job = watched("{{ key \"a\" }}", Drift::Restore);
    let group = GroupConfig {
        on_failure: OnFailure::Rollback,
        ..GroupConfig::clone(&job.applied_with())
    };
    let key = group.key.clone();
    job.group = Some(Arc::new(group));
    let mut bench = Bench::start(Mode::Daemon, vec![job]);
    bench.news("a", "bad");
    assert_eq!(bench.write(), ["bad"]);
    bench.pass(STARTUP_BATCH_WINDOW);
    for run in bench.take_runs() {
        bench.ended(run, false);
    }
    let path = bench.destination().display().to_string();
    let restored = Restored {
        files: vec![previous(&path)],
        errors: Vec::new(),
    };
    bench.step(Event::Restored(key, restored));
    bench.pass(COMMAND_COOLDOWN);
    for run in bench.take_runs() {
        bench.ended(run, true);
    }
    let refused = bench.parts.report().applies.refused;
    assert_eq!(refused.len(), 1);

    bench.drifts(1);
    let changes = bench.take_changes().expect("the file is restored");
    assert_eq!(changes[0].content, b"old");
    assert!(!changes[0].keeps_previous(), "what another program wrote");
    bench.written(changes, Effect::Written);
    bench.pass(COMMAND_COOLDOWN);
    let runs = bench.take_runs();
    assert_eq!(runs.len(), 1);
    for run in runs {
        bench.ended(run, true);
    }
    bench.pass(Duration::from_secs(3600));
    assert!(
        bench.take_changes().is_none(),
        "it failed, and has not changed"
    );
    assert_eq!(bench.parts.report().applies.refused, refused);
    bench.news("a", "good");
    assert_eq!(bench.write(), ["good"]);
    assert_eq!(bench.parts.report().applies.refused, []);
}

#[test]
fn a_parked_change_stays_parked_while_the_file_is_restored() {
    let mut bench = Bench::written_once(Drift::Restore);
    bench.news("a", "2");
    let changes = bench.take_changes().unwrap();
    let parked = group_apply::change::ParkedChange {
        excess: group_apply::budget::Excess {
            removed: 9,
            lines: 10,
        },
        content: None,
        waited: Duration::ZERO,
    };
    bench.written(changes, Effect::Parked(Some(parked)));
    bench.drifts(1);
    assert_eq!(bench.write(), ["1"]);
    assert!(bench.parts.report().templates[0].parked.is_some());
    bench.pass(Duration::from_secs(60));
    assert!(bench.take_changes().is_none());
}
