//! The child as a process, behind its guardian.
//!
//! in:  an [`ExecConfig`], what its environment holds beside ours, and [`Order`]s
//! out: how it ended, as an [`Exit`]

use std::ffi::OsString;
use std::fmt;
use std::io;
use std::os::unix::net::UnixStream as Socket;
use std::os::unix::process::ExitStatusExt as _;
use std::process::{ExitStatus, Stdio};

use nix::sys::signal::Signal;
use secrecy::SecretString;
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::UnixStream;
use tokio::process::Command;
use tokio::sync::mpsc;

use super::control_socket::{self, Message};
use super::reaper::{self, Kind};
use crate::command::{CommandError, environment, locate};
use crate::config::exec::ExecConfig;
use crate::config::resolved::CommandLine;

/// What a child that runs is to be told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// Send it this signal.
    Signal(Signal),
    /// Kill it, with everything it has started.
    Kill,
}

/// How a child ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Exit(ExitStatus);

impl Exit {
    /// Its exit code, or 128 and the number of the signal that ended it.
    pub fn code(self) -> u8 {
        reaper::code(self.0)
    }
}

impl fmt::Display for Exit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.0.code(), self.0.signal()) {
            (Some(code), _) => write!(f, "with exit code {code}"),
            (None, signal) => {
                let number = signal.unwrap_or_default();
                match Signal::try_from(number) {
                    Ok(signal) => write!(f, "by {signal}"),
                    Err(_) => write!(f, "by signal {number}"),
                }
            }
        }
    }
}

/// Runs the child to its end. Dropped, it has it killed, with everything it has started.
///
/// # Errors
/// [`CommandError`] when it cannot start, or how it ended cannot be found out.
pub async fn run(
    config: &ExecConfig,
    exports: &[(String, SecretString)],
    mut orders: mpsc::UnboundedReceiver<Order>,
) -> Result<Exit, CommandError> {
    let line = &config.line;
    let lost = |source| CommandError::lost(line, source);
    let (socket, mut guardian) =
        start(config, exports).map_err(|source| CommandError::cannot_start(line, source))?;
    let (reader, mut writer) = socket.into_split();
    let mut messages = BufReader::new(reader).lines();
    let mut exit = None;
    loop {
        let message = tokio::select! {
            message = messages.next_line() => message,
            Some(order) = orders.recv() => {
                // A guardian that does not listen any more is about to end.
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
                let own = guardian.wait().await.map_err(lost)?;
                let vanished = || {
                    lost(io::Error::other(format!(
                        "its guardian ended {}",
                        Exit(own)
                    )))
                };
                return exit.map(Exit).ok_or_else(vanished);
            }
        }
    }
}

fn start(
    config: &ExecConfig,
    exports: &[(String, SecretString)],
) -> io::Result<(UnixStream, tokio::process::Child)> {
    let (kind, words) = words(&config.line);
    let (ours, theirs) = Socket::pair()?;
    control_socket::send_descriptor(&ours, io::stdin())?;
    ours.set_nonblocking(true)?;
    let mut command = Command::new("/proc/self/exe");
    // Not "ctmpl": whoever kills all that is called so should leave this one to do its work.
    command
        .arg0("guardian")
        .args(reaper::command_line(kind, &config.kill_signal.signals()))
        .args(words);
    command
        .env_clear()
        .envs(environment(&config.environment, exports));
    let guardian = command
        .stdin(Stdio::from(std::os::fd::OwnedFd::from(theirs)))
        .process_group(0)
        .spawn()?;
    Ok((UnixStream::from_std(ours)?, guardian))
}

/// What is executed, and whether that is a shell which goes on to be one.
fn words(line: &CommandLine) -> (Kind, Vec<OsString>) {
    let shell = |text: String| vec![locate("sh"), "-c".into(), text.into()];
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

/// Words that are no programs, or mean something else after `exec`.
const OF_THE_SHELL: [&str; 36] = [
    "!", ".", ":", "[[", "{", "alias", "bg", "break", "case", "cd", "command", "continue", "eval",
    "exec", "exit", "export", "fg", "for", "function", "if", "jobs", "read", "readonly", "return",
    "select", "set", "shift", "source", "time", "times", "trap", "type", "ulimit", "umask",
    "until", "while",
];

/// Is the line one program and its arguments, so that the shell can become it? A signal for the shell is then one for the
/// program.
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
                    // What is computed in there starts programs of its own, but they are over before this one begins.
                    Some(_) => {}
                    None => return false,
                }
            },
            _ => {}
        }
    }
    is_word && !OF_THE_SHELL.contains(&first)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_of_one_program_needs_no_shell_to_wait_for_it() {
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
