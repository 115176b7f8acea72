//! Counts the connections between a daemon and Consul.

use std::collections::HashSet;
use std::fs;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

/// The interval between two counts.
const INTERVAL: Duration = Duration::from_millis(50);
/// States in `/proc/net/tcp`.
const ESTABLISHED: &str = "01";
const CLOSE_WAIT: &str = "08";

/// The largest counts so far.
#[derive(Default)]
struct Peaks {
    daemon: AtomicUsize,
    consul: AtomicUsize,
    ended: AtomicBool,
}

/// Counts until it is dropped.
pub(crate) struct Connections {
    peaks: Arc<Peaks>,
    counter: Option<JoinHandle<()>>,
}

impl Connections {
    /// Begins to count the connections of a process to a port.
    pub(crate) fn count(process: u32, port: u16) -> Self {
        let peaks = Arc::<Peaks>::default();
        let shared = Arc::clone(&peaks);
        let counter = std::thread::spawn(move || {
            while !shared.ended.load(Ordering::SeqCst) {
                let (daemon, consul) = now(process, port);
                shared.daemon.fetch_max(daemon, Ordering::SeqCst);
                shared.consul.fetch_max(consul, Ordering::SeqCst);
                std::thread::sleep(INTERVAL);
            }
        });
        Self {
            peaks,
            counter: Some(counter),
        }
    }

    /// The largest number of connections that the daemon had.
    pub(crate) fn of_the_daemon(&self) -> usize {
        self.peaks.daemon.load(Ordering::SeqCst)
    }

    /// The largest number of connections that Consul had, of all clients. It holds a connection that a client has
    /// closed until its query is over.
    pub(crate) fn at_consul(&self) -> usize {
        self.peaks.consul.load(Ordering::SeqCst)
    }
}

impl Drop for Connections {
    fn drop(&mut self) {
        self.peaks.ended.store(true, Ordering::SeqCst);
        if let Some(counter) = self.counter.take() {
            drop(counter.join());
        }
    }
}

/// Returns the connections of the process to the port, and those that the server at the port has.
fn now(process: u32, port: u16) -> (usize, usize) {
    let own = sockets(process);
    let port = format!(":{port:04X}");
    let (mut daemon, mut consul) = (0, 0);
    for table in ["/proc/net/tcp", "/proc/net/tcp6"] {
        let text = fs::read_to_string(table).unwrap_or_default();
        for line in text.lines().skip(1) {
            let fields: Vec<_> = line.split_whitespace().collect();
            let &[_, local, remote, state, _, _, _, _, _, inode, ..] = &*fields else {
                continue;
            };
            if state == ESTABLISHED && remote.ends_with(&port) && own.contains(inode) {
                daemon += 1;
            }
            if [ESTABLISHED, CLOSE_WAIT].contains(&state) && local.ends_with(&port) {
                consul += 1;
            }
        }
    }
    (daemon, consul)
}

/// Returns the inodes of the sockets that a process has open.
fn sockets(process: u32) -> HashSet<String> {
    let Ok(open) = fs::read_dir(format!("/proc/{process}/fd")) else {
        return HashSet::new();
    };
    let inode = |target: &str| {
        Some(
            target
                .strip_prefix("socket:[")?
                .strip_suffix(']')?
                .to_owned(),
        )
    };
    open.filter_map(|file| inode(fs::read_link(file.ok()?.path()).ok()?.to_str()?))
        .collect()
}
