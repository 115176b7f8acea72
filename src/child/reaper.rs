//! A small process between ctmpl and its child, so that no end of ctmpl leaves anything behind.
//!
//! in:  its own command line, which only ctmpl writes; messages over its standard input
//! out: the child, its signals, and its end, passed on
//!
//! Whatever the child has started becomes the guardian's when its parent dies (`PR_SET_CHILD_SUBREAPER`), also what has left
//! the process group. When ctmpl is gone, however it went, the socket closes, and the guardian kills all of it. When the
//! child has ended, what is left of it is asked to end, then made to. Should the guardian itself be killed, so is the child
//! (`PR_SET_PDEATHSIG`): for that, one more process is ctmpl first, and then becomes the program.
//!
//! Started as process 1, as in a container, ctmpl puts a guardian before itself: it reaps what the kernel hands to process 1,
//! and passes signals on.

use std::ffi::{OsStr, OsString};
use std::io::{self, Read as _, Write as _};
use std::os::fd::{AsFd as _, OwnedFd};
use std::os::unix::net::UnixStream;
use std::os::unix::process::{CommandExt as _, ExitStatusExt as _};
use std::process::{Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use nix::errno::Errno;
use nix::sys::prctl::{set_child_subreaper, set_pdeathsig};
use nix::sys::signal::{Signal, kill, killpg};
use nix::unistd::Pid;
use rustix::process::{WaitOptions, wait};
use tokio::io::{AsyncBufReadExt as _, BufReader, Lines};
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::mpsc;
use tokio::time::{sleep, sleep_until, timeout_at};

use super::control_socket::{self, Message};
use super::proc_table::{handles, processes};
use crate::signals::PASSED_ON;

/// What the first word is where ctmpl starts itself as a guardian.
const WORD: &str = "--guard-a-child";
/// What the first word is where it starts itself to become the child.
const BECOME: &str = "--become-a-child";
/// How long what a child has left behind may take to end when it is asked to; where the child was, ctmpl sees to that.
const GRACE: Duration = Duration::from_secs(5);
/// How often it is looked whether all are gone.
const LOOK: Duration = Duration::from_millis(10);
/// Where a shell is looked for: on the path first.
const SHELLS: [&str; 3] = ["sh", "/bin/sh", "/usr/bin/sh"];

/// Whether signals are for the child alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// It is the program itself.
    Program,
    /// It is a shell, and the program is what it has started.
    Shell,
}

/// The command line that makes ctmpl a guardian.
pub(super) fn command_line(kind: Kind, kill_signals: &[Signal]) -> [String; 3] {
    let kind = match kind {
        Kind::Program => "program",
        Kind::Shell => "shell",
    };
    let numbers: Vec<_> = kill_signals
        .iter()
        .map(|signal| (*signal as i32).to_string())
        .collect();
    [WORD.to_owned(), kind.to_owned(), numbers.join(",")]
}

/// What a guardian guards.
struct ReaperArgs {
    words: Vec<OsString>,
    kind: Kind,
    /// What may ask it to end, which a shell is not kept from.
    kill_signals: Vec<Signal>,
    /// `None`: ctmpl itself is the child, and this is process 1.
    link: Option<UnixStream>,
}

/// Does the work of a guardian, if this process is to be one: then its exit code.
pub fn serve(arguments: impl Iterator<Item = OsString>) -> Option<u8> {
    let words: Vec<OsString> = arguments.collect();
    let first = words
        .get(1)
        .and_then(|word| word.to_str())
        .unwrap_or_default();
    let charge = if first == WORD {
        charge_of(&words[2..]).ok()?
    } else if first == BECOME {
        return Some(become_program(&words[2..]));
    } else if std::process::id() == 1 {
        let own = std::iter::once("/proc/self/exe".into()).chain(words.into_iter().skip(1));
        ReaperArgs {
            words: own.collect(),
            kind: Kind::Program,
            kill_signals: Vec::new(),
            link: None,
        }
    } else {
        return None;
    };
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .ok()?;
    Some(runtime.block_on(guard(charge)).unwrap_or(CANNOT))
}

/// The exit code where a guardian cannot do its work; a shell's for a program that cannot be started.
const CANNOT: u8 = crate::exit_code::CANNOT_EXECUTE;

fn charge_of(words: &[OsString]) -> io::Result<ReaperArgs> {
    let text = |place: usize| {
        words
            .get(place)
            .and_then(|word| word.to_str())
            .unwrap_or_default()
    };
    let kind = if text(0) == "shell" {
        Kind::Shell
    } else {
        Kind::Program
    };
    let signal = |number: &str| Signal::try_from(number.parse::<i32>().ok()?).ok();
    let kill_signals = text(1).split(',').filter_map(signal).collect();
    let link = UnixStream::from(io::stdin().as_fd().try_clone_to_owned()?);
    Ok(ReaperArgs {
        words: words.get(2..).unwrap_or_default().to_vec(),
        kind,
        kill_signals,
        link: Some(link),
    })
}

/// What a guardian hears.
enum ReaperEvent {
    /// A process of its own has ended.
    Death,
    Signal(Signal),
    /// ctmpl is gone, or wants the child to be.
    Gone,
}

