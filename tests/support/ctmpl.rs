//! Runs the real binary, and gives access to its log and its files.

use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, OnceLock};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use tempfile::TempDir;

/// The time limit for expected events.
pub const DEADLINE: Duration = Duration::from_secs(20);

/// A temporary folder for templates, destinations and other files of a test.
pub struct Folder(TempDir);

impl Folder {
    /// Creates an empty folder.
    pub fn new() -> Self {
        Self(
            tempfile::Builder::new()
                .prefix("ctmpl-test-")
                .tempdir()
                .unwrap(),
        )
    }

    /// Returns the path of a file in the folder.
    pub fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// Writes a file. Creates its parent directories.
    pub fn write(&self, name: &str, text: &str) -> PathBuf {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, text).unwrap();
        path
    }

    /// Writes an executable program.
    ///
    /// A separate process writes the file. Otherwise a process that another thread starts at the
    /// same time could inherit the open descriptor, and executing the file would fail with "Text
    /// file busy".
    pub fn program(&self, name: &str, text: &str) -> PathBuf {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        let written = Command::new("/bin/sh")
            .args(["-euc", "printf %s \"$2\" >\"$1\"; chmod 755 \"$1\"", "sh"])
            .args([path.as_os_str(), text.as_ref()])
            .status();
        assert!(
            written.unwrap().success(),
            "cannot write {}",
            path.display()
        );
        path
    }

    /// Returns the text of a file; empty if the file does not exist.
    pub fn read(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).unwrap_or_default()
    }

    /// Returns the argument `SOURCE:DESTINATION[:COMMAND]` for two names in the folder.
    pub fn template(&self, source: &str, destination: &str, command: &str) -> String {
        let (source, destination) = (self.path(source), self.path(destination));
        let command = if command.is_empty() {
            String::new()
        } else {
            format!(":{command}")
        };
        format!("{}:{}{command}", source.display(), destination.display())
    }

    /// Waits until the text of a file satisfies a condition. Returns the text.
    pub fn eventually(&self, name: &str, what: &str, holds: impl Fn(&str) -> bool) -> String {
        let begun = Instant::now();
        loop {
            let text = self.read(name);
            if holds(&text) {
                return text;
            }
            assert!(
                begun.elapsed() < DEADLINE,
                "{name} does not come to be {what}; it is {text:?}"
            );
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    /// Waits until a file has exactly this text.
    pub fn becomes(&self, name: &str, text: &str) {
        self.eventually(name, &format!("{text:?}"), |now| now == text);
    }

    /// Asserts that a file keeps its text for a time.
    pub fn stays(&self, name: &str, text: &str, span: Duration) {
        let begun = Instant::now();
        while begun.elapsed() < span {
            assert_eq!(self.read(name), text, "{name} changed");
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

/// A running ctmpl. Dropping it kills it.
pub struct Ctmpl {
    child: Child,
    log: Arc<Mutex<String>>,
    readers: Vec<JoinHandle<()>>,
}

/// The result of a run that has ended.
pub struct Ended {
    /// The exit status.
    pub status: ExitStatus,
    /// Standard error.
    pub log: String,
    /// Standard output.
    pub output: String,
}

impl Ended {
    /// Returns the exit code; `None` after a signal.
    pub fn code(&self) -> Option<i32> {
        self.status.code()
    }
}

/// Returns a command for the binary under test, without environment variables that would influence
/// it.
pub fn command() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_ctmpl"));
    for (name, _) in std::env::vars_os() {
        let heeded = name.to_string_lossy();
        if heeded.starts_with("CONSUL_")
            || heeded.starts_with("CT_")
            || heeded == "CTMPL_STATUS_ADDR"
            || heeded.to_lowercase().ends_with("_proxy")
        {
            command.env_remove(&name);
        }
    }
    command.env("STATE_DIRECTORY", state_directory());
    command.stdin(Stdio::null());
    command
}

/// Returns the command of a daemon with the configuration `ctmpl.hcl` and the state directory `state` of a folder.
pub fn daemon(folder: &Folder, consul: impl std::fmt::Display) -> Command {
    let mut command = command();
    command
        .arg(format!("--consul-addr={consul}"))
        .arg(format!("--config={}", text(&folder.path("ctmpl.hcl"))))
        .arg("--log-level=debug")
        .env("STATE_DIRECTORY", folder.path("state"));
    command
}

/// Returns a command that runs `inner` below another program with these words, in the same environment and directory.
pub fn below(words: &[&str], inner: &Command) -> Command {
    let mut outer = Command::new(words[0]);
    outer.args(&words[1..]);
    outer.arg(inner.get_program()).args(inner.get_args());
    for (name, value) in inner.get_envs() {
        match value {
            Some(value) => outer.env(name, value),
            None => outer.env_remove(name),
        };
    }
    if let Some(directory) = inner.get_current_dir() {
        outer.current_dir(directory);
    }
    outer.stdin(Stdio::null());
    outer
}

/// Returns `true` if `unshare` can create these namespaces here.
pub fn can_unshare(flags: &[&str]) -> bool {
    let attempt = Command::new("unshare").args(flags).arg("true").output();
    let is_possible = attempt.is_ok_and(|ended| ended.status.success());
    if !is_possible {
        eprintln!("skipped: no namespace can be created here: {flags:?}");
    }
    is_possible
}

/// Returns a new state directory in the build directory, because tests run in parallel. Those of
/// earlier runs are removed.
fn state_directory() -> PathBuf {
    static ROOT: OnceLock<PathBuf> = OnceLock::new();
    static NEXT: AtomicUsize = AtomicUsize::new(0);
    let root = ROOT.get_or_init(|| {
        let root = Path::new(env!("CARGO_TARGET_TMPDIR")).join("state");
        for entry in fs::read_dir(&root).into_iter().flatten().flatten() {
            let pid = entry.file_name().to_string_lossy().into_owned();
            if !Path::new("/proc").join(pid).exists() {
                let _ = fs::remove_dir_all(entry.path());
            }
        }
        root.join(std::process::id().to_string())
    });
    root.join(NEXT.fetch_add(1, Ordering::Relaxed).to_string())
}

impl Ctmpl {
    /// Starts ctmpl with these arguments and this Consul address.
    pub fn start<S: AsRef<std::ffi::OsStr>>(
        consul: impl std::fmt::Display,
        args: impl IntoIterator<Item = S>,
    ) -> Self {
        let mut command = command();
        command
            .arg(format!("--consul-addr={consul}"))
            .arg("--log-level=trace")
            .args(args);
        Self::spawn(command)
    }

    /// Starts a command that [`command`] returned.
    pub fn spawn(mut command: Command) -> Self {
        let mut child = command
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let log = Arc::new(Mutex::new(String::new()));
        let stderr = child.stderr.take().unwrap();
        let readers = vec![gather(stderr, Arc::clone(&log))];
        Self {
            child,
            log,
            readers,
        }
    }

    /// Starts a command that [`command`] returned; the test does not read its standard error.
    pub fn spawn_unread(mut command: Command, stderr: Stdio) -> Self {
        let child = command
            .stdout(Stdio::null())
            .stderr(stderr)
            .spawn()
            .unwrap();
        Self {
            child,
            log: Arc::default(),
            readers: Vec::new(),
        }
    }

    /// Returns the log so far.
    pub fn log(&self) -> String {
        self.log.lock().unwrap().clone()
    }

    /// Waits until the log contains a text.
    pub fn logs(&self, text: &str) {
        let begun = Instant::now();
        while !self.log().contains(text) {
            assert!(
                begun.elapsed() < DEADLINE,
                "the log does not come to say {text:?}:\n{}",
                self.log()
            );
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    /// Returns the number of times that the log contains a text.
    pub fn log_count(&self, text: &str) -> usize {
        self.log().matches(text).count()
    }

    /// Returns `true` while the process runs.
    pub fn is_running(&mut self) -> bool {
        self.child.try_wait().unwrap().is_none()
    }

    /// Returns the process ID.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Sends a signal.
    pub fn signal(&self, signal: Signal) {
        kill(
            Pid::from_raw(i32::try_from(self.child.id()).unwrap()),
            signal,
        )
        .unwrap();
    }

    /// Waits for the process to exit.
    pub fn ends(mut self) -> Ended {
        let begun = Instant::now();
        let status = loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                break status;
            }
            assert!(
                begun.elapsed() < DEADLINE,
                "it does not end:\n{}",
                self.log()
            );
            std::thread::sleep(Duration::from_millis(5));
        };
        for reader in self.readers.drain(..) {
            reader.join().unwrap();
        }
        Ended {
            status,
            log: self.log(),
            output: String::new(),
        }
    }

    /// Sends SIGTERM and waits for the process to exit.
    pub fn stop(self) -> Ended {
        self.signal(Signal::SIGTERM);
        self.ends()
    }
}

impl Drop for Ctmpl {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        if std::thread::panicking() {
            eprintln!("--- the log of ctmpl:\n{}---", self.log());
        }
    }
}

/// Runs ctmpl with these arguments until it exits.
pub fn run<S: AsRef<std::ffi::OsStr>>(args: impl IntoIterator<Item = S>) -> Ended {
    let mut command = command();
    command.args(args);
    run_command(command)
}

/// Runs a command that [`command`] returned until it exits.
pub fn run_command(mut command: Command) -> Ended {
    let output = command.output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
    Ended {
        status: output.status,
        log: text(output.stderr),
        output: text(output.stdout),
    }
}

fn gather(mut stream: impl Read + Send + 'static, into: Arc<Mutex<String>>) -> JoinHandle<()> {
    std::thread::spawn(move || {
        let mut buffer = [0; 4096];
        while let Ok(count @ 1..) = stream.read(&mut buffer) {
            into.lock()
                .unwrap()
                .push_str(&String::from_utf8_lossy(&buffer[..count]));
        }
    })
}

/// Returns a path as text for an argument.
pub fn text(path: &Path) -> String {
    path.to_str().unwrap().to_owned()
}
