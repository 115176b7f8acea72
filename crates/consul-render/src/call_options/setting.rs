//! The value of an option.

use std::time::Duration;

use go_duration::GoDuration;

/// The value of an option: a text, a number, or a list of texts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Setting<'a> {
    /// `tag=a,b`, `shuffle=true`.
    Text(&'a str),
    /// `min=2` in Jinja.
    Number(i64),
    /// `tag=["a", "b"]` in Jinja.
    List(Vec<String>),
}

impl Setting<'_> {
    /// Reads `true` or `false`.
    ///
    /// # Errors
    /// If it is neither.
    pub fn flag(&self, name: &str) -> Result<bool, String> {
        match self {
            Self::Text("true") => Ok(true),
            Self::Text("false") => Ok(false),
            _ => Err(format!("{name} is true or false")),
        }
    }

    /// Reads one of these words.
    ///
    /// # Errors
    /// If it is none of them.
    pub(crate) fn word<T: Copy>(&self, name: &str, words: &[(&str, T)]) -> Result<T, String> {
        let known = |text: &str| {
            words
                .iter()
                .find(|(word, _)| *word == text)
                .map(|(_, meaning)| *meaning)
        };
        let found = if let Self::Text(text) = self {
            known(text)
        } else {
            None
        };
        found.ok_or_else(|| {
            let words: Vec<_> = words.iter().map(|(word, _)| format!("{word:?}")).collect();
            format!("{name} is {}", words.join(" or "))
        })
    }

    /// Reads a time.
    ///
    /// # Errors
    /// If it is none.
    pub(crate) fn span(&self, name: &str) -> Result<Duration, String> {
        let read = if let Self::Text(text) = self {
            text.parse::<GoDuration>().ok()
        } else {
            None
        };
        read.map(|GoDuration(time)| time)
            .ok_or_else(|| format!("{name} is a time such as \"5s\" or \"1m30s\""))
    }

    /// Reads a number of items.
    ///
    /// # Errors
    /// If it is no number, or below 1.
    pub(crate) fn count(&self, name: &str) -> Result<usize, String> {
        let count = match self {
            Self::Text(text) => text.parse().ok(),
            Self::Number(number) => usize::try_from(*number).ok(),
            Self::List(_) => None,
        };
        let count = count.filter(|count| *count > 0);
        count.ok_or_else(|| format!("{name} is a number from 1"))
    }
}
