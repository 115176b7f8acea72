//! A template with its destination and command.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use answer_guard::{FlapDampingConfig, GuardConfig};
use consul_render::{Language, TemplateOptions, TemplateSource};
use group_apply::options::{
    CommandConfig, Drift, FileConfig, GroupConfig, GroupKey, STANDARD_OUTPUT,
};

use crate::config::wait::Settle;

/// A template with its destination and command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Job {
    /// The source of the template.
    pub source: TemplateSource,
    /// How it is read and rendered.
    pub template: TemplateOptions,
    /// The file to write; `None` only in a dry run, which prints the text.
    pub destination: Option<PathBuf>,
    /// The command to run after the file has changed; that of its group, if the group has a name.
    pub command: Option<CommandConfig>,
    /// The group with a name that the template belongs to; `None`: it is applied with the templates
    /// that have the same command.
    pub group: Option<Arc<GroupConfig>>,
    /// The quiescence timer; `None`: off.
    pub settle: Option<Settle>,
    /// When the loss of items in an answer is held back.
    pub guard: GuardConfig,
    /// When an instance that comes and goes is damped.
    pub flap_damping: FlapDampingConfig,
    /// How the file is written.
    pub file: FileConfig,
    /// The effect of a failure of the template on the process.
    pub on_error: OnError,
    /// The maximum time to read the source, and to render it once.
    pub render_timeout: Duration,
}

/// The default of `render_timeout`.
pub(crate) const RENDER_TIMEOUT: Duration = Duration::from_secs(10);

/// The effect of a failure on the process, if a template cannot be rendered with all data, or not be written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum OnError {
    /// The daemon continues with the file as it is; `-once` fails.
    #[default]
    Default,
    /// The process exits with an error.
    Fatal,
    /// The failure is logged only.
    Logged,
}

impl Job {
    /// Creates a job without a destination, a command and permissions.
    #[must_use]
    pub fn of_template(source: TemplateSource, language: Language) -> Self {
        Self {
            source,
            template: TemplateOptions::new(language),
            destination: None,
            command: None,
            group: None,
            settle: None,
            guard: GuardConfig::default(),
            flap_damping: FlapDampingConfig::default(),
            on_error: OnError::default(),
            render_timeout: RENDER_TIMEOUT,
            file: FileConfig::default(),
        }
    }

    /// The group that the template is applied with: the one that it names, or that of its command.
    #[must_use]
    pub fn applied_with(&self) -> Arc<GroupConfig> {
        let group = self.group.clone();
        group.unwrap_or_else(|| Arc::new(self.own_group()))
    }

    /// The group of the template if it names none.
    #[must_use]
    pub(crate) fn own_group(&self) -> GroupConfig {
        let command = self.command.clone().map(GroupConfig::of_command);
        command.unwrap_or_else(|| {
            let destination = self.destination.as_deref().unwrap_or("-".as_ref());
            GroupConfig::of_key(GroupKey::Alone(destination.to_string_lossy().into()))
        })
    }

    /// The destination, if changes by other programs are noticed.
    #[must_use]
    pub fn watched_destination(&self) -> Option<&PathBuf> {
        let is_watched = self.file.drift != Drift::Ignore;
        let destination = self.destination.as_ref().filter(|_| is_watched)?;
        (destination.as_path() != Path::new(STANDARD_OUTPUT)).then_some(destination)
    }

    /// Returns `true` if another job renders its source in the same way. Destination and command may differ.
    #[must_use]
    pub fn reads_as(&self, other: &Self) -> bool {
        self.source == other.source && self.template == other.template
    }
}
