//! The recovery of interrupted swaps, on real files.

#![expect(clippy::unwrap_used, reason = "a test fails by a panic")]

use std::cell::Cell;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use apply_ledger::{
    Attributes, Intent, IntentFile, Ledger, LedgerOptions, Old, Recovery, RecoveryPlan, recover,
};

/// Two files that were staged in a directory, and their recorded intent.
struct Interrupted {
    directory: tempfile::TempDir,
    ledger: Ledger,
}

impl Interrupted {
    fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let state = directory.path().join("state");
        let mut ledger = Ledger::open(&state, LedgerOptions::default()).unwrap().0;
        let path = |name: &str| directory.path().join(name);
        let (a, b) = (path("a"), path("b"));
        let staged = [path(".a"), path(".b")];
        fs::write(&a, "old").unwrap();
        for staged in &staged {
            fs::write(staged, "new").unwrap();
            fs::set_permissions(staged, fs::Permissions::from_mode(0o640)).unwrap();
        }
        let file = |destination, staged, old| IntentFile {
            destination,
            staged: Some(staged),
            old,
            new: b"new",
            attributes: Attributes::of(staged).unwrap(),
        };
        let old = Some(Old::Content(b"old"));
        let files = vec![file(&a, &staged[0], old), file(&b, &staged[1], None)];
        let intent = Intent {
            group: "app",
            command: Some("reload app"),
            files,
            rolls_back: None,
        };
        ledger.begin(&intent).unwrap();
        Self { directory, ledger }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    fn plan(&self) -> RecoveryPlan {
        let pending = self.ledger.pending().unwrap();
        recover(&pending[0], &pending[0].states().unwrap())
    }

    fn recover(&self) -> Recovery {
        let plan = self.plan();
        assert!(plan.execute(&self.ledger, "test", || true).unwrap());
        plan.result
    }

    fn read(&self, name: &str) -> Option<String> {
        fs::read_to_string(self.path(name)).ok()
    }
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

#[test]
fn if_no_file_was_swapped_all_stay_as_they_were() {
    let interrupted = Interrupted::new();
    assert_eq!(interrupted.recover(), Recovery::Old);
    assert_eq!(interrupted.read("a").as_deref(), Some("old"));
    for name in ["b", ".a", ".b"] {
        assert_eq!(interrupted.read(name), None);
    }
    assert_eq!(interrupted.recover(), Recovery::Old);
}

#[test]
fn the_other_files_are_written_with_their_attributes() {
    for staged_content in [Some("new"), Some("planted"), None] {
        let interrupted = Interrupted::new();
        fs::rename(interrupted.path(".a"), interrupted.path("a")).unwrap();
        match staged_content {
            Some(content) => fs::write(interrupted.path(".b"), content).unwrap(),
            None => fs::remove_file(interrupted.path(".b")).unwrap(),
        }
        assert_eq!(interrupted.recover(), Recovery::New);
        for name in ["a", "b"] {
            assert_eq!(interrupted.read(name).as_deref(), Some("new"));
            assert_eq!(mode(&interrupted.path(name)), 0o640);
        }
        assert_eq!(interrupted.read(".b"), None);
        assert_eq!(interrupted.plan().steps, vec![]);
    }
}

#[test]
fn a_recovery_that_is_not_wanted_any_more_writes_nothing_over_newer_contents() {
    // The plan writes `b`. It asks before the step, and before the rename.
    for wanted in 0..3 {
        let interrupted = Interrupted::new();
        fs::copy(interrupted.path(".a"), interrupted.path("a")).unwrap();
        fs::remove_file(interrupted.path(".a")).unwrap();
        fs::remove_file(interrupted.path(".b")).unwrap();
        fs::write(interrupted.path("b"), "newer").unwrap();
        let plan = interrupted.plan();
        let asked = Cell::new(0);
        let is_wanted = || asked.replace(asked.get() + 1) < wanted;
        let executed = plan.execute(&interrupted.ledger, "test", is_wanted);
        let is_complete = wanted == 2;
        assert_eq!(executed.unwrap(), is_complete, "{wanted}");
        let content = if is_complete { "new" } else { "newer" };
        assert_eq!(interrupted.read("b").as_deref(), Some(content), "{wanted}");
        let names = fs::read_dir(interrupted.directory.path()).unwrap();
        let names = names.map(|entry| entry.unwrap().file_name());
        let mut names: Vec<_> = names.collect();
        names.sort_unstable();
        assert_eq!(
            names,
            ["a", "b", "state"],
            "{wanted}: no staged file is left"
        );
    }
}

#[test]
fn a_file_that_cannot_be_written_leaves_the_intent_pending() {
    let interrupted = Interrupted::new();
    fs::rename(interrupted.path(".a"), interrupted.path("a")).unwrap();
    fs::create_dir(interrupted.path("b")).unwrap();
    let pending = interrupted.ledger.pending().unwrap();
    let error = pending[0].states().unwrap_err();
    assert_eq!(error.to_string(), "cannot recover an interrupted swap");
    fs::remove_dir(interrupted.path("b")).unwrap();
    assert_eq!(interrupted.recover(), Recovery::New);
}
