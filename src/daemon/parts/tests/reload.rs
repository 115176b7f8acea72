//! Reloads of the configuration.

mod in_progress;

use config_blocks::FileMode;

use super::*;
use crate::daemon::process::{Renewal, RenewalError};

impl Bench {
    /// Reloads with these templates, and reads their sources.
    pub(super) fn renew(&mut self, jobs: Vec<Job>) {
        self.renew_all(config(Mode::Daemon, jobs));
    }

    /// Reloads with this configuration, and reads the sources.
    pub(super) fn renew_all(&mut self, config: Config) {
        self.step(Event::ConfigRead(Ok(Box::new(
            Renewal::of(config).unwrap(),
        ))));
        self.read_sources();
    }

    /// Reloads with another server. Returns its identity.
    pub(super) fn renew_server(&mut self, jobs: Vec<Job>, answers: EarlierAnswers) -> Arc<str> {
        let mut config = config(Mode::Daemon, jobs);
        config.consul.client = ClientConfig::new(vec!["http://127.0.0.1:8501".parse().unwrap()]);
        config.answers = answers;
        let server = config.consul.client.identity();
        self.renew_all(config);
        server.into()
    }

    /// Reads the sources as requested.
    pub(super) fn read_sources(&mut self) {
        let read = self
            .actions
            .iter()
            .position(|action| matches!(action, Action::ReadSources(_)));
        let Action::ReadSources(jobs) = self.actions.remove(read.expect("sources are read again"))
        else {
            return;
        };
        let read = |job: &Job, known: Option<Arc<Template>>| match known
            .filter(|known| known.is_current())
        {
            Some(known) => Ok(known),
            None => read_template(job),
        };
        let read = jobs
            .into_iter()
            .map(|(number, job, known)| (number, read(&job, known)));
        self.step(Event::SourcesRead(read.collect()));
    }

    /// Reports all writes as unchanged: a reload writes again to repair files that were edited by
    /// hand.
    pub(super) fn report_unchanged(&mut self) {
        while let Some(changes) = self.take_changes() {
            self.written(changes, Effect::Unchanged);
        }
    }

    fn follows(&self) -> bool {
        self.actions
            .iter()
            .any(|action| matches!(action, Action::Follow(_)))
    }
}

fn to(destination: &str, text: &str, command: Option<&str>) -> Job {
    Job {
        destination: Some(destination.into()),
        ..job(text, command)
    }
}

#[test]
fn a_signal_reloads_the_configuration_except_during_shutdown() {
    let mut bench = Bench::start(Mode::Daemon, vec![job("x", None)]);
    bench.step(Event::SignalAction(SignalAction::Reload));
    assert!(
        bench
            .actions
            .iter()
            .any(|action| matches!(action, Action::ReadConfig))
    );
    bench.actions.clear();
    bench.step(Event::SignalAction(SignalAction::End(Signal::SIGTERM)));
    bench.step(Event::SignalAction(SignalAction::Reload));
    assert!(
        !bench
            .actions
            .iter()
            .any(|action| matches!(action, Action::ReadConfig))
    );
}

#[test]
fn a_configuration_that_is_wrong_changes_nothing() {
    let mut bench = Bench::start(Mode::Daemon, vec![job("{{ key \"a\" }}", None)]);
    bench.news("a", "1");
    bench.write();
    bench.actions.clear();
    bench.step(Event::ConfigRead(Err(RenewalError::Config(
        ctmpl_options::config::ConfigError::NothingToDo,
    ))));
    assert!(bench.actions.is_empty(), "{:?}", bench.actions);
    bench.news("a", "2");
    assert_eq!(bench.write(), ["2"]);
}

#[test]
fn unchanged_templates_continue_without_interruption() {
    let jobs = || {
        vec![
            to("/a", "{{ key \"a\" }}", Some("reload")),
            to("/b", "{{ key \"b\" }}", None),
        ]
    };
    let mut bench = Bench::start(Mode::Daemon, jobs());
    bench.news("a", "1");
    bench.news("b", "1");
    bench.write();
    bench.write();
    bench.pass(STARTUP_BATCH_WINDOW);
    let run = bench.take_runs().remove(0);
    bench.ended(run, true);
    bench.actions.clear();
    bench.renew(jobs().into_iter().rev().collect());
    bench.report_unchanged();
    assert!(
        bench.take_runs().is_empty() && !bench.follows(),
        "{:?}",
        bench.actions
    );
    bench.news("b", "2");
    assert_eq!(bench.write(), ["2"], "the template with another index");
}

#[test]
fn templates_are_added_and_removed() {
    let mut bench = Bench::start(Mode::Daemon, vec![to("/a", "{{ key \"a\" }}", None)]);
    bench.news("a", "1");
    bench.write();
    bench.actions.clear();
    bench.renew(vec![
        to("/b", "{{ key \"b\" }}", None),
        to("/a", "{{ key \"a\" }}", None),
    ]);
    assert_eq!(bench.followed(), ["kv.get(a)", "kv.get(b)"]);
    bench.report_unchanged();
    bench.news("b", "one");
    assert_eq!(bench.write(), ["one"]);
    bench.actions.clear();
    bench.renew(vec![to("/b", "{{ key \"b\" }}", None)]);
    assert_eq!(bench.followed(), ["kv.get(b)"]);
    bench.report_unchanged();
    bench.news("a", "two");
    assert!(bench.write().is_empty(), "no template requests it");
}

#[test]
fn another_template_for_the_same_file_has_the_data_of_the_old_one_at_once() {
    let mut bench = Bench::start(Mode::Daemon, vec![to("/a", "{{ key \"a\" }}", None)]);
    bench.news("a", "1");
    bench.write();
    bench.actions.clear();
    bench.renew(vec![to("/a", "new {{ key \"a\" }}", None)]);
    assert!(!bench.follows(), "the query is still followed");
    assert_eq!(bench.write(), ["new 1"]);
}

#[test]
fn a_source_that_was_read_for_the_old_template_is_not_taken_for_the_new_one() {
    let old = to("/a", "old", None);
    let mut bench = Bench::start(Mode::Daemon, vec![old.clone()]);
    bench.write();
    bench.step(Event::ConfigRead(Ok(Box::new(
        Renewal::of(config(Mode::Daemon, vec![to("/a", "new", None)])).unwrap(),
    ))));
    bench.step(Event::SourcesRead(vec![(0, read_template(&old))]));
    assert!(bench.write().is_empty());
    bench.read_sources();
    assert_eq!(bench.write(), ["new"]);
}

#[test]
fn a_new_file_mode_is_written_at_once_and_a_new_wait_is_not() {
    let mut bench = Bench::start(Mode::Daemon, vec![to("/a", "{{ key \"a\" }}", None)]);
    bench.news("a", "1");
    bench.write();
    let mut other = to("/a", "{{ key \"a\" }}", None);
    other.settle = Some(Settle {
        quiet: Duration::from_secs(1),
        most: Duration::from_secs(4),
    });
    bench.renew(vec![other.clone()]);
    bench.report_unchanged();
    bench.news("a", "2");
    assert!(
        bench.write().is_empty(),
        "it waits for the quiescence timer"
    );
    bench.pass(Duration::from_secs(1));
    assert_eq!(bench.write(), ["2"]);
    other.file.perms = Some(FileMode(0o600));
    bench.renew(vec![other]);
    assert_eq!(
        bench.take_changes().unwrap()[0].file.perms,
        Some(FileMode(0o600))
    );
}
