//! A real HAProxy in master-worker mode, started for a test and ended with it.
//!
//! Input: a folder of the test, with the configuration in it. Output: a running HAProxy whose master has its
//! process ID in `haproxy.pid`.

use std::process::{Child, Command, Stdio};

use super::ctmpl::{Folder, text};
use super::nginx::{children, end};
use super::{eventually, program};

/// A running one. Dropping it ends it, its workers included.
pub struct Haproxy {
    master: Child,
}

impl Haproxy {
    /// Starts it with this file of the folder as its configuration.
    pub fn start(folder: &Folder, config: &str) -> Self {
        let log = std::fs::File::create(folder.path("haproxy.log")).unwrap();
        let mut command = Command::new(program("haproxy").unwrap());
        command
            .arg("-W")
            .arg("-f")
            .arg(folder.path(config))
            .arg("-p")
            .arg(folder.path("haproxy.pid"));
        command
            .stdin(Stdio::null())
            .stdout(log.try_clone().unwrap())
            .stderr(log);
        let master = command.spawn().unwrap();
        let haproxy = Self { master };
        eventually("haproxy has a worker", || {
            !children(haproxy.master.id()).is_empty()
        });
        eventually("haproxy tells its process ID", || {
            folder.read("haproxy.pid").trim() == haproxy.master.id().to_string()
        });
        haproxy
    }

    /// The command that makes it read its configuration again.
    pub fn reload(folder: &Folder) -> String {
        format!("kill -USR2 $(cat {})", text(&folder.path("haproxy.pid")))
    }
}

impl Drop for Haproxy {
    fn drop(&mut self) {
        end(&mut self.master);
    }
}
