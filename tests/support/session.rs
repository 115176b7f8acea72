//! Runs the commands of a page in order, as a reader would, and compares the output with the page.
//!
//! Input: the blocks of a page. Output: nothing if every command does what the page shows;
//! otherwise the test fails.
//!
//! - Commands run in a scratch directory with copies of `examples/` and `templates/`. Absolute
//!   paths below `/etc`, `/run`, `/var` and `/usr/local` become paths below it. Each port of
//!   127.0.0.1 on the page becomes a free one, and `consul.example.net` becomes the Consul of the
//!   page. In the output, paths and ports are replaced by those of the page.
//! - `systemctl` and `docker` are stand-ins; see `support::stand_ins`.
//! - In an expected output, `…` matches any text in a line, and a line `…` matches any number of
//!   lines. All times are equal.
//! - A command that only reads (`cat`, `grep`, `curl` without `-X`, `for`) is repeated until its
//!   output matches, because a reader is slower than a test.
//! - A block `console terminal=NAME` runs in another terminal: its command keeps running, and only
//!   the beginning of its output is compared. A later block of the same terminal without a command
//!   shows further output; `^C` stops the command.

use std::collections::BTreeMap;
use std::fs;
use std::io::Write as _;
use std::net::TcpListener;
use std::os::unix::process::CommandExt as _;
use std::path::PathBuf;

use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, killpg};
use nix::unistd::Pid;
use regex::{Captures, Regex};

use super::ctmpl::{DEADLINE, Folder, text};
use super::documents::{Block, copy};
use super::stand_ins;
use super::transcript::{pattern, transcript, without_times};
use super::within;

/// The interval of checks of an output.
const POLL_INTERVAL: Duration = Duration::from_millis(20);
/// The port of Consul on the pages.
const CONSUL: u16 = 8500;

/// The scratch directory, the shell, and additional terminals of a page.
pub struct Session {
    folder: Folder,
    environment: Vec<(String, String)>,
    ports: BTreeMap<u16, u16>,
    /// The directory below the scratch directory in which commands run.
    directory: String,
    shell: Child,
    count: usize,
    status: i32,
    terminals: BTreeMap<String, Terminal>,
}

/// A command that keeps running.
struct Terminal {
    child: Child,
    output: String,
    /// The length of the output that earlier blocks have shown.
    seen: usize,
}

impl Session {
    /// Creates a session for a page. `environment` is added to the environment of the shell.
    pub fn new(page: &str, environment: &[(&str, String)]) -> Self {
        Self::begin(environment, "", free_ports(page))
    }

    /// Creates a session whose commands run in a directory of the repository. `consul` is the port
    /// of the Consul on the page, if the page does not start one.
    pub fn below(directory: &str, page: &str, consul: Option<u16>) -> Self {
        let mut ports = free_ports(page);
        ports.extend(consul.map(|port| (CONSUL, port)));
        Self::begin(&[], directory, ports)
    }

