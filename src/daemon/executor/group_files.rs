//! The files of groups between the steps of an application: staged files, and the replaced ones.
//!
//! Input: the changes of groups. Output: jobs for the writer threads, which return [`Event`]s.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use error_line::chain;
use file_writer::Previous;
use group_apply::change::{Change, ReplacedFile};
use group_apply::options::{GroupKey, STANDARD_OUTPUT};
use group_apply::transaction::{Staging, Swap, write_all};
use group_apply::write::Writer;

use crate::daemon::event::{CheckFailure, Event, RestorePlan, Restored, Staged};

/// The files of all groups. Clones share them. The lock is not held while the file system is accessed.
#[derive(Clone, Debug, Default)]
pub(super) struct GroupFiles(Arc<Mutex<HashMap<GroupKey, Files>>>);

/// The files of one group.
#[derive(Debug, Default)]
struct Files {
    staging: Option<Staging>,
    /// The files as they were when the last command succeeded.
    replaced: Vec<ReplacedFile>,
}

impl GroupFiles {
    /// Stages changes and swaps them.
    pub(super) fn write(&self, writer: &Writer, changes: Vec<Change>) -> Event {
        self.swapped(write_all(writer, changes))
    }

    /// Stages the changes of a group.
    pub(super) fn stage(&self, writer: &Writer, key: GroupKey, changes: Vec<Change>) -> Event {
        let mut staging = Staging::of(writer, changes);
        let has_failed = staging.has_failed();
        let files = match staging.files() {
            Ok(files) => files,
            Err(error) => {
                return not_applied(key, format!("cannot copy the files for the check: {error}"));
            }
        };
        let staged = Staged { files, has_failed };
        self.lock().entry(key.clone()).or_default().staging = Some(staging);
        Event::Staged(key, staged)
    }

    /// Swaps the staged files of a group.
    pub(super) fn swap(&self, writer: &Writer, key: GroupKey) -> Event {
        match self.take_staging(&key) {
            Some(staging) => self.swapped(staging.swap(writer)),
            None => not_applied(key, "internal error: no file is staged".to_owned()),
        }
    }

    /// Removes the staged files of a group.
    pub(super) fn discard(&self, key: &GroupKey) -> Event {
        drop(self.take_staging(key));
        Event::Recorded
    }

    /// Forgets the replaced files of a group. The files of its next change may be staged already, and stay so.
    pub(super) fn forget_replaced(&self, key: &GroupKey) {
        if let Some(files) = self.lock().get_mut(key) {
            files.replaced.clear();
        }
    }

    /// Keeps replaced files.
    pub(super) fn keep_all(&self, files: Vec<(GroupKey, ReplacedFile)>) {
        for (key, file) in files {
            self.replaced(key, file);
        }
    }

    /// Lets other groups restore the replaced files of these destinations.
    pub(super) fn move_replaced(&self, moved: &BTreeMap<PathBuf, GroupKey>) {
        let mut all = Vec::new();
        for (key, files) in self.lock().iter_mut() {
            for file in std::mem::take(&mut files.replaced) {
                match moved.get(&file.destination).filter(|new| *new != key) {
                    Some(new) => all.push((new.clone(), file)),
                    None => files.replaced.push(file),
                }
            }
        }
        self.keep_all(all);
    }

    /// Restores the replaced files of a group. One that cannot be restored is kept for the next attempt.
    pub(super) fn restore(&self, writer: &Writer, key: GroupKey, plan: &RestorePlan) -> Event {
        let files = self
            .lock()
            .get_mut(&key)
            .map(|files| std::mem::take(&mut files.replaced));
        let mut files = files.unwrap_or_default();
        let moved = &plan.moved;
        files.retain(|file| {
            !moved.contains(file.previous.destination()) && !moved.contains(&file.destination)
        });
        let journal = writer.journal();
        if let Some(journal) = journal {
            journal.note_outputs(&plan.outputs);
            journal.begin_restoration(&key, &recorded(&files));
        }
        let (mut restored, mut unrestored) = (Restored::default(), Vec::new());
        for file in files.into_iter().rev() {
            let config = plan.files.get(&file.destination).cloned();
            match writer.restore(&file.previous, &config.unwrap_or_default()) {
                Ok(swapped) => {
                    file_writer::Swapped::flush(swapped.into_iter().collect());
                    restored.files.push(file);
                }
                Err(error) => {
                    let error = (file.destination.clone(), chain(&error));
                    restored.errors.push(error);
                    unrestored.push(file);
                }
            }
        }
        if let Some(journal) = journal {
            let own = unrestored.iter().filter_map(ReplacedFile::own);
            let own: Vec<_> = own.map(Previous::destination).collect();
            journal.restored(&key, &own);
        }
        for file in unrestored.into_iter().rev() {
            self.replaced(key.clone(), file);
        }
        Event::Restored(key, restored)
    }

