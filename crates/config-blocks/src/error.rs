//! The errors of a configuration, with the origin of the value.
//!
//! The cause is the source of an error: print the whole chain. No message shows a value that may be a secret.

use std::io;
use std::path::PathBuf;
use std::str::FromStr;
use std::sync::Arc;

use crate::format::Format;
use crate::origin::{Document, Located, Origin, Span};
use crate::tree::Malformed;

/// Why a value cannot be used: a [`ValueError`], or the error of the type that parses it.
pub type Reason = Box<dyn std::error::Error + Send + Sync>;

/// A configuration that cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// An invalid value.
    #[error("cannot use {origin}")]
    Value {
        /// Its origin.
        origin: Origin,
        /// The reason.
        source: Reason,
    },
    /// A file or directory that cannot be read.
    #[error("cannot read the configuration {}", path.display())]
    Unreadable {
        /// The file or directory.
        path: PathBuf,
        /// The reason.
        source: io::Error,
    },
    /// A syntax error.
    #[error("cannot read the configuration {span} as {format}: {reason}")]
    Malformed {
        /// Its position.
        span: Arc<Span>,
        /// The name of the format.
        format: &'static str,
        /// The reason.
        reason: String,
    },
}

/// A value that cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ValueError {
    /// Not a bool.
    #[error("{0:?} is neither true nor false")]
    Boolean(String),
    /// Not UTF-8.
    #[error("it is not UTF-8")]
    NotText,
    /// Not a whole number.
    #[error("it is not a whole number in digits only")]
    Number,
    /// A number with a fraction, or one that is too large.
    #[error("{0} is not a valid whole number")]
    NotWhole(String),
    /// A number out of range.
    #[error("{0} is out of range")]
    Range(i64),
    /// A value of another kind than the key takes.
    #[error("it is {found}, and should be {expected}")]
    WrongKind {
        /// The kind that the key takes.
        expected: &'static str,
        /// The kind of the value; never the value itself.
        found: &'static str,
    },
    /// A key that does not exist.
    #[error("there is no such key{}", offered(similar.as_deref(), known))]
    UnknownKey {
        /// The most similar known key.
        similar: Option<String>,
        /// All keys of the block.
        known: Vec<&'static str>,
    },
    /// A key that is set more than once.
    #[error("it is set {count} times, first on line {first}; set it once")]
    Repeated {
        /// The number of times.
        count: usize,
        /// The line of the first.
        first: usize,
    },
    /// A label of a block that takes none.
    #[error("{block} takes no label; write `{block} {{`")]
    Label {
        /// The name of the block.
        block: String,
    },
    /// A block without the label that it needs.
    #[error("a label is missing: each block has one, as in `{block} \"LABEL\" {{`")]
    NoLabel {
        /// The name of the block.
        block: &'static str,
    },
    /// An invalid label.
    #[error(
        "a label has at most 64 letters, digits, dashes, underscores and dots, and begins with a letter or a digit"
    )]
    InvalidLabel,
    /// A block that no flag can set.
    #[error("no flag sets this block; write it into a file")]
    NoFlag,
    /// Two names of one key.
    #[error("{one} and {other} mean the same; set one of them")]
    Both {
        /// One.
        one: &'static str,
        /// The other.
        other: &'static str,
    },
}

fn offered(similar: Option<&str>, known: &[&str]) -> String {
    match similar {
        Some(name) => format!("; did you mean {name}?"),
        None => format!("; there are {}", known.join(", ")),
    }
}

impl Error {
    /// A syntax error in a document.
    pub(crate) fn malformed(document: Document, format: Option<Format>, error: Malformed) -> Self {
        let Malformed { line, reason } = error;
        let span = Span {
            line,
            ..Span::whole(document)
        };
        Self::Malformed {
            span: Arc::new(span),
            format: format.map_or("text", Format::name),
            reason,
        }
    }
}

impl Origin {
    /// An error: the value from here cannot be used.
    pub fn refuse(&self, reason: impl Into<Reason>) -> Error {
        Error::Value {
            origin: self.clone(),
            source: reason.into(),
        }
    }
}

impl<T> Located<T> {
    /// Converts the value.
    ///
    /// # Errors
    /// The error of the conversion, with the origin of the value.
    pub fn try_map<U, E: Into<Reason>>(
        self,
        convert: impl FnOnce(T) -> Result<U, E>,
    ) -> Result<U, Error> {
        let Self { value, origin } = self;
        convert(value).map_err(|error| origin.refuse(error))
    }
}

impl Located<String> {
    /// Parses the text.
    ///
    /// # Errors
    /// The error of the parser, with the origin of the text.
    pub fn parse<T: FromStr<Err: Into<Reason>>>(self) -> Result<T, Error> {
        self.try_map(|text| text.parse())
    }
}
