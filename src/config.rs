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
use config_blocks::{Block, Error, Found, Overridden, Source, find};
pub use config_blocks::{Environment, Flags};
pub use error::ConfigError;
use layer::{AuthBlock, ConfigLayer, ConsulBlock};
use resolved::DevConfig;
pub use resolved::{Config, ConsulConfig};
pub use values::language_of;

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
    load_with_notes(arguments, environment).map(|(config, _)| config)
}

/// As [`load`], with notes for `ctmpl validate`: what has another effect than a user may expect.
///
/// # Errors
/// As [`load`].
pub fn load_with_notes(
    arguments: Arguments,
    environment: &Environment,
) -> Result<(Config, Vec<String>), ConfigError> {
    let has_files = !arguments.config.is_empty();
    let Layers {
        layer,
        dev,
        warnings,
        notes,
    } = layers(arguments, environment)?;
    let mut config = resolve::resolve(layer, dev, environment)?;
    config.warnings.splice(0..0, warnings);
    if !config.has_work() {
        if !has_files {
            return Err(ConfigError::NothingToDo);
        }
        config.warnings.push(NOTHING_YET.to_owned());
    }
    Ok((config, notes))
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
    /// What only a check of the configuration shows.
    notes: Vec<String>,
}

/// Reads all layers. The precedence of the sources is decided here.
fn layers(arguments: Arguments, environment: &Environment) -> Result<Layers, ConfigError> {
    let flags = arguments.layer()?;
    let dev = arguments.dev.as_ref().map(DevArguments::resolve);
    let dev = dev.transpose()?;
    let mut warnings = Vec::new();
    let mut below = ConfigLayer::default();
    for path in arguments.config {
        let Found { files, backups } = find(&path)?;
        for file in files {
            let layer = file::load(&file).and_then(|source| file::layer(&source));
            let layer = layer.map_err(|error| error::with_remedy(error, file == path))?;
            below = layer.over(below);
        }
        if !backups.is_empty() {
            let names: Vec<_> = backups
                .iter()
                .map(|path| path.display().to_string())
                .collect();
            warnings.push(format!(
                "not read, since the name is that of a backup: {}",
                names.join(", ")
            ));
        }
    }
    below = local_layer(environment)?.over(below);
    let mut variables = ConfigLayer::from_inputs(environment)?;
    if dev.is_some() {
        // The embedded server needs none of it.
        (below.consul, variables.consul) = <(ConsulBlock, ConsulBlock)>::default();
        below
            .unsupported
            .retain(|span| !span.key.starts_with("consul"));
    }
    let upper = flags.over(below);
    let mut lower = variables.clone();
    if Block::is_set(&upper.consul.auth) {
        // A user with the password of another one would be a third account.
        lower.consul.auth = AuthBlock::default();
    }
    let layer = upper.over(lower);
    Ok(Layers {
        notes: overridden(&layer, &variables),
        layer,
        dev,
        warnings,
    })
}

/// One note for each environment variable that is not in force. It shows no value, which may be a secret.
fn overridden(layer: &ConfigLayer, variables: &ConfigLayer) -> Vec<String> {
    let mut found = Vec::new();
    layer.overridden(variables, &mut found);
    let note = |Overridden { origin, by }| match by {
        Some(by) => format!("{origin} is not used: {by} has another value, and overrides it"),
        None => format!("{origin} is not used: a file or a flag sets another key that replaces it"),
    };
    let mut notes: Vec<_> = found.into_iter().map(note).collect();
    notes.dedup();
    notes
}

/// The layer of `CT_LOCAL_CONFIG`.
fn local_layer(environment: &Environment) -> Result<ConfigLayer, Error> {
    match environment.first(&["CT_LOCAL_CONFIG"])? {
        Some((name, text)) => file::layer(&Source::of_variable(name, text)),
        None => Ok(ConfigLayer::default()),
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
    let local = local_layer(environment)?.over(ConfigLayer::from_inputs(environment)?);
    let layer = ConfigLayer::from_inputs(flags)?.over(local);
    resolve::consul_config(layer.consul, environment)
}

#[cfg(test)]
mod tests;
