//! Hints for common mistakes.
//!
//! Input: an unknown name, or a template with a syntax error. Output: the probable intention;
//! nothing if it is unclear.

use std::sync::LazyLock;

use regex::Regex;

use ::functions::Function;

pub(super) mod absent;
mod foreign_names;
pub(super) mod go;
pub(super) mod jinja;

/// The hint for a Jinja template that is parsed as a Go template.
pub(super) const LOOKS_LIKE_JINJA: &str =
    "this looks like Jinja; name the file .j2 (or set language = \"jinja\")";

/// The hint for a Go template that is parsed as Jinja.
pub(super) const LOOKS_LIKE_GO: &str =
    "this looks like a Go template; name the file without .j2 (or set language = \"go\")";

/// Matches text that is common in Jinja and rare in Go templates.
static JINJA: LazyLock<Option<Regex>> = LazyLock::new(|| {
    let tags = "for|if|set|block|include|extends|macro|import|from|with|filter|call|raw|do";
    Regex::new(&format!(r"\{{%[-+]?\s*(end)?({tags})\b")).ok()
});

/// Matches text that is common in Go templates and rare in Jinja.
static GO: LazyLock<Option<Regex>> = LazyLock::new(|| {
    let actions = r"range|end|with|define|block|template|if|else";
    Regex::new(&format!(
        r#"\{{\{{-?\s*({actions})\b|\{{\{{-?\s*\$\w*|\{{\{{[^}}]*:=|\{{\{{-?\s*\.[A-Z]|\{{\{{-?\s*[a-z]\w* +["`.$]|\{{\{{(- )?/\*"#
    ))
    .ok()
});

/// The hint for a function that rejected its arguments.
pub(super) fn for_failed(function: &Function, called: &str, message: &str) -> Option<String> {
    let parsed = [
        ("ParseInt: ", "a whole number"),
        ("ParseUint: ", "a whole number"),
        ("ParseFloat: ", "a number"),
        ("ParseBool: ", "true or false"),
    ];
    let expected = parsed.iter().find(|(parser, _)| message.contains(parser));
    if let Some((_, expected)) = expected {
        let trim = if called == function.go {
            "trimSpace"
        } else {
            "trim_space"
        };
        return Some(format!(
            "the text is not {expected}; if it has blanks or a line break around it, {trim} removes them"
        ));
    }
    let refused = [
        "wrong number of arg",
        "wrong type for value",
        "invalid value; expected",
        "takes no named",
    ];
    let arguments = refused.iter().any(|refused| message.contains(refused));
    arguments.then(|| format!("its arguments and result: {called} {}", function.signature))
}

/// Returns `true` if a Go template looks like Jinja.
pub(super) fn is_jinja(source: &str) -> bool {
    JINJA.as_ref().is_some_and(|jinja| jinja.is_match(source))
}

/// Returns `true` if a Jinja template looks like a Go template.
pub(super) fn is_go(source: &str) -> bool {
    !is_jinja(source) && GO.as_ref().is_some_and(|go| go.is_match(source))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_languages_are_distinguished() {
        let go = [
            "{{ range service \"web\" }}x{{ end }}",
            "{{- with $x := key \"a\" -}}",
            "{{ key \"a\" }}",
            "{{ .Address }}",
            "{{ $x }}",
            "{{/* c */}}",
        ];
        let jinja = [
            "{% for s in service(\"web\") %}{{ s.address }}{% endfor %}",
            "{%- if x %}{%- endif %}",
            "{% set x = 1 %}{{ key \"a\" }}",
        ];
        let neither = [
            "{{ key(\"a\") | upper }}",
            "{# c #}",
            "{{ a }}",
            "{% comment %}",
        ];
        for source in go {
            assert!(is_go(source) && !is_jinja(source), "{source}");
        }
        for source in jinja {
            assert!(is_jinja(source) && !is_go(source), "{source}");
        }
        for source in neither {
            assert!(!is_jinja(source) && !is_go(source), "{source}");
        }
    }
}
