use std::fs;
use std::os::unix::fs::symlink;
use std::time::{Duration, UNIX_EPOCH};

use proptest::prelude::*;

use super::*;

const SOURCE: &str = "http://a:8500";
const OTHER: &str = "http://b:8500";

/// A time this long after the start of a test.
fn at(seconds: u64) -> SystemTime {
    UNIX_EPOCH + Duration::from_secs(100_000_000 + seconds)
}

fn days(days: u64) -> u64 {
    days * 24 * 3600
}

fn answer(text: &str) -> Update {
    Update::Answer(text.as_bytes().to_vec())
}

/// The directory of a store, with a process on it at a time.
struct Place(tempfile::TempDir);

impl Place {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn path(&self) -> PathBuf {
        self.0.path().join("answers.db")
    }

    fn process(&self) -> AnswerStore {
        self.process_of(SOURCE)
    }

    fn process_of(&self, source: &str) -> AnswerStore {
        AnswerStore::new(self.path(), source)
    }

    /// The answer to `q` that a new process reads, and until when it was current.
    fn kept(&self) -> Option<(String, SystemTime)> {
        self.kept_of(SOURCE)
    }

    fn kept_of(&self, source: &str) -> Option<(String, SystemTime)> {
        let kept = self.read(source, at(days(1)))?;
        let text = String::from_utf8(kept.answer).unwrap();
        Some((text, kept.current_until.unwrap()))
    }

    /// The answer to `q` that a new process reads at this time.
    fn read(&self, source: &str, now: SystemTime) -> Option<Kept> {
        let mut loaded = self.process_of(source).read(["q"], now).unwrap();
        loaded.answers.remove("q")
    }
}

fn write(store: &mut AnswerStore, update: Update, seconds: u64) {
    store
        .write([("q".to_owned(), update)], at(seconds))
        .unwrap();
}

#[test]
fn an_answer_is_current_until_the_last_write_or_until_it_became_stale() {
    let place = Place::new();
    assert_eq!(place.kept(), None);
    let mut store = place.process();
    write(&mut store, answer("a"), 1);
    store.write([], at(60)).unwrap();
    assert_eq!(place.kept(), Some(("a".to_owned(), at(60))));
    write(&mut store, Update::StaleSince(at(61)), 62);
    store.write([], at(90)).unwrap();
    assert_eq!(place.kept(), Some(("a".to_owned(), at(61))));
    // The next process does not get an answer either.
    let mut store = place.process();
    write(&mut store, Update::StaleSince(at(100)), 101);
    assert_eq!(place.kept(), Some(("a".to_owned(), at(61))));
    write(&mut store, Update::Current, 110);
    assert_eq!(place.kept(), Some(("a".to_owned(), at(110))));
    write(&mut store, Update::StaleSince(at(120)), 121);
    write(&mut store, answer("a"), 130);
    assert_eq!(place.kept(), Some(("a".to_owned(), at(130))));
    write(&mut store, answer("b"), 140);
    assert_eq!(place.kept(), Some(("b".to_owned(), at(140))));
    write(&mut store, Update::Remove, 150);
    assert_eq!(place.kept(), None);
}

#[test]
fn the_answers_of_several_sources_exist_side_by_side() {
    let place = Place::new();
    write(&mut place.process(), answer("a"), 1);
    // An address that is mistyped, and is corrected at the next start or with a reload.
    let mut store = place.process_of(OTHER);
    assert_eq!(place.kept_of(OTHER), None);
    write(&mut store, answer("b"), 2);
    assert_eq!(place.kept(), Some(("a".to_owned(), at(1))));
    assert_eq!(place.kept_of(OTHER), Some(("b".to_owned(), at(2))));
    let mut store = place.process();
    store.write([], at(3)).unwrap();
    assert_eq!(place.kept(), Some(("a".to_owned(), at(1))));
    write(&mut store, Update::Current, 4);
    let mut store = place.process_of(OTHER);
    store.write([], at(5)).unwrap();
    assert_eq!(place.kept_of(OTHER), Some(("b".to_owned(), at(2))));
    write(&mut store, Update::Remove, 6);
    assert_eq!(place.kept_of(OTHER), None);
    assert_eq!(place.kept(), Some(("a".to_owned(), at(4))));
}

#[test]
fn a_process_that_gets_no_answer_does_not_make_one_younger() {
    let place = Place::new();
    write(&mut place.process(), answer("a"), 1);
    let mut store = place.process();
    store.write([], at(1000)).unwrap();
    store.write([], at(2000)).unwrap();
    assert_eq!(place.kept(), Some(("a".to_owned(), at(1))));
    write(&mut store, Update::Current, 3000);
    assert_eq!(place.kept(), Some(("a".to_owned(), at(3000))));
}

#[test]
fn an_answer_that_has_not_been_current_for_thirty_days_is_removed() {
    let place = Place::new();
    write(&mut place.process(), answer("a"), 0);
    let is_read = |seconds| place.read(SOURCE, at(seconds)).is_some();
    assert!(is_read(days(30)));
    assert!(
        !is_read(days(30) + 1),
        "it is not returned before it is removed"
    );
    place.process().write([], at(days(30))).unwrap();
    assert!(is_read(days(30)));
    place.process().write([], at(days(30) + 1)).unwrap();
    assert!(!is_read(days(30)));
}

