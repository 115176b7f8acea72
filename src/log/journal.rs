//! systemd's journal, told in its own protocol: a priority, the name of the event, and its fields.
//!
//! in:  records
//! out: datagrams of `NAME=value` lines; a value with several lines has its length before it

use std::ffi::OsStr;
use std::io;
use std::os::fd::AsFd;
use std::os::unix::fs::MetadataExt as _;
use std::os::unix::net::UnixDatagram;
use std::path::PathBuf;

use super::layout::priority;
use super::queue::Sink;
use super::record::Record;
use super::syslog::sender;
use super::{escape, layout};

/// How much of a text is sent when it is too long for a datagram.
const MOST: usize = 32 * 1024;

/// A socket to send from, and where to.
pub(super) struct Journal {
    address: PathBuf,
    socket: UnixDatagram,
}

impl Journal {
    pub(super) fn open(address: PathBuf) -> io::Result<Self> {
        let socket = sender()?;
        UnixDatagram::unbound()?.connect(&address)?;
        Ok(Self { address, socket })
    }
}

impl Sink for Journal {
    fn write(&mut self, record: &Record) -> io::Result<()> {
        match self.socket.send_to(&entry(record), &self.address) {
            Err(error) if error.raw_os_error() == Some(nix::errno::Errno::EMSGSIZE as i32) => {
                let mut short = Record {
                    fields: Vec::new(),
                    ..record.clone()
                };
                layout::cut(&mut short.message, MOST);
                self.socket.send_to(&entry(&short), &self.address).map(drop)
            }
            sent => sent.map(drop),
        }
    }
}

fn entry(record: &Record) -> Vec<u8> {
    let mut entry = Vec::new();
    let message = lines(&format!("({}) {}", record.component, layout::text(record)));
    push(&mut entry, "MESSAGE", &message);
    push(&mut entry, "PRIORITY", &priority(record.level).to_string());
    push(&mut entry, "SYSLOG_IDENTIFIER", "ctmpl");
    push(&mut entry, "CTMPL_COMPONENT", record.component);
    if let Some(event) = record.event {
        push(&mut entry, "CTMPL_EVENT", event);
    }
    for (name, value) in &record.fields {
        push(&mut entry, &field_name(name), &lines(&value.to_string()));
    }
    entry
}

/// A text that `journalctl` shows as text. An entry may have several lines, and cannot be taken for two.
fn lines(text: &str) -> String {
    let mut lines = String::new();
    for (number, line) in text.split('\n').enumerate() {
        if number > 0 {
            lines.push('\n');
        }
        escape::push(&mut lines, line);
    }
    lines
}

fn push(entry: &mut Vec<u8>, name: &str, value: &str) {
    entry.extend_from_slice(name.as_bytes());
    if value.contains('\n') {
        entry.push(b'\n');
        entry.extend_from_slice(&(value.len() as u64).to_le_bytes());
    } else {
        entry.push(b'=');
    }
    entry.extend_from_slice(value.as_bytes());
    entry.push(b'\n');
}

/// `rate.limit` is `CTMPL_RATE_LIMIT`: the journal takes nothing but capitals, digits and `_`.
fn field_name(name: &str) -> String {
    let letters = name.chars().map(|letter| {
        if letter.is_ascii_alphanumeric() {
            letter.to_ascii_uppercase()
        } else {
            '_'
        }
    });
    "CTMPL_".chars().chain(letters).take(64).collect()
}

/// Has systemd connected standard error to the journal, and has nobody redirected it since?
pub(super) fn is_connected() -> bool {
    let ours = io::stderr()
        .as_fd()
        .try_clone_to_owned()
        .and_then(|stderr| std::fs::File::from(stderr).metadata());
    let named = std::env::var_os("JOURNAL_STREAM");
    matches!((named, ours), (Some(named), Ok(ours)) if names(&named, ours.dev(), ours.ino()))
}

/// Is this `DEVICE:INODE` the file with this device and inode?
fn names(text: &OsStr, device: u64, inode: u64) -> bool {
    let parts = text.to_str().and_then(|text| text.split_once(':'));
    parts.is_some_and(|(dev, ino)| dev.parse() == Ok(device) && ino.parse() == Ok(inode))
}

#[cfg(test)]
mod tests {
    use super::super::record::Value;
    use super::*;

    #[test]
    fn an_entry_has_priority_event_and_fields() {
        let fields = vec![
            ("a.path", Value::Text("/x\nPRIORITY=0".to_owned())),
            ("count", Value::Natural(3)),
        ];
        let record = Record {
            message: "a\u{1b}".to_owned(),
            fields,
            ..Record::lost(0)
        };
        let expected = "MESSAGE=(log) a\\u{1b}\nPRIORITY=4\nSYSLOG_IDENTIFIER=ctmpl\nCTMPL_COMPONENT=log\n\
                        CTMPL_EVENT=log.lost\nCTMPL_A_PATH\n\u{d}\0\0\0\0\0\0\0/x\nPRIORITY=0\nCTMPL_COUNT=3\n";
        assert_eq!(String::from_utf8(entry(&record)).unwrap(), expected);
    }

    #[test]
    fn what_is_too_long_is_cut() {
        let directory = tempfile::tempdir().unwrap();
        let address = directory.path().join("journal");
        let socket = UnixDatagram::bind(&address).unwrap();
        let mut journal = Journal::open(address).unwrap();
        journal
            .write(&Record {
                message: "é".repeat(4 * 1024 * 1024),
                ..Record::lost(0)
            })
            .unwrap();
        let mut buffer = vec![0; 256 * 1024];
        let length = socket.recv(&mut buffer).unwrap();
        assert!(String::from_utf8_lossy(&buffer[..length]).contains("é… [cut]\nPRIORITY=4\n"));
    }

    #[test]
    fn the_stream_is_known_by_device_and_inode() {
        assert!(names("7:12".as_ref(), 7, 12));
        for other in ["7:13", "8:12", "7", "", "a:b", "7:12:1"] {
            assert!(!names(other.as_ref(), 7, 12), "{other}");
        }
    }
}
