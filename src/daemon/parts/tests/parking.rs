//! Changes above their budget: parked, released, replaced.

use apply_ledger::Hash;
use group_apply::budget::Excess;
use group_apply::change::ParkedChange;
use group_apply::options::{GroupConfig, MaxChange};
use group_apply::requests::{Requested, RequestedChange};

use super::*;
use crate::report::ParkedReport;

const EXCESS: Effect = Effect::Parked(Some(CHANGE));

/// A change without a ledger.
const CHANGE: ParkedChange = ParkedChange {
    excess: Excess {
        removed: 9,
        lines: 10,
    },
    content: None,
    waited: Duration::ZERO,
};

/// A change in the ledger, with the hash of its content.
pub(super) fn recorded(content: &str, waited: u64) -> Effect {
    Effect::Parked(Some(ParkedChange {
        content: Some(Hash::of(content.as_bytes())),
        waited: Duration::from_secs(waited),
        ..CHANGE
    }))
}

fn limited(text: &str, confirm_for: Option<u64>) -> Job {
    let max_change = Some(MaxChange {
        lines: Some(1),
        fraction: None,
        confirm_for: confirm_for.map(Duration::from_secs),
    });
    Job {
        file: FileConfig {
            max_change,
            ..FileConfig::default()
        },
        ..job(text, None)
    }
}

fn texts(changes: &[Change]) -> Vec<(&str, bool)> {
    changes
        .iter()
        .map(|change| {
            let text = std::str::from_utf8(&change.content).unwrap();
            (text, change.is_approved)
        })
        .collect()
}

impl Bench {
    /// Parks the next change, and returns its text.
    fn park(&mut self) -> Option<String> {
        self.park_as(EXCESS)
    }

    pub(super) fn park_as(&mut self, effect: Effect) -> Option<String> {
        let changes = self.take_changes()?;
        let text = String::from_utf8(changes[0].content.clone()).unwrap();
        assert!(!changes[0].is_approved);
        self.written(changes, effect);
        Some(text)
    }

    /// Approves the change of a destination that is parked with this content.
    pub(super) fn approve(&mut self, destination: &str, content: &str) {
        self.step(Event::RequestsTaken(vec![Requested {
            destination: destination.into(),
            change: RequestedChange::Approve(Hash::of(content.as_bytes())),
        }]));
    }

    fn parked(&self) -> Option<ParkedReport> {
        self.parts.report().templates[0].parked
    }
}

#[test]
fn a_parked_text_is_not_tried_again_and_a_new_one_replaces_it() {
    let mut bench = Bench::start(Mode::Daemon, vec![limited("{{ key \"a\" }}", None)]);
    bench.news("a", "1");
    assert_eq!(bench.write(), ["1"]);
    bench.news("a", "2");
    assert_eq!(bench.park().as_deref(), Some("2"));
    let report = ParkedReport {
        removed: 9,
        lines: 10,
    };
    assert_eq!(bench.parked(), Some(report));
    bench.pass(Duration::from_secs(3600));
    assert!(bench.take_changes().is_none());
    bench.news("a", "3");
    assert_eq!(bench.write(), ["3"]);
    assert_eq!(bench.parked(), None);
}

#[test]
fn a_text_that_comes_while_another_one_is_parked_is_tried() {
    let mut bench = Bench::start(Mode::Daemon, vec![limited("{{ key \"a\" }}", None)]);
    bench.news("a", "1");
    let changes = bench.take_changes().unwrap();
    bench.news("a", "2");
    bench.written(changes, EXCESS);
    assert_eq!(bench.park().as_deref(), Some("2"));
    assert!(bench.take_changes().is_none());
    assert!(
        bench.parts.report().templates[0].is_written,
        "an earlier process has written the file"
    );
}

#[test]
fn the_same_text_is_released_after_its_time() {
    let mut bench = Bench::start(Mode::Daemon, vec![limited("{{ key \"a\" }}", Some(60))]);
    bench.news("a", "1");
    assert_eq!(bench.write(), ["1"]);
    bench.news("a", "2");
    assert_eq!(bench.park().as_deref(), Some("2"));
    bench.pass(Duration::from_secs(30));
    bench.news("a", "4");
    assert_eq!(bench.park().as_deref(), Some("4"));
    bench.pass(Duration::from_secs(59));
    assert!(bench.take_changes().is_none(), "the time begins again");
    let release = bench.now.instant + Duration::from_secs(1);
    assert_eq!(bench.parts.next_wake(), Some(release));
    bench.pass(Duration::from_secs(1));
    let changes = bench.take_changes().expect("the text is released");
    assert_eq!(texts(&changes), [("4", true)]);
    bench.written(changes, Effect::Written);
    assert_eq!(bench.parked(), None);
    bench.news("a", "5");
    assert_eq!(bench.park().as_deref(), Some("5"), "only once");
}

