//! Hints for Jinja templates.

use super::{absent, foreign_names};
use crate::functions::{self, unsupported};
use crate::nearest::did_you_mean;

/// The hint for an unknown function.
pub(crate) fn for_function<'a>(name: &str, known: impl Iterator<Item = &'a str>) -> Option<String> {
    absent::remedy(name, unsupported::in_jinja(name))
        .or_else(|| for_name(name, known))
        .or_else(|| (!name.is_empty()).then(|| absent::ALL_FUNCTIONS.to_owned()))
}

/// The hint for an unknown filter.
pub(crate) fn for_filter(name: &str) -> Option<String> {
    if functions::named_in_jinja(name).is_some() {
        return Some(format!("it is a function: {name}(…)"));
    }
    for_function(name, FILTERS.iter().copied())
}

fn for_name<'a>(name: &str, known: impl Iterator<Item = &'a str>) -> Option<String> {
    if let Some(function) = functions::named_in_go(name).filter(|function| function.jinja != name) {
        return Some(format!("in Jinja it is called {:?}", function.jinja));
    }
    let by_go = foreign_names::go_name(name).and_then(functions::named_in_go);
    if let Some(function) = by_go {
        return Some(format!("here it is called {:?}", function.jinja));
    }
    let prefixed = format!("sprig_{name}");
    if functions::named_in_jinja(&prefixed).is_some() || unsupported::in_jinja(&prefixed).is_some()
    {
        return Some(absent::of_sprig(&prefixed));
    }
    did_you_mean(
        name,
        functions::all().map(|function| function.jinja).chain(known),
    )
}

/// The built-in filters of Jinja.
pub(crate) const FILTERS: &[&str] = &[
    "abs",
    "attr",
    "batch",
    "bool",
    "capitalize",
    "chain",
    "count",
    "default",
    "dictsort",
    "escape",
    "first",
    "float",
    "format",
    "groupby",
    "indent",
    "int",
    "items",
    "join",
    "last",
    "length",
    "lines",
    "list",
    "lower",
    "map",
    "max",
    "min",
    "pprint",
    "reject",
    "rejectattr",
    "replace",
    "reverse",
    "round",
    "safe",
    "select",
    "selectattr",
    "slice",
    "sort",
    "split",
    "string",
    "sum",
    "title",
    "trim",
    "unique",
    "upper",
    "zip",
];

/// The built-in tests of Jinja.
pub(crate) const TESTS: &[&str] = &[
    "boolean",
    "defined",
    "divisibleby",
    "endingwith",
    "eq",
    "equalto",
    "escaped",
    "even",
    "false",
    "filter",
    "float",
    "ge",
    "greaterthan",
    "gt",
    "in",
    "int",
    "integer",
    "iterable",
    "le",
    "lessthan",
    "lower",
    "lt",
    "mapping",
    "ne",
    "none",
    "number",
    "odd",
    "safe",
    "sameas",
    "sequence",
    "startingwith",
    "string",
    "test",
    "true",
    "undefined",
    "upper",
];

/// The hint for a tag that is unknown or misplaced.
pub(crate) fn for_tag(name: &str) -> Option<String> {
    const TAGS: [&str; 23] = [
        "for",
        "endfor",
        "if",
        "elif",
        "else",
        "endif",
        "set",
        "endset",
        "with",
        "endwith",
        "block",
        "endblock",
        "extends",
        "include",
        "import",
        "from",
        "macro",
        "endmacro",
        "call",
        "endcall",
        "filter",
        "endfilter",
        "raw",
    ];
    match name {
        "range" | "foreach" | "each" => Some("a loop is written {% for x in … %}".to_owned()),
        "elseif" | "elsif" => Some("write {% elif … %}".to_owned()),
        "end" | "done" | "fi" => {
            Some("a block ends with its own name: {% endif %}, {% endfor %}".to_owned())
        }
        "assign" | "let" | "var" => Some("a variable is written {% set x = … %}".to_owned()),
        _ => did_you_mean(name, TAGS.into_iter()),
    }
}

