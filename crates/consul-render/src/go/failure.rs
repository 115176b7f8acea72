//! Translates errors of the Go engine.
//!
//! Input: an [`Error`] with Go's message. Output: a [`TemplateError`] at its place, with the
//! enclosing construct and a hint.

use crate::error::{Place, TemplateError};
use crate::functions::{self, unsupported};
use crate::hints::{self, absent};
use gotemplate::{Error, ErrorSubject, NameKind, Phase};

/// Translates an error of the template `name`.
pub fn translate(name: &str, source: &str, error: &Error) -> TemplateError {
    let place = Place::of_byte(source, error.offset);
    TemplateError::at(name, source, place, message(error))
        .within(within(source, error))
        .with_hint(hint(source, error))
}

/// Go's message, except where it is unclear or repeats itself.
fn message(error: &Error) -> String {
    match &error.subject {
        ErrorSubject::Unclosed(keyword) => format!("{{{{{keyword}}}}} has no {{{{end}}}}"),
        ErrorSubject::Unknown(unknown) if unknown.kind == NameKind::Template => {
            format!("template {:?} not defined", unknown.name)
        }
        ErrorSubject::Function(name) if error.phase == Phase::Parse => {
            absent::message(name, unsupported::in_go(name))
        }
        ErrorSubject::Function(name) => {
            let calling = format!("error calling {name}: ");
            match error.message.strip_prefix(&format!("{calling}{name}: ")) {
                Some(why) => calling + why,
                None if is_absent(name, error) => absent::message(name, unsupported::in_go(name)),
                None => error.message.clone(),
            }
        }
        // Go's text goes on with the line where the action starts, which is the place here.
        _ if error.message.starts_with("unclosed action") => "unclosed action".to_owned(),
        _ => error.message.clone(),
    }
}

/// Returns `true` if the function is unknown, unsupported or not allowed.
fn is_absent(name: &str, error: &Error) -> bool {
    let failed = || absent::message(name, unsupported::in_go(name));
    error.phase == Phase::Parse || error.message == format!("error calling {name}: {}", failed())
}

/// The enclosing `range` or `with`, or the declaration of the variable at the place.
fn within(source: &str, error: &Error) -> Option<String> {
    if error.phase == Phase::Parse {
        return None;
    }
    let at = source.get(error.offset..).unwrap_or_default();
    // For `$s.Address`, the place is the dot.
    let before = source.get(..error.offset).unwrap_or_default();
    let name = before
        .rsplit(|c: char| !c.is_alphanumeric() && !matches!(c, '_' | '$'))
        .next()
        .unwrap_or_default();
    if at.starts_with('.') && name.len() > 1 && name.starts_with('$') {
        return declaration(before, name);
    }
    let enclosing = error.enclosing.as_deref()?;
    let line = Place::of_byte(source, enclosing.offset).line;
    Some(format!("line {line}: {}", enclosing.text))
}

/// The source of the action that declares a variable.
fn declaration(before: &str, name: &str) -> Option<String> {
    let uses = before.rmatch_indices(name).filter(|(at, _)| {
        let after = before[at + name.len()..].trim_start();
        let after = match after.strip_prefix(',') {
            Some(second) => second
                .trim_start()
                .trim_start_matches(|c: char| c.is_alphanumeric() || matches!(c, '_' | '$')),
            None => after,
        };
        after.trim_start().starts_with(":=")
    });
    let at = uses.map(|(at, _)| at).next()?;
    let begin = before[..at].rfind("{{").map_or(at, |at| at + 2);
    let action = before[begin..]
        .split("}}")
        .next()?
        .trim_matches(|c: char| c == '-' || c.is_whitespace());
    let line = Place::of_byte(before, begin).line;
    (!action.contains('\n')).then(|| format!("line {line}: {action}"))
}

fn hint(source: &str, error: &Error) -> Option<String> {
    let at = source.get(error.offset..).unwrap_or_default();
    if let ErrorSubject::Function(name) = &error.subject
        && is_absent(name, error)
    {
        // This remedy is certain, so it has priority.
        if let Some(remedy) = absent::remedy(name, unsupported::in_go(name)) {
            return Some(remedy);
        }
    }
    match (error.phase, &error.subject) {
        (Phase::Parse, _) if hints::is_jinja(source) => Some(hints::LOOKS_LIKE_JINJA.to_owned()),
        (Phase::Parse, ErrorSubject::Function(name)) => {
            let hint = hints::go::for_function(name, at, source);
            Some(hint.unwrap_or_else(|| absent::ALL_FUNCTIONS.to_owned()))
        }
        (_, ErrorSubject::Unknown(unknown)) => hints::go::for_unknown(unknown, at),
        (Phase::Parse, _) => hints::go::for_syntax(&error.message, at),
        (Phase::Execute, ErrorSubject::Function(name)) => functions::named_in_go(name)
            .and_then(|function| hints::for_failed(function, name, &error.message))
            .or_else(|| hints::go::for_execution(&error.message)),
        (Phase::Execute, _) => hints::go::for_execution(&error.message),
    }
}
