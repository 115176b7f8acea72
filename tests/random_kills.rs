//! Random kills: at whatever moment the process dies, the next start leaves all files of a group old or
//! all new, runs what is owed once, and leaves no temporary files.

use std::time::{Duration, Instant};

use crate::support::ctmpl::Ctmpl;
use crate::support::eventually;
use crate::support::file_group::{FILES, Group};

/// The variable that sets the number of kills.
const KILLS: &str = "CTMPL_TEST_KILLS";

/// The number of kills without the variable.
const DEFAULT_KILLS: usize = 60;

/// The groups of files that are killed at the same time. Most of the time, each waits for its daemon.
const GROUPS: usize = 3;

/// The maximum delay between a change and the kill, unless an apply takes longer.
const LONGEST_DELAY: Duration = Duration::from_millis(60);

/// What the kills have hit.
#[derive(Debug, Default)]
struct Tally {
    kills: usize,
    during_start: usize,
    /// The interrupted swap was completed by the next start.
    completed: usize,
    /// No file had been swapped.
    not_begun: usize,
    /// The command was owed at the next start.
    owed: usize,
    /// The command had ended, but this was not recorded yet.
    repeated: usize,
}

fn kills() -> usize {
    std::env::var(KILLS).map_or(DEFAULT_KILLS, |count| count.parse().unwrap())
}

/// Returns the version that all files have.
fn settled(group: &Group) -> String {
    let versions = group.versions();
    assert_eq!(versions.len(), FILES);
    assert!(
        !versions[0].is_empty() && versions.iter().all(|version| *version == versions[0]),
        "a mixture: {versions:?}"
    );
    versions[0].clone()
}

/// Starts the daemon after a kill, and checks what it repairs. Returns it with the version of the files.
///
/// The key does not exist meanwhile, so nothing new is written.
fn recovered(group: &Group, tally: &mut Tally) -> (Ctmpl, String) {
    group.consul.delete_key("version");
    let before = group.runs();
    let ctmpl = group.start(None);
    // The daemon repairs before it queries.
    ctmpl.logs("the key does not exist");
    let version = settled(group);
    let count = |text: &str| usize::from(ctmpl.log().contains(text));
    tally.completed += count("the swap is completed");
    tally.not_begun += count("the swap is not begun");
    let is_owed = count("its command is owed since an earlier process");
    tally.owed += is_owed;
    // The templates render what the files have already.
    group.consul.put_key("version", &version);
    eventually("all templates are unchanged", || {
        ctmpl.log_count("is unchanged in") == FILES
    });
    eventually("what is owed has run", || {
        ctmpl.log_count("succeeded after") >= is_owed
    });
    assert_eq!(settled(group), version);
    let runs = group.runs();
    assert_eq!(
        runs.last(),
        Some(&version),
        "the command has seen the files: {runs:?}"
    );
    if is_owed == 1 {
        tally.repeated += usize::from(before.last() == Some(&version));
    } else {
        assert_eq!(runs, before, "nothing was owed");
    }
    eventually("no temporary files remain", || group.temporary_files() == 0);
    assert_eq!(ctmpl.log_count("succeeded after"), is_owed, "it runs once");
    (ctmpl, version)
}

#[test]
fn random_kills_leave_all_files_old_or_all_new_and_forget_no_command() {
    std::thread::scope(|scope| {
        for _ in 0..GROUPS {
            scope.spawn(|| kill_at_random(kills().div_ceil(GROUPS)));
        }
    });
}

/// Kills the daemon of a group of its own this many times.
#[expect(clippy::print_stderr, reason = "the figures of a long run")]
fn kill_at_random(kills: usize) {
    let (group, mut tally) = (Group::new(), Tally::default());
    let ctmpl = group.start(None);
    eventually("version 1 is applied", || group.runs() == ["1"]);
    group.consul.put_key("version", "2");
    let begun = Instant::now();
    eventually("the files have version 2", || group.are_all("2"));
    let longest = LONGEST_DELAY.max(begun.elapsed() * 2);
    drop(ctmpl);
    let range = 0..u64::try_from(longest.as_micros()).unwrap();
    let random = || Duration::from_micros(fastrand::u64(range.clone()));

    let mut version = 2;
    while tally.kills < kills {
        let (ctmpl, _) = recovered(&group, &mut tally);
        version += 1;
        group.consul.put_key("version", &version.to_string());
        std::thread::sleep(random());
        drop(ctmpl);
        tally.kills += 1;
        if fastrand::u8(0..4) == 0 {
            // The next start is killed as well, perhaps while it repairs.
            let ctmpl = group.start(None);
            std::thread::sleep(random());
            drop(ctmpl);
            tally.kills += 1;
            tally.during_start += 1;
        }
    }
    let (ctmpl, last) = recovered(&group, &mut tally);
    assert_eq!(ctmpl.stop().code(), Some(12));
    let runs = group.runs();
    let (ctmpl, again) = recovered(&group, &mut Tally::default());
    assert_eq!((again, group.runs()), (last, runs.clone()));
    assert_eq!(ctmpl.stop().code(), Some(12));
    for run in &runs {
        let count = runs.iter().filter(|other| *other == run).count();
        assert!(count <= 3, "version {run} ran {count} times");
    }
    eprintln!("{tally:?}, delays up to {longest:?}");
}
