//! The CPU time that a daemon and Consul use from one point in time on.

use std::time::{Duration, Instant};

use super::program::Daemon;
use super::server::Server;
use crate::process;

/// Two processes, and their CPU time at the beginning.
pub(crate) struct Cpu {
    begun: Instant,
    daemon: (u32, Duration),
    consul: (u32, Duration),
}

impl Cpu {
    /// Begins to measure.
    pub(crate) fn of(daemon: &Daemon, server: &Server) -> Self {
        let now = |process| (process, process::cpu(process));
        Self {
            begun: Instant::now(),
            daemon: now(daemon.pid()),
            consul: now(server.pid()),
        }
    }

    /// The CPU time of the daemon.
    pub(crate) fn daemon(&self) -> Duration {
        since(self.daemon)
    }

    /// The CPU time of Consul.
    pub(crate) fn consul(&self) -> Duration {
        since(self.consul)
    }

    /// CPU time as a number of cores, since the beginning.
    pub(crate) fn cores(&self, spent: Duration) -> f64 {
        spent.as_secs_f64() / self.begun.elapsed().as_secs_f64()
    }
}

/// The CPU time that a process has used since an earlier value.
fn since((process, before): (u32, Duration)) -> Duration {
    process::cpu(process).saturating_sub(before)
}
