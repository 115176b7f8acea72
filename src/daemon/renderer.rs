//! Follows the dependencies of templates, and renders a template when they have changed.
//!
//! Input: answers, sources, results of passes. Output: queries and files to follow, passes to begin.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Instant;

use consul_render::RenderEnv;
use consul_watch::answer::Answer;
use consul_watch::query::Query;
use ctmpl_options::config::resolved::{Config, Mode};

use super::event::{Action, Event, Moment};
use super::process::Renewal;
use super::query_failures::QueryFailures;
use super::render_pass::{RenderRequest, Rendered};
use crate::report::WakeUpReport;

mod answer_change;
mod answers;
mod answers_and_sizes;
mod arrivals;
mod damping;
mod deferred;
mod failures;
mod first_answers;
mod following;
mod guard_log;
mod guards;
mod held_and_damped;
mod mark_dirty;
mod passes;
mod plugins;
mod rendering;
mod requirements;
mod restoration;
mod restoration_log;
mod retained_names;
mod substitutes;
mod template_state;
mod templates;
mod variables;
mod wake_ups;

use answers::{Answers, files};
use deferred::DeferredFiles;
use passes::Passes;
use plugins::{PluginRuns, is_plugin};
pub(super) use restoration::RestorePolicy;
#[cfg(test)]
pub(super) use retained_names::GRACE;
pub(super) use template_state::TemplateState;
use templates::Templates;
use variables::with_exports;
use wake_ups::WakeUps;

/// The templates and their dependencies.
#[derive(Debug)]
pub(super) struct Renderer {
    mode: Mode,
    templates: Templates,
    answers: Answers,
    wake_ups: WakeUps,
    plugins: PluginRuns,
    /// The environment variables of the process.
    variables: BTreeMap<String, String>,
    env: Arc<RenderEnv>,
    following: Following,
    watched: BTreeSet<PathBuf>,
    deferred: DeferredFiles,
    passes: Passes,
}

/// The relation between the followed queries and files and those that the templates request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Following {
    Current,
    Outdated,
}

impl Renderer {
    /// Creates the templates of a configuration, unread. `env` has the environment of the process.
    pub(super) fn new(config: &Config, env: RenderEnv) -> Self {
        let mode = config.mode;
        // The daemon retries without a limit.
        let attempts = config.consul.retry.attempts;
        let is_once = mode != Mode::Daemon;
        let failures =
            QueryFailures::new(attempts.filter(|_| is_once)).waiting_for_retries(is_once);
        let variables = env.variables.clone();
        Self {
            mode,
            templates: Templates::new(&config.jobs),
            answers: Answers::new(failures, &config.consul.client.identity()),
            wake_ups: WakeUps::default(),
            plugins: PluginRuns::default(),
            env: Arc::new(RenderEnv {
                variables: with_exports(&variables, &config.consul),
                ..env
            }),
            variables,
            following: Following::Outdated,
            watched: BTreeSet::new(),
            deferred: DeferredFiles::new(is_once && !config.dry),
            passes: Passes::default(),
        }
    }

    /// The templates, in the order of the configuration.
    pub(super) fn templates(&self) -> &[TemplateState] {
        self.templates.all()
    }

    /// The queries that are followed.
    pub(super) fn followed(&self) -> &BTreeSet<Arc<Query>> {
        self.answers.followed()
    }

    /// The latest answer to a query.
    pub(super) fn answer(&self, query: &Query) -> Option<&Arc<Answer>> {
        self.answers.snapshot().answer(query)
    }

    /// The queries that are failing.
    pub(super) fn query_failures(&self) -> &QueryFailures {
        self.answers.failures()
    }

    /// The new answers that have arrived, by their effect.
    pub(super) fn wake_ups(&self) -> WakeUpReport {
        self.wake_ups.report()
    }

    /// Returns `true` if this is a pass over the present version of a template.
    pub(super) fn accepts(&self, rendered: &Rendered) -> bool {
        let template = self.templates.get(rendered.number);
        template.is_some_and(|template| template.accepts(rendered))
    }

    /// Returns `true` while rendered texts have to wait for other templates.
    pub(super) fn holds_texts(&self) -> bool {
        self.passes.hold_texts()
    }

    /// Renders a template again, although its data is unchanged.
    pub(super) fn render_again(&mut self, number: usize) {
        self.templates.mark_dirty(number);
    }

    /// Reads all sources.
    pub(super) fn begin(&self) -> Vec<Action> {
        self.read_sources(|_| true)
    }

