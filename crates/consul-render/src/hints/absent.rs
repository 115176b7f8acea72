//! Known functions that cannot be called: unsupported, removed, or not allowed.
//!
//! Input: an unresolved name. Output: the reason, and the remedy.

use crate::error::{Place, TemplateError};
use crate::functions;
use crate::functions::unsupported::{self, Unsupported};
use crate::options::Permissions;

/// The hint for a name that is not similar to any function.
pub(crate) const ALL_FUNCTIONS: &str = "`ctmpl functions` lists all functions";

/// The reason for which a function cannot be called.
pub(crate) fn message(name: &str, known: Option<&Unsupported>) -> String {
    let why = match known {
        _ if forbidden(name).is_some() => "is not allowed",
        Some(_) => "is not supported yet",
        None => "not defined",
    };
    format!("function {name:?} {why}")
}

/// The remedy; `None` if it is not certain.
pub(crate) fn remedy(name: &str, known: Option<&Unsupported>) -> Option<String> {
    if let Some(word) = forbidden(name) {
        return Some(format!(
            "it acts outside of the template; --allow {word}, or allow = [{word:?}], permits it"
        ));
    }
    known
        .map(|function| function.remedy.to_owned())
        .or_else(|| unsupported::removed(name))
}

/// Returns `true` if a call of the function fails when it is executed, not when the template is parsed.
pub(crate) fn is_failing(name: &str, known: Option<&Unsupported>) -> bool {
    known.is_some() || forbidden(name).is_some()
}

/// The warning about a call that fails when it is executed.
pub(crate) fn failing_call(
    template: &str,
    source: &str,
    at: usize,
    name: &str,
    known: Option<&Unsupported>,
) -> TemplateError {
    let message = message(name, known) + ": the template fails where it calls it";
    TemplateError::at(template, source, Place::of_byte(source, at), message)
        .with_hint(remedy(name, known))
}

/// The hint for a sprig function without its prefix.
pub(super) fn of_sprig(prefixed: &str) -> String {
    format!("the functions of sprig have a prefix: {prefixed:?}")
}

/// The permission that a function requires.
fn forbidden(name: &str) -> Option<&'static str> {
    let function = functions::named_in_go(name).or_else(|| functions::named_in_jinja(name))?;
    (!Permissions::default().allow(function.go)).then_some(function.go)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_kind_of_absence_has_its_reason() {
        let message = |name: &str| message(name, unsupported::in_go(name));
        assert_eq!(message("plugin"), "function \"plugin\" is not allowed");
        assert_eq!(
            message("secret"),
            "function \"secret\" is not supported yet"
        );
        assert_eq!(message("frobnicate"), "function \"frobnicate\" not defined");
        let remedy = |name: &str| remedy(name, unsupported::in_go(name));
        assert!(
            remedy("plugin")
                .unwrap()
                .contains("--allow plugin, or allow = [\"plugin\"]")
        );
        assert!(
            remedy("vault")
                .unwrap()
                .contains("it was replaced by secret")
        );
        assert_eq!(remedy("service"), None);
    }
}
