//! Identifies the Consul that answers, to recognize its data in a later process.

use url::Url;

use super::client::Client;
use super::config::ClientConfig;

impl Client {
    /// The addresses of the servers, without passwords, and the namespace and the partition of queries that name none.
    #[must_use]
    pub fn identity(&self) -> String {
        of(self.config())
    }

    /// The address of a server, without its password.
    pub(super) fn address_of(&self, server: usize) -> String {
        let servers = &self.config().servers;
        without_password(&servers[server % servers.len()])
    }
}

fn of(config: &ClientConfig) -> String {
    let servers = config.servers.iter().map(without_password);
    let mut parts: Vec<_> = servers.collect();
    let names = [("ns", &config.namespace), ("partition", &config.partition)];
    parts.extend(
        names
            .into_iter()
            .filter_map(|(name, value)| Some(format!("{name}={}", value.as_ref()?))),
    );
    parts.join(" ")
}

fn without_password(server: &Url) -> String {
    let mut server = server.clone();
    // A `unix` URL has neither.
    let _ = server.set_username("");
    let _ = server.set_password(None);
    server.to_string()
}
