//! A datagram socket like those of syslog, the journal and systemd.
//!
//! Input: a path. Output: the received datagrams, in order.

use std::os::unix::net::UnixDatagram;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::Duration;

/// A listening socket. Dropping it closes the socket.
pub struct Datagrams {
    heard: Arc<Mutex<Vec<String>>>,
    open: Arc<()>,
    listener: Option<JoinHandle<()>>,
}

impl Datagrams {
    /// Listens at a path. Replaces an existing socket.
    pub fn at(path: &Path) -> Self {
        let _ = std::fs::remove_file(path);
        let socket = UnixDatagram::bind(path).unwrap();
        socket
            .set_read_timeout(Some(Duration::from_millis(20)))
            .unwrap();
        let (heard, open) = (Arc::new(Mutex::new(Vec::new())), Arc::new(()));
        let (into, still_open) = (Arc::clone(&heard), Arc::downgrade(&open));
        let listener = std::thread::spawn(move || {
            let mut buffer = vec![0; 256 * 1024];
            while still_open.strong_count() > 0 {
                if let Ok(length) = socket.recv(&mut buffer) {
                    into.lock()
                        .unwrap()
                        .push(String::from_utf8_lossy(&buffer[..length]).into_owned());
                }
            }
        });
        Self {
            heard,
            open,
            listener: Some(listener),
        }
    }

    /// Returns the datagrams received so far.
    pub fn received(&self) -> Vec<String> {
        self.heard.lock().unwrap().clone()
    }

    /// Waits for a datagram that contains a text. Returns the datagram.
    pub fn receives(&self, text: &str) -> String {
        let mut found = None;
        super::eventually(&format!("{text:?} arrives"), || {
            found = self
                .received()
                .into_iter()
                .find(|datagram| datagram.contains(text));
            found.is_some()
        });
        found.unwrap_or_default()
    }
}

impl Drop for Datagrams {
    fn drop(&mut self) {
        self.open = Arc::default();
        if let Some(listener) = self.listener.take() {
            let _ = listener.join();
        }
    }
}
