//! Reloads while a command is owed, a file is written, or something fails.

use super::*;

impl Bench {
    /// The groups whose command other groups owe now, with the number of these.
    fn transfers(&self) -> Vec<(String, usize)> {
        let transfers = self.actions.iter().filter_map(|action| match action {
            Action::Transfer(all) => Some(all),
            _ => None,
        });
        let transfers = transfers.flatten();
        let transfers = transfers.map(|(from, heirs)| (from.to_string(), heirs.len()));
        transfers.collect()
    }
}

#[test]
fn an_owed_command_is_replaced_by_the_new_command() {
    let with = |command| {
        vec![
            to("/a", "{{ key \"a\" }}", Some(command)),
            to("/b", "b", None),
        ]
    };
    let mut bench = Bench::start(Mode::Daemon, with("broken"));
    bench.news("a", "1");
    bench.write();
    bench.write();
    bench.pass(STARTUP_BATCH_WINDOW);
    let run = bench.take_runs().remove(0);
    bench.ended(run, false);
    bench.renew(with("right"));
    // It waits for the pause after the old command, and then for the files that the reload writes again.
    bench.report_unchanged();
    assert_eq!(bench.take_runs(), []);
    bench.pass(COMMAND_COOLDOWN);
    let run = bench.take_runs().remove(0);
    assert_eq!(run.line.to_string(), "right");
    bench.ended(run, true);
    bench.pass(Duration::from_secs(600));
    assert_eq!(bench.take_runs(), [], "the old command is not owed");
}

#[test]
fn a_write_in_progress_owes_the_command_of_the_new_configuration() {
    let mut bench = Bench::start(Mode::Daemon, vec![to("/a", "{{ key \"a\" }}", Some("old"))]);
    bench.news("a", "1");
    let changes = bench.take_changes().unwrap();
    let mut other = to("/a", "{{ key \"a\" }}", Some("new"));
    other.file.perms = Some(FileMode(0o600));
    bench.renew(vec![other]);
    assert!(bench.take_changes().is_none(), "one batch at a time");
    bench.written(changes, Effect::Written);
    assert_eq!(bench.transfers(), [("old".to_owned(), 1)]);
    bench.pass(STARTUP_BATCH_WINDOW);
    let lines: Vec<_> = bench
        .take_runs()
        .iter()
        .map(|run| run.line.to_string())
        .collect();
    assert!(lines.is_empty(), "files first: {lines:?}");
    let changes = bench.take_changes().expect("the mode is still to be set");
    bench.written(changes, Effect::Unchanged);
    let lines: Vec<_> = bench
        .take_runs()
        .iter()
        .map(|run| run.line.to_string())
        .collect();
    assert_eq!(lines, ["new"]);
}

#[test]
fn a_write_for_an_old_group_hands_over_nothing_that_the_group_owes_for_other_files() {
    let stays = || to("/a", "{{ key \"a\" }}", Some("old"));
    let leaves = |command| to("/b", "-{{ key \"b\" }}", Some(command));
    let cases = [
        (vec![stays(), leaves("new")], vec![("old".to_owned(), 2)]),
        (vec![stays()], Vec::new()),
    ];
    for (jobs, expected) in cases {
        let mut bench = Bench::start(Mode::Daemon, vec![stays(), leaves("old")]);
        bench.news("a", "1");
        assert_eq!(bench.write(), ["1"]);
        bench.pass(STARTUP_BATCH_WINDOW);
        let run = bench.take_runs().remove(0);
        bench.ended(run, false);
        bench.news("b", "2");
        let changes = bench.take_changes().unwrap();
        assert_eq!(changes.len(), 1);
        bench.renew(jobs);
        bench.actions.clear();
        bench.written(changes, Effect::Written);
        assert_eq!(bench.transfers(), expected);
        let ends = |action: &Action| matches!(action, Action::Finish(..));
        assert!(
            !bench.actions.iter().any(ends),
            "the command is owed for /a"
        );
    }
}

