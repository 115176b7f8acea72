//! Hints for mistakes that are easily made.
//!
//! in:  a name that is not known, or a template that cannot be read
//! out: what its author probably meant

use std::sync::LazyLock;

use regex::Regex;

use super::functions::{self, unsupported};
use crate::config::resolved::Permissions;

/// What a Go template contains, but a Jinja template hardly.
static GO: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r#"\{\{-?\s*(range|end|with|define|block|template|if|else)\b|\{\{[^}]*:=|\{\{-?\s*[a-z]\w* +["`.$]"#)
        .ok()
});

/// For a Go template that was not understood.
pub(super) fn for_go(source: &str) -> Option<String> {
    let tag = source.contains("{%") || source.contains("{#");
    tag.then(|| "this looks like Jinja; name the file .j2 (or set language = \"jinja\")".to_owned())
}

/// For a Jinja template that was not understood.
pub(super) fn for_jinja(source: &str) -> Option<String> {
    let idiom = GO.as_ref().is_some_and(|go| go.is_match(source));
    idiom.then(|| "this looks like a Go template; name the file without .j2 (or set language = \"go\")".to_owned())
}

/// For a function that is there, but only where the operator allows it: what is wrong, and the remedy.
pub(super) fn forbidden(name: &str) -> Option<(String, String)> {
    functions::named_in_go(name).filter(|_| !Permissions::default().allow(name)).map(|_| {
        let hint = format!("it acts outside of the template; --allow {name}, or allow = [{name:?}], permits it");
        (format!("function {name:?} is not allowed"), hint)
    })
}

/// For a function that Go templates do not know.
pub(super) fn for_go_function(name: &str) -> Option<String> {
    if let Some(unsupported) = unsupported::in_go(name) {
        return Some(unsupported.remedy.to_owned());
    }
    if let Some(instead) = unsupported::gone(name) {
        return Some(instead);
    }
    if let Some(function) = functions::named_in_jinja(name) {
        return Some(format!("in Go templates it is called {:?}", function.go));
    }
    let prefixed = format!("sprig_{name}");
    if functions::named_in_go(&prefixed).is_some() || unsupported::in_go(&prefixed).is_some() {
        return Some(format!("the functions of sprig have a prefix: {prefixed:?}"));
    }
    nearest(name, functions::all().map(|function| function.go))
}

/// For a function or a filter that Jinja templates do not know.
pub(super) fn for_jinja_name<'a>(name: &str, known: impl Iterator<Item = &'a str>) -> Option<String> {
    if let Some(unsupported) = unsupported::in_jinja(name) {
        return Some(unsupported.remedy.to_owned());
    }
    if let Some(instead) = unsupported::gone(name) {
        return Some(instead);
    }
    if let Some(function) = functions::named_in_go(name).filter(|function| function.jinja != name) {
        return Some(format!("in Jinja it is called {:?}", function.jinja));
    }
    let prefixed = format!("sprig_{name}");
    if functions::named_in_jinja(&prefixed).is_some() {
        return Some(format!("the functions of sprig have a prefix: {prefixed:?}"));
    }
    nearest(name, functions::all().map(|function| function.jinja).chain(known))
}

/// What is said of a function that is not there: some are known.
pub(super) fn not_there(name: &str, known: bool) -> String {
    if known { format!("function {name:?} is not supported yet") } else { format!("function {name:?} not defined") }
}

/// For what a Go template does with a value that cannot do it.
pub(super) fn for_go_field(message: &str) -> Option<String> {
    let contains = message.starts_with("can't evaluate field Contains ");
    contains.then(|| "lists have no methods any more; write: if .Tags | contains \"x\"".to_owned())
}

/// The known name that is meant, if one is near.
pub(super) fn nearest<'a>(name: &str, known: impl Iterator<Item = &'a str>) -> Option<String> {
    let near = known.map(|known| (distance(name, known), known)).min()?;
    let (distance, known) = near;
    // A short name is near to many others.
    (distance <= 2 && distance * 2 < name.chars().count()).then(|| format!("did you mean {known:?}?"))
}

/// How many letters must be put in, taken out, replaced or swapped with their neighbour.
fn distance(left: &str, right: &str) -> usize {
    let (left, right): (Vec<char>, Vec<char>) = (left.chars().collect(), right.chars().collect());
    let mut rows = vec![vec![0; right.len() + 1]; left.len() + 1];
    for (i, row) in rows.iter_mut().enumerate() {
        row[0] = i;
    }
    for (j, first) in rows[0].iter_mut().enumerate() {
        *first = j;
    }
    for i in 1..=left.len() {
        for j in 1..=right.len() {
            let differs = usize::from(left[i - 1] != right[j - 1]);
            let mut best = (rows[i - 1][j] + 1).min(rows[i][j - 1] + 1).min(rows[i - 1][j - 1] + differs);
            if i > 1 && j > 1 && left[i - 1] == right[j - 2] && left[i - 2] == right[j - 1] {
                best = best.min(rows[i - 2][j - 2] + 1);
            }
            rows[i][j] = best;
        }
    }
    rows[left.len()][right.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_near_name_is_found() {
        assert_eq!(for_go_function("servce").unwrap(), "did you mean \"service\"?");
        assert_eq!(for_go_function("keyExist").unwrap(), "did you mean \"keyExists\"?");
        assert_eq!(for_go_function("key_exists").unwrap(), "in Go templates it is called \"keyExists\"");
        assert_eq!(for_jinja_name("keyExists", [].into_iter()).unwrap(), "in Jinja it is called \"key_exists\"");
        assert_eq!(for_jinja_name("rnage", ["range"].into_iter()).unwrap(), "did you mean \"range\"?");
        assert_eq!(for_go_function("xy"), None);
        assert_eq!(for_go_function("somethingElse"), None);
    }

    #[test]
    fn what_is_not_there_has_a_remedy() {
        let cases = [
            ("secret", "Vault is not asked yet"),
            ("nomadVar", "Nomad is not asked yet"),
            ("writeToFile", "let a command"),
            ("keyPrefix", "use ls"),
            ("vault", "it became secret"),
            ("sprig_now", "timestamp"),
            ("nindent", "\"sprig_nindent\""),
        ];
        assert!(!cases.is_empty());
        for (name, told) in cases {
            let hint = for_go_function(name).unwrap();
            assert!(hint.contains(told), "{name}: {hint}");
        }
        let hint = for_jinja_name("nomad_var", [].into_iter()).unwrap();
        assert!(hint.contains("Nomad is not asked yet"), "{hint}");
    }

    #[test]
    fn the_languages_are_told_apart() {
        let go = ["{{ range service \"web\" }}x{{ end }}", "{{- with $x := key \"a\" -}}", "{{ key \"a\" }}"];
        let jinja =
            ["{% for s in service(\"web\") %}{{ s.address }}{% endfor %}", "{{ key(\"a\") | upper }}", "{# c #}"];
        assert!(!go.is_empty() && !jinja.is_empty());
        for source in go {
            assert!(for_jinja(source).is_some() && for_go(source).is_none(), "{source}");
        }
        for source in jinja {
            assert!(for_jinja(source).is_none(), "{source}");
        }
        assert!(for_go("{% if x %}").is_some());
    }

    #[test]
    fn distances() {
        assert_eq!((distance("", "ab"), distance("ab", "ba"), distance("kitten", "sitting")), (2, 1, 3));
    }
}
