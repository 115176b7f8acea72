//! The ledger against a model: random steps, with restarts.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;

const GROUPS: [&str; 2] = ["even", "odd"];

/// A step of a daemon. The numbers select among what is possible.
#[derive(Clone, Debug)]
enum Step {
    /// Begin an intent of a group that writes these contents: destination and content.
    Begin(usize, BTreeMap<u8, u8>),
    Swap(usize),
    Discard(usize),
    Finish(usize, Ending),
    Hold(u8),
    Release(u8),
    Restart,
}

fn step() -> impl Strategy<Value = Step> {
    let files = proptest::collection::btree_map(0..4u8, any::<u8>(), 1..4);
    prop_oneof![
        4 => (0..2usize, files).prop_map(|(group, files)| Step::Begin(group, files)),
        4 => any::<usize>().prop_map(Step::Swap),
        1 => any::<usize>().prop_map(Step::Discard),
        3 => (any::<usize>(), any::<bool>()).prop_map(|(intent, succeeds)| {
            Step::Finish(intent, if succeeds { Ending::Applied } else { Ending::Failed })
        }),
        1 => (0..8u8).prop_map(Step::Hold),
        1 => (0..8u8).prop_map(Step::Release),
        1 => Just(Step::Restart),
    ]
}

/// The contents by destination.
type Files = BTreeMap<PathBuf, Vec<u8>>;

/// What the ledger has to know.
#[derive(Debug, Default)]
struct Model {
    /// The intents that have begun: their group and files.
    pending: BTreeMap<IntentId, (usize, Files)>,
    /// The intents that are swapped and not finished.
    swapped: BTreeMap<IntentId, (usize, Files)>,
    written: Files,
    applied: Files,
    held: Files,
}

impl Model {
    fn finish(&mut self, id: IntentId, ending: Ending) {
        let Some((group, _)) = self.swapped.get(&id).cloned() else {
            return;
        };
        let mut files = Files::new();
        let covered: Vec<_> = self.swapped.range(..=id).map(|(id, _)| *id).collect();
        for id in covered {
            if self.swapped[&id].0 == group {
                files.extend(self.swapped.remove(&id).unwrap().1);
            }
        }
        match ending {
            Ending::Applied => self.applied.extend(files),
            Ending::Dropped => {}
            Ending::Failed => {
                self.swapped.insert(id, (group, files));
            }
        }
    }
}

/// The key that a number selects.
fn select(intents: &BTreeMap<IntentId, (usize, Files)>, number: usize) -> Option<IntentId> {
    let ids: Vec<_> = intents.keys().copied().collect();
    (!ids.is_empty()).then(|| ids[number % ids.len()])
}

/// The destination of a number within a group; each belongs to one group.
fn path(group: usize, number: u8) -> PathBuf {
    PathBuf::from(format!("/{}/{number}", GROUPS[group]))
}

fn begin(ledger: &mut Ledger, model: &mut Model, group: usize, contents: &BTreeMap<u8, u8>) {
    let files: Files = contents
        .iter()
        .map(|(number, content)| (path(group, *number), vec![*content; 10]))
        .collect();
    let file = |(destination, new)| IntentFile {
        destination,
        staged: None,
        old: None,
        new,
        attributes: Attributes::default(),
    };
    let intent = Intent {
        group: GROUPS[group],
        command: Some("reload"),
        files: files
            .iter()
            .map(|(path, new)| (path.as_path(), new.as_slice()))
            .map(file)
            .collect(),
        rolls_back: None,
    };
    let id = ledger.begin(&intent).unwrap();
    model.pending.insert(id, (group, files));
}

