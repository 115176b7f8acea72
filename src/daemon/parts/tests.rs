//! The rules of the parts, stepped through by hand: no clock, no file, no process.

mod ending;
mod outputs;
mod passing;
mod reload;
mod status;

use std::collections::VecDeque;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use nix::sys::signal::Signal;
use process_tree::{CommandError, Finished};

use super::*;
use crate::answer::{Answer, Pair};
use crate::apply::ledger::COMMAND_COOLDOWN;
use crate::apply::transaction::{Applied, Change, Outcome};
use crate::config::resolved::{
    CommandConfig, CommandLine, ConsulConfig, Delimiters, EnvironmentConfig, FileConfig, Format,
    Job, Language, LogConfig, LogLevel, MissingKey, Mode, Permissions, RetryConfig, Settle, Source,
    TlsConfig, TransportConfig,
};
use crate::daemon::apply::commands::STARTUP_BATCH_WINDOW;
use crate::daemon::apply::{JobView, Stage};
use crate::daemon::end::End;
use crate::query::{FileQuery, Query};
use crate::render::Template;
use crate::source::Error;
use crate::watch::{FileEvent, WatchEvent};

/// The parts, and the time of the test.
struct Bench {
    parts: Parts,
    now: Moment,
    actions: Vec<Action>,
}

fn job(text: &str, command: Option<&str>) -> Job {
    let line = command.map(|command| CommandLine::Direct(vec![command.to_owned()]));
    Job {
        source: Source::Inline {
            name: "t".to_owned(),
            text: text.to_owned(),
        },
        language: Language::Go,
        destination: Some(PathBuf::from(format!("/out/{}", text.len()))),
        command: line.map(|line| CommandConfig {
            line,
            timeout: Duration::from_secs(30),
            environment: EnvironmentConfig::default(),
        }),
        settle: None,
        missing_key: MissingKey::Zero,
        delimiters: Delimiters::default(),
        allow: Permissions::ALL,
        format: Format::None,
        output_format: None,
        sandbox: None,
        denied: Arc::default(),
        on_error: crate::config::resolved::OnError::default(),
        render_timeout: Duration::from_secs(10),
        file: FileConfig::default(),
    }
}

fn config(mode: Mode, jobs: Vec<Job>) -> Config {
    Config {
        consul: ConsulConfig {
            servers: vec!["http://127.0.0.1:8500".parse().unwrap()],
            tls: TlsConfig::DEFAULT,
            token: None,
            token_file: None,
            auth: None,
            namespace: None,
            partition: None,
            max_stale: None,
            block_query_wait: Duration::from_secs(60),
            retry: RetryConfig::DEFAULT,
            transport: TransportConfig::DEFAULT,
            exports: Vec::new(),
        },
        jobs,
        exec: None,
        mode,
        dry: false,
        parse_only: false,
        fail_on_missing: false,
        log: LogConfig::of_level(LogLevel::Warn),
        kill_signal: None,
        reload_signal: None,
        pid_file: None,
        dev: None,
        warnings: Vec::new(),
    }
}

fn moment() -> Moment {
    Moment {
        instant: Instant::now(),
        time: Timestamp::UNIX_EPOCH,
        jitter: 0.5,
    }
}

const ONCE: Mode = Mode::Once {
    timeout: Some(Duration::from_secs(60)),
};

fn key(name: &str) -> Arc<Query> {
    Query::key(name).unwrap().into()
}

fn value(text: &str) -> Arc<Answer> {
    Arc::new(Answer::Key(Some(Arc::new(Pair {
        value: text.to_owned(),
        ..Pair::default()
    }))))
}

impl Bench {
    /// Starts the parts and reads the sources.
    fn start(mode: Mode, jobs: Vec<Job>) -> Self {
        let now = moment();
        let mut parts = Parts::new(&config(mode, jobs), RenderEnv::default(), now);
        let actions = parts.begin(now);
        let mut bench = Self {
            parts,
            now,
            actions: Vec::new(),
        };
        for action in actions {
            match action {
                Action::ReadSources(jobs) => {
                    let read = |job: &Job| Template::read(job).map(Arc::new);
                    bench.step(Event::SourcesRead(
                        jobs.iter()
                            .map(|(place, job, _)| (*place, read(job)))
                            .collect(),
                    ));
                }
                other => panic!("{other:?} before the sources are read"),
            }
        }
        bench
    }

