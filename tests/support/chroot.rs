//! A copy of this machine's files, in which a test may install packages.
//!
//! Input: nothing. Output: a root directory whose changes are kept in memory. It is visible only in a mount namespace
//! that ends with the test.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};

use super::ctmpl::{Folder, text};

/// Mounts the root directory over itself with a layer in memory, prints a line, and waits for the end of the input.
const MOUNT: &str = r#"
mount -t tmpfs -o mode=755 ctmpl-test "$1" &&
mkdir "$1/changes" "$1/work" "$1/root" &&
mount -t overlay -o lowerdir=/,upperdir="$1/changes",workdir="$1/work" ctmpl-test "$1/root" &&
mount -t proc proc "$1/root/proc" &&
mount --rbind /dev "$1/root/dev" &&
mount -t tmpfs ctmpl-test "$1/root/tmp" &&
echo mounted && read -r line
"#;

/// The copy. Dropping it ends its namespace, and so removes it.
pub struct Chroot {
    folder: Folder,
    holder: Child,
}

impl Chroot {
    /// Creates the copy. Returns `None` if the process may not mount an overlay.
    pub fn new() -> Option<Self> {
        let folder = Folder::new();
        let holder = Command::new("unshare")
            .args(["--mount", "sh", "-c", MOUNT, "sh"])
            .arg(folder.path(""))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn();
        let mut holder = holder.ok()?;
        let mut line = String::new();
        let mut reader = BufReader::new(holder.stdout.take().unwrap());
        reader.read_line(&mut line).unwrap();
        let chroot = Self { folder, holder };
        if line != "mounted\n" {
            eprintln!("skipped: an overlay of the root directory cannot be mounted here");
            return None;
        }
        Some(chroot)
    }

    /// Runs a script of `sh` as root in the copy. The script fails with its first command that fails.
    pub fn run(&self, script: &str) -> Output {
        Command::new("nsenter")
            .arg(format!("--mount=/proc/{}/ns/mnt", self.holder.id()))
            .arg("chroot")
            .arg(self.folder.path("root"))
            .args(["sh", "-euc", script])
            .env_clear()
            .env(
                "PATH",
                "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
            )
            .env("HOME", "/root")
            .env("DEBIAN_FRONTEND", "noninteractive")
            .stdin(Stdio::null())
            .output()
            .unwrap()
    }

    /// Runs a script that must succeed. Returns its standard output.
    pub fn succeeds(&self, script: &str) -> String {
        let output = self.run(script);
        let shown = String::from_utf8_lossy(&output.stdout).into_owned();
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{script}\n{shown}{said}");
        shown
    }

    /// Copies a file of this machine into a directory of the copy.
    pub fn copy(&self, file: &Path, directory: &str) {
        let status = Command::new("nsenter")
            .arg(format!("--mount=/proc/{}/ns/mnt", self.holder.id()))
            .arg("cp")
            .arg(file)
            .arg(format!("{}{directory}", text(&self.folder.path("root"))))
            .status();
        assert!(status.unwrap().success(), "{}", file.display());
    }
}

impl Drop for Chroot {
    fn drop(&mut self) {
        drop(self.holder.stdin.take());
        drop(self.holder.wait());
    }
}
