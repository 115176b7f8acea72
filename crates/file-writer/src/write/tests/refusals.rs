//! Tests of files that cannot be written: each error has the step, the file and the cause.

mod mounts;

use std::error::Error as _;
use std::io::ErrorKind;
use std::process::Command;

use nix::sys::stat::Mode;
use nix::unistd::{mkfifo, setfsgid, setfsuid};

use super::attributes::put_as;
use super::*;

const NOBODY: u32 = 65_534;

/// Asserts that writing fails with this message (`DIRECTORY` stands for the directory) and leaves no file behind.
fn refused(directory: &Path, destination: &Path, message: &str) -> WriteError {
    refused_as(directory, destination, message, &FileOptions::default())
}

fn refused_as(
    directory: &Path,
    destination: &Path,
    message: &str,
    config: &FileOptions,
) -> WriteError {
    let before = names(directory);
    let error = put_as(destination, b"new content", config).expect_err("it cannot be written");
    let text = format!("{error}: {}", error.source().unwrap())
        .replace(directory.to_str().unwrap(), "DIRECTORY");
    assert_eq!(text, message);
    assert_eq!(names(directory), before, "something was left behind");
    error
}

#[expect(clippy::print_stderr, reason = "a test that did not run must say so")]
fn skipped(why: &str) {
    eprintln!("SKIPPED: {why}");
}

/// Runs `work` in a thread with the file permissions of the user `nobody`, because root has all permissions.
pub(super) fn as_nobody<T: Send>(work: impl FnOnce() -> T + Send) -> T {
    std::thread::scope(|scope| {
        let thread = scope.spawn(|| {
            if Uid::effective().is_root() {
                setfsgid(Gid::from_raw(NOBODY));
                setfsuid(Uid::from_raw(NOBODY));
            }
            work()
        });
        thread.join().unwrap()
    })
}

#[test]
fn a_destination_that_is_a_directory() {
    let directory = temporary_directory();
    let error = refused(
        directory.path(),
        directory.path(),
        "cannot replace DIRECTORY: Is a directory (os error 21)",
    );
    assert_eq!(
        (error.kind(), error.path()),
        (ErrorKind::IsADirectory, directory.path())
    );
    let slash = directory.path().join("new/");
    refused(
        directory.path(),
        &slash,
        "cannot replace DIRECTORY/new/: Is a directory (os error 21)",
    );
    refused(
        directory.path(),
        &directory.path().join(".."),
        "cannot replace DIRECTORY/..: Is a directory (os error 21)",
    );
}

#[test]
fn an_empty_path() {
    let directory = temporary_directory();
    refused(
        directory.path(),
        Path::new(""),
        "cannot replace : No such file or directory (os error 2)",
    );
}

#[test]
fn a_parent_that_is_a_file() {
    let directory = temporary_directory();
    fs::write(directory.path().join("file"), "").unwrap();
    let out = directory.path().join("file/out");
    let error = refused(
        directory.path(),
        &out,
        "cannot read DIRECTORY/file/out: Not a directory (os error 20)",
    );
    assert_eq!(
        (error.kind(), error.path()),
        (ErrorKind::NotADirectory, out.as_path())
    );
}

#[test]
fn a_name_that_is_too_long() {
    let directory = temporary_directory();
    let name = "n".repeat(256);
    let message = format!("cannot read DIRECTORY/{name}: File name too long (os error 36)");
    refused(directory.path(), &directory.path().join(&name), &message);
}

#[test]
fn links_in_a_circle() {
    let directory = temporary_directory();
    symlink("b", directory.path().join("a")).unwrap();
    symlink("a", directory.path().join("b")).unwrap();
    let message =
        "cannot follow the link DIRECTORY/a: Too many levels of symbolic links (os error 40)";
    refused(directory.path(), &directory.path().join("a"), message);
}

#[test]
fn a_named_pipe_is_not_opened_and_a_device_is_not_replaced() {
    let directory = temporary_directory();
    let pipe = directory.path().join("pipe");
    mkfifo(&pipe, Mode::S_IRWXU).unwrap();
    refused(
        directory.path(),
        &pipe,
        "cannot replace DIRECTORY/pipe: it is a named pipe, not a regular file",
    );
    let message = "cannot replace /dev/null: it is a device, not a regular file";
    refused(directory.path(), Path::new("/dev/null"), message);
}

