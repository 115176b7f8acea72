//! A damaged database is moved aside or refused, and never ends the process.

#![expect(clippy::unwrap_used, reason = "a test fails by a panic")]

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use apply_ledger::{
    Attributes, Ending, History, Intent, IntentFile, Ledger, LedgerError, LedgerOptions, Notice,
    Old, OpenError,
};
use proptest::prelude::*;

fn begin(ledger: &mut Ledger, destination: &Path, new: &[u8]) -> Result<(), LedgerError> {
    let id = ledger.begin(&Intent {
        group: "app",
        command: Some("reload app"),
        files: vec![IntentFile {
            destination,
            staged: None,
            old: Some(Old::Content(b"found")),
            new,
            attributes: Attributes::default(),
        }],
        rolls_back: None,
    })?;
    ledger.swapped(id)?;
    ledger.finished(id, Ending::Applied)
}

/// The files of a ledger with some contents. The write-ahead log has the last of them.
fn sample() -> Vec<(&'static str, Vec<u8>)> {
    let directory = tempfile::tempdir().unwrap();
    let path = Path::new("/etc/app.conf");
    let open = || Ledger::open(directory.path(), LedgerOptions::default()).unwrap();
    let (mut ledger, _) = open();
    for size in [10, 3000, 9000] {
        begin(&mut ledger, path, &vec![b'x'; size]).unwrap();
    }
    ledger.hold(path, 1, None).unwrap();
    drop(ledger);
    let (mut ledger, _) = open();
    begin(&mut ledger, Path::new("/etc/other.conf"), b"other").unwrap();
    let files = ["ledger.db", "ledger.db-wal"];
    files
        .map(|name| (name, fs::read(directory.path().join(name)).unwrap()))
        .to_vec()
}

static SAMPLE: OnceLock<Vec<(&str, Vec<u8>)>> = OnceLock::new();

#[derive(Clone, Debug)]
enum Damage {
    Truncate,
    FlipBit(u8),
    Overwrite(Vec<u8>),
}

fn damage() -> impl Strategy<Value = Damage> {
    prop_oneof![
        Just(Damage::Truncate),
        (0..8u8).prop_map(Damage::FlipBit),
        proptest::collection::vec(any::<u8>(), 1..5000).prop_map(Damage::Overwrite),
    ]
}

fn apply(damage: &Damage, bytes: &mut Vec<u8>, position: usize) {
    match damage {
        Damage::Truncate => bytes.truncate(position),
        Damage::FlipBit(bit) => bytes[position] ^= 1 << bit,
        Damage::Overwrite(garbage) => {
            let rest = &mut bytes[position..];
            let len = garbage.len().min(rest.len());
            rest[..len].copy_from_slice(&garbage[..len]);
        }
    }
}

/// Reads and writes all that a daemon and the command line do.
fn use_all(ledger: &mut Ledger, directory: &Path) -> Result<(), LedgerError> {
    ledger.pending()?;
    ledger.owed()?;
    ledger.holds()?;
    ledger.requests()?;
    for destination in ledger.destinations()? {
        for generation in ledger.generations(&destination.path)? {
            ledger.content(generation.hash)?;
        }
    }
    if let Ok(history) = History::open(directory) {
        history.destinations()?;
    }
    begin(ledger, Path::new("/etc/app.conf"), b"after the damage")
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn any_damage_is_repaired_or_refused(
        damage in damage(),
        // Most pages of the database matter less than the first.
        in_first_page in any::<bool>(),
        in_log in proptest::bool::weighted(0.2),
        at in 0.0..1.0f64,
    ) {
        let mut files = SAMPLE.get_or_init(sample).clone();
        let directory = tempfile::tempdir().unwrap();
        let bytes = &mut files[usize::from(in_log)].1;
        let len = if in_first_page { 4096 } else { bytes.len() };
        #[expect(clippy::cast_precision_loss, clippy::cast_possible_truncation, clippy::cast_sign_loss,
            reason = "a position in a small file")]
        let position = (at * len as f64) as usize;
        apply(&damage, bytes, position);
        for (name, bytes) in &files {
            fs::write(directory.path().join(name), bytes).unwrap();
        }
        match Ledger::open(directory.path(), LedgerOptions::default()) {
            Ok((mut ledger, notices)) => {
                let used = use_all(&mut ledger, directory.path());
                for Notice::Rebuilt { moved_to, .. } in &notices {
                    prop_assert!(moved_to.exists());
                    prop_assert!(used.is_ok(), "{used:?}");
                }
                if let Err(error) = used {
                    prop_assert!(error.is_damage(), "{error:?}");
                }
            }
            Err(error) => prop_assert!(matches!(error, OpenError::Newer { .. }), "{error:?}"),
        }
    }
}

