//! What a command was given and is not to tell.
//!
//! in:  its environment
//! out: what it prints, with `***` in the place of the token and the password

use secrecy::{ExposeSecret as _, SecretString};

/// The variables that hold a secret.
const SECRET: [&str; 2] = ["CONSUL_HTTP_TOKEN", "CONSUL_HTTP_AUTH"];
/// What is shorter is a word that may stand anywhere.
const SHORTEST: usize = 4;

/// The secrets of one command, the longest first: one may be a part of another.
#[derive(Clone, Debug)]
pub(super) struct Secrets(Vec<SecretString>);

impl Secrets {
    pub(super) fn of(environment: &[(String, SecretString)]) -> Self {
        let values = environment
            .iter()
            .filter(|(name, _)| SECRET.contains(&name.as_str()));
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
                    .filter(|text| text.len() >= SHORTEST),
            );
        }
        secrets.sort_by_key(|text| std::cmp::Reverse(text.len()));
        Self(secrets.into_iter().map(SecretString::from).collect())
    }

    /// The text without them.
    pub(super) fn hidden_in(&self, text: &str) -> String {
        let hide = |text: String, secret: &SecretString| {
            let secret = secret.expose_secret();
            if text.contains(secret) {
                text.replace(secret, "***")
            } else {
                text
            }
        };
        self.0.iter().fold(text.to_owned(), hide)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn token_and_password_are_hidden_and_nothing_else() {
        let environment = [
            ("CONSUL_HTTP_TOKEN", "s3cret-token"),
            ("CONSUL_HTTP_AUTH", "user:s3cret"),
            ("CONSUL_HTTP_ADDR", "127.0.0.1:8500"),
        ]
        .map(|(name, value)| (name.to_owned(), SecretString::from(value)));
        let secrets = Secrets::of(&environment);
        assert_eq!(
            secrets.hidden_in("user:s3cret s3cret-token, s3cret; user at 127.0.0.1:8500"),
            "*** ***, ***; user at 127.0.0.1:8500"
        );
        assert!(!format!("{secrets:?}").contains("s3cret"));
        let short = [("CONSUL_HTTP_AUTH".to_owned(), SecretString::from("a:e"))];
        assert_eq!(Secrets::of(&short).hidden_in("a reload"), "a reload");
    }
}
