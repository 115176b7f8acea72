//! The system's log, told as Go's `log/syslog` tells it.
//!
//! in:  records
//! out: datagrams `<PRIORITY>Nov 22 15:33:01 NAME[PID]: (component) text`
//!
//! Each datagram is sent to the address anew: a syslog that was away and is back needs no greeting.

use std::io;
use std::os::unix::net::UnixDatagram;
use std::time::Duration;

use jiff::tz::TimeZone;
use tracing::Level;

use super::queue::Sink;
use super::record::Record;
use super::{escape, layout};
use crate::config::logging::SyslogConfig;

/// What most take in one piece.
const MOST: usize = 8 * 1024;
/// How long somebody who does not take a datagram is waited for.
const PATIENCE: Duration = Duration::from_secs(5);

/// A socket to send from.
pub(super) struct Syslog {
    config: SyslogConfig,
    socket: UnixDatagram,
    zone: TimeZone,
}

impl Syslog {
    pub(super) fn open(config: SyslogConfig) -> io::Result<Self> {
        let socket = sender()?;
        // Is anybody there? The one who answers now need not be the one who does later.
        UnixDatagram::unbound()?.connect(&config.address)?;
        Ok(Self {
            config,
            socket,
            zone: TimeZone::system(),
        })
    }

    fn datagram(&self, record: &Record) -> String {
        let SyslogConfig {
            facility,
            name,
            address: _,
        } = &self.config;
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
        layout::cut(&mut text, MOST - 1);
        text.push('\n');
        text
    }
}

impl Sink for Syslog {
    fn write(&mut self, record: &Record) -> io::Result<()> {
        self.socket
            .send_to(self.datagram(record).as_bytes(), &self.config.address)
            .map(drop)
    }
}

/// A socket that does not wait for ever.
pub(super) fn sender() -> io::Result<UnixDatagram> {
    let socket = UnixDatagram::unbound()?;
    socket.set_write_timeout(Some(PATIENCE))?;
    Ok(socket)
}

/// The severities that consul-template gives its levels.
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
    use crate::config::logging::Facility;

    fn receive(socket: &UnixDatagram) -> String {
        let mut buffer = vec![0; 64 * 1024];
        let length = socket.recv(&mut buffer).unwrap();
        String::from_utf8(buffer[..length].to_vec()).unwrap()
    }

    #[test]
    fn a_datagram_is_as_go_sends_it_and_a_new_listener_is_found() {
        let directory = tempfile::tempdir().unwrap();
        let address = directory.path().join("log");
        let config = SyslogConfig {
            facility: Facility::LOCAL0,
            name: "ct".to_owned(),
            address: address.clone(),
        };
        assert!(Syslog::open(config.clone()).is_err(), "nobody is there");
        let socket = UnixDatagram::bind(&address).unwrap();
        let mut syslog = Syslog {
            zone: TimeZone::UTC,
            ..Syslog::open(config).unwrap()
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
        assert!(syslog.write(&record).is_err(), "it is gone");
        std::fs::remove_file(&address).unwrap();
        let socket = UnixDatagram::bind(&address).unwrap();
        syslog
            .write(&Record {
                message: "é".repeat(MOST),
                ..record
            })
            .unwrap();
        let text = receive(&socket);
        assert!(
            text.len() <= MOST && text.ends_with("é… [cut]\n"),
            "{}",
            text.len()
        );
    }

    #[test]
    fn levels_are_as_in_consul_template() {
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
