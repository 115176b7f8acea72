//! The file in the state directory with the sizes of the answers that were accepted last.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};

use file_writer::{FileOptions, Stage, Swapped, WriteError, WriteMode, Writer};

use answer_guard::AnswerSizes;
use error_line::chain;

/// The name of the file.
const NAME: &str = "answers";
/// Only the user of the process may read it.
const MODE: u32 = 0o600;

/// The file. Clones refer to the same one.
#[derive(Clone, Debug)]
pub(super) struct SizesFile {
    path: PathBuf,
    state: Arc<Mutex<State>>,
}

#[derive(Debug, Default)]
struct State {
    /// The number of changes in the version on the disk.
    written: Option<u64>,
    /// `true` while a thread writes the file.
    is_busy: bool,
    /// The version that this thread writes next.
    next: Option<Arc<AnswerSizes>>,
    /// `true` if the last write failed.
    has_failed: bool,
}

impl SizesFile {
    /// The file in a state directory.
    pub(super) fn new(directory: &Path) -> Self {
        Self {
            path: directory.join(NAME),
            state: Arc::default(),
        }
    }

    /// Reads the file. `server` is the identity of the server that answers. A damaged file is moved aside, which is logged.
    pub(super) fn read(&self, server: &str) -> AnswerSizes {
        self.try_read(server)
            .unwrap_or_else(|| AnswerSizes::of(server))
    }

    fn try_read(&self, server: &str) -> Option<AnswerSizes> {
        let path = self.path.display();
        let error = match fs::read(&self.path) {
            Ok(file) => match AnswerSizes::decode(&file, server) {
                Ok(sizes) => return Some(sizes),
                Err(error) => error.to_string(),
            },
            Err(error) if error.kind() == io::ErrorKind::NotFound => return None,
            Err(error) => {
                self.warn_of_unreadable(&error.to_string());
                return None;
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
            name: "answer_sizes.damaged", %path, error,
            "{path} is damaged ({error}); {end}, and the first answers of Consul are not compared with earlier ones"
        );
        None
    }

    /// Logs that the file cannot be read.
    pub(super) fn warn_of_unreadable(&self, error: &str) {
        let path = self.path.display();
        tracing::warn!(
            name: "answer_sizes.unreadable", %path, error,
            "cannot read {path}: {error}; the first answers of Consul are not compared with earlier ones"
        );
    }

    /// Writes the file, unless a later version was written. If another thread writes it, that one continues with
    /// this version, so that a file system that hangs occupies one thread. A failure is logged once. Returns `false` if the
    /// latest version could not be written.
    pub(super) fn write(&self, sizes: Arc<AnswerSizes>) -> bool {
        let mut state = self.lock();
        let next = state.next.as_ref().map(|next| next.changes());
        if state
            .written
            .max(next)
            .is_some_and(|later| later > sizes.changes())
        {
            return true;
        }
        state.next = Some(sizes);
        if state.is_busy {
            return true;
        }
        let mut is_written = true;
        while let Some(sizes) = state.next.take() {
            state.is_busy = true;
            drop(state);
            let replaced = self.replace(&sizes.encode());
            state = self.lock();
            state.is_busy = false;
            is_written = replaced.is_ok();
            match replaced {
                Ok(()) => (state.written, state.has_failed) = (Some(sizes.changes()), false),
                Err(error) if !state.has_failed => {
                    state.has_failed = true;
                    let (path, error) = (self.path.display(), chain(&error));
                    tracing::warn!(
                        name: "answer_sizes.not_saved", %path, error,
                        "{error}: after a restart, the first answers of Consul are not compared with the latest ones"
                    );
                }
                Err(_) => {}
            }
        }
        is_written
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
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
    use consul_watch::answer::Answer;
    use consul_watch::query::Query;

    fn sizes(counts: &[usize]) -> Arc<AnswerSizes> {
        let mut sizes = AnswerSizes::of("a");
        for count in counts {
            let names = vec!["dc".to_owned(); *count];
            sizes.accept(&services(), &Answer::Datacenters(names));
        }
        Arc::new(sizes)
    }

    fn services() -> Query {
        Query::services("").unwrap()
    }

    #[test]
    fn only_the_user_can_read_what_was_written() {
        let directory = tempfile::tempdir().unwrap();
        let file = SizesFile::new(directory.path());
        assert_eq!(file.read("a").items(&services(), None), None);
        assert!(file.write(sizes(&[3])));
        assert_eq!(file.read("a").items(&services(), None), Some(3));
        let mode = fs::metadata(directory.path().join(NAME)).unwrap();
        assert_eq!(mode.permissions().mode() & 0o777, 0o600);
        let names = fs::read_dir(directory.path()).unwrap().count();
        assert_eq!(names, 1, "nothing else is left");
    }

    #[test]
    fn an_earlier_version_does_not_replace_a_later_one() {
        let directory = tempfile::tempdir().unwrap();
        let file = SizesFile::new(directory.path());
        assert!(file.write(sizes(&[1, 2])));
        assert!(file.clone().write(sizes(&[1])));
        assert_eq!(file.read("a").items(&services(), None), Some(2));
    }

    #[test]
    fn a_damaged_file_is_moved_aside() {
        let directory = tempfile::tempdir().unwrap();
        let file = SizesFile::new(directory.path());
        fs::write(directory.path().join(NAME), "nonsense").unwrap();
        assert_eq!(file.read("a"), AnswerSizes::of("a"));
        let mut names = fs::read_dir(directory.path()).unwrap();
        let name = names.next().unwrap().unwrap().file_name();
        let name = name.to_string_lossy().into_owned();
        assert!(name.starts_with("answers.damaged-"), "{name}");
        file.write(sizes(&[1]));
        assert_eq!(file.read("a").items(&services(), None), Some(1));
    }
}
