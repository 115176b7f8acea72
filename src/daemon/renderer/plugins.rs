//! Plugins: programs whose output a template requests.
//!
//! A pass never runs a program, because a template may need many passes. The output of a plugin is
//! treated as an answer. The plugin runs when its output is the only data that a template lacks,
//! and again when another dependency of the template has changed. Until the plugin exits, the
//! template waits and its file stays unchanged.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::template_state::TemplateState;
use consul_watch::query::Query;

/// The running plugins.
#[derive(Debug, Default)]
pub(super) struct PluginRuns {
    running: BTreeMap<Arc<Query>, Output>,
}

/// The validity of the output of a running plugin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Output {
    Wanted,
    /// A dependency has changed since the plugin started; its output is discarded.
    Stale,
}

impl PluginRuns {
    /// Returns the plugins to run now and marks them as running. They belong to templates that lack
    /// only plugins.
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

    /// Marks the output of a running plugin as stale.
    pub(super) fn mark_stale(&mut self, plugin: &Query) {
        if let Some(output) = self.running.get_mut(plugin) {
            *output = Output::Stale;
        }
    }

    /// Handles the exit of a plugin. Returns `true` if its output is valid.
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
    // Plugins are the last of the queries, and this is called for each answer: do not look at thousands of others.
    let plugins = template
        .queries()
        .rev()
        .take_while(|query| is_plugin(query));
    plugins.cloned().collect()
}
