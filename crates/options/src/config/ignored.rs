//! Keys and flags of consul-template that are accepted and have no effect, and the warnings about them.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use config_blocks::reference::without_numbers;
use config_blocks::{Error, Input, Origin, Reason, Span, Value};

use super::reference;

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
pub(super) fn check(flags: &[IgnoredFlag]) -> Result<Vec<&'static str>, Error> {
    let mut names = Vec::new();
    for IgnoredFlag { flag, value } in flags {
        let origin = Origin::Flag(flag);
        let checked = match value {
            IgnoredValue::Duration(text) => check_as::<Duration>(text, &origin),
            IgnoredValue::Number(text) => check_as::<i64>(text, &origin),
            IgnoredValue::Bool(false) if *flag == "--dedup" => continue,
            IgnoredValue::Bool(_) | IgnoredValue::Text => Ok(()),
        };
        checked.map_err(|reason| origin.refuse(reason))?;
        names.push(*flag);
    }
    Ok(names)
}

fn check_as<T: Value>(text: &str, origin: &Origin) -> Result<(), Reason> {
    T::from_input(&Input {
        texts: vec![text.into()],
        origin: origin.clone(),
    })
    .map(drop)
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