    /// Handles an event and renders without delay.
    fn step(&mut self, event: Event) {
        let mut events = VecDeque::from([event]);
        while let Some(event) = events.pop_front() {
            for action in self.parts.step(&event, self.now) {
                match action {
                    Action::Render(requests) => {
                        let requests = requests.into_iter();
                        let rendered = requests.map(|request| request.run(&Arc::default()));
                        events.push_back(Event::Rendered(rendered.collect()));
                    }
                    action => self.actions.push(action),
                }
            }
        }
    }

    fn pass(&mut self, time: Duration) {
        self.now.instant += time;
        self.step(Event::Time);
    }

    fn news(&mut self, name: &str, text: &str) {
        self.step(Event::Watched(vec![WatchEvent::Answered(
            key(name),
            value(text),
        )]));
    }

    fn fails(&mut self, name: &str, status: u16) {
        let error = Error::Status {
            server: "s".to_owned(),
            status,
            message: String::new(),
        };
        self.step(Event::Watched(vec![WatchEvent::Failed(
            key(name),
            Arc::new(error),
        )]));
    }

    /// Removes the changes to write; no other decision may have been made meanwhile.
    fn take_changes(&mut self) -> Option<Vec<Change>> {
        let place = self
            .actions
            .iter()
            .position(|action| matches!(action, Action::Write(_)))?;
        match self.actions.remove(place) {
            Action::Write(changes) => Some(changes),
            other => panic!("{other:?}"),
        }
    }

    /// Writes the pending changes and returns their texts.
    fn write(&mut self) -> Vec<String> {
        let Some(changes) = self.take_changes() else {
            return Vec::new();
        };
        let texts = changes
            .iter()
            .map(|change| String::from_utf8(change.content.clone()).unwrap())
            .collect();
        self.written(changes, Outcome::Written);
        texts
    }

    fn written(&mut self, changes: Vec<Change>, outcome: Outcome) {
        let applied = changes.into_iter().map(|change| Applied {
            job: change.job,
            destination: change.destination,
            outcome: Ok(outcome),
        });
        self.step(Event::Applied(applied.collect()));
    }

    /// Removes and returns the commands that were started.
    fn take_runs(&mut self) -> Vec<CommandConfig> {
        let (runs, rest) = std::mem::take(&mut self.actions)
            .into_iter()
            .partition(|action| matches!(action, Action::Run(_)));
        self.actions = rest;
        let command = |action| match action {
            Action::Run(command) => command,
            other => panic!("{other:?}"),
        };
        Vec::into_iter(runs).map(command).collect()
    }

    fn ended(&mut self, command: CommandConfig, succeeded: bool) {
        let ended = if succeeded {
            Ok(Finished {
                took: Duration::ZERO,
                lingering: None,
            })
        } else {
            Err(CommandError::Failed {
                command: "c".to_owned(),
                code: 1,
                shell: false,
            })
        };
        self.step(Event::CommandEnded(command, ended));
    }

    fn end(&self) -> Option<End> {
        self.actions.iter().find_map(|action| match action {
            Action::End(end) => Some(*end),
            Action::EndNow => Some(End::Interrupted),
            _ => None,
        })
    }

    fn followed(&self) -> Vec<String> {
        let mut sets = self.actions.iter().rev().filter_map(|action| match action {
            Action::Follow(queries) => Some(queries.iter().map(ToString::to_string).collect()),
            _ => None,
        });
        sets.next().unwrap_or_default()
    }
}

#[test]
fn all_queries_of_a_pass_are_followed_at_once_and_nothing_is_written_before_all_are_answered() {
    let mut bench = Bench::start(
        Mode::Daemon,
        vec![job("{{ key \"a\" }}{{ key \"b\" }}", None)],
    );
    assert_eq!(bench.followed(), ["kv.get(a)", "kv.get(b)"]);
    bench.news("a", "1");
    assert_eq!(bench.write(), [""; 0]);
    bench.news("b", "2");
    assert_eq!(bench.write(), ["12"]);
}

#[test]
fn only_templates_whose_data_changed_are_rendered_again() {
    let jobs = vec![job("{{ key \"a\" }}", None), job("-{{ key \"b\" }}", None)];
    let mut bench = Bench::start(Mode::Daemon, jobs);
    bench.news("a", "1");
    bench.news("b", "2");
    assert_eq!(bench.write(), ["1"]);
    assert_eq!(bench.write(), ["-2"]);
    bench.news("b", "3");
    assert_eq!(bench.write(), ["-3"]);
}

