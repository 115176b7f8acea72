//! The rules of the parts, stepped through by hand: no clock, no file, no process.

mod bench;
mod commands;
mod damping;
mod drift;
mod ending;
mod fields;
mod file_order;
mod groups;
mod guard;
mod keeping;
mod outputs;
mod parking;
mod passing;
mod policies;
mod reload;
mod restoring;
mod status;
mod versions;

use std::collections::VecDeque;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use answer_guard::{FlapDampingConfig, GuardConfig};
use consul_render::{
    Language, Permissions, Template, TemplateError, TemplateOptions, TemplateSource,
};
use consul_watch::answer::{Answer, Pair};
use consul_watch::query::{FileQuery, Query};
use consul_watch::source::Error;
use consul_watch::source::consul::ClientConfig;
use consul_watch::watch::WatchEvent;
use ctmpl_options::config::logging::{LogConfig, LogLevel};
use ctmpl_options::config::resolved::{
    ConsulConfig, EarlierAnswers, Job, LoadConfig, Mode, RetryConfig,
};
use ctmpl_options::config::wait::Settle;
use file_watch::FileEvent;
use group_apply::change::{Applied, Change, Effect};
use group_apply::debts::COMMAND_COOLDOWN;
use group_apply::options::{CommandConfig, CommandOutput, EnvironmentConfig, FileConfig, GroupKey};
use jiff::Timestamp;
use nix::sys::signal::Signal;
use process_tree::{CommandError, CommandLine, Finished};

use super::*;
use crate::command::CommandFailure;
use crate::daemon::apply::commands::STARTUP_BATCH_WINDOW;
use crate::daemon::apply::{JobState, JobView};
use crate::daemon::end::End;
use bench::{Bench, ONCE, config, job, key, moment, read_template, server, value};

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
    bench.written(first, Effect::Written);
    assert_eq!(bench.write(), ["2"]);
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
    bench.step(Event::Watched(vec![WatchEvent::current(
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
    bench.written(changes, Effect::Unchanged);
    bench.pass(second * 10);
    assert!(bench.write().is_empty());
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
            ..FileEvent::default()
        })
    };
    assert!(has(&parts.step(&changed("/t"), now), r#"ReadToken("/t")"#));
    let new = Event::FilesChanged(FileEvent {
        new: ["/t".into()].into(),
        ..FileEvent::default()
    });
    assert!(
        has(&parts.step(&new, now), r#"ReadToken("/t")"#),
        "the file may have changed before its watch started"
    );
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
        template: TemplateOptions {
            sandbox,
            ..job(text, None).template
        },
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
    bench.step(Event::Watched(vec![WatchEvent::current(
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
    let news = Event::Watched(vec![WatchEvent::current(key("a"), value("1"))]);
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