    fn swapped(&self, swap: Swap) -> Event {
        for (key, file) in swap.replaced {
            self.replaced(key, file);
        }
        Event::Applied(swap.applied)
    }

    /// Keeps a file of a group as it was before it was replaced. The first replacement since the last success counts.
    pub(super) fn replaced(&self, key: GroupKey, file: ReplacedFile) {
        let mut files = self.lock();
        let replaced = &mut files.entry(key).or_default().replaced;
        let path = file.previous.destination();
        if !replaced
            .iter()
            .any(|known| known.previous.destination() == path)
        {
            replaced.push(file);
        }
    }

    fn take_staging(&self, key: &GroupKey) -> Option<Staging> {
        self.lock().get_mut(key)?.staging.take()
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<GroupKey, Files>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The files that the journal records for a restoration: the own file of each template. It keeps its content if only
/// additional files are restored, and stands for them.
fn recorded(files: &[ReplacedFile]) -> Vec<Previous> {
    let own: Vec<_> = files.iter().filter_map(ReplacedFile::own).collect();
    let is_unchanged = |path: &&Path| !own.iter().any(|own| own.destination() == *path);
    let templates: BTreeSet<_> = files.iter().map(|file| &*file.destination).collect();
    let unchanged = templates.into_iter().filter(is_unchanged);
    let unchanged = unchanged.filter(|path| *path != Path::new(STANDARD_OUTPUT));
    // One that cannot be read is not recorded.
    let unchanged = unchanged.filter_map(|path| Previous::read(path).ok());
    own.iter().copied().cloned().chain(unchanged).collect()
}

/// The end of a change that is not applied, as after a check that failed.
fn not_applied(key: GroupKey, error: String) -> Event {
    let failure = CheckFailure {
        error,
        ..CheckFailure::default()
    };
    Event::Checked(key, Err(failure))
}

/// The files of a job.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum JobFiles {
    /// Those of all groups within one directory, which share the flushes.
    Directory(PathBuf),
    /// Those of a group in several directories.
    Group(GroupKey),
}

/// Divides changes into independent jobs, so that a directory on a hanging file system delays only the groups with a
/// file in it.
pub(super) fn by_directory(changes: Vec<Change>) -> Vec<Vec<Change>> {
    let directory_of = |change: &Change| {
        let parent = change.destination.parent();
        parent.unwrap_or(Path::new("")).to_owned()
    };
    let mut files_of_group: HashMap<GroupKey, JobFiles> = HashMap::new();
    for change in &changes {
        let (key, own) = (&change.group.key, JobFiles::Directory(directory_of(change)));
        let known = files_of_group
            .entry(key.clone())
            .or_insert_with(|| own.clone());
        if *known != own {
            *known = JobFiles::Group(key.clone());
        }
    }
    let mut jobs: Vec<Vec<Change>> = Vec::new();
    let mut places: HashMap<&JobFiles, usize> = HashMap::new();
    for change in changes {
        let Some(files) = files_of_group.get(&change.group.key) else {
            continue;
        };
        let place = *places.entry(files).or_insert_with(|| {
            jobs.push(Vec::new());
            jobs.len() - 1
        });
        jobs[place].push(change);
    }
    jobs
}

#[cfg(test)]
mod tests {
    use super::*;
    use group_apply::options::{FileConfig, GroupConfig};

    fn change(job: usize, group: &str, destination: &str) -> Change {
        Change {
            job,
            group: Arc::new(GroupConfig::of_key(GroupKey::Named(group.into()))),
            source: None,
            destination: destination.into(),
            content: Vec::new(),
            outputs: Vec::new(),
            fresh: true,
            is_approved: false,
            is_restoration: false,
            file: FileConfig::default(),
        }
    }

    fn jobs(changes: &[(&str, &str)]) -> Vec<Vec<usize>> {
        let changes = changes.iter().enumerate();
        let changes = changes.map(|(job, (group, path))| change(job, group, path));
        let numbers = |job: Vec<Change>| job.into_iter().map(|change| change.job).collect();
        by_directory(changes.collect())
            .into_iter()
            .map(numbers)
            .collect()
    }