async fn guard(charge: ReaperArgs) -> io::Result<u8> {
    let ReaperArgs {
        words,
        kind,
        kill_signals,
        link,
    } = charge;
    // Where the kernel does not know this, what leaves its parent is process 1's, as always.
    let _ = set_child_subreaper(true);
    let mut deaths = signal(SignalKind::child())?;
    let mut signals = listen()?;
    let input = link
        .as_ref()
        .map(control_socket::take_descriptor)
        .transpose()?;
    let tell = |message: Message| {
        // ctmpl may be gone; then this ends soon.
        let _ = link
            .as_ref()
            .map(|mut link| link.write_all(message.to_string().as_bytes()));
    };
    let child = match start(&words, input.as_ref()) {
        Ok(child) => child,
        Err(error) => {
            tell(Message::Failed(
                error.raw_os_error().unwrap_or(Errno::EINVAL as i32),
            ));
            return Ok(CANNOT);
        }
    };
    tell(Message::Started);
    // The child was asked to end: what it has started may take as long as ctmpl gives it.
    let mut asked = false;
    let mut lines = link
        .as_ref()
        .map(|link| lines_of(link.try_clone()?))
        .transpose()?;
    loop {
        let heard = tokio::select! {
            _ = deaths.recv() => ReaperEvent::Death,
            Some(signal) = signals.recv() => if link.is_none() { ReaperEvent::Signal(signal) } else { continue },
            heard = hear(lines.as_mut()) => heard,
        };
        match heard {
            ReaperEvent::Signal(signal) => {
                let ends = kill_signals.contains(&signal);
                asked |= ends;
                deliver(signal, child, kind, ends);
            }
            ReaperEvent::Gone => {
                end_all(child, Duration::ZERO).await;
                // Whoever asked for it, and is still there, wants to know.
                tell(Message::Killed(Signal::SIGKILL as i32));
                return Ok(128 + Signal::SIGKILL as u8);
            }
            ReaperEvent::Death => {}
        }
        if let Some(status) = reap(child) {
            if link.is_some() {
                if asked {
                    ask_the_rest(child, kind);
                }
                tokio::select! {
                    () = all_gone(), if asked => {}
                    () = end_all(child, GRACE), if !asked => {}
                    () = gone(lines.as_mut()) => end_all(child, Duration::ZERO).await,
                }
            }
            tell(status.signal().map_or(
                Message::Exited(status.code().unwrap_or_default()),
                Message::Killed,
            ));
            return Ok(code(status));
        }
    }
}

/// The code that a shell would end with.
pub(super) fn code(status: ExitStatus) -> u8 {
    let code = status
        .code()
        .or_else(|| status.signal().map(|signal| 128 + signal));
    code.and_then(|code| u8::try_from(code).ok())
        .unwrap_or(u8::MAX)
}

/// Catches what would end this process, in every case: who ends is the child.
fn listen() -> io::Result<mpsc::UnboundedReceiver<Signal>> {
    let (sender, signals) = mpsc::unbounded_channel();
    for name in PASSED_ON {
        let mut listener = signal(SignalKind::from_raw(name as i32))?;
        let sender = sender.clone();
        tokio::spawn(async move {
            while listener.recv().await.is_some() && sender.send(name).is_ok() {}
        });
    }
    Ok(signals)
}

/// `input` is the child's standard input, if it is not this one's.
fn start(words: &[OsString], input: Option<&OwnedFd>) -> io::Result<Pid> {
    let (program, arguments) = words.split_first().ok_or(io::ErrorKind::InvalidInput)?;
    let shells = SHELLS.map(OsStr::new);
    let programs: &[&OsStr] = if program == SHELLS[0] {
        &shells
    } else {
        &[program]
    };
    let mut tried = Err(io::ErrorKind::NotFound.into());
    for program in programs {
        tried = start_one(program, arguments, input);
        if !matches!(&tried, Err(error) if error.kind() == io::ErrorKind::NotFound) {
            break;
        }
    }
    tried
}

fn start_one(program: &OsStr, arguments: &[OsString], input: Option<&OwnedFd>) -> io::Result<Pid> {
    let (ours, theirs) = UnixStream::pair()?;
    match input {
        Some(input) => control_socket::send_descriptor(&ours, input)?,
        None => control_socket::send_descriptor(&ours, io::stdin())?,
    }
    let mut command = Command::new("/proc/self/exe");
    command
        .arg0("guardian")
        .args([BECOME, &std::process::id().to_string()])
        .arg(program)
        .args(arguments);
    let child = command
        .process_group(0)
        .stdin(Stdio::from(OwnedFd::from(theirs)))
        .spawn()?;
    // Its end closes when it has become the program; before that, it can say why it cannot.
    drop(command);
    let mut number = [0; 4];
    if (&ours).read_exact(&mut number).is_ok() {
        reap(Pid::from_raw(0));
        return Err(io::Error::from_raw_os_error(i32::from_le_bytes(number)));
    }
    let id = i32::try_from(child.id()).map_err(|_| io::ErrorKind::InvalidData)?;
    Ok(Pid::from_raw(id))
}

