//! What the templates that share a query require of its flap damping.
//!
//! Input: the templates, and a query. Output: the strictest numbers, and the least numbers of items.

use answer_guard::{FlapDampingConfig, damped_by};
use consul_render::Guarding;
use consul_render::counted::Counted;
use consul_watch::answer::Answer;
use consul_watch::query::Query;

use crate::daemon::renderer::template_state::TemplateState;

/// The rules for one query.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::daemon::renderer) struct DampingRules {
    /// The strictest numbers.
    pub(super) config: FlapDampingConfig,
    /// The calls with options about a collapse.
    guarding: Vec<Guarding>,
    /// What the calls select of the answer.
    selections: Vec<Counted>,
}

impl DampingRules {
    /// Collects what the templates require; `None` if no template has flap damping for this query.
    pub(super) fn of(templates: &[TemplateState], query: &Query) -> Option<Self> {
        damped_by(query)?;
        let mut config: Option<FlapDampingConfig> = None;
        let (mut guarding, mut selections) = (Vec::new(), Vec::new());
        for template in templates {
            if let Some(own) = template.damping_of(query) {
                config = Some(config.map_or(own, |other| other.strictest(own)));
                guarding.extend(template.guarding(query).cloned());
                for selection in template.selections(query) {
                    let selection = Counted::of(selection);
                    if !selections.contains(&selection) {
                        selections.push(selection);
                    }
                }
            }
        }
        config.map(|config| Self {
            config,
            guarding,
            selections,
        })
    }

    /// Returns `true` if a part of the answer is enough for all calls: it has the items that they require, as far as the
    /// answer has them, and no call loses more than `max_damped` of the items that it selects. It is monotone, because no
    /// count becomes smaller by a further instance.
    pub(super) fn is_enough(&self, part: &Answer, answer: &Answer) -> bool {
        let keeps = |selection: &Counted| {
            let [left, all] = [part, answer].map(|answer| selection.count(answer));
            all.saturating_sub(left) <= self.config.max_damped_of(all)
        };
        let mut calls = self.guarding.iter();
        self.selections.iter().all(keeps) && calls.all(|guarding| guarding.is_enough(part, answer))
    }
}