    #[test]
    fn the_groups_of_one_directory_are_one_job_and_a_group_of_several_is_its_own() {
        assert_eq!(
            jobs(&[("a", "/x/1"), ("b", "/x/2"), ("c", "/y/1")]),
            [vec![0, 1], vec![2]]
        );
        assert_eq!(
            jobs(&[("a", "/x/1"), ("b", "/y/1"), ("a", "/y/2"), ("c", "/z/1")]),
            [vec![0, 2], vec![1], vec![3]],
            "if /x hangs, b is written"
        );
        assert_eq!(jobs(&[("a", "1"), ("b", "-")]), [vec![0, 1]]);
    }

    #[test]
    fn staged_files_stay_when_the_command_of_the_change_before_ends() {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("file");
        let (files, writer) = (GroupFiles::default(), Writer::new("ctmpl", None));
        let key = GroupKey::Named("a".into());
        let previous = Previous::recorded(file.clone(), Some(b"old".to_vec()));
        files.replaced(key.clone(), ReplacedFile::of_template(previous));
        let changes = vec![change(0, "a", file.to_str().unwrap())];
        files.stage(&writer, key.clone(), changes);
        files.forget_replaced(&key);
        let applied = match files.swap(&writer, key.clone()) {
            Event::Applied(applied) => applied.len(),
            other => panic!("{other:?}"),
        };
        assert_eq!(applied, 1);
        assert!(file.exists());
        let Event::Restored(_, restored) = files.restore(&writer, key, &RestorePlan::default())
        else {
            panic!("nothing is restored");
        };
        assert_eq!(restored.files, [], "the command before has succeeded");
    }

    #[test]
    fn an_additional_file_of_a_template_that_a_reload_has_moved_to_another_group_is_not_restored() {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("file");
        let (files, writer) = (GroupFiles::default(), Writer::new("ctmpl", None));
        let key = GroupKey::Named("a".into());
        let replaced = ReplacedFile {
            destination: "/moved".into(),
            previous: Previous::read_additional(&file).unwrap(),
        };
        std::fs::write(&file, "new").unwrap();
        files.replaced(key.clone(), replaced);
        let plan = RestorePlan {
            moved: BTreeSet::from(["/moved".into()]),
            ..RestorePlan::default()
        };
        let Event::Restored(_, restored) = files.restore(&writer, key, &plan) else {
            panic!("nothing is restored");
        };
        assert_eq!(restored.files, []);
        assert!(file.exists());
    }

    /// It was forgotten.
    #[test]
    fn a_file_that_cannot_be_restored_is_kept_for_the_next_attempt() {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("file");
        let (files, writer) = (GroupFiles::default(), Writer::new("ctmpl", None));
        let key = GroupKey::Named("a".into());
        let previous = Previous::recorded(file.clone(), Some(b"old".to_vec()));
        files.replaced(key.clone(), ReplacedFile::of_template(previous));
        std::fs::create_dir(&file).unwrap();
        let restore = || match files.restore(&writer, key.clone(), &RestorePlan::default()) {
            Event::Restored(_, restored) => restored,
            other => panic!("{other:?}"),
        };
        for _ in 0..2 {
            let Restored { files, errors } = restore();
            assert_eq!((files.len(), errors.len()), (0, 1));
            assert_eq!(errors[0].0, file);
        }
        std::fs::remove_dir(&file).unwrap();
        assert_eq!(restore().errors, []);
        assert_eq!(std::fs::read(&file).unwrap(), b"old");
    }

    #[test]
    fn a_replaced_file_is_restored_with_the_group_that_a_reload_has_moved_it_to() {
        let directory = tempfile::tempdir().unwrap();
        let (files, writer) = (GroupFiles::default(), Writer::new("ctmpl", None));
        let (old, new) = (GroupKey::Named("old".into()), GroupKey::Named("new".into()));
        let paths = ["stays", "moved"].map(|name| directory.path().join(name));
        for path in &paths {
            let previous = Previous::recorded(path.clone(), Some(b"old".to_vec()));
            files.replaced(old.clone(), ReplacedFile::of_template(previous));
        }
        let moved = BTreeMap::from([(paths[1].clone(), new.clone())]);
        files.move_replaced(&moved);
        files.forget_replaced(&old);
        let restored = |key| match files.restore(&writer, key, &RestorePlan::default()) {
            Event::Restored(_, restored) => restored.files.len(),
            other => panic!("{other:?}"),
        };
        assert_eq!([old, new].map(restored), [0, 1]);
        assert_eq!(paths.map(|path| path.exists()), [false, true]);
    }

    #[test]
    fn a_swap_without_staged_files_is_a_failure() {
        let (files, writer) = (GroupFiles::default(), Writer::new("ctmpl", None));
        let swapped = files.swap(&writer, GroupKey::Named("a".into()));
        assert!(matches!(swapped, Event::Checked(_, Err(_))), "{swapped:?}");
    }
}
