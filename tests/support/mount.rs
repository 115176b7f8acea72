//! A small file system of its own, to run out of room on and to be refused by.
//!
//! in:  an empty directory
//! out: a file system mounted there, until it is dropped

use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

/// A file system of its own, gone when dropped.
pub struct Mount<'a>(&'a Path);

impl<'a> Mount<'a> {
    /// Mounts one of 400 kB; only root can, and not everywhere.
    pub fn tiny(path: &'a Path) -> Option<Self> {
        fs::create_dir_all(path).unwrap();
        let mounted = Command::new("mount")
            .args(["-t", "tmpfs", "-o", "size=400k", "ctmpl-test"])
            .arg(path)
            .output();
        if mounted.is_ok_and(|ended| ended.status.success()) {
            return Some(Self(path));
        }
        eprintln!("skipped: a file system cannot be mounted here");
        None
    }

    /// Mounts a file over another one, as containers do it; only root can, and not everywhere.
    pub fn of_file(from: &Path, over: &'a Path) -> Option<Self> {
        let mounted = Command::new("mount")
            .arg("--bind")
            .args([from, over])
            .output();
        if mounted.is_ok_and(|ended| ended.status.success()) {
            return Some(Self(over));
        }
        eprintln!("skipped: a file cannot be mounted here");
        None
    }

    /// Makes it read-only; says whether that was possible.
    pub fn is_made_read_only(&self) -> bool {
        Command::new("mount")
            .args(["-o", "remount,ro"])
            .arg(self.0)
            .status()
            .is_ok_and(|status| status.success())
    }

    /// Leaves no room for anything, with a file `filler`.
    pub fn fill(&self) {
        let mut filler = fs::File::create(self.0.join("filler")).unwrap();
        for size in [65_536, 4096, 512] {
            while filler.write_all(&vec![0; size]).is_ok() {}
        }
    }
}

impl Drop for Mount<'_> {
    fn drop(&mut self) {
        let begun = Instant::now();
        // A process that is ending may still hold it for a moment.
        while !Command::new("umount")
            .arg(self.0)
            .status()
            .is_ok_and(|status| status.success())
        {
            if begun.elapsed() > Duration::from_secs(5) {
                drop(Command::new("umount").arg("-l").arg(self.0).status());
                return;
            }
            std::thread::sleep(Duration::from_millis(50));
        }
    }
}
