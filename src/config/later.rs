//! The keys of consul-template's files that ctmpl reads and does not act on, and what it says about each.
//!
//! in:  the places where such keys were said
//! out: one warning a key

use std::collections::BTreeSet;
use std::sync::Arc;

use super::error::{Place, Spot};

const NO_CHILD: &str = "it is for a child that is kept running; a command runs to its end";
const DEDUPLICATE: &str =
    "each process asks Consul itself, and each question once, however many templates ask it";
const VAULT: &str = "ctmpl asks Consul alone; a template that asks Vault fails with its line";

/// Keys and what is said about them; the number of a template is left out. A key that is supported leaves this list,
/// and `written::later`.
const LATER: &[(&str, &str)] = &[
    (
        "consul",
        "it is the old spelling; write consul { address = … }",
    ),
    ("deduplicate", DEDUPLICATE),
    (
        "exec.timeout",
        "a child runs for as long as it likes; kill_timeout says how long it may take to end",
    ),
    (
        "nomad",
        "ctmpl asks Consul alone; a template that asks Nomad fails with its line",
    ),
    ("template.exec.kill_signal", NO_CHILD),
    ("template.exec.kill_timeout", NO_CHILD),
    ("template.exec.reload_signal", NO_CHILD),
    ("template.exec.splay", NO_CHILD),
    ("vault", VAULT),
];

/// The keys with what is said about each.
pub(super) fn words() -> impl Iterator<Item = (&'static str, &'static str)> {
    LATER.iter().copied()
}

/// Warnings about the keys that were said, once each.
pub(super) fn answer(said: &[Arc<Spot>]) -> Vec<String> {
    let mut warned = BTreeSet::new();
    let mut warnings = Vec::new();
    for spot in said {
        let key = without_numbers(&spot.key);
        let what = LATER
            .iter()
            .find(|(name, _)| *name == key)
            .map_or("it has no effect", |(_, what)| what);
        if warned.insert(key) {
            warnings.push(format!("{}: {what}", Place::File(Arc::clone(spot))));
        }
    }
    warnings
}

/// Warnings about flags that are only accepted.
pub(super) fn answer_flags(said: &[&'static str]) -> impl Iterator<Item = String> {
    said.iter().map(|flag| {
        format!(
            "{flag}: {}",
            if *flag == "--dedup" {
                DEDUPLICATE
            } else {
                VAULT
            }
        )
    })
}

/// `template[2].exec.env` → `template.exec.env`
pub(super) fn without_numbers(key: &str) -> String {
    key.split('.')
        .map(|part| part.split('[').next().unwrap_or_default())
        .collect::<Vec<_>>()
        .join(".")
}

#[cfg(test)]
mod tests {
    use super::super::file;
    use super::*;

    #[test]
    fn every_key_is_answered_with_its_place() {
        for (key, _) in LATER {
            let value = match key.rsplit('.').next().unwrap_or_default() {
                "consul" => "\"h:1\"",
                "deduplicate" | "vault" | "nomad" => "{}",
                "splay" | "kill_timeout" | "timeout" => "\"5s\"",
                "kill_signal" | "reload_signal" => "\"SIGHUP\"",
                _ => "\"x\"",
            };
            let (blocks, last) = key.rsplit_once('.').unwrap_or(("", key));
            let blocks: Vec<_> = blocks
                .split('.')
                .filter(|block| !block.is_empty())
                .collect();
            let text = format!(
                "{}\n{last} = {value}{}",
                blocks.join("{") + if blocks.is_empty() { "" } else { "{" },
                "}".repeat(blocks.len())
            );
            let written =
                file::read_text("f", &text).unwrap_or_else(|error| panic!("{text}: {error}"));
            assert_eq!(written.later.len(), 1, "{text}");
            let warnings = answer(&written.later);
            assert!(
                warnings.len() == 1 && warnings[0].contains("in f:2: "),
                "{warnings:?}"
            );
        }
    }

    #[test]
    fn a_key_is_warned_about_once() {
        let written = file::read_text(
            "f",
            "template { exec { splay = \"1s\" } }\ntemplate { exec { splay = \"2s\" } }",
        )
        .expect("HCL");
        assert_eq!(written.later.len(), 2);
        assert_eq!(answer(&written.later).len(), 1);
    }
}