fn execute(ledger: &mut Ledger, model: &mut Model, step: &Step) {
    match step {
        Step::Begin(group, contents) => begin(ledger, model, *group, contents),
        Step::Swap(number) => {
            let Some(id) = select(&model.pending, *number) else {
                return;
            };
            ledger.swapped(id).unwrap();
            model.written.extend(model.pending[&id].1.clone());
            // Earlier ones of the group, which were not recovered, are covered by its command.
            let group = model.pending[&id].0;
            let earlier = model.pending.range(..=id);
            let covered = earlier.filter(|(_, own)| own.0 == group);
            let covered: BTreeMap<_, _> = covered.map(|(id, own)| (*id, own.clone())).collect();
            model.pending.retain(|id, _| !covered.contains_key(id));
            model.swapped.extend(covered);
        }
        Step::Discard(number) => {
            if let Some(id) = select(&model.pending, *number) {
                ledger.discarded(id).unwrap();
                model.pending.remove(&id);
            }
        }
        Step::Finish(number, ending) => {
            if let Some(id) = select(&model.swapped, *number) {
                ledger.finished(id, *ending).unwrap();
                model.finish(id, *ending);
            }
        }
        Step::Hold(number) => {
            let path = path(usize::from(number % 2), number / 2);
            let generations = ledger.generations(&path).unwrap();
            let Some(known) = generations.iter().find(|known| known.is_written) else {
                return;
            };
            ledger.hold(&path, known.number, None).unwrap();
            let content = model.written[&path].clone();
            model.held.insert(path, content);
        }
        Step::Release(number) => {
            let path = path(usize::from(number % 2), number / 2);
            ledger.release(&path).unwrap();
            model.held.remove(&path);
        }
        Step::Restart => {}
    }
}

fn compare(ledger: &Ledger, model: &Model) {
    let pending = ledger.pending().unwrap();
    assert_eq!(pending.len(), model.pending.len());
    for (found, (id, (group, files))) in pending.iter().zip(&model.pending) {
        assert_eq!((found.id, found.group.as_str()), (*id, GROUPS[*group]));
        let found = found.files.iter();
        let found: Vec<_> = found.map(|file| (&file.destination, file.new)).collect();
        let expected: Vec<_> = files
            .iter()
            .map(|(path, content)| (path, Hash::of(content)))
            .collect();
        assert_eq!(found, expected);
    }
    for (group, name) in GROUPS.iter().enumerate() {
        let mut files = Files::new();
        for (own, more) in model.swapped.values() {
            if *own == group {
                files.extend(more.clone());
            }
        }
        let owed = ledger.owed().unwrap();
        let owed = owed.iter().find(|owed| owed.group == *name);
        let owed = owed.map(|owed| owed.destinations.clone());
        let expected = (!files.is_empty()).then(|| files.into_keys().collect::<Vec<_>>());
        assert_eq!(owed, expected);
    }
    for (path, content) in &model.written {
        assert_eq!(ledger.written(path).unwrap(), Some(Hash::of(content)));
    }
    for (path, content) in &model.applied {
        assert_eq!(ledger.applied(path).unwrap(), Some(Hash::of(content)));
    }
    let holds = ledger.holds().unwrap();
    let held: Vec<_> = holds
        .iter()
        .map(|hold| (&hold.destination, hold.hash))
        .collect();
    let expected = model.held.iter();
    let expected: Vec<_> = expected
        .map(|(path, content)| (path, Hash::of(content)))
        .collect();
    assert_eq!(held, expected);
    every_content_in_use_is_stored_and_no_other(ledger, model);
}

fn every_content_in_use_is_stored_and_no_other(ledger: &Ledger, model: &Model) {
    let pending = model.pending.values().flat_map(|(_, files)| files.values());
    let in_use = [&model.written, &model.applied, &model.held];
    let in_use = in_use.into_iter().flat_map(BTreeMap::values);
    for content in in_use.chain(pending) {
        let stored = ledger.content(Hash::of(content)).unwrap();
        assert_eq!(stored.as_deref(), Some(content.as_slice()));
    }
    for (unmatched, other) in [("contents", "generations"), ("generations", "contents")] {
        let sql = format!(
            "SELECT count(*) FROM {unmatched} WHERE hash NOT IN (SELECT hash FROM {other})"
        );
        let count = ledger
            .connection
            .query_row(&sql, [], |row| row.get::<_, i64>(0));
        assert_eq!(count.unwrap(), 0, "{unmatched} without {other}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn the_ledger_agrees_with_the_model(steps in proptest::collection::vec(step(), 1..40)) {
        let directory = tempfile::tempdir().unwrap();
        let options = LedgerOptions { contents: 2 };
        let open = || Ledger::open(directory.path(), options).unwrap().0;
        let mut ledger = Some(open());
        let mut model = Model::default();
        for step in &steps {
            if matches!(step, Step::Restart) {
                ledger = None;
                ledger.get_or_insert_with(open);
            }
            let ledger = ledger.as_mut().unwrap();
            execute(ledger, &mut model, step);
            compare(ledger, &model);
        }
    }
}
