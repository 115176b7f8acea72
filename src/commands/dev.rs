//! `ctmpl dev`: runs the daemon against the embedded Consul-compatible server.

use consul_dev::{Options, Seed, Server};

use super::output::COMPONENT;
use crate::config::resolved::DevConfig;
use crate::config::{Config, ConfigError};
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
    .await?;
    let address = server.address();
    let config = config.against(address);
    let process = Process::begin(&config, move || Ok(read_again()?.against(address)))?;
    tracing::info!(
        name: "dev.listening", target: COMPONENT, %address,
        "the embedded server is listening on http://{address}"
    );
    let end = daemon::run(config, process).await?;
    server.stop().await;
    Ok(end)
}
