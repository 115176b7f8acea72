use std::collections::BTreeMap;
use std::path::Path;
use std::time::UNIX_EPOCH;

use proptest::prelude::*;

use super::*;
use crate::records::IntentId;

/// The files by path, with their contents.
type Disk = BTreeMap<PathBuf, Hash>;

/// How a file of a generated intent is replaced.
#[derive(Clone, Copy, Debug)]
struct Case {
    /// The old content; `None`: the file is new.
    old: Option<u8>,
    new: u8,
    is_staged: bool,
    /// `true` if a staged file that was not renamed is gone.
    is_lost: bool,
}

fn content(id: u8) -> Hash {
    Hash::of(&[id])
}

/// Swaps the files of an intent up to `swaps`, then loses staged files.
fn interrupted(cases: &[Case], swaps: usize) -> (PendingIntent, Disk) {
    let mut disk = Disk::new();
    let mut files = Vec::new();
    for (index, case) in cases.iter().enumerate() {
        let destination = PathBuf::from(format!("/out/{index}"));
        let staged = case
            .is_staged
            .then(|| PathBuf::from(format!("/out/.{index}")));
        let old = case.old.map(content);
        let new = content(case.new);
        let is_swapped = index < swaps;
        disk.extend(old.map(|old| (destination.clone(), old)));
        if is_swapped {
            disk.insert(destination.clone(), new);
        } else if !case.is_lost {
            disk.extend(staged.clone().map(|staged| (staged, new)));
        }
        files.push(PendingFile {
            destination,
            staged,
            old,
            new,
            attributes: Attributes::default(),
        });
    }
    let intent = PendingIntent {
        id: IntentId(1),
        group: "group".to_owned(),
        command: None,
        begun: UNIX_EPOCH,
        files,
    };
    (intent, disk)
}

fn states(intent: &PendingIntent, disk: &Disk) -> Vec<FileState> {
    let state = |file: &PendingFile| FileState {
        is_staged: file
            .staged
            .as_ref()
            .is_some_and(|staged| disk.contains_key(staged)),
        destination: disk.get(&file.destination).copied(),
    };
    intent.files.iter().map(state).collect()
}

fn execute(steps: &[RecoveryStep], disk: &mut Disk) {
    for step in steps {
        match step {
            RecoveryStep::Write {
                destination,
                content,
                ..
            } => {
                disk.insert(destination.clone(), *content);
            }
            RecoveryStep::Remove { staged } => {
                disk.remove(staged);
            }
        }
    }
}

fn has(disk: &Disk, path: &Path, content: Option<Hash>) -> bool {
    disk.get(path).copied() == content
}

fn all_old(intent: &PendingIntent, disk: &Disk) -> bool {
    let mut files = intent.files.iter();
    files.all(|file| has(disk, &file.destination, file.old))
}

fn all_new(intent: &PendingIntent, disk: &Disk) -> bool {
    let mut files = intent.files.iter();
    files.all(|file| has(disk, &file.destination, Some(file.new)))
}

#[test]
fn a_file_that_keeps_its_content_stands_for_others_that_may_have_been_written() {
    let kept = Case {
        old: Some(1),
        new: 1,
        is_staged: false,
        is_lost: false,
    };
    let changed = Case {
        new: 2,
        is_staged: true,
        ..kept
    };
    for (cases, result) in [
        (vec![kept], Recovery::New),
        (vec![kept, changed], Recovery::Old),
    ] {
        let (intent, disk) = interrupted(&cases, 0);
        let plan = recover(&intent, &states(&intent, &disk));
        assert_eq!(plan.result, result, "{cases:?}");
    }
}

fn cases() -> impl Strategy<Value = Vec<Case>> {
    let case = (
        proptest::option::of(0..3u8),
        0..3u8,
        any::<bool>(),
        proptest::bool::weighted(0.2),
    );
    let case = case.prop_map(|(old, new, is_staged, is_lost)| Case {
        old,
        new,
        is_staged,
        is_lost,
    });
    proptest::collection::vec(case, 1..6)
}

proptest! {
    #[test]
    fn every_prefix_of_swaps_ends_with_all_files_old_or_all_new(cases in cases()) {
        for swaps in 0..=cases.len() {
            let (intent, mut disk) = interrupted(&cases, swaps);
            let plan = recover(&intent, &states(&intent, &disk));
            execute(&plan.steps, &mut disk);
            match plan.result {
                Recovery::Old => prop_assert!(all_old(&intent, &disk), "{plan:?} {disk:?}"),
                Recovery::New => prop_assert!(all_new(&intent, &disk), "{plan:?} {disk:?}"),
            }
            let left = intent.files.iter().filter_map(|file| file.staged.as_ref());
            prop_assert!(left.clone().all(|staged| !disk.contains_key(staged)));
            if swaps == cases.len() {
                prop_assert!(all_new(&intent, &disk), "{plan:?} {disk:?}");
            }
        }
    }

    #[test]
    fn a_plan_that_is_executed_in_part_and_planned_again_has_the_same_end(
        cases in cases(),
        swaps in 0..6usize,
        executed in 0..12usize,
    ) {
        let (intent, disk) = interrupted(&cases, swaps);
        let plan = recover(&intent, &states(&intent, &disk));
        let mut whole = disk.clone();
        execute(&plan.steps, &mut whole);
        let mut part = disk;
        execute(&plan.steps[..executed.min(plan.steps.len())], &mut part);
        let again = recover(&intent, &states(&intent, &part));
        execute(&again.steps, &mut part);
        prop_assert_eq!(&part, &whole);
        // Once more: nothing is left to do.
        let last = recover(&intent, &states(&intent, &part));
        prop_assert_eq!(last.steps, vec![]);
    }
}

#[test]
fn without_a_swap_the_staged_files_are_removed() {
    let case = Case {
        old: Some(1),
        new: 2,
        is_staged: true,
        is_lost: false,
    };
    let (intent, disk) = interrupted(&[case, case], 0);
    let plan = recover(&intent, &states(&intent, &disk));
    assert_eq!(plan.result, Recovery::Old);
    assert_eq!(plan.steps.len(), 2);
}

#[test]
fn a_staged_file_is_removed_and_not_used() {
    let case = Case {
        old: Some(1),
        new: 2,
        is_staged: true,
        is_lost: false,
    };
    let (intent, mut disk) = interrupted(&[case, case], 1);
    disk.insert("/out/.1".into(), content(9));
    let plan = recover(&intent, &states(&intent, &disk));
    execute(&plan.steps, &mut disk);
    assert!(all_new(&intent, &disk));
    assert!(!disk.contains_key(Path::new("/out/.1")));
}

#[test]
fn writing_in_place_that_has_begun_is_completed() {
    let case = Case {
        old: Some(1),
        new: 2,
        is_staged: false,
        is_lost: false,
    };
    let (intent, mut disk) = interrupted(&[case], 0);
    disk.insert("/out/0".into(), content(9));
    let plan = recover(&intent, &states(&intent, &disk));
    assert_eq!(plan.result, Recovery::New);
    execute(&plan.steps, &mut disk);
    assert!(all_new(&intent, &disk));
}
