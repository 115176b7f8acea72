//! Translates errors of minijinja.
//!
//! Input: an error, with its causes in includes. Output: a [`TemplateError`] at the innermost
//! place, without values of variables.

use minijinja::{Environment, Error, ErrorKind};

use super::includes::Includes;
use super::tags;
use crate::error::{Place, TemplateError};
use ::functions::FunctionError;
use gotemplate::redact;

mod broken;
mod hint;
mod message;
mod syntax;
mod undefined;

use broken::{Explanation, Failure};

/// Translates an error of the template `main` or of one of its includes.
pub(super) fn translate(
    error: &Error,
    main: &str,
    includes: &Includes,
    environment: &Environment<'_>,
) -> TemplateError {
    let error = innermost(error);
    let name = error.name().unwrap_or(main);
    let source = includes.source(name).unwrap_or_default();
    let tags = tags::read(&source);
    let failure = Failure {
        error,
        source: &source,
        tags: &tags,
        environment,
        includes,
        is_main: name == main,
    };
    let Explanation {
        at,
        message,
        within,
        hint,
    } = explain(&failure);
    let place = match (at, error.line()) {
        (Some(at), _) => Some(Place::of_byte(&source, at)),
        (None, Some(line)) => Some(Place {
            line: u32::try_from(line).unwrap_or(u32::MAX),
            column: 0,
        }),
        (None, None) => None,
    };
    let shown = includes.shown(name);
    let error = match place {
        Some(place) => TemplateError::at(&shown, &source, place, message),
        None => TemplateError::whole(&shown, message),
    };
    error
        .within(within)
        .with_hint(hint)
        .with_sources(includes.paths())
}

/// The innermost cause that has a place.
fn innermost(error: &Error) -> &Error {
    let mut innermost = error;
    let mut cause = std::error::Error::source(error);
    while let Some(next) = cause {
        if let Some(next) = next
            .downcast_ref::<Error>()
            .filter(|next| next.line().is_some())
        {
            innermost = next;
        }
        cause = next.source();
    }
    innermost
}

/// Explains an error.
fn explain(failure: &Failure<'_>) -> Explanation {
    match failure.error.kind() {
        ErrorKind::SyntaxError => syntax::explain(failure),
        ErrorKind::UndefinedError if failure.detail().is_empty() => undefined::explain(failure),
        _ => {
            // Errors of the library are already redacted.
            let own = std::error::Error::source(failure.error)
                .is_some_and(<dyn std::error::Error>::is::<FunctionError>);
            let message = message::message(failure);
            let message = if own {
                message
            } else {
                redact::quoted(&message, failure.source)
            };
            Explanation {
                at: failure.start(),
                message,
                within: undefined::within(failure, failure.at()),
                hint: hint::hint(failure),
            }
        }
    }
}
