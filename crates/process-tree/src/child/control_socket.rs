//! The protocol between the supervisor and the reaper.
//!
//! The messages are lines on a socket, which is the reaper's standard input. Before them, the
//! supervisor sends the descriptor of the child's standard input. A closed socket means that the
//! other side has ended.

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
    /// To the reaper: send the child this signal.
    Signal(Signal),
    /// From the reaper: the child was started.
    Started,
    /// From the reaper: the child could not be started; the value is the error number.
    Failed(i32),
    /// From the reaper: the child exited with this code.
    Exited(i32),
    /// From the reaper: the child was killed by the signal with this number.
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

/// A line that is not a message.
#[derive(Debug)]
pub(super) struct InvalidMessage;

impl FromStr for Message {
    type Err = InvalidMessage;

    fn from_str(line: &str) -> Result<Self, InvalidMessage> {
        let (word, number) = line.trim_end().split_once(' ').ok_or(InvalidMessage)?;
        let number: i32 = number.parse().map_err(|_| InvalidMessage)?;
        match word {
            "signal" => Signal::try_from(number)
                .map(Self::Signal)
                .map_err(|_| InvalidMessage),
            "started" => Ok(Self::Started),
            "failed" => Ok(Self::Failed(number)),
            "exited" => Ok(Self::Exited(number)),
            "killed" => Ok(Self::Killed(number)),
            _ => Err(InvalidMessage),
        }
    }
}

/// Sends a descriptor; this must come before all messages.
pub(super) fn send_descriptor(socket: &UnixStream, descriptor: impl AsFd) -> io::Result<()> {
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(1))];
    let mut control = SendAncillaryBuffer::new(&mut space);
    let descriptors = [descriptor.as_fd()];
    control.push(SendAncillaryMessage::ScmRights(&descriptors));
    sendmsg(
        socket,
        &[IoSlice::new(b"0")],
        &mut control,
        SendFlags::empty(),
    )?;
    Ok(())
}

/// Receives the descriptor.
pub(super) fn receive_descriptor(socket: &UnixStream) -> io::Result<OwnedFd> {
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(1))];
    let mut control = RecvAncillaryBuffer::new(&mut space);
    let mut byte = [0];
    recvmsg(
        socket,
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
    fn a_message_parses_as_it_was_written() {
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
        let (sender, receiver) = UnixStream::pair().unwrap();
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(b"x").unwrap();
        send_descriptor(&sender, &file).unwrap();
        (&sender)
            .write_all(Message::Started.to_string().as_bytes())
            .unwrap();
        drop(sender);
        let taken = std::fs::File::from(receive_descriptor(&receiver).unwrap());
        assert_eq!(taken.metadata().unwrap().len(), 1);
        let mut rest = String::new();
        (&receiver).read_to_string(&mut rest).unwrap();
        assert_eq!(rest, "started 0\n");
        assert!(receive_descriptor(&receiver).is_err());
    }
}
