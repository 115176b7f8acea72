//! The background task of the server: runs probes, and makes the changes that are due.
//!
//! Input: the state and its changes. Output: results of probes, expired TTLs and ended sessions in
//! the state. The task ends with the server; so do its probes.

use std::collections::VecDeque;

use tokio::task::{AbortHandle, JoinSet};
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
    let mut running: Vec<(Due, AbortHandle)> = Vec::new();
    loop {
        changes.borrow_and_update();
        let now = Instant::now();
        timers.set(store.read(timers::needed), now);
        for (timer, stamp) in timers.take_due(now) {
            match timer {
                Timer::Probe(id) => waiting.push_back((id, stamp)),
                Timer::TtlExpiry(id) => {
                    change_status(&store, &id, |cluster| cluster.expire_ttl(&id, stamp));
                }
                Timer::Deregistration(id) => deregister(&store, &id, stamp),
                other => store.write(|cluster| elapse(cluster, &other, stamp)),
            }
        }
        cancel_removed(&store, &mut running);
        while running.len() < MAX_PROBES
            && let Some(due) = waiting.pop_front()
        {
            running.extend(start(&store, &mut probes, due));
        }
        let next = timers.next();
        tokio::select! {
            () = shutdown.cancelled() => break,
            woken = changes.changed() => {
                debug_assert!(woken.is_ok(), "the store outlives its task");
            }
            () = sleep_until(next.unwrap_or(now)), if next.is_some() => {}
            Some(ended) = probes.join_next(), if !probes.is_empty() => {
                // An error is that of a cancelled probe.
                if let Ok(((id, stamp), result)) = ended {
                    change_status(&store, &id, |cluster| {
                        cluster.finish_probe(&id, stamp, &result);
                    });
                }
            }
        }
    }
    probes.shutdown().await;
}

/// Cancels the probes of checks that were removed or registered again, and forgets those that have
/// ended.
fn cancel_removed(store: &Store, running: &mut Vec<(Due, AbortHandle)>) {
    store.read(|cluster| {
        running.retain(|((id, stamp), probe)| {
            let run = cluster.agent.runs.get(id);
            if run.is_none_or(|run| run.stamp != *stamp) {
                probe.abort();
                return false;
            }
            !probe.is_finished()
        });
    });
}

/// Starts a probe, unless the check was removed or registered again.
fn start(
    store: &Store,
    probes: &mut JoinSet<(Due, ProbeResult)>,
    due: Due,
) -> Option<(Due, AbortHandle)> {
    let definition = store.read(|cluster| {
        let run = cluster.agent.runs.get(&due.0);
        let run = run.filter(|run| run.stamp == due.1);
        run.map(|run| run.definition.clone())
    });
    let definition = definition.filter(|definition| {
        !matches!(
            definition.method,
            CheckMethod::Ttl(_) | CheckMethod::Alias(_)
        )
    })?;
    let own = due.clone();
    let probe = probes.spawn(async move { (due, probe::run(&definition).await) });
    Some((own, probe))
}

/// Makes a change of a check, and logs its status if it is another one.
fn change_status(store: &Store, id: &str, change: impl FnOnce(&mut ClusterState)) {
    let status = |cluster: &ClusterState| {
        let check = cluster.agent.checks.get(id);
        check.map(|check| check.status.clone())
    };
    let changed = store.write(|cluster| {
        let before = status(cluster);
        change(cluster);
        status(cluster).filter(|after| Some(after) != before.as_ref())
    });
    if let Some(status) = changed {
        tracing::info!(
            name: "dev.check_changed", check = id, status,
            "embedded server: the check {id} is {status}"
        );
    }
}

/// Deregisters the instance of a check that is critical for too long.
fn deregister(store: &Store, id: &str, stamp: u64) {
    let service = store.write(|cluster| cluster.deregister_critical(id, stamp));
    if let Some(service) = service {
        tracing::info!(
            name: "dev.service_deregistered", service, check = id,
            "embedded server: {service} is deregistered: its check {id} was critical for too long"
        );
    }
}

