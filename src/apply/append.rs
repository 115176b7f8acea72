//! Appends to a file that a template writes with `writeToFile`.

use std::fs::File;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::io::{self, Read as _, Seek as _, SeekFrom, Write as _};
use std::path::PathBuf;

use nix::fcntl::OFlag;

use super::attributes::Attributes;
use super::error::WriteError;
use super::target::Target;

/// Content to append to a file.
#[derive(Debug)]
pub(super) struct Append {
    pub(super) target: Target,
    pub(super) content: String,
    pub(super) attributes: Attributes,
}

impl Append {
    /// The key of an append: the file, and a hash of the content.
    pub(super) fn key(&self) -> (PathBuf, u64) {
        let mut hasher = DefaultHasher::new();
        self.content.hash(&mut hasher);
        (self.target.path.clone(), hasher.finish())
    }

    /// Appends the content, and creates the file if it is missing. If appending fails, the file is
    /// truncated to its old length.
    ///
    /// Returns `false` if nothing was appended, because the file already ends with the content.
    /// This is checked only with `unless_present`.
    pub(super) fn run(&self, unless_present: bool) -> Result<bool, WriteError> {
        let Self {
            target,
            content,
            attributes,
        } = self;
        let failed = |step| WriteError::when(step, &target.path);
        let flags = OFlag::O_RDWR | OFlag::O_APPEND | OFlag::O_CREAT;
        let mut file = target.open(flags, "append to")?.into_file();
        let old_len = file.metadata().map_err(failed("read"))?.len();
        let content = content.as_bytes();
        let may_be_present = unless_present && old_len > 0 && !content.is_empty();
        if may_be_present && ends_with(&mut file, old_len, content).map_err(failed("read"))? {
            return Ok(false);
        }
        let appended = file
            .write_all(content)
            .map_err(failed("append to"))
            .and_then(|()| attributes.give_in_place(&file, &target.path))
            .and_then(|()| file.sync_all().map_err(failed("append to")));
        if appended.is_err() {
            let _ = file.set_len(old_len);
        }
        appended.map(|()| true)
    }
}

fn ends_with(file: &mut File, len: u64, content: &[u8]) -> io::Result<bool> {
    let Some(start) = len.checked_sub(content.len() as u64) else {
        return Ok(false);
    };
    file.seek(SeekFrom::Start(start))?;
    let mut end = Vec::with_capacity(content.len() + 1);
    file.take(content.len() as u64 + 1).read_to_end(&mut end)?;
    Ok(end == content)
}
