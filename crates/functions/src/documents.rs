//! Conversions between values and documents in JSON, YAML and TOML.
//!
//! Errors do not quote the document, because it may be secret: it is usually the value of a key.

use std::collections::BTreeMap;

use minijinja::Value;

use super::args::{FunctionResult, fail, text};
use crate::function::{Call, Function, FunctionError, Group};
use gotemplate::json::{self, Style};
use gotemplate::{toml, yaml};

row_constructor!(document, Group::Text);

pub(super) static TABLE: &[Function] = &[
    document(
        ["parseJSON", "parse_json"],
        "(text string) any",
        "The value of a JSON document; its numbers are floats. An empty string is an empty map.",
        parse_json,
    ),
    document(
        ["toJSON", "to_json"],
        "(value any) string",
        "The value as JSON on one line; <, > and & are escaped.",
        |call| to_json(call, "toJSON", COMPACT),
    ),
    document(
        ["toJSONPretty", "to_json_pretty"],
        "(value any) string",
        "The value as JSON, indented by two spaces; <, > and & are escaped.",
        |call| to_json(call, "toJSONPretty", PRETTY),
    ),
    document(
        ["toUnescapedJSON", "to_unescaped_json"],
        "(value any) string",
        "The value as JSON on one line; <, > and & are not escaped.",
        |call| to_json(call, "toUnescapedJSON", COMPACT_UNESCAPED),
    ),
    document(
        ["toUnescapedJSONPretty", "to_unescaped_json_pretty"],
        "(value any) string",
        "The value as JSON, indented by two spaces; <, > and & are not escaped.",
        |call| to_json(call, "toUnescapedJSONPretty", PRETTY_UNESCAPED),
    ),
    document(
        ["parseYAML", "parse_yaml"],
        "(text string) any",
        "The value of a YAML 1.1 document: yes is true, 0644 is 420. An empty string is an empty map.",
        |call| {
            let [only] = call.exactly("parseYAML")?;
            match text(only)? {
                "" => Ok(Value::from_object(BTreeMap::<String, Value>::new())),
                text => yaml::read(text, call.context.budget())
                    .or_else(|error| fail(format!("parseYAML: yaml: {error}"))),
            }
        },
    ),
    document(
        ["toYAML", "to_yaml"],
        "(value any) string",
        "The value as YAML, with sorted keys.",
        |call| {
            let [only] = call.exactly("toYAML")?;
            written(yaml::write(only, call.context.budget()), "toYAML")
        },
    ),
    document(
        ["toTOML", "to_toml"],
        "(value any) string",
        "The value as TOML; tables are indented by two spaces.",
        |call| {
            let [only] = call.exactly("toTOML")?;
            written(toml::write(only, call.context.budget()), "toTOML")
        },
    ),
];

const COMPACT: Style = Style {
    pretty: false,
    escape_html: true,
};
const PRETTY: Style = Style {
    pretty: true,
    escape_html: true,
};
const COMPACT_UNESCAPED: Style = Style {
    pretty: false,
    escape_html: false,
};
const PRETTY_UNESCAPED: Style = Style {
    pretty: true,
    escape_html: false,
};

/// Returns the text of a document without surrounding white space.
fn written(text: Result<String, FunctionError>, name: &str) -> FunctionResult {
    match text {
        Ok(text) => Ok(Value::from(text.trim())),
        Err(error) => fail(format!("{name}: {error}")),
    }
}

fn parse_json(call: &Call<'_>) -> FunctionResult {
    let [only] = call.exactly("parseJSON")?;
    match text(only)? {
        "" => Ok(Value::from_object(BTreeMap::<String, Value>::new())),
        text => json::read(text)
            .or_else(|error| fail(format!("parseJSON: the text is not JSON: {error}"))),
    }
}

fn to_json(call: &Call<'_>, name: &str, style: Style) -> FunctionResult {
    let [only] = call.exactly(name)?;
    json::write(only, style)
        .map(Value::from)
        .or_else(|error| fail(format!("{name}: {error}")))
}