    /// Handles an event.
    pub(super) fn handle(&mut self, event: &Event, now: Moment) -> Vec<Action> {
        self.answers.turn_to(now.instant);
        match event {
            Event::Watched(events) => {
                for event in events {
                    self.watched(event, now);
                }
                Vec::new()
            }
            Event::PluginEnded(plugin, answer) => {
                if self.plugins.ended(plugin)
                    && let Some(change) = self.answers.on_plugin(plugin, answer)
                {
                    self.accept(change);
                }
                Vec::new()
            }
            Event::FilesChanged(changed) => {
                let is_changed = |path: &PathBuf| changed.concerns(path);
                let mut actions = self.read_sources(|template| template.sources().any(is_changed));
                actions.extend(self.read_files(is_changed));
                actions
            }
            Event::SourcesRead(all) => {
                for (number, read) in all {
                    if let Some(template) = self.templates.get_mut(*number) {
                        template.source_read(read, self.mode);
                        self.following = Following::Outdated;
                    }
                }
                Vec::new()
            }
            Event::Rendered(all) => {
                for rendered in all {
                    self.pass_ended(rendered);
                }
                Vec::new()
            }
            Event::AnswersLoaded(server, all) => {
                self.answers_loaded(server, all, now);
                Vec::new()
            }
            Event::AnswersKept(server, result) => {
                let result = result.as_ref().map_err(Vec::as_slice);
                self.answers.on_kept(server, result);
                Vec::new()
            }
            Event::ConfigRead(Ok(renewal)) => self.renew(renewal),
            _ => Vec::new(),
        }
    }

    /// Returns the actions that follow: passes, and queries and files to follow. `credentials` are more files to watch.
    pub(super) fn advance(
        &mut self,
        credentials: impl Iterator<Item = PathBuf>,
        now: Moment,
    ) -> Vec<Action> {
        for change in self.answers.reconsider(self.templates.all(), now) {
            self.accept(change);
        }
        for (query, changes) in self.answers.end_damping(self.templates.all(), now) {
            self.mark(&query, &changes);
        }
        let mut actions = self.begin_passes(now);
        let has_other_reads = self.answers.take_other_reads();
        if self.following == Following::Outdated || has_other_reads {
            self.following = Following::Current;
            self.follow(&mut actions, credentials, has_other_reads);
        }
        let plugins = self.plugins.start(self.templates.all());
        actions.extend(plugins.into_iter().map(Action::RunPlugin));
        let reads = self.answers.take_due_reads(now.instant);
        actions.extend(reads.into_iter().map(Action::ReadAgain));
        actions.extend(self.restore_answers(now));
        actions
    }

    /// The time at which a template has to be rendered, or rendered texts stop waiting.
    pub(super) fn next_wake(&self) -> Option<Instant> {
        let templates = self.templates.all().iter();
        templates
            .filter_map(TemplateState::next_wake)
            .chain(self.passes.next_wake())
            .chain(self.answers.guards().next_wake())
            .chain(self.answers.retained().next_wake())
            .chain(self.answers.dampers().next_wake())
            .chain(self.answers.restoration.next_wake())
            .min()
    }

    fn read_sources(&self, wanted: impl Fn(&TemplateState) -> bool) -> Vec<Action> {
        let wanted = self
            .templates
            .all()
            .iter()
            .filter(|template| wanted(template));
        let sources: Vec<_> = wanted
            .map(|template| {
                let known = template.template().cloned();
                (template.number(), Arc::clone(template.job()), known)
            })
            .collect();
        if sources.is_empty() {
            return Vec::new();
        }
        vec![Action::ReadSources(sources)]
    }

    fn read_files(&self, wanted: impl Fn(&PathBuf) -> bool) -> Option<Action> {
        let files: Vec<_> = files(self.answers.followed())
            .filter(|file| wanted(&file.path))
            .cloned()
            .collect();
        (!files.is_empty()).then_some(Action::ReadFiles(files))
    }

    /// Adopts a new configuration, and reads all sources and files again.
    fn renew(&mut self, renewal: &Renewal) -> Vec<Action> {
        let config = &renewal.config;
        let mut actions = Vec::new();
        let variables = with_exports(&self.variables, &config.consul);
        if variables != self.env.variables {
            self.env = Arc::new(RenderEnv {
                variables,
                ..RenderEnv::clone(&self.env)
            });
            let templates = self.templates.all_mut().iter_mut();
            templates.for_each(TemplateState::mark_dirty);
            actions.push(Action::Export(config.consul.exports.clone()));
        }
        self.templates.replace(&config.jobs);
        self.renew_answers(config);
        self.end_passes();
        self.following = Following::Outdated;
        let followed = self.answers.followed().iter();
        let plugins: Vec<_> = followed.filter(|query| is_plugin(query)).cloned().collect();
        for plugin in plugins {
            self.run_again(&plugin);
        }
        actions.extend(self.read_sources(|_| true));
        if self.mode == Mode::Daemon {
            actions.extend(self.read_files(|_| true));
        } else {
            self.forget_files();
        }
        actions
    }
}
