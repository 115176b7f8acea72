//! A process that writes a group of files is killed at random: afterwards all files are old or all are
//! new, what was acknowledged is stored, and a command is owed exactly if it may not have run.

#![expect(clippy::unwrap_used, reason = "a test fails by a panic")]

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::fs;
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use apply_ledger::{
    Attributes, Ending, Hash, History, Intent, IntentFile, Ledger, LedgerOptions, Old, Recovery,
    recover,
};
use file_writer::{FileOptions, Stage, Swapped, Writer};

const KILLS: usize = 120;
const FILES: usize = 5;
const DIRECTORY: &str = "APPLY_LEDGER_CRASH_TEST";

fn destinations(out: &Path) -> Vec<PathBuf> {
    (0..FILES)
        .map(|file| out.join(format!("{file}.conf")))
        .collect()
}

/// The content of each file in a round: one of three sizes, so that some fill several pages.
fn content(round: u64) -> Vec<u8> {
    let size = [10, 3000, 20_000][usize::try_from(round % 3).unwrap()];
    format!("{round}\n{}", "x".repeat(size)).into_bytes()
}

/// The round that wrote a file; 0 if it does not exist.
fn round_of(path: &Path) -> u64 {
    let Ok(bytes) = fs::read(path) else { return 0 };
    let text = String::from_utf8(bytes).unwrap();
    let round = text.lines().next().unwrap().parse().unwrap();
    assert_eq!(text.as_bytes(), content(round), "{}", path.display());
    round
}

/// Applies one round, and reports each step that the ledger has acknowledged.
fn apply_round(ledger: &mut Ledger, writer: &mut Writer, out: &Path, round: u64) {
    let paths = destinations(out);
    let new = content(round);
    let olds: Vec<_> = paths.iter().map(|path| fs::read(path).ok()).collect();
    let options = FileOptions::default();
    let staged: Vec<_> = paths
        .iter()
        .map(
            |path| match writer.stage(path, &new, None, &options).unwrap() {
                Stage::Staged(staged) => staged,
                Stage::Unchanged => panic!("{}: each round has another content", path.display()),
            },
        )
        .collect();
    let files = paths.iter().zip(&olds).zip(&staged);
    let intent = Intent {
        group: "app",
        command: Some("reload app"),
        files: files
            .map(|((path, old), staged)| IntentFile {
                destination: path,
                staged: staged.path(),
                old: old.as_deref().map(Old::Content),
                new: &new,
                attributes: Attributes::of(staged.path().unwrap()).unwrap(),
            })
            .collect(),
        rolls_back: None,
    };
    let id = ledger.begin(&intent).unwrap();
    acknowledge("begun", round);
    Swapped::flush(
        staged
            .into_iter()
            .map(|staged| staged.swap().unwrap())
            .collect(),
    );
    ledger.swapped(id).unwrap();
    acknowledge("swapped", round);
    ledger.finished(id, Ending::Applied).unwrap();
    acknowledge("finished", round);
}

fn acknowledge(step: &str, round: u64) {
    use std::io::Write as _;
    // After a line break: the test harness has begun a line.
    let line = format!("\nacknowledged {step} {round}\n");
    std::io::stdout().write_all(line.as_bytes()).unwrap();
}

#[test]
#[ignore = "the process that the crash test kills"]
fn child() {
    let directory = PathBuf::from(std::env::var_os(DIRECTORY).unwrap());
    let out = directory.join("out");
    let (mut ledger, notices) =
        Ledger::open(&directory.join("state"), LedgerOptions::default()).unwrap();
    assert_eq!(notices, []);
    let mut writer = Writer::new("crash");
    let first = round_of(&destinations(&out)[0]) + 1;
    for round in first.. {
        apply_round(&mut ledger, &mut writer, &out, round);
    }
}

/// Starts the child.
fn start(directory: &Path) -> Child {
    Command::new(std::env::current_exe().unwrap())
        .args(["child", "--exact", "--ignored", "--nocapture"])
        .env(DIRECTORY, directory)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap()
}

/// Kills the child after a random time, and returns the last acknowledged step of each kind.
fn kill_at_random(mut child: Child) -> Acknowledged {
    std::thread::sleep(Duration::from_millis(fastrand::u64(1..120)));
    assert_eq!(child.try_wait().unwrap(), None, "the child has failed");
    child.kill().unwrap();
    let mut found = Acknowledged::default();
    for line in BufReader::new(child.stdout.take().unwrap()).lines() {
        let line = line.unwrap();
        let words: Vec<_> = line.split(' ').collect();
        if let ["acknowledged", step, round] = words.as_slice() {
            // The last line may be incomplete.
            let round = round.parse().unwrap_or_default();
            match *step {
                "begun" => found.begun = found.begun.max(round),
                "swapped" => found.swapped = found.swapped.max(round),
                _ => found.finished = found.finished.max(round),
            }
        }
    }
    child.wait().unwrap();
    found
}

