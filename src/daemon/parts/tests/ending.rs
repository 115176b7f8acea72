//! The end of the process: when, and with which result.

use super::*;

#[test]
fn once_is_done_when_all_is_written_and_every_command_has_succeeded() {
    let mut bench = Bench::start(ONCE, vec![job("{{ key \"a\" }}", Some("reload"))]);
    bench.news("a", "1");
    bench.write();
    assert_eq!(bench.end(), None);
    let run = bench.take_runs().remove(0);
    bench.ended(run, true);
    assert_eq!(bench.end(), Some(End::Done));
}

#[test]
fn once_fails_with_a_command_a_template_or_a_refusal_but_not_before_the_others_are_done() {
    let mut bench = Bench::start(ONCE, vec![job("{{ key \"a\" }}", Some("reload"))]);
    bench.news("a", "1");
    bench.write();
    let run = bench.take_runs().remove(0);
    bench.ended(run, false);
    assert_eq!(bench.end(), Some(End::Failed));

    let jobs = || {
        vec![
            job("{{ key \"a\" | parseInt }}", None),
            job("-{{ key \"b\" }}", None),
        ]
    };
    let mut bench = Bench::start(ONCE, jobs());
    bench.news("a", "x");
    assert_eq!(bench.end(), None);
    bench.news("b", "1");
    assert_eq!(bench.write(), ["-1"]);
    assert_eq!(bench.end(), Some(End::Failed));

    let mut bench = Bench::start(ONCE, jobs());
    bench.fails("a", 404);
    assert_eq!(bench.end(), None);
    bench.news("b", "1");
    bench.write();
    assert_eq!(bench.end(), Some(End::Failed));

    let mut bench = Bench::start(ONCE, vec![job("{{ nonsense }}", None)]);
    assert_eq!(bench.end(), Some(End::Failed));
    bench.actions.clear();
}

#[test]
fn once_ends_at_its_timeout_and_runs_the_commands_of_written_files() {
    let jobs = vec![
        job("{{ key \"a\" }}", Some("reload")),
        job("-{{ key \"b\" }}", Some("reload")),
    ];
    let mut bench = Bench::start(ONCE, jobs);
    bench.news("a", "1");
    bench.write();
    let timeout = bench.now.instant + Duration::from_secs(60);
    // Until then, warnings about the missing data wake it.
    while let Some(wake) = bench.parts.next_wake().filter(|wake| *wake < timeout) {
        bench.pass(wake - bench.now.instant);
        assert_eq!(bench.end(), None);
        assert!(bench.take_runs().is_empty());
    }
    assert_eq!(bench.parts.next_wake(), Some(timeout));
    bench.pass(timeout - bench.now.instant);
    assert_eq!(bench.end(), None);
    let run = bench.take_runs().remove(0);
    bench.ended(run, true);
    assert_eq!(bench.end(), Some(End::TimedOut));
}

#[test]
fn an_orderly_shutdown_waits_for_work_in_progress_and_a_second_signal_does_not() {
    let jobs = || vec![job("{{ key \"a\" }}", Some("reload"))];
    let mut bench = Bench::start(Mode::Daemon, jobs());
    bench.news("a", "1");
    let changes = bench.take_changes().unwrap();
    bench.step(Event::SignalAction(SignalAction::End(Signal::SIGTERM)));
    assert_eq!(bench.end(), None, "a file is being written");
    bench.written(changes, Effect::Written);
    assert_eq!(bench.end(), None, "its command is owed");
    let run = bench.take_runs().remove(0);
    bench.ended(run, true);
    assert_eq!(bench.end(), Some(End::Interrupted));

    let mut bench = Bench::start(Mode::Daemon, jobs());
    bench.news("a", "1");
    bench.write();
    bench.step(Event::SignalAction(SignalAction::End(Signal::SIGTERM)));
    assert_eq!(bench.end(), None);
    bench.step(Event::SignalAction(SignalAction::End(Signal::SIGTERM)));
    assert_eq!(bench.end(), Some(End::Interrupted));

    let mut bench = Bench::start(Mode::Daemon, jobs());
    bench.step(Event::SignalAction(SignalAction::End(Signal::SIGTERM)));
    assert_eq!(bench.end(), Some(End::Interrupted));
}

#[test]
fn answers_and_failures_of_dropped_queries_are_not_kept() {
    let text = "{{ if keyExists \"switch\" }}{{ key \"a\" }}{{ end }}";
    let mut bench = Bench::start(Mode::Daemon, vec![job(text, None)]);
    bench.news("switch", "on");
    bench.news("a", "old");
    assert_eq!(bench.write(), ["old"]);
    let off = WatchEvent::current(key("switch"), Arc::new(Answer::Key(None)));
    bench.step(Event::Watched(vec![off]));
    assert_eq!(bench.write(), [""]);
    // These were in flight when the query was dropped.
    bench.news("a", "older");
    bench.fails("a", 500);
    bench.news("switch", "on");
    assert_eq!(bench.write(), [""; 0], "it waits for a fresh answer");
    bench.news("a", "new");
    assert_eq!(bench.write(), ["new"]);
}

#[test]
fn a_lost_task_ends_the_process() {
    let mut bench = Bench::start(Mode::Daemon, vec![job("{{ key \"a\" }}", None)]);
    bench.step(Event::TaskLost("panicked".to_owned()));
    assert_eq!(bench.end(), Some(End::Failed));
}