#[test]
fn a_change_that_comes_during_a_write_is_written_after_it() {
    let mut bench = Bench::start(Mode::Daemon, vec![job("{{ key \"a\" }}", None)]);
    bench.news("a", "1");
    let first = bench.take_changes().unwrap();
    bench.news("a", "2");
    assert!(bench.take_changes().is_none(), "one batch at a time");
    bench.written(first, Outcome::Written);
    assert_eq!(bench.write(), ["2"]);
}

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
    bench.written(changes, Outcome::Unchanged);
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
fn a_failing_template_keeps_its_file_and_touches_no_other() {
    let jobs = vec![
        job("{{ key \"a\" | parseInt }}", None),
        job("-{{ key \"a\" }}", None),
    ];
    let mut bench = Bench::start(Mode::Daemon, jobs);
    bench.news("a", "x");
    assert_eq!(bench.write(), ["-x"]);
    bench.news("a", "5");
    assert_eq!(bench.write(), ["5", "-5"]);
}

#[test]
fn an_error_of_consul_changes_nothing() {
    let mut bench = Bench::start(Mode::Daemon, vec![job("{{ key \"a\" }}", None)]);
    bench.news("a", "1");
    bench.write();
    for status in [500, 403, 429, 400] {
        bench.fails("a", status);
    }
    bench.pass(Duration::from_secs(3600));
    assert!(bench.take_changes().is_none() && bench.end().is_none());
}

#[test]
fn a_deleted_key_keeps_its_last_value() {
    let mut bench = Bench::start(Mode::Daemon, vec![job("{{ key \"a\" }}", None)]);
    bench.news("a", "1");
    bench.write();
    bench.step(Event::Watched(vec![WatchEvent::Answered(
        key("a"),
        Arc::new(Answer::Key(None)),
    )]));
    assert!(bench.write().iter().all(|text| text == "1"));
}

#[test]
fn changes_are_collected_during_wait_except_the_first_and_at_most_for_its_maximum() {
    let second = Duration::from_secs(1);
    let settle = Settle {
        quiet: second * 2,
        most: second * 5,
    };
    let settling = Job {
        settle: Some(settle),
        ..job("{{ key \"a\" }}", None)
    };
    let mut bench = Bench::start(Mode::Daemon, vec![settling]);
    bench.news("a", "0");
    assert_eq!(bench.write(), ["0"], "the first is not delayed");

    bench.news("a", "1");
    assert!(bench.write().is_empty());
    assert_eq!(
        bench.parts.next_wake(),
        Some(bench.now.instant + settle.quiet)
    );
    bench.pass(second);
    bench.news("a", "2");
    bench.pass(second);
    assert!(bench.write().is_empty());
    bench.pass(second);
    assert_eq!(bench.write(), ["2"]);

    for change in 3..8 {
        bench.news("a", &change.to_string());
        assert!(bench.write().is_empty(), "{change}");
        bench.pass(second);
    }
    assert_eq!(bench.write(), ["7"], "five seconds after the first change");

    bench.news("a", "8");
    bench.news("a", "7");
    let changes = bench
        .take_changes()
        .expect("the file already has this text, so the write is due at once");
    bench.written(changes, Outcome::Unchanged);
    bench.pass(second * 10);
    assert!(bench.write().is_empty());
}

#[test]
fn a_broken_source_stays_a_failure_although_the_last_good_version_fails_and_recovers() {
    let mut bench = Bench::start(Mode::Daemon, vec![job("{{ key \"a\" | parseInt }}", None)]);
    bench.news("a", "1");
    assert_eq!(bench.write(), ["1"]);
    let broken = job("{{ nonsense", None);
    let read = Template::read(&broken).map(Arc::new);
    bench.step(Event::SourcesRead(vec![(0, read)]));
    bench.news("a", "x");
    bench.news("a", "2");
    assert_eq!(bench.write(), ["2"], "the last good version stays in force");
    let stages = bench.parts.apply.jobs(&bench.parts.renderer);
    let stages: Vec<_> = stages.map(JobView::stage).collect();
    assert_eq!(stages, [Stage::Failed]);
}

#[test]
fn a_reload_during_a_write_writes_again() {
    let template = job("{{ key \"a\" }}", None);
    let mut bench = Bench::start(Mode::Daemon, vec![template.clone()]);
    bench.news("a", "1");
    let changes = bench.take_changes().expect("it is written");
    bench.step(Event::SourcesRead(vec![(
        0,
        Template::read(&template).map(Arc::new),
    )]));
    bench.written(changes, Outcome::Written);
    assert_eq!(bench.write(), ["1"]);
    assert_eq!(bench.write(), [""; 0], "once");
}

