//! The interface between the functions and the program that renders.

use std::any::Any;
use std::sync::Arc;

use gotemplate::FunctionError;
use gotemplate::scratch::Scratch;
use jiff::Timestamp;
use minijinja::Value;

#[cfg(feature = "crypto")]
use crate::memo::Memo;

/// The environment of a rendering, as functions see it.
///
/// The supertrait [`gotemplate::Context`] holds the budget of steps and permits function calls.
/// Your own functions get the concrete type with a downcast:
/// `(call.context as &dyn Any).downcast_ref::<Own>()`.
pub trait Context: gotemplate::Context + Any {
    /// Returns the value of an environment variable.
    fn variable(&self, name: &str) -> Option<&str>;

    /// Returns the start time of the rendering.
    fn now(&self) -> Timestamp;

    /// Returns the scratch pad, which stores values until the end of the rendering.
    fn scratch(&self) -> Arc<Scratch>;

    /// Returns the random results of earlier renderings, for reuse.
    #[cfg(feature = "crypto")]
    fn memo(&self) -> &Memo;

    /// Returns `true` if no data is missing, so that no argument is derived from missing data.
    fn is_complete(&self) -> bool {
        true
    }

    /// Records that the text must be rendered again at this time.
    fn expires(&self, at: Timestamp) {
        let _ = at;
    }

    /// Counts the size of a result, so that a template cannot exhaust the memory.
    ///
    /// # Errors
    /// If all results together are too large.
    fn afford(&self, result: &Value) -> Result<(), FunctionError> {
        let _ = result;
        Ok(())
    }
}
