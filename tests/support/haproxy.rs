//! A real HAProxy in master-worker mode, for one test.
//!
//! Input: a folder with the configuration. Output: a running HAProxy; the process ID of its master
//! is in `haproxy.pid`.

use std::process::{Child, Command, Stdio};

use super::ctmpl::{Folder, text};
use super::nginx::{children, end};
use super::{eventually, program};

/// A running HAProxy. Dropping it ends the master and its workers.
pub struct Haproxy {
    master: Child,
}

impl Haproxy {
    /// Starts HAProxy with this file of the folder as its configuration.
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
        eventually("HAProxy writes its process ID", || {
            folder.read("haproxy.pid").trim() == haproxy.master.id().to_string()
        });
        haproxy
    }

    /// Returns the command that makes HAProxy reload its configuration.
    pub fn reload(folder: &Folder) -> String {
        format!("kill -USR2 $(cat {})", text(&folder.path("haproxy.pid")))
    }
}

impl Drop for Haproxy {
    fn drop(&mut self) {
        end(&mut self.master);
    }
}
