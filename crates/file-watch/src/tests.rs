//! Tests with real directories and the system's own watcher.

use std::fs;

use super::*;

const DEADLINE: Duration = Duration::from_secs(10);

async fn event(files: &mut Files) -> FileEvent {
    tokio::time::timeout(DEADLINE, files.changed())
        .await
        .expect("nothing was reported")
}

async fn reported(files: &mut Files) -> BTreeSet<PathBuf> {
    let FileEvent { files, new } = event(files).await;
    assert_eq!(new, BTreeSet::new());
    files
}

/// Waits until these files are reported as new.
async fn are_new<const N: usize>(files: &mut Files, names: [&PathBuf; N]) {
    let new = names.into_iter().cloned().collect();
    let expected = FileEvent {
        files: BTreeSet::new(),
        new,
    };
    assert_eq!(event(files).await, expected);
}

/// A reader reads a file, which changes before the watch has started.
#[tokio::test]
async fn a_file_is_reported_as_new_once() {
    let directory = tempfile::tempdir().unwrap();
    let (one, two) = (directory.path().join("one"), directory.path().join("two"));
    let mut files = Files::new();
    files.watch_exactly([one.clone()].into());
    are_new(&mut files, [&one]).await;
    files.watch_exactly([one.clone(), two.clone()].into());
    are_new(&mut files, [&two]).await;
    assert!(
        FileEvent {
            new: [two.clone()].into(),
            ..FileEvent::default()
        }
        .concerns(&two)
    );
    files.watch_exactly([two].into());
    let none = tokio::time::timeout(Duration::from_millis(300), files.changed()).await;
    assert!(none.is_err());
}

#[tokio::test]
async fn a_written_a_replaced_and_a_new_file_are_reported() {
    let directory = tempfile::tempdir().unwrap();
    let (old, new) = (directory.path().join("old"), directory.path().join("new"));
    fs::write(&old, "1").unwrap();
    let mut files = Files::new();
    files.watch_exactly([old.clone(), new.clone()].into());
    are_new(&mut files, [&old, &new]).await;

    fs::write(&old, "2").unwrap();
    assert_eq!(reported(&mut files).await, [old.clone()].into());
    fs::write(directory.path().join("beside"), "3").unwrap();
    fs::rename(directory.path().join("beside"), &old).unwrap();
    assert_eq!(reported(&mut files).await, [old].into());
    fs::write(&new, "4").unwrap();
    assert_eq!(reported(&mut files).await, [new].into());
}

#[tokio::test]
async fn a_directory_that_appears_is_watched_from_then_on() {
    let directory = tempfile::tempdir().unwrap();
    let below = directory.path().join("below");
    let file = below.join("file");
    let mut files = Files::new();
    files.watch_exactly([file.clone()].into());
    are_new(&mut files, [&file]).await;
    fs::create_dir(&below).unwrap();
    assert_eq!(reported(&mut files).await, [file.clone()].into());
    fs::write(&file, "1").unwrap();
    assert_eq!(reported(&mut files).await, [file].into());
}

#[tokio::test]
async fn a_directory_that_takes_the_place_of_another_is_watched() {
    let directory = tempfile::tempdir().unwrap();
    let at = |name: &str| directory.path().join(name);
    for name in ["conf", "new"] {
        fs::create_dir(at(name)).unwrap();
        fs::write(at(name).join("file"), name).unwrap();
    }
    let file = at("conf").join("file");
    let mut files = Files::new();
    files.watch_exactly([file.clone()].into());
    are_new(&mut files, [&file]).await;
    fs::rename(at("conf"), at("old")).unwrap();
    fs::rename(at("new"), at("conf")).unwrap();
    assert_eq!(reported(&mut files).await, [file.clone()].into());
    fs::write(&file, "newer").unwrap();
    assert_eq!(reported(&mut files).await, [file].into());
}

#[tokio::test]
async fn several_writes_are_one_event() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("file");
    fs::write(&file, "1").unwrap();
    let mut files = Files::new();
    files.watch_exactly([file.clone()].into());
    are_new(&mut files, [&file]).await;
    for n in 0..5 {
        fs::write(&file, n.to_string()).unwrap();
    }
    reported(&mut files).await;
    assert!(
        tokio::time::timeout(Duration::from_millis(300), files.changed())
            .await
            .is_err()
    );
}

#[tokio::test]
async fn a_volume_switched_by_a_link_is_reported() {
    let directory = tempfile::tempdir().unwrap();
    let at = |name: &str| directory.path().join(name);
    for version in ["v1", "v2"] {
        fs::create_dir(at(version)).unwrap();
        fs::write(at(version).join("file"), version).unwrap();
    }
    std::os::unix::fs::symlink("v1", at("..data")).unwrap();
    std::os::unix::fs::symlink("..data/file", at("file")).unwrap();
    let mut files = Files::new();
    files.watch_exactly([at("file")].into());
    are_new(&mut files, [&at("file")]).await;
    std::os::unix::fs::symlink("v2", at("..new")).unwrap();
    fs::rename(at("..new"), at("..data")).unwrap();
    assert_eq!(reported(&mut files).await, [at("file")].into());
}

#[tokio::test(start_paused = true)]
async fn without_the_systems_watcher_files_are_compared() {
    let directory = tempfile::tempdir().unwrap();
    let at = |name: &str| directory.path().join(name);
    let (old, new) = (at("old"), at("new"));
    fs::write(&old, "1").unwrap();
    let none = |_, _| Err(notify::Error::generic("too many instances"));
    let mut files = Files::started_by(none);
    files.watch_exactly([old.clone(), new.clone()].into());
    are_new(&mut files, [&old, &new]).await;

    fs::write(&old, "22").unwrap();
    assert_eq!(reported(&mut files).await, [old.clone()].into());
    fs::write(&new, "1").unwrap();
    assert_eq!(reported(&mut files).await, [new.clone()].into());
    fs::remove_file(&new).unwrap();
    assert_eq!(reported(&mut files).await, [new].into());

    // The system can watch files again.
    files.start = start;
    files.poll();
    assert_eq!(files.polling, Polling::Off);
}

#[tokio::test(start_paused = true)]
async fn a_change_before_other_files_are_added_is_reported() {
    let directory = tempfile::tempdir().unwrap();
    let at = |name: &str| directory.path().join(name);
    let (old, new) = (at("old"), at("new"));
    fs::write(&old, "1").unwrap();
    fs::write(&new, "1").unwrap();
    let none = |_, _| Err(notify::Error::generic("too many instances"));
    let mut files = Files::started_by(none);
    files.watch_exactly([old.clone()].into());
    are_new(&mut files, [&old]).await;
    fs::write(&old, "22").unwrap();
    files.watch_exactly([old.clone(), new.clone()].into());
    are_new(&mut files, [&new]).await;
    assert_eq!(reported(&mut files).await, [old].into());
}
