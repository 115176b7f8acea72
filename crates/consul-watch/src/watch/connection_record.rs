//! The connections that a process may occupy at its servers, as they are kept on the disk between two processes.
//!
//! Consul keeps the connection of a long poll after its client has gone, until the wait of the poll is over. So a new
//! process has to know about the long polls of the one before it.
//!
//! Input: for each server, what the process may occupy. Output: the connections that its servers still keep when another
//! process starts.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use sealed_json::{Damaged, seal, unseal};

/// The first words of the file: the format and its version.
const FORMAT: &str = "ctmpl-connections 1 sha256";
/// The longest time that Consul keeps the connection of a long poll: its longest wait, and a sixteenth.
const LONGEST: Duration = Duration::from_secs(600 + 600 / 16);
/// By how much recorded times may be too late.
const ROUNDING: Duration = Duration::from_millis(1);
/// The largest number of connections that a record can have.
const MOST: usize = 1 << 16;

/// The connections that a process may occupy at one server.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Occupied {
    /// The maximum number of connections for long polls.
    pub(super) limit: usize,
    /// The maximum number of long polls that may be in flight at any time until the next record, by their longest wait.
    pub(super) open: Vec<(Duration, usize)>,
    /// The connections of long polls that were cancelled, with the time for which the server still keeps them.
    pub(super) kept: Vec<Duration>,
}

/// What a process may occupy, by the address of the server.
pub(super) type ConnectionRecord = BTreeMap<String, Occupied>;
/// For how long each connection is still kept, by the address of the server.
pub type KeptConnections = BTreeMap<String, Vec<Duration>>;

/// A moment of one start of the machine. It does not depend on the date.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct BootTime {
    /// Identifies the start of the machine.
    pub(super) boot: String,
    /// The time since then, also while the machine was suspended.
    pub(super) elapsed: Duration,
}

/// The reason for which a record says nothing about the present.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum Unusable {
    /// The file is damaged.
    #[error(transparent)]
    Damaged(#[from] Damaged),
    /// The machine was started since.
    #[error("it is from before the last start of the machine")]
    OtherBoot,
    /// It is later than now.
    #[error("it is from the future")]
    Future,
}

/// The content of the file, after its first line. Times are in milliseconds.
#[derive(Deserialize, Serialize)]
struct Body {
    boot: String,
    written: u64,
    servers: BTreeMap<String, Server>,
}

#[derive(Deserialize, Serialize)]
struct Server {
    limit: usize,
    /// The longest wait, and the number of long polls.
    open: Vec<(u64, usize)>,
    kept: Vec<u64>,
}

impl Occupied {
    /// For how long each connection is still kept, if the process has ended after this time. `elapsed` is the time since
    /// the record was made.
    fn kept_after(&self, elapsed: Duration) -> Vec<Duration> {
        let limit = self.limit.min(MOST);
        // The process may have sent a long poll just now. The server adds up to a sixteenth to its wait.
        let open = self.open.iter().flat_map(|(wait, count)| {
            let longest = (*wait).min(LONGEST);
            std::iter::repeat_n(longest + longest / 16, (*count).min(limit))
        });
        let kept = self.kept.iter().map(|rest| rest.saturating_sub(elapsed));
        let mut all: Vec<_> = open
            .chain(kept)
            .map(|rest| rest.min(LONGEST))
            .filter(|rest| !rest.is_zero())
            .collect();
        all.sort_unstable_by(|a, b| b.cmp(a));
        all.truncate(limit);
        all
    }
}

/// The content of the file.
pub(super) fn encode(record: &ConnectionRecord, now: &BootTime) -> Vec<u8> {
    let servers = record.iter().map(|(address, occupied)| {
        let open = occupied.open.iter();
        let server = Server {
            limit: occupied.limit,
            open: open.map(|(wait, count)| (millis(*wait), *count)).collect(),
            kept: occupied.kept.iter().map(|rest| millis(*rest)).collect(),
        };
        (address.clone(), server)
    });
    let body = Body {
        boot: now.boot.clone(),
        // The connections are never kept for less time than recorded.
        written: millis(now.elapsed),
        servers: servers.collect(),
    };
    seal(FORMAT, &body)
}