#[test]
fn a_reload_retries_failures_at_once() {
    let mut bench = Bench::start(Mode::Daemon, vec![job("{{key `a`}}", Some("x"))]);
    bench.news("a", "1");
    let changes = bench.take_changes().unwrap();
    let full = || {
        crate::apply::error::WriteError::new(
            "write",
            "/out/11".as_ref(),
            std::io::ErrorKind::StorageFull,
        )
    };
    let failed = |changes: Vec<Change>| {
        let applied = |Change {
                           job, destination, ..
                       }| Applied {
            job,
            destination,
            outcome: Err(full()),
        };
        Event::Applied(changes.into_iter().map(applied).collect())
    };
    bench.step(failed(changes));
    assert!(bench.take_changes().is_none(), "the write is in backoff");
    bench.step(Event::SignalAction(SignalAction::Reload));
    let changes = bench.take_changes().expect("the disk may have room again");
    bench.written(changes, Outcome::Written);

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
    assert_eq!(
        bench.take_runs().len(),
        1,
        "the cause of the failure may be fixed"
    );
}

#[test]
fn a_token_file_is_watched_and_read_again() {
    let mut config = config(Mode::Daemon, vec![job("plain", None)]);
    config.consul.token_file = Some("/t".into());
    let now = moment();
    let mut parts = Parts::new(&config, RenderEnv::default(), now);
    let has = |actions: &[Action], what: &str| {
        actions
            .iter()
            .any(|action| format!("{action:?}").contains(what))
    };
    assert!(has(&parts.begin(now), r#"Watch({"/t"})"#));
    let changed = |file: &str| {
        Event::FilesChanged(FileEvent {
            files: [file.into()].into(),
        })
    };
    assert!(has(&parts.step(&changed("/t"), now), r#"ReadToken("/t")"#));
    assert!(!has(&parts.step(&changed("/other"), now), "ReadToken"));
    assert!(
        has(
            &parts.step(&Event::SignalAction(SignalAction::Reload), now),
            "ReadConfig"
        ),
        "with the configuration, that is"
    );
    assert!(has(
        &parts.step(&Event::TokenRead(Ok("new".into())), now),
        "UseToken"
    ));
    assert!(
        !has(
            &parts.step(&Event::TokenRead(Ok("new".into())), now),
            "UseToken"
        ),
        "it is in use"
    );
    let config = Config {
        mode: Mode::Once { timeout: None },
        ..config
    };
    let mut once = Parts::new(&config, RenderEnv::default(), now);
    assert!(
        !has(&once.begin(now), "Watch("),
        "-once does not wait for another token"
    );
}

#[test]
fn an_answer_belongs_to_the_sandbox_in_which_it_was_read() {
    let text = r#"{{ file "/a" }}"#;
    let within = |name: &str| Some(Arc::from(std::path::Path::new(name)));
    let jobs = [None, within("/x"), within("/y"), within("/x")].map(|sandbox| Job {
        destination: Some(format!("/out/{sandbox:?}").into()),
        sandbox,
        ..job(text, None)
    });
    let mut bench = Bench::start(Mode::Daemon, jobs.to_vec());
    let read = bench.actions.iter().find_map(|action| match action {
        Action::ReadFiles(files) => Some(files.clone()),
        _ => None,
    });
    let read: Vec<_> = read.unwrap().into_iter().map(|file| file.sandbox).collect();
    assert_eq!(read, [None, within("/x"), within("/y")]);
    let file = |sandbox| {
        Arc::new(Query::File(FileQuery {
            path: "/a".into(),
            sandbox,
        }))
    };
    bench.step(Event::Watched(vec![WatchEvent::Answered(
        file(within("/x")),
        Arc::new(Answer::File("x".into())),
    )]));
    let jobs: Vec<_> = bench
        .take_changes()
        .unwrap()
        .into_iter()
        .map(|change| change.job)
        .collect();
    assert_eq!(jobs, [1, 3]);
}

/// Regression test: the second template began its pass before the key was answered and requested
/// the key only during that pass, so it waited for the answer forever.
#[test]
fn an_answer_that_arrives_during_a_pass_is_not_missed() {
    let second = "{{ if eq (key \"a\") \"1\" }}{{ key \"b\" }}{{ end }}";
    let jobs = vec![job("{{ key \"b\" }}", None), job(second, None)];
    let mut bench = Bench::start(Mode::Daemon, jobs);
    let news = Event::Watched(vec![WatchEvent::Answered(key("a"), value("1"))]);
    let mut begun = Vec::new();
    for action in bench.parts.step(&news, bench.now) {
        if let Action::Render(requests) = action {
            begun.extend(requests);
        }
    }
    assert_eq!(begun.len(), 1);
    bench.news("b", "x");
    let ended = begun
        .into_iter()
        .map(|request| request.run(&Arc::default()));
    bench.step(Event::Rendered(ended.collect()));
    assert_eq!(bench.write(), ["x", "x"]);
}
