//! YAML and TOML documents as values, and values as documents.

use minijinja::Value;

use super::args::{Outcome, refuse, text};
use super::{function, toml, yaml};
use crate::template::any_map::AnyMap;
use crate::template::function::{Call, Function, FunctionError, Group};

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
        "The value of a YAML 1.1 document: yes is true, 0644 is 420. An empty text is an empty map.",
        |call| {
            let [only] = call.exactly("parseYAML")?;
            match text(only)? {
                "" => Ok(Value::from_object(AnyMap::default())),
                text => {
                    yaml::read(text).or_else(|error| refuse(format!("parseYAML: yaml: {error}")))
                }
            }
        },
    ),
    document(
        ["toYAML", "to_yaml"],
        "(value any) string",
        "The value as YAML, with sorted keys.",
        |call| {
            let [only] = call.exactly("toYAML")?;
            written(yaml::write(only), "toYAML")
        },
    ),
    document(
        ["toTOML", "to_toml"],
        "(value any) string",
        "The value as TOML; tables are indented by two spaces.",
        |call| {
            let [only] = call.exactly("toTOML")?;
            written(toml::write(only), "toTOML")
        },
    ),
];

/// The text of a document without white space at both ends.
fn written(text: Result<String, FunctionError>, name: &str) -> Outcome {
    match text {
        Ok(text) => Ok(Value::from(text.trim())),
        Err(error) => refuse(format!("{name}: {error}")),
    }
}
