//! The reference of functions for a terminal: `ctmpl functions`.
//!
//! Input: the table, and the name of a function in either language. Output: the text, or an error
//! that suggests a name.

use ::functions::reference;

use super::functions::{LIBRARY, all, unsupported};
use super::hints::absent;
use super::nearest::did_you_mean;

/// No function has this name.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("there is no function {name:?}{} `ctmpl functions` lists all", remedy(instead.as_deref()))]
pub struct NoSuchFunction {
    name: String,
    instead: Option<String>,
}

/// What follows the name of a function that does not exist.
fn remedy(instead: Option<&str>) -> String {
    match instead {
        Some(instead) if instead.ends_with('?') => format!(", {instead}"),
        Some(instead) => format!(", {instead};"),
        None => ";".to_owned(),
    }
}

/// Returns the reference of one function, or of all functions.
///
/// # Errors
/// [`NoSuchFunction`] if no function has this name.
pub fn text(name: Option<&str>) -> Result<String, NoSuchFunction> {
    name.map_or_else(|| Ok(of_all()), of_one)
}

fn of_all() -> String {
    reference::list(&LIBRARY)
        + "\nIf a function has two names, the second is for Jinja.\n`ctmpl functions NAME` prints its arguments and an example.\n"
}

fn of_one(name: &str) -> Result<String, NoSuchFunction> {
    reference::entry(&LIBRARY, name).ok_or_else(|| {
        let known = unsupported::in_go(name).or_else(|| unsupported::in_jinja(name));
        let names = all().flat_map(|function| [function.go, function.jinja]);
        let instead = absent::remedy(name, known).or_else(|| did_you_mean(name, names));
        NoSuchFunction {
            name: name.to_owned(),
            instead,
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_reference_of_one_function_has_an_example() {
        insta::assert_snapshot!(text(Some("keyOrDefault")).unwrap(), @r#"
        keyOrDefault (key string, default string) string
        In Jinja: key_or_default

        The value of a key, or the default if the key does not exist or is empty.

        Go:     {{ keyOrDefault "app/color" "blue" }}
        Jinja:  {{ key_or_default("app/color", "blue") }}
        Gives:  blue
        "#);
        assert_eq!(text(Some("key_or_default")), text(Some("keyOrDefault")));
    }

    #[test]
    fn all_functions_are_listed() {
        let listed = text(None).unwrap();
        assert!(all().count() > 60);
        assert!(listed.lines().all(|line| line.chars().count() <= 80));
        let words: Vec<_> = listed.split_whitespace().collect();
        let joined = words.join(" ");
        for function in all() {
            assert!(
                listed.contains(function.go)
                    && listed.contains(function.jinja)
                    && joined.contains(function.summary)
            );
            assert!(listed.contains(function.group.title()));
        }
    }

    #[test]
    fn an_unknown_name_is_an_error() {
        let refused = |name| text(Some(name)).unwrap_err().to_string();
        insta::assert_snapshot!(refused("servce"), @r#"there is no function "servce", did you mean "service"? `ctmpl functions` lists all"#);
        assert!(
            refused("keyPrefix")
                .starts_with("there is no function \"keyPrefix\", it was removed; use ls")
        );
        insta::assert_snapshot!(refused("frobnicate"), @r#"there is no function "frobnicate"; `ctmpl functions` lists all"#);
    }
}
