//! What the journal records about the files of a group.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use apply_ledger::{Attributes, Intent, IntentFile, IntentId, Old};
use file_writer::{Previous, target_of};

use crate::options::{GroupConfig, GroupKey};
use crate::secret::Secret;

/// A file that is replaced, with absolute paths.
#[derive(Debug)]
pub(crate) struct ChangedFile {
    /// The destination, at the end of all links.
    pub(crate) destination: PathBuf,
    /// The staged file; `None` if the destination is written in place.
    pub(crate) staged: Option<PathBuf>,
    /// The file that is replaced.
    pub(crate) old: Previous,
    /// The new content.
    pub(crate) new: Secret,
    /// Mode and owner of the new file.
    pub(crate) attributes: Attributes,
}

/// The changed files of one group.
#[derive(Debug)]
pub(super) struct Record {
    pub(super) group: Arc<GroupConfig>,
    name: String,
    command: Option<String>,
    files: Vec<ChangedFile>,
}

impl Record {
    /// Divides changed files into groups, in their order.
    pub(super) fn by_group(
        changes: impl Iterator<Item = (Arc<GroupConfig>, ChangedFile)>,
    ) -> Vec<Self> {
        let mut records: Vec<Self> = Vec::new();
        for (group, file) in changes {
            match records.iter_mut().find(|own| own.group.key == group.key) {
                Some(own) => own.files.push(file),
                None => records.push(Self::new(group, file)),
            }
        }
        records
    }

    fn new(group: Arc<GroupConfig>, file: ChangedFile) -> Self {
        let command = group.command.as_ref();
        Self {
            name: group.key.to_string(),
            command: command.map(|command| command.line.to_string()),
            files: vec![file],
            group,
        }
    }

    /// The intent to replace these files.
    pub(super) fn intent(&self) -> Intent<'_> {
        Intent {
            group: &self.name,
            command: self.command.as_deref(),
            files: self.files.iter().map(ChangedFile::record).collect(),
            rolls_back: None,
        }
    }

    /// The size of the contents.
    pub(super) fn bytes(records: &[Self]) -> usize {
        let files = records.iter().flat_map(|own| &own.files);
        let sizes = files.map(|file| file.new.len() + size_of(&file.old));
        sizes.sum()
    }
}

impl ChangedFile {
    fn record(&self) -> IntentFile<'_> {
        IntentFile {
            destination: &self.destination,
            staged: self.staged.as_deref(),
            old: self.old.content().map(Old::Content),
            new: &self.new,
            attributes: self.attributes,
        }
    }
}

/// The previous files of a group that are about to be restored.
#[derive(Debug)]
pub(super) struct Restoration {
    pub(super) group: GroupKey,
    name: String,
    /// The files with their absolute paths, at the end of all links.
    files: Vec<(PathBuf, Previous)>,
}

impl Restoration {
    pub(super) fn new(group: &GroupKey, files: &[Previous]) -> Self {
        let files = files
            .iter()
            .map(|previous| (recorded_path(previous.destination()), previous.clone()));
        Self {
            group: group.clone(),
            name: group.to_string(),
            files: files.collect(),
        }
    }

    /// The intent to restore these files, after the command of this intent has failed.
    pub(super) fn intent(&self, rolls_back: Option<IntentId>) -> Intent<'_> {
        let files = self.files.iter().filter_map(|(destination, previous)| {
            Some(IntentFile {
                destination,
                staged: None,
                old: None,
                new: previous.content()?,
                attributes: Attributes::default(),
            })
        });
        Intent {
            group: &self.name,
            command: None,
            files: files.collect(),
            rolls_back,
        }
    }

    /// The size of the contents.
    pub(super) fn bytes(&self) -> usize {
        self.files.iter().map(|(_, file)| size_of(file)).sum()
    }
}

/// The path of a file in the ledger: absolute, at the end of all links.
pub(super) fn recorded_path(path: &Path) -> PathBuf {
    let path = target_of(path).unwrap_or_else(|_| path.to_owned());
    std::path::absolute(&path).unwrap_or(path)
}

fn size_of(file: &Previous) -> usize {
    file.content().map_or(0, <[u8]>::len)
}
