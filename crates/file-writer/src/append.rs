//! Appends to an additional file.

use std::fs::File;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::io::{self, Read as _, Seek as _, SeekFrom, Write as _};
use std::path::PathBuf;

use nix::fcntl::OFlag;

use crate::attributes::Attributes;
use crate::error::WriteError;
use crate::target::Target;
use crate::write::Swapped;

/// Content to append to a file.
#[derive(Debug)]
pub struct Append {
    pub(crate) target: Target,
    pub(crate) content: Vec<u8>,
    pub(crate) attributes: Attributes,
}

impl Append {
    /// The key of an append: the file, and a hash of the content.
    pub fn key(&self) -> (PathBuf, u64) {
        let mut hasher = DefaultHasher::new();
        self.content.hash(&mut hasher);
        (self.target.path.clone(), hasher.finish())
    }

    /// Appends the content, and creates the file if it is missing. Returns `None` if nothing was
    /// appended: with `unless_present`, a file that already ends with the content is left alone.
    ///
    /// # Errors
    /// [`WriteError`]. Then the file is truncated to its old length.
    pub fn run(self, unless_present: bool) -> Result<Option<Swapped>, WriteError> {
        let has_appended = self.append(unless_present)?;
        Ok(has_appended.then(|| Swapped::in_directory(self.target.directory)))
    }

    /// Appends the content, and creates the file if it is missing. If appending fails, the file is
    /// truncated to its old length.
    ///
    /// Returns `false` if nothing was appended, because the file already ends with the content.
    /// This is checked only with `unless_present`.
    fn append(&self, unless_present: bool) -> Result<bool, WriteError> {
        let Self {
            target,
            content,
            attributes,
        } = self;
        let failed = |step| WriteError::when(step, &target.path);
        let flags = OFlag::O_RDWR | OFlag::O_APPEND | OFlag::O_CREAT;
        let existing = target.open(flags, "append to")?;
        if !attributes.name_owner_of(&existing.metadata) {
            existing.refuse_planted("append to", &target.path)?;
        }
        let mut file = existing.into_file();
        let old_len = file.metadata().map_err(failed("read"))?.len();
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
