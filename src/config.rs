//! The configuration: files, environment and flags become one resolved [`Config`].
//!
//! Input: the [`Arguments`], the [`Environment`], and the files that they name. Output: a [`Config`], or a
//! [`ConfigError`] that says what is wrong, where, and what would be right.
//!
//! Each key is declared once, as a field of a block in `layer`. Every source becomes a layer of such blocks; the layers
//! are laid over one another, and the result is resolved.

pub mod address;
pub mod arguments;
pub mod error;
pub mod exec;
pub mod file;
pub mod glob;
pub mod ignored;
mod layer;
pub mod logging;
pub mod migrate;
pub mod reference;
mod resolve;
pub mod resolved;
mod show;
pub mod signal;
pub mod template_argument;
pub mod token;
pub mod values;
pub mod wait;

pub use arguments::{Arguments, DevArguments};
use config_blocks::{Block as _, Error, Found, Source, find};
pub use config_blocks::{Environment, Flags};
pub use error::ConfigError;
use layer::{ConfigLayer, ConsulBlock};
use resolved::DevConfig;
pub use resolved::{Config, ConsulConfig};
pub use values::language_of;

/// Resolves the configuration: flags over `CT_LOCAL_CONFIG` over environment over files over defaults.
///
/// Reads the configuration files and the token file; the client reads the files for TLS.
///
/// # Errors
/// [`ConfigError`]; [`ConfigError::exit_code`] tells bad flags from bad configuration.
pub fn load(arguments: Arguments, environment: &Environment) -> Result<Config, ConfigError> {
    let Layers {
        layer,
        dev,
        warnings,
    } = layers(arguments, environment)?;
    let mut config = resolve::resolve(layer, dev, environment)?;
    config.warnings.splice(0..0, warnings);
    Ok(config)
}

/// The configuration that [`load`] would use, as HCL with the origin of each value; secrets are `***`.
///
/// # Errors
/// As [`load`].
pub fn show(arguments: Arguments, environment: &Environment) -> Result<String, ConfigError> {
    let Layers { layer, dev, .. } = layers(arguments, environment)?;
    resolve::resolve(layer.clone(), dev, environment)?;
    Ok(show::show(layer))
}

/// All layers as one.
struct Layers {
    layer: ConfigLayer,
    dev: Option<DevConfig>,
    /// What the operator should know about the files.
    warnings: Vec<String>,
}

/// Reads all layers. The precedence of the sources is decided here.
fn layers(arguments: Arguments, environment: &Environment) -> Result<Layers, ConfigError> {
    let flags = arguments.layer()?;
    let dev = arguments.dev.as_ref().map(DevArguments::resolve);
    let dev = dev.transpose()?;
    let mut warnings = Vec::new();
    let mut below = ConfigLayer::default();
    for path in arguments.config {
        let Found { files, left } = find(&path)?;
        for file in files {
            below = file::layer(&file::load(&file)?)?.over(below);
        }
        if !left.is_empty() {
            let left: Vec<_> = left.iter().map(|path| path.display().to_string()).collect();
            warnings.push(format!(
                "not read, since its name does not end in .hcl, .json, .yaml, .yml or .toml: {}",
                left.join(", ")
            ));
        }
    }
    below = environment_layer(environment)?.over(below);
    if dev.is_some() {
        // The embedded server needs none of it.
        below.consul = ConsulBlock::default();
        below
            .unsupported
            .retain(|span| !span.key.starts_with("consul"));
    }
    Ok(Layers {
        layer: flags.over(below),
        dev,
        warnings,
    })
}

/// The layer of the environment, with `CT_LOCAL_CONFIG` over the other variables. What can be wrong only in its use (an
/// address, a log level) is checked later, unless a higher layer overrides it.
fn environment_layer(environment: &Environment) -> Result<ConfigLayer, Error> {
    let layer = ConfigLayer::from_inputs(environment)?;
    match environment.first(&["CT_LOCAL_CONFIG"])? {
        Some((name, text)) => Ok(file::layer(&Source::of_variable(name, text))?.over(layer)),
        None => Ok(layer),
    }
}

/// The sandbox of a template, in this directory.
pub(crate) fn sandbox(directory: &std::path::Path) -> safe_read::Sandbox<'_> {
    safe_read::Sandbox {
        directory,
        setting: "--sandbox-path",
    }
}

/// Resolves the connection to Consul, for a command that needs nothing else: flags over environment over defaults.
///
/// # Errors
/// As [`load`].
pub fn consul(flags: &Flags, environment: &Environment) -> Result<ConsulConfig, ConfigError> {
    let layer = ConfigLayer::from_inputs(flags)?.over(environment_layer(environment)?);
    resolve::consul_config(layer.consul, environment)
}

#[cfg(test)]
mod tests;
