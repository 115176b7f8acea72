//! The times at which the state changes by itself: probes are due, TTLs expire, and instances,
//! sessions and lock delays end.
//!
//! Input: the timers that the state needs, and the current time. Output: the timers that are due,
//! each once.

use std::collections::BTreeMap;
use std::time::Duration;

use tokio::time::Instant;

use super::check_method::CheckMethod;
use super::cluster_state::ClusterState;

/// A session that is not renewed ends after this multiple of its TTL, as in Consul.
const SESSION_TTL_FACTOR: u32 = 2;

/// The longest time of a timer. A client may register a check with any TTL, and a time beyond the
/// range of the clock would be an error.
const MAX_TIME: Duration = Duration::from_secs(365 * 24 * 3600);

/// What happens at a time.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Timer {
    /// The check is probed.
    Probe(String),
    /// The TTL of the check expires.
    TtlExpiry(String),
    /// The instance of the critical check is deregistered.
    Deregistration(String),
    /// The session ends: datacenter and ID.
    SessionEnd(String, String),
    /// The key can be locked again: datacenter and key.
    LockDelayEnd(String, String),
}

/// A timer that the state needs.
#[derive(Clone, Debug)]
pub(crate) struct NeededTimer {
    timer: Timer,
    /// The timer starts again if this number changes.
    stamp: u64,
    after: Duration,
}

/// Returns the timers that the state needs.
pub(crate) fn needed(cluster: &ClusterState) -> Vec<NeededTimer> {
    let mut needed = Vec::new();
    let mut need = |timer, stamp, after| {
        needed.push(NeededTimer {
            timer,
            stamp,
            after,
        });
    };
    for (id, run) in &cluster.agent.runs {
        match &run.definition.method {
            CheckMethod::Ttl(ttl) => need(Timer::TtlExpiry(id.clone()), run.stamp, *ttl),
            CheckMethod::Tcp(_) | CheckMethod::Http(_) => {
                need(Timer::Probe(id.clone()), run.stamp, run.pause);
            }
            CheckMethod::Alias(_) => {}
        }
        let check = cluster.agent.checks.get(id);
        let is_critical =
            check.is_some_and(|check| check.status == "critical" && !check.service_id.is_empty());
        if let Some(after) = run.definition.deregister_after().filter(|_| is_critical) {
            need(Timer::Deregistration(id.clone()), run.critical_stamp, after);
        }
    }
    for (name, dc) in &cluster.datacenters {
        for session in dc.sessions.all().values() {
            if let Some(ttl) = session.ttl {
                let timer = Timer::SessionEnd(name.clone(), session.id.clone());
                need(timer, session.stamp, ttl * SESSION_TTL_FACTOR);
            }
        }
        for (key, delay) in dc.sessions.delays() {
            let timer = Timer::LockDelayEnd(name.clone(), key.clone());
            need(timer, delay.stamp, delay.time);
        }
    }
    needed
}

#[derive(Clone, Copy, Debug)]
struct Running {
    stamp: u64,
    at: Instant,
    is_over: bool,
}

/// The running timers.
#[derive(Debug, Default)]
pub(crate) struct Timers {
    running: BTreeMap<Timer, Running>,
}

impl Timers {
    /// Starts the needed timers that do not run, and stops all others.
    pub(crate) fn set(&mut self, needed: Vec<NeededTimer>, now: Instant) {
        let mut before = std::mem::take(&mut self.running);
        for NeededTimer {
            timer,
            stamp,
            after,
        } in needed
        {
            let kept = before
                .remove(&timer)
                .filter(|running| running.stamp == stamp);
            let running = kept.unwrap_or_else(|| Running {
                stamp,
                at: now + after.min(MAX_TIME),
                is_over: false,
            });
            self.running.insert(timer, running);
        }
    }

    /// Returns the timers that are due, each once, with their stamps.
    pub(crate) fn take_due(&mut self, now: Instant) -> Vec<(Timer, u64)> {
        let due = self
            .running
            .iter_mut()
            .filter(|(_, running)| !running.is_over && running.at <= now);
        due.map(|(timer, running)| {
            running.is_over = true;
            (timer.clone(), running.stamp)
        })
        .collect()
    }

    /// Returns the time at which the next timer is due.
    pub(crate) fn next(&self) -> Option<Instant> {
        let running = self.running.values();
        running
            .filter(|running| !running.is_over)
            .map(|running| running.at)
            .min()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn probe(stamp: u64, seconds: u64) -> Vec<NeededTimer> {
        vec![NeededTimer {
            timer: Timer::Probe("web".into()),
            stamp,
            after: Duration::from_secs(seconds),
        }]
    }

    #[test]
    fn a_timer_is_due_once_per_stamp() {
        let start = Instant::now();
        let at = |seconds| start + Duration::from_secs(seconds);
        let mut timers = Timers::default();
        timers.set(probe(1, 5), start);
        assert_eq!(timers.next(), Some(at(5)));
        // It is needed still, so it goes on.
        timers.set(probe(1, 5), at(3));
        assert_eq!(timers.take_due(at(4)), []);
        assert_eq!(timers.take_due(at(5)), [(Timer::Probe("web".into()), 1)]);
        timers.set(probe(1, 5), at(6));
        assert_eq!((timers.take_due(at(60)), timers.next()), (vec![], None));
        timers.set(probe(2, 5), at(60));
        assert_eq!(timers.next(), Some(at(65)));
    }

    #[test]
    fn a_time_beyond_the_clock_is_shortened() {
        let mut timers = Timers::default();
        timers.set(probe(1, u64::MAX), Instant::now());
        assert!(timers.next().is_some());
    }

    #[test]
    fn a_timer_that_is_not_needed_stops() {
        let start = Instant::now();
        let mut timers = Timers::default();
        timers.set(probe(1, 5), start);
        timers.set(Vec::new(), start);
        assert_eq!(timers.take_due(start + Duration::from_secs(60)), []);
    }
}