/// Opens a directory whose database has these bytes, and returns the new name of the database.
fn rebuilt(bytes: &[u8]) -> PathBuf {
    let directory = tempfile::tempdir().unwrap();
    fs::write(directory.path().join("ledger.db"), bytes).unwrap();
    let (mut ledger, notices) = Ledger::open(directory.path(), LedgerOptions::default()).unwrap();
    let [Notice::Rebuilt { moved_to, cause }] = notices.as_slice() else {
        panic!("{notices:?}");
    };
    assert!(!cause.is_empty());
    assert_eq!(fs::read(moved_to).unwrap(), bytes);
    begin(&mut ledger, Path::new("/etc/app.conf"), b"new").unwrap();
    drop(ledger);
    let (ledger, notices) = Ledger::open(directory.path(), LedgerOptions::default()).unwrap();
    assert_eq!(notices, []);
    assert_eq!(ledger.destinations().unwrap().len(), 1);
    PathBuf::from(moved_to.file_name().unwrap())
}

#[test]
fn a_damaged_database_is_moved_aside() {
    let name = rebuilt(&b"garbage ".repeat(1000));
    let name = name.to_str().unwrap();
    assert!(name.starts_with("ledger.db.damaged-"), "{name}");
    rebuilt(b"short");
    let mut truncated = sample().remove(0).1;
    truncated.truncate(5000);
    rebuilt(&truncated);
}

#[test]
fn a_record_that_is_too_big_for_sqlite_is_a_damage() {
    let mut bytes = sample().remove(0).1;
    // With this seed, the garbage announces a column of more than 1 GB.
    let mut state = 1331u32.wrapping_mul(2_654_435_761).wrapping_add(1);
    for byte in &mut bytes[2108..4096] {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        *byte = state.to_be_bytes()[0];
    }
    rebuilt(&bytes);
}

#[test]
fn an_empty_database_is_a_new_one() {
    let directory = tempfile::tempdir().unwrap();
    fs::write(directory.path().join("ledger.db"), "").unwrap();
    let (_, notices) = Ledger::open(directory.path(), LedgerOptions::default()).unwrap();
    assert_eq!(notices, []);
}

#[test]
fn a_database_of_a_later_version_is_refused_and_stays() {
    let mut bytes = sample().remove(0).1;
    // The version of the format, in the header of the database.
    bytes[60..64].copy_from_slice(&7u32.to_be_bytes());
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("ledger.db");
    fs::write(&path, &bytes).unwrap();
    let error = Ledger::open(directory.path(), LedgerOptions::default()).unwrap_err();
    assert!(
        error
            .to_string()
            .contains("its format is 7, this version reads up to 2"),
        "{error}"
    );
    assert!(path.exists());
    let error = History::open(directory.path()).unwrap_err();
    assert!(matches!(error, OpenError::Newer { found: 7, .. }));
}

#[test]
fn a_damaged_content_is_reported_and_repaired_by_the_next_write() {
    let directory = tempfile::tempdir().unwrap();
    let (_, bytes) = sample().remove(0);
    // In the middle of the content of 9,000 bytes.
    let run = vec![b'x'; 2000];
    let position = bytes.windows(run.len()).rposition(|window| window == run);
    let mut damaged = bytes;
    damaged[position.unwrap()] = b'y';
    fs::write(directory.path().join("ledger.db"), damaged).unwrap();
    let (mut ledger, notices) = Ledger::open(directory.path(), LedgerOptions::default()).unwrap();
    assert_eq!(notices, []);
    let path = Path::new("/etc/app.conf");
    let broken = |ledger: &Ledger| {
        let generations = ledger.generations(path).unwrap();
        let errors = generations
            .iter()
            .filter_map(|generation| ledger.content(generation.hash).err());
        let errors: Vec<_> = errors.collect();
        assert!(errors.iter().all(LedgerError::is_damage));
        errors.len()
    };
    assert_eq!(broken(&ledger), 1);
    begin(&mut ledger, path, &vec![b'x'; 9000]).unwrap();
    begin(&mut ledger, path, &vec![b'x'; 3000]).unwrap();
    assert_eq!(broken(&ledger), 0);
}

#[test]
fn an_empty_database_is_damaged_unless_its_creation_was_interrupted() {
    let directory = tempfile::tempdir().unwrap();
    let database = directory.path().join("ledger.db");
    let open = || Ledger::open(directory.path(), LedgerOptions::default()).unwrap();
    fs::write(&database, "").unwrap();
    assert_eq!(open().1, [], "its creation was interrupted");
    fs::write(&database, "").unwrap();
    let notices = open().1;
    let [Notice::Rebuilt { moved_to, cause }] = notices.as_slice() else {
        panic!("{notices:?}");
    };
    assert_eq!(cause, "it is empty");
    assert!(moved_to.exists());
    assert_eq!(open().1, []);
}
