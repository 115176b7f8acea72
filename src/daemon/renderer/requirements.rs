//! What the templates that share a query require of its guard.
//!
//! Input: the templates, and a query. Output: the strictest rules, and the least numbers of items.

use std::sync::Arc;

use answer_guard::{GuardConfig, GuardRules};
use consul_render::Guarding;
use consul_watch::answer::{Answer, Depth};
use consul_watch::query::Query;

use super::template_state::TemplateState;

/// What the templates require of the guard of a query.
pub(super) struct Requirements<'a> {
    /// The strictest rules; `None` if every call sees the latest answer.
    pub(super) rules: Option<GuardRules>,
    /// The calls with options.
    guarding: Vec<&'a Guarding>,
}

impl<'a> Requirements<'a> {
    /// Collects what the templates require.
    pub(super) fn of(templates: &'a [TemplateState], query: &Query) -> Self {
        let mut config: Option<GuardConfig> = None;
        let mut guarding = Vec::new();
        let mut depths = Vec::new();
        for template in templates {
            let Some(own) = template.guard_of(query) else {
                continue;
            };
            config = Some(config.map_or(own, |other| other.strictest(own)));
            guarding.extend(template.guarding(query));
            depths.extend(template.depths(query));
        }
        // Below the whole tree is everything that the first level has, except folders.
        let depth = [Depth::Tree, Depth::Level]
            .into_iter()
            .find(|depth| depths.contains(depth));
        Self {
            rules: config.map(|config| GuardRules { config, depth }),
            guarding,
        }
    }

    /// Returns `true` if a call requires more items than an answer has, and the accepted answer has enough.
    pub(super) fn is_short(&self, accepted: Option<&Arc<Answer>>, answer: &Answer) -> bool {
        let is_short = |answer: &Answer| {
            self.guarding
                .iter()
                .any(|guarding| guarding.is_short(answer))
        };
        is_short(answer) && !accepted.is_some_and(|accepted| is_short(accepted))
    }
}
