//! The interface between the functions and the program that renders.

use std::any::Any;
use std::sync::Arc;

use gotemplate::FunctionError;
use gotemplate::scratch::Scratch;
use jiff::Timestamp;
use minijinja::Value;

#[cfg(feature = "crypto")]
use crate::memo::Memo;

/// The surroundings of a rendering that functions see.
///
/// The supertrait [`gotemplate::Context`] has the budget of work and the permission to call functions. A program that
/// adds functions of its own gets its type back by a downcast: `(call.context as &dyn Any).downcast_ref::<Own>()`.
pub trait Context: gotemplate::Context + Any {
    /// The value of an environment variable.
    fn variable(&self, name: &str) -> Option<&str>;

    /// The time at which the rendering began.
    fn now(&self) -> Timestamp;

    /// The values that the template keeps for the length of the rendering.
    fn scratch(&self) -> Arc<Scratch>;

    /// The random results of earlier renderings, which stay the same.
    #[cfg(feature = "crypto")]
    fn memo(&self) -> &Memo;

    /// Returns `true` if all data is known, so that no argument is made of missing data.
    fn is_complete(&self) -> bool {
        true
    }

    /// Records that the rendering is out of date at this time.
    fn expires(&self, at: Timestamp) {
        let _ = at;
    }

    /// Counts a result, so that a template cannot fill the memory.
    ///
    /// # Errors
    /// If it is too much together with the earlier results.
    fn afford(&self, result: &Value) -> Result<(), FunctionError> {
        let _ = result;
        Ok(())
    }
}
