//! A constant load of requests, each on a new connection.
//!
//! Input: the address of a proxy. Output: the backends that answered, in order, and failed
//! requests.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::Duration;

use super::{eventually, http};

/// The number of clients.
const CLIENTS: usize = 2;
/// The pause between two requests of a client.
const PAUSE: Duration = Duration::from_millis(4);

/// Clients that send requests until this is dropped.
pub struct Load {
    shared: Arc<Shared>,
    clients: Vec<JoinHandle<()>>,
}

#[derive(Default)]
struct Shared {
    stop: AtomicBool,
    answers: Mutex<Vec<Result<String, String>>>,
}

impl Load {
    /// Starts the clients.
    pub fn start(address: SocketAddr) -> Self {
        let shared = Arc::<Shared>::default();
        let client = |_| {
            let shared = Arc::clone(&shared);
            std::thread::spawn(move || {
                while !shared.stop.load(Ordering::SeqCst) {
                    let answer = request(address);
                    shared.answers.lock().unwrap().push(answer);
                    std::thread::sleep(PAUSE);
                }
            })
        };
        let clients = (0..CLIENTS).map(client).collect();
        Self { shared, clients }
    }

    /// Waits until the last answers come from exactly these backends in equal shares. The shares
    /// may differ by the number of concurrent requests.
    pub fn rotates_over(&self, names: &[&str]) {
        assert!(!names.is_empty());
        let share = 12;
        let window = share * names.len();
        let mut last = BTreeMap::new();
        let begun = std::time::Instant::now();
        eventually(&format!("requests rotate over {names:?}"), || {
            last = self.last(window);
            let total: usize = last.values().sum();
            let even = names.iter().all(|name| {
                let count = last.get(*name).copied().unwrap_or(0);
                count.abs_diff(share) <= CLIENTS + 1
            });
            let failed = self.failures();
            assert!(
                failed.is_empty(),
                "{} requests failed: {:?}",
                failed.len(),
                &failed[..failed.len().min(5)]
            );
            assert!(
                begun.elapsed() < Duration::from_secs(15),
                "{names:?} do not take turns: {last:?}"
            );
            total == window && last.len() == names.len() && even
        });
    }

    /// Stops the clients and asserts that no request failed. Returns the number of requests.
    pub fn ends_without_a_failure(mut self) -> usize {
        self.stop();
        let failed = self.failures();
        let total = self.shared.answers.lock().unwrap().len();
        assert!(
            failed.is_empty(),
            "{} of {total} requests failed: {:?}",
            failed.len(),
            &failed[..failed.len().min(5)]
        );
        total
    }

    fn failures(&self) -> Vec<String> {
        self.shared
            .answers
            .lock()
            .unwrap()
            .iter()
            .filter_map(|answer| answer.clone().err())
            .collect()
    }

    /// Returns the number of answers of each backend among the last `count` answers.
    fn last(&self, count: usize) -> BTreeMap<String, usize> {
        let mut by_name = BTreeMap::new();
        for name in self
            .shared
            .answers
            .lock()
            .unwrap()
            .iter()
            .rev()
            .take(count)
            .flatten()
        {
            *by_name.entry(name.clone()).or_default() += 1;
        }
        by_name
    }

    fn stop(&mut self) {
        self.shared.stop.store(true, Ordering::SeqCst);
        for client in self.clients.drain(..) {
            drop(client.join());
        }
    }
}

impl Drop for Load {
    fn drop(&mut self) {
        self.stop();
    }
}

fn request(address: SocketAddr) -> Result<String, String> {
    let answer = http::get(address, "/").map_err(|error| error.to_string())?;
    if answer.status == 200 {
        Ok(answer.body)
    } else {
        Err(format!("{}: {}", answer.status, answer.body))
    }
}