/// Reads the content of the file.
///
/// # Errors
/// [`Unusable`]
pub(super) fn decode(file: &[u8], now: &BootTime) -> Result<KeptConnections, Unusable> {
    let body: Body = unseal(FORMAT, file)?;
    if body.boot != now.boot {
        return Err(Unusable::OtherBoot);
    }
    let written = Duration::from_millis(body.written);
    if written > now.elapsed + ROUNDING {
        return Err(Unusable::Future);
    }
    let elapsed = now.elapsed.saturating_sub(written);
    let servers = body.servers.into_iter().map(|(address, server)| {
        let occupied = Occupied {
            limit: server.limit,
            open: server
                .open
                .into_iter()
                .map(|(wait, count)| (Duration::from_millis(wait), count))
                .collect(),
            kept: server.kept.into_iter().map(Duration::from_millis).collect(),
        };
        (address, occupied.kept_after(elapsed))
    });
    Ok(servers.collect())
}

/// Rounds up.
fn millis(time: Duration) -> u64 {
    let rounded = time + Duration::from_micros(999);
    u64::try_from(rounded.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SERVER: &str = "http://a:8500/";

    fn seconds(number: u64) -> Duration {
        Duration::from_secs(number)
    }

    fn at(boot: &str, elapsed: u64) -> BootTime {
        BootTime {
            boot: boot.to_owned(),
            elapsed: seconds(elapsed),
        }
    }

    fn file(occupied: Occupied) -> Vec<u8> {
        let record = ConnectionRecord::from([(SERVER.to_owned(), occupied)]);
        encode(&record, &at("b1", 100))
    }

    fn kept(occupied: Occupied, elapsed: u64) -> Vec<Duration> {
        let read = decode(&file(occupied), &at("b1", elapsed)).unwrap();
        read[SERVER].clone()
    }

    #[test]
    fn polls_in_flight_may_have_been_sent_just_now_and_cancelled_ones_end_at_their_time() {
        let occupied = Occupied {
            limit: 5,
            open: vec![(seconds(2), 5), (seconds(32), 1)],
            kept: vec![seconds(10), seconds(3)],
        };
        let short = Duration::from_millis(2125);
        assert_eq!(
            kept(occupied, 104),
            [seconds(34), seconds(6), short, short, short]
        );
    }

    #[test]
    fn what_an_orderly_end_has_left_is_forgotten_when_its_time_is_over() {
        let occupied = Occupied {
            limit: 54,
            open: Vec::new(),
            kept: vec![seconds(10), seconds(20)],
        };
        assert_eq!(kept(occupied.clone(), 115), [seconds(5)]);
        assert!(kept(occupied, 120).is_empty());
    }

    #[test]
    fn a_record_of_another_boot_or_of_the_future_and_a_damaged_one_are_refused() {
        let file = file(Occupied::default());
        assert_eq!(decode(&file, &at("b2", 100)), Err(Unusable::OtherBoot));
        assert_eq!(decode(&file, &at("b1", 99)), Err(Unusable::Future));
        let damaged = decode(&file[1..], &at("b1", 100));
        assert!(matches!(damaged, Err(Unusable::Damaged(_))));
    }

    #[test]
    fn impossible_numbers_are_bounded() {
        let occupied = Occupied {
            limit: usize::MAX,
            open: vec![(Duration::from_millis(u64::MAX / 2), usize::MAX)],
            kept: vec![Duration::from_millis(u64::MAX / 2)],
        };
        let kept = kept(occupied, 100);
        assert_eq!(kept.len(), MOST);
        assert_eq!(kept[0], LONGEST);
    }
}
