//! Values as documents of other kinds, and such documents as values: YAML and TOML.

use minijinja::Value;

use super::args::{Outcome, refuse, text};
use super::{function, toml, yaml};
use crate::template::any_map::AnyMap;
use crate::template::function::{Call, Function, Group};

const fn document(
    names: [&'static str; 2],
    signature: &'static str,
    summary: &'static str,
    code: fn(&Call<'_>) -> Outcome,
) -> Function {
    function(Group::Text, names, signature, summary, code)
}

pub(super) static TABLE: &[Function] = &[
    document(
        ["parseYAML", "parse_yaml"],
        "(text string) any",
        "The value that is written in YAML 1.1: yes is true, 0644 is 420. Nothing is an empty map.",
        |call| {
            let [only] = call.exactly("parseYAML")?;
            match text(only)? {
                "" => Ok(Value::from_object(AnyMap::default())),
                text => yaml::read(text)
                    .or_else(|problem| refuse(format!("parseYAML: yaml: {problem}"))),
            }
        },
    ),
    document(
        ["toYAML", "to_yaml"],
        "(value any) string",
        "In YAML, with sorted keys.",
        |call| {
            let [only] = call.exactly("toYAML")?;
            written(yaml::write(only), "toYAML")
        },
    ),
    document(
        ["toTOML", "to_toml"],
        "(value any) string",
        "In TOML, tables indented by two blanks.",
        |call| {
            let [only] = call.exactly("toTOML")?;
            written(toml::write(only), "toTOML")
        },
    ),
];

fn written(text: Result<String, String>, name: &str) -> Outcome {
    match text {
        Ok(text) => Ok(Value::from(text.trim())),
        Err(problem) => refuse(format!("{name}: {problem}")),
    }
}
