use std::fs;
use std::sync::mpsc;

use apply_ledger::{Generation, Hash, Outcome};

use super::*;
use crate::change::{Change, Effect};
use crate::options::{CommandConfig, CommandOutput, EnvironmentConfig, FileConfig, OnFailure};
use crate::transaction::{Staging, Swap, write_all};
use crate::write::Writer;
use process_tree::CommandLine;

fn group(name: &str) -> Arc<GroupConfig> {
    let command = CommandConfig {
        line: CommandLine::Shell("reload".to_owned()),
        action: None,
        timeout: Duration::from_secs(30),
        environment: EnvironmentConfig::default(),
        output: CommandOutput::Inherit,
    };
    Arc::new(GroupConfig {
        command: Some(command),
        ..GroupConfig::of_key(GroupKey::Named(name.into()))
    })
}

fn change(group: &Arc<GroupConfig>, destination: &Path, content: &str) -> Change {
    Change {
        job: 0,
        group: Arc::clone(group),
        source: None,
        destination: destination.to_owned(),
        content: content.as_bytes().to_vec(),
        outputs: Vec::new(),
        fresh: true,
        is_approved: false,
        is_restoration: false,
        file: FileConfig::default(),
    }
}

/// A journal whose ledger hangs until the sender is dropped.
fn hanging(directory: &Path) -> (Journal, mpsc::Sender<()>) {
    let journal = Journal::open("ctmpl", &directory.join("state"), 5).unwrap();
    let (release, held) = mpsc::channel::<()>();
    journal.thread.send(move |_| {
        let _ = held.recv();
    });
    (journal, release)
}

fn generations(journal: &Journal, destination: &Path) -> Vec<Generation> {
    let path = destination.to_owned();
    journal
        .change(move |ledger| ledger.generations(&path))
        .unwrap()
}

#[test]
fn files_are_written_while_the_ledger_hangs_and_the_record_follows_in_its_order() {
    let directory = tempfile::tempdir().unwrap();
    let directory = directory.path().canonicalize().unwrap();
    let (journal, release) = hanging(&directory);
    let writer = Writer::new("ctmpl", Some(journal.clone()));
    let (group, file) = (group("g"), directory.join("file"));
    for content in ["1", "2"] {
        let Swap { applied, .. } = write_all(&writer, vec![change(&group, &file, content)]);
        assert_eq!(applied[0].outcome.as_ref().unwrap(), &Effect::Written);
        assert_eq!(fs::read_to_string(&file).unwrap(), content);
        // The first record has waited for the ledger in vain. Since then, none waits.
        let recorded = journal.thread.call(|_| ());
        assert_eq!(recorded, Err(NoResult::Overdue { is_first: false }));
        journal.finished(&group.key, Ending::Applied);
    }
    assert!(journal.is_late());
    drop(release);
    let recorded = generations(&journal, &file);
    let outcomes: Vec<_> = recorded.iter().map(|it| (it.hash, it.outcome)).collect();
    let expected = [b"2", b"1"].map(|content| (Hash::of(content), Outcome::Applied));
    assert_eq!(outcomes, expected);
    assert_eq!(journal.ask(|ledger| ledger.owed()), Some(Vec::new()));
    assert_eq!(journal.ask(|ledger| ledger.pending()), Some(Vec::new()));
}

#[test]
fn the_end_of_a_change_is_recorded_if_its_begin_was_however_long_the_ledger_hangs() {
    let directory = tempfile::tempdir().unwrap();
    let directory = directory.path().canonicalize().unwrap();
    let (journal, release) = hanging(&directory);
    // A limit that counts 512 bytes for each of these tasks has room for one more change without its end.
    for _ in 0..16_382 {
        journal.finished(&group("other").key, Ending::Applied);
    }
    let writer = Writer::new("ctmpl", Some(journal.clone()));
    let (group, file) = (group("g"), directory.join("file"));
    write_all(&writer, vec![change(&group, &file, "1")]);
    drop(release);
    assert_eq!(
        journal.change(|ledger| ledger.pending()),
        Some(Vec::new()),
        "no swap was interrupted"
    );
    journal.finished(&group.key, Ending::Applied);
    assert_eq!(owed(&journal), 0);
    assert_eq!(generations(&journal, &file)[0].outcome, Outcome::Applied);
}

/// The number of intents that are owed.
fn owed(journal: &Journal) -> usize {
    journal.ask(|ledger| ledger.owed()).unwrap().len()
}

