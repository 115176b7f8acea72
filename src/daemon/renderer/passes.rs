//! The render passes in progress: when they begin and end, and whether rendered texts wait for them.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::plugins::{is_plugin, plugins_of};
use super::{Action, Following, Moment, RenderRequest, Rendered, Renderer, TemplateState};

/// The maximum time that rendered texts wait for other templates. The results of one change are
/// written together, but a slow template does not delay the others.
const MAX_TEXT_DELAY: Duration = Duration::from_millis(100);

/// The render passes in progress.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Passes {
    #[default]
    None,
    /// Rendered texts wait until this time, so that they are written together.
    Together { until: Instant },
    /// A pass takes long; the other templates do not wait for it.
    Slow,
}

impl Passes {
    /// Returns `true` while rendered texts have to wait for other templates.
    pub(super) fn hold_texts(self) -> bool {
        matches!(self, Self::Together { .. })
    }

    /// The time at which texts stop waiting.
    pub(super) fn next_wake(self) -> Option<Instant> {
        match self {
            Self::Together { until } => Some(until),
            Self::None | Self::Slow => None,
        }
    }

    /// Records the start of `count` passes. With 0, it only checks the time.
    pub(super) fn begin(&mut self, count: usize, now: Instant) {
        *self = match *self {
            Self::Together { until } if until <= now => Self::Slow,
            Self::None if count > 0 => Self::Together {
                until: now + MAX_TEXT_DELAY,
            },
            passes => passes,
        };
    }

    /// Records that no template is being rendered.
    pub(super) fn end(&mut self) {
        *self = Self::None;
    }
}

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
