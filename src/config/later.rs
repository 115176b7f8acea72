//! The keys of consul-template's files that ctmpl reads and does not act on yet, and what it says about each.
//!
//! in:  the places where such keys were said
//! out: the first that cannot be done without, as an error; or one warning a key

use std::collections::BTreeSet;
use std::sync::Arc;

use super::error::{ConfigError, Place, Spot, ValueError};

/// What is said about a key.
#[derive(Clone, Copy)]
enum Word {
    /// It cannot be done without.
    Refuse(&'static str),
    /// ctmpl does something else, and goes on.
    Warn(&'static str),
}
use Word::{Refuse, Warn};

const ERRORS: &str = "a template that fails never ends the daemon, and always fails a run with once";
const NO_CHILD: &str = "it is for a child that is kept running; a command runs to its end";
const DEDUPLICATE: &str = "each process asks Consul itself, and each question once, however many templates ask it";
const VAULT: &str = "ctmpl asks Consul alone; a template that asks Vault fails with its line";

/// Keys and what is said about them; the number of a template is left out. A key that is supported leaves this list,
/// and `written::later`.
const LATER: &[(&str, Word)] = &[
    ("consul", Warn("it is the old spelling; write consul { address = … }")),
    ("deduplicate", Warn(DEDUPLICATE)),
    ("err_on_failed_lookup", Warn("what is missing is waited for; -once ends with a list of it after its timeout")),
    ("exec.timeout", Warn("a child runs for as long as it likes; kill_timeout says how long it may take to end")),
    ("nomad", Warn("ctmpl asks Consul alone; a template that asks Nomad fails with its line")),
    ("template.error_fatal", Warn(ERRORS)),
    ("template.exec.enabled", Refuse("a command that is there runs; take it out")),
    ("template.exec.kill_signal", Warn(NO_CHILD)),
    ("template.exec.kill_timeout", Warn(NO_CHILD)),
    ("template.exec.reload_signal", Warn(NO_CHILD)),
    ("template.exec.splay", Warn(NO_CHILD)),
    ("template.function_blacklist", Refuse("all functions can be used")),
    ("template.function_denylist", Refuse("all functions can be used")),
    ("template_error_fatal", Warn(ERRORS)),
    ("vault", Warn(VAULT)),
];

/// The keys with what is said about each, and whether that is an error.
pub(super) fn words() -> impl Iterator<Item = (&'static str, bool, &'static str)> {
    LATER.iter().map(|(key, word)| match word {
        Refuse(what) => (*key, true, *what),
        Warn(what) => (*key, false, *what),
    })
}

/// Warnings about the keys that were said, once each.
pub(super) fn answer(said: &[Arc<Spot>]) -> Result<Vec<String>, ConfigError> {
    let mut warned = BTreeSet::new();
    let mut warnings = Vec::new();
    for spot in said {
        let key = without_numbers(&spot.key);
        let word = LATER.iter().find(|(name, _)| *name == key).map(|(_, word)| *word);
        match word {
            Some(Warn(what)) => {
                if warned.insert(key) {
                    warnings.push(format!("{}: {what}", Place::File(Arc::clone(spot))));
                }
            }
            Some(Refuse(what)) => return Err(refusal(spot, what)),
            None => return Err(refusal(spot, "take it out")),
        }
    }
    Ok(warnings)
}

/// Warnings about flags that are only accepted.
pub(super) fn answer_flags(said: &[&'static str]) -> impl Iterator<Item = String> {
    said.iter().map(|flag| format!("{flag}: {}", if *flag == "--dedup" { DEDUPLICATE } else { VAULT }))
}

fn refusal(spot: &Arc<Spot>, what: &'static str) -> ConfigError {
    ConfigError::Value { place: Place::File(Arc::clone(spot)), source: ValueError::NotSupportedYet(what) }
}

/// `template[2].exec.env` → `template.exec.env`
pub(super) fn without_numbers(key: &str) -> String {
    key.split('.').map(|part| part.split('[').next().unwrap_or_default()).collect::<Vec<_>>().join(".")
}

#[cfg(test)]
mod tests {
    use super::super::file;
    use super::*;

    #[test]
    fn every_key_is_answered_with_its_place() {
        for (key, word) in LATER {
            let value = match key.rsplit('.').next().unwrap_or_default() {
                "consul" => "\"h:1\"",
                "enabled" => "false",
                "err_on_failed_lookup" | "error_fatal" | "template_error_fatal" => "true",
                "deduplicate" | "vault" | "nomad" => "{}",
                "splay" | "kill_timeout" | "timeout" => "\"5s\"",
                "kill_signal" | "reload_signal" => "\"SIGHUP\"",
                _ => "\"x\"",
            };
            let (blocks, last) = key.rsplit_once('.').unwrap_or(("", key));
            let blocks: Vec<_> = blocks.split('.').filter(|block| !block.is_empty()).collect();
            let text = format!(
                "{}\n{last} = {value}{}",
                blocks.join("{") + if blocks.is_empty() { "" } else { "{" },
                "}".repeat(blocks.len())
            );
            let written = file::read_text("f", &text).unwrap_or_else(|error| panic!("{text}: {error}"));
            assert_eq!(written.later.len(), 1, "{text}");
            match (answer(&written.later), word) {
                (Ok(warnings), Warn(_)) => assert!(warnings[0].contains("in f:2: "), "{warnings:?}"),
                (Err(error), Refuse(_)) => assert!(error.to_string().contains("in f:2"), "{error}"),
                (answer, _) => panic!("{key}: {answer:?}"),
            }
        }
    }

    #[test]
    fn a_key_is_warned_about_once() {
        let written =
            file::read_text("f", "template { error_fatal = true }\ntemplate { error_fatal = false }").expect("HCL");
        assert_eq!(written.later.len(), 2);
        assert_eq!(answer(&written.later).expect("warnings").len(), 1);
    }
}
