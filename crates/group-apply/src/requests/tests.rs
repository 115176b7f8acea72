use apply_ledger::{Attributes, Intent, IntentFile, LedgerOptions, RequestQueue};

use super::*;

const CONTENTS: [&str; 2] = ["the content of the first", "the content of the second"];

/// A ledger of these files. The content of the first one is held.
fn ledger(directory: &Path, files: &[PathBuf; 2]) {
    let (mut ledger, _) = Ledger::open(directory, LedgerOptions::default()).unwrap();
    for (destination, content) in files.iter().zip(CONTENTS) {
        let intent = Intent {
            group: "app",
            command: None,
            files: vec![IntentFile {
                destination,
                staged: None,
                old: None,
                new: content.as_bytes(),
                attributes: Attributes::default(),
            }],
            rolls_back: None,
        };
        ledger.swaps_ended(&[], &[intent]).unwrap();
        ledger.hold(destination, 1, None).unwrap();
    }
}

/// Changes a stored content in the files of the ledger.
fn damage(directory: &Path, content: &str) {
    let (from, mut count) = (content.as_bytes(), 0);
    for entry in std::fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            continue;
        }
        let mut bytes = std::fs::read(&path).unwrap();
        let places = 0..bytes.len().saturating_sub(from.len() - 1);
        for at in places
            .filter(|at| bytes[*at..].starts_with(from))
            .collect::<Vec<_>>()
        {
            bytes[at] = b'X';
            count += 1;
        }
        std::fs::write(&path, bytes).unwrap();
    }
    assert!(count > 0, "the content is stored");
}

#[test]
fn a_damaged_content_affects_no_other_hold_and_no_other_request() {
    let directory = tempfile::tempdir().unwrap();
    let root = directory.path().canonicalize().unwrap();
    let state = root.join("state");
    let files = [root.join("first"), root.join("second")];
    ledger(&state, &files);
    let mut queue = RequestQueue::open(&state).unwrap();
    let rollback = queue.hold(&files[0], 1, None).unwrap();
    let release = queue.release(&files[1]).unwrap();
    drop(queue);
    damage(&state, CONTENTS[0]);

    let journal = Journal::open("ctmpl", &state, 5).unwrap();
    let held = holds_of_earlier_process(&journal, files.to_vec());
    let held: Vec<_> = held.into_iter().map(|it| it.destination).collect();
    assert_eq!(held, [files[1].clone()]);
    let taken = take(&journal, files.to_vec());
    let released = Requested {
        destination: files[1].clone(),
        change: RequestedChange::Release,
    };
    assert_eq!(taken, [released]);
    let queue = RequestQueue::open(&state).unwrap();
    let answer = |request| queue.answer(request).unwrap().unwrap();
    assert!(answer(release).succeeded);
    let refused = answer(rollback);
    assert!(
        !refused.succeeded && refused.text.contains("is damaged"),
        "{refused:?}"
    );
}
