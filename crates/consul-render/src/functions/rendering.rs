//! The render context of a function call, and the error for an invalid query.

use std::any::Any;

use ::functions::{Call, FunctionError};
use consul_watch::query::QueryError;

use crate::render_context::RenderContext;

/// Returns the render context of a call.
pub(super) fn rendering<'a>(call: &Call<'a>) -> Result<&'a RenderContext, FunctionError> {
    let context: &dyn Any = call.context;
    context
        .downcast_ref()
        .ok_or_else(|| FunctionError::new("the function needs the data of a rendering"))
}

/// The error of a function whose text is not a valid query.
#[expect(clippy::needless_pass_by_value, reason = "for `map_err`")]
pub(super) fn refusal(error: QueryError) -> FunctionError {
    FunctionError::new(error.to_string())
}
