//! The environment of a program.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fmt;

/// All environment variables of a program; it inherits no others. If a name is given twice, the
/// last value is used.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Environment(BTreeMap<OsString, OsString>);

impl Environment {
    /// Creates a copy of this process's environment.
    #[must_use]
    pub fn inherited() -> Self {
        std::env::vars_os().collect()
    }

    /// Sets a variable, unless it is set already.
    pub fn set_default(&mut self, name: impl Into<OsString>, value: impl Into<OsString>) {
        self.0.entry(name.into()).or_insert_with(|| value.into());
    }

    /// Returns the variables with their values.
    pub fn iter(&self) -> impl Iterator<Item = (&OsString, &OsString)> {
        self.0.iter()
    }
}

impl<K: Into<OsString>, V: Into<OsString>> FromIterator<(K, V)> for Environment {
    fn from_iter<I: IntoIterator<Item = (K, V)>>(variables: I) -> Self {
        let mut environment = Self::default();
        environment.extend(variables);
        environment
    }
}

impl<K: Into<OsString>, V: Into<OsString>> Extend<(K, V)> for Environment {
    fn extend<I: IntoIterator<Item = (K, V)>>(&mut self, variables: I) {
        let variables = variables.into_iter();
        self.0
            .extend(variables.map(|(name, value)| (name.into(), value.into())));
    }
}

impl fmt::Debug for Environment {
    /// Writes only the names, because the values may be secret.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_variable_is_used_and_values_are_not_shown() {
        let mut environment = Environment::from_iter([("A", "s3cret"), ("B", "2")]);
        environment.extend([("B", "3")]);
        environment.set_default("B", "4");
        environment.set_default("C", "5");
        let all: Vec<_> = environment.iter().collect();
        assert_eq!(
            all,
            [
                (&"A".into(), &"s3cret".into()),
                (&"B".into(), &"3".into()),
                (&"C".into(), &"5".into())
            ]
        );
        assert_eq!(format!("{environment:?}"), r#"{"A", "B", "C"}"#);
    }
}
