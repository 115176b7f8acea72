//! Writes destinations with the options of the configuration, by the crate `file-writer`.

use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};

use file_writer::{FileOptions, Stage, WriteError};

use crate::config::resolved::{FileConfig, Owner, WriteMode};

/// The program in the names of temporary files.
const PROGRAM: &str = "ctmpl";

/// Writes files, batch after batch.
#[derive(Debug)]
pub struct Writer {
    pub(super) files: file_writer::Writer,
    /// The destinations that were partly written before an error, with the content appended to
    /// their outputs.
    pub(super) unfinished: HashMap<PathBuf, Vec<(PathBuf, u64)>>,
    /// `true` if the text of the destination `-` was printed.
    pub(super) has_printed: bool,
    /// The destinations whose in-place warning was logged.
    pub(super) warned: HashSet<PathBuf>,
}

impl Default for Writer {
    fn default() -> Self {
        Self {
            files: file_writer::Writer::new(PROGRAM),
            unfinished: HashMap::new(),
            has_printed: false,
            warned: HashSet::new(),
        }
    }
}

impl Writer {
    /// Stages `content` for `destination`, unless the destination already has this content.
    /// `template` is the file of the template.
    ///
    /// # Errors
    /// [`WriteError`]. Then nothing visible has changed, except that directories may have been created.
    pub fn stage(
        &mut self,
        destination: &Path,
        content: &[u8],
        template: Option<&Path>,
        config: &FileConfig,
    ) -> Result<Stage, WriteError> {
        self.files
            .stage(destination, content, template, &options(config))
    }
}

fn options(config: &FileConfig) -> FileOptions {
    FileOptions {
        mode: config.perms.and_then(config_blocks::FileMode::bits),
        user: config.user.as_ref().map(owner),
        group: config.group.as_ref().map(owner),
        write: match config.write.unwrap_or_default() {
            WriteMode::Auto => file_writer::WriteMode::Auto,
            WriteMode::Rename => file_writer::WriteMode::Rename,
            WriteMode::InPlace => file_writer::WriteMode::InPlace,
        },
        backup: config.backup,
        create_directories: config.create_dest_dirs,
    }
}

fn owner(owner: &Owner) -> file_writer::Owner {
    match owner {
        Owner::Id(number) => file_writer::Owner::Id(*number),
        Owner::Name(name) => file_writer::Owner::Name(name.clone()),
    }
}
