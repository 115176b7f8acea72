//! The reaper: a small process between this program and the child process. It ends all descendants
//! of the child.
//!
//! Input: its command line, written by the supervisor, and messages on its standard input, which is
//! a socket. Output: the child process, signals to it, and a message when it has ended.
//!
//! The reaper becomes the parent of every orphaned descendant (`PR_SET_CHILD_SUBREAPER`), even if
//! it has left the process group. If the supervisor dies, the socket closes and the reaper kills
//! all descendants. If the child ends, the reaper ends the remaining descendants with SIGTERM, then
//! SIGKILL. If the reaper is killed, the kernel kills the child (`PR_SET_PDEATHSIG`), see
//! [`exec_shim`].

use std::ffi::OsString;
use std::io::{self, Write as _};
use std::os::fd::AsFd as _;
use std::os::unix::net::UnixStream;
use std::os::unix::process::ExitStatusExt as _;
use std::process::ExitStatus;
use std::time::Duration;

use nix::errno::Errno;
use nix::sys::prctl::set_child_subreaper;
use nix::sys::signal::Signal;
use nix::unistd::Pid;
use tokio::io::{AsyncBufReadExt as _, BufReader, Lines};
use tokio::signal::unix::{SignalKind, signal};

use super::control_socket::{self, Message};
use super::descendants::{Kind, deliver, end_all, reap, terminate_remaining};
use super::exec_shim;
use super::exit::{CANNOT_EXECUTE, Exit};
use super::process_group::ProcessGroup;
use crate::signals;

/// The first argument of a reaper. Then follow the kind of the child, the signals that end it, its
/// process group, and its command line.
pub(super) const FLAG: &str = "--reap-child";

/// The time between SIGTERM and SIGKILL for descendants that outlive the child.
const TERM_TIMEOUT: Duration = Duration::from_secs(5);

/// Returns the arguments that make this program a reaper; the child's command line follows them.
pub(super) fn command_line(
    kind: Kind,
    group: ProcessGroup,
    kill_signals: &[Signal],
) -> [String; 4] {
    let kind = match kind {
        Kind::Program => "program",
        Kind::Shell => "shell",
    };
    let numbers: Vec<_> = kill_signals
        .iter()
        .map(|signal| (*signal as i32).to_string())
        .collect();
    [
        FLAG.to_owned(),
        kind.to_owned(),
        numbers.join(","),
        group.as_str().to_owned(),
    ]
}

/// The arguments of a reaper.
pub(super) struct ReaperArgs {
    /// The program and its arguments.
    words: Vec<OsString>,
    kind: Kind,
    group: ProcessGroup,
    /// The signals that end the child. They are sent to a shell as well.
    kill_signals: Vec<Signal>,
    /// The connection to the supervisor.
    socket: UnixStream,
}

impl ReaperArgs {
    /// Parses the arguments after [`FLAG`]. The socket is the standard input.
    pub(super) fn parse(words: &[OsString]) -> io::Result<Self> {
        let text = |index: usize| {
            words
                .get(index)
                .and_then(|word| word.to_str())
                .unwrap_or_default()
        };
        let kind = if text(0) == "shell" {
            Kind::Shell
        } else {
            Kind::Program
        };
        let signal = |number: &str| Signal::try_from(number.parse::<i32>().ok()?).ok();
        Ok(Self {
            words: words.get(3..).unwrap_or_default().to_vec(),
            kind,
            group: ProcessGroup::from_text(text(2)),
            kill_signals: text(1).split(',').filter_map(signal).collect(),
            socket: UnixStream::from(io::stdin().as_fd().try_clone_to_owned()?),
        })
    }
}

/// An event that a reaper waits for.
enum ReaperEvent {
    /// A child process has ended.
    Death,
    /// The supervisor requests a signal for the child.
    Signal(Signal),
    /// The supervisor has ended, or requests that the child be killed.
    Disconnected,
}

/// Runs the child. Returns its exit code after all descendants have ended.
pub(super) async fn run(arguments: ReaperArgs) -> io::Result<u8> {
    let ReaperArgs {
        words,
        kind,
        group,
        kill_signals,
        socket,
    } = arguments;
    // If the kernel does not support this, orphans go to process 1.
    let _ = set_child_subreaper(true);
    let mut deaths = signal(SignalKind::child())?;
    // Catch and ignore these signals, because the reaper must outlive the child.
    let mut ignored = signals::listen()?;
    let stdin = control_socket::receive_descriptor(&socket)?;
    let child = match exec_shim::start(&words, group, &stdin) {
        Ok(child) => child,
        Err(error) => {
            let number = error.raw_os_error().unwrap_or(Errno::EINVAL as i32);
            send(&socket, Message::Failed(number));
            return Ok(CANNOT_EXECUTE);
        }
    };
    drop(stdin);
    send(&socket, Message::Started);
    let mut messages = Messages::of(&socket)?;
    // After a signal that ends the child, the supervisor enforces the timeout for all descendants.
    let mut is_ending = false;
    loop {
        let event = tokio::select! {
            _ = deaths.recv() => ReaperEvent::Death,
            event = messages.next() => event,
            Some(_) = ignored.recv() => continue,
        };
        match event {
            ReaperEvent::Signal(signal) => {
                let ends = kill_signals.contains(&signal);
                is_ending |= ends;
                deliver(signal, child, kind, ends);
            }
            ReaperEvent::Disconnected => {
                end_all(child, Duration::ZERO).await;
                // The supervisor may have closed only its sending side and still read.
                send(&socket, Message::Killed(Signal::SIGKILL as i32));
                return Ok(128 + Signal::SIGKILL as u8);
            }
            ReaperEvent::Death => {}
        }
        if let Some(status) = reap(child) {
            end_remaining(child, kind, is_ending, &mut messages).await;
            report_exit(&socket, status);
            return Ok(Exit(status).code());
        }
    }
}

/// Ends the descendants that outlive the child.
async fn end_remaining(child: Pid, kind: Kind, is_ending: bool, messages: &mut Messages) {
    tokio::select! {
        () = terminate_remaining(child, kind), if is_ending => {}
        () = end_all(child, TERM_TIMEOUT), if !is_ending => {}
        () = messages.disconnected() => end_all(child, Duration::ZERO).await,
    }
}

fn report_exit(socket: &UnixStream, status: ExitStatus) {
    let message = match status.signal() {
        Some(signal) => Message::Killed(signal),
        None => Message::Exited(status.code().unwrap_or_default()),
    };
    send(socket, message);
}

fn send(mut socket: &UnixStream, message: Message) {
    // An error means that the supervisor has ended; then the reaper ends soon.
    let _ = socket.write_all(message.to_string().as_bytes());
}

/// The messages of the supervisor.
struct Messages(Lines<BufReader<tokio::net::UnixStream>>);

impl Messages {
    fn of(socket: &UnixStream) -> io::Result<Self> {
        let socket = socket.try_clone()?;
        socket.set_nonblocking(true)?;
        let socket = tokio::net::UnixStream::from_std(socket)?;
        Ok(Self(BufReader::new(socket).lines()))
    }

    async fn next(&mut self) -> ReaperEvent {
        loop {
            match self.0.next_line().await {
                Ok(Some(message)) => {
                    if let Ok(Message::Signal(signal)) = message.parse() {
                        return ReaperEvent::Signal(signal);
                    }
                }
                Ok(None) | Err(_) => return ReaperEvent::Disconnected,
            }
        }
    }

    async fn disconnected(&mut self) {
        while !matches!(self.next().await, ReaperEvent::Disconnected) {}
    }
}
