//! The processes of the system, with their parents and groups, from `/proc`.

use std::fs;

use nix::sys::signal::Signal;
use nix::unistd::Pid;

/// A process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Process {
    pub(super) id: Pid,
    pub(super) parent: Pid,
    pub(super) group: Pid,
}

/// Returns all visible processes; none if `/proc` is not mounted.
pub(super) fn processes() -> impl Iterator<Item = Process> {
    let entries = fs::read_dir("/proc")
        .into_iter()
        .flatten()
        .filter_map(Result::ok);
    entries.filter_map(|entry| {
        entry.file_name().to_str()?.parse::<u32>().ok()?;
        parse(&fs::read_to_string(entry.path().join("stat")).ok()?)
    })
}

/// Parses `12 (name) S 1 12 …`. The name may contain any characters.
fn parse(stat: &str) -> Option<Process> {
    let id = stat.split_once(' ')?.0;
    let mut rest = stat.rsplit_once(") ")?.1.split(' ').skip(1);
    let number = |text: &str| text.parse().ok().map(Pid::from_raw);
    Some(Process {
        id: number(id)?,
        parent: number(rest.next()?)?,
        group: number(rest.next()?)?,
    })
}

/// Returns `true` if the process has a handler for the signal.
pub(super) fn handles(process: Pid, signal: Signal) -> bool {
    is_in_a_set(process, signal, &["SigCgt:"])
}

/// Returns `true` if the process handles, blocks or ignores the signal, so that it does not end by it.
pub(super) fn survives(process: Pid, signal: Signal) -> bool {
    is_in_a_set(process, signal, &["SigCgt:", "SigBlk:", "SigIgn:"])
}

/// Returns `true` if one of these sets of `/proc/PID/status` has the signal.
fn is_in_a_set(process: Pid, signal: Signal, names: &[&str]) -> bool {
    let status = fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_default();
    let sets = names.iter().filter_map(|name| {
        let set = status.lines().find_map(|line| line.strip_prefix(name))?;
        u64::from_str_radix(set.trim(), 16).ok()
    });
    sets.fold(0, |all, set| all | set) & (1 << (signal as i32 - 1)) != 0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_may_contain_any_characters() {
        let process = parse("12 (a) S 9 (b) R 1 7 7 0 -1").unwrap();
        assert_eq!(
            process,
            Process {
                id: Pid::from_raw(12),
                parent: Pid::from_raw(1),
                group: Pid::from_raw(7)
            }
        );
        assert_eq!(parse(""), None);
        assert_eq!(parse("1 (x) S"), None);
    }

    #[test]
    fn this_process_is_listed() {
        let own = processes()
            .find(|process| process.id == Pid::this())
            .unwrap();
        assert_eq!(
            (own.parent, own.group),
            (Pid::parent(), nix::unistd::getpgrp())
        );
        assert!(!handles(Pid::this(), Signal::SIGWINCH));
        // The Rust runtime ignores SIGPIPE.
        assert!(!handles(Pid::this(), Signal::SIGPIPE) && survives(Pid::this(), Signal::SIGPIPE));
        assert!(!survives(Pid::this(), Signal::SIGHUP));
    }
}
