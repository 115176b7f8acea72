//! The layer of the environment.
//!
//! Input: all variables of the process. Output: the layer of those that consul-template and Consul's own client read.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fmt;

use super::block::{Block as _, Input, Inputs, Key, go_bool};
use super::error::{ConfigError, Origin, ValueError};
use super::file;
use super::layer::ConfigLayer;

/// The variables of the process.
#[derive(Clone, Default)]
pub struct Environment(BTreeMap<OsString, OsString>);

/// Only the names: values may be secret.
impl fmt::Debug for Environment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}

impl<K: Into<OsString>, V: Into<OsString>> FromIterator<(K, V)> for Environment {
    fn from_iter<I: IntoIterator<Item = (K, V)>>(variables: I) -> Self {
        Self(
            variables
                .into_iter()
                .map(|(name, value)| (name.into(), value.into()))
                .collect(),
        )
    }
}

impl Environment {
    /// Whether a variable is there and not empty.
    pub fn has(&self, name: &str) -> bool {
        self.0
            .get(&OsString::from(name))
            .is_some_and(|value| !value.is_empty())
    }

    /// The variables that are text.
    pub fn readable(&self) -> impl Iterator<Item = (String, String)> {
        let text = |text: &OsString| text.to_str().map(str::to_owned);
        self.0
            .iter()
            .filter_map(move |(name, value)| Some((text(name)?, text(value)?)))
    }

    /// Returns `true` if a variable has this value, in any spelling.
    pub(super) fn says(&self, name: &'static str, value: bool) -> bool {
        let text = self.first(&[name]).ok().flatten();
        text.and_then(|(_, text)| go_bool(text)) == Some(value)
    }

    /// The layer of the environment, with `CT_LOCAL_CONFIG` over the other variables.
    ///
    /// # Errors
    /// [`ConfigError`] for a variable that cannot be read. What can be wrong only in its use (an address, a log level)
    /// is checked later, unless a higher layer overrides it.
    pub(crate) fn layer(&self) -> Result<ConfigLayer, ConfigError> {
        let mut layer = ConfigLayer::default();
        layer.apply(self)?;
        match self.first(&["CT_LOCAL_CONFIG"])? {
            Some((_, text)) => Ok(file::read_variable("CT_LOCAL_CONFIG", text)?.over(layer)),
            None => Ok(layer),
        }
    }

    /// The first of these variables that is not blank, without blanks around it.
    fn first(&self, names: &[&'static str]) -> Result<Option<(&'static str, &str)>, ConfigError> {
        for name in names {
            let Some(value) = self.0.get(&OsString::from(name)) else {
                continue;
            };
            let text = value.to_str().ok_or(ConfigError::Value {
                origin: Origin::Variable(name),
                source: ValueError::NotText,
            })?;
            if !text.trim().is_empty() {
                return Ok(Some((name, text.trim())));
            }
        }
        Ok(None)
    }
}

impl Inputs for Environment {
    fn get(&self, key: &Key) -> Result<Option<Input>, ConfigError> {
        Ok(self.first(key.env)?.map(|(name, text)| Input {
            texts: vec![text.into()],
            origin: Origin::Variable(name),
        }))
    }
}
