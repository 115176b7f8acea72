//! Flags and environment variables, as text.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::fmt;
use std::str::FromStr;

use crate::error::{Error, Reason, ValueError};
use crate::key::Key;
use crate::origin::Origin;

/// Flags, or the environment.
pub trait Inputs {
    /// The texts for a key, if there are any.
    ///
    /// # Errors
    /// If they cannot be read.
    fn get(&self, key: &Key) -> Result<Option<Input>, Error>;
}

/// The texts of a flag or a variable; at least one.
#[derive(Clone)]
pub struct Input {
    /// The texts; a flag that is repeated has several.
    pub texts: Vec<OsString>,
    /// The flag or the variable.
    pub origin: Origin,
}

impl Input {
    /// The last text: it overrides the others.
    ///
    /// # Errors
    /// [`ValueError::NotText`] if it is not UTF-8.
    pub fn last(&self) -> Result<&str, ValueError> {
        let last = self.texts.last().map(OsString::as_os_str);
        last.unwrap_or_default().to_str().ok_or(ValueError::NotText)
    }

    /// Parses the last text.
    ///
    /// # Errors
    /// The error of the parser.
    pub fn parse<T: FromStr<Err: Into<Reason>>>(&self) -> Result<T, Reason> {
        self.last()?.parse().map_err(Into::into)
    }

    /// The texts one by one.
    pub fn each(&self) -> impl Iterator<Item = Self> {
        self.texts.iter().map(|text| Self {
            texts: vec![text.clone()],
            origin: self.origin.clone(),
        })
    }
}

/// Flags that set keys, with the texts of each.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Flags(BTreeMap<&'static str, Vec<OsString>>);

/// Only the names: values may be secret.
impl fmt::Debug for Flags {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}

impl Flags {
    /// Sets a flag, `--wait`.
    pub fn set(&mut self, flag: &'static str, texts: Vec<OsString>) {
        self.0.insert(flag, texts);
    }

    /// The texts of a flag; empty if it is not set.
    #[must_use]
    pub fn texts(&self, flag: &str) -> &[OsString] {
        self.0.get(flag).map(Vec::as_slice).unwrap_or_default()
    }

    /// The last text of a flag: it overrides the others.
    #[must_use]
    pub fn last(&self, flag: &str) -> Option<&OsStr> {
        self.texts(flag).last().map(OsString::as_os_str)
    }
}

impl Inputs for Flags {
    fn get(&self, key: &Key) -> Result<Option<Input>, Error> {
        Ok(self.0.get(key.flag).map(|texts| Input {
            texts: texts.clone(),
            origin: Origin::Flag(key.flag),
        }))
    }
}

/// The environment variables of the process.
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
        let variables = variables.into_iter();
        Self(
            variables
                .map(|(name, value)| (name.into(), value.into()))
                .collect(),
        )
    }
}

impl Environment {
    /// Returns `true` if a variable is set and not empty.
    #[must_use]
    pub fn has(&self, name: &str) -> bool {
        self.0
            .get(OsStr::new(name))
            .is_some_and(|value| !value.is_empty())
    }

    /// Returns `true` if a variable has this value, in any spelling.
    #[must_use]
    pub fn says(&self, name: &'static str, value: bool) -> bool {
        let text = self.first(&[name]).ok().flatten();
        text.and_then(|(_, text)| go_bool(text)) == Some(value)
    }

    /// The variables that are UTF-8.
    pub fn readable(&self) -> impl Iterator<Item = (String, String)> {
        let text = |text: &OsString| text.to_str().map(str::to_owned);
        self.0
            .iter()
            .filter_map(move |(name, value)| Some((text(name)?, text(value)?)))
    }

    /// The first of these variables that is not blank, without blanks around it.
    ///
    /// # Errors
    /// If it is not UTF-8.
    pub fn first(&self, names: &[&'static str]) -> Result<Option<(&'static str, &str)>, Error> {
        for name in names {
            let Some(value) = self.0.get(OsStr::new(name)) else {
                continue;
            };
            let text = value
                .to_str()
                .ok_or_else(|| Origin::Variable(name).refuse(ValueError::NotText))?;
            if !text.trim().is_empty() {
                return Ok(Some((name, text.trim())));
            }
        }
        Ok(None)
    }
}

impl Inputs for Environment {
    fn get(&self, key: &Key) -> Result<Option<Input>, Error> {
        Ok(self.first(key.env)?.map(|(name, text)| Input {
            texts: vec![text.into()],
            origin: Origin::Variable(name),
        }))
    }
}

/// A bool in one of the spellings that Go knows: `1 t T TRUE true True 0 f F FALSE false False`.
#[must_use]
pub fn go_bool(text: &str) -> Option<bool> {
    match text {
        "1" | "t" | "T" | "TRUE" | "true" | "True" => Some(true),
        "0" | "f" | "F" | "FALSE" | "false" | "False" => Some(false),
        _ => None,
    }
}
