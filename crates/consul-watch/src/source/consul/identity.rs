//! Identifies the Consul that answers, to recognize its data in a later process.

use url::Url;

use super::client::Client;
use super::config::ClientConfig;

impl Client {
    /// The addresses of the servers, without passwords, and the namespace and the partition of queries that name none.
    #[must_use]
    pub fn identity(&self) -> String {
        self.config().identity()
    }

    /// The address of a server, without its password.
    pub(super) fn address_of(&self, server: usize) -> String {
        let servers = &self.config().servers;
        without_password(&servers[server % servers.len()])
    }
}

impl ClientConfig {
    /// The addresses of the servers, without passwords, and the namespace and the partition of queries that name none.
    #[must_use]
    pub fn identity(&self) -> String {
        let servers = self.servers.iter().map(without_password);
        let mut parts: Vec<_> = servers.collect();
        let names = [("ns", &self.namespace), ("partition", &self.partition)];
        parts.extend(
            names
                .into_iter()
                .filter_map(|(name, value)| Some(format!("{name}={}", value.as_ref()?))),
        );
        parts.join(" ")
    }
}

fn without_password(server: &Url) -> String {
    let mut server = server.clone();
    // A `unix` URL has neither.
    let _ = server.set_username("");
    let _ = server.set_password(None);
    server.to_string()
}
