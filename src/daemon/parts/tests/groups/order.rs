//! The order and the rate of the commands of groups.

use group_apply::options::ReloadRate;

use super::*;
use crate::daemon::apply::commands::ORDER_WINDOW;
use crate::daemon::state_dir::OwedFile;

#[test]
fn a_command_that_takes_long_delays_others_for_a_moment_and_named_groups_never() {
    let jobs = vec![
        job("{{ key \"a\" }}", Some("first")),
        job("-{{ key \"a\" }}", Some("second")),
        member("--{{ key \"a\" }}", |_| {}),
    ];
    let mut bench = Bench::start(Mode::Daemon, jobs);
    bench.news("a", "1");
    bench.write();
    let lines = |runs: Vec<CommandConfig>| -> Vec<_> {
        runs.iter().map(|run| run.line.to_string()).collect()
    };
    assert_eq!(lines(bench.take_runs()), ["first", "reload"]);
    assert_eq!(
        bench.parts.next_wake(),
        Some(bench.now.instant + ORDER_WINDOW)
    );
    bench.pass(ORDER_WINDOW);
    assert_eq!(lines(bench.take_runs()), ["second"]);
}

#[test]
fn a_hanging_write_delays_no_command_of_another_group_for_long() {
    let jobs = vec![
        job("{{ key \"a\" }}", Some("first")),
        job("-{{ key \"b\" }}", Some("second")),
    ];
    let mut bench = Bench::start(Mode::Daemon, jobs);
    bench.news("a", "1");
    bench.take_changes().unwrap();
    bench.news("b", "1");
    assert_eq!(bench.write(), ["-1"]);
    bench.pass(STARTUP_BATCH_WINDOW);
    assert_eq!(
        bench.take_runs(),
        [],
        "both files belong to the same change"
    );
    bench.step(Event::WritesAreSlow);
    assert_eq!(bench.take_runs().len(), 1);
}

#[test]
fn a_rate_defers_commands_and_drops_none() {
    let group = |group: &mut GroupConfig| {
        group.rate = Some(ReloadRate {
            count: 1,
            period: Duration::from_secs(10),
            burst: 1,
        });
    };
    let mut bench = Bench::start(Mode::Daemon, vec![member("{{ key \"a\" }}", group)]);
    let mut runs = 0;
    for text in 0..100 {
        bench.news("a", &text.to_string());
        bench.write();
        for _ in bench.take_runs() {
            runs += 1;
            bench.ended_of(named(), true);
        }
        bench.pass(Duration::from_millis(100));
    }
    assert_eq!(runs, 1);
    bench.pass(Duration::from_secs(10));
    assert_eq!(bench.take_runs().len(), 1, "the last content is live");
}

/// A template without a named group, whose command is verified.
fn verified_alone(text: &str) -> Job {
    let mut job = job(text, Some("reload"));
    let mut group = GroupConfig::clone(&job.applied_with());
    verified(&mut group);
    job.group = Some(Arc::new(group));
    job
}

#[test]
fn a_verified_command_that_has_not_begun_lets_the_first_text_of_another_template_pass() {
    for mode in [Mode::Daemon, ONCE] {
        let jobs = ["{{ key \"a\" }}", "-{{ key \"b\" }}"].map(verified_alone);
        let mut bench = Bench::start(mode, jobs.into());
        bench.news("a", "1");
        assert_eq!(bench.write(), ["1"]);
        assert_eq!(bench.take_runs(), [], "it waits for the other template");
        bench.news("b", "2");
        assert_eq!(bench.write(), ["-2"], "which does not wait for it");
        assert_eq!(bench.take_runs().len(), 1, "one run covers both");
        bench.news("a", "3");
        assert_eq!(bench.write(), [""; 0], "the content under test stays");
    }
}

#[test]
fn a_verified_command_does_not_begin_while_a_first_text_that_it_covers_is_checked() {
    let jobs = ["{{ key \"a\" }}", "-{{ key \"b\" }}"].map(|text| {
        let mut job = verified_alone(text);
        let mut group = GroupConfig::clone(&job.applied_with());
        checked(&mut group);
        job.group = Some(Arc::new(group));
        job
    });
    let group = jobs[0].applied_with().key.clone();
    let mut bench = Bench::start(Mode::Daemon, jobs.into());
    bench.news("a", "1");
    let first = bench.stage();
    bench.passes_of(group.clone());
    bench.swap(first);
    assert_eq!(bench.take_runs(), [], "it waits for the other template");
    bench.news("b", "2");
    let second = bench.stage();
    assert_eq!(second.len(), 1, "which does not wait for it");
    bench.pass(STARTUP_BATCH_WINDOW);
    assert_eq!(bench.take_runs(), [], "the content under test stays");
    let wake = bench.parts.next_wake();
    assert!(wake.is_none_or(|wake| wake > bench.now.instant), "{wake:?}");
    bench.passes_of(group);
    bench.swap(second);
    assert_eq!(bench.take_runs().len(), 1, "one run covers both");
}

#[test]
fn once_writes_the_files_of_a_group_that_owes_a_verified_command_since_an_earlier_process() {
    let mut bench = Bench::start(ONCE, vec![member("{{ key \"a\" }}", verified)]);
    let owed = OwedFile {
        is_unrestored: false,
        destination: "/out/13".into(),
        intent: failures::owed_intents(1).remove(0),
        previous: None,
    };
    bench.parts.owe(vec![owed], bench.now);
    bench.news("a", "1");
    assert_eq!(bench.write(), ["1"]);
    bench.reload_ended(true);
    bench.verification_ended(true);
    assert_eq!(bench.end(), Some(End::Done));
}

#[test]
fn a_command_that_succeeds_while_the_next_file_is_swapped_is_not_recorded_as_the_success_of_that_file()
 {
    for outcome in [Effect::Written, Effect::Unchanged] {
        let mut bench = Bench::start(Mode::Daemon, vec![member("{{ key \"a\" }}", |_| {})]);
        let ends = |bench: &mut Bench| {
            let end = |action: &Action| matches!(action, Action::Finish(..)).then_some(());
            bench.take(end).len()
        };
        bench.news("a", "1");
        bench.write();
        assert_eq!(bench.take_runs().len(), 1);
        bench.news("a", "2");
        let changes = bench.take_changes().unwrap();
        bench.ended_of(named(), true);
        assert_eq!(ends(&mut bench), 0, "the ledger may know the second file");
        bench.written(changes, outcome);
        if outcome == Effect::Written {
            assert_eq!(ends(&mut bench), 0);
            bench.pass(COMMAND_COOLDOWN);
            bench.reload_ended(true);
        }
        assert_eq!(ends(&mut bench), 1, "{outcome:?}");
    }
}
