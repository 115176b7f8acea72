//! The journal outlet, which uses systemd's native protocol with priority, event name and fields.
//!
//! Input: records. Output: datagrams of `NAME=value` lines; a value of several lines is preceded by
//! its length.

use std::ffi::OsStr;
use std::io;
use std::os::fd::AsFd;
use std::os::unix::fs::MetadataExt as _;
use std::os::unix::net::UnixDatagram;

use crate::layout::priority;
use crate::options::JournalOptions;
use crate::queue::Sink;
use crate::record::Record;
use crate::syslog::sender;
use crate::{escape, layout};

/// The length to which an oversized message is cut, in bytes.
const MAX_CUT_LEN: usize = 32 * 1024;

/// The socket, and the options of the entries.
pub(crate) struct Journal {
    options: JournalOptions,
    /// The prefix of field names.
    prefix: String,
    socket: UnixDatagram,
}

impl Journal {
    pub(crate) fn open(options: JournalOptions) -> io::Result<Self> {
        let socket = sender()?;
        // Fail early if the journal does not listen at the address.
        UnixDatagram::unbound()?.connect(&options.address)?;
        let prefix = format!("{}_", options.name);
        Ok(Self {
            options,
            prefix,
            socket,
        })
    }

    fn send(&self, record: &Record) -> io::Result<()> {
        let entry = self.entry(record);
        self.socket.send_to(&entry, &self.options.address).map(drop)
    }

    fn entry(&self, record: &Record) -> Vec<u8> {
        let mut entry = Vec::new();
        let message = escape_lines(&format!("({}) {}", record.component, layout::text(record)));
        push(&mut entry, "MESSAGE", &message);
        push(&mut entry, "PRIORITY", &priority(record.level).to_string());
        push(&mut entry, "SYSLOG_IDENTIFIER", &self.options.name);
        self.push_field(&mut entry, "component", record.component);
        if let Some(event) = record.event {
            self.push_field(&mut entry, "event", event);
        }
        for (name, value) in &record.fields {
            self.push_field(&mut entry, name, &escape_lines(&value.to_string()));
        }
        entry
    }

    fn push_field(&self, entry: &mut Vec<u8>, name: &str, value: &str) {
        push(entry, &field_name(&self.prefix, name), value);
    }
}

impl Sink for Journal {
    fn write(&mut self, record: &Record) -> io::Result<()> {
        match self.send(record) {
            Err(error) if error.raw_os_error() == Some(nix::errno::Errno::EMSGSIZE as i32) => {
                let mut short = Record {
                    fields: Vec::new(),
                    ..record.clone()
                };
                layout::cut(&mut short.message, MAX_CUT_LEN);
                self.send(&short)
            }
            sent => sent,
        }
    }
}

/// Escapes text so that `journalctl` shows it as text. Line breaks are kept, because they cannot
/// start another entry.
fn escape_lines(text: &str) -> String {
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

/// Returns the journal field name: with the prefix `app_`, `rate.limit` becomes `APP_RATE_LIMIT`,
/// because the journal accepts only capitals, digits and `_`.
fn field_name(prefix: &str, name: &str) -> String {
    let letters = prefix.chars().chain(name.chars()).map(|letter| {
        if letter.is_ascii_alphanumeric() {
            letter.to_ascii_uppercase()
        } else {
            '_'
        }
    });
    letters.take(64).collect()
}

/// Returns `true` if standard error is still the stream that systemd connected to the journal.
#[must_use]
pub fn is_stderr_connected_to_journal() -> bool {
    let ours = io::stderr()
        .as_fd()
        .try_clone_to_owned()
        .and_then(|stderr| std::fs::File::from(stderr).metadata());
    let named = std::env::var_os("JOURNAL_STREAM");
    matches!((named, ours), (Some(named), Ok(ours)) if is_stream(&named, ours.dev(), ours.ino()))
}

/// Returns `true` if `text` is `DEVICE:INODE` of this device and inode.
fn is_stream(text: &OsStr, device: u64, inode: u64) -> bool {
    let parts = text.to_str().and_then(|text| text.split_once(':'));
    parts.is_some_and(|(dev, ino)| dev.parse() == Ok(device) && ino.parse() == Ok(inode))
}

#[cfg(test)]
mod tests {
    use crate::record::Value;
    use std::path::Path;

    use super::*;

    fn journal(address: &Path) -> Journal {
        Journal::open(JournalOptions {
            name: "ctmpl".to_owned(),
            address: address.to_owned(),
        })
        .unwrap()
    }

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
        let directory = tempfile::tempdir().unwrap();
        let address = directory.path().join("journal");
        let _socket = UnixDatagram::bind(&address).unwrap();
        let entry = journal(&address).entry(&record);
        assert_eq!(String::from_utf8(entry).unwrap(), expected);
    }

    #[test]
    fn a_message_that_is_too_long_is_cut() {
        let directory = tempfile::tempdir().unwrap();
        let address = directory.path().join("journal");
        let socket = UnixDatagram::bind(&address).unwrap();
        let mut journal = journal(&address);
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
    fn the_journal_stream_is_recognized_by_device_and_inode() {
        assert!(is_stream("7:12".as_ref(), 7, 12));
        for other in ["7:13", "8:12", "7", "", "a:b", "7:12:1"] {
            assert!(!is_stream(other.as_ref(), 7, 12), "{other}");
        }
    }
}
