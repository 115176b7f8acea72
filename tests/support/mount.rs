//! Mounts for tests: a small file system that can be filled or made read-only, one that can be frozen, and one that
//! hangs.
//!
//! Input: an empty directory. Output: a file system that is mounted there until it is dropped.

use std::fs;
use std::io::{Read as _, Write};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// A mounted file system. Dropping it unmounts it.
pub struct Mount<'a>(&'a Path);

impl<'a> Mount<'a> {
    /// Mounts a file system of 400 kB. Returns `None` if the process may not mount.
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

    /// Mounts a file over another one, as containers do. Returns `None` if the process may not
    /// mount.
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

    /// Makes the file system read-only. Returns `true` on success.
    pub fn is_made_read_only(&self) -> bool {
        self.is_mounted_again("remount,ro")
    }

    /// Makes the file system writable again. Returns `true` on success.
    pub fn is_made_writable(&self) -> bool {
        self.is_mounted_again("remount,rw")
    }

    fn is_mounted_again(&self, options: &str) -> bool {
        Command::new("mount")
            .args(["-o", options])
            .arg(self.0)
            .status()
            .is_ok_and(|status| status.success())
    }

    /// Fills the file system with a file `filler`.
    pub fn fill(&self) {
        let mut filler = fs::File::create(self.0.join("filler")).unwrap();
        for size in [65_536, 4096, 512] {
            while filler.write_all(&vec![0; size]).is_ok() {}
        }
    }
}

/// A file system in a file, which can be frozen.
pub struct FreezableMount<'a> {
    mount: Mount<'a>,
    /// The file, which the kernel uses until the file system is unmounted.
    _image: tempfile::NamedTempFile,
}

/// A frozen file system: it can be read, and a process that writes to it hangs, even if it is killed. Dropping this
/// value thaws it, and so does the end of the test process.
pub struct Frozen(Child);

impl<'a> FreezableMount<'a> {
    /// The size of the file.
    const BYTES: u64 = 16 << 20;

    /// Mounts the file system. Returns `None` if the process may not mount or freeze it.
    pub fn at(path: &'a Path) -> Option<Self> {
        fs::create_dir_all(path).unwrap();
        let image = tempfile::NamedTempFile::new().unwrap();
        image.as_file().set_len(Self::BYTES).unwrap();
        let succeeds = |program: &str, arguments: &[&str], paths: &[&Path]| {
            let ended = Command::new(program).args(arguments).args(paths).output();
            ended.is_ok_and(|ended| ended.status.success())
        };
        let is_mounted = succeeds("mkfs.ext4", &["-q", "-F"], &[image.path()])
            && succeeds("mount", &["-o", "loop"], &[image.path(), path]);
        let mount = is_mounted.then(|| Self {
            mount: Mount(path),
            _image: image,
        });
        let mount = mount.filter(|mount| mount.freeze().is_some());
        if mount.is_none() {
            eprintln!("skipped: no file system can be frozen here");
        }
        mount
    }

    /// Freezes the file system; `None` if that is not possible.
    pub fn freeze(&self) -> Option<Frozen> {
        // It thaws when its standard input is closed: when the value is dropped, or the test process ends.
        let script =
            "trap '' INT TERM; fsfreeze -f \"$0\" && { echo; read -r _; fsfreeze -u \"$0\"; }";
        let freezer = Command::new("sh")
            .args(["-c", script])
            .arg(self.mount.0)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn();
        let mut frozen = Frozen(freezer.ok()?);
        let mut stdout = frozen.0.stdout.take()?;
        let mut line = [0];
        stdout.read_exact(&mut line).ok()?;
        Some(frozen)
    }
}

impl Drop for Frozen {
    fn drop(&mut self) {
        drop(self.0.stdin.take());
        let _ = self.0.wait();
    }
}

/// A file system that never responds: a process that accesses it hangs.
pub struct HungMount<'a> {
    /// The server side of the file system. No request is read from it.
    _device: fs::File,
    _mount: Mount<'a>,
}

impl<'a> HungMount<'a> {
    /// Mounts the file system. Returns `None` if the process may not mount.
    pub fn at(path: &'a Path) -> Option<Self> {
        fs::create_dir_all(path).unwrap();
        let device = fs::File::options().read(true).write(true).open("/dev/fuse");
        let mounted = device.and_then(|device| {
            let status = Command::new("mount")
                .args(["-i", "-t", "fuse"])
                .args(["-o", "fd=0,rootmode=40000,user_id=0,group_id=0"])
                .arg("ctmpl-test")
                .arg(path)
                .stdin(device.try_clone()?)
                .status()?;
            Ok(status.success().then_some(device))
        });
        if let Ok(Some(device)) = mounted {
            return Some(Self {
                _device: device,
                _mount: Mount(path),
            });
        }
        eprintln!("skipped: a file system that hangs cannot be mounted here");
        None
    }
}

impl Drop for Mount<'_> {
    fn drop(&mut self) {
        let begun = Instant::now();
        // A process that is ending may still use it for a moment.
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
