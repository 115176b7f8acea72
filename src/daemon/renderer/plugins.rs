//! Plugins: programs whose output a template requests.
//!
//! A pass over a template runs no program, since there may be many passes. The output of a plugin is an answer like any
//! other: the plugin runs when a template has everything else and lacks only that, and again when something else that
//! the template depends on has changed. Until it has ended, the template waits, and its file stays as it is.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::template_state::TemplateState;
use crate::query::Query;

/// The plugins that run.
#[derive(Debug, Default)]
pub(super) struct Plugins {
    running: BTreeMap<Arc<Query>, Output>,
}

/// What the output of a running plugin is good for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Output {
    Wanted,
    /// Something has changed since the plugin began.
    Stale,
}

impl Plugins {
    /// The plugins to run now: those that templates wait for which wait for nothing else. They count as running.
    pub(super) fn start(&mut self, templates: &[TemplateState]) -> Vec<Arc<Query>> {
        let lacks_only_plugins = |template: &&TemplateState| {
            template.is_current() && template.missing().all(|(query, _)| is_plugin(query))
        };
        let waiting = templates.iter().filter(lacks_only_plugins);
        let missing = waiting.flat_map(|template| {
            let is_missing =
                |query: &&Arc<Query>| template.missing().any(|(lack, _)| *lack == ***query);
            template.queries().filter(is_missing)
        });
        let mut started = Vec::new();
        for plugin in missing {
            if !self.running.contains_key(plugin) {
                self.running.insert(Arc::clone(plugin), Output::Wanted);
                started.push(Arc::clone(plugin));
            }
        }
        started
    }

    /// Notes that what this plugin is about to print is stale.
    pub(super) fn mark_stale(&mut self, plugin: &Query) {
        if let Some(output) = self.running.get_mut(plugin) {
            *output = Output::Stale;
        }
    }

    /// Takes in that a plugin has ended. Returns `true` if its output is wanted.
    pub(super) fn ended(&mut self, plugin: &Query) -> bool {
        self.running.remove(plugin) != Some(Output::Stale)
    }
}

/// Returns `true` if this query is a plugin.
pub(super) fn is_plugin(query: &Query) -> bool {
    matches!(query, Query::Plugin(_))
}

/// The plugins that a template runs.
pub(super) fn plugins_of(template: &TemplateState) -> Vec<Arc<Query>> {
    let plugins = template.queries().filter(|query| is_plugin(query));
    plugins.cloned().collect()
}
