//! A real nginx, for one test.
//!
//! Input: a folder. Output: a running nginx that includes `conf.d/*.conf` of the folder. It has one
//! worker, so requests are distributed strictly in turn.

use std::process::{Child, Command, Stdio};

use super::ctmpl::{Folder, text};
use super::{eventually, program};

/// A running nginx. Dropping it ends the master and its workers.
pub struct Nginx {
    master: Child,
    reload: String,
}

impl Nginx {
    /// Writes a configuration that includes `conf.d/*.conf`. Returns the arguments of nginx.
    pub fn configure(folder: &Folder) -> Vec<String> {
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
        arguments.into_iter().chain(log).collect()
    }

    /// Starts nginx in this folder. It listens on no port until a file is included.
    pub fn start(folder: &Folder) -> Self {
        let arguments = Self::configure(folder);
        let mut command = Command::new(program("nginx").unwrap());
        command.args(&arguments).stdin(Stdio::null());
        let master = command.spawn().unwrap();
        let nginx = Self {
            master,
            reload: format!("nginx {} -s reload", arguments.join(" ")),
        };
        eventually("nginx runs", || {
            folder.read("nginx.pid").trim() == nginx.master.id().to_string()
        });
        eventually("nginx has a worker", || !nginx.workers().is_empty());
        nginx
    }

    /// Returns the command that makes nginx reload its configuration.
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

/// Returns the child processes of a process.
pub fn children(pid: u32) -> Vec<i32> {
    let text =
        std::fs::read_to_string(format!("/proc/{pid}/task/{pid}/children")).unwrap_or_default();
    text.split_whitespace()
        .filter_map(|pid| pid.parse().ok())
        .collect()
}

/// Kills a master and its workers. The workers would survive if only the master were killed.
pub fn end(master: &mut Child) {
    use nix::sys::signal::{Signal, kill};
    use nix::unistd::Pid;

    // Stop the master first, so that it does not start new workers.
    let pid = Pid::from_raw(i32::try_from(master.id()).unwrap());
    let _ = kill(pid, Signal::SIGSTOP);
    for worker in children(master.id()) {
        let _ = kill(Pid::from_raw(worker), Signal::SIGKILL);
    }
    drop(master.kill());
    drop(master.wait());
}
