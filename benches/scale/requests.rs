//! Counts the requests that Consul answers, from its own metrics.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use serde_json::Value;

use super::server::request;

/// The length of Consul's intervals of metrics.
const INTERVAL: f64 = 10.0;
/// Requests of the benchmark itself.
const OWN: [&str; 2] = [".agent.metrics", ".status.leader"];

/// Counts until it is finished.
pub(crate) struct Requests {
    ended: Arc<AtomicBool>,
    counter: JoinHandle<HashMap<String, u64>>,
}

impl Requests {
    pub(crate) fn count(consul: SocketAddr) -> Self {
        let ended = Arc::<AtomicBool>::default();
        let shared = Arc::clone(&ended);
        let counter = std::thread::spawn(move || {
            let mut by_interval = HashMap::new();
            let before = interval(consul).map(|interval| interval.0);
            while !shared.load(Ordering::SeqCst) {
                std::thread::sleep(Duration::from_secs(1));
                by_interval.extend(interval(consul));
            }
            // This interval was over before the count began.
            by_interval.remove(&before.unwrap_or_default());
            by_interval
        });
        Self { ended, counter }
    }

    /// Returns the number of answered requests per second, over the intervals that are over. The first of them may
    /// have begun up to ten seconds before the count.
    pub(crate) fn per_second(self) -> f64 {
        self.ended.store(true, Ordering::SeqCst);
        let by_interval = self.counter.join().expect("the counter ends");
        let total: u64 = by_interval.values().sum();
        let intervals = u32::try_from(by_interval.len().max(1)).unwrap_or(u32::MAX);
        #[expect(clippy::cast_precision_loss, reason = "a count of requests is small")]
        let total = total as f64;
        total / f64::from(intervals) / INTERVAL
    }
}

/// Returns the begin of the last finished interval, and the number of its requests.
fn interval(consul: SocketAddr) -> Option<(String, u64)> {
    let answer = request(consul, "GET", "/v1/agent/metrics", "").ok()?;
    let metrics: Value = serde_json::from_str(&answer.body).ok()?;
    let of_others = |name: &str| {
        name.starts_with("consul.http.GET") && !OWN.iter().any(|own| name.ends_with(own))
    };
    let samples = metrics["Samples"].as_array()?;
    let counts = samples
        .iter()
        .filter(|sample| sample["Name"].as_str().is_some_and(of_others))
        .filter_map(|sample| sample["Count"].as_u64());
    Some((metrics["Timestamp"].as_str()?.to_owned(), counts.sum()))
}
