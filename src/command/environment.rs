//! The environment of commands and of the child process.
//!
//! Input: an [`EnvironmentConfig`], and the exported variables of the Consul connection. Output:
//! all variables.

use std::ffi::OsString;

use group_apply::options::{EnvironmentConfig, Variable};
use process_tree::Environment;
use secrecy::{ExposeSecret as _, SecretString};

/// Returns the environment: the variables of ctmpl that pass the filter, the exports, and the
/// custom variables of the configuration; later ones override earlier ones, except those without a value. The notification
/// variables of systemd are omitted. As in consul-template, the filter does not apply to exports.
pub fn environment(config: &EnvironmentConfig, exports: &[(String, SecretString)]) -> Environment {
    let passes = |name: &OsString| {
        let name = name.to_string_lossy();
        config.passes(&name) && !systemd_notifier::VARIABLES.contains(&&*name)
    };
    let own = std::env::vars_os().filter(|(name, _)| passes(name));
    let exports = exports
        .iter()
        .map(|(name, value)| (name, value.expose_secret()));
    let mut environment: Environment = own.collect();
    environment.extend(exports);
    for Variable { name, value } in &config.custom {
        match value {
            Some(value) => environment.extend([(name, value)]),
            None => environment.set_default(name, ""),
        }
    }
    environment
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_filter_applies_to_own_variables_but_not_to_exports_and_custom_ones() {
        let exports = [("CONSUL_HTTP_ADDR".to_owned(), SecretString::from("there"))];
        let seen = |config: &EnvironmentConfig| {
            let all = environment(config, &exports);
            ["PATH", "CARGO_MANIFEST_DIR", "CONSUL_HTTP_ADDR", "X"].map(|name| {
                let mut values = all.iter().filter(|(known, _)| *known == name);
                values
                    .next()
                    .map(|(_, value)| value.to_string_lossy().into_owned())
            })
        };
        let own = |name: &str| std::env::var(name).ok();
        let (path, cargo) = (own("PATH"), own("CARGO_MANIFEST_DIR"));
        assert!(path.is_some() && cargo.is_some());
        let there = Some("there".to_owned());
        let usual = EnvironmentConfig::default();
        assert_eq!(
            seen(&usual),
            [path.clone(), cargo.clone(), there.clone(), None]
        );
        let globs = |texts: &[&str]| {
            texts
                .iter()
                .map(|text| text.parse().unwrap())
                .collect::<Vec<_>>()
        };
        let allow = EnvironmentConfig {
            allow: globs(&["P?TH", "CARGO*"]),
            ..usual.clone()
        };
        assert_eq!(
            seen(&allow),
            [path.clone(), cargo.clone(), there.clone(), None]
        );
        let deny = EnvironmentConfig {
            deny: globs(&["*MANIFEST*", "CONSUL_*"]),
            ..allow
        };
        assert_eq!(
            seen(&deny),
            [path, None, there.clone(), None],
            "deny overrides allow"
        );
        let custom = |value: &str| Variable {
            name: "X".to_owned(),
            value: Some(value.to_owned()),
        };
        let pristine = EnvironmentConfig {
            pristine: true,
            custom: vec![custom("1"), custom("$PATH")],
            ..usual
        };
        assert_eq!(
            seen(&pristine),
            [None, None, there, Some("$PATH".to_owned())],
            "custom values are not expanded, and the last one counts"
        );
    }

    #[test]
    fn a_name_without_a_value_is_empty_and_replaces_no_value() {
        let named = |name: &str| Variable {
            name: name.to_owned(),
            value: None,
        };
        let config = EnvironmentConfig {
            custom: vec![named("X"), named("PATH")],
            ..EnvironmentConfig::default()
        };
        let all = environment(&config, &[]);
        let value = |name: &str| {
            let mut values = all.iter().filter(|(known, _)| *known == name);
            values.next().map(|(_, value)| value.clone())
        };
        assert_eq!(value("X"), Some("".into()));
        assert_eq!(value("PATH"), std::env::var_os("PATH"));
    }
}
