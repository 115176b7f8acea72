//! The files that were replaced since the last success of a command: which group can restore them.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use group_apply::options::{GroupConfig, GroupKey};

/// The destinations whose previous content is kept, with the groups that restore it.
#[derive(Debug, Default)]
pub(super) struct ReplacedFiles(BTreeMap<PathBuf, GroupKey>);

impl ReplacedFiles {
    /// Notes a destination that was replaced.
    pub(super) fn keep(&mut self, destination: &Path, group: &GroupKey) {
        self.0.insert(destination.to_owned(), group.clone());
    }

    /// Forgets the files of a group: its command has succeeded, or they are restored.
    pub(super) fn forget(&mut self, group: &GroupKey) {
        self.0.retain(|_, own| own != group);
    }

    /// Returns `true` if the previous content of this destination is kept.
    pub(super) fn has(&self, destination: &Path) -> bool {
        self.0.contains_key(destination)
    }

    /// Returns `true` if a group can restore a file.
    pub(super) fn has_files_of(&self, group: &GroupKey) -> bool {
        self.0.values().any(|own| own == group)
    }

    /// Lets the files follow their destinations to the groups that `group_of` returns. Returns those with another group
    /// than before. A group without a command cannot fail, so that it restores nothing. A file without a destination
    /// stays with its group.
    pub(super) fn follow<'a>(
        &mut self,
        group_of: impl Fn(&Path) -> Option<&'a GroupConfig>,
    ) -> BTreeMap<PathBuf, GroupKey> {
        let mut moved = BTreeMap::new();
        self.0.retain(|path, key| {
            let new = group_of(path).filter(|group| group.key != *key);
            let Some(new) = new else { return true };
            if new.has_effect() {
                key.clone_from(&new.key);
                moved.insert(path.clone(), new.key.clone());
            }
            new.has_effect()
        });
        moved
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use group_apply::options::{Probe, Program, VerifyConfig};

    use super::*;

    fn named(name: &str) -> GroupKey {
        GroupKey::Named(name.into())
    }

    fn with_effect(name: &str) -> GroupConfig {
        let probe = Probe::Builtin {
            program: Program::Nginx,
            pid_file: None,
        };
        let timeout = Duration::from_secs(1);
        GroupConfig {
            verify: Some(VerifyConfig { probe, timeout }),
            ..GroupConfig::of_key(named(name))
        }
    }

    #[test]
    fn a_replaced_file_follows_its_destination_to_another_group_with_a_command() {
        let mut files = ReplacedFiles::default();
        for path in ["/stays", "/moved", "/idle", "/removed"] {
            files.keep(path.as_ref(), &named("old"));
        }
        let (old, new) = (with_effect("old"), with_effect("new"));
        let idle = GroupConfig::of_key(named("idle"));
        let moved = files.follow(|path| match path.to_str() {
            Some("/stays") => Some(&old),
            Some("/moved") => Some(&new),
            Some("/idle") => Some(&idle),
            _ => None,
        });
        assert_eq!(moved, BTreeMap::from([("/moved".into(), named("new"))]));
        let groups = ["old", "new", "idle"].map(|name| files.has_files_of(&named(name)));
        assert_eq!(groups, [true, true, false]);
        files.forget(&named("old"));
        assert_eq!(files.0, moved);
    }
}
