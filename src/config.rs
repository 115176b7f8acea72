//! What the operator wants, resolved: nothing is left to parse, and no `Option` means "default".
//!
//! in:  the [`Arguments`], the [`Environment`], and the files that these name
//! out: a [`Config`], or a [`ConfigError`] that says what is wrong, where, and what would be right
//!
//! Each source of settings is read into the same written shape, a layer ([`written::Written`]); the layers are laid
//! over one another, and what comes of it is resolved. A new key is a field of the written shape, a field of the
//! resolved shape, the place of its use, and a row in [`mod@reference`], of which the tables of the documents and the
//! schema are made.

pub mod address;
mod connection;
pub mod duration;
pub mod environment;
pub mod error;
pub mod exec;
mod exports;
pub mod file;
pub mod file_mode;
mod flags;
pub mod format;
pub mod glob;
mod job;
mod later;
pub mod log_level;
pub mod logging;
pub mod migrate;
pub mod reference;
mod resolve;
pub mod resolved;
pub mod schema;
mod show;
pub mod signal;
pub mod template_argument;
mod tls;
pub mod token;
pub mod wait;
mod write_mode;
pub mod written;

pub use environment::Environment;
pub use error::ConfigError;
pub use job::language_of;
use resolved::DevConfig;
pub use resolved::{Config, ConsulConfig};

use crate::cli::{Arguments, ConsulArguments};
use written::{ConsulBlock, Written};

/// Resolves what is said everywhere: flags over `CT_LOCAL_CONFIG` over environment over files over defaults.
///
/// Configuration files are read, and the one that holds the token; those that TLS needs are read by who needs TLS.
///
/// # Errors
/// [`ConfigError`]; [`ConfigError::exit_code`] tells bad flags from bad configuration.
pub fn load(arguments: Arguments, environment: &Environment) -> Result<Config, ConfigError> {
    let (written, dev, warnings) = layers(arguments, environment)?;
    let mut config = resolve::resolve(written, dev, environment)?;
    config.warnings.splice(0..0, warnings);
    Ok(config)
}

/// What [`load`] would make of it, as HCL with the origin of each value; secrets are `***`.
///
/// # Errors
/// As [`load`].
pub fn show(arguments: Arguments, environment: &Environment) -> Result<String, ConfigError> {
    let (written, dev, _) = layers(arguments, environment)?;
    resolve::resolve(written.clone(), dev, environment)?;
    Ok(show::show(&written))
}

/// All layers as one; with what should be said about the files.
fn layers(
    mut arguments: Arguments,
    environment: &Environment,
) -> Result<(Written, Option<DevConfig>, Vec<String>), ConfigError> {
    let paths = std::mem::take(&mut arguments.daemon.config);
    let (flags, dev) = flags::read(arguments)?;
    let mut warnings = Vec::new();
    let mut below = Written::default();
    for path in paths {
        let file::Found { files, left } = file::find(&path)?;
        for file in files {
            below = file::read(&file)?.over(below);
        }
        if !left.is_empty() {
            let left: Vec<_> = left.iter().map(|path| path.display().to_string()).collect();
            warnings.push(format!(
                "not read, since its name does not end in .hcl, .json, .yaml, .yml or .toml: {}",
                left.join(", ")
            ));
        }
    }
    below = environment.written()?.over(below);
    if dev.is_some() {
        // The embedded server is reached without any of it.
        below.consul = ConsulBlock::default();
        below.later.retain(|spot| !spot.key.starts_with("consul"));
    }
    Ok((flags.over(below), dev, warnings))
}

/// Resolves how Consul is reached, for a command that needs nothing else: flags over environment over defaults.
///
/// # Errors
/// As [`load`].
pub fn consul(
    arguments: ConsulArguments,
    environment: &Environment,
) -> Result<ConsulConfig, ConfigError> {
    let flags = Written {
        consul: flags::consul_block(arguments)?,
        ..Written::default()
    };
    resolve::consul_config(flags.over(environment.written()?).consul, environment)
}

#[cfg(test)]
mod tests;
