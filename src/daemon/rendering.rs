//! One pass over one template, as a piece of work for a worker thread.
//!
//! Input: a [`RenderRequest`]. Output: a [`Rendered`].

use std::fmt;
use std::sync::Arc;

use jiff::Timestamp;

use super::text::Text;
use crate::store::Snapshot;
use crate::template::{Dependencies, RenderEnv, Rendering, Template, TemplateError};

/// Everything that one pass needs.
pub(super) struct RenderRequest {
    /// The number of the template.
    pub(super) number: usize,
    pub(super) template: Arc<Template>,
    pub(super) snapshot: Snapshot,
    pub(super) env: Arc<RenderEnv>,
    pub(super) time: Timestamp,
}

/// The end of a pass.
#[derive(Debug)]
pub(super) struct Rendered {
    /// The number of the template.
    pub(super) number: usize,
    pub(super) template: Arc<Template>,
    pub(super) dependencies: Dependencies,
    /// The text is empty and worthless while dependencies are missing.
    pub(super) text: Result<Arc<Text>, TemplateError>,
}

impl RenderRequest {
    /// Renders the template.
    pub(super) fn run(self) -> Rendered {
        let Self {
            number,
            template,
            snapshot,
            env,
            time,
        } = self;
        let Rendering {
            text,
            outputs,
            asked,
        } = template.render(&snapshot, &env, time);
        Rendered {
            number,
            template,
            dependencies: asked,
            text: text.map(|content| Arc::new(Text::new(content, outputs))),
        }
    }
}

impl fmt::Debug for RenderRequest {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("RenderRequest")
            .field("number", &self.number)
            .finish_non_exhaustive()
    }
}
