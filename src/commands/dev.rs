//! `ctmpl dev`: runs the daemon against the embedded Consul-compatible server.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};

use consul_dev::{Options, Seed, Server};
use ctmpl_options::config::resolved::DevConfig;
use ctmpl_options::config::{Config, ConfigError};

use super::output::COMPONENT;
use crate::daemon::{self, End, Process};

pub(super) async fn run(
    options: DevConfig,
    config: Config,
    read_again: impl Fn() -> Result<Config, ConfigError> + Send + Sync + 'static,
) -> anyhow::Result<End> {
    let seed = options
        .seed
        .as_deref()
        .map_or_else(|| Ok(Seed::default()), Seed::read)?;
    let server = Server::start(Options {
        listen: options.listen,
        seed,
        ..Options::default()
    })
    .await
    .map_err(|error| cannot_start(options.listen, &error))?;
    let address = server.address();
    let contents = server.contents().summary();
    let config = config.against(address);
    let process = Process::begin(&config, move || Ok(read_again()?.against(address)))?;
    tracing::info!(
        name: "dev.listening", target: COMPONENT, %address, services = contents.services,
        keys = contents.keys, datacenters = contents.datacenters.join(","),
        "the embedded server is listening on http://{address} with {contents}; Ctrl-C stops it"
    );
    let end = daemon::run(config, process).await?;
    server.stop().await;
    Ok(end)
}

/// Adds another address to the error of a server that cannot listen.
fn cannot_start(listen: SocketAddr, error: &io::Error) -> anyhow::Error {
    let next = listen.port().checked_add(1);
    let other = match next {
        Some(port) if error.kind() == io::ErrorKind::AddrInUse => (listen.ip(), port).into(),
        _ => SocketAddr::from((Ipv4Addr::LOCALHOST, 8501)),
    };
    anyhow::anyhow!("{error}; choose another with --listen {other}")
}
