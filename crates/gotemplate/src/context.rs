//! The interface between a template and the program that renders it.

use std::borrow::Cow;
use std::fmt;

use minijinja::Value;

use crate::budget::Budget;
use crate::function_error::FunctionError;

/// A function of the program, as [`Template::parse`](crate::Template::parse) has it resolved and
/// [`Context::call`] gets it: an index into the program's own table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct FunctionId(pub usize);

/// The functions and the work that a rendering may use.
///
/// All methods but [`budget`](Self::budget) have defaults, so a template without functions needs only those four lines.
/// [`Budget`] itself is such a context.
pub trait Context: Sync + fmt::Debug {
    /// The work that the rendering may do.
    fn budget(&self) -> &Budget;

    /// Calls a function. A piped argument is the last one. The implementation may replace arguments before it reads
    /// them; quoted texts in an error that come from the arguments are redacted. The call begins at byte `at` of the
    /// source.
    ///
    /// # Errors
    /// The error of the function, without the name of the function.
    fn call(
        &self,
        function: FunctionId,
        args: &mut [Value],
        at: usize,
    ) -> Result<Value, FunctionError> {
        let _ = (function, args, at);
        Err(FunctionError::new("the function has no code"))
    }

    /// Decides whether a function may be called; its arguments are evaluated only then.
    ///
    /// # Errors
    /// The reason why it may not.
    fn permit(&self, name: &str) -> Result<(), FunctionError> {
        let _ = name;
        Ok(())
    }

    /// Returns `true` if values are escaped where they are printed.
    ///
    /// Then each printed text goes through [`escape`](Self::escape), save those that are marked safe
    /// ([`Value::from_safe_string`]), and `executeTemplate` returns a safe text.
    fn escapes(&self) -> bool {
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