#[test]
fn a_command_is_dropped_before_its_group_inherits_another_one() {
    let template = |file: &str, command| to(file, "{{ key `a` }}", Some(command));
    let jobs = vec![template("/a", "first"), template("/b", "second")];
    let mut bench = Bench::start(Mode::Daemon, jobs);
    bench.news("a", "1");
    assert_eq!(bench.write().len(), 2);
    while let Some(run) = bench.take_runs().pop() {
        bench.ended(run, false);
    }
    bench.actions.clear();
    bench.renew(vec![template("/a", "second")]);
    assert_eq!(bench.transfers(), [("first".to_owned(), 1)]);
    let place = |is: fn(&Action) -> bool| bench.actions.iter().position(is);
    let dropped = place(|action| matches!(action, Action::Finish(..)));
    let inherited = place(|action| matches!(action, Action::Transfer(_)));
    assert!(
        dropped.is_some() && dropped < inherited,
        "{:?}",
        bench.actions
    );
}

#[test]
fn another_consul_is_queried_and_the_files_keep_the_old_data() {
    let jobs = || {
        vec![to(
            "/a",
            "{{ key \"a\" }}{{ env \"CONSUL_HTTP_ADDR\" }}",
            None,
        )]
    };
    let mut bench = Bench::start(Mode::Daemon, jobs());
    bench.news("a", "1");
    bench.write();
    bench.actions.clear();
    bench.renew(jobs());
    assert!(
        !bench
            .actions
            .iter()
            .any(|action| matches!(action, Action::UseClient(..))),
        "nothing is different"
    );
    bench.report_unchanged();
    let mut other = config(Mode::Daemon, jobs());
    other.consul.client.servers = vec!["http://127.0.0.1:8501".parse().unwrap()];
    other.consul.exports = vec![("CONSUL_HTTP_ADDR".to_owned(), "there".into())];
    bench.renew_all(other);
    assert!(
        bench
            .actions
            .iter()
            .any(|action| matches!(action, Action::UseClient(..)))
    );
    assert!(
        bench
            .actions
            .iter()
            .any(|action| matches!(action, Action::Export(..)))
    );
    assert!(!bench.follows(), "the followed queries are unchanged");
    assert_eq!(bench.write(), ["1there"]);
    bench.report_unchanged();
    bench.news("a", "2");
    assert_eq!(bench.write(), ["2there"]);
}

#[test]
fn a_broken_source_stays_a_failure_although_the_last_good_version_fails_and_recovers() {
    let mut bench = Bench::start(Mode::Daemon, vec![job("{{ key \"a\" | parseInt }}", None)]);
    bench.news("a", "1");
    assert_eq!(bench.write(), ["1"]);
    let broken = job("{{ nonsense", None);
    let read = read_template(&broken);
    bench.step(Event::SourcesRead(vec![(0, read)]));
    bench.news("a", "x");
    bench.news("a", "2");
    assert_eq!(bench.write(), ["2"], "the last good version stays in use");
    let stages = bench.parts.apply.jobs(&bench.parts.renderer);
    let stages: Vec<_> = stages.map(JobView::state).collect();
    assert_eq!(stages, [JobState::Failed]);
}

#[test]
fn a_reload_during_a_write_writes_again() {
    let template = job("{{ key \"a\" }}", None);
    let mut bench = Bench::start(Mode::Daemon, vec![template.clone()]);
    bench.news("a", "1");
    let changes = bench.take_changes().expect("it is written");
    bench.step(Event::SourcesRead(vec![(0, read_template(&template))]));
    bench.written(changes, Effect::Written);
    assert_eq!(bench.write(), ["1"]);
    assert_eq!(bench.write(), [""; 0], "once");
}

#[test]
fn a_reload_retries_failures_at_once() {
    let mut bench = Bench::start(Mode::Daemon, vec![job("{{key `a`}}", Some("x"))]);
    bench.news("a", "1");
    let changes = bench.take_changes().unwrap();
    let full = || {
        file_writer::WriteError::new("write", "/out/11".as_ref(), std::io::ErrorKind::StorageFull)
    };
    let failed = |changes: Vec<Change>| {
        let applied = |Change {
                           job, destination, ..
                       }| Applied {
            job,
            destination,
            outcome: Err(full()),
            size: None,
        };
        Event::Applied(changes.into_iter().map(applied).collect())
    };
    bench.step(failed(changes));
    assert!(bench.take_changes().is_none(), "the write is in backoff");
    bench.step(Event::SignalAction(SignalAction::Reload));
    let changes = bench.take_changes().expect("the disk may have room again");
    bench.written(changes, Effect::Written);

    for _ in 0..4 {
        let run = bench.take_runs().remove(0);
        bench.ended(run, false);
        bench.pass(Duration::from_secs(300));
    }
    let run = bench.take_runs().remove(0);
    bench.ended(run, false);
    bench.pass(COMMAND_COOLDOWN);
    assert_eq!(
        bench.take_runs(),
        [],
        "the backoff of the command is longer"
    );
    bench.step(Event::SignalAction(SignalAction::Reload));
    bench.step(Event::ConfigRead(Err(RenewalError::Config(
        ctmpl_options::config::ConfigError::NothingToDo,
    ))));
    assert_eq!(
        bench.take_runs().len(),
        1,
        "the cause of the failure may be fixed"
    );
}

