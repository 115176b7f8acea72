//! The processes of one program, from `/proc`.

use std::fs;
use std::path::Path;

/// A process, identified also after its number is used again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct ProcessId {
    /// Its number.
    pub(crate) pid: i32,
    /// Its start time in clock ticks since boot.
    pub(crate) start: u64,
}

/// A running process.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Process {
    pub(crate) id: ProcessId,
    /// The number of its parent.
    pub(crate) parent: i32,
    /// Its command line, or the title that it has set.
    pub(crate) words: Vec<String>,
    /// `true` if it is in another PID namespace, as in a container.
    pub(crate) is_in_container: bool,
    /// The signals for which it has a handler: bit N is signal N + 1.
    pub(crate) caught: u64,
}

impl Process {
    /// The command line as one text.
    pub(crate) fn title(&self) -> String {
        self.words.join(" ")
    }
}

/// Returns the running processes whose name is `name`, without zombies.
pub(crate) fn named(name: &str) -> Vec<Process> {
    let entries = fs::read_dir("/proc").into_iter().flatten().flatten();
    entries
        .filter(|entry| entry.file_name().as_encoded_bytes()[0].is_ascii_digit())
        .filter_map(|entry| read(&entry.path(), name))
        .collect()
}

/// Reads a process; `None` if it has another name, or has ended.
fn read(directory: &Path, name: &str) -> Option<Process> {
    let stat = fs::read(directory.join("stat")).ok()?;
    let stat = Stat::parse(&String::from_utf8_lossy(&stat), name)?;
    let words = fs::read(directory.join("cmdline")).ok()?;
    let status = fs::read_to_string(directory.join("status")).unwrap_or_default();
    Some(Process {
        id: stat.id,
        parent: stat.parent,
        words: parse_words(&words),
        is_in_container: is_in_container(&status),
        caught: caught(&status),
    })
}

#[derive(Debug, PartialEq, Eq)]
struct Stat {
    id: ProcessId,
    parent: i32,
}

impl Stat {
    /// Parses `12 (name) S 1 …`. Returns `None` if the process has another name, or has ended.
    fn parse(text: &str, name: &str) -> Option<Self> {
        let (pid, rest) = text.split_once(" (")?;
        // The name may contain any characters.
        let (found, rest) = rest.rsplit_once(") ")?;
        let fields: Vec<&str> = rest.split_whitespace().collect();
        if found != name || matches!(*fields.first()?, "Z" | "X" | "x") {
            return None;
        }
        Some(Self {
            id: ProcessId {
                pid: pid.parse().ok()?,
                // Field 22 of the line; the state is field 3.
                start: fields.get(19)?.parse().ok()?,
            },
            parent: fields.get(1)?.parse().ok()?,
        })
    }
}

/// Splits a command line. A program that has set its title leaves bytes of zero at the end.
fn parse_words(bytes: &[u8]) -> Vec<String> {
    let text = String::from_utf8_lossy(bytes);
    let text = text.trim_end_matches(['\0', ' ']);
    text.split('\0').map(str::to_owned).collect()
}

/// Returns `true` if a process has a number in a namespace below the one of `/proc`.
fn is_in_container(status: &str) -> bool {
    let numbers = status.lines().find_map(|line| line.strip_prefix("NSpid:"));
    numbers.is_some_and(|numbers| numbers.split_whitespace().count() > 1)
}

/// Returns the signals for which a process has a handler; 0 if they are not known.
fn caught(status: &str) -> u64 {
    let mask = status.lines().find_map(|line| line.strip_prefix("SigCgt:"));
    mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok())
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    const STAT: &str =
        "12 (a) b) S 7 12 12 0 -1 4 1 0 0 0 5 6 0 0 20 0 1 0 4321 9 9 18446744073709551615";

    #[test]
    fn a_line_of_stat_is_parsed() {
        let found = Stat::parse(STAT, "a) b").unwrap();
        let id = ProcessId {
            pid: 12,
            start: 4321,
        };
        assert_eq!(found, Stat { id, parent: 7 });
        for (stat, name) in [
            (STAT.to_owned(), "a"),
            (STAT.replace(" S ", " Z "), "a) b"),
            ("12 (a".to_owned(), "a"),
            ("12 (a) S 1".to_owned(), "a"),
            (String::new(), ""),
        ] {
            assert_eq!(Stat::parse(&stat, name), None, "{stat}");
        }
    }

    #[test]
    fn words_and_status_are_parsed() {
        assert_eq!(parse_words(b"haproxy\0-f\0a b\0"), ["haproxy", "-f", "a b"]);
        assert_eq!(
            parse_words(b"nginx: worker process\0\0  \0"),
            ["nginx: worker process"]
        );
        assert!(is_in_container("Name:\tx\nNSpid:\t123\t7\n"));
        assert!(!is_in_container("Name:\tx\nNSpid:\t123\n"));
        assert!(!is_in_container(""));
        assert_eq!(caught("SigIgn:\t01\nSigCgt:\t0000000000000801\n"), 0x801);
        assert_eq!((caught(""), caught("SigCgt:\tx")), (0, 0));
    }

    #[test]
    fn this_process_is_found_by_its_name() {
        let name = fs::read_to_string("/proc/self/comm").unwrap();
        let own = named(name.trim_end())
            .into_iter()
            .find(|process| process.id.pid.unsigned_abs() == std::process::id())
            .unwrap();
        assert_eq!(own.words.len(), std::env::args().count());
        assert_eq!(
            own.parent.unsigned_abs(),
            std::os::unix::process::parent_id()
        );
    }
}
