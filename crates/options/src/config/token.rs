//! Reads a token file.

use std::io;

use secrecy::SecretString;

/// An unusable token file. No message shows its content.
#[derive(Debug, thiserror::Error)]
pub enum TokenError {
    /// It cannot be read.
    #[error("it cannot be read")]
    Unreadable(#[from] io::Error),
    /// It is empty.
    #[error("the token file is empty")]
    Empty,
    /// It contains more than a token.
    #[error(
        "it has characters that no HTTP header can carry; it should hold the token and nothing else"
    )]
    Unsendable,
}

/// The token in the content of a file, without blanks and line ends around it.
///
/// # Errors
/// [`TokenError`] if it contains no valid token.
pub fn read(content: &[u8]) -> Result<SecretString, TokenError> {
    let token = content.trim_ascii();
    if token.is_empty() {
        return Err(TokenError::Empty);
    }
    let text = std::str::from_utf8(token).map_err(|_| TokenError::Unsendable)?;
    if is_sendable(text) {
        Ok(text.into())
    } else {
        Err(TokenError::Unsendable)
    }
}

/// Returns `true` if a header can carry it. Otherwise every request would fail.
pub(super) fn is_sendable(token: &str) -> bool {
    token.bytes().all(|byte| byte.is_ascii_graphic())
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret;

    use super::*;

    #[test]
    fn a_file_holds_one_token() {
        for (content, token) in [
            (&b" abc-1\r\n"[..], "abc-1"),
            (b"x", "x"),
            (b"\n\na=b+/~\n", "a=b+/~"),
        ] {
            assert_eq!(read(content).unwrap().expose_secret(), token);
        }
        for content in [&b""[..], b" \n\t"] {
            assert!(matches!(read(content), Err(TokenError::Empty)));
        }
        for content in [
            &b"s3cret s3cret"[..],
            b"s3cret\nmore",
            b"s3cret\xff",
            "s3cret\u{e4}".as_bytes(),
            b"s3cret\0",
        ] {
            let error = read(content).unwrap_err();
            assert!(matches!(error, TokenError::Unsendable));
            assert!(!format!("{error} {error:?}").contains("s3cret"));
        }
    }
}
