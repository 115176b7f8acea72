//! The list of templates, which a reload may replace.

use ctmpl_options::config::resolved::Job;

use super::template_state::TemplateState;

/// The templates, in the order of the configuration.
#[derive(Debug)]
pub(super) struct Templates {
    all: Vec<TemplateState>,
    /// The number of the next template.
    next_number: usize,
}

/// The number of templates that a reload kept, changed, added and removed.
#[derive(Debug, Default)]
struct Tally {
    kept: usize,
    changed: usize,
    new: usize,
    gone: usize,
}

impl Templates {
    /// Creates the templates without reading them.
    pub(super) fn new(jobs: &[Job]) -> Self {
        let jobs = jobs.iter().cloned().enumerate();
        Self {
            next_number: jobs.len(),
            all: jobs
                .map(|(number, job)| TemplateState::new(number, job))
                .collect(),
        }
    }

    /// All templates.
    pub(super) fn all(&self) -> &[TemplateState] {
        &self.all
    }

    /// All templates, mutable.
    pub(super) fn all_mut(&mut self) -> &mut [TemplateState] {
        &mut self.all
    }

    /// The template with this number; `None` if a reload removed it.
    pub(super) fn get(&self, number: usize) -> Option<&TemplateState> {
        self.position(number).map(|at| &self.all[at])
    }

    /// Marks a template for rendering, although its data is unchanged.
    pub(super) fn mark_dirty(&mut self, number: usize) {
        if let Some(template) = self.get_mut(number) {
            template.mark_dirty();
        }
    }

    /// The template with this number, mutable; `None` if a reload removed it.
    pub(super) fn get_mut(&mut self, number: usize) -> Option<&mut TemplateState> {
        self.position(number).map(|at| &mut self.all[at])
    }

    /// Replaces the templates by those of a new configuration. A template with an unchanged
    /// destination continues.
    pub(super) fn replace(&mut self, jobs: &[Job]) {
        let mut tally = Tally::default();
        let mut before = std::mem::take(&mut self.all);
        for job in jobs {
            let place = before.iter().position(|old| old.is_of(job));
            let mut template = match place.map(|place| before.swap_remove(place)) {
                Some(old) if **old.job() == *job => {
                    tally.kept += 1;
                    old
                }
                Some(old) => {
                    tally.changed += 1;
                    old.renewed(job.clone(), self.next_number)
                }
                None => {
                    tally.new += 1;
                    TemplateState::new(self.next_number, job.clone())
                }
            };
            self.next_number += 1;
            template.render_when_read();
            self.all.push(template);
        }
        tally.gone = before.len();
        tally.log();
    }

    fn position(&self, number: usize) -> Option<usize> {
        // Without a reload, the number is the index.
        let is_at = |at: &usize| {
            let template = self.all.get(*at);
            template.is_some_and(|template| template.number() == number)
        };
        let place = Some(number).filter(is_at);
        place.or_else(|| (0..self.all.len()).find(is_at))
    }
}

impl Tally {
    fn log(&self) {
        let Self {
            kept,
            changed,
            new,
            gone,
        } = self;
        tracing::info!(
            name: "reload.done", kept, changed, new, gone,
            "configuration reloaded; templates: {kept} unchanged, {changed} changed, {new} added, {gone} removed"
        );
    }
}
