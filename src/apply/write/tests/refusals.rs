//! What cannot be written: each with a message that says what was tried, on what, and why.

use std::error::Error as _;
use std::process::Command;

use nix::sys::stat::Mode;
use nix::unistd::{mkfifo, setfsgid, setfsuid};

use super::asked_for::put_as;
use super::*;

const NOBODY: u32 = 65_534;

/// Fails with this message (`ROOM` stands for the directory), and leaves nothing behind.
fn refused(room: &Path, destination: &Path, message: &str) -> WriteError {
    refused_as(room, destination, message, &FileConfig::default())
}

fn refused_as(room: &Path, destination: &Path, message: &str, config: &FileConfig) -> WriteError {
    let before = names(room);
    let error = put_as(destination, b"new content", config).expect_err("it cannot be written");
    let text =
        format!("{error}: {}", error.source().unwrap()).replace(room.to_str().unwrap(), "ROOM");
    assert_eq!(text, message);
    assert_eq!(names(room), before, "something was left behind");
    error
}

fn remedy(error: &WriteError, room: &Path) -> String {
    error
        .remedy()
        .expect("there is something to be done")
        .replace(room.to_str().unwrap(), "ROOM")
}

#[expect(clippy::print_stderr, reason = "a test that did not run must say so")]
fn skipped(why: &str) {
    eprintln!("SKIPPED: {why}");
}

/// Runs `work` in a thread whose access to files is that of nobody, for root is refused nothing.
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
fn a_directory() {
    let room = room();
    let error = refused(
        room.path(),
        room.path(),
        "cannot replace ROOM: Is a directory (os error 21)",
    );
    assert_eq!(remedy(&error, room.path()), "name a file in it: ROOM/FILE");
    let slash = room.path().join("new/");
    refused(
        room.path(),
        &slash,
        "cannot replace ROOM/new/: Is a directory (os error 21)",
    );
    refused(
        room.path(),
        &room.path().join(".."),
        "cannot replace ROOM/..: Is a directory (os error 21)",
    );
}

#[test]
fn no_name_at_all() {
    let room = room();
    refused(
        room.path(),
        Path::new(""),
        "cannot replace : No such file or directory (os error 2)",
    );
}

#[test]
fn a_parent_that_is_a_file() {
    let room = room();
    fs::write(room.path().join("file"), "").unwrap();
    let out = room.path().join("file/out");
    let error = refused(
        room.path(),
        &out,
        "cannot read ROOM/file/out: Not a directory (os error 20)",
    );
    assert_eq!(
        remedy(&error, room.path()),
        "ROOM/file is a file, and a directory is needed there"
    );
}

#[test]
fn a_name_that_is_too_long() {
    let room = room();
    let name = "n".repeat(256);
    let message = format!("cannot read ROOM/{name}: File name too long (os error 36)");
    refused(room.path(), &room.path().join(&name), &message);
}

#[test]
fn links_in_a_circle() {
    let room = room();
    symlink("b", room.path().join("a")).unwrap();
    symlink("a", room.path().join("b")).unwrap();
    let message = "cannot follow the link ROOM/a: Too many levels of symbolic links (os error 40)";
    refused(room.path(), &room.path().join("a"), message);
}

#[test]
fn a_named_pipe_is_not_opened_and_a_device_is_not_replaced() {
    let room = room();
    let pipe = room.path().join("pipe");
    mkfifo(&pipe, Mode::S_IRWXU).unwrap();
    refused(
        room.path(),
        &pipe,
        "cannot replace ROOM/pipe: it is a named pipe, not a regular file",
    );
    let message = "cannot replace /dev/null: it is a device, not a regular file";
    refused(room.path(), Path::new("/dev/null"), message);
}

#[test]
fn a_directory_without_permission() {
    let room = room();
    fs::set_permissions(room.path(), Permissions::from_mode(0o555)).unwrap();
    let out = room.path().join("out");
    let message = "cannot create a new file beside ROOM/out: Permission denied (os error 13)";
    let error = as_nobody(|| refused(room.path(), &out, message));
    let expected =
        "the user that runs ctmpl must be able to read the file and to create files in ROOM";
    assert_eq!(remedy(&error, room.path()), expected);
    let message = "cannot make the directory ROOM/new: Permission denied (os error 13)";
    as_nobody(|| refused(room.path(), &room.path().join("new/deep/out"), message));
}

#[test]
fn a_file_that_cannot_be_read() {
    let room = room();
    fs::set_permissions(room.path(), Permissions::from_mode(0o777)).unwrap();
    let out = room.path().join("out");
    fs::write(&out, "old").unwrap();
    fs::set_permissions(&out, Permissions::from_mode(0o000)).unwrap();
    as_nobody(|| {
        refused(
            room.path(),
            &out,
            "cannot read ROOM/out: Permission denied (os error 13)",
        )
    });
}

