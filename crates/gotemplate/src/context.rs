//! The interface between a template and the program that renders it.

use std::borrow::Cow;
use std::fmt;

use minijinja::Value;

use crate::budget::Budget;
use crate::function_error::FunctionError;

/// Identifies a function of the program: the resolver of [`Template::parse`](crate::Template::parse) returns it, and
/// [`Context::call`] receives it. The number is an index into the program's own table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct FunctionId(pub usize);

/// What a program provides to a rendering: functions, permissions, escaping, and the budget.
///
/// All methods except [`budget`](Self::budget) have defaults. A [`Budget`] itself is a context without functions.
pub trait Context: Sync + fmt::Debug {
    /// The budget of the rendering.
    fn budget(&self) -> &Budget;

    /// Calls a function. A piped argument is the last one. `offset` is the byte offset of the call in the source. The
    /// implementation may replace arguments. Quoted texts of an error that come from the arguments are redacted.
    ///
    /// Nil is none. A nil that is held in an `interface {}`, such as a JSON null, is undefined: Go does not accept it
    /// for a list or a map.
    ///
    /// # Errors
    /// The error of the function, without the name of the function.
    fn call(
        &self,
        function: FunctionId,
        args: &mut [Value],
        offset: usize,
    ) -> Result<Value, FunctionError> {
        let _ = (function, args, offset);
        Err(FunctionError::new("the function has no code"))
    }

    /// Checks whether a function may be called, before its arguments are evaluated.
    ///
    /// # Errors
    /// The reason why the call is denied.
    fn permit(&self, name: &str) -> Result<(), FunctionError> {
        let _ = name;
        Ok(())
    }

    /// Returns `true` if values are escaped where they are printed.
    ///
    /// Then each printed text goes through [`escape`](Self::escape), except those that are marked safe
    /// ([`Value::from_safe_string`]), and `executeTemplate` returns a safe text.
    fn escapes(&self) -> bool {
        false
    }

    /// Returns `true` if an output that is not UTF-8 is an error. Otherwise it has U+FFFD instead of the bytes.
    fn refuses_bytes(&self) -> bool {
        false
    }

    /// Escapes a text that is printed.
    ///
    /// # Errors
    /// The reason why it cannot be printed here.
    fn escape<'a>(&self, text: &'a str) -> Result<Cow<'a, str>, FunctionError> {
        Ok(Cow::Borrowed(text))
    }
}

impl Context for Budget {
    fn budget(&self) -> &Budget {
        self
    }
}
