//! The parts under test, with actions that are carried out by hand.

use std::collections::BTreeSet;

use super::*;

/// The parts, and the time of the test.
pub(super) struct Bench {
    pub(super) parts: Parts,
    pub(super) now: Moment,
    pub(super) actions: Vec<Action>,
    /// The number of passes.
    pub(super) passes: usize,
}

pub(super) fn job(text: &str, command: Option<&str>) -> Job {
    let line = command.map(|command| CommandLine::Direct(vec![command.to_owned()]));
    Job {
        source: TemplateSource::Inline {
            name: "t".to_owned(),
            text: text.to_owned(),
        },
        template: TemplateOptions {
            allow: Permissions::ALL,
            ..TemplateOptions::new(Language::Go)
        },
        destination: Some(PathBuf::from(format!("/out/{}", text.len()))),
        command: line.map(|line| CommandConfig {
            line,
            action: None,
            timeout: Duration::from_secs(30),
            environment: EnvironmentConfig::default(),
            output: CommandOutput::Inherit,
        }),
        group: None,
        settle: None,
        guard: GuardConfig::default(),
        flap_damping: FlapDampingConfig::default(),
        on_error: ctmpl_options::config::resolved::OnError::default(),
        render_timeout: Duration::from_secs(10),
        file: FileConfig::default(),
    }
}

/// Reads the template of a job.
pub(super) fn read_template(job: &Job) -> Result<Arc<Template>, TemplateError> {
    Template::read(&job.source, &job.template).map(Arc::new)
}

pub(super) fn config(mode: Mode, jobs: Vec<Job>) -> Config {
    Config {
        consul: ConsulConfig {
            client: ClientConfig::new(vec!["http://127.0.0.1:8500".parse().unwrap()]),
            token_file: None,
            max_stale: None,
            block_query_wait: Duration::from_secs(60),
            retry: RetryConfig::DEFAULT,
            load: LoadConfig::DEFAULT,
            exports: Vec::new(),
        },
        jobs,
        exec: None,
        mode,
        dry: false,
        parse_only: false,
        fail_on_missing: false,
        status_addr: None,
        state_dir: None,
        history: 5,
        answers: EarlierAnswers::Kept,
        log: LogConfig::of_level(LogLevel::Warn),
        kill_signal: None,
        reload_signal: None,
        pid_file: None,
        dev: None,
        warnings: Vec::new(),
    }
}

pub(super) fn moment() -> Moment {
    Moment {
        instant: Instant::now(),
        time: Timestamp::UNIX_EPOCH,
        jitter: 0.5,
    }
}

pub(super) const ONCE: Mode = Mode::Once {
    timeout: Some(Duration::from_secs(60)),
};

/// The identity of the server of the configuration.
pub(super) fn server() -> Arc<str> {
    let config = config(Mode::Daemon, Vec::new());
    config.consul.client.identity().into()
}

pub(super) fn key(name: &str) -> Arc<Query> {
    Query::key(name).unwrap().into()
}

pub(super) fn value(text: &str) -> Arc<Answer> {
    Arc::new(Answer::Key(Some(Arc::new(Pair {
        value: text.to_owned(),
        ..Pair::default()
    }))))
}

impl Bench {
    /// Starts the parts and reads the sources.
    pub(super) fn start(mode: Mode, jobs: Vec<Job>) -> Self {
        let now = moment();
        let mut parts = Parts::new(&config(mode, jobs), RenderEnv::default(), now);
        let actions = parts.begin(now);
        let mut bench = Self {
            parts,
            now,
            actions: Vec::new(),
            passes: 0,
        };
        for action in actions {
            match action {
                Action::ReadSources(jobs) => {
                    bench.step(Event::SourcesRead(
                        jobs.iter()
                            .map(|(place, job, _)| (*place, read_template(job)))
                            .collect(),
                    ));
                }
                watch @ Action::Watch(_) => bench.actions.push(watch),
                other => panic!("{other:?} before the sources are read"),
            }
        }
        bench
    }

