//! Where a value comes from.

use std::fmt;
use std::path::Path;
use std::sync::Arc;

/// Where a value comes from.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Origin {
    /// It is the default.
    #[default]
    Default,
    /// This flag.
    Flag(&'static str),
    /// This environment variable.
    Variable(&'static str),
    /// A key of a document.
    File(Arc<Span>),
}

/// A position in a document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Span {
    /// The document.
    pub document: Document,
    /// The line, from 1; 0: not known.
    pub line: usize,
    /// The key with those around it: `server.tls.cert`, `site[2].root`; empty: the whole document.
    pub key: String,
}

/// A text with a configuration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Document {
    /// A file.
    File(Arc<Path>),
    /// An environment variable.
    Variable(&'static str),
}

/// A value with its origin.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Located<T> {
    /// The value.
    pub value: T,
    /// Its origin.
    pub origin: Origin,
}

/// A value that is not in force, because a higher layer sets another one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Overridden {
    /// The origin of the value.
    pub origin: Origin,
    /// The origin of the value in force; `None`: there is none, because another key replaces this one.
    pub by: Option<Origin>,
}

impl<T> Located<T> {
    /// The same origin with another value.
    pub fn map<U>(self, change: impl FnOnce(T) -> U) -> Located<U> {
        Located {
            value: change(self.value),
            origin: self.origin,
        }
    }
}

impl Origin {
    /// This origin, or that of a lower layer if this one is the default.
    #[must_use]
    pub fn or(self, lower: Self) -> Self {
        match self {
            Self::Default => lower,
            own => own,
        }
    }

    /// A value with this origin.
    pub fn locate<T>(&self, value: T) -> Located<T> {
        Located {
            value,
            origin: self.clone(),
        }
    }
}

impl Span {
    /// A whole document.
    #[must_use]
    pub fn whole(document: Document) -> Self {
        Self {
            document,
            line: 0,
            key: String::new(),
        }
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => f.write_str("the default"),
            Self::Flag(name) => f.write_str(name),
            Self::Variable(name) => write!(f, "{name} of the environment"),
            Self::File(span) if span.key.is_empty() => write!(f, "{span}"),
            Self::File(span) => write!(f, "{} in {span}", span.key),
        }
    }
}

/// The document and the line, without the key.
impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            document,
            line,
            key: _,
        } = self;
        match (document, line) {
            (Document::File(path), 0) => write!(f, "{}", path.display()),
            (Document::File(path), line) => write!(f, "{}:{line}", path.display()),
            (Document::Variable(name), 0) => write!(f, "{name} of the environment"),
            (Document::Variable(name), line) => write!(f, "{name} of the environment, line {line}"),
        }
    }
}
