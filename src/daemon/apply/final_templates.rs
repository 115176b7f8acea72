//! Decides which templates have their final state in `-once`.
//!
//! Input: the templates with their destinations. Output: the numbers of the final ones; `-once` ends after all of them.

use std::collections::BTreeSet;

use super::Apply;
use super::job_view::{JobState, JobView};
use crate::daemon::renderer::Renderer;

impl Apply {
    /// The numbers of the templates whose state is final in `-once`: also if the data of a template, or that of another
    /// one of its named group, is missing for good; but not during a reload, before its source has been read.
    pub(in crate::daemon) fn final_templates(&self, renderer: &Renderer) -> BTreeSet<usize> {
        let lacking = self.jobs(renderer).filter(|job| job.lacks_data(renderer));
        let groups = lacking.map(|job| &job.destination.group().key);
        let blocked: BTreeSet<_> = groups.filter(|key| key.is_named()).collect();
        let is_final = |job: &JobView<'_>| {
            let is_blocked = blocked.contains(&job.destination.group().key);
            let is_final = job.state() != JobState::Waiting
                || job.lacks_data(renderer)
                || (is_blocked && !job.destination.is_written());
            is_final && !job.template.renders_when_read()
        };
        let jobs = self.jobs(renderer).filter(is_final);
        jobs.map(|job| job.template.number()).collect()
    }
}
