//! A template together with its destination.

use group_apply::options::GroupConfig;

use super::destination::Destination;
use crate::daemon::renderer::{Renderer, TemplateState};

/// The state of one template and its destination. Shutdown and the status depend on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::daemon) enum JobState {
    /// Data is missing, or a pass or a write is outstanding.
    Waiting,
    /// The destination holds the latest text.
    Done,
    /// The source, the rendering or the write failed.
    Failed,
}

/// A template with its destination.
#[derive(Clone, Copy, Debug)]
pub(in crate::daemon) struct JobView<'a> {
    pub(in crate::daemon) template: &'a TemplateState,
    pub(in crate::daemon) destination: &'a Destination,
}

impl JobView<'_> {
    /// The combined state of template and destination.
    pub(in crate::daemon) fn state(self) -> JobState {
        let Self {
            template,
            destination,
        } = self;
        let is_broken = template.is_source_broken() || self.has_failed_permanently();
        let is_current = template.is_current() && template.is_complete();
        if is_broken {
            JobState::Failed
        } else if destination.is_written() && is_current && !destination.has_unwritten_text() {
            JobState::Done
        } else {
            JobState::Waiting
        }
    }

    /// Returns `true` if the rendering failed although all data was available, or the write failed.
    pub(in crate::daemon) fn has_failed_permanently(self) -> bool {
        self.template.is_rendering_broken() || self.destination.is_broken()
    }

    /// Returns `true` if the data of the template is missing for good.
    pub(super) fn lacks_data(self, renderer: &Renderer) -> bool {
        let mut missing = self.template.missing();
        self.state() == JobState::Waiting
            && missing.any(|(query, _)| renderer.query_failures().is_final(query))
    }

    /// Returns `true` if the template is in this group and its first write is outstanding.
    pub(super) fn waits_with(self, group: &GroupConfig) -> bool {
        !self.destination.is_written()
            && self.state() == JobState::Waiting
            && self.destination.group().key == group.key
    }
}
