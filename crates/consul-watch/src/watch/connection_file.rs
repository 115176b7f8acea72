//! The file in the state directory with the [record](ConnectionRecord) of the connections.
//!
//! It is not flushed to the disk: after a crash of the machine it means nothing any more.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use nix::time::{ClockId, clock_gettime};

use super::connection_record::{BootTime, ConnectionRecord, KeptConnections, decode, encode};

/// The name of the file.
const NAME: &str = "connections";
/// Only the user of the process may read it.
const MODE: u32 = 0o600;
/// Identifies the start of the machine.
const BOOT_ID: &str = "/proc/sys/kernel/random/boot_id";

/// The file. Clones refer to the same one.
#[derive(Clone, Debug)]
pub struct ConnectionFile {
    path: PathBuf,
    boot: String,
    /// The name of the setting for the number of connections.
    setting: &'static str,
    /// `true` if the last write failed.
    has_failed: Arc<AtomicBool>,
}

impl ConnectionFile {
    /// The file in a state directory; `None` if the system does not identify its starts. `setting` is the name that a
    /// message has for the maximum number of connections.
    #[must_use]
    pub fn new(directory: &Path, setting: &'static str) -> Option<Self> {
        let boot = fs::read_to_string(BOOT_ID).ok()?.trim().to_owned();
        (!boot.is_empty()).then(|| Self {
            path: directory.join(NAME),
            boot,
            setting,
            has_failed: Arc::default(),
        })
    }

    /// For how long the servers still keep connections of earlier processes. A file that says nothing about the present
    /// is ignored.
    #[must_use]
    pub fn read(&self) -> KeptConnections {
        let error = match fs::read(&self.path) {
            Ok(file) => match decode(&file, &self.now()) {
                Ok(kept) => return kept,
                Err(error) => error.to_string(),
            },
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                return KeptConnections::default();
            }
            Err(error) => error.to_string(),
        };
        self.log_ignored(&error);
        KeptConnections::default()
    }

    /// Logs that the file is ignored.
    pub fn log_ignored(&self, error: &str) {
        let path = self.path.display();
        tracing::debug!(
            name: "connections.ignored", %path, error,
            "{path} is ignored: {error}; the connections that Consul keeps for an earlier process are not counted"
        );
    }

    /// Replaces the file. Returns `true` on success. A failure is logged once.
    pub(super) fn write(&self, record: &ConnectionRecord) -> bool {
        let replaced = self.replace(&encode(record, &self.now()));
        let is_first =
            self.has_failed.swap(replaced.is_err(), Ordering::Relaxed) != replaced.is_err();
        if let Err(error) = &replaced
            && is_first
        {
            let (path, error) = (self.path.display(), error.to_string());
            let setting = self.setting;
            tracing::warn!(
                name: "connections.not_saved", %path, error,
                "cannot write {path}: {error}; a process that starts soon after this one may use more connections to \
                 Consul than {setting}"
            );
        }
        replaced.is_ok()
    }

    fn replace(&self, content: &[u8]) -> io::Result<()> {
        let new = self.path.with_extension("new");
        // One process at a time uses the directory, so this one is left over from a process that was killed.
        match fs::remove_file(&new) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        let mut options = OpenOptions::new();
        let mut file: File = options.write(true).create_new(true).mode(MODE).open(&new)?;
        file.write_all(content)?;
        drop(file);
        fs::rename(&new, &self.path)
    }

    fn now(&self) -> BootTime {
        let elapsed = clock_gettime(ClockId::CLOCK_BOOTTIME).map_or(Duration::ZERO, Duration::from);
        BootTime {
            boot: self.boot.clone(),
            elapsed,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;
    use crate::watch::connection_record::Occupied;

    fn record(count: usize) -> ConnectionRecord {
        let occupied = Occupied {
            limit: 54,
            open: vec![(Duration::from_secs(60), count)],
            kept: Vec::new(),
        };
        ConnectionRecord::from([("http://a:8500/".to_owned(), occupied)])
    }

    #[test]
    fn only_the_user_can_read_what_was_written_and_nothing_else_is_left() {
        let directory = tempfile::tempdir().unwrap();
        let file = ConnectionFile::new(directory.path(), "connections").unwrap();
        assert!(file.read().is_empty());
        fs::write(directory.path().join("connections.new"), "left over").unwrap();
        for count in [3, 7] {
            assert!(file.write(&record(count)));
            assert_eq!(file.read()["http://a:8500/"].len(), count);
        }
        let metadata = fs::metadata(directory.path().join(NAME)).unwrap();
        assert_eq!(metadata.permissions().mode() & 0o777, 0o600);
        assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 1);
    }

    #[test]
    fn a_damaged_file_is_ignored_and_replaced() {
        let directory = tempfile::tempdir().unwrap();
        let file = ConnectionFile::new(directory.path(), "connections").unwrap();
        fs::write(directory.path().join(NAME), "nonsense").unwrap();
        assert!(file.read().is_empty());
        assert!(file.write(&record(1)));
        assert_eq!(file.read().len(), 1);
    }

    #[test]
    fn a_directory_that_cannot_be_written_is_a_failure() {
        let directory = tempfile::tempdir().unwrap();
        let file = ConnectionFile::new(&directory.path().join("missing"), "connections").unwrap();
        assert!(!file.write(&record(1)));
    }
}
