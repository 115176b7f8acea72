//! Explains empty answers on the first rendering of a template.
//!
//! Input: passes, and the explanations of the source. Output: a request to explain the empty answers
//! of a first complete pass, and a log line for each.
//!
//! An answer that becomes empty later has its own message.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::event::{Action, Event};
use super::render_pass::{PassResult, Rendered};
use super::renderer::Renderer;
use consul_watch::answer::Answer;
use consul_watch::query::{ConsulQuery, Query};
use consul_watch::source::consul::Emptiness;

/// The maximum number of queries of a template that are explained.
const MAX_QUERIES: usize = 20;

/// The templates whose first complete pass was seen, and the requests in progress.
#[derive(Debug, Default)]
pub(super) struct EmptyAnswers {
    seen: BTreeSet<usize>,
    asked: BTreeSet<Arc<Query>>,
    /// The number of queries without an explanation yet.
    open: usize,
}

impl EmptyAnswers {
    /// Returns `true` while explanations are outstanding.
    pub(super) fn is_open(&self) -> bool {
        self.open > 0
    }

    /// Handles an event. The renderer must have handled it before.
    pub(super) fn handle(&mut self, event: &Event, renderer: &Renderer) -> Option<Action> {
        match event {
            Event::Rendered(all) => {
                let empty: Vec<_> = all
                    .iter()
                    .filter(|rendered| renderer.accepts(rendered))
                    .flat_map(|rendered| self.first_empty(rendered, renderer))
                    .collect();
                self.open += empty.len();
                (!empty.is_empty()).then_some(Action::ExplainEmpty(empty))
            }
            Event::EmptyExplained(explained) => {
                self.open = self.open.saturating_sub(explained.len());
                for (query, emptiness) in explained {
                    if let Some(emptiness) = emptiness {
                        log(query, *emptiness, renderer);
                    }
                }
                None
            }
            _ => None,
        }
    }

    /// The queries with an empty answer, if this is the first complete pass of a template.
    fn first_empty(&mut self, ended: &Rendered, renderer: &Renderer) -> Vec<Arc<Query>> {
        let PassResult::Ended(pass) = &ended.result else {
            return Vec::new();
        };
        if !pass.dependencies.is_complete() || !self.seen.insert(ended.number) {
            return Vec::new();
        }
        let queries = pass.dependencies.queries.iter();
        let empty = queries.filter(|query| is_empty_service(query, renderer));
        let new = empty.filter(|query| self.asked.insert(Arc::clone(query)));
        new.take(MAX_QUERIES).cloned().collect()
    }
}

fn is_empty_service(query: &Arc<Query>, renderer: &Renderer) -> bool {
    let is_service = matches!(
        **query,
        Query::Consul(ConsulQuery::Service(_) | ConsulQuery::Connect(_))
    );
    is_service
        && matches!(
            renderer.answer(query).map(Arc::as_ref),
            Some(Answer::Service(instances)) if instances.is_empty()
        )
}

/// Logs an explanation. Instances that are down are the normal work of health checks.
fn log(query: &Arc<Query>, emptiness: Emptiness, renderer: &Renderer) {
    let Query::Consul(ConsulQuery::Service(service) | ConsulQuery::Connect(service)) = &**query
    else {
        return;
    };
    let mut templates = renderer.templates().iter();
    let template = templates.find(|template| template.queries().any(|own| own == query));
    let place = template.map(|template| template.place_of(query));
    let place = place.map_or_else(String::new, |(file, line)| match line {
        0 => format!("{file}: "),
        line => format!("{file}:{line}: "),
    });
    let (name, reason) = (&service.name, emptiness.to_string());
    let text = format!("{place}service {name:?}: no passing instances ({reason})");
    if matches!(emptiness, Emptiness::NoneMatches { .. }) {
        tracing::info!(name: "service.none_matches", service = name, reason, "{text}");
    } else {
        tracing::warn!(name: "service.empty", service = name, reason, "{text}");
    }
}
