//! The file in the state directory with the sizes of the answers that were accepted last.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};

use file_writer::{FileOptions, Stage, Swapped, WriteError, WriteMode, Writer};

use crate::error_chain::chain;
use crate::store::SavedAnswers;

/// The name of the file.
const NAME: &str = "answers";
/// Only the user of the process may read it.
const MODE: u32 = 0o600;

/// The file. Clones refer to the same one.
#[derive(Clone, Debug)]
pub(super) struct AnswerFile {
    path: PathBuf,
    /// Identifies the Consul that answers.
    source: String,
    /// The number of changes in the version on the disk, so that a slow write does not replace a later one; and
    /// whether the last write failed.
    written: Arc<Mutex<Written>>,
}

#[derive(Debug, Default)]
struct Written {
    changes: Option<u64>,
    has_failed: bool,
}

impl AnswerFile {
    /// The file in a state directory.
    pub(super) fn new(directory: &Path, source: String) -> Self {
        Self {
            path: directory.join(NAME),
            source,
            written: Arc::default(),
        }
    }

    /// Uses another Consul from now on.
    pub(super) fn set_source(&mut self, source: String) {
        self.source = source;
    }

    /// Reads the file. A damaged one is moved aside, which is logged.
    pub(super) fn read(&self) -> SavedAnswers {
        let path = self.path.display();
        let error = match fs::read(&self.path) {
            Ok(file) => match SavedAnswers::decode(&file, &self.source) {
                Ok(saved) => return saved,
                Err(error) => error.to_string(),
            },
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                return SavedAnswers::default();
            }
            Err(error) => {
                tracing::warn!(
                    name: "answers.unreadable", %path, %error,
                    "cannot read {path}: {error}; the first answers of Consul are not compared with earlier ones"
                );
                return SavedAnswers::default();
            }
        };
        let now = SystemTime::now().duration_since(UNIX_EPOCH);
        let seconds = now.unwrap_or_default().as_secs();
        let moved_to = self.path.with_extension(format!("damaged-{seconds}"));
        let end = match fs::rename(&self.path, &moved_to) {
            Ok(()) => format!("it is moved to {}", moved_to.display()),
            Err(error) => format!("it cannot be moved aside ({error})"),
        };
        tracing::warn!(
            name: "answers.damaged", %path, error,
            "{path} is damaged ({error}); {end}, and the first answers of Consul are not compared with earlier ones"
        );
        SavedAnswers::default()
    }

    /// Writes the file, unless a later version was written. A failure is logged once.
    pub(super) fn write(&self, saved: &SavedAnswers) {
        let mut written = self.written.lock().unwrap_or_else(PoisonError::into_inner);
        if written
            .changes
            .is_some_and(|changes| changes > saved.changes())
        {
            return;
        }
        match self.replace(&saved.encode(&self.source)) {
            Ok(()) => {
                *written = Written {
                    changes: Some(saved.changes()),
                    has_failed: false,
                };
            }
            Err(error) if !written.has_failed => {
                written.has_failed = true;
                let (path, error) = (self.path.display(), chain(&error));
                tracing::warn!(
                    name: "answers.not_saved", %path, error,
                    "{error}: after a restart, the first answers of Consul are not compared with the latest ones"
                );
            }
            Err(_) => {}
        }
    }

    fn replace(&self, content: &[u8]) -> Result<(), WriteError> {
        let options = FileOptions {
            mode: Some(MODE),
            write: WriteMode::Rename,
            create_directories: false,
            ..FileOptions::default()
        };
        match Writer::new("ctmpl").stage(&self.path, content, None, &options)? {
            Stage::Staged(staged) => Swapped::flush(vec![staged.swap()?]),
            Stage::Unchanged => {}
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;
    use crate::answer::Answer;
    use crate::query::Query;

    fn saved(counts: &[usize]) -> SavedAnswers {
        let mut saved = SavedAnswers::default();
        for count in counts {
            let names = vec!["dc".to_owned(); *count];
            saved.accept(&services(), &Answer::Datacenters(names));
        }
        saved
    }

    fn services() -> Query {
        Query::services("").unwrap()
    }

    #[test]
    fn only_the_user_can_read_what_was_written() {
        let directory = tempfile::tempdir().unwrap();
        let file = AnswerFile::new(directory.path(), "a".to_owned());
        assert_eq!(file.read().items(&services(), None), None);
        file.write(&saved(&[3]));
        assert_eq!(file.read().items(&services(), None), Some(3));
        let mode = fs::metadata(directory.path().join(NAME)).unwrap();
        assert_eq!(mode.permissions().mode() & 0o777, 0o600);
        let names = fs::read_dir(directory.path()).unwrap().count();
        assert_eq!(names, 1, "nothing else is left");
    }

    #[test]
    fn an_earlier_version_does_not_replace_a_later_one() {
        let directory = tempfile::tempdir().unwrap();
        let file = AnswerFile::new(directory.path(), "a".to_owned());
        file.write(&saved(&[1, 2]));
        file.clone().write(&saved(&[1]));
        assert_eq!(file.read().items(&services(), None), Some(2));
    }

    #[test]
    fn a_damaged_file_is_moved_aside() {
        let directory = tempfile::tempdir().unwrap();
        let file = AnswerFile::new(directory.path(), "a".to_owned());
        fs::write(directory.path().join(NAME), "nonsense").unwrap();
        assert_eq!(file.read(), SavedAnswers::default());
        let mut names = fs::read_dir(directory.path()).unwrap();
        let name = names.next().unwrap().unwrap().file_name();
        let name = name.to_string_lossy().into_owned();
        assert!(name.starts_with("answers.damaged-"), "{name}");
        file.write(&saved(&[1]));
        assert_eq!(file.read().items(&services(), None), Some(1));
    }
}
