//! Hints for errors of Jinja templates.

use ::functions::Function;
use minijinja::ErrorKind;

use super::broken::{Failure, is_no_number, quoted, unknown};
use crate::render::nearest::did_you_mean;
use crate::render::{functions, hints};

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
        ErrorKind::InvalidOperation if detail.ends_with("is not callable") => {
            let name = failure.called()?;
            if detail.contains("undefined") {
                if let Some(tag) = failure
                    .tags
                    .all
                    .iter()
                    .find(|tag| tag.name == "from" && tag.names().any(|n| n == name))
                {
                    return Some(format!(
                        "does the file in {{% {} %}} have a macro of that name?",
                        tag.shown()
                    ));
                }
                let known = failure
                    .environment
                    .globals()
                    .map(|(name, _)| name)
                    .chain(failure.tags.declared());
                return did_you_mean(name, known);
            }
            let function = functions::named_in_jinja(name)?;
            Some(format!(
                "a variable {:?} hides the function of that name; rename the variable",
                function.jinja
            ))
        }
        ErrorKind::InvalidOperation
            if detail.contains("operator on unsupported types string and number") =>
        {
            Some("make a number of the text first: text | int".to_owned())
        }
        ErrorKind::TemplateNotFound => {
            let near = failure
                .includes
                .siblings(quoted(detail).filter(|name| failure.source.contains(name))?);
            did_you_mean(quoted(detail)?, near.iter().map(String::as_str))
        }
        ErrorKind::InvalidOperation if is_no_number(detail) => Some(
            "it is something else, or has blanks or a line break around it, which trim takes off"
                .to_owned(),
        ),
        ErrorKind::InvalidOperation if refusing(failure).is_some() => refusing(failure)
            .and_then(|function| hints::for_failed(function, function.jinja, detail)),
        ErrorKind::InvalidOperation if detail.contains(" - operator") => {
            let one_word =
                failure.at().contains('-') && !failure.at().contains(char::is_whitespace);
            one_word.then(|| {
                "a dash is a minus; a name with a dash is written as a text: x[\"some-name\"]"
                    .to_owned()
            })
        }
        ErrorKind::InvalidOperation if detail == "plain object is not iterable" => {
            let name = failure.at().trim();
            functions::named_in_jinja(name)
                .map(|function| format!("call it: {}(…)", function.jinja))
        }
        _ => None,
    }
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