/// It stayed until the next start, with the value of a key that no template requests any more.
#[test]
fn an_old_answer_is_removed_while_a_process_runs() {
    let place = Place::new();
    write(&mut place.process(), answer("a"), 0);
    let mut store = place.process();
    store.write([], at(days(29))).unwrap();
    assert!(place.read(SOURCE, at(0)).is_some());
    store.write([], at(days(31))).unwrap();
    assert!(place.read(SOURCE, at(0)).is_none());
}

#[test]
fn the_old_answers_of_another_source_are_removed_too() {
    let place = Place::new();
    write(&mut place.process_of(OTHER), answer("b"), 0);
    let mut store = place.process();
    store.write([], at(days(30))).unwrap();
    assert!(place.read(OTHER, at(days(30))).is_some());
    store.write([], at(days(30) + 1)).unwrap();
    assert!(place.read(OTHER, at(days(30))).is_none());
    let sources: i64 = Connection::open(place.path())
        .unwrap()
        .query_row("SELECT count(*) FROM seen", [], |row| row.get(0))
        .unwrap();
    assert_eq!(sources, 1);
}

/// A process that was started with an answer of almost 30 days uses it for longer.
#[test]
fn an_old_answer_that_is_in_use_is_not_removed() {
    let place = Place::new();
    write(&mut place.process(), answer("a"), 0);
    let mut store = place.process();
    write(&mut store, Update::StaleSince(at(0)), days(31));
    store.write([], at(days(32))).unwrap();
    write(&mut store, Update::Current, days(33));
    let kept = place.read(SOURCE, at(days(34))).unwrap();
    assert_eq!(kept.current_until, Some(at(days(33))));
}

#[test]
fn a_clock_that_is_not_set_yet_removes_nothing_and_makes_nothing_older() {
    let place = Place::new();
    write(&mut place.process(), answer("a"), 1);
    let booted = UNIX_EPOCH + Duration::from_secs(30);
    let unknown = Some(None);
    let current_until = |now| Some(place.read(SOURCE, now)?.current_until);
    assert_eq!(current_until(booted), unknown);
    let mut store = place.process();
    let update = |update| [("q".to_owned(), update)];
    store
        .write(update(Update::StaleSince(UNIX_EPOCH)), booted)
        .unwrap();
    assert_eq!(current_until(at(2)), Some(Some(at(1))));
    store.write(update(Update::Current), booted).unwrap();
    store
        .write(update(Update::StaleSince(booted)), booted)
        .unwrap();
    place.process().write([], at(3)).unwrap();
    assert_eq!(current_until(at(4)), Some(Some(at(1))));
}

#[test]
fn a_removed_answer_leaves_nothing_and_the_file_shrinks() {
    let place = Place::new();
    let mut store = place.process();
    let names: Vec<_> = (0..100).map(|number| format!("q{number}")).collect();
    let secret = |name: &String| (name.clone(), answer(&"secret ".repeat(1000)));
    store.write(names.iter().map(secret), at(1)).unwrap();
    assert!(fs::read(place.path()).unwrap().len() > 700_000);
    let others = names[1..].iter().map(|name| (name.clone(), Update::Remove));
    store.write(others, at(2)).unwrap();
    let kept = fs::read(place.path()).unwrap();
    assert!(kept.len() < 50_000, "{}", kept.len());
    store
        .write([("q0".to_owned(), answer("short"))], at(3))
        .unwrap();
    let kept = fs::read(place.path()).unwrap();
    assert!(!kept.windows(6).any(|part| part == b"secret"));
}

#[test]
fn a_write_says_whether_it_has_created_the_file() {
    let place = Place::new();
    let mut store = place.process();
    let mut is_new = || store.write([], at(1)).unwrap().is_new;
    assert!(is_new());
    assert!(!is_new());
    fs::remove_file(place.path()).unwrap();
    assert!(is_new());
    fs::write(place.path(), "nonsense").unwrap();
    assert!(is_new());
    assert!(!is_new());
}

#[test]
fn a_damaged_answer_is_reported_and_written_again() {
    let place = Place::new();
    let mut store = place.process();
    let both = ["q", "r"].map(|query| (query.to_owned(), answer("same")));
    store.write(both.clone(), at(1)).unwrap();
    let connection = Connection::open(place.path()).unwrap();
    let damage = "UPDATE answers SET answer = x'00' WHERE query = 'q'";
    connection.execute(damage, []).unwrap();
    drop(connection);
    let loaded = store.read(["q", "r"], at(2)).unwrap();
    assert_eq!(loaded.damage, Some(Damage::Answers(1)));
    assert_eq!(loaded.damaged, HashSet::from(["q"]));
    assert_eq!(loaded.answers.into_keys().collect::<Vec<_>>(), ["r"]);
    store.write(both, at(2)).unwrap();
    let loaded = store.read(["q", "r"], at(2)).unwrap();
    assert_eq!((loaded.damage, loaded.answers.len()), (None, 2));
}

