//! Reload commands.

use apply_ledger::Ending;

use super::*;

#[test]
fn one_command_runs_once_for_all_files_and_only_when_one_of_them_changed() {
    let jobs = vec![
        job("{{ key \"a\" }}", Some("reload")),
        job("-{{ key \"a\" }}", Some("reload")),
    ];
    let mut bench = Bench::start(Mode::Daemon, jobs);
    bench.news("a", "1");
    assert_eq!(bench.write(), ["1", "-1"]);
    let runs = bench.take_runs();
    assert_eq!(runs.len(), 1);
    bench.ended(runs[0].clone(), true);
    assert_eq!(bench.take_runs(), []);
    bench.news("a", "2");
    let changes = bench.take_changes().unwrap();
    bench.written(changes, Effect::Unchanged);
    assert_eq!(bench.take_runs(), []);
}

#[test]
fn at_the_start_a_command_waits_a_moment_for_files_that_have_no_data_yet() {
    let jobs = || {
        vec![
            job("{{ key \"a\" }}", Some("reload")),
            job("-{{ key \"b\" }}", Some("reload")),
        ]
    };
    let mut bench = Bench::start(Mode::Daemon, jobs());
    bench.news("a", "1");
    bench.write();
    assert_eq!(bench.take_runs(), []);
    let wake = bench.parts.next_wake().expect("a wake-up is scheduled");
    assert!(wake > bench.now.instant);
    bench.pass(STARTUP_BATCH_WINDOW);
    assert_eq!(bench.take_runs().len(), 1);

    let mut bench = Bench::start(ONCE, jobs());
    bench.news("a", "1");
    bench.write();
    bench.pass(Duration::from_secs(30));
    assert_eq!(bench.take_runs(), [], "-once runs it once");
    assert!(
        bench
            .parts
            .next_wake()
            .is_none_or(|wake| wake > bench.now.instant),
        "it does not spin"
    );
    bench.news("b", "2");
    bench.write();
    assert_eq!(bench.take_runs().len(), 1);
}

#[test]
fn commands_run_one_after_another_in_the_order_of_the_templates() {
    let jobs = vec![
        job("{{ key \"a\" }}", Some("first")),
        job("-{{ key \"a\" }}", Some("second")),
    ];
    let mut bench = Bench::start(Mode::Daemon, jobs);
    bench.news("a", "1");
    bench.write();
    let first = bench.take_runs();
    assert_eq!(first.len(), 1);
    bench.ended(first[0].clone(), false);
    let second = bench.take_runs();
    assert_eq!(
        second[0].line,
        CommandLine::Direct(vec!["second".to_owned()]),
        "a failure delays no other command"
    );
    bench.ended(second[0].clone(), true);
    assert!(
        bench.end().is_none(),
        "a failing command does not end the daemon"
    );
    bench.pass(Duration::from_secs(1));
    assert_eq!(bench.take_runs(), first, "it is tried again");
}

#[test]
fn a_command_that_fails_while_a_file_is_written_is_not_recorded_as_the_failure_of_the_new_content()
{
    let failed = |bench: &Bench| {
        let mut actions = bench.actions.iter();
        actions.any(|action| matches!(action, Action::Finish(_, Ending::Failed)))
    };
    for (is_reported_first, effect, expected) in [
        (false, Effect::Written, false),
        (true, Effect::Written, false),
        (true, Effect::Unchanged, true),
    ] {
        let jobs = vec![job("{{ key \"a\" }}", Some("reload"))];
        let mut bench = Bench::start(Mode::Daemon, jobs);
        bench.news("a", "1");
        assert_eq!(bench.write(), ["1"]);
        let run = bench.take_runs().remove(0);
        bench.news("a", "2");
        let changes = bench.take_changes().unwrap();
        if is_reported_first {
            bench.ended(run.clone(), false);
            assert!(!failed(&bench), "the ledger may know the new content");
            bench.written(changes, effect);
        } else {
            bench.written(changes, effect);
            bench.ended(run.clone(), false);
        }
        assert_eq!(failed(&bench), expected, "{is_reported_first}, {effect:?}");
        bench.pass(Duration::from_secs(1));
        assert_eq!(bench.take_runs(), std::slice::from_ref(&run));
        bench.actions.clear();
        bench.ended(run, false);
        assert!(failed(&bench), "now it has");
    }
}