#[test]
fn a_directory_without_permission() {
    let directory = temporary_directory();
    fs::set_permissions(directory.path(), Permissions::from_mode(0o555)).unwrap();
    let out = directory.path().join("out");
    let message = "cannot create a new file beside DIRECTORY/out: Permission denied (os error 13)";
    let error = as_nobody(|| refused(directory.path(), &out, message));
    assert_eq!(
        (error.kind(), error.path()),
        (ErrorKind::PermissionDenied, out.as_path())
    );
    let message = "cannot create the directory DIRECTORY/new: Permission denied (os error 13)";
    as_nobody(|| {
        refused(
            directory.path(),
            &directory.path().join("new/deep/out"),
            message,
        )
    });
}

#[test]
fn a_file_that_cannot_be_read() {
    let directory = temporary_directory();
    fs::set_permissions(directory.path(), Permissions::from_mode(0o777)).unwrap();
    let out = directory.path().join("out");
    fs::write(&out, "old").unwrap();
    fs::set_permissions(&out, Permissions::from_mode(0o000)).unwrap();
    as_nobody(|| {
        refused(
            directory.path(),
            &out,
            "cannot read DIRECTORY/out: Permission denied (os error 13)",
        )
    });
}

#[test]
fn a_file_whose_owner_cannot_be_kept_is_written() {
    if !Uid::effective().is_root() {
        return skipped("only root can create a file of another user");
    }
    let directory = temporary_directory();
    fs::set_permissions(directory.path(), Permissions::from_mode(0o777)).unwrap();
    let out = directory.path().join("out");
    fs::write(&out, "old").unwrap();
    fs::set_permissions(&out, Permissions::from_mode(0o4754)).unwrap();
    assert!(as_nobody(|| put(&out, b"new")).unwrap());
    let metadata = fs::metadata(&out).unwrap();
    assert_eq!((metadata.uid(), metadata.gid()), (NOBODY, NOBODY));
    assert_eq!(
        mode(&out),
        0o754,
        "the mode is kept, the set-user-ID bit is not lent to another user"
    );
}

#[test]
fn a_link_to_its_own_template() {
    let directory = temporary_directory();
    let (template, out) = (directory.path().join("in"), directory.path().join("out"));
    std::fs::write(&template, "text").unwrap();
    std::os::unix::fs::symlink("in", &out).unwrap();
    let error = Writer::new("ctmpl")
        .stage(&out, b"rendered", Some(&template), &FileOptions::default())
        .expect_err("it is its own template");
    assert!(
        error
            .source()
            .unwrap()
            .to_string()
            .starts_with("it is its own template"),
        "{error}"
    );
    assert_eq!(std::fs::read(&template).unwrap(), b"text");
}

#[test]
fn one_file_by_two_paths() {
    let directory = temporary_directory();
    let (real, link, other) = (
        directory.path().join("real"),
        directory.path().join("link"),
        directory.path().join("other"),
    );
    std::os::unix::fs::symlink("real", &link).unwrap();
    std::os::unix::fs::symlink(".", &other).unwrap();
    let writer = Writer::new("ctmpl");
    for _ in 0..2 {
        assert!(
            writer
                .stage(&real, b"one", None, &FileOptions::default())
                .is_ok(),
            "the first destination may be written repeatedly"
        );
    }
    for another in [link, other.join("real")] {
        let error = writer
            .stage(&another, b"two", None, &FileOptions::default())
            .expect_err("it is taken");
        let reason = error.source().unwrap().to_string();
        assert!(
            reason.contains("the same file as") && reason.contains("which another template writes"),
            "{reason}"
        );
    }
}

#[test]
fn a_directory_whose_number_is_reused_is_not_refused() {
    let directory = temporary_directory();
    let (before, after) = (
        directory.path().join("before"),
        directory.path().join("after"),
    );
    let writer = Writer::new("ctmpl");
    let stage = |path: &Path| writer.stage(path, b"text", None, &FileOptions::default());
    assert!(stage(&before.join("file")).is_ok());
    // A directory that is created after the removal of another usually gets its inode number.
    std::fs::rename(&before, &after).unwrap();
    assert!(
        stage(&after.join("file")).is_ok(),
        "no file of the other template remains"
    );
}