    fn begin(environment: &[(&str, String)], directory: &str, ports: BTreeMap<u16, u16>) -> Self {
        let folder = Folder::new();
        copy(&folder);
        for name in ["home", "usr/local/bin", "etc/systemd/system"] {
            fs::create_dir_all(folder.path(name)).unwrap();
        }
        let consul = ports.get(&CONSUL).copied().unwrap_or(CONSUL);
        write_programs(&folder, consul);
        stand_ins::write(&folder);
        let path = format!(
            "{}:/usr/sbin:/usr/bin:/sbin:/bin",
            text(&folder.path("tools"))
        );
        let mut all = vec![
            ("PATH".to_owned(), path),
            ("HOME".to_owned(), text(&folder.path("home"))),
            // Pages run in parallel, and the default directory of root is the same for all.
            ("STATE_DIRECTORY".to_owned(), text(&folder.path("state"))),
            ("CONSUL_HTTP_ADDR".to_owned(), format!("127.0.0.1:{consul}")),
        ];
        all.retain(|(name, _)| environment.iter().all(|(own, _)| own != name));
        all.extend(
            environment
                .iter()
                .map(|(name, value)| ((*name).to_owned(), value.clone())),
        );
        let mut shell = Command::new("/bin/sh");
        shell
            .current_dir(folder.path(directory))
            .env_clear()
            .envs(all.clone())
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::inherit())
            .process_group(0);
        Self {
            shell: shell.spawn().unwrap(),
            folder,
            environment: all,
            ports,
            directory: directory.to_owned(),
            count: 0,
            status: 0,
            terminals: BTreeMap::new(),
        }
    }

    /// Returns the scratch directory.
    pub fn folder(&self) -> &Folder {
        &self.folder
    }

    /// Returns the directory in which commands run.
    pub fn directory(&self) -> PathBuf {
        self.folder.path(&self.directory)
    }

    /// Writes a file that the reader is asked to save.
    pub fn save(&self, name: &str, text: &str) {
        self.folder
            .write(name, &format!("{}\n", self.localized(text)));
    }

    /// Runs an `sh` block; every command must succeed.
    pub fn run(&mut self, block: &Block) {
        let output = self.execute(&format!("set -e\n{}\nset +e", block.text));
        assert_eq!(self.status, 0, "line {}: {output}", block.line);
    }

    /// Runs an `sh` block with `terminal=NAME` in another terminal, where its command keeps running.
    /// It must write all `destinations` without an error.
    pub fn keep_running(&mut self, block: &Block, destinations: &[PathBuf]) {
        let name = block.value("terminal").unwrap();
        let command = block.text.replace("\\\n", " ");
        let terminal = self.start(name, &command, &self.directory.clone());
        let output = terminal.output.clone();
        self.terminals.insert(name.to_owned(), terminal);
        let at = self.directory();
        within(DEADLINE, &block.text, || {
            destinations.iter().all(|path| at.join(path).is_file())
        });
        let log = self.folder.read(&output);
        let ended = self.terminals.get_mut(name).unwrap().child.try_wait();
        assert!(
            !log.contains("[ERR]") && ended.unwrap().is_none(),
            "line {}: {log}",
            block.line
        );
    }

    /// Runs a `console` block, and compares the outputs.
    pub fn show(&mut self, block: &Block) {
        let commands = transcript(&block.text);
        if let Some(name) = block.value("terminal") {
            return self.show_terminal(name, block, &commands);
        }
        for (command, shown) in commands {
            let wanted = pattern(&shown, true);
            let begun = Instant::now();
            loop {
                let output = self.execute(&command);
                if wanted.is_match(&output) {
                    break;
                }
                assert!(
                    only_reads(&command) && begun.elapsed() < DEADLINE,
                    "line {}: $ {command}\n--- the page shows:\n{shown}\n--- it prints:\n{output}",
                    block.line
                );
                std::thread::sleep(POLL_INTERVAL * 10);
            }
        }
    }

    fn show_terminal(&mut self, name: &str, block: &Block, commands: &[(String, String)]) {
        if block.text.trim() == "^C" {
            self.terminals.remove(name).unwrap().interrupt();
            return;
        }
        for (command, shown) in commands {
            if !command.is_empty() {
                let directory = self.directory.clone();
                let directory = block.value("directory").unwrap_or(&directory);
                let terminal = self.start(name, command, directory);
                self.terminals.insert(name.to_owned(), terminal);
            }
            let wanted = pattern(shown, false);
            let begun = Instant::now();
            loop {
                let terminal = &self.terminals[name];
                let output = self.shown(&self.folder.read(&terminal.output));
                let found = wanted
                    .find(&output[terminal.seen..])
                    .map(|found| found.end());
                if let Some(end) = found {
                    self.terminals.get_mut(name).unwrap().seen += end;
                    break;
                }
                assert!(
                    begun.elapsed() < DEADLINE,
                    "line {}: terminal {name}\n--- the page shows:\n{shown}\n--- it prints:\n{}",
                    block.line,
                    &output[terminal.seen..]
                );
                std::thread::sleep(POLL_INTERVAL);
            }
        }
    }

    fn start(&mut self, name: &str, command: &str, directory: &str) -> Terminal {
        self.count += 1;
        let output = format!("session/{}-{name}", self.count);
        self.folder.write(&output, "");
        let file = fs::File::create(self.folder.path(&output)).unwrap();
        let mut shell = Command::new("/bin/sh");
        shell
            .args(["-c", &format!("exec {}", self.localized(command))])
            .current_dir(self.folder.path(directory))
            .env_clear()
            .envs(self.environment.clone())
            .stdin(Stdio::null())
            .stderr(file.try_clone().unwrap())
            .stdout(file)
            .process_group(0);
        Terminal {
            child: shell.spawn().unwrap(),
            output,
            seen: 0,
        }
    }

    /// Runs a command in the shell. Returns its output with the paths and ports of the page.
    fn execute(&mut self, command: &str) -> String {
        self.count += 1;
        let file = |kind: &str| format!("session/{}.{kind}", self.count);
        let (script, output, status) = (file("sh"), file("out"), file("status"));
        self.folder.write(&script, &self.localized(command));
        let at = |name: &str| text(&self.folder.path(name));
        let line = format!(
            "(exit {}); . {} </dev/null >{} 2>&1; echo $? >{}.new; mv {3}.new {3}\n",
            self.status,
            at(&script),
            at(&output),
            at(&status),
        );
        let stdin = self.shell.stdin.as_mut().unwrap();
        stdin.write_all(line.as_bytes()).unwrap();
        let begun = Instant::now();
        while !self.folder.path(&status).exists() {
            let ended = self.shell.try_wait().unwrap();
            assert!(
                ended.is_none() && begun.elapsed() < DEADLINE * 2,
                "$ {command}\n{}",
                self.folder.read(&output)
            );
            std::thread::sleep(POLL_INTERVAL);
        }
        self.status = self.folder.read(&status).trim().parse().unwrap();
        self.shown(&self.folder.read(&output))
    }

    /// Returns a text of the page with the paths and ports of this session.
    pub fn localized(&self, page: &str) -> String {
        let absolute = Regex::new(r#"(^|[\s"'=:(@])/(etc|run|var|usr/local)/"#).unwrap();
        let root = text(&self.folder.path(""));
        let root = root.trim_end_matches('/');
        let consul = self.ports.get(&CONSUL).copied().unwrap_or(CONSUL);
        let page = page
            .replace(
                "https://consul.example.net:8501",
                &format!("http://127.0.0.1:{consul}"),
            )
            .replace("consul.example.net:8500", &format!("127.0.0.1:{consul}"));
        let mut localized = absolute
            .replace_all(&page, |found: &Captures| {
                format!("{}{root}/{}/", &found[1], &found[2])
            })
            .into_owned();
        for (shown, real) in &self.ports {
            let port = Regex::new(&format!(r#"(127\.0\.0\.1:|port: |"Port":){shown}\b"#)).unwrap();
            localized = port
                .replace_all(&localized, |found: &Captures| {
                    format!("{}{real}", &found[1])
                })
                .into_owned();
        }
        localized
    }

    /// Returns an output with the paths and ports of the page, and with equal times.
    fn shown(&self, output: &str) -> String {
        let root = text(&self.folder.path(""));
        let root = root.trim_end_matches('/');
        let mut shown = output.replace(root, "");
        for (page, real) in &self.ports {
            shown = shown.replace(&format!("127.0.0.1:{real}"), &format!("127.0.0.1:{page}"));
        }
        let mut shown = without_times(&shown);
        if !shown.is_empty() && !shown.ends_with('\n') {
            shown.push('\n');
        }
        shown
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        for terminal in self.terminals.values_mut() {
            terminal.end();
        }
        let group = Pid::from_raw(i32::try_from(self.shell.id()).unwrap());
        let _ = killpg(group, Signal::SIGKILL);
        drop(self.shell.wait());
        stand_ins::end_daemons(&self.folder);
    }
}

impl Terminal {
    /// Sends SIGINT like Ctrl-C, and waits until the command ends.
    fn interrupt(mut self) {
        let group = Pid::from_raw(i32::try_from(self.child.id()).unwrap());
        killpg(group, Signal::SIGINT).unwrap();
        let begun = Instant::now();
        while self.child.try_wait().unwrap().is_none() {
            assert!(begun.elapsed() < DEADLINE, "Ctrl-C does not stop it");
            std::thread::sleep(POLL_INTERVAL);
        }
        self.end();
    }

    fn end(&mut self) {
        let group = Pid::from_raw(i32::try_from(self.child.id()).unwrap());
        if self.child.try_wait().unwrap().is_none() {
            let _ = killpg(group, Signal::SIGKILL);
            drop(self.child.wait());
        }
    }
}

/// Writes wrappers: `ctmpl dev` listens on the session's port for Consul, and `curl` shows no
/// progress, as in a terminal.
fn write_programs(folder: &Folder, consul: u16) {
    let ctmpl = env!("CARGO_BIN_EXE_ctmpl");
    folder.program(
        "tools/ctmpl",
        &format!(
            "#!/bin/sh\ncase \"$*\" in\n  *--listen*|*--help*) ;;\n  dev*) shift; set -- dev --listen 127.0.0.1:{consul} \"$@\" ;;\n\
             esac\nexec {ctmpl} \"$@\"\n"
        ),
    );
    folder.program(
        "tools/curl",
        "#!/bin/sh\nPATH=/usr/bin:/bin exec curl -sS \"$@\"\n",
    );
}

/// Returns a free port for each port of 127.0.0.1 in the page.
fn free_ports(page: &str) -> BTreeMap<u16, u16> {
    let port = Regex::new(r"127\.0\.0\.1:(\d{4,5})\b").unwrap();
    let mut held = BTreeMap::new();
    for found in port.captures_iter(page) {
        let shown: u16 = found[1].parse().unwrap();
        // Hold all ports until all are chosen, so that they differ.
        held.entry(shown).or_insert_with(|| {
            let bind = || TcpListener::bind(("127.0.0.1", super::free_port())).ok();
            std::iter::repeat_with(bind).flatten().next().unwrap()
        });
    }
    held.into_iter()
        .map(|(shown, listener)| (shown, listener.local_addr().unwrap().port()))
        .collect()
}

/// Returns `true` if a command only reads, so that it can be repeated.
fn only_reads(command: &str) -> bool {
    let readers = ["cat ", "grep ", "curl ", "for "];
    readers.iter().any(|word| command.starts_with(word)) && !command.contains("-X")
}
