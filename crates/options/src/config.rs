//! The configuration: files, environment and flags become one resolved [`Config`].
//!
//! Input: the [`Arguments`], the [`Environment`], and the files that they name. Output: a [`Config`], or a
//! [`ConfigError`] that says what is wrong, where, and what would be right.
//!
//! Each key is declared once, as a field of a block in `layer`. Every source becomes a layer of such blocks; the layers
//! are laid over one another, and the result is resolved.

mod address;
mod arguments;
mod byte_size;
mod error;
pub mod exec;
pub mod file;
pub mod ignored;
mod layer;
pub mod logging;
pub mod migrate;
mod notes;
pub mod placeholders;
pub mod reference;
mod reload_rate;
mod resolve;
pub mod resolved;
mod show;
mod signal;
pub mod status_addr;
pub mod template_argument;
pub mod token;
pub mod values;
pub mod wait;

use std::path::PathBuf;

pub use arguments::{Arguments, DevArguments};
use config_blocks::{Block, Environment, Error, Flags, Origin, Source, find};
pub use error::ConfigError;
use layer::{AuthBlock, ConfigLayer, ConsulBlock};
use resolved::DevConfig;
pub use resolved::{Config, ConsulConfig};
use status_server::StatusAddr;

/// The warning for files without a template.
const NOTHING_YET: &str = "there is no template and no exec command in the configuration yet: nothing is done until a reload \
                           finds one";

/// Resolves the configuration: flags over `CT_LOCAL_CONFIG` over files over environment over defaults.
///
/// Reads the configuration files and the token file; the client reads the files for TLS.
///
/// # Errors
/// [`ConfigError`]; [`ConfigError::exit_code`] tells bad flags from bad configuration.
pub fn load(arguments: Arguments, environment: &Environment) -> Result<Config, ConfigError> {
    layers(arguments, environment)?.resolve(environment)
}

/// As [`load`], with notes for `ctmpl validate`: what differs from consul-template, and which variables are not used.
///
/// # Errors
/// As [`load`].
pub fn load_with_notes(
    arguments: Arguments,
    environment: &Environment,
) -> Result<(Config, Vec<String>), ConfigError> {
    let layers = layers(arguments, environment)?;
    let Layers {
        layer,
        variables,
        sources,
        flags,
        token_over_file,
        ..
    } = &layers;
    let mut notes = notes::of(layer, variables, sources, flags)?;
    notes.extend(notes::in_token_over_file(layer, token_over_file.as_ref()));
    Ok((layers.resolve(environment)?, notes))
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
    /// The files, in order, and `CT_LOCAL_CONFIG`.
    sources: Vec<Source>,
    flags: Flags,
    /// The layer of the environment alone.
    variables: ConfigLayer,
    /// A file or a directory was named.
    has_files: bool,
    /// Where a token is set over the token file of a lower layer.
    token_over_file: Option<Origin>,
}

impl Layers {
    fn resolve(self, environment: &Environment) -> Result<Config, ConfigError> {
        let mut config = resolve::resolve(self.layer, self.dev, environment)?;
        config.warnings.splice(0..0, self.warnings);
        if !config.has_work() {
            if !self.has_files {
                return Err(ConfigError::NothingToDo);
            }
            config.warnings.push(NOTHING_YET.to_owned());
        }
        Ok(config)
    }
}

/// Reads all layers. The precedence of the sources is decided here.
fn layers(arguments: Arguments, environment: &Environment) -> Result<Layers, ConfigError> {
    let flags = arguments.layer()?;
    let dev = arguments.dev.as_ref().map(DevArguments::resolve);
    let dev = dev.transpose()?;
    let has_files = !arguments.config.is_empty();
    let (mut warnings, mut sources) = (Vec::new(), Vec::new());
    let mut below = ConfigLayer::default();
    let mut token_over_file = None;
    let mut lay_over = |upper: ConfigLayer, lower: ConfigLayer| {
        token_over_file = notes::token_over_file(&upper, &lower).or(token_over_file.take());
        upper.over(lower)
    };
    for path in arguments.config {
        let found = find(&path)?;
        for file in &found.files {
            let read = file::load(file).and_then(|source| Ok((file::layer(&source)?, source)));
            let (layer, source) = read.map_err(|error| error::with_remedy(error, *file == path))?;
            below = lay_over(layer, below);
            sources.push(source);
        }
        warnings.extend(notes::not_read(&found));
    }
    if let Some(source) = local_source(environment)? {
        below = lay_over(file::layer(&source)?, below);
        sources.push(source);
    }
    let mut variables = ConfigLayer::from_inputs(environment)?;
    if dev.is_some() {
        // The embedded server needs none of it.
        (below.consul, variables.consul) = <(ConsulBlock, ConsulBlock)>::default();
        below
            .unsupported
            .retain(|span| !span.key.starts_with("consul"));
    }
    let layer = over_environment(lay_over(flags, below), variables.clone());
    Ok(Layers {
        layer,
        dev,
        warnings,
        sources,
        flags: arguments.flags,
        variables,
        has_files,
        token_over_file,
    })
}

/// Lays files and flags over the environment, which counts where they have an empty value, as in consul-template.
fn over_environment(mut upper: ConfigLayer, mut variables: ConfigLayer) -> ConfigLayer {
    upper.drop_empty();
    if Block::is_set(&upper.consul.auth) {
        // A user with the password of another one would be a third account.
        variables.consul.auth = AuthBlock::default();
    }
    upper.over(variables)
}

/// The text of `CT_LOCAL_CONFIG`.
fn local_source(environment: &Environment) -> Result<Option<Source>, Error> {
    let variable = environment.first(&["CT_LOCAL_CONFIG"])?;
    Ok(variable.map(|(name, text)| Source::of_variable(name, text)))
}

/// Resolves the connection to Consul, for a command that needs nothing else: flags over environment over defaults.
///
/// # Errors
/// As [`load`].
pub fn consul(flags: &Flags, environment: &Environment) -> Result<ConsulConfig, ConfigError> {
    let local = local_source(environment)?.as_ref().map(file::layer);
    let local = local.transpose()?.unwrap_or_default();
    let upper = ConfigLayer::from_inputs(flags)?.over(local);
    let layer = over_environment(upper, ConfigLayer::from_inputs(environment)?);
    resolve::consul_config(layer.consul, environment)
}

/// Resolves the address of the status server, for a command that asks it: `--addr` over files over environment.
///
/// # Errors
/// As [`load`].
pub fn status_addr(
    flag: Option<&str>,
    config: Vec<PathBuf>,
    environment: &Environment,
) -> Result<Option<StatusAddr>, ConfigError> {
    if let Some(text) = flag {
        let address = text.parse::<StatusAddr>();
        return Ok(Some(
            address.map_err(|error| Origin::Flag("--addr").refuse(error))?,
        ));
    }
    let arguments = Arguments {
        config,
        ..Arguments::default()
    };
    let layer = layers(arguments, environment)?.layer;
    Ok(config_blocks::value(layer.status_addr).and_then(|setting| setting.0))
}

#[cfg(test)]
mod tests;