#[test]
fn commands_that_a_new_configuration_joins_or_divides_are_settled_together() {
    let directory = tempfile::tempdir().unwrap();
    let directory = directory.path().canonicalize().unwrap();
    let open = || Journal::open("ctmpl", &directory.join("state"), 5).unwrap();
    let journal = open();
    let writer = Writer::new("ctmpl", Some(journal.clone()));
    let [a, b, c] = ["a", "b", "c"].map(group);
    for (group, file) in [(&a, "1"), (&b, "2"), (&b, "3")] {
        write_all(&writer, vec![change(group, &directory.join(file), "new")]);
    }
    assert_eq!(owed(&journal), 2);
    let key = |group: &Arc<GroupConfig>| group.key.clone();
    let heirs = |all: &[&Arc<GroupConfig>]| all.iter().map(|group| key(group)).collect();
    journal.transfer([(key(&a), heirs(&[&c]))].into());
    journal.transfer([(key(&b), heirs(&[&a, &c]))].into());
    journal.finished(&b.key, Ending::Applied);
    assert_eq!(owed(&journal), 2, "it does not owe them any more");
    journal.finished(&c.key, Ending::Applied);
    assert_eq!(owed(&journal), 1, "a owes a part still");
    journal.finished(&a.key, Ending::Failed);
    assert_eq!(owed(&journal), 1);
    journal.finished(&a.key, Ending::Applied);
    assert_eq!(owed(&journal), 0);
}

#[test]
fn a_group_that_inherits_and_leaves_in_one_reload_owes_what_it_inherits() {
    let directory = tempfile::tempdir().unwrap();
    let directory = directory.path().canonicalize().unwrap();
    let journal = Journal::open("ctmpl", &directory.join("state"), 5).unwrap();
    let writer = Writer::new("ctmpl", Some(journal.clone()));
    let [a, b, c] = ["a", "b", "c"].map(group);
    for (group, file) in [(&a, "1"), (&b, "2")] {
        write_all(&writer, vec![change(group, &directory.join(file), "new")]);
    }
    let to = |heir: &Arc<GroupConfig>| BTreeSet::from([heir.key.clone()]);
    journal.transfer([(a.key.clone(), to(&b)), (b.key.clone(), to(&c))].into());
    journal.finished(&c.key, Ending::Applied);
    assert_eq!(owed(&journal), 1, "b has not succeeded");
    journal.finished(&b.key, Ending::Applied);
    assert_eq!(owed(&journal), 0);
}

#[test]
fn a_file_that_moves_to_another_group_is_owed_until_the_command_of_that_group_has_succeeded() {
    let directory = tempfile::tempdir().unwrap();
    let directory = directory.path().canonicalize().unwrap();
    let journal = Journal::open("ctmpl", &directory.join("state"), 5).unwrap();
    let writer = Writer::new("ctmpl", Some(journal.clone()));
    let [a, b] = ["a", "b"].map(group);
    let write = |file: &str| {
        write_all(&writer, vec![change(&a, &directory.join(file), "new")]);
    };
    let owed_files = || {
        let owed = journal.ask(|ledger| ledger.owed()).unwrap().into_iter();
        owed.flat_map(|group| group.destinations)
            .collect::<Vec<_>>()
    };
    let moved = directory.join("moved");
    write("moved");
    write("stays");
    let heirs = [&a, &b].map(|group| group.key.clone());
    journal.transfer([(a.key.clone(), BTreeSet::from(heirs))].into());
    journal.finished(&a.key, Ending::Applied);
    assert!(owed_files().contains(&moved), "b has not succeeded");
    // A later write of the group does not end what b owes.
    write("stays");
    journal.finished(&a.key, Ending::Applied);
    assert!(owed_files().contains(&moved));
    journal.finished(&b.key, Ending::Failed);
    assert!(owed_files().contains(&moved));
    journal.finished(&b.key, Ending::Applied);
    assert_eq!(owed_files(), [""; 0].map(PathBuf::from));
}

