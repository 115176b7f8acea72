//! The token file, whose content may change.
//!
//! Input: the content of the file, or the error of reading it. Output: the token to use, if it has
//! changed.

use std::path::PathBuf;

use ctmpl_options::config::token::TokenError;
use error_line::chain;
use secrecy::{ExposeSecret, SecretString};

/// The token file and its last content.
#[derive(Debug)]
pub(super) struct TokenFile {
    path: Option<PathBuf>,
    token: Option<SecretString>,
    /// The last logged error, so that it is not logged twice.
    last_error: Option<String>,
}

impl TokenFile {
    /// Creates a token file with its present content.
    pub(super) fn new(path: Option<PathBuf>, token: Option<SecretString>) -> Self {
        Self {
            path,
            token,
            last_error: None,
        }
    }

    /// The path of the file; `None` if the token is not from a file.
    pub(super) fn path(&self) -> Option<&PathBuf> {
        self.path.as_ref()
    }

    /// Switches to another file with its content.
    pub(super) fn follow(&mut self, path: Option<PathBuf>, token: Option<SecretString>) {
        if path != self.path {
            self.last_error = None;
        }
        (self.path, self.token) = (path, token);
    }

    /// Handles the content of the file. Returns the token if it has changed. An unusable token
    /// changes nothing.
    pub(super) fn read(&mut self, read: &Result<SecretString, TokenError>) -> Option<SecretString> {
        let path = self.path.as_ref()?.display();
        match read {
            Ok(token) => {
                self.last_error = None;
                let same = self
                    .token
                    .as_ref()
                    .is_some_and(|own| own.expose_secret() == token.expose_secret());
                if same {
                    return None;
                }
                tracing::info!(
                    name: "token.changed", file = %path,
                    "the token file {path} holds another token, which is used from now on"
                );
                self.token = Some(token.clone());
                Some(token.clone())
            }
            Err(error) => {
                let last_error = chain(error);
                if self.last_error.as_ref() != Some(&last_error) {
                    tracing::warn!(
                        name: "token.refused", file = %path, error = last_error,
                        "cannot use the token file {path}: {last_error}; the old token stays in use"
                    );
                    self.last_error = Some(last_error);
                }
                None
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bad_file_keeps_the_old_token_and_is_logged_once() {
        let mut file = TokenFile::new(Some("/t".into()), Some("one".into()));
        let used = |used: Option<SecretString>| used.map(|token| token.expose_secret().to_owned());
        assert_eq!(
            used(file.read(&Ok("one".into()))),
            None,
            "the token is the same"
        );
        for _ in 0..2 {
            assert_eq!(used(file.read(&Err(TokenError::Empty))), None);
            assert_eq!(file.last_error.as_deref(), Some("the token file is empty"));
        }
        assert_eq!(
            used(file.read(&Ok("one".into()))),
            None,
            "the kept token needs no change"
        );
        assert_eq!(file.last_error, None, "the next error is logged again");
        assert_eq!(used(file.read(&Ok("two".into()))).as_deref(), Some("two"));
        assert_eq!(used(file.read(&Ok("two".into()))), None);
        assert!(!format!("{file:?}").contains("two"));
    }
}