/// Ends a session or a lock delay that is due.
fn elapse(cluster: &mut ClusterState, timer: &Timer, stamp: u64) {
    match timer {
        Timer::Probe(_) | Timer::TtlExpiry(_) | Timer::Deregistration(_) => {}
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

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::time::Duration;

    use tokio::time::sleep;

    use super::*;
    use crate::check_method::{CheckDefinition, NewCheck};
    use crate::cluster_state::Identity;
    use crate::records::{Check, Instance};
    use crate::sessions::Session;

    /// Starts the task with an empty state.
    fn start() -> (Store, JoinSet<()>) {
        let cluster = ClusterState::new(Identity::of_tests());
        let store = Store::new(cluster);
        let mut task = JoinSet::new();
        task.spawn(run(store.clone(), CancellationToken::new()));
        (store, task)
    }

    fn register(store: &Store, ttl: u64, deregister_after: Option<Duration>) {
        let instance = Instance {
            id: "web".into(),
            name: "web".into(),
            ..Instance::default()
        };
        let check = NewCheck {
            check: Check {
                id: "c".into(),
                status: "passing".into(),
                kind: "ttl".into(),
                ..Check::default()
            },
            definition: Some(Arc::new(CheckDefinition {
                method: CheckMethod::Ttl(Duration::from_secs(ttl)),
                interval: Duration::ZERO,
                timeout: Duration::ZERO,
                successes: 0,
                failures: 0,
                deregister_after,
                max_output: 0,
            })),
        };
        store.write(|cluster| cluster.register_instance(instance, vec![check], false));
    }

    fn status(store: &Store) -> Option<String> {
        store.read(|cluster| {
            let check = cluster.agent.checks.get("c");
            check.map(|check| check.status.clone())
        })
    }

    async fn seconds(count: u64) {
        sleep(Duration::from_secs(count)).await;
    }

    #[tokio::test(start_paused = true)]
    async fn a_report_starts_the_ttl_again() {
        let (store, _task) = start();
        register(&store, 10, None);
        seconds(9).await;
        let reported = store.write(|cluster| cluster.report("c", "passing", ""));
        assert!(reported.is_ok());
        seconds(9).await;
        assert_eq!(status(&store).as_deref(), Some("passing"));
        seconds(2).await;
        assert_eq!(status(&store).as_deref(), Some("critical"));
    }

    #[tokio::test(start_paused = true)]
    async fn a_service_that_is_critical_for_too_long_is_deregistered() {
        let (store, _task) = start();
        register(&store, 10, Some(Duration::from_secs(90)));
        seconds(11).await;
        assert_eq!(status(&store).as_deref(), Some("critical"));
        // A recovery starts the time again.
        seconds(80).await;
        for status in ["passing", "critical"] {
            let reported = store.write(|cluster| cluster.report("c", status, ""));
            assert!(reported.is_ok());
        }
        seconds(80).await;
        assert_eq!(status(&store).as_deref(), Some("critical"));
        seconds(11).await;
        assert_eq!(status(&store), None);
        let is_known = store.read(|cluster| cluster.agent.instances.contains_key("web"));
        assert!(!is_known);
    }

    #[tokio::test(start_paused = true)]
    async fn a_session_ends_after_twice_its_ttl_and_its_keys_are_locked_later() {
        let (store, _task) = start();
        let session = Session {
            node: "n1".into(),
            ttl: Some(Duration::from_secs(10)),
            lock_delay: Duration::from_secs(15),
            ..Session::default()
        };
        let id = store.write(|cluster| cluster.local().create_session(session));
        let id = id.expect("a session");
        store.write(|cluster| {
            let dc = cluster.local();
            dc.write(|kv, _, at| kv.lock(at, "k", (b"x", 0), &id))
        });
        let exists = || store.write(|cluster| cluster.local().sessions.get(&id).is_some());
        let is_delayed =
            || store.write(|cluster| cluster.local().sessions.delays().contains_key("k"));
        seconds(15).await;
        store.write(|cluster| cluster.local().sessions.renew(&id).is_some());
        seconds(19).await;
        assert!(exists() && !is_delayed());
        seconds(2).await;
        assert!(!exists() && is_delayed());
        seconds(15).await;
        assert!(!is_delayed());
    }
}
