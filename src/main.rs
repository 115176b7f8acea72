//! `ctmpl`: the command line becomes a configuration, and the configuration runs until its end.

use std::io::Write;
use std::process::ExitCode;

use ctmpl::child::reaper;
use ctmpl::cli::{self, Arguments, ConvertArguments, MigrateArguments, Outcome};
use ctmpl::config::migrate::{self, Migration};
use ctmpl::config::{self, Config, ConfigError, Environment};
use ctmpl::convert::command::Report;
use ctmpl::daemon::{self, End, Process};
use ctmpl::dev;
use ctmpl::template::Template;
use ctmpl::template::functions::reference;

/// What went wrong at the start, and the exit code for it.
struct Failure {
    error: anyhow::Error,
    code: u8,
}

const VERSION: &str = env!("CARGO_PKG_VERSION");
/// A template, a command, Consul, or this machine: consul-template's code for whatever fails while running.
const RUNNING: u8 = 14;
/// A template that is no template, for somebody who only wants to know.
const CONFIGURATION: u8 = 15;
/// A flag that cannot be used.
const FLAGS: u8 = 13;
/// A template or a configuration was converted, but not all of it, or not to the same.
const NOT_THE_SAME: u8 = 1;

fn main() -> ExitCode {
    if let Some(code) = reaper::serve(std::env::args_os()) {
        return ExitCode::from(code);
    }
    match begin() {
        Ok(code) => ExitCode::from(code),
        Err(Failure { error, code }) => {
            // Nobody may be listening on standard error; the code tells it as well.
            let _ = writeln!(std::io::stderr(), "ctmpl: {error:#}");
            ExitCode::from(code)
        }
    }
}

fn begin() -> Result<u8, Failure> {
    let arguments = match cli::parse(std::env::args_os()) {
        Ok(Outcome::Run(arguments)) => *arguments,
        Ok(Outcome::Convert(arguments)) => {
            return convert(*arguments).map_err(|error| Failure {
                error,
                code: RUNNING,
            });
        }
        Ok(Outcome::Migrate(arguments)) => return migrate(arguments),
        Ok(Outcome::Validate(arguments)) => return validate(*arguments),
        Ok(Outcome::Config(arguments)) => return show(*arguments),
        Ok(Outcome::Print(text)) => return Ok(print(&text)),
        Ok(Outcome::Schema) => return Ok(print(&config::schema::text())),
        Ok(Outcome::Functions(name)) => {
            let text = reference::text(name.as_deref()).map_err(|error| Failure {
                code: error.exit_code(),
                error: error.into(),
            })?;
            return Ok(print(&text));
        }
        Err(error) => {
            return Err(Failure {
                code: error.exit_code(),
                error: error.into(),
            });
        }
    };
    let environment: Environment = std::env::vars_os().collect();
    let config = config::load(arguments.clone(), &environment)?;
    let log = ctmpl::log::start(&config.log).map_err(|error| Failure {
        code: error.exit_code(),
        error: error.into(),
    })?;
    tracing::info!(name: "process.started", version = VERSION, "ctmpl v{VERSION}");
    for warning in &config.warnings {
        tracing::warn!(name: "config.warning", "{warning}");
    }
    if config.parse_only {
        return Ok(check(&config, RUNNING));
    }
    let code = match run(config, move || {
        config::load(arguments.clone(), &environment)
    }) {
        Ok(end) => end.code(),
        Err(error) => {
            let error = format!("{error:#}");
            tracing::error!(name: "process.failed", error, "{error}");
            RUNNING
        }
    };
    drop(log);
    Ok(code)
}

impl From<ConfigError> for Failure {
    fn from(error: ConfigError) -> Self {
        Self {
            code: error.exit_code(),
            error: error.into(),
        }
    }
}

fn print(text: &str) -> u8 {
    // Somebody who has closed our standard output does not want to see it.
    let _ = std::io::stdout().write_all(text.as_bytes());
    End::Done.code()
}