#[test]
fn a_named_group_is_released_as_a_whole() {
    let member = |text: &str| {
        let mut job = limited(text, Some(60));
        job.group = Some(Arc::new(GroupConfig::of_key(GroupKey::Named("g".into()))));
        job
    };
    let jobs = vec![member("{{ key \"a\" }}"), member("-{{ key \"b\" }}")];
    let mut bench = Bench::start(Mode::Daemon, jobs);
    bench.news("a", "1");
    bench.news("b", "1");
    assert_eq!(bench.write(), ["1", "-1"]);
    bench.news("a", "2");
    assert_eq!(bench.park().as_deref(), Some("2"));
    // The other file changes as well: both are tried, and both wait.
    bench.pass(Duration::from_secs(30));
    bench.news("b", "2");
    let changes = bench.take_changes().unwrap();
    assert_eq!(texts(&changes), [("2", false), ("-2", false)]);
    let applied = changes.into_iter().zip([EXCESS, Effect::Parked(None)]);
    let applied = applied.map(|(change, effect)| Applied {
        job: change.job,
        destination: change.destination,
        outcome: Ok(effect),
        size: None,
    });
    bench.step(Event::Applied(applied.collect()));
    assert!(bench.take_changes().is_none());
    bench.pass(Duration::from_secs(30));
    let changes = bench.take_changes().expect("the group is released");
    assert_eq!(texts(&changes), [("2", true), ("-2", false)]);
}

#[test]
fn a_run_that_ends_fails_with_a_parked_text() {
    let mut bench = Bench::start(ONCE, vec![limited("{{ key \"a\" }}", Some(1))]);
    bench.news("a", "1");
    assert_eq!(bench.park().as_deref(), Some("1"));
    assert_eq!(bench.end(), Some(End::Failed));
}

#[test]
fn an_approval_releases_the_parked_content_and_no_other() {
    let mut bench = Bench::start(Mode::Daemon, vec![limited("{{ key \"a\" }}", None)]);
    let destination = "/out/13";
    bench.news("a", "1");
    assert_eq!(bench.write(), ["1"]);
    bench.news("a", "2");
    assert_eq!(bench.park_as(recorded("2", 0)).as_deref(), Some("2"));
    bench.approve(destination, "3");
    bench.approve("/other", "2");
    assert!(bench.take_changes().is_none());
    bench.approve(destination, "2");
    let changes = bench.take_changes().expect("the text is released");
    assert_eq!(texts(&changes), [("2", true)]);
    bench.written(changes, Effect::Written);
    assert_eq!(bench.parked(), None);

    // An approval that arrives while another text is staged does not hold for it.
    bench.news("a", "3");
    assert_eq!(bench.park_as(recorded("3", 0)).as_deref(), Some("3"));
    bench.news("a", "4");
    let changes = bench.take_changes().unwrap();
    bench.approve(destination, "3");
    bench.written(changes, recorded("4", 0));
    assert!(bench.take_changes().is_none());
    assert!(bench.parked().is_some());
}

#[test]
fn each_parked_file_of_a_named_group_needs_its_approval() {
    let member = |text: &str| {
        let mut job = limited(text, None);
        job.group = Some(Arc::new(GroupConfig::of_key(GroupKey::Named("g".into()))));
        job
    };
    let jobs = vec![member("{{ key \"a\" }}"), member("-{{ key \"a\" }}")];
    let mut bench = Bench::start(Mode::Daemon, jobs);
    bench.news("a", "1");
    assert_eq!(bench.write(), ["1", "-1"]);
    bench.news("a", "2");
    let changes = bench.take_changes().unwrap();
    let effects = [recorded("2", 0), recorded("-2", 0)];
    let applied = changes.into_iter().zip(effects);
    let applied = applied.map(|(change, effect)| Applied {
        job: change.job,
        destination: change.destination,
        outcome: Ok(effect),
        size: None,
    });
    bench.step(Event::Applied(applied.collect()));
    bench.approve("/out/13", "2");
    assert!(bench.take_changes().is_none());
    bench.approve("/out/14", "-2");
    let changes = bench.take_changes().expect("the group is released");
    assert_eq!(texts(&changes), [("2", true), ("-2", true)]);
}

#[test]
fn the_time_that_an_earlier_process_has_waited_counts() {
    let mut bench = Bench::start(Mode::Daemon, vec![limited("{{ key \"a\" }}", Some(60))]);
    bench.news("a", "1");
    assert_eq!(bench.park_as(recorded("1", 50)).as_deref(), Some("1"));
    bench.pass(Duration::from_secs(9));
    assert!(bench.take_changes().is_none());
    bench.pass(Duration::from_secs(1));
    let changes = bench.take_changes().expect("the text is released");
    assert_eq!(texts(&changes), [("1", true)]);
}
