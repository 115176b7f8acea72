use std::fs::File;
use std::fs::Permissions;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, symlink};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, SystemTime};

use nix::unistd::{Gid, Uid};
use tempfile::TempDir;

use super::*;

mod attributes;
mod in_place;
mod leftovers;
mod planted;
mod refusals;

fn temporary_directory() -> TempDir {
    tempfile::tempdir().unwrap()
}

/// Stages and swaps; returns `true` if anything changed.
fn put(destination: &Path, content: &[u8]) -> Result<bool, WriteError> {
    match Writer::new("ctmpl").stage(destination, content, None, &FileOptions::default())? {
        Stage::Unchanged => Ok(false),
        Stage::Staged(staged) => {
            Swapped::flush(vec![staged.swap()?]);
            Ok(true)
        }
    }
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().mode() & 0o7777
}

fn names(directory: &Path) -> Vec<String> {
    let names = fs::read_dir(directory)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let mut names: Vec<_> = names.collect();
    names.sort();
    names
}

#[test]
fn a_new_file_is_readable_for_all_and_its_directories_are_created() {
    let directory = temporary_directory();
    let out = directory.path().join("a/b/out");
    assert!(put(&out, b"text").unwrap());
    assert_eq!(fs::read(&out).unwrap(), b"text");
    assert_eq!(mode(&out), 0o644);
    assert_eq!(names(out.parent().unwrap()), ["out"]);
}

#[test]
fn a_staged_file_is_invisible_until_the_swap_and_removed_without_it() {
    let directory = temporary_directory();
    let out = directory.path().join("out");
    fs::write(&out, "old").unwrap();
    let Stage::Staged(staged) = Writer::new("ctmpl")
        .stage(&out, b"new", None, &FileOptions::default())
        .unwrap()
    else {
        panic!("it differs")
    };
    assert_eq!(fs::read(&out).unwrap(), b"old");
    assert_eq!(fs::read(staged.path().unwrap()).unwrap(), b"new");
    let name = staged
        .path()
        .unwrap()
        .file_name()
        .unwrap()
        .to_str()
        .unwrap();
    assert!(name.starts_with(".out.ctmpl-"), "{name}");
    drop(staged);
    assert_eq!(names(directory.path()), ["out"]);
}

#[test]
fn the_same_content_leaves_the_file_alone() {
    let directory = temporary_directory();
    let out = directory.path().join("out");
    for content in ["", "same"] {
        fs::write(&out, content).unwrap();
        let long_ago = SystemTime::now() - Duration::from_secs(1000);
        File::options()
            .write(true)
            .open(&out)
            .unwrap()
            .set_modified(long_ago)
            .unwrap();
        let before = fs::metadata(&out).unwrap();
        assert!(is_current(&out, content.as_bytes()).unwrap());
        assert!(!put(&out, content.as_bytes()).unwrap());
        let after = fs::metadata(&out).unwrap();
        assert_eq!(
            (before.ino(), before.modified().unwrap()),
            (after.ino(), after.modified().unwrap())
        );
    }
}

#[test]
fn different_content_of_any_length_is_written() {
    let directory = temporary_directory();
    let out = directory.path().join("out");
    for content in ["a", "b", "", "longer", "x"] {
        assert!(put(&out, content.as_bytes()).unwrap(), "{content:?}");
        assert_eq!(fs::read_to_string(&out).unwrap(), content);
    }
}

#[test]
fn mode_and_owner_of_the_old_file_are_kept() {
    let directory = temporary_directory();
    let out = directory.path().join("out");
    for kept in [0o600, 0o640, 0o755, 0o444] {
        fs::write(&out, format!("old {kept}")).unwrap();
        fs::set_permissions(&out, Permissions::from_mode(kept)).unwrap();
        let as_root = Uid::effective().is_root();
        if as_root {
            std::os::unix::fs::chown(&out, Some(1234), Some(5678)).unwrap();
        }
        let before = fs::metadata(&out).unwrap();
        assert!(put(&out, b"new").unwrap());
        let after = fs::metadata(&out).unwrap();
        assert_eq!(
            (after.mode(), after.uid(), after.gid()),
            (before.mode(), before.uid(), before.gid())
        );
        assert_eq!(after.uid() == 1234, as_root);
        fs::remove_file(&out).unwrap();
    }
}