/// Checks the configuration and every template, and says all that is wrong with them.
fn validate(arguments: Arguments) -> Result<u8, Failure> {
    let config = config::load(arguments, &std::env::vars_os().collect())?;
    for warning in &config.warnings {
        let _ = writeln!(std::io::stderr(), "ctmpl: {warning}");
    }
    Ok(check(&config, CONFIGURATION))
}

/// Reads every template, and says all that is wrong with them; `code` if there is something.
fn check(config: &Config, code: u8) -> u8 {
    let broken: Vec<_> = config
        .jobs
        .iter()
        .filter_map(|job| Template::read(job).err())
        .collect();
    for error in &broken {
        let _ = writeln!(std::io::stderr(), "ctmpl: {}", chain(error));
    }
    if broken.is_empty() {
        End::Done.code()
    } else {
        code
    }
}

/// An error with its causes, of which the first may have several lines.
fn chain(error: &dyn std::error::Error) -> String {
    error.source().map_or_else(
        || error.to_string(),
        |source| format!("{error}: {}", chain(source)),
    )
}

/// Shows the configuration.
fn show(arguments: Arguments) -> Result<u8, Failure> {
    Ok(print(&config::show(
        arguments,
        &std::env::vars_os().collect(),
    )?))
}

/// Rewrites a configuration of consul-template, and says on standard error what there is to say.
fn migrate(arguments: MigrateArguments) -> Result<u8, Failure> {
    let MigrateArguments { to, file } = arguments;
    let notation = to.map_or(Ok(migrate::Notation::default()), |name| name.parse());
    let notation = notation.map_err(|error: migrate::NotationError| Failure {
        error: anyhow::Error::new(error).context("cannot use --to"),
        code: FLAGS,
    })?;
    let Migration {
        text,
        notes,
        complete,
    } = migrate::migrate(&file, notation)?;
    print(&text);
    for note in notes {
        let _ = writeln!(std::io::stderr(), "ctmpl: {note}");
    }
    Ok(if complete {
        End::Done.code()
    } else {
        NOT_THE_SAME
    })
}

/// Converts a template, and says on standard error what there is to say.
fn convert(arguments: ConvertArguments) -> anyhow::Result<u8> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let environment: Environment = std::env::vars_os().collect();
    let Report { notes, clean } =
        runtime.block_on(ctmpl::convert::command::run(arguments, &environment))?;
    for note in notes {
        let _ = writeln!(std::io::stderr(), "ctmpl: {note}");
    }
    Ok(if clean {
        End::Done.code()
    } else {
        NOT_THE_SAME
    })
}

fn run(
    config: Config,
    read_again: impl Fn() -> Result<Config, ConfigError> + Send + 'static,
) -> anyhow::Result<End> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    // As a task among tasks it is woken by the run queue; the future that is blocked on, by the system.
    let task = runtime.spawn(supervise(config, read_again));
    let end = runtime.block_on(task)?;
    // An orderly end has waited for every write; the other one does not wait for a disk that hangs.
    runtime.shutdown_background();
    end
}

async fn supervise(
    config: Config,
    read_again: impl Fn() -> Result<Config, ConfigError> + Send + 'static,
) -> anyhow::Result<End> {
    let Some(dev) = config.dev.clone() else {
        let process = Process::begin(&config, read_again)?;
        return Ok(daemon::run(config, process).await?);
    };
    let seed = dev
        .seed
        .as_deref()
        .map_or_else(|| Ok(dev::Seed::default()), dev::Seed::read)?;
    let server = dev::Server::start(dev::Options {
        listen: dev.listen,
        seed,
        ..dev::Options::default()
    })
    .await?;
    let address = server.address();
    let config = config.against(address);
    let process = Process::begin(&config, move || Ok(read_again()?.against(address)))?;
    tracing::info!(name: "dev.listening", %address, "the embedded server is listening on http://{address}");
    let end = daemon::run(config, process).await?;
    server.stop().await;
    Ok(end)
}
