//! The files of a template, the result of reading them, and the places and substitutes of its queries.

use std::path::PathBuf;
use std::sync::Arc;

use consul_render::{Template, TemplateError};
use consul_watch::query::Query;
use ctmpl_options::config::resolved::{Job, Mode};

use super::TemplateState;
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

    /// Requests a pass as soon as the source has been read: a reload restores edited files.
    pub(in crate::daemon::renderer) fn render_when_read(&mut self) {
        self.renders_when_read = true;
    }

    /// Returns `true` if the template is rendered as soon as the source has been read again.
    pub(in crate::daemon) fn renders_when_read(&self) -> bool {
        self.renders_when_read && !self.is_source_broken()
    }

    /// Handles the result of reading the source.
    pub(in crate::daemon::renderer) fn source_read(
        &mut self,
        read: &Result<Arc<Template>, TemplateError>,
        mode: Mode,
    ) {
        let name = self.name();
        match read {
            Ok(template) => {
                self.failures.end_of_source(&name);
                self.sources = template.sources();
                let own = self.template.as_ref();
                let is_known = own.is_some_and(|own| Arc::ptr_eq(own, template));
                if !std::mem::take(&mut self.renders_when_read) && is_known {
                    return;
                }
                self.template = Some(Arc::clone(template));
                self.first_answers.clear();
                self.mark_dirty();
            }
            Err(error) => {
                self.sources.extend(error.sources.iter().cloned());
                self.failures
                    .of_source(&name, error, self.template.is_some(), mode);
            }
        }
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
