//! The render context of a function call.

use std::any::Any;

use ::functions::{Call, FunctionError};

use crate::render::render_context::RenderContext;

/// Returns the render context of a call.
pub(super) fn rendering<'a>(call: &Call<'a>) -> Result<&'a RenderContext, FunctionError> {
    let context: &dyn Any = call.context;
    context
        .downcast_ref()
        .ok_or_else(|| FunctionError::new("the function needs the data of a rendering"))
}
