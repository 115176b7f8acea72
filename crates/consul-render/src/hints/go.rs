//! Hints for Go templates.

use super::{absent, foreign_names};
use crate::functions::unsupported;
use crate::nearest::nearest;
use crate::{functions, records};
use gotemplate::{NameKind, UnknownName, language_functions};

/// The hint for an unknown function. `at` is the source from its name on.
pub(crate) fn for_function(name: &str, at: &str, source: &str) -> Option<String> {
    let after = at.get(name.len()..).unwrap_or_default();
    if let Some(remedy) = absent::remedy(name, unsupported::in_go(name)) {
        return Some(remedy);
    }
    if let Some(function) = functions::named_in_jinja(name) {
        return Some(format!("in Go templates it is called {:?}", function.go));
    }
    match name {
        "elseif" | "elif" | "elsif" => return Some("write {{ else if … }}".to_owned()),
        "endif" | "endfor" | "endrange" | "endwith" | "endblock" | "fi" | "done" => {
            return Some("every block ends with {{ end }}".to_owned());
        }
        "default" => return Some("write or: {{ or … \"…\" }}".to_owned()),
        "for" | "foreach" => return Some("a loop is written {{ range … }}".to_owned()),
        "set" | "let" | "var" => return Some("a variable is written {{ $name := … }}".to_owned()),
        _ => {}
    }
    if source.contains(&format!("${name} ")) || source.contains(&format!("${name},")) {
        return Some(format!("a variable begins with a dollar sign: ${name}"));
    }
    if let Some(function) = in_lower_case(name)
        && takes_text(after)
    {
        return Some(format!("did you mean {function:?}?"));
    }
    if records::is_field(name) {
        return Some(format!("a field begins with a dot: .{name}"));
    }
    if let Some(found) = foreign_names::go_name(name) {
        return Some(format!("here it is called {found:?}"));
    }
    let prefixed = format!("sprig_{name}");
    if functions::named_in_go(&prefixed).is_some() || unsupported::in_go(&prefixed).is_some() {
        return Some(absent::of_sprig(&prefixed));
    }
    if let Some(found) = nearest(
        name,
        functions::all()
            .map(|function| function.go)
            .chain(language_functions()),
    ) {
        return Some(format!("did you mean {found:?}?"));
    }
    after
        .starts_with('.')
        .then(|| "a field begins with a dot, a variable with a dollar sign".to_owned())
}

/// The function with this name, if its first letter were small.
fn in_lower_case(name: &str) -> Option<&'static str> {
    let first = name.chars().next()?.to_ascii_lowercase();
    let small = first.to_string() + name.get(1..)?;
    functions::named_in_go(&small).map(|function| function.go)
}

/// Returns `true` if a text follows a name, as it follows a function but not a field.
fn takes_text(after: &str) -> bool {
    after.trim_start().starts_with(['"', '`'])
}

/// The hint for an unknown field, variable or template.
pub(crate) fn for_unknown(unknown: &UnknownName, at: &str) -> Option<String> {
    let UnknownName { kind, name, known } = unknown;
    let name = name.as_str();
    let near = nearest(name, known.iter().map(String::as_str));
    match (kind, near) {
        (NameKind::Field, Some(near)) => Some(format!("did you mean .{near}?")),
        (NameKind::Variable | NameKind::Template, Some(near)) => {
            Some(format!("did you mean {near}?"))
        }
        (NameKind::Field, None) => Some(format!("it has {}", known.join(", "))),
        (NameKind::FieldOfList, _) if matches!(name, "Contains" | "Has" | "Includes") => {
            Some("a list has no methods; write {{ if .List | contains \"…\" }}".to_owned())
        }
        (NameKind::FieldOfList, _) => {
            Some("this is a list: range over it, or take one of it with index".to_owned())
        }
        (NameKind::FieldOfScalar, _) => Some("this is a single value: it has no fields".to_owned()),
        (NameKind::Variable, None) => {
            let after = at.get(name.len()..).unwrap_or_default().trim_start();
            let assigned = after.starts_with('=') && !after.starts_with("==");
            Some(if assigned {
                format!("it is declared with {name} := …")
            } else {
                "a variable lives until the end of the block that it is declared in".to_owned()
            })
        }
        (NameKind::Template, None) => None,
    }
}

