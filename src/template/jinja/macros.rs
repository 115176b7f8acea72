//! The macros that every template can import: `{% import "ctmpl/nginx" as nginx %}`.
//!
//! in:  a name that begins with `ctmpl/`
//! out: the source of the macros, and the format that they write; such a name never is that of a file

use crate::config::resolved::Format;

const PREFIX: &str = "ctmpl/";

const LIBRARY: &[(&str, Format, &str)] = &[
    (
        "ctmpl/nginx",
        Format::Nginx,
        include_str!("macros/nginx.j2"),
    ),
    (
        "ctmpl/haproxy",
        Format::Haproxy,
        include_str!("macros/haproxy.j2"),
    ),
];

/// Whether a name is one of the library's.
pub(super) fn are_named(name: &str) -> bool {
    name.starts_with(PREFIX)
}

/// The source of the macros of this name.
pub(super) fn source(name: &str) -> Option<&'static str> {
    LIBRARY
        .iter()
        .find(|(known, ..)| *known == name)
        .map(|(.., source)| *source)
}

/// The format that the macros of this name write.
pub(super) fn format_of(name: &str) -> Option<Format> {
    if !are_named(name) {
        return None;
    }
    LIBRARY
        .iter()
        .find(|(known, ..)| *known == name)
        .map(|(_, format, _)| *format)
}

/// What can be imported, for an error message. Nothing is quoted: in an error that stands for a value.
pub(super) fn known() -> String {
    LIBRARY
        .iter()
        .map(|(name, ..)| *name)
        .collect::<Vec<_>>()
        .join(" and ")
}