    /// Handles an event and renders without delay.
    pub(super) fn step(&mut self, event: Event) {
        let mut events = VecDeque::from([event]);
        while let Some(event) = events.pop_front() {
            for action in self.parts.step(&event, self.now) {
                match action {
                    Action::Render(requests) => {
                        self.passes += requests.len();
                        let requests = requests.into_iter();
                        let rendered = requests.map(|request| request.run(&Arc::default()));
                        events.push_back(Event::Rendered(rendered.collect()));
                    }
                    action => self.actions.push(action),
                }
            }
        }
    }

    pub(super) fn pass(&mut self, time: Duration) {
        self.now.instant += time;
        self.step(Event::Time);
    }

    pub(super) fn news(&mut self, name: &str, text: &str) {
        self.step(Event::Watched(vec![WatchEvent::current(
            key(name),
            value(text),
        )]));
    }

    pub(super) fn fails(&mut self, name: &str, status: u16) {
        self.query_fails(key(name), status);
    }

    pub(super) fn query_fails(&mut self, query: Arc<Query>, status: u16) {
        let error = Error::Status {
            server: "s".to_owned(),
            status,
            message: String::new(),
            retry_after: None,
        };
        self.step(Event::Watched(vec![WatchEvent::Failed(
            query,
            Arc::new(error),
        )]));
    }

    /// A query fails because Consul cannot be reached.
    pub(super) fn unreachable(&mut self, query: &Arc<Query>) {
        let error = Error::Unreachable {
            server: "s".to_owned(),
            reason: "refused".to_owned(),
        };
        let failed = WatchEvent::Failed(Arc::clone(query), Arc::new(error));
        self.step(Event::Watched(vec![failed]));
    }

    /// Removes the changes to write; no other decision may have been made meanwhile.
    pub(super) fn take_changes(&mut self) -> Option<Vec<Change>> {
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
    pub(super) fn write(&mut self) -> Vec<String> {
        let Some(changes) = self.take_changes() else {
            return Vec::new();
        };
        let texts = changes
            .iter()
            .map(|change| String::from_utf8(change.content.clone()).unwrap())
            .collect();
        self.written(changes, Effect::Written);
        texts
    }

    pub(super) fn written(&mut self, changes: Vec<Change>, outcome: Effect) {
        let applied = changes.into_iter().map(|change| Applied {
            job: change.job,
            destination: change.destination,
            outcome: Ok(outcome),
            size: None,
        });
        self.step(Event::Applied(applied.collect()));
    }

    /// Removes and returns the commands that were started.
    pub(super) fn take_runs(&mut self) -> Vec<CommandConfig> {
        let (runs, rest) = std::mem::take(&mut self.actions)
            .into_iter()
            .partition(|action| matches!(action, Action::Run(_)));
        self.actions = rest;
        let command = |action| match action {
            Action::Run(group) => group.command.clone().unwrap(),
            other => panic!("{other:?}"),
        };
        Vec::into_iter(runs).map(command).collect()
    }

    pub(super) fn ended(&mut self, command: CommandConfig, succeeded: bool) {
        self.ended_of(GroupKey::Command(command.line), succeeded);
    }

    /// Ends the command of a group.
    pub(super) fn ended_of(&mut self, key: GroupKey, succeeded: bool) {
        let ended = if succeeded {
            Ok(Finished {
                took: Duration::ZERO,
                lingering: None,
            })
        } else {
            let error = CommandError::Failed {
                command: "c".to_owned(),
                code: 1,
                shell: false,
            };
            Err(CommandFailure {
                error: error.into(),
                last_lines: Vec::new(),
            })
        };
        self.step(Event::CommandEnded(key, ended));
    }

    pub(super) fn end(&self) -> Option<End> {
        self.actions.iter().find_map(|action| match action {
            Action::End(end) => Some(*end),
            Action::EndNow => Some(End::Interrupted),
            _ => None,
        })
    }

    pub(super) fn followed(&self) -> Vec<String> {
        let mut sets = self.actions.iter().rev().filter_map(|action| match action {
            Action::Follow(queries) => Some(queries.iter().map(ToString::to_string).collect()),
            _ => None,
        });
        sets.next().unwrap_or_default()
    }

    /// The files that are watched.
    pub(super) fn watched(&self) -> BTreeSet<PathBuf> {
        let mut sets = self.actions.iter().rev().filter_map(|action| match action {
            Action::Watch(files) => Some(files.clone()),
            _ => None,
        });
        sets.next().unwrap_or_default()
    }
}
