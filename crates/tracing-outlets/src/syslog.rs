//! The syslog outlet, which uses the format of Go's `log/syslog`, as local syslog daemons parse it.
//!
//! Input: records. Output: datagrams `<PRIORITY>Nov 22 15:33:01 NAME[PID]: (component) text`.
//!
//! The socket is not connected; each datagram is sent to the address. So a restarted syslog daemon
//! receives the next datagram.

use std::io;
use std::os::unix::net::UnixDatagram;
use std::time::Duration;

use jiff::tz::TimeZone;
use tracing::Level;

use crate::options::SyslogOptions;
use crate::queue::Sink;
use crate::record::Record;
use crate::{escape, layout};

/// The maximum size of a datagram that most implementations accept, in bytes.
const MAX_LEN: usize = 8 * 1024;
/// The timeout for sending a datagram.
const SEND_TIMEOUT: Duration = Duration::from_secs(5);

/// The socket, and the options of the messages.
pub(crate) struct Syslog {
    options: SyslogOptions,
    socket: UnixDatagram,
    zone: TimeZone,
}

impl Syslog {
    pub(crate) fn open(options: SyslogOptions) -> io::Result<Self> {
        let socket = sender()?;
        // Fail early if syslog does not listen at the address.
        UnixDatagram::unbound()?.connect(&options.address)?;
        Ok(Self {
            options,
            socket,
            zone: TimeZone::system(),
        })
    }

    fn datagram(&self, record: &Record) -> String {
        let SyslogOptions {
            facility,
            name,
            address: _,
        } = &self.options;
        let priority = facility.number() * 8 + severity(record.level);
        let time = record.time.to_zoned(self.zone.clone());
        let mut text = format!(
            "<{priority}>{} {name}[{}]: ",
            time.strftime("%b %e %H:%M:%S"),
            std::process::id()
        );
        escape::push(
            &mut text,
            &format!("({}) {}", record.component, layout::text(record)),
        );
        layout::cut(&mut text, MAX_LEN - 1);
        text.push('\n');
        text
    }
}

impl Sink for Syslog {
    fn write(&mut self, record: &Record) -> io::Result<()> {
        self.socket
            .send_to(self.datagram(record).as_bytes(), &self.options.address)
            .map(drop)
    }
}

/// Creates a datagram socket with a send timeout.
pub(crate) fn sender() -> io::Result<UnixDatagram> {
    let socket = UnixDatagram::unbound()?;
    socket.set_write_timeout(Some(SEND_TIMEOUT))?;
    Ok(socket)
}

/// Returns the syslog severity of a level, as in consul-template and Consul.
fn severity(level: Level) -> u8 {
    match level {
        Level::ERROR => 3,
        Level::WARN => 4,
        Level::INFO | Level::TRACE => 5,
        Level::DEBUG => 6,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::options::Facility;

    fn receive(socket: &UnixDatagram) -> String {
        let mut buffer = vec![0; 64 * 1024];
        let length = socket.recv(&mut buffer).unwrap();
        String::from_utf8(buffer[..length].to_vec()).unwrap()
    }

    #[test]
    fn datagrams_have_the_format_of_go_and_reach_a_restarted_syslog() {
        let directory = tempfile::tempdir().unwrap();
        let address = directory.path().join("log");
        let options = SyslogOptions {
            facility: Facility::LOCAL0,
            name: "ct".to_owned(),
            address: address.clone(),
        };
        assert!(
            Syslog::open(options.clone()).is_err(),
            "syslog does not listen yet"
        );
        let socket = UnixDatagram::bind(&address).unwrap();
        let mut syslog = Syslog {
            zone: TimeZone::UTC,
            ..Syslog::open(options).unwrap()
        };
        let time = "2026-11-02T05:33:01Z".parse().unwrap();
        let record = Record {
            time,
            message: "a\nb".to_owned(),
            ..Record::lost(0)
        };
        syslog.write(&record).unwrap();
        assert_eq!(
            receive(&socket),
            format!(
                "<132>Nov  2 05:33:01 ct[{}]: (log) a\\nb\n",
                std::process::id()
            )
        );

        drop(socket);
        assert!(syslog.write(&record).is_err(), "syslog is gone");
        std::fs::remove_file(&address).unwrap();
        let socket = UnixDatagram::bind(&address).unwrap();
        syslog
            .write(&Record {
                message: "é".repeat(MAX_LEN),
                ..record
            })
            .unwrap();
        let text = receive(&socket);
        assert!(
            text.len() <= MAX_LEN && text.ends_with("é… [cut]\n"),
            "{}",
            text.len()
        );
    }

    #[test]
    fn severities_are_those_of_consul_template() {
        let levels = [
            Level::ERROR,
            Level::WARN,
            Level::INFO,
            Level::DEBUG,
            Level::TRACE,
        ];
        assert_eq!(levels.map(severity), [3, 4, 5, 6, 5]);
    }
}
