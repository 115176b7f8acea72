//! The files of a template, and the places and substitutes of its queries.

use std::path::PathBuf;

use super::TemplateState;
use crate::config::resolved::Job;
use crate::query::Query;
use crate::report::SubstituteReport;

impl TemplateState {
    /// Returns `true` if the job has the same destination or, in a dry run without one, the same
    /// source.
    pub(in crate::daemon::renderer) fn is_of(&self, job: &Job) -> bool {
        self.job.destination == job.destination
            && (job.destination.is_some() || self.job.source == job.source)
    }

    /// The files that the template is read from.
    pub(in crate::daemon::renderer) fn sources(&self) -> impl Iterator<Item = &PathBuf> {
        self.job.source.file().into_iter().chain(&self.sources)
    }

    /// The files to watch for the template: its sources, and its destination if other programs may change it.
    pub(in crate::daemon::renderer) fn watched(&self) -> impl Iterator<Item = &PathBuf> {
        self.sources().chain(self.job.watched_destination())
    }

    /// The file and line that request this query. The line is 0 if it is unknown.
    pub(crate) fn place_of(&self, query: &Query) -> (String, u32) {
        let site = self.dependencies.sites.get(query);
        let place = self.template.as_ref().zip(site);
        let place = place.and_then(|(template, site)| template.place(site));
        place.map_or_else(|| (self.name(), 0), |(name, place)| (name, place.line))
    }

    /// The failing queries for which the template uses an earlier answer or none.
    pub(crate) fn substitutes(&self) -> Vec<SubstituteReport> {
        self.substitutes.report()
    }
}