/// The last round of which a step was acknowledged; 0 if there is none.
#[derive(Clone, Copy, Debug, Default)]
struct Acknowledged {
    begun: u64,
    swapped: u64,
    finished: u64,
}

/// What the kills have met; the test requires each.
#[derive(Debug, Default)]
struct Met {
    old: usize,
    new: usize,
    owed: usize,
    idle: usize,
}

fn names(out: &Path) -> BTreeSet<OsString> {
    let entries = fs::read_dir(out).unwrap();
    entries.map(|entry| entry.unwrap().file_name()).collect()
}

/// Recovers as a daemon does at its start, and checks the result.
fn recover_and_check(directory: &Path, last: Acknowledged, met: &mut Met) {
    let out = directory.join("out");
    let paths = destinations(&out);
    let state = directory.join("state");
    // The command line reads the ledger of a daemon that was killed.
    let seen = History::open(&state).map(|history| history.destinations().unwrap().len());
    assert!(last.begun == 0 || seen.is_ok_and(|count| count == FILES));
    let (mut ledger, notices) = Ledger::open(&state, LedgerOptions::default()).unwrap();
    assert_eq!(notices, []);
    let pending = ledger.pending().unwrap();
    assert!(pending.len() <= 1, "{pending:?}");
    let owed_before = ledger.owed().unwrap();
    // The last acknowledged intent is stored, or a later one.
    let generations = ledger.generations(&paths[0]).unwrap();
    let latest = generations.first().map(|generation| generation.hash);
    let possible = [last.begun, last.begun + 1].map(|round| Some(Hash::of(&content(round))));
    assert!(last.begun == 0 || possible.contains(&latest), "{last:?}");
    let mut staged = BTreeSet::new();
    for intent in &pending {
        assert_eq!(intent.files.len(), FILES, "half a transaction");
        staged.extend(intent.files.iter().filter_map(|file| file.staged.clone()));
        let plan = recover(intent, &intent.states().unwrap());
        plan.execute(&ledger, "crash", || true).unwrap();
        match plan.result {
            Recovery::Old => {
                met.old += 1;
                ledger.discarded(intent.id).unwrap();
            }
            Recovery::New => {
                met.new += 1;
                ledger.swapped(intent.id).unwrap();
                assert_eq!(ledger.owed().unwrap().len(), 1, "the command is lost");
            }
        }
    }
    let rounds: BTreeSet<_> = paths.iter().map(|path| round_of(path)).collect();
    assert_eq!(rounds.len(), 1, "{rounds:?} {last:?} {pending:?}");
    let round = *rounds.first().unwrap();
    assert!(round >= last.swapped, "{round} {last:?}");
    assert!(staged.iter().all(|path| !path.exists()), "{staged:?}");
    let owed = ledger.owed().unwrap();
    if pending.is_empty() {
        met.idle += 1;
        assert_eq!(owed, owed_before);
    }
    assert!(owed.len() <= 1, "{owed:?}");
    for group in &owed {
        met.owed += 1;
        assert_eq!(group.command.as_deref(), Some("reload app"));
        assert_eq!(group.destinations, paths);
        ledger.finished(group.intent, Ending::Applied).unwrap();
    }
    for path in &paths {
        let written = ledger.written(path).unwrap();
        assert_eq!(written, ledger.applied(path).unwrap());
        let known = written.map(|hash| ledger.content(hash).unwrap().unwrap().into_bytes());
        assert_eq!(known, fs::read(path).ok());
    }
    // Files that were staged before the intent began are not in the ledger.
    for name in names(&out) {
        if name.to_str().unwrap().starts_with('.') {
            fs::remove_file(out.join(name)).unwrap();
        }
    }
}

#[test]
fn nothing_is_lost_by_a_kill() {
    let directory = tempfile::tempdir().unwrap();
    let out = directory.path().join("out");
    fs::create_dir(&out).unwrap();
    let mut met = Met::default();
    for _ in 0..KILLS {
        let last = kill_at_random(start(directory.path()));
        recover_and_check(directory.path(), last, &mut met);
    }
    let Met {
        old,
        new,
        owed,
        idle,
    } = met;
    assert!(old + new > 0 && owed > 0 && idle > 0, "{met:?}");
    assert!(round_of(&destinations(&out)[0]) > 0);
}
