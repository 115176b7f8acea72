//! The built-in macros, which every template can import: `{% import "ctmpl/nginx" as nginx %}`.
//!
//! Input: a name that begins with `ctmpl/`. Output: the source of the macros, and the format of
//! their output. Such a name never refers to a file.

use file_formats::Format;

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

/// Returns `true` if a name refers to built-in macros.
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

/// The format of the output of these macros.
pub(super) fn format_of(name: &str) -> Option<Format> {
    if !are_named(name) {
        return None;
    }
    LIBRARY
        .iter()
        .find(|(known, ..)| *known == name)
        .map(|(_, format, _)| *format)
}

/// The names, for an error message. They are not quoted, because quoted text is redacted as a value.
pub(super) fn known() -> String {
    LIBRARY
        .iter()
        .map(|(name, ..)| *name)
        .collect::<Vec<_>>()
        .join(" and ")
}