/// The hint for a syntax error.
pub(crate) fn for_syntax(message: &str, at: &str) -> Option<String> {
    let hint = match message {
        _ if message.starts_with("unexpected \"(\"") => {
            "arguments are written without parentheses: {{ key \"a\" }}"
        }
        _ if message.starts_with("unexpected \"}\"") => "an action ends with }}",
        _ if message.starts_with("unexpected \"/\"") && at.starts_with("/*") => {
            "no blank before a comment: {{/* … */}}, or {{- /* … */ -}}"
        }
        _ if message.starts_with("unexpected \"=\"") && at.starts_with("==") => {
            "write eq: {{ if eq .Port 80 }}"
        }
        _ if message.starts_with("unexpected \"=\"") => {
            "a variable begins with a dollar sign: {{ $name := … }}"
        }
        _ if message.starts_with("unexpected \"!\"") && at.starts_with("!=") => {
            "write ne: {{ if ne .Port 80 }}"
        }
        _ if message.starts_with("unexpected \"!\"") => "write not: {{ if not … }}",
        _ if message.starts_with("unexpected \"&\"") => "write and: {{ if and A B }}",
        _ if message.starts_with("unexpected \"<\"") => "write lt or le: {{ if lt .Port 80 }}",
        _ if message.starts_with("unexpected \">\"") => "write gt or ge: {{ if gt .Port 80 }}",
        _ if message.starts_with("unexpected \",\"") => "arguments are separated by blanks alone",
        _ if message.starts_with("unexpected \"%\"") => "write modulo: {{ modulo 2 .Port }}",
        _ if message.starts_with("unexpected \"*\"") => "write multiply: {{ multiply 2 .Port }}",
        _ if message.starts_with("illegal number syntax: \"+\"") => "write add: {{ add 1 2 }}",
        _ if message.starts_with("illegal number syntax: \"-\"") => {
            "write subtract: {{ subtract 1 2 }} is 2 - 1"
        }
        _ if message.contains("character constant") => "a text is written in double quotes",
        _ if message.starts_with("unterminated quoted") => {
            "a text in double quotes ends on its line"
        }
        _ if message.starts_with("unterminated raw") => {
            "a text in back quotes ends with a back quote"
        }
        _ if message.starts_with("unclosed comment") => "a comment ends with */}}",
        _ if message.starts_with("comment ends before") => {
            "nothing follows a comment in its action: {{/* … */}}"
        }
        _ if message.starts_with("unclosed action") => "an action ends with }}",
        _ if message.starts_with("bad character U+002D") => {
            "a name with a dash is written as a text: {{ index .Map \"some-name\" }}"
        }
        _ if message.starts_with("bad character U+002F") => {
            "a text is written in double quotes: {{ key \"app/port\" }}"
        }
        _ if message.contains("action: U+201") => "write plain quotes: \"…\"",
        _ if message.starts_with("unexpected <define>") => {
            "define stands outside of all other blocks"
        }
        _ if message.ends_with("in define clause") || message.ends_with("in template clause") => {
            "the name of a template is written in double quotes"
        }
        _ if message.starts_with("missing value for if") => "an if needs a condition: {{ if … }}",
        _ if message.starts_with("non executable command") => "what follows a bar is a function",
        _ => return None,
    };
    Some(hint.to_owned())
}

/// The hint for an error during execution.
pub(crate) fn for_execution(message: &str) -> Option<String> {
    if let Some(name) = message.strip_prefix("undefined variable: ") {
        return Some(format!("it is declared with {name} := …"));
    }
    let hint = match message {
        _ if message.contains("index out of range") => {
            "ask before whether it is there: {{ if gt (len …) 0 }}"
        }
        _ if message.contains("for comparison: string and int") => {
            "make a number of the text first, with parseInt"
        }
        _ if message.contains("for comparison: int and string") => {
            "make a number of the text first, with parseInt"
        }
        _ if message.starts_with("range can't iterate over string") => {
            "a text is made a list by split: {{ range … | split \",\" }}"
        }
        _ if message.starts_with("exceeded maximum template depth") => {
            "does a template call itself without end?"
        }
        _ => return None,
    };
    Some(hint.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_the_other_language_come_first() {
        let hint = |name: &str| for_function(name, name, "");
        assert_eq!(
            hint("key_exists").unwrap(),
            "in Go templates it is called \"keyExists\""
        );
        assert_eq!(hint("servce").unwrap(), "did you mean \"service\"?");
        assert_eq!(hint("pritnf").unwrap(), "did you mean \"printf\"?");
        let called = |name: &str, at: &str| for_function(name, at, "");
        assert_eq!(called("Key", "Key \"a\"").unwrap(), "did you mean \"key\"?");
        assert_eq!(
            called("Key", "Key }}").unwrap(),
            "a field begins with a dot: .Key"
        );
        assert_eq!(hint("xy"), None);
        assert_eq!(hint("somethingElse"), None);
    }

    #[test]
    fn an_absent_function_has_a_remedy() {
        let cases = [
            ("secret", "Vault is not supported yet"),
            ("nomadVar", "Nomad is not supported yet"),
            ("keyPrefix", "use ls"),
            ("vault", "it was replaced by secret"),
            ("sprig_now", "timestamp"),
            ("nindent", "\"sprig_nindent\""),
            ("genCA", "\"sprig_genCA\""),
            ("sub", "\"sprig_sub\""),
        ];
        for (name, text) in cases {
            let hint = for_function(name, name, "").unwrap();
            assert!(hint.contains(text), "{name}: {hint}");
        }
    }
}
