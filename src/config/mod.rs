//! What the operator wants, resolved: nothing is left to parse, and no `Option` means "default".
//!
//! in:  the [`Arguments`] and the [`Environment`]
//! out: a [`Config`], or a [`ConfigError`] that says what is wrong, where, and what would be right
//!
//! Each source of settings is read into the same written shape, a layer ([`written::Written`]); the layers are laid
//! over one another, and what comes of it is resolved. A new key is a field of the written shape, a field of the
//! resolved shape, and the place of its use. Configuration files are to be more layers of the same shape, in [`load`].

pub mod address;
pub mod duration;
pub mod environment;
pub mod error;
mod exports;
mod flags;
pub mod format;
mod job;
pub mod log_level;
mod resolve;
pub mod resolved;
pub mod signal;
pub mod template_argument;
mod tls;
pub mod token;
pub mod wait;
pub mod written;

pub use environment::Environment;
pub use error::ConfigError;
pub use job::language_of;
pub use resolved::{Config, ConsulConfig};

use crate::cli::{Arguments, ConsulArguments};
use written::{ConsulBlock, Written};

/// Resolves what the command line and the environment say: flags over environment over defaults.
///
/// The only file that is read is the one that holds the token; those that TLS needs are read by who needs TLS.
///
/// # Errors
/// [`ConfigError`]; [`ConfigError::exit_code`] tells bad flags from bad configuration.
pub fn load(arguments: Arguments, environment: &Environment) -> Result<Config, ConfigError> {
    let (flags, dev) = flags::read(arguments)?;
    let mut below = environment.written()?;
    if dev.is_some() {
        below = Written { consul: ConsulBlock::default(), ..below };
    }
    resolve::resolve(flags.over(below), dev, environment)
}

/// Resolves how Consul is reached, for a command that needs nothing else: flags over environment over defaults.
///
/// # Errors
/// As [`load`].
pub fn consul(arguments: ConsulArguments, environment: &Environment) -> Result<ConsulConfig, ConfigError> {
    let flags = Written { consul: flags::consul_block(arguments)?, ..Written::default() };
    resolve::consul_config(flags.over(environment.written()?).consul, environment)
}

#[cfg(test)]
mod tests;
