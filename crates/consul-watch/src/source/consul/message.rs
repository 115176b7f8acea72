//! The text of a server in the body of an error.

/// The body of an error, if it is one short line of text; else empty.
pub(super) fn message_of(body: &[u8]) -> &str {
    let text = std::str::from_utf8(body).unwrap_or_default().trim();
    if text.starts_with('<') || text.contains('\n') || text.len() > 300 {
        ""
    } else {
        text
    }
}
