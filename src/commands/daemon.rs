//! `ctmpl` without a subcommand, and `ctmpl dev`: run the daemon.

use config_blocks::Environment;
use ctmpl_options::cli::Arguments;
use ctmpl_options::config::{self, Config, ConfigError};
use ctmpl_options::exit_code;
use error_line::without_numbers;

use super::output::{COMPONENT, Failure};
use super::{dev, validate};
use crate::daemon::{self, End, Process, check_file_limit};
use crate::log;

const VERSION: &str = env!("CARGO_PKG_VERSION");

pub(super) fn run(arguments: Arguments) -> Result<u8, Failure> {
    let environment: Environment = std::env::vars_os().collect();
    let config = config::load(arguments.clone(), &environment)?;
    if !config.parse_only {
        // Before the log and the runtime, which cannot start without open files.
        check_file_limit(&config).map_err(|error| Failure::new(exit_code::FAILURE, error))?;
    }
    // Its drop at the end of this function waits until the last lines are written.
    let _log = log::start(&config.log)?;
    tracing::info!(name: "process.started", target: COMPONENT, version = VERSION, "ctmpl v{VERSION}");
    for warning in &config.warnings {
        tracing::warn!(name: "config.warning", target: COMPONENT, "{warning}");
    }
    if config.parse_only {
        let valid = validate::templates_parse(&config);
        return Ok(if valid {
            exit_code::SUCCESS
        } else {
            exit_code::FAILURE
        });
    }
    // A file that is empty while it is written must not stop everything.
    let had_work = config.has_work();
    let read_again = move || {
        let config = config::load(arguments.clone(), &environment)?;
        if had_work && !config.has_work() {
            return Err(ConfigError::NothingToDo);
        }
        Ok(config)
    };
    Ok(match run_to_end(config, read_again) {
        Ok(end) => end.exit_code(),
        Err(error) => {
            let error = without_numbers(format!("{error:#}"));
            tracing::error!(name: "process.failed", target: COMPONENT, error, "{error}");
            exit_code::FAILURE
        }
    })
}

fn run_to_end(
    config: Config,
    read_again: impl Fn() -> Result<Config, ConfigError> + Send + Sync + 'static,
) -> anyhow::Result<End> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    // Spawning is faster: the run queue wakes a task, but the future of `block_on` is woken by a
    // system call.
    let task = runtime.spawn(supervise(config, read_again));
    let end = runtime.block_on(task)?;
    // An orderly shutdown has waited for every write. Otherwise, do not wait for a disk that hangs.
    runtime.shutdown_background();
    end
}

async fn supervise(
    config: Config,
    read_again: impl Fn() -> Result<Config, ConfigError> + Send + Sync + 'static,
) -> anyhow::Result<End> {
    if let Some(options) = config.dev.clone() {
        return dev::run(options, config, read_again).await;
    }
    let process = Process::begin(&config, read_again)?;
    Ok(daemon::run(config, process).await?)
}
