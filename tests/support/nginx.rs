//! A real nginx, started for a test and ended with it.
//!
//! Input: a folder of the test. Output: a running nginx that includes `conf.d/*.conf` of it, with one worker, so
//! that it deals out strictly in turn.

use std::process::{Child, Command, Stdio};

use super::ctmpl::{Folder, text};
use super::{eventually, program};

/// A running one. Dropping it ends it, its workers included.
pub struct Nginx {
    master: Child,
    reload: String,
}

impl Nginx {
    /// Starts it in this folder; it listens nowhere until something is included.
    pub fn start(folder: &Folder) -> Self {
        for name in ["conf.d", "temp"] {
            std::fs::create_dir_all(folder.path(name)).unwrap();
        }
        let user = if nix::unistd::Uid::effective().is_root() {
            "user root;"
        } else {
            ""
        };
        let temporary: String = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
            .map(|what| {
                format!(
                    "  {what}_temp_path {};\n",
                    text(&folder.path(&format!("temp/{what}")))
                )
            })
            .concat();
        let config = format!(
            "{user}\ndaemon off;\nworker_processes 1;\npid {};\nerror_log {} notice;\nevents {{}}\nhttp {{\n\
             {temporary}  access_log off;\n  include {};\n}}\n",
            text(&folder.path("nginx.pid")),
            text(&folder.path("error.log")),
            text(&folder.path("conf.d/*.conf")),
        );
        folder.write("nginx.conf", &config);
        let arguments = [
            "-p".into(),
            text(&folder.path("")),
            "-c".into(),
            "nginx.conf".into(),
        ];
        let log = ["-e".into(), text(&folder.path("error.log"))];
        let mut command = Command::new(program("nginx").unwrap());
        command.args(&arguments).args(&log).stdin(Stdio::null());
        let master = command.spawn().unwrap();
        let nginx = Self {
            master,
            reload: format!("nginx {} {} -s reload", arguments.join(" "), log.join(" ")),
        };
        eventually("nginx runs", || {
            folder.read("nginx.pid").trim() == nginx.master.id().to_string()
        });
        eventually("nginx has a worker", || !nginx.workers().is_empty());
        nginx
    }

    /// The command that makes it read its configuration again.
    pub fn reload(&self) -> &str {
        &self.reload
    }

    fn workers(&self) -> Vec<i32> {
        children(self.master.id())
    }
}

impl Drop for Nginx {
    fn drop(&mut self) {
        end(&mut self.master);
    }
}

/// The processes that this one has started.
pub fn children(pid: u32) -> Vec<i32> {
    let text =
        std::fs::read_to_string(format!("/proc/{pid}/task/{pid}/children")).unwrap_or_default();
    text.split_whitespace()
        .filter_map(|pid| pid.parse().ok())
        .collect()
}

/// Ends a master and its workers, at once: workers of a master that is killed would live on.
pub fn end(master: &mut Child) {
    use nix::sys::signal::{Signal, kill};
    use nix::unistd::Pid;

    // Stopped, it starts no other worker while those that are there are ended.
    let pid = Pid::from_raw(i32::try_from(master.id()).unwrap());
    let _ = kill(pid, Signal::SIGSTOP);
    for worker in children(master.id()) {
        let _ = kill(Pid::from_raw(worker), Signal::SIGKILL);
    }
    drop(master.kill());
    drop(master.wait());
}
