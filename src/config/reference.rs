//! The keys of a configuration, for the tables of the reference page.
//!
//! Input: the declarations. Output: every key with its kind, its default and its purpose.

use super::block::{Block as _, Key, Shape};
use super::layer::ConfigLayer;

/// A key, as the reference page describes it.
#[derive(Clone, Debug)]
pub struct Described {
    /// The key with the blocks around it, `consul.auth.username`.
    pub path: String,
    /// The values that it takes, in the words of the reference page.
    pub kind: String,
    /// Its default: JSON, or words; empty: none.
    pub default: &'static str,
    /// Its purpose.
    pub purpose: &'static str,
}

/// Every key that has an effect, in the order of the tables.
pub fn keys() -> Vec<Described> {
    let mut found = Vec::new();
    walk(ConfigLayer::KEYS, "", &mut |path, key| {
        let documented = key.is_supported() && !key.flag_only && !key.undocumented;
        if documented {
            found.push(Described {
                path: path.to_owned(),
                kind: kind(&(key.shape)()),
                default: key.default,
                purpose: key.doc,
            });
        }
        documented && !key.brief
    });
    found
}

/// Every key that has no effect, with the reason.
pub fn unsupported_keys() -> Vec<(String, &'static str)> {
    let mut found = Vec::new();
    walk(ConfigLayer::KEYS, "", &mut |path, key| {
        if !key.is_supported() {
            found.push((path.to_owned(), key.unsupported));
        }
        key.is_supported()
    });
    found.sort_unstable();
    found
}

/// The key at a path without numbers, `template.exec.env`.
pub(super) fn find(path: &str) -> Option<&'static Key> {
    let mut keys = ConfigLayer::KEYS;
    let mut found = None;
    for name in path.split('.') {
        let key = keys.iter().find(|key| key.name == name)?;
        keys = (key.shape)().keys();
        found = Some(key);
    }
    found
}

/// Visits every key with its path; `visit` returns `true` to visit the keys of its block too.
pub(crate) fn walk(
    keys: &'static [Key],
    above: &str,
    visit: &mut dyn FnMut(&str, &'static Key) -> bool,
) {
    for key in keys {
        let path = if above.is_empty() {
            key.name.to_owned()
        } else {
            format!("{above}.{}", key.name)
        };
        if visit(&path, key) {
            walk((key.shape)().keys(), &path, visit);
        }
    }
}

fn kind(shape: &Shape) -> String {
    let name = shape
        .spelling
        .as_ref()
        .map(|spelling| match spelling.names.as_slice() {
            // The names of all signals would fill the page.
            names if names.is_empty() || names.len() > 10 => spelling.name.to_owned(),
            names => names
                .iter()
                .map(|name| format!("`\"{name}\"`"))
                .collect::<Vec<_>>()
                .join(", "),
        });
    let other = match shape {
        Shape { repeats: true, .. } => "blocks",
        Shape { keys: Some(_), .. } => "block",
        Shape { bool: true, .. } => "true, false",
        Shape { list: true, .. } => "list of texts",
        Shape {
            number: Some(_),
            text: false,
            ..
        } => "number",
        _ => "text",
    };
    name.unwrap_or_else(|| other.to_owned())
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::super::environment::Environment;
    use super::super::file::read_text;
    use super::super::resolve::resolve;
    use super::*;

    #[test]
    fn every_key_has_a_purpose() {
        let keys = keys();
        assert!(keys.len() > 100, "{}", keys.len());
        let without: Vec<_> = keys
            .iter()
            .filter(|key| key.purpose.is_empty())
            .map(|key| &key.path)
            .collect();
        assert!(without.is_empty(), "add a doc comment for {without:?}");
    }

    #[test]
    fn every_key_without_effect_says_why() {
        let keys = unsupported_keys();
        let paths: Vec<_> = keys.iter().map(|(path, _)| path.as_str()).collect();
        let expected = [
            "deduplicate",
            "exec.timeout",
            "nomad",
            "template.exec.kill_signal",
            "template.exec.kill_timeout",
            "template.exec.reload_signal",
            "template.exec.splay",
            "vault",
        ];
        assert_eq!(paths, expected);
    }

    #[test]
    fn the_documented_default_is_the_default() {
        let mut tried = 0;
        let resolved = |path: &str, value: Option<Value>| {
            let mut whole =
                json!({"template": {"contents": "x", "destination": "y", "command": "z"}});
            if let Some(value) = value {
                let pointer = path
                    .split('.')
                    .fold(&mut whole, |below, part| &mut below[part]);
                *pointer = value;
            }
            let written = read_text("a.json", &whole.to_string())
                .unwrap_or_else(|error| panic!("{path}: {error:?}"));
            let config = resolve(written, None, &Environment::default());
            format!(
                "{:?}",
                config.unwrap_or_else(|error| panic!("{path}: {error:?}"))
            )
        };
        for Described { path, default, .. } in keys() {
            let path = path.as_str();
            if let Ok(value) = serde_json::from_str::<Value>(default) {
                // Any key of TLS turns it on; a default address is not passed on to commands.
                let left = ["consul.ssl.verify", "consul.address"].contains(&path);
                let same = left || resolved(path, Some(value)) == resolved(path, None);
                assert!(
                    same,
                    "{path}: to set {default} is not the same as to set nothing"
                );
                tried += 1;
            }
        }
        assert!(tried > 10, "{tried}");
    }
}
