//! Full and read-only file systems, and mount points.

use super::*;

/// A mounted file system, unmounted when dropped.
struct Mounted(TempDir);

impl Mounted {
    fn with(options: &str) -> Option<Self> {
        let directory = temporary_directory();
        let mut mount = Command::new("mount");
        mount
            .args(["-t", "tmpfs", "-o", options, "tmpfs"])
            .arg(directory.path());
        let done = mount.output().is_ok_and(|done| done.status.success());
        done.then(|| Self(directory))
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
    let directory = disk.0.path();
    let out = directory.join("out");
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
    assert_eq!(
        (error.kind(), error.path()),
        (ErrorKind::StorageFull, out.as_path())
    );
    assert_eq!(
        names(directory),
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
    let directory = disk.0.path();
    let out = directory.join("out");
    put(&out, b"old").unwrap();
    assert!(disk.remount("ro"));
    let message =
        "cannot create a new file beside DIRECTORY/out: Read-only file system (os error 30)";
    let error = refused(directory, &out, message);
    assert_eq!(
        (error.kind(), error.path()),
        (ErrorKind::ReadOnlyFilesystem, out.as_path())
    );
    assert!(
        !put(&out, b"old").unwrap(),
        "content that is right already needs no writing"
    );
}

#[test]
fn a_file_that_is_a_mount_point() {
    let directory = temporary_directory();
    let (inside, out) = (
        directory.path().join("inside"),
        directory.path().join("out"),
    );
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
        let rename = FileOptions {
            write: WriteMode::Rename,
            ..FileOptions::default()
        };
        let message = "cannot replace DIRECTORY/out: Device or resource busy (os error 16)";
        let error = refused_as(directory.path(), &out, message, &rename);
        assert_eq!(
            (error.kind(), error.path()),
            (ErrorKind::ResourceBusy, out.as_path())
        );
    });
    Command::new("umount").arg(&out).status().unwrap();
    failed.unwrap();
}
