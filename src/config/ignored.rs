//! Keys and flags of consul-template that are accepted and have no effect, and the warnings about them.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::error::{ConfigError, Origin, Span, ValueError};
use super::reference;
use go_duration::GoDuration;

/// A flag that was given and has no effect.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IgnoredFlag {
    /// With two dashes.
    pub flag: &'static str,
    /// Its value, which is checked.
    pub value: IgnoredValue,
}

/// The value of such a flag.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum IgnoredValue {
    /// Any text, which may be a secret.
    Text,
    /// A bool.
    Bool(bool),
    /// The text of a duration.
    Duration(String),
    /// The text of a number.
    Number(String),
}

/// The old spelling of the address; the key itself has an effect.
const OLD_ADDRESS: &str = "it is the old spelling; write consul { address = … }";

/// Checks the values of the flags, and returns their names. `--dedup=false` asks for nothing.
pub(super) fn check(flags: &[IgnoredFlag]) -> Result<Vec<&'static str>, ConfigError> {
    let mut names = Vec::new();
    for IgnoredFlag { flag, value } in flags {
        let checked: Result<(), ValueError> = match value {
            IgnoredValue::Duration(text) => text
                .parse::<GoDuration>()
                .map(drop)
                .map_err(ValueError::from),
            IgnoredValue::Number(text) => text.parse::<i64>().map(drop).map_err(ValueError::from),
            IgnoredValue::Bool(false) if *flag == "--dedup" => continue,
            IgnoredValue::Bool(_) | IgnoredValue::Text => Ok(()),
        };
        checked.map_err(|source| ConfigError::Value {
            origin: Origin::Flag(flag),
            source,
        })?;
        names.push(*flag);
    }
    Ok(names)
}

/// One warning for each key that was set.
pub(super) fn warnings(unsupported: &[Arc<Span>]) -> Vec<String> {
    let mut warned = BTreeSet::new();
    let mut warnings = Vec::new();
    for span in unsupported {
        let key = without_numbers(&span.key);
        let reason = reference::find(&key)
            .map(|key| key.unsupported)
            .filter(|reason| !reason.is_empty())
            .unwrap_or(OLD_ADDRESS);
        if warned.insert(key) {
            warnings.push(format!("{}: {reason}", Origin::File(Arc::clone(span))));
        }
    }
    warnings
}

/// One warning for each flag.
pub(super) fn flag_warnings(flags: &[&'static str]) -> impl Iterator<Item = String> {
    flags.iter().map(|flag| {
        let key = if *flag == "--dedup" {
            "deduplicate"
        } else {
            "vault"
        };
        let reason = reference::find(key).map_or("", |key| key.unsupported);
        format!("{flag}: {reason}")
    })
}

/// `template[2].exec.env` → `template.exec.env`
pub(super) fn without_numbers(key: &str) -> String {
    key.split('.')
        .map(|part| part.split('[').next().unwrap_or_default())
        .collect::<Vec<_>>()
        .join(".")
}