/// Becomes the program, which dies with its guardian; comes back only if that cannot be, with the exit code.
fn become_program(words: &[OsString]) -> u8 {
    let become_it = |mut link: &UnixStream| -> io::Result<()> {
        rustix::stdio::dup2_stdin(control_socket::take_descriptor(link)?)?;
        set_pdeathsig(Signal::SIGKILL)?;
        let guardian = words.first().and_then(|word| word.to_str()?.parse().ok());
        let (program, arguments) = words
            .get(1..)
            .and_then(<[_]>::split_first)
            .ok_or(io::ErrorKind::InvalidInput)?;
        if guardian == Some(Pid::parent().as_raw()) {
            let error = Command::new(program).args(arguments).exec();
            link.write_all(
                &error
                    .raw_os_error()
                    .unwrap_or(Errno::EINVAL as i32)
                    .to_le_bytes(),
            )?;
        }
        Ok(())
    };
    if let Ok(link) = io::stdin()
        .as_fd()
        .try_clone_to_owned()
        .map(UnixStream::from)
    {
        let _ = become_it(&link);
    }
    CANNOT
}

fn lines_of(link: UnixStream) -> io::Result<Lines<BufReader<tokio::net::UnixStream>>> {
    link.set_nonblocking(true)?;
    Ok(BufReader::new(tokio::net::UnixStream::from_std(link)?).lines())
}

type Link = Lines<BufReader<tokio::net::UnixStream>>;

async fn hear(link: Option<&mut Link>) -> ReaperEvent {
    let Some(link) = link else {
        return std::future::pending().await;
    };
    loop {
        match link.next_line().await {
            Ok(Some(message)) => {
                if let Ok(Message::Signal(signal)) = message.parse() {
                    return ReaperEvent::Signal(signal);
                }
            }
            Ok(None) | Err(_) => return ReaperEvent::Gone,
        }
    }
}

async fn gone(mut link: Option<&mut Link>) {
    while !matches!(hear(link.as_deref_mut()).await, ReaperEvent::Gone) {}
}

/// Reaps all that have ended; the status of the child, if it is among them.
fn reap(child: Pid) -> Option<ExitStatus> {
    let mut ended = None;
    loop {
        match wait(WaitOptions::NOHANG) {
            Ok(Some((id, status))) if id.as_raw_nonzero().get() == child.as_raw() => {
                ended = Some(ExitStatus::from_raw(status.as_raw()));
            }
            Ok(Some(_)) | Err(rustix::io::Errno::INTR) => {}
            Ok(None) | Err(_) => return ended,
        }
    }
}

/// Sends a signal to the program. A shell does not get one that it would only die of: it waits for the program.
fn deliver(signal: Signal, child: Pid, kind: Kind, ends: bool) {
    if kind == Kind::Program {
        let _ = kill(child, signal);
        return;
    }
    let ends = ends || matches!(signal, Signal::SIGTERM | Signal::SIGINT | Signal::SIGQUIT);
    let mut others = processes()
        .filter(|process| process.group == child && process.id != child)
        .peekable();
    if ends || others.peek().is_none() || handles(child, signal) {
        let _ = killpg(child, signal);
        return;
    }
    for process in others {
        let _ = kill(process.id, signal);
    }
}

/// Who was not asked to end with the child, and so might never: whoever has left its group, and where the signal was for
/// the program alone, its group.
fn ask_the_rest(child: Pid, kind: Kind) {
    if kind == Kind::Program {
        signal_all(child, Signal::SIGTERM);
        return;
    }
    for process in
        processes().filter(|process| process.parent == Pid::this() && process.group != child)
    {
        let _ = kill(process.id, Signal::SIGTERM);
    }
}

async fn all_gone() {
    while !is_childless() {
        sleep(LOOK).await;
    }
}

/// Ends everything that is left: asked first, if there is grace.
async fn end_all(child: Pid, grace: Duration) {
    let deadline = Instant::now() + grace;
    if !grace.is_zero() {
        signal_all(child, Signal::SIGTERM);
        signal_all(child, Signal::SIGCONT);
        if timeout_at(deadline.into(), all_gone()).await.is_ok() {
            return;
        }
    }
    // What is killed hands its children over; so all come along in the end. One that hangs in the kernel is not waited for.
    let latest = Instant::now() + GRACE;
    while !is_childless() && Instant::now() < latest {
        signal_all(child, Signal::SIGKILL);
        sleep_until((Instant::now() + LOOK).into()).await;
    }
}

fn signal_all(child: Pid, signal: Signal) {
    let _ = killpg(child, signal);
    for process in processes().filter(|process| process.parent == Pid::this()) {
        let _ = kill(process.id, signal);
    }
}

/// Reaps what has ended; is nothing left?
fn is_childless() -> bool {
    loop {
        match wait(WaitOptions::NOHANG) {
            Ok(None) => return false,
            Ok(Some(_)) | Err(rustix::io::Errno::INTR) => {}
            Err(_) => return true,
        }
    }
}
