//! The queries and files that are followed: those that the templates request, and those that are read because an answer
//! is held back.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Arc;

use consul_watch::query::Query;
use ctmpl_options::config::resolved::Mode;

use super::answers::files;
use super::template_state::TemplateState;
use super::{Action, Following, Renderer};

impl Renderer {
    /// Follows the queries and files that are requested now, and no others.
    pub(super) fn follow(
        &mut self,
        actions: &mut Vec<Action>,
        credentials: impl Iterator<Item = PathBuf>,
        has_other_reads: bool,
    ) {
        let templates = self.templates.all();
        let queries: BTreeSet<_> = templates
            .iter()
            .flat_map(TemplateState::queries)
            .cloned()
            .collect();
        let watched: BTreeSet<_> = templates
            .iter()
            .flat_map(TemplateState::watched)
            .chain(files(&queries).map(|file| &file.path))
            .cloned()
            .chain(credentials)
            .collect();
        if queries != *self.answers.followed() || has_other_reads {
            let is_remote = |query: &&Arc<Query>| matches!(***query, Query::Consul(_));
            let remote = queries.iter().filter(is_remote);
            let remote = remote
                .chain(self.answers.guards().reads())
                .cloned()
                .collect();
            actions.push(Action::Follow(remote));
            self.wake_ups.retain(|query| queries.contains(query));
            let new = self.answers.follow(queries);
            let new = self.deferred.defer(new, self.templates.all());
            if !new.is_empty() {
                actions.push(Action::ReadFiles(new));
            }
        }
        if watched != self.watched {
            // `-once` ends when everything is written, so changes of files do not matter.
            if self.mode == Mode::Daemon {
                actions.push(Action::Watch(watched.clone()));
            }
            self.watched = watched;
        }
    }

    /// Forgets all files and their contents, so that they count as new: in `-once`, they are deferred again.
    pub(super) fn forget_files(&mut self) {
        self.deferred.clear();
        let mut others = self.answers.followed().clone();
        others.retain(|query| !matches!(**query, Query::File(_)));
        self.answers.follow(others);
        self.following = Following::Outdated;
    }

    /// Returns `true` if files are not read yet because other templates write them.
    pub(in crate::daemon) fn has_deferred_files(&self) -> bool {
        !self.deferred.is_empty()
    }

    /// Reads the deferred files of templates that are final.
    pub(in crate::daemon) fn read_deferred_files(
        &mut self,
        final_templates: &BTreeSet<usize>,
    ) -> Option<Action> {
        let templates = self.templates.all();
        let ready = self.deferred.take_ready(templates, final_templates);
        (!ready.is_empty()).then_some(Action::ReadFiles(ready))
    }
}
