//! Plugins: programs whose output a template asks for.
//!
//! A pass over a template runs nothing, for there may be many of them. What a plugin prints is an answer like any
//! other: it runs when a template has everything else and lacks only that, and again when something else that the
//! template depends on has news. Until it has ended, the template waits, and its file stays as it is.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::event::Action;
use super::job::JobState;
use super::state::{State, is_plugin};
use crate::answer::Answer;
use crate::query::Query;

impl State {
    /// Runs the plugins that templates wait for, if they wait for nothing else.
    pub(super) fn run_plugins(&mut self, actions: &mut Vec<Action>) {
        let lacks_nothing_else = |job: &&JobState| job.missing().all(|(query, _)| is_plugin(query));
        let lacked = |job: &'_ JobState| -> Vec<Arc<Query>> {
            let missing: BTreeSet<&Query> = job.missing().map(|(query, _)| query).collect();
            job.asked()
                .filter(|query| missing.contains(&***query))
                .cloned()
                .collect()
        };
        let missing: Vec<Arc<Query>> = self
            .jobs
            .iter()
            .filter(lacks_nothing_else)
            .flat_map(lacked)
            .collect();
        for plugin in missing {
            if !self.plugins.contains_key(&plugin) {
                self.plugins.insert(Arc::clone(&plugin), false);
                actions.push(Action::RunPlugin(plugin));
            }
        }
    }

    /// What this plugin has printed, or is about to print, is stale.
    pub(super) fn ask_again(&mut self, plugin: &Arc<Query>) {
        self.snapshot.forget(plugin);
        if let Some(stale) = self.plugins.get_mut(plugin) {
            *stale = true;
        }
        for job in &mut self.jobs {
            job.lose(plugin);
        }
    }

    pub(super) fn plugin_ended(&mut self, plugin: Arc<Query>, answer: Arc<Answer>) {
        let stale = self.plugins.remove(&plugin).unwrap_or_default();
        if !stale && self.followed.contains(&plugin) {
            self.believe(plugin, answer);
        }
    }
}