#[test]
fn only_the_user_can_read_the_file_and_nothing_is_left_beside_it() {
    use std::os::unix::fs::PermissionsExt as _;
    let place = Place::new();
    fs::write(place.path(), "").unwrap();
    write(&mut place.process(), answer("a"), 1);
    let mode = fs::metadata(place.path()).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    assert_eq!(fs::read_dir(place.0.path()).unwrap().count(), 1);
    AnswerStore::remove(&place.path()).unwrap();
    assert_eq!(fs::read_dir(place.0.path()).unwrap().count(), 0);
}

/// On a full disk, the answers could not be read: a reader had to create the index of a write-ahead log.
#[test]
fn a_reader_creates_no_file() {
    let place = Place::new();
    write(&mut place.process(), answer("a"), 1);
    let index = place.0.path().join("answers.db-shm");
    // SQLite follows no link.
    // SQLite follows no link.
    symlink("nowhere", &index).unwrap();
    assert_eq!(place.kept(), Some(("a".to_owned(), at(1))));
    fs::remove_file(&index).unwrap();
    // A version before this one has left a write-ahead log.
    let connection = Connection::open(place.path()).unwrap();
    connection
        .pragma_update(None, "journal_mode", "wal")
        .unwrap();
    drop(connection);
    write(&mut place.process(), answer("b"), 2);
    symlink("nowhere", &index).unwrap();
    assert_eq!(place.kept(), Some(("b".to_owned(), at(2))));
}

#[test]
fn a_file_that_is_no_store_is_removed_by_the_next_write() {
    let place = Place::new();
    fs::write(place.path(), "nonsense").unwrap();
    let mut store = place.process();
    let loaded = store.read(["q"], at(1)).unwrap();
    assert!(matches!(loaded.damage, Some(Damage::File(_))), "{loaded:?}");
    assert_eq!(loaded.answers.len(), 0);
    let written = store.write([("q".to_owned(), answer("a"))], at(1)).unwrap();
    assert!(written.damage.is_some(), "{written:?}");
    assert_eq!(place.kept(), Some(("a".to_owned(), at(1))));
    let written = store.write([], at(2)).unwrap();
    assert_eq!(written, Written::default());
}

/// A bit is damaged in the name of a column, or in the version of the format of SQLite.
#[test]
fn a_file_whose_tables_or_header_are_damaged_is_removed_by_a_write() {
    let place = Place::new();
    write(&mut place.process(), answer("a"), 1);
    let intact = fs::read(place.path()).unwrap();
    let column = intact.windows(5).position(|part| part == b"hash ").unwrap();
    for position in [column, 18] {
        let mut damaged = intact.clone();
        damaged[position] ^= 4;
        fs::write(place.path(), damaged).unwrap();
        let mut store = place.process();
        let mut write = || store.write([("q".to_owned(), answer("b"))], at(2));
        let written = write().or_else(|_| write()).unwrap();
        assert!(written.is_new, "{position}");
    }
}

#[test]
fn a_link_is_refused() {
    let place = Place::new();
    let target = place.0.path().join("target");
    symlink(&target, place.path()).unwrap();
    assert!(place.process().write([], at(1)).is_err());
    assert!(place.process().read(["q"], at(1)).is_err());
    assert!(!target.exists());
}

#[test]
fn the_file_of_a_later_version_is_left_alone() {
    let place = Place::new();
    write(&mut place.process(), answer("a"), 1);
    let connection = Connection::open(place.path()).unwrap();
    connection.pragma_update(None, "user_version", 9).unwrap();
    drop(connection);
    for error in [
        place.process().read(["q"], at(1)).unwrap_err(),
        place.process().write([], at(2)).unwrap_err(),
    ] {
        assert!(
            matches!(error, StoreError::Newer { found: 9, .. }),
            "{error}"
        );
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    /// Whatever byte is damaged, an answer is returned unchanged or not at all, and the next write succeeds or removes
    /// the damage for the one after it.
    #[test]
    fn a_damaged_answer_is_never_returned(position in 0_usize..20_000, flipped in 1_u8..=255) {
        let place = Place::new();
        let long = "0123456789".repeat(800);
        write(&mut place.process(), answer(&long), 1);
        let mut file = fs::read(place.path()).unwrap();
        let position = position % file.len();
        file[position] ^= flipped;
        fs::write(place.path(), &file).unwrap();
        let loaded = place.process().read(["q"], at(2));
        if let Ok(loaded) = &loaded {
            prop_assert!(loaded.answers.get("q").is_none_or(|kept| kept.answer == long.as_bytes()));
        }
        let mut store = place.process();
        let is_newer = matches!(loaded, Err(StoreError::Newer { .. }));
        let mut write = || store.write([("q".to_owned(), answer("new"))], at(2)).is_ok();
        prop_assert!(write() || write() || is_newer);
        if !is_newer {
            let kept = place.read(SOURCE, at(2));
            prop_assert_eq!(kept.map(|kept| kept.answer), Some(b"new".to_vec()));
        }
    }
}
