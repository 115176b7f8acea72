//! All templates, which a reload may replace.

use super::template_state::TemplateState;
use crate::config::resolved::Job;

/// The templates, in the order of the configuration.
#[derive(Debug)]
pub(super) struct Templates {
    all: Vec<TemplateState>,
    /// The number of the next template.
    next_number: usize,
}

/// The changes that a new configuration made to the templates.
#[derive(Debug, Default)]
struct Tally {
    kept: usize,
    changed: usize,
    new: usize,
    gone: usize,
}

impl Templates {
    /// Creates templates that are not read yet.
    pub(super) fn new(jobs: &[Job]) -> Self {
        let jobs = jobs.iter().cloned().enumerate();
        Self {
            next_number: jobs.len(),
            all: jobs
                .map(|(number, job)| TemplateState::new(number, job))
                .collect(),
        }
    }

    /// All of them.
    pub(super) fn all(&self) -> &[TemplateState] {
        &self.all
    }

    /// All of them, to be changed.
    pub(super) fn all_mut(&mut self) -> &mut [TemplateState] {
        &mut self.all
    }

    /// The template with this number, if it is still there.
    pub(super) fn get(&self, number: usize) -> Option<&TemplateState> {
        self.position(number).map(|at| &self.all[at])
    }

    /// The template with this number, if it is still there.
    pub(super) fn get_mut(&mut self, number: usize) -> Option<&mut TemplateState> {
        self.position(number).map(|at| &mut self.all[at])
    }

    /// Puts the templates of another configuration in the place of these. A template continues as long as its
    /// destination is the same.
    pub(super) fn replace(&mut self, jobs: &[Job]) {
        let mut tally = Tally::default();
        let mut before = std::mem::take(&mut self.all);
        for job in jobs {
            let place = before.iter().position(|old| old.is_of(job));
            let template = match place.map(|place| before.swap_remove(place)) {
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
            self.all.push(template);
        }
        tally.gone = before.len();
        tally.tell();
    }

    fn position(&self, number: usize) -> Option<usize> {
        // Without a reload, the number is the place.
        let is_at = |at: &usize| {
            let template = self.all.get(*at);
            template.is_some_and(|template| template.number() == number)
        };
        let place = Some(number).filter(is_at);
        place.or_else(|| (0..self.all.len()).find(is_at))
    }
}

impl Tally {
    fn tell(&self) {
        let Self {
            kept,
            changed,
            new,
            gone,
        } = self;
        tracing::info!(
            name: "reload.done", kept, changed, new, gone,
            "the configuration is read again; templates: {kept} as they were, {changed} changed, {new} new, {gone} gone"
        );
    }
}
