//! Reloads the configuration on a signal, without interruption.
//!
//! Input: the signal, the configuration that was read. Output: the request to read it, and log
//! lines.
//!
//! Every other part adopts its share of the new configuration. Unchanged parts of it continue
//! without interruption: a template keeps its data, its written text and its owed command; a query
//! keeps its long poll. An invalid configuration changes nothing.

use std::collections::BTreeSet;
use std::path::PathBuf;

use ctmpl_options::config::resolved::{Config, EarlierAnswers, Mode};
use error_line::chain;

use super::event::{Action, Event};
use super::renderer::{Renderer, TemplateState};
use crate::signals::SignalAction;

/// The state of a reload.
#[derive(Debug)]
pub(super) struct Reload {
    mode: Mode,
    dry: bool,
    state: StateSettings,
    phase: Phase,
}

/// The settings of the state directory, which is opened once.
#[derive(Clone, Debug, PartialEq, Eq)]
struct StateSettings {
    directory: Option<PathBuf>,
    /// The number of contents of each file.
    history: usize,
    keeps_answers: bool,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Phase {
    Idle,
    /// The configuration is being read.
    Configuration,
    /// The sources of these templates are being read.
    Sources(BTreeSet<usize>),
}

impl Reload {
    /// Creates a value for a process that was started with this configuration.
    pub(super) fn new(config: &Config) -> Self {
        Self {
            mode: config.mode,
            dry: config.dry,
            state: StateSettings::of(config),
            phase: Phase::Idle,
        }
    }

    /// Returns `true` during a reload.
    pub(super) fn is_in_progress(&self) -> bool {
        self.phase != Phase::Idle
    }

    /// Handles an event. The renderer must have handled it before.
    pub(super) fn handle(&mut self, event: &Event, renderer: &Renderer) -> Vec<Action> {
        match event {
            Event::SignalAction(SignalAction::Reload) => {
                tracing::info!(name: "reload.begun", "reloading the configuration");
                self.phase = Phase::Configuration;
                return vec![Action::ReadConfig];
            }
            Event::ConfigRead(Err(error)) => {
                self.phase = Phase::Idle;
                let error = chain(error);
                tracing::error!(name: "reload.refused", error, "{error}; the old configuration stays in use");
            }
            Event::ConfigRead(Ok(renewal)) => {
                let templates = renderer.templates().iter();
                let numbers = templates.map(TemplateState::number).collect();
                self.phase = Phase::Sources(numbers).ended();
                self.warn(&renewal.config);
            }
            Event::SourcesRead(all) => {
                if let Phase::Sources(mut numbers) = std::mem::replace(&mut self.phase, Phase::Idle)
                {
                    numbers.retain(|number| all.iter().all(|(read, _)| read != number));
                    self.phase = Phase::Sources(numbers).ended();
                }
            }
            _ => {}
        }
        Vec::new()
    }

    /// Logs the warnings about the new configuration.
    fn warn(&self, config: &Config) {
        for warning in &config.warnings {
            tracing::warn!(name: "config.warning", "{warning}");
        }
        if config.mode != self.mode || config.dry != self.dry {
            tracing::warn!(
                name: "reload.unchangeable",
                "once, timeout and dry cannot be changed by a reload"
            );
        }
        if StateSettings::of(config) != self.state {
            tracing::warn!(
                name: "reload.unchangeable",
                "state_dir, history and keep_answers cannot be changed by a reload: the values of the start stay in use until a restart"
            );
        }
    }
}

impl StateSettings {
    fn of(config: &Config) -> Self {
        let directory = config.state_dir.as_ref();
        Self {
            directory: directory.map(|own| own.path.clone()),
            history: config.history,
            keeps_answers: config.answers != EarlierAnswers::NotKept,
        }
    }
}

impl Phase {
    /// Returns the next phase if this one has completed.
    fn ended(self) -> Self {
        match self {
            Self::Sources(numbers) if numbers.is_empty() => Self::Idle,
            phase => phase,
        }
    }
}
