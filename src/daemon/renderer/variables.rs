//! The environment variables that templates see.

use std::collections::BTreeMap;

use ctmpl_options::config::resolved::ConsulConfig;
use secrecy::ExposeSecret;

/// The environment variables for templates: those of the process and those exported to commands.
pub(super) fn with_exports(
    variables: &BTreeMap<String, String>,
    consul: &ConsulConfig,
) -> BTreeMap<String, String> {
    let mut all = variables.clone();
    for (name, value) in &consul.exports {
        all.insert(name.clone(), value.expose_secret().to_owned());
    }
    all
}