#[test]
fn an_owner_that_cannot_be_kept_is_no_reason_not_to_write() {
    if !Uid::effective().is_root() {
        return skipped("only root can make a file that belongs to somebody else");
    }
    let room = room();
    fs::set_permissions(room.path(), Permissions::from_mode(0o777)).unwrap();
    let out = room.path().join("out");
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

/// A file system of its own, unmounted when dropped.
struct Mounted(TempDir);

impl Mounted {
    fn with(options: &str) -> Option<Self> {
        let room = room();
        let mut mount = Command::new("mount");
        mount
            .args(["-t", "tmpfs", "-o", options, "tmpfs"])
            .arg(room.path());
        let done = mount.output().is_ok_and(|done| done.status.success());
        done.then(|| Self(room))
    }

    fn remount(&self, options: &str) -> bool {
        let mut mount = Command::new("mount");
        mount
            .args(["-o", &format!("remount,{options}")])
            .arg(self.0.path());
        mount.status().is_ok_and(|status| status.success())
    }
}

impl Drop for Mounted {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(self.0.path()).status();
    }
}

#[test]
fn a_full_disk() {
    let Some(disk) = Mounted::with("size=64k,mode=755") else {
        return skipped("mounting a small file system needs root");
    };
    let room = disk.0.path();
    let out = room.join("out");
    put(&out, b"old").unwrap();
    let error = put(&out, &vec![b'x'; 200_000]).expect_err("it does not fit");
    assert!(
        error.to_string().starts_with("cannot write the new "),
        "{error}"
    );
    assert_eq!(
        error.source().unwrap().to_string(),
        "No space left on device (os error 28)"
    );
    assert_eq!(remedy(&error, room), "make room in ROOM");
    assert_eq!(
        names(room),
        ["out"],
        "what could not be completed is removed"
    );
    assert_eq!(fs::read(&out).unwrap(), b"old");
    put(&out, b"small again").unwrap();
}

#[test]
fn a_read_only_file_system() {
    let Some(disk) = Mounted::with("size=64k,mode=755") else {
        return skipped("mounting a read-only file system needs root");
    };
    let room = disk.0.path();
    let out = room.join("out");
    put(&out, b"old").unwrap();
    assert!(disk.remount("ro"));
    let message = "cannot create a new file beside ROOM/out: Read-only file system (os error 30)";
    let error = refused(room, &out, message);
    assert!(remedy(&error, room).contains("ReadWritePaths="));
    assert!(
        !put(&out, b"old").unwrap(),
        "content that is right already needs no writing"
    );
}

#[test]
fn a_file_that_is_mounted_by_itself() {
    let room = room();
    let (inside, out) = (room.path().join("inside"), room.path().join("out"));
    fs::write(&inside, "old").unwrap();
    fs::write(&out, "").unwrap();
    let mounted = Command::new("mount")
        .arg("--bind")
        .args([&inside, &out])
        .output();
    if !mounted.is_ok_and(|done| done.status.success()) {
        return skipped("mounting a file needs root");
    }
    let failed = std::panic::catch_unwind(|| {
        let rename = FileConfig {
            write: WriteMode::Rename,
            ..FileConfig::default()
        };
        let message = "cannot replace ROOM/out: Device or resource busy (os error 16)";
        let error = refused_as(room.path(), &out, message, &rename);
        assert!(
            remedy(&error, room.path())
                .contains("mount its directory ROOM instead, or let it be written in place")
        );
    });
    Command::new("umount").arg(&out).status().unwrap();
    failed.unwrap();
}

#[test]
fn a_link_to_its_own_template() {
    let room = room();
    let (template, out) = (room.path().join("in"), room.path().join("out"));
    std::fs::write(&template, "text").unwrap();
    std::os::unix::fs::symlink("in", &out).unwrap();
    let error = Writer::default()
        .stage(&out, b"rendered", Some(&template), &FileConfig::default())
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
fn the_same_file_by_another_path() {
    let room = room();
    let (real, link, other) = (
        room.path().join("real"),
        room.path().join("link"),
        room.path().join("other"),
    );
    std::os::unix::fs::symlink("real", &link).unwrap();
    std::os::unix::fs::symlink(".", &other).unwrap();
    let mut writer = Writer::default();
    for _ in 0..2 {
        assert!(
            writer
                .stage(&real, b"one", None, &FileConfig::default())
                .is_ok(),
            "the first, again and again"
        );
    }
    for another in [link, other.join("real")] {
        let error = writer
            .stage(&another, b"two", None, &FileConfig::default())
            .expect_err("it is taken");
        let reason = error.source().unwrap().to_string();
        assert!(
            reason.contains("the same file as") && reason.contains("which another template writes"),
            "{reason}"
        );
    }
}

#[test]
fn a_directory_that_was_another_ones_is_free_again() {
    let room = room();
    let (before, after) = (room.path().join("before"), room.path().join("after"));
    let mut writer = Writer::default();
    let mut stage = |path: &Path| writer.stage(path, b"text", None, &FileConfig::default());
    assert!(stage(&before.join("file")).is_ok());
    // The same directory with the same number: so it is, mostly, with one that is made after another was removed.
    std::fs::rename(&before, &after).unwrap();
    assert!(
        stage(&after.join("file")).is_ok(),
        "nothing of the other template is there any more"
    );
}
