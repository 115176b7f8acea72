//! The keys are described, and their defaults are as described.

use serde_json::{Value, json};

use super::super::Environment;
use super::super::file::read_text;
use super::super::reference::{keys, unsupported_keys};
use super::super::resolve::resolve;
use config_blocks::reference::Described;

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
fn every_key_without_effect_has_a_reason() {
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
        let in_group = path.starts_with("group.");
        let mut template = json!({"contents": "x", "destination": "y", "command": "z"});
        let mut group = json!({"verify": {"http": "http://h"}});
        if in_group {
            template = json!({"contents": "x", "destination": "y", "group": "g"});
        }
        // The keys without which others have no effect.
        for (block, key, needed) in [
            ("signal", "process", "p"),
            ("http", "url", "http://h"),
            ("systemd", "unit", "u"),
            ("docker", "container", "c"),
        ] {
            if path.starts_with(&format!("group.{block}.")) {
                group[block] = json!({key: needed});
            }
        }
        let mut whole = json!({"template": template, "group": {"g": group}});
        // Any key of this block turns it on.
        if path.starts_with("flap_damping.") {
            whole["flap_damping"] = json!({});
        }
        if let Some(value) = value {
            let path = path.replacen("group.", "group.g.", usize::from(in_group));
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
