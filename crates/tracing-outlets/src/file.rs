//! The log file outlet: `NAME-TIME.EXTENSION`, rotated by size and age.
//!
//! Input: records. Output: lines in a new file for each start and each rotation. Old files are
//! removed as configured.

use std::ffi::OsString;
use std::fs::{self, File, OpenOptions};
use std::io;
use std::os::unix::ffi::OsStringExt as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use jiff::Timestamp;

use crate::layout::Layout;
use crate::lines::Lines;
use crate::options::{FileOptions, Keep};
use crate::queue::Sink;
use crate::record::Record;

/// The extension, if the path has none.
const DEFAULT_EXTENSION: &str = "log";
/// The pause after a failed rotation.
const ROTATE_RETRY: Duration = Duration::from_secs(60);

/// The current file.
pub(crate) struct LogFile {
    options: FileOptions,
    layout: Layout,
    series: Series,
    lines: Lines<File>,
    size: u64,
    started: Instant,
    /// The time of the next attempt after a failed rotation.
    retry_at: Option<Instant>,
    line: String,
}

impl LogFile {
    pub(crate) fn create(options: FileOptions, layout: Layout) -> io::Result<Self> {
        let series = Series::new(&options.path)?;
        let file = series.create_next(options.keep)?;
        let (lines, started) = (Lines::new(file), Instant::now());
        Ok(Self {
            options,
            layout,
            series,
            lines,
            size: 0,
            started,
            retry_at: None,
            line: String::new(),
        })
    }

    fn is_rotation_due(&self, now: Instant) -> bool {
        let FileOptions {
            rotate_bytes,
            rotate_after,
            ..
        } = self.options;
        let large = rotate_bytes.is_some_and(|max| self.size >= max);
        let old = rotate_after.is_some_and(|max| now - self.started >= max);
        (large || old) && self.size > 0 && self.retry_at.is_none_or(|at| now >= at)
    }

    fn rotate(&mut self, now: Instant) {
        match self.series.create_next(self.options.keep) {
            Ok(file) => {
                self.lines = Lines::new(file);
                (self.size, self.started, self.retry_at) = (0, now, None);
            }
            Err(error) => {
                self.retry_at = Some(now + ROTATE_RETRY);
                tracing::warn!(
                    name: "log.not_rotated", target: "log", %error,
                    "cannot create the next log file ({error}); continuing with the old one"
                );
            }
        }
    }
}

impl Sink for LogFile {
    fn write(&mut self, record: &Record) -> io::Result<()> {
        let now = Instant::now();
        if self.is_rotation_due(now) {
            self.rotate(now);
        }
        self.line.clear();
        self.layout.push(&mut self.line, record);
        self.lines.write(&self.line)?;
        self.size += self.line.len() as u64;
        Ok(())
    }
}

/// The files of one log: `before` + nanoseconds since 1970 + `after`.
struct Series {
    directory: PathBuf,
    before: Vec<u8>,
    after: Vec<u8>,
}

impl Series {
    fn new(path: &Path) -> io::Result<Self> {
        let is_directory = path.as_os_str().as_encoded_bytes().ends_with(b"/");
        let (false, Some(stem)) = (is_directory, path.file_stem()) else {
            let message = "the path has no file name";
            return Err(io::Error::new(io::ErrorKind::InvalidInput, message));
        };
        let extension = path.extension().unwrap_or(DEFAULT_EXTENSION.as_ref());
        Ok(Self {
            directory: path
                .parent()
                .filter(|path| !path.as_os_str().is_empty())
                .unwrap_or(Path::new("."))
                .to_owned(),
            before: [stem.as_encoded_bytes(), b"-"].concat(),
            after: [b".", extension.as_encoded_bytes()].concat(),
        })
    }

    /// Removes old files, then creates the next one.
    fn create_next(&self, keep: Keep) -> io::Result<File> {
        if let Keep::Newest(count) = keep {
            self.prune(count);
        }
        loop {
            let time = Timestamp::now().as_nanosecond().to_string();
            let name = [&self.before, time.as_bytes(), &self.after].concat();
            let path = self.directory.join(OsString::from_vec(name));
            match OpenOptions::new()
                .append(true)
                .create_new(true)
                .mode(0o640)
                .open(path)
            {
                // The clock has not advanced since the last file was created: try again.
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                opened => return opened,
            }
        }
    }

