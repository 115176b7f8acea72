//! What ctmpl and the guardian of its child tell each other.
//!
//! One line a message, over a socket that is the guardian's standard input. The child's own standard input goes over it
//! first, as a descriptor. When the socket closes, the other one is gone.

use std::fmt;
use std::io::{self, IoSlice, IoSliceMut};
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::str::FromStr;

use nix::sys::signal::Signal;
use rustix::net::{
    RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, SendAncillaryBuffer,
    SendAncillaryMessage, SendFlags, recvmsg, sendmsg,
};

/// A message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Message {
    /// To the guardian: send the child this signal.
    Signal(Signal),
    /// From the guardian: the child runs.
    Started,
    /// It could not be started; the number of the system's error.
    Failed(i32),
    /// It has ended with this code.
    Exited(i32),
    /// A signal with this number has ended it.
    Killed(i32),
}

impl fmt::Display for Message {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Signal(signal) => writeln!(f, "signal {}", *signal as i32),
            Self::Started => writeln!(f, "started 0"),
            Self::Failed(number) => writeln!(f, "failed {number}"),
            Self::Exited(code) => writeln!(f, "exited {code}"),
            Self::Killed(number) => writeln!(f, "killed {number}"),
        }
    }
}

/// A line that is no message.
#[derive(Debug)]
pub(super) struct NoMessage;

impl FromStr for Message {
    type Err = NoMessage;

    fn from_str(line: &str) -> Result<Self, NoMessage> {
        let (word, number) = line.trim_end().split_once(' ').ok_or(NoMessage)?;
        let number: i32 = number.parse().map_err(|_| NoMessage)?;
        match word {
            "signal" => Signal::try_from(number)
                .map(Self::Signal)
                .map_err(|_| NoMessage),
            "started" => Ok(Self::Started),
            "failed" => Ok(Self::Failed(number)),
            "exited" => Ok(Self::Exited(number)),
            "killed" => Ok(Self::Killed(number)),
            _ => Err(NoMessage),
        }
    }
}

/// Sends a descriptor, as the first thing on the link.
pub(super) fn send_descriptor(link: &UnixStream, descriptor: impl AsFd) -> io::Result<()> {
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(1))];
    let mut control = SendAncillaryBuffer::new(&mut space);
    let descriptors = [descriptor.as_fd()];
    control.push(SendAncillaryMessage::ScmRights(&descriptors));
    sendmsg(
        link,
        &[IoSlice::new(b"0")],
        &mut control,
        SendFlags::empty(),
    )?;
    Ok(())
}

/// Takes the descriptor that was sent.
pub(super) fn take_descriptor(link: &UnixStream) -> io::Result<OwnedFd> {
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(1))];
    let mut control = RecvAncillaryBuffer::new(&mut space);
    let mut byte = [0];
    recvmsg(
        link,
        &mut [IoSliceMut::new(&mut byte)],
        &mut control,
        RecvFlags::CMSG_CLOEXEC,
    )?;
    let sent = control.drain().find_map(|message| match message {
        RecvAncillaryMessage::ScmRights(mut descriptors) => descriptors.next(),
        _ => None,
    });
    sent.ok_or_else(|| io::ErrorKind::UnexpectedEof.into())
}

#[cfg(test)]
mod tests {
    use std::io::Read as _;
    use std::io::Write as _;

    use super::*;

    #[test]
    fn a_message_reads_as_it_was_written() {
        let all = [
            Message::Signal(Signal::SIGHUP),
            Message::Started,
            Message::Failed(2),
            Message::Exited(3),
            Message::Killed(9),
        ];
        for message in all {
            assert_eq!(message.to_string().parse::<Message>().unwrap(), message);
        }
        for line in [
            "",
            "signal",
            "signal x",
            "signal 999",
            "other 1",
            "exited 99999999999",
        ] {
            assert!(line.parse::<Message>().is_err(), "{line}");
        }
    }

    #[test]
    fn a_descriptor_comes_before_the_messages() {
        let (ours, theirs) = UnixStream::pair().unwrap();
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(b"x").unwrap();
        send_descriptor(&ours, &file).unwrap();
        (&ours)
            .write_all(Message::Started.to_string().as_bytes())
            .unwrap();
        drop(ours);
        let taken = std::fs::File::from(take_descriptor(&theirs).unwrap());
        assert_eq!(taken.metadata().unwrap().len(), 1);
        let mut rest = String::new();
        (&theirs).read_to_string(&mut rest).unwrap();
        assert_eq!(rest, "started 0\n");
        assert!(take_descriptor(&theirs).is_err());
    }
}
