//! Reload commands.

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
