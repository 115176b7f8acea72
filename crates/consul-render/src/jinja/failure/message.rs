//! The messages of errors in Jinja templates.

use minijinja::ErrorKind;

use super::broken::{Failure, is_no_number, quoted, unknown};
use crate::functions::unsupported;
use crate::hints;
use crate::jinja::limits::FUEL;

/// The message of an error, without values of variables.
pub(super) fn message(failure: &Failure<'_>) -> String {
    let detail = failure.detail();
    match failure.error.kind() {
        ErrorKind::OutOfFuel => {
            format!("the template does not come to an end: it takes more than {FUEL} steps")
        }
        kind if detail.is_empty() => kind.to_string(),
        ErrorKind::UnknownFunction => {
            hints::absent::message(unknown(detail), unsupported::in_jinja(unknown(detail)))
        }
        ErrorKind::UnknownFilter => format!("filter {:?} not defined", unknown(detail)),
        ErrorKind::UnknownTest => format!("test {:?} not defined", unknown(detail)),
        ErrorKind::TemplateNotFound => match quoted(detail) {
            // A computed name may contain values.
            Some(name) if failure.source.contains(name) => {
                format!("there is no template {name:?} to include")
            }
            _ => "there is no template of this name to include".to_owned(),
        },
        ErrorKind::InvalidOperation if detail.starts_with("cycle in template inheritance") => {
            format!(
                "these templates extend each other: {:?} comes a second time",
                quoted(detail).unwrap_or_default()
            )
        }
        ErrorKind::InvalidOperation if detail.contains("recursion limit") => {
            "macros and includes are nested too deep; does one of them call itself?".to_owned()
        }
        ErrorKind::InvalidOperation if detail.ends_with("is not callable") => {
            match failure.called() {
                Some(name) if detail.contains("undefined") => format!("{name:?} is not defined"),
                _ => detail.to_owned(),
            }
        }
        ErrorKind::UnknownMethod => match detail.rsplit_once(" has no method named ") {
            Some((kind, name)) => format!("a {kind} has no method {name:?}"),
            None => detail.to_owned(),
        },
        // Messages with this prefix show the operands.
        _ if detail.starts_with("unable to calculate") => {
            "the result of this calculation is out of range, or a division by zero".to_owned()
        }
        ErrorKind::InvalidOperation if is_no_number(detail) => {
            "the text is not a number".to_owned()
        }
        ErrorKind::InvalidOperation | ErrorKind::UndefinedError => detail.to_owned(),
        kind => format!("{kind}: {detail}"),
    }
}
