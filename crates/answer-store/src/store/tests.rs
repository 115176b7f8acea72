use std::fs;

use proptest::prelude::*;

use super::*;

const SOURCE: &str = "http://a:8500";

fn at(seconds: u64) -> SystemTime {
    UNIX_EPOCH + Duration::from_secs(1_000_000 + seconds)
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
        AnswerStore::new(self.path(), SOURCE)
    }

    /// The answer to `q` that a new process reads, and until when it was current.
    fn kept(&self) -> Option<(String, SystemTime)> {
        let mut kept = self.process().read(["q"]).unwrap();
        let kept = kept.remove("q")?;
        Some((String::from_utf8(kept.answer).unwrap(), kept.current_until))
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
fn the_answers_of_another_server_are_never_returned() {
    let place = Place::new();
    write(&mut place.process(), answer("a"), 1);
    let mut other = AnswerStore::new(place.path(), "http://b:8500");
    assert!(other.read(["q"]).unwrap().is_empty());
    other.write([("r".to_owned(), answer("x"))], at(2)).unwrap();
    assert_eq!(place.kept(), None);
    other.set_source(SOURCE);
    assert!(other.read(["r"]).unwrap().is_empty());
    other.write([], at(3)).unwrap();
    assert!(place.process().read(["q", "r"]).unwrap().is_empty());
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
    let days = |days: u64| days * 24 * 3600;
    place.process().write([], at(days(30))).unwrap();
    assert!(place.kept().is_some());
    place.process().write([], at(days(30) + 1)).unwrap();
    assert_eq!(place.kept(), None);
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
    place.process().remove().unwrap();
    assert_eq!(fs::read_dir(place.0.path()).unwrap().count(), 0);
}

#[test]
fn a_file_that_is_no_store_is_removed_by_the_next_write() {
    let place = Place::new();
    fs::write(place.path(), "nonsense").unwrap();
    assert_eq!(place.kept(), None);
    let mut store = place.process();
    let written = store.write([("q".to_owned(), answer("a"))], at(1)).unwrap();
    assert!(written.damage.is_some(), "{written:?}");
    assert_eq!(place.kept(), Some(("a".to_owned(), at(1))));
    let written = store.write([], at(2)).unwrap();
    assert_eq!(written, Written::default());
}

#[test]
fn a_link_is_refused() {
    let place = Place::new();
    let target = place.0.path().join("target");
    std::os::unix::fs::symlink(&target, place.path()).unwrap();
    assert!(place.process().write([], at(1)).is_err());
    assert!(place.process().read(["q"]).is_err());
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
        place.process().read(["q"]).unwrap_err(),
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
        let kept = place.process().read(["q"]);
        if let Ok(kept) = &kept {
            prop_assert!(kept.get("q").is_none_or(|kept| kept.answer == long.as_bytes()));
        }
        let mut store = place.process();
        let is_newer = matches!(kept, Err(StoreError::Newer { .. }));
        let mut write = || store.write([("q".to_owned(), answer("new"))], at(2)).is_ok();
        prop_assert!(write() || write() || is_newer);
        if !is_newer {
            prop_assert_eq!(place.kept().map(|kept| kept.0), Some("new".to_owned()));
        }
    }
}
