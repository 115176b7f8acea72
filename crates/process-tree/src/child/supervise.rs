//! Starts the child process through its reaper, and sends signals to it.
//!
//! Input: a [`Child`] and [`Order`]s. Output: the [`Exit`] of the child.

use std::ffi::OsString;
use std::io;
use std::os::unix::net::UnixStream as Socket;
use std::os::unix::process::ExitStatusExt as _;
use std::process::{ExitStatus, Stdio};

use nix::sys::signal::Signal;
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::UnixStream;
use tokio::process::Command;
use tokio::sync::mpsc;

use super::control_socket::{self, Message};
use super::descendants::Kind;
use super::exit::Exit;
use super::process_group::ProcessGroup;
use super::reaper;
use crate::command_line::CommandLine;
use crate::environment::Environment;
use crate::error::CommandError;
use crate::locate::{locate, locate_shell};

/// A child process that runs until it ends by itself or by an order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Child {
    /// The command line. A program is searched on the `PATH` of this process.
    pub line: CommandLine,
    /// The complete environment.
    pub environment: Environment,
    /// The signals that end the child. If the child is a shell that waits for a program, both
    /// receive these. TERM, INT and QUIT are always included.
    pub end_signals: Vec<Signal>,
}

/// An order to a running child.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// Send the child this signal.
    Signal(Signal),
    /// Kill the child with all its descendants.
    Kill,
}

/// Runs a child to its end, with the standard input, output and error of this process. If standard
/// input is a terminal, a [`CommandLine::Direct`] stays in the process group of this process, so that
/// it can read the terminal; any other child has a group of its own. If the
/// future is dropped or this process is killed, the child is killed with all its descendants,
/// including those that have left its process group. When the child ends, its remaining descendants
/// receive SIGTERM, then SIGKILL.
///
/// The reaper is the executable of this process: `main` must call [`run_role`](crate::run_role)
/// first.
///
/// # Errors
/// [`CommandError`] if the child cannot start, or its exit status is unknown.
pub async fn supervise(
    child: &Child,
    mut orders: mpsc::UnboundedReceiver<Order>,
) -> Result<Exit, CommandError> {
    let line = &child.line;
    let wait_failed = |source| CommandError::wait_failed(line, source);
    let (socket, mut reaper_process) =
        start(child).map_err(|source| CommandError::cannot_start(line, source))?;
    let (reader, mut writer) = socket.into_split();
    let mut messages = BufReader::new(reader).lines();
    let mut exit = None;
    loop {
        let message = tokio::select! {
            message = messages.next_line() => message,
            Some(order) = orders.recv() => {
                // An error means that the reaper is about to end.
                let _ = match order {
                    Order::Signal(signal) => writer.write_all(Message::Signal(signal).to_string().as_bytes()).await,
                    Order::Kill => writer.shutdown().await,
                };
                continue;
            }
        };
        match message.ok().flatten().map(|line| line.parse()) {
            Some(Ok(Message::Failed(number))) => {
                return Err(CommandError::cannot_start(
                    line,
                    io::Error::from_raw_os_error(number),
                ));
            }
            Some(Ok(Message::Exited(code))) => {
                exit = Some(ExitStatus::from_raw((code & 0xff) << 8));
            }
            Some(Ok(Message::Killed(number))) => exit = Some(ExitStatus::from_raw(number & 0x7f)),
            Some(Ok(Message::Started | Message::Signal(_)) | Err(_)) => {}
            None => {
                let own = reaper_process.wait().await.map_err(wait_failed)?;
                let unknown =
                    || wait_failed(io::Error::other(format!("its reaper ended {}", Exit(own))));
                return exit.map(Exit).ok_or_else(unknown);
            }
        }
    }
}

fn start(child: &Child) -> io::Result<(UnixStream, tokio::process::Child)> {
    let (kind, words) = words(&child.line);
    let (own_end, reaper_end) = Socket::pair()?;
    control_socket::send_descriptor(&own_end, io::stdin())?;
    own_end.set_nonblocking(true)?;
    let group = ProcessGroup::of(&child.line);
    let mut command = Command::new("/proc/self/exe");
    // Do not use the program's name: `killall` with it must not kill the reaper, which cleans up
    // afterwards.
    command
        .arg0("reaper")
        .args(reaper::command_line(kind, group, &child.end_signals))
        .args(words);
    command.env_clear().envs(child.environment.iter());
    if group == ProcessGroup::Own {
        command.process_group(0);
    }
    let reaper_process = command
        .stdin(Stdio::from(std::os::fd::OwnedFd::from(reaper_end)))
        .spawn()?;
    Ok((UnixStream::from_std(own_end)?, reaper_process))
}

/// Returns the words to execute, and whether they start a shell that waits for the program.
fn words(line: &CommandLine) -> (Kind, Vec<OsString>) {
    let shell = |text: String| vec![locate_shell(), "-c".into(), text.into()];
    match line {
        CommandLine::Direct(words) => {
            let program = words.first().map(|program| locate(program));
            (
                Kind::Program,
                program
                    .into_iter()
                    .chain(words.iter().skip(1).map(Into::into))
                    .collect(),
            )
        }
        CommandLine::Shell(text) if is_one_program(text) => {
            (Kind::Program, shell(format!("exec {text}")))
        }
        CommandLine::Shell(text) => (Kind::Shell, shell(text.clone())),
    }
}

/// Shell words that are not programs, or that change their meaning after `exec`.
const SHELL_WORDS: [&str; 36] = [
    "!", ".", ":", "[[", "{", "alias", "bg", "break", "case", "cd", "command", "continue", "eval",
    "exec", "exit", "export", "fg", "for", "function", "if", "jobs", "read", "readonly", "return",
    "select", "set", "shift", "source", "time", "times", "trap", "type", "ulimit", "umask",
    "until", "while",
];

/// Returns `true` if the line is one program with arguments. The shell can then `exec` it, so that
/// signals for the shell reach the program.
fn is_one_program(line: &str) -> bool {
    let first = line.split_whitespace().next().unwrap_or_default();
    let is_word = !first.contains(['=', '$', '`', '\'', '"', '\\', '*', '?', '[', '~', '#']);
    let mut letters = line.chars();
    while let Some(letter) = letters.next() {
        match letter {
            '\\' => drop(letters.next()),
            '\'' if letters.any(|letter| letter == '\'') => {}
            ';' | '&' | '|' | '(' | ')' | '<' | '>' | '`' | '\n' | '#' | '\'' => return false,
            '"' => loop {
                match letters.next() {
                    Some('\\') => drop(letters.next()),
                    Some('"') => break,
                    // A program in a substitution ends before this program starts.
                    Some(_) => {}
                    None => return false,
                }
            },
            _ => {}
        }
    }
    is_word && !SHELL_WORDS.contains(&first)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_of_one_program_is_recognized() {
        for line in [
            "nginx -g 'daemon off; x'",
            "haproxy -f /etc/haproxy.cfg -db",
            "/bin/echo \"a; b\" $HOME a\\;b",
            "app --set x=y --glob *.conf",
        ] {
            assert!(is_one_program(line), "{line}");
        }
        for line in [
            "a && b",
            "a; b",
            "a | b",
            "a & wait",
            "X=1 a b",
            "cd /x && a",
            "exec a b",
            "trap 'x' HUP; a",
            "if x; then y; fi",
            "a > out",
            "a 'open",
            "a \"open",
            "$PROGRAM x",
            "while x",
            "a # b",
            "a\nb",
            "(a b)",
            ". /etc/x",
        ] {
            assert!(!is_one_program(line), "{line}");
        }
    }
}
