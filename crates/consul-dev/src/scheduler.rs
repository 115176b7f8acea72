//! The background task of the server: runs probes, and makes the changes that are due.
//!
//! Input: the state and its changes. Output: results of probes, expired TTLs and ended sessions in
//! the state. The task ends with the server; so do its probes.

use std::collections::VecDeque;

use tokio::task::JoinSet;
use tokio::time::{Instant, sleep_until};
use tokio_util::sync::CancellationToken;

use super::check_method::{CheckMethod, ProbeResult};
use super::cluster_state::ClusterState;
use super::probe;
use super::store::Store;
use super::timers::{self, Timer, Timers};

/// The maximum number of probes at a time.
const MAX_PROBES: usize = 32;

/// A probe of a check: the check's ID and the stamp of its run.
type Due = (String, u64);

/// Runs until `shutdown`.
pub(crate) async fn run(store: Store, shutdown: CancellationToken) {
    let mut changes = store.subscribe();
    let mut timers = Timers::default();
    let mut waiting: VecDeque<Due> = VecDeque::new();
    let mut probes: JoinSet<(Due, ProbeResult)> = JoinSet::new();
    loop {
        changes.borrow_and_update();
        let now = Instant::now();
        timers.set(store.read(timers::needed), now);
        for (timer, stamp) in timers.take_due(now) {
            match timer {
                Timer::Probe(id) => waiting.push_back((id, stamp)),
                other => store.write(|cluster| elapse(cluster, &other, stamp)),
            }
        }
        while probes.len() < MAX_PROBES
            && let Some(due) = waiting.pop_front()
        {
            start(&store, &mut probes, due);
        }
        let next = timers.next();
        tokio::select! {
            () = shutdown.cancelled() => break,
            woken = changes.changed() => {
                debug_assert!(woken.is_ok(), "the store outlives its task");
            }
            () = sleep_until(next.unwrap_or(now)), if next.is_some() => {}
            Some(Ok(((id, stamp), result))) = probes.join_next(), if !probes.is_empty() => {
                store.write(|cluster| cluster.finish_probe(&id, stamp, &result));
            }
        }
    }
    probes.shutdown().await;
}

/// Starts a probe, unless the check was removed or registered again.
fn start(store: &Store, probes: &mut JoinSet<(Due, ProbeResult)>, due: Due) {
    let definition = store.read(|cluster| {
        let run = cluster.agent.runs.get(&due.0);
        let run = run.filter(|run| run.stamp == due.1);
        run.map(|run| run.definition.clone())
    });
    if let Some(definition) = definition
        && !matches!(
            definition.method,
            CheckMethod::Ttl(_) | CheckMethod::Alias(_)
        )
    {
        probes.spawn(async move { (due, probe::run(&definition).await) });
    }
}

/// Makes the change of a timer that is due.
fn elapse(cluster: &mut ClusterState, timer: &Timer, stamp: u64) {
    match timer {
        Timer::Probe(_) => {}
        Timer::TtlExpiry(id) => cluster.expire_ttl(id, stamp),
        Timer::Deregistration(id) => cluster.deregister_critical(id, stamp),
        Timer::SessionEnd(dc, id) => {
            let Some(dc) = cluster.datacenter_mut(Some(dc)) else {
                return;
            };
            if dc
                .sessions
                .get(id)
                .is_some_and(|session| session.stamp == stamp)
            {
                dc.destroy_session(id);
            }
        }
        Timer::LockDelayEnd(dc, key) => {
            let Some(dc) = cluster.datacenter_mut(Some(dc)) else {
                return;
            };
            let delay = dc.sessions.delays().get(key);
            if delay.is_some_and(|delay| delay.stamp == stamp) {
                dc.sessions.end_delay(key);
            }
        }
    }
}
