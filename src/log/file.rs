//! The log file: `NAME-TIME.EXTENSION`, and the next one when it is large or old enough.
//!
//! in:  records
//! out: lines in a new file for each start and each rotation; of the old files, as many as are to be kept

use std::ffi::OsString;
use std::fs::{self, File, OpenOptions};
use std::io;
use std::os::unix::ffi::OsStringExt as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use jiff::Timestamp;

use super::layout::Layout;
use super::lines::Lines;
use super::queue::Sink;
use super::record::Record;
use crate::config::logging::{Keep, LogFileConfig};

/// The name where the path is only a directory, as in consul-template.
const NAME: &str = "consul-template";
const EXTENSION: &str = "log";
/// How long to write on into a file whose successor cannot be made.
const PATIENCE: Duration = Duration::from_secs(60);

/// The file that is written just now.
pub(super) struct LogFile {
    config: LogFileConfig,
    layout: Layout,
    series: Series,
    lines: Lines<File>,
    size: u64,
    begun: Instant,
    /// The next could not be made; not to be tried before this.
    not_before: Option<Instant>,
    line: String,
}

impl LogFile {
    pub(super) fn begin(config: LogFileConfig, layout: Layout) -> io::Result<Self> {
        let series = Series::of(&config.path);
        let file = series.next(config.keep)?;
        let (lines, begun) = (Lines::new(file), Instant::now());
        Ok(Self {
            config,
            layout,
            series,
            lines,
            size: 0,
            begun,
            not_before: None,
            line: String::new(),
        })
    }

    fn is_due(&self, now: Instant) -> bool {
        let LogFileConfig {
            rotate_bytes,
            rotate_after,
            ..
        } = self.config;
        let large = rotate_bytes.is_some_and(|most| self.size >= most);
        let old = rotate_after.is_some_and(|most| now - self.begun >= most);
        (large || old) && self.size > 0 && self.not_before.is_none_or(|at| now >= at)
    }

    fn rotate(&mut self, now: Instant) {
        match self.series.next(self.config.keep) {
            Ok(file) => {
                self.lines = Lines::new(file);
                (self.size, self.begun, self.not_before) = (0, now, None);
            }
            Err(error) => {
                self.not_before = Some(now + PATIENCE);
                tracing::warn!(
                    name: "log.not_rotated", %error,
                    "cannot begin the next log file ({error}); the old one goes on"
                );
            }
        }
    }
}

impl Sink for LogFile {
    fn write(&mut self, record: &Record) -> io::Result<()> {
        let now = Instant::now();
        if self.is_due(now) {
            self.rotate(now);
        }
        self.line.clear();
        self.layout.push(&mut self.line, record);
        self.lines.write(&self.line)?;
        self.size += self.line.len() as u64;
        Ok(())
    }
}

/// The files that belong together: `before` + the nanoseconds since 1970 + `after`.
struct Series {
    directory: PathBuf,
    before: Vec<u8>,
    after: Vec<u8>,
}

impl Series {
    fn of(path: &Path) -> Self {
        let is_directory = path.as_os_str().as_encoded_bytes().ends_with(b"/");
        let (directory, name) = if is_directory {
            (Some(path), None)
        } else {
            (path.parent(), path.file_name())
        };
        let name = Path::new(name.unwrap_or(NAME.as_ref()));
        let part = |part: Option<&std::ffi::OsStr>, default: &str| {
            part.map_or_else(
                || default.as_bytes().to_vec(),
                |part| part.as_encoded_bytes().to_vec(),
            )
        };
        Self {
            directory: directory
                .filter(|path| !path.as_os_str().is_empty())
                .unwrap_or(Path::new("."))
                .to_owned(),
            before: [part(name.file_stem(), NAME), b"-".to_vec()].concat(),
            after: [b".".to_vec(), part(name.extension(), EXTENSION)].concat(),
        }
    }

    /// Makes room for the next file, and begins it.
    fn next(&self, keep: Keep) -> io::Result<File> {
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
                // The clock has stood still.
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                opened => return opened,
            }
        }
    }

    /// Removes all but the newest. What cannot be removed stays: the log is more important than its room.
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

    /// The time in the name of a file, if it is one of these.
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
    use crate::config::logging::LogFormat;

    fn names(directory: &Path) -> Vec<String> {
        let entries = fs::read_dir(directory)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap());
        let mut names: Vec<_> = entries.collect();
        names.sort();
        names
    }

    fn begin(path: PathBuf, bytes: Option<u64>, keep: Keep) -> LogFile {
        let config = LogFileConfig {
            path,
            rotate_bytes: bytes,
            rotate_after: None,
            keep,
        };
        LogFile::begin(config, Layout::of_file(LogFormat::Text)).unwrap()
    }

    #[test]
    fn names_are_those_of_consul_template() {
        let cases = [
            ("/var/log/ct.txt", "/var/log", "ct-", ".txt"),
            ("/var/log/ct", "/var/log", "ct-", ".log"),
            ("/var/log/", "/var/log", "consul-template-", ".log"),
            ("ct", ".", "ct-", ".log"),
        ];
        for (path, directory, before, after) in cases {
            let series = Series::of(Path::new(path));
            assert_eq!(series.directory, Path::new(directory).join(""), "{path}");
            assert_eq!(
                (&*series.before, &*series.after),
                (before.as_bytes(), after.as_bytes()),
                "{path}"
            );
        }
    }

    #[test]
    fn a_file_that_is_large_enough_has_a_successor_and_only_the_newest_stay() {
        let directory = tempfile::tempdir().unwrap();
        let others = ["ct-notes.log", "ct-1.txt", "other-1.log"];
        for name in others.iter().chain(&["ct-1.log", "ct-2.log"]) {
            fs::write(directory.path().join(name), "").unwrap();
        }
        let mut file = begin(directory.path().join("ct.log"), Some(1), Keep::Newest(2));
        for _ in 0..5 {
            file.write(&Record::lost(7)).unwrap();
        }
        let mut names = names(directory.path());
        names.retain(|name| !others.contains(&name.as_str()));
        assert_eq!(
            names.len(),
            3,
            "two old ones and the one that is written: {names:?}"
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
                "{name} is no log of ours"
            );
        }
    }

    #[test]
    fn age_rotates_too_but_not_an_empty_file() {
        let directory = tempfile::tempdir().unwrap();
        let mut file = begin(directory.path().join("ct.log"), None, Keep::Newest(0));
        file.config.rotate_after = Some(Duration::from_nanos(1));
        for _ in 0..3 {
            file.write(&Record::lost(7)).unwrap();
        }
        assert_eq!(names(directory.path()).len(), 1, "old ones go at once");
        let text = fs::read_to_string(directory.path().join(&names(directory.path())[0])).unwrap();
        assert!(
            text.contains("Z [WARN] (log) 7 lines"),
            "lines have their time: {text}"
        );
    }

    #[test]
    fn where_no_successor_can_be_made_the_file_goes_on() {
        let directory = tempfile::tempdir().unwrap();
        let inner = directory.path().join("d");
        fs::create_dir(&inner).unwrap();
        let mut file = begin(inner.join("ct.log"), Some(1), Keep::All);
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
