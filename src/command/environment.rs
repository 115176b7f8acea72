//! What a program finds in its environment.
//!
//! in:  an [`EnvironmentConfig`], and what tells programs how Consul is reached
//! out: all variables

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::PathBuf;

use nix::unistd::AccessFlags;
use secrecy::{ExposeSecret as _, SecretString};

use crate::config::resolved::EnvironmentConfig;

/// Of our own variables those that pass, without those that concern this process alone; over them the exports, and over
/// these what the configuration adds. As in consul-template, exports are there whatever passes.
pub fn environment(
    config: &EnvironmentConfig,
    exports: &[(String, SecretString)],
) -> BTreeMap<OsString, OsString> {
    let passes = |name: &OsString| {
        let name = name.to_string_lossy();
        config.passes(&name) && !crate::systemd::VARIABLES.contains(&&*name)
    };
    let own = std::env::vars_os().filter(|(name, _)| passes(name));
    let exports = exports
        .iter()
        .map(|(name, value)| (name.into(), value.expose_secret().into()));
    let custom = config
        .custom
        .iter()
        .map(|variable| (variable.name.clone().into(), variable.value.clone().into()));
    own.chain(exports).chain(custom).collect()
}

/// Where a program is, by our own path: what it finds in its environment does not change what is run, as in
/// consul-template. A name that is nowhere stays as it is.
pub fn locate(program: &str) -> OsString {
    let is_program =
        |path: &PathBuf| path.is_file() && nix::unistd::access(path, AccessFlags::X_OK).is_ok();
    let path = std::env::var_os("PATH").filter(|_| !program.contains('/') && !program.is_empty());
    let found = path.and_then(|path| {
        std::env::split_paths(&path)
            .map(|one| one.join(program))
            .find(is_program)
    });
    found.map_or_else(|| program.into(), PathBuf::into_os_string)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::exec::Variable;

    #[test]
    fn a_program_is_looked_for_on_our_path() {
        assert!(locate("sh").to_string_lossy().ends_with("/sh"));
        for name in ["no-such-program", "./sh", "", "/bin/sh"] {
            assert_eq!(locate(name), OsString::from(name));
        }
    }

    #[test]
    fn what_passes_is_said_by_name_and_exports_and_custom_variables_are_always_there() {
        let exports = [("CONSUL_HTTP_ADDR".to_owned(), SecretString::from("there"))];
        let seen = |config: &EnvironmentConfig| {
            let all = environment(config, &exports);
            ["PATH", "CARGO_MANIFEST_DIR", "CONSUL_HTTP_ADDR", "X"].map(|name| {
                all.get(&OsString::from(name))
                    .map(|value| value.to_string_lossy().into_owned())
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
            "what is denied is so though it is allowed, too"
        );
        let custom = |value: &str| Variable {
            name: "X".to_owned(),
            value: value.to_owned(),
        };
        let pristine = EnvironmentConfig {
            pristine: true,
            custom: vec![custom("1"), custom("$PATH")],
            ..usual
        };
        assert_eq!(
            seen(&pristine),
            [None, None, there, Some("$PATH".to_owned())],
            "as it is, and the last one"
        );
    }
}
