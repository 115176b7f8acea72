//! Begins the passes that render templates, and handles their results.

use std::sync::Arc;

use super::plugins::{is_plugin, plugins_of};
use super::{Action, Following, Moment, RenderRequest, Rendered, Renderer, TemplateState};

impl Renderer {
    /// Returns the action that renders the templates that are due.
    pub(super) fn begin_passes(&mut self, now: Moment) -> Vec<Action> {
        let mut requests = Vec::new();
        for template in self.templates.all_mut() {
            if let Some(source) = template.begin_pass(now.instant) {
                requests.push(RenderRequest {
                    number: template.number(),
                    template: source,
                    snapshot: template.seen(self.answers.snapshot()),
                    env: Arc::clone(&self.env),
                    time: now.time,
                    limit: template.job().render_timeout,
                });
            }
        }
        self.passes.begin(requests.len(), now.instant);
        if requests.is_empty() {
            return Vec::new();
        }
        vec![Action::Render(requests)]
    }

    /// Handles the result of a pass.
    pub(super) fn pass_ended(&mut self, rendered: &Rendered) {
        if let Some(template) = self.templates.get_mut(rendered.number) {
            if template.pass_ended(rendered) {
                self.following = Following::Outdated;
            }
            let missed = template.take_missed();
            for query in &missed {
                self.wake_ups.reconsider(query);
            }
            if missed.iter().any(|query| !is_plugin(query)) {
                for plugin in plugins_of(template) {
                    self.run_again(&plugin);
                }
            }
        }
        self.answers.schedule_restoration();
        self.end_passes();
    }

    /// Rendered texts stop waiting if no template is being rendered.
    pub(super) fn end_passes(&mut self) {
        if !self.templates.all().iter().any(TemplateState::is_rendering) {
            self.passes.end();
        }
    }
}
