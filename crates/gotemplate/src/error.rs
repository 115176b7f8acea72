//! What can be wrong with a template, and where.

use std::fmt;

/// Why a template cannot be parsed or executed, with Go's own words.
///
/// The text names no value that came in as data, save numbers and truth values.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Error {
    /// Whether the template could not be parsed, or not be executed.
    pub phase: Phase,
    /// The line, from 1 on.
    pub line: usize,
    /// The column in bytes, from 1 on. (The one in Go's text of an execution error counts from 0.)
    pub column: usize,
    /// The offset into the template in bytes.
    pub offset: usize,
    /// What comes before the message in Go's text: `template: t:1:2: executing "t" at <.x>: `.
    pub prefix: String,
    /// The message without the prefix.
    pub message: String,
    /// What it is about, for those who want to help.
    pub about: About,
    /// The `range` or `with` that was being executed: where its pipeline is, and both as written.
    pub around: Option<Box<(usize, String)>>,
}

/// What an error is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum About {
    /// Nothing that has a name.
    Nothing,
    /// This function is unknown, or has failed.
    Function(String),
    /// There is no such thing.
    Unknown(Box<Unknown>),
    /// This keyword opens what nothing closes.
    Unclosed(&'static str),
}

/// Something that there is not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unknown {
    /// What kind of thing it would be.
    pub thing: Thing,
    /// The name it was given.
    pub name: String,
    /// The names of those that there are; they come from the template or from a schema, never from data.
    pub known: Vec<String>,
}

/// What has a name in a template.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Thing {
    /// A field of a record.
    Field,
    /// A field of a list.
    FieldOfList,
    /// A field of a text, a number or a truth value.
    FieldOfScalar,
    /// A variable.
    Variable,
    /// A defined template.
    Template,
}

impl About {
    pub(super) fn unknown(thing: Thing, name: &str, known: Vec<String>) -> Self {
        Self::Unknown(Box::new(Unknown {
            thing,
            name: name.to_owned(),
            known,
        }))
    }
}

impl Error {
    /// The function that is unknown or that has failed.
    #[must_use]
    pub fn function(&self) -> Option<&str> {
        match &self.about {
            About::Function(name) => Some(name),
            _ => None,
        }
    }
}

/// Where an error shows up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// The template is not well formed.
    Parse,
    /// The template is well formed, but it cannot be executed with this data.
    Execute,
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", self.prefix, self.message)
    }
}

impl std::error::Error for Error {}

/// The result of a step.
pub(super) type Outcome<T> = Result<T, Failure>;

/// An error on its way out, in a box, for it is far larger than what the steps yield.
#[derive(Debug)]
pub(super) struct Failure(Box<Error>);

impl Failure {
    /// The same error, which is about this function.
    #[must_use]
    pub(super) fn of_function(self, name: &str) -> Self {
        self.about(About::Function(name.to_owned()))
    }

    /// The same error at another place, which Go's text does not name.
    #[must_use]
    pub(super) fn at(mut self, source: &str, offset: usize) -> Self {
        (self.0.line, self.0.column) = line_and_column(source, offset);
        self.0.offset = offset;
        self
    }

    /// The same error, which is about this.
    #[must_use]
    pub(super) fn about(mut self, about: About) -> Self {
        self.0.about = about;
        self
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self(Box::new(error))
    }
}

impl From<Failure> for Error {
    fn from(Failure(error): Failure) -> Self {
        *error
    }
}

/// Line and column of a byte offset, both from 1 on.
pub(super) fn line_and_column(source: &str, offset: usize) -> (usize, usize) {
    let before = source.get(..offset).unwrap_or(source);
    let column = before
        .rfind('\n')
        .map_or(before.len(), |at| before.len() - at - 1)
        + 1;
    (1 + before.matches('\n').count(), column)
}