    /// Removes all but the newest files. If a file cannot be removed, it is kept and logging
    /// continues.
    fn prune(&self, count: usize) {
        let Ok(entries) = fs::read_dir(&self.directory) else {
            return;
        };
        let mut found: Vec<(u128, PathBuf)> = entries
            .flatten()
            .filter_map(|entry| Some((self.time_of(&entry.file_name())?, entry.path())))
            .collect();
        found.sort_unstable_by_key(|(time, _)| std::cmp::Reverse(*time));
        for (_, old) in found.iter().skip(count) {
            let _ = fs::remove_file(old);
        }
    }

    /// Returns the time in the name of a file, if the file belongs to this log.
    fn time_of(&self, name: &std::ffi::OsStr) -> Option<u128> {
        let time = name
            .as_encoded_bytes()
            .strip_prefix(&*self.before)?
            .strip_suffix(&*self.after)?;
        time.iter()
            .all(u8::is_ascii_digit)
            .then(|| std::str::from_utf8(time).ok()?.parse().ok())?
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;
    use crate::options::Format;

    fn names(directory: &Path) -> Vec<String> {
        let entries = fs::read_dir(directory)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap());
        let mut names: Vec<_> = entries.collect();
        names.sort();
        names
    }

    fn create(path: PathBuf, bytes: Option<u64>, keep: Keep) -> LogFile {
        let options = FileOptions {
            path,
            rotate_bytes: bytes,
            rotate_after: None,
            keep,
        };
        LogFile::create(options, Layout::of_file(Format::Text)).unwrap()
    }

    #[test]
    fn the_time_is_inserted_before_the_extension() {
        let cases = [
            ("/var/log/ct.txt", "/var/log", "ct-", ".txt"),
            ("/var/log/ct", "/var/log", "ct-", ".log"),
            ("ct", ".", "ct-", ".log"),
        ];
        for (path, directory, before, after) in cases {
            let series = Series::new(Path::new(path)).unwrap();
            assert_eq!(series.directory, Path::new(directory).join(""), "{path}");
            assert_eq!(
                (&*series.before, &*series.after),
                (before.as_bytes(), after.as_bytes()),
                "{path}"
            );
        }
        for path in ["", "/", "/var/log/"] {
            assert!(Series::new(Path::new(path)).is_err(), "{path:?}");
        }
    }

    #[test]
    fn a_file_is_rotated_by_size_and_only_the_newest_files_stay() {
        let directory = tempfile::tempdir().unwrap();
        let others = ["ct-notes.log", "ct-1.txt", "other-1.log"];
        for name in others.iter().chain(&["ct-1.log", "ct-2.log"]) {
            fs::write(directory.path().join(name), "").unwrap();
        }
        let mut file = create(directory.path().join("ct.log"), Some(1), Keep::Newest(2));
        for _ in 0..5 {
            file.write(&Record::lost(7)).unwrap();
        }
        let mut names = names(directory.path());
        names.retain(|name| !others.contains(&name.as_str()));
        assert_eq!(
            names.len(),
            3,
            "two old files and the current one: {names:?}"
        );
        for name in names {
            let path = directory.path().join(&name);
            assert_eq!(
                fs::read_to_string(&path).unwrap().lines().count(),
                1,
                "{name}"
            );
            assert_eq!(
                fs::metadata(path).unwrap().permissions().mode() & 0o137,
                0,
                "{name}"
            );
        }
        for name in others {
            assert!(
                directory.path().join(name).exists(),
                "{name} does not belong to this log"
            );
        }
    }

    #[test]
    fn a_file_is_rotated_by_age_unless_it_is_empty() {
        let directory = tempfile::tempdir().unwrap();
        let mut file = create(directory.path().join("ct.log"), None, Keep::Newest(0));
        file.options.rotate_after = Some(Duration::from_nanos(1));
        for _ in 0..3 {
            file.write(&Record::lost(7)).unwrap();
        }
        assert_eq!(
            names(directory.path()).len(),
            1,
            "old files are removed at once"
        );
        let text = fs::read_to_string(directory.path().join(&names(directory.path())[0])).unwrap();
        assert!(
            text.contains("Z [WARN] (log) 7 log lines"),
            "every line has a time: {text}"
        );
    }

    #[test]
    fn if_rotation_fails_the_current_file_continues() {
        let directory = tempfile::tempdir().unwrap();
        let inner = directory.path().join("d");
        fs::create_dir(&inner).unwrap();
        let mut file = create(inner.join("ct.log"), Some(1), Keep::All);
        file.write(&Record::lost(1)).unwrap();
        fs::rename(&inner, directory.path().join("e")).unwrap();
        file.write(&Record::lost(2)).unwrap();
        let [name] = &names(&directory.path().join("e"))[..] else {
            panic!("one file")
        };
        let text = fs::read_to_string(directory.path().join("e").join(name)).unwrap();
        assert_eq!(text.lines().count(), 2, "{text}");
    }
}
