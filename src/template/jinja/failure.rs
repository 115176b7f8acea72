//! Errors of minijinja, as they are told.
//!
//! in:  an error, with a chain of causes through the includes
//! out: a [`TemplateError`] at the innermost place, without any value of a variable

use minijinja::{Environment, Error, ErrorKind};

use super::FUEL;
use super::includes::Includes;
use crate::template::error::{Place, TemplateError};
use crate::template::{functions, hints};

/// Tells an error of the template `main` or of one that it includes.
pub(super) fn told(error: &Error, main: &str, includes: &Includes, environment: &Environment<'_>) -> TemplateError {
    let error = innermost(error);
    let name = error.name().unwrap_or(main);
    let source = includes.source(name).unwrap_or_default();
    let at = error.range().map(|range| source.get(range).unwrap_or_default()).unwrap_or_default();
    let message = message(error, at, &source);
    let hint = hint(error, at, &source, environment);
    let place = match (error.range(), error.line()) {
        (Some(range), Some(_)) => Some(Place::of_byte(&source, range.start)),
        (None, Some(line)) => Some(Place { line: u32::try_from(line).unwrap_or(u32::MAX), column: 0 }),
        _ => None,
    };
    let shown = includes.shown(name);
    let told = match place {
        Some(place) => TemplateError::at(&shown, &source, place, message),
        None => TemplateError::whole(&shown, message),
    };
    told.with_hint(hint).with_sources(includes.paths())
}

/// The cause of all causes that minijinja knows of.
fn innermost(error: &Error) -> &Error {
    let mut innermost = error;
    let mut cause = std::error::Error::source(error);
    while let Some(next) = cause {
        if let Some(next) = next.downcast_ref::<Error>() {
            innermost = next;
        }
        cause = next.source();
    }
    innermost
}

fn message(error: &Error, at: &str, source: &str) -> String {
    let detail = error.detail().unwrap_or_default();
    match error.kind() {
        ErrorKind::UndefinedError if detail.is_empty() && short(at) => format!("{at} is undefined"),
        ErrorKind::UnknownFunction if hints::forbidden(unknown(detail)).is_some() => {
            format!("function {:?} is not allowed", unknown(detail))
        }
        ErrorKind::UnknownFunction => format!("function {:?} not defined", unknown(detail)),
        ErrorKind::UnknownFilter => format!("filter {:?} not defined", unknown(detail)),
        ErrorKind::UnknownTest => format!("test {:?} not defined", unknown(detail)),
        ErrorKind::OutOfFuel => format!("the template does not come to an end: it takes more than {FUEL} steps"),
        ErrorKind::TemplateNotFound => match quoted(detail) {
            // A name that was computed may be made of values.
            Some(name) if source.contains(name) => format!("there is no template {name:?} to include"),
            _ => "there is no template of this name to include".to_owned(),
        },
        ErrorKind::InvalidOperation if detail.contains("recursion limit") => {
            "macros and includes are nested too deep; does one of them call itself?".to_owned()
        }
        // These show the operands.
        _ if detail.starts_with("unable to calculate") => "the result of this calculation is out of range".to_owned(),
        ErrorKind::InvalidOperation | ErrorKind::UndefinedError if !detail.is_empty() => detail.to_owned(),
        kind if detail.is_empty() => kind.to_string(),
        kind => format!("{kind}: {detail}"),
    }
}

fn hint(error: &Error, at: &str, source: &str, environment: &Environment<'_>) -> Option<String> {
    let detail = error.detail().unwrap_or_default();
    match error.kind() {
        ErrorKind::SyntaxError => hints::for_jinja(source),
        ErrorKind::UnknownFunction if hints::forbidden(unknown(detail)).is_some() => {
            hints::forbidden(unknown(detail)).map(|(_, hint)| hint)
        }
        ErrorKind::UnknownFunction => {
            hints::for_jinja_name(unknown(detail), environment.globals().map(|(name, _)| name))
        }
        ErrorKind::UnknownFilter => hints::for_jinja_name(unknown(detail), [].into_iter()),
        ErrorKind::InvalidOperation if detail.ends_with("is not callable") => {
            let name = at.split('(').next().unwrap_or_default().trim();
            let function = functions::named_in_jinja(name)?;
            Some(format!("a variable {:?} hides the function of that name; rename the variable", function.jinja))
        }
        _ => None,
    }
}

/// The name in `NAME is unknown`, `filter NAME is unknown`.
fn unknown(detail: &str) -> &str {
    let name = detail.strip_suffix(" is unknown").unwrap_or(detail);
    name.rsplit(' ').next().unwrap_or(name)
}

fn quoted(detail: &str) -> Option<&str> {
    detail.split(['"', '\'']).nth(1)
}

fn short(text: &str) -> bool {
    !text.is_empty() && text.len() <= 60 && !text.contains('\n')
}