#[test]
fn a_file_behind_a_link_is_restored_in_its_own_history() {
    let directory = tempfile::tempdir().unwrap();
    let directory = directory.path().canonicalize().unwrap();
    let journal = Journal::open("ctmpl", &directory.join("state"), 5).unwrap();
    let writer = Writer::new("ctmpl", Some(journal.clone()));
    let (link, file, group) = (directory.join("link"), directory.join("file"), group("g"));
    std::os::unix::fs::symlink(&file, &link).unwrap();
    write_all(&writer, vec![change(&group, &link, "old")]);
    journal.finished(&group.key, Ending::Applied);
    let previous = Previous::read(&link).unwrap();
    write_all(&writer, vec![change(&group, &link, "new")]);
    journal.begin_restoration(&group.key, &[previous]);
    journal.restored(&group.key, &[]);
    journal.finished(&group.key, Ending::Applied);
    let outcomes = generations(&journal, &file).into_iter();
    let outcomes: Vec<_> = outcomes.map(|generation| generation.outcome).collect();
    let expected = [Outcome::Applied, Outcome::RolledBack, Outcome::Applied];
    assert_eq!(outcomes, expected);
    let known = journal.destinations();
    assert_eq!(known.len(), 1, "{known:?}");
    assert_eq!(known[0].applied, Some(Hash::of(b"old")));
}

/// A group that is rolled back.
fn rolled_back(name: &str) -> Arc<GroupConfig> {
    let mut group = group(name);
    Arc::make_mut(&mut group).on_failure = OnFailure::Rollback;
    group
}

/// The contents that a rollback of these changes restores.
fn kept(writer: &Writer, changes: Vec<Change>) -> Vec<String> {
    let replaced = write_all(writer, changes).replaced.into_iter();
    let contents = replaced.map(|(_, file)| {
        let content = file.previous.content().unwrap_or(b"no file");
        String::from_utf8(content.to_vec()).unwrap()
    });
    contents.collect()
}

/// That of the other program was kept.
#[test]
fn a_change_keeps_the_content_of_the_last_success_although_another_program_has_changed_the_file() {
    let directory = tempfile::tempdir().unwrap();
    let directory = directory.path().canonicalize().unwrap();
    let journal = Journal::open("ctmpl", &directory.join("state"), 5).unwrap();
    let writer = Writer::new("ctmpl", Some(journal.clone()));
    let (group, file) = (rolled_back("g"), directory.join("file"));
    let link = directory.join("link");
    std::os::unix::fs::symlink(&file, &link).unwrap();
    let write = |content| kept(&writer, vec![change(&group, &link, content)]);
    fs::write(&file, "found").unwrap();
    assert_eq!(write("1"), ["found"], "it was never applied");
    journal.finished(&group.key, Ending::Applied);
    fs::write(&file, "edited").unwrap();
    assert_eq!(write("2"), ["1"]);
    journal.finished(&group.key, Ending::Applied);
    fs::remove_file(&file).unwrap();
    assert_eq!(write("3"), ["2"]);
    let written = journal.destinations().remove(0).written;
    assert_eq!(written, Some(Hash::of(b"3")));
}

#[test]
fn a_change_keeps_the_content_of_the_disk_if_a_success_may_be_missing_in_the_ledger() {
    let directory = tempfile::tempdir().unwrap();
    let directory = directory.path().canonicalize().unwrap();
    let journal = Journal::open("ctmpl", &directory.join("state"), 5).unwrap();
    let (group, file) = (rolled_back("g"), directory.join("file"));
    let writer = Writer::new("ctmpl", Some(journal.clone()));
    kept(&writer, vec![change(&group, &file, "1")]);
    journal.finished(&group.key, Ending::Applied);
    journal.thread.send(State::contents_dropped);
    fs::write(&file, "2, not recorded").unwrap();
    let of_disk = ["2, not recorded"];
    assert_eq!(kept(&writer, vec![change(&group, &file, "3")]), of_disk);
    fs::write(&file, "2, not recorded").unwrap();
    let without_ledger = Writer::new("ctmpl", None);
    let change = change(&group, &file, "3");
    assert_eq!(kept(&without_ledger, vec![change]), of_disk);
}

#[test]
fn a_swap_that_fails_restores_the_content_of_another_program() {
    let directory = tempfile::tempdir().unwrap();
    let directory = directory.path().canonicalize().unwrap();
    let journal = Journal::open("ctmpl", &directory.join("state"), 5).unwrap();
    let writer = Writer::new("ctmpl", Some(journal.clone()));
    let group = rolled_back("g");
    let [first, last] = ["first", "last"].map(|name| directory.join(name));
    let changes = |content| [&first, &last].map(|file| change(&group, file, content));
    write_all(&writer, changes("1").into());
    journal.finished(&group.key, Ending::Applied);
    fs::write(&first, "edited").unwrap();
    let staging = Staging::of(&writer, changes("2").into());
    // Make the last rename fail.
    fs::remove_file(&last).unwrap();
    fs::create_dir(&last).unwrap();
    assert_eq!(staging.swap(&writer).replaced, []);
    assert_eq!(fs::read_to_string(&first).unwrap(), "edited");
}
