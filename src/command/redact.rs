//! Redacts the token and the password in the log lines of a command.
//!
//! Input: the exported variables, and a line. Output: the line with `***` in place of secrets.

use secrecy::{ExposeSecret as _, SecretString};

/// The environment variables that contain a secret.
const SECRET_VARIABLES: [&str; 2] = ["CONSUL_HTTP_TOKEN", "CONSUL_HTTP_AUTH"];
/// The minimum length of a redacted secret: shorter ones would match ordinary words.
const MIN_LEN: usize = 4;

/// The secrets of one command, longest first, because one may be part of another.
#[derive(Clone, Debug)]
pub(super) struct Redactor(Vec<SecretString>);

impl Redactor {
    pub(super) fn new(environment: &[(String, SecretString)]) -> Self {
        let values = environment
            .iter()
            .filter(|(name, _)| SECRET_VARIABLES.contains(&name.as_str()));
        let mut secrets = Vec::new();
        for (_, value) in values {
            // `USER:PASSWORD`; a token has no colon.
            let parts = value
                .expose_secret()
                .split_once(':')
                .map(|(_, password)| password);
            secrets.extend(
                parts
                    .into_iter()
                    .chain([value.expose_secret()])
                    .filter(|text| text.len() >= MIN_LEN),
            );
        }
        secrets.sort_by_key(|text| std::cmp::Reverse(text.len()));
        Self(secrets.into_iter().map(SecretString::from).collect())
    }

    /// Replaces the secrets in a text.
    pub(super) fn redact(&self, text: &str) -> String {
        let replace = |text: String, secret: &SecretString| {
            let secret = secret.expose_secret();
            if text.contains(secret) {
                text.replace(secret, "***")
            } else {
                text
            }
        };
        self.0.iter().fold(text.to_owned(), replace)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_token_and_password_are_redacted() {
        let environment = [
            ("CONSUL_HTTP_TOKEN", "s3cret-token"),
            ("CONSUL_HTTP_AUTH", "user:s3cret"),
            ("CONSUL_HTTP_ADDR", "127.0.0.1:8500"),
        ]
        .map(|(name, value)| (name.to_owned(), SecretString::from(value)));
        let redactor = Redactor::new(&environment);
        assert_eq!(
            redactor.redact("user:s3cret s3cret-token, s3cret; user at 127.0.0.1:8500"),
            "*** ***, ***; user at 127.0.0.1:8500"
        );
        assert!(!format!("{redactor:?}").contains("s3cret"));
        let short = [("CONSUL_HTTP_AUTH".to_owned(), SecretString::from("a:e"))];
        assert_eq!(Redactor::new(&short).redact("a reload"), "a reload");
    }
}
