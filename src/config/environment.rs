//! The layer of the environment.
//!
//! in:  all variables of the process, handed in
//! out: a [`Written`] of those that consul-template and Consul's own client look at

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fmt;
use std::path::PathBuf;

use secrecy::SecretString;

use super::error::{ConfigError, Place, Said, ValueError};
use super::file;
use super::flags::user_and_password;
use super::written::{ConsulBlock, LoggingBlock, SslBlock, Written};
use crate::cli::go_bool;

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

    /// Whether a variable has just this meaning, however it is spelt.
    pub(super) fn says(&self, name: &'static str, value: bool) -> bool {
        self.boolean(name)
            .is_ok_and(|said| said.is_some_and(|said| said.value == value))
    }

    /// What the environment says. Of several variables for one thing, the first that is not blank counts.
    ///
    /// # Errors
    /// [`ConfigError`] for a variable that cannot be understood. What can be wrong only in its use (an address, a log
    /// level) is checked later, if nothing lies over it.
    pub fn written(&self) -> Result<Written, ConfigError> {
        let single = Written {
            consul: self.consul()?,
            log: LoggingBlock {
                level: self.first(&[
                    "CT_LOG",
                    "CONSUL_TEMPLATE_LOG",
                    "CONSUL_TEMPLATE_LOG_LEVEL",
                ])?,
                ..LoggingBlock::default()
            },
            ..Written::default()
        };
        match self.first(&["CT_LOCAL_CONFIG"])? {
            Some(Said { value, .. }) => {
                Ok(file::read_variable("CT_LOCAL_CONFIG", &value)?.over(single))
            }
            None => Ok(single),
        }
    }

    fn consul(&self) -> Result<ConsulBlock, ConfigError> {
        let token = self.first(&["CONSUL_TOKEN", "CONSUL_HTTP_TOKEN"])?;
        let token_file = match self.path("CONSUL_TOKEN_FILE")? {
            None => self.path("CONSUL_HTTP_TOKEN_FILE")?,
            said => said,
        };
        let auth = self.first(&["CONSUL_HTTP_AUTH"])?;
        Ok(ConsulBlock {
            address: self.first(&["CONSUL_HTTP_ADDR"])?,
            token: token.map(|Said { value, place }| Said {
                value: SecretString::from(value),
                place,
            }),
            token_file,
            auth: auth
                .and_then(|auth| user_and_password(&auth.value, &auth.place))
                .unwrap_or_default(),
            ssl: SslBlock {
                enabled: self.boolean("CONSUL_HTTP_SSL")?,
                verify: self.boolean("CONSUL_HTTP_SSL_VERIFY")?,
                ca_cert: self.path("CONSUL_CACERT")?,
                ca_cert_bytes: None,
                ca_path: self.path("CONSUL_CAPATH")?,
                cert: self.path("CONSUL_CLIENT_CERT")?,
                key: self.path("CONSUL_CLIENT_KEY")?,
                server_name: self.first(&["CONSUL_TLS_SERVER_NAME"])?,
            },
            namespace: self.first(&["CONSUL_NAMESPACE"])?,
            partition: self.first(&["CONSUL_PARTITION"])?,
            ..ConsulBlock::default()
        })
    }

    fn first(&self, names: &[&'static str]) -> Result<Option<Said<String>>, ConfigError> {
        for name in names {
            let Some(value) = self.0.get(&OsString::from(name)) else {
                continue;
            };
            let value = value
                .to_str()
                .ok_or_else(|| refuse(name, ValueError::NotText))?
                .trim();
            if !value.is_empty() {
                return Ok(Some(Said {
                    value: value.to_owned(),
                    place: Place::Variable(name),
                }));
            }
        }
        Ok(None)
    }

    fn path(&self, name: &'static str) -> Result<Option<Said<PathBuf>>, ConfigError> {
        Ok(self.first(&[name])?.map(|Said { value, place }| Said {
            value: PathBuf::from(value),
            place,
        }))
    }

    fn boolean(&self, name: &'static str) -> Result<Option<Said<bool>>, ConfigError> {
        match self.first(&[name])? {
            Some(Said { value, place }) => match go_bool(&value) {
                Some(value) => Ok(Some(Said { value, place })),
                None => Err(refuse(name, ValueError::Boolean(value))),
            },
            None => Ok(None),
        }
    }
}

fn refuse(name: &'static str, source: ValueError) -> ConfigError {
    ConfigError::Value {
        place: Place::Variable(name),
        source,
    }
}
