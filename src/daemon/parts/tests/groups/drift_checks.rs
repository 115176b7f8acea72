//! Checks of files that another program has changed, and that are restored.

use group_apply::drift::{Difference, DriftKind};
use group_apply::options::Drift;

use super::*;
use crate::report::TemplatePhase;

/// A group of two templates with the keys `a` and `b`, whose files have been applied with the texts `1` and `-1`.
fn applied() -> Bench {
    let jobs = ["{{ key \"a\" }}", "-{{ key \"b\" }}"].map(|text| {
        let mut job = member(text, checked);
        job.file.drift = Drift::Restore;
        job
    });
    let mut bench = Bench::start(Mode::Daemon, jobs.into());
    bench.news("a", "1");
    bench.news("b", "1");
    let changes = bench.stage();
    bench.passes();
    bench.swap(changes);
    bench.pass(STARTUP_BATCH_WINDOW);
    bench.reload_ended(true);
    bench
}

impl Bench {
    /// Another program changes the file of the second template.
    fn second_drifts(&mut self) {
        let files = [self.parts.apply.paths().remove(1)].into();
        self.step(Event::FilesChanged(FileEvent {
            files,
            ..FileEvent::default()
        }));
        self.take(|action| matches!(action, Action::Inspect(_)).then_some(()));
        let difference = Difference {
            kind: DriftKind::Changed,
            version: 1,
            target: None,
        };
        self.step(Event::Inspected(vec![(1, Some(difference))]));
    }

    fn states(&self) -> Vec<TemplatePhase> {
        let templates = self.parts.report().templates;
        templates.into_iter().map(|it| it.state).collect()
    }
}

/// The group and the template were reported as failed until their next change.
#[test]
fn a_restoration_that_succeeds_after_a_failed_check_leaves_no_problem() {
    let mut bench = applied();
    bench.second_drifts();
    assert_eq!(bench.stage().len(), 1);
    bench.is_refused("no");
    assert_eq!(bench.parts.report().applies.refused.len(), 1);
    bench.pass(Duration::from_secs(2));
    let changes = bench.stage();
    assert_eq!(changes[0].content, b"-1");
    bench.passes();
    bench.swap(changes);
    bench.pass(COMMAND_COOLDOWN);
    bench.reload_ended(true);
    assert_eq!(bench.parts.report().applies.refused, []);
    assert_eq!(bench.states(), [TemplatePhase::UpToDate; 2]);
}

#[test]
fn a_text_that_a_check_refuses_stays_refused_when_another_file_is_restored() {
    let mut bench = applied();
    bench.news("a", "2");
    bench.stage();
    bench.is_refused("no");
    bench.second_drifts();
    assert_eq!(bench.stage().len(), 1);
    bench.is_refused("no");
    assert!(bench.stage().is_empty(), "both wait");
    bench.pass(Duration::from_millis(1500));
    for _ in 0..2 {
        let changes = bench.stage();
        if changes.first().is_some_and(|it| it.is_restoration) {
            bench.passes();
            bench.swap(changes);
        } else {
            bench.is_refused("no");
        }
    }
    assert_eq!(bench.parts.report().applies.refused.len(), 1);
    let expected = [TemplatePhase::Failed, TemplatePhase::UpToDate];
    assert_eq!(bench.states(), expected);
}