#[test]
fn symlinks_are_followed_and_stay() {
    let directory = temporary_directory();
    fs::create_dir_all(directory.path().join("real")).unwrap();
    fs::create_dir_all(directory.path().join("links")).unwrap();
    let real = directory.path().join("real/app.conf");
    symlink("../real/second", directory.path().join("links/first")).unwrap();
    symlink(&real, directory.path().join("real/second")).unwrap();
    let link = directory.path().join("links/first");
    for content in ["dangling: its target is created", "then replaced"] {
        assert!(put(&link, content.as_bytes()).unwrap());
        assert_eq!(fs::read_to_string(&real).unwrap(), content);
        assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
        assert!(
            fs::symlink_metadata(directory.path().join("real/second"))
                .unwrap()
                .is_symlink()
        );
        assert!(!fs::symlink_metadata(&real).unwrap().is_symlink());
        assert!(!put(&link, content.as_bytes()).unwrap());
    }
    assert_eq!(names(&directory.path().join("links")), ["first"]);
    assert_eq!(
        names(&directory.path().join("real")),
        ["app.conf", "second"]
    );
}

#[test]
fn a_dangling_symlink_gets_its_target_with_directories() {
    let directory = temporary_directory();
    let link = directory.path().join("link");
    symlink("not/there/yet", &link).unwrap();
    assert!(put(&link, b"text").unwrap());
    assert_eq!(
        fs::read(directory.path().join("not/there/yet")).unwrap(),
        b"text"
    );
}

#[test]
fn names_of_any_kind_are_written() {
    let directory = temporary_directory();
    let strange = std::ffi::OsStr::from_bytes(b"not \xff utf-8");
    let longest = "n".repeat(255);
    for name in [
        strange,
        longest.as_ref(),
        ".hidden".as_ref(),
        "two\nlines".as_ref(),
    ] {
        assert!(put(&directory.path().join(name), b"text").unwrap());
    }
    assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 4);
}

#[test]
fn a_reader_never_sees_a_torn_file() {
    let directory = temporary_directory();
    let out = directory.path().join("out");
    let content = |number: usize| {
        vec![b'a' + u8::try_from(number % 26).unwrap(); 10_000 + (number % 7) * 5_000]
    };
    put(&out, &content(0)).unwrap();
    let done = AtomicBool::new(false);
    let seen = std::thread::scope(|scope| {
        let reader = scope.spawn(|| {
            let mut reads = 0;
            while !done.load(Ordering::Relaxed) {
                let text = fs::read(&out).unwrap();
                let number = (0..26 * 7).find(|number| {
                    content(*number).len() == text.len() && text[0] == content(*number)[0]
                });
                assert!(
                    number.is_some_and(|number| text == content(number)),
                    "torn: {} bytes",
                    text.len()
                );
                reads += 1;
            }
            reads
        });
        for number in 1..=500 {
            assert!(put(&out, &content(number)).unwrap());
        }
        done.store(true, Ordering::Relaxed);
        reader.join().unwrap()
    });
    assert!(seen > 20, "the reader had no chance: {seen} reads");
    assert_eq!(names(directory.path()), ["out"]);
}

#[test]
fn leftovers_of_a_killed_process_are_removed_by_the_next_write() {
    let directory = temporary_directory();
    let out = directory.path().join("out");
    let left = directory.path().join(".out.ctmpl-0a1B2c3D");
    let hour_ago = SystemTime::now() - Duration::from_secs(3600);
    File::create(&left).unwrap().set_modified(hour_ago).unwrap();
    put(&out, b"text").unwrap();
    assert_eq!(names(directory.path()), ["out"]);
}
