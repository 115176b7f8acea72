//! Runs the measured program, and prints its values.

use std::env;
use std::fs::{self, File};
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;

use super::destination::Destination;
use super::server::Server;
use crate::process::Running;

/// The program of one row.
pub(crate) struct Program {
    row: &'static str,
    name: String,
    path: PathBuf,
    folder: TempDir,
}

/// A running daemon.
pub(crate) struct Daemon {
    running: Running,
    started: Instant,
    pub(crate) destination: Destination,
}

/// The result of `-once`.
pub(crate) struct Once {
    pub(crate) took: Duration,
    /// `true` if it ended with success within its time limit.
    pub(crate) succeeded: bool,
    /// The number of log lines about a failed request.
    pub(crate) retries: usize,
    pub(crate) text: String,
}

impl Program {
    pub(crate) fn new(row: &'static str, name: String, path: PathBuf) -> Self {
        let folder = tempfile::tempdir().expect("a temporary directory");
        Self {
            row,
            name,
            path,
            folder,
        }
    }

    /// Prints a line of the table.
    pub(crate) fn print(&self, measurement: &str, value: &str) {
        println!("| {} | {} | {measurement} | {value} |", self.row, self.name);
    }

    pub(crate) fn start(&self, server: &Server, template: &str) -> Daemon {
        let path = self.folder.path().join("daemon.out");
        let mut command = self.command(server, template, &path);
        let running = command
            .env("STATE_DIRECTORY", self.state_directory())
            .stderr(Stdio::null())
            .spawn()
            .expect("it runs");
        Daemon {
            running: Running(running),
            started: Instant::now(),
            destination: Destination::new(path),
        }
    }

    /// With `STATE=1` a directory of its own; otherwise one that no system has, so that nothing is recorded.
    fn state_directory(&self) -> PathBuf {
        if env::var_os("STATE").is_some_and(|value| value == "1") {
            self.folder.path().join("state")
        } else {
            "/dev/null/none".into()
        }
    }

    /// Runs `-once`, for `limit` at most.
    pub(crate) fn once(
        &self,
        server: &Server,
        template: &str,
        level: &str,
        limit: Duration,
    ) -> Once {
        let path = self.folder.path().join("once.out");
        let log = self.folder.path().join("once.log");
        let _ = fs::remove_file(&path);
        let mut command = self.command(server, template, &path);
        command
            .args(["-once", "-log-level", level])
            .stderr(File::create(&log).expect("a log file"));
        let started = Instant::now();
        let mut running = Running(command.spawn().expect("it runs"));
        let mut ended = None;
        while ended.is_none() && started.elapsed() < limit {
            std::thread::sleep(Duration::from_micros(500));
            ended = running.0.try_wait().expect("the state of a child");
        }
        let took = started.elapsed();
        let log = fs::read_to_string(&log).unwrap_or_default();
        let is_retry = |line: &&str| line.contains(" fails: ") || line.contains("(retry attempt");
        Once {
            took,
            succeeded: ended.is_some_and(|status| status.success()),
            retries: log.lines().filter(is_retry).count(),
            text: fs::read_to_string(&path).unwrap_or_default(),
        }
    }

    fn command(&self, server: &Server, template: &str, destination: &std::path::Path) -> Command {
        // The templates have a directory of their own. As in production, it has no destinations.
        let templates = self.folder.path().join("templates");
        fs::create_dir_all(&templates).expect("a directory for the templates");
        let source = templates.join("in.ctmpl");
        fs::write(&source, template).expect("a template");
        let mut command = Command::new(&self.path);
        command
            .args(server.flags())
            .arg("-template")
            .arg(format!("{}:{}", source.display(), destination.display()))
            .stdin(Stdio::null())
            .stdout(Stdio::null());
        command
    }
}

impl Daemon {
    pub(crate) fn pid(&self) -> u32 {
        self.running.0.id()
    }

    /// Waits for a file with this number of lines. Returns the time since the start; `None` if it takes longer than
    /// `limit`.
    pub(crate) fn first_file(&mut self, lines: usize, limit: Duration) -> Option<Duration> {
        let complete = |text: &str| text.lines().count() == lines;
        self.destination
            .wait_until(limit, complete)
            .then(|| self.started.elapsed())
    }
}
