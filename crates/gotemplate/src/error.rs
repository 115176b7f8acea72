//! The errors of parsing and execution, with their positions.

use std::fmt;

/// The error of a template that cannot be parsed or executed. The text is Go's.
///
/// It shows no value of the data, except numbers and booleans.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Error {
    /// The phase that failed.
    pub phase: Phase,
    /// The line, counted from 1.
    pub line: usize,
    /// The column in bytes, counted from 1. (In Go's text of an execution error it is counted from 0.)
    pub column: usize,
    /// The byte offset in the source.
    pub offset: usize,
    /// The part of Go's text before the message: `template: t:1:2: executing "t" at <.x>: `.
    pub prefix: String,
    /// The message without the prefix.
    pub message: String,
    /// The subject, from which a program can derive a hint.
    pub subject: ErrorSubject,
    /// The innermost `range` or `with` around the failed action.
    pub enclosing: Option<Box<Enclosing>>,
}

/// A `range` or `with`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Enclosing {
    /// The byte offset of its pipeline in the source.
    pub offset: usize,
    /// The keyword and the pipeline: `range .servers`.
    pub text: String,
}

/// The subject of an error.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ErrorSubject {
    /// No name.
    Unnamed,
    /// A function that is unknown or has failed.
    Function(String),
    /// A name that does not exist.
    Unknown(Box<UnknownName>),
    /// A keyword without its `end`.
    Unclosed(&'static str),
}

/// A name that does not exist.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnknownName {
    /// The kind of name that was looked up.
    pub kind: NameKind,
    /// The name.
    pub name: String,
    /// The names that exist. They come from the template or from a schema, never from data.
    pub known: Vec<String>,
}

/// What a name in a template refers to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NameKind {
    /// A field of a record.
    Field,
    /// A field of a list.
    FieldOfList,
    /// A field of a string, a number or a boolean.
    FieldOfScalar,
    /// A variable.
    Variable,
    /// A defined template.
    Template,
}

impl ErrorSubject {
    pub(super) fn unknown(kind: NameKind, name: &str, known: Vec<String>) -> Self {
        Self::Unknown(Box::new(UnknownName {
            kind,
            name: name.to_owned(),
            known,
        }))
    }
}

impl Error {
    /// The function that is unknown or has failed, if the error is about one.
    #[must_use]
    pub fn function(&self) -> Option<&str> {
        match &self.subject {
            ErrorSubject::Function(name) => Some(name),
            _ => None,
        }
    }
}

/// The phase in which an error occurred.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// Parsing: the template is not well formed.
    Parse,
    /// Execution: the template is well formed, but fails with this data.
    Execute,
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", self.prefix, self.message)
    }
}

impl std::error::Error for Error {}

/// The result of parsing or executing a part of a template.
pub(super) type Result<T, E = BoxedError> = std::result::Result<T, E>;

/// An [`Error`] in a box: unboxed, it would make every `Result` of the parser and the evaluator large.
#[derive(Debug)]
pub(super) struct BoxedError(Box<Error>);

impl BoxedError {
    /// The same error with this function as its subject.
    #[must_use]
    pub(super) fn for_function(self, name: &str) -> Self {
        self.with_subject(ErrorSubject::Function(name.to_owned()))
    }

    /// The same error at another position, which Go's text does not show.
    #[must_use]
    pub(super) fn at_offset(mut self, source: &str, offset: usize) -> Self {
        (self.0.line, self.0.column) = line_and_column(source, offset);
        self.0.offset = offset;
        self
    }

    /// The same error with another subject.
    #[must_use]
    pub(super) fn with_subject(mut self, subject: ErrorSubject) -> Self {
        self.0.subject = subject;
        self
    }
}

impl From<Error> for BoxedError {
    fn from(error: Error) -> Self {
        Self(Box::new(error))
    }
}

impl From<BoxedError> for Error {
    fn from(BoxedError(error): BoxedError) -> Self {
        *error
    }
}

/// The line and the column of a byte offset, both counted from 1.
pub(super) fn line_and_column(source: &str, offset: usize) -> (usize, usize) {
    let before = source.get(..offset).unwrap_or(source);
    let column = before
        .rfind('\n')
        .map_or(before.len(), |at| before.len() - at - 1)
        + 1;
    (1 + before.matches('\n').count(), column)
}
