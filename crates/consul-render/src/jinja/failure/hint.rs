//! Hints for errors of Jinja templates.

use ::functions::Function;
use minijinja::ErrorKind;

use super::broken::{Failure, is_no_number, quoted, unknown};
use crate::nearest::did_you_mean;
use crate::{functions, hints};

/// The hint for an error; `None` if the remedy is unclear.
pub(super) fn hint(failure: &Failure<'_>) -> Option<String> {
    let detail = failure.detail();
    match failure.error.kind() {
        ErrorKind::UnknownFunction => hints::jinja::for_function(
            unknown(detail),
            failure.environment.globals().map(|(name, _)| name),
        ),
        ErrorKind::UnknownFilter => hints::jinja::for_filter(unknown(detail)),
        ErrorKind::UnknownTest => {
            did_you_mean(unknown(detail), hints::jinja::TESTS.iter().copied())
        }
        ErrorKind::UnknownMethod => {
            if detail.starts_with("scratch ") {
                return Some(
                    "it has key, get, set, set_x, map_set, map_set_x, map_values".to_owned(),
                );
            }
            let (kind, method) = detail.rsplit_once(" has no method named ")?;
            hints::jinja::for_method(kind, method)
        }
        ErrorKind::TemplateNotFound => {
            let near = failure
                .includes
                .siblings(quoted(detail).filter(|name| failure.source.contains(name))?);
            did_you_mean(quoted(detail)?, near.iter().map(String::as_str))
        }
        ErrorKind::InvalidOperation if detail.ends_with("is not callable") => {
            for_call(failure, failure.called()?)
        }
        ErrorKind::InvalidOperation => for_operation(failure),
        _ => None,
    }
}

/// The hint for a call of `name`, which is not a function.
fn for_call(failure: &Failure<'_>, name: &str) -> Option<String> {
    if !failure.detail().contains("undefined") {
        let function = functions::named_in_jinja(name)?;
        return Some(format!(
            "a variable {:?} hides the function of that name; rename the variable",
            function.jinja
        ));
    }
    let mut tags = failure.tags.all.iter();
    if let Some(tag) = tags.find(|tag| tag.name == "from" && tag.names().any(|n| n == name)) {
        return Some(format!(
            "does the file in {{% {} %}} have a macro of that name?",
            tag.shown()
        ));
    }
    let globals = failure.environment.globals().map(|(name, _)| name);
    did_you_mean(name, globals.chain(failure.tags.declared()))
}

/// The hint for an operation or a call with values that it does not support.
fn for_operation(failure: &Failure<'_>) -> Option<String> {
    let detail = failure.detail();
    if detail.contains("operator on unsupported types string and number") {
        return Some("make a number of the text first: text | int".to_owned());
    }
    if is_no_number(detail) {
        return Some(
            "the text is not a number; if it has blanks or a line break around it, trim removes them"
                .to_owned(),
        );
    }
    if let Some(function) = refusing(failure) {
        return hints::for_failed(function, function.jinja, detail);
    }
    let at = failure.at();
    if detail.contains(" - operator") {
        let is_one_word = at.contains('-') && !at.contains(char::is_whitespace);
        return is_one_word.then(|| {
            "a dash is a minus; a name with a dash is written as a text: x[\"some-name\"]"
                .to_owned()
        });
    }
    if detail == "plain object is not iterable" {
        let function = functions::named_in_jinja(at.trim())?;
        return Some(format!("call it: {}(…)", function.jinja));
    }
    None
}

/// The library function that rejected its arguments.
fn refusing(failure: &Failure<'_>) -> Option<&'static Function> {
    let detail = failure.detail();
    let name = detail
        .strip_prefix("wrong number of args for ")
        .unwrap_or(detail)
        .split([':', ' '])
        .next()?;
    functions::named_in_jinja(name)
}