/// The hint for a syntax error. `at` is the source from its place on, `before` the source up to it.
pub(crate) fn for_syntax(detail: &str, at: &str, before: &str) -> Option<String> {
    let opened = before.trim_end();
    let hint = match at.chars().next() {
        Some('&') => "write and: {% if a and b %}",
        Some('!') if !at.starts_with("!=") => "write not: {% if not a %}",
        Some('|') if at.starts_with("||") || before.ends_with('|') => "write or: {% if a or b %}",
        Some('\u{201c}' | '\u{201d}' | '\u{201e}' | '\u{2018}' | '\u{2019}') => {
            "write plain quotes: \"…\""
        }
        Some('=') if detail.contains("variable block") && !at.starts_with("==") => {
            "a variable is set with {% set x = … %}; two values are compared with =="
        }
        Some('}') if detail.contains("variable block") && !at.starts_with("}}") => {
            "an expression ends with }}"
        }
        Some('}') if at.starts_with("}}") && detail.contains("expected `,`") => {
            "a parenthesis or a bracket is not closed"
        }
        _ if at.starts_with("if ") && opened.ends_with("else") => "write {% elif … %}",
        _ if detail.contains("expected in") => "a loop is written {% for x in … %}",
        _ => return None,
    };
    Some(hint.to_owned())
}

/// The hint for a Python method that Jinja does not have.
pub(crate) fn for_method(kind: &str, method: &str) -> Option<String> {
    let hint = match (kind, method) {
        ("sequence", "contains" | "has" | "includes") => "write: {% if \"…\" in list %}".to_owned(),
        ("string", "contains" | "has" | "includes") => "write: {% if \"…\" in text %}".to_owned(),
        ("string", "upper" | "lower" | "title" | "replace" | "split" | "trim" | "length") => {
            format!("it is a filter: text | {method}")
        }
        ("string", "strip") => "it is a filter: text | trim".to_owned(),
        ("string", "format") => "it is a filter: text | format(…)".to_owned(),
        ("string", "startswith") => "it is a test: text is startingwith(\"…\")".to_owned(),
        ("string", "endswith") => "it is a test: text is endingwith(\"…\")".to_owned(),
        ("map", "items") => "it is a filter: map | items".to_owned(),
        ("map", "get") => "write: map[\"…\"] | default(…)".to_owned(),
        _ => return None,
    };
    Some(hint)
}

#[cfg(test)]
mod tests {
    use minijinja::{Environment, ErrorKind};

    use super::*;

    #[test]
    fn the_filters_and_tests_exist() {
        let environment = Environment::new();
        let mut state = environment.empty_state();
        assert!(FILTERS.len() > 40 && TESTS.len() > 30);
        for name in FILTERS {
            let outcome = state.apply_filter(name, &[]);
            assert!(
                !matches!(outcome, Err(error) if error.kind() == ErrorKind::UnknownFilter),
                "{name}"
            );
        }
        for name in TESTS {
            let outcome = state.perform_test(name, &[]);
            assert!(
                !matches!(outcome, Err(error) if error.kind() == ErrorKind::UnknownTest),
                "{name}"
            );
        }
    }

    #[test]
    fn names_of_the_other_language_come_first() {
        let hint = |name: &str| for_function(name, ["range"].into_iter());
        assert_eq!(
            hint("keyExists").unwrap(),
            "in Jinja it is called \"key_exists\""
        );
        assert_eq!(
            hint("b64decode").unwrap(),
            "here it is called \"base64_decode\""
        );
        assert_eq!(hint("rnage").unwrap(), "did you mean \"range\"?");
        assert!(
            hint("nomad_var")
                .unwrap()
                .contains("Nomad is not supported yet")
        );
        assert_eq!(hint("xy").unwrap(), absent::ALL_FUNCTIONS);
        assert_eq!(for_filter("plugin").unwrap(), "it is a function: plugin(…)");
    }
}
