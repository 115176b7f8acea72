//! What the server reads of the faults.

use std::future::pending;

use tokio::sync::watch;

use super::{ActiveFault, Faults, Interruptions, ListenerOrder, RequestLog};

impl Faults {
    /// Returns the faults that apply to a request for `path` that names this datacenter, and counts each as used.
    pub(crate) fn take(&self, path: &str, datacenter: Option<&str>) -> Vec<ActiveFault> {
        self.locked(|rules| {
            let mut active = Vec::new();
            rules.by_number.retain(|_, rule| {
                let named = rule.datacenter.as_deref();
                let applies = path.starts_with(&rule.prefix)
                    && named.is_none_or(|named| datacenter == Some(named));
                if !applies || rule.left == Some(0) {
                    return rule.left != Some(0);
                }
                active.push(ActiveFault {
                    fault: rule.fault.clone(),
                    since: rule.since,
                });
                rule.left = rule.left.map(|left| left - 1);
                true
            });
            active
        })
    }

    /// Waits until this datacenter is not reachable; without a name, for ever.
    pub(crate) async fn datacenter_lost(&self, name: Option<&str>) {
        let Some(name) = name else {
            return pending().await;
        };
        // This handle holds a sender, so the channel cannot be closed.
        let _ = self
            .lost
            .subscribe()
            .wait_for(|lost| lost.contains(name))
            .await;
    }

    /// Returns the number of orders to cut all connections so far.
    pub(crate) fn cuts(&self) -> u64 {
        self.listener.borrow().cuts
    }

    /// Subscribes to interruptions.
    pub(crate) fn interruptions(&self) -> Interruptions {
        Interruptions {
            receiver: self.interruption.subscribe(),
            epoch: self.store.read(|cluster| cluster.epoch),
        }
    }

    /// Subscribes to the orders to the listener.
    pub(crate) fn listener_orders(&self) -> watch::Receiver<ListenerOrder> {
        self.listener.subscribe()
    }

    /// Returns the log of requests.
    pub(crate) fn log(&self) -> &RequestLog {
        &self.log
    }
}