/// The owed commands that were dropped.
fn dropped(bench: &Bench) -> Vec<String> {
    let actions = bench.actions.iter();
    let dropped = actions.filter_map(|action| match action {
        Action::Finish(key, apply_ledger::Ending::Dropped) => Some(key.to_string()),
        _ => None,
    });
    dropped.collect()
}

#[test]
fn a_removed_command_in_backoff_does_not_run_at_a_reload() {
    for (command, expected) in [(Some("new"), vec!["new"]), (None, vec![])] {
        let mut bench = Bench::start(Mode::Daemon, vec![to("/a", "{{key `a`}}", Some("old"))]);
        bench.news("a", "1");
        bench.write();
        let run = bench.take_runs().remove(0);
        bench.ended(run, false);
        bench.pass(COMMAND_COOLDOWN);
        bench.actions.clear();
        bench.step(Event::SignalAction(SignalAction::Reload));
        assert_eq!(bench.take_runs(), [], "{command:?}");
        bench.renew(vec![to("/a", "{{key `a`}}", command)]);
        assert_eq!(dropped(&bench).is_empty(), command.is_some());
        assert_eq!(bench.transfers().is_empty(), command.is_none());
        bench.pass(Duration::from_secs(600));
        let lines = bench.take_runs().into_iter();
        let lines: Vec<_> = lines.map(|run| run.line.to_string()).collect();
        assert_eq!(lines, expected);
    }
}

#[test]
fn a_removed_command_that_fails_after_the_reload_is_not_owed() {
    for (command, transfers) in [(Some("new"), vec![("old".to_owned(), 1)]), (None, vec![])] {
        let mut bench = Bench::start(Mode::Daemon, vec![to("/a", "{{key `a`}}", Some("old"))]);
        bench.news("a", "1");
        bench.write();
        let run = bench.take_runs().remove(0);
        bench.renew(vec![to("/a", "{{key `a`}}", command)]);
        assert_eq!(bench.transfers(), transfers, "{command:?}");
        bench.ended(run, false);
        assert_eq!(dropped(&bench), ["old"], "{command:?}");
        assert_eq!(bench.parts.apply.is_owed(), command.is_some());
    }
}

#[test]
fn a_command_without_files_that_fails_while_the_next_file_is_swapped_is_not_recorded_as_the_end_of_that_file()
 {
    for command in [Some("new"), None] {
        let jobs = |first| {
            let other = to("/b", "-{{ key `b` }}", Some("old"));
            vec![to("/a", "{{ key `a` }}", first), other]
        };
        let mut bench = Bench::start(Mode::Daemon, jobs(Some("old")));
        bench.news("a", "1");
        assert_eq!(bench.write(), ["1"]);
        bench.news("b", "1");
        assert_eq!(bench.write(), ["-1"]);
        bench.pass(STARTUP_BATCH_WINDOW);
        let run = bench.take_runs().remove(0);
        bench.ended(run, true);
        bench.pass(COMMAND_COOLDOWN);
        bench.news("a", "2");
        assert_eq!(bench.write(), ["2"]);
        let run = bench.take_runs().remove(0);
        bench.news("b", "2");
        let changes = bench.take_changes().unwrap();
        bench.renew(jobs(command));
        bench.ended(run, false);
        assert_eq!(dropped(&bench), [""; 0], "the ledger may know the file");
        bench.written(changes, Effect::Unchanged);
        assert_eq!(dropped(&bench), ["old"], "{command:?}");
    }
}
