//! What the declarations of the keys say: for the reference page, the JSON Schema, flags and warnings.

use std::sync::LazyLock;

use config_blocks::Key;
use config_blocks::reference::{self, Described};
use serde_json::Value;

use super::layer::ConfigLayer;

/// Every key that has an effect, in the order of the tables.
pub fn keys() -> Vec<Described> {
    reference::keys::<ConfigLayer>()
}

/// Every key that has no effect, with the reason.
pub fn unsupported_keys() -> Vec<(String, &'static str)> {
    reference::unsupported_keys::<ConfigLayer>()
}

/// The key at a path without numbers, `template.exec.env`.
pub(super) fn find(path: &str) -> Option<&'static Key> {
    reference::find::<ConfigLayer>(path)
}

/// Every key that a flag can set, with its path, in the order of the declarations.
pub(crate) fn flag_keys() -> &'static [(String, &'static Key)] {
    static KEYS: LazyLock<Vec<(String, &Key)>> = LazyLock::new(reference::flag_keys::<ConfigLayer>);
    &KEYS
}

/// The JSON Schema of a configuration.
pub fn schema() -> Value {
    let description = "A configuration of ctmpl, in JSON, YAML or TOML. Keys are case-insensitive; here they are in lower case.";
    config_blocks::schema::<ConfigLayer>("ctmpl", description)
}
