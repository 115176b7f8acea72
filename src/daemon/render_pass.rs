//! One render pass over one template, as a job for a worker thread.
//!
//! Input: a [`RenderRequest`]. Output: a [`Rendered`].

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;

use super::text::Text;
use crate::additional_files::additional_files;
use answer_guard::Snapshot;
use consul_render::{Dependencies, RenderEnv, Rendering, Template, TemplateError};
use gotemplate::budget::Budget;

/// The inputs of one pass.
pub(super) struct RenderRequest {
    /// The number of the template.
    pub(super) number: usize,
    pub(super) template: Arc<Template>,
    pub(super) snapshot: Snapshot,
    pub(super) env: Arc<RenderEnv>,
    pub(super) time: Timestamp,
    /// The time limit of the pass.
    pub(super) limit: Duration,
}

/// A pass that ended or was abandoned.
#[derive(Debug)]
pub(super) struct Rendered {
    /// The number of the template.
    pub(super) number: usize,
    pub(super) template: Arc<Template>,
    pub(super) result: PassResult,
}

/// The result of a pass.
#[derive(Debug)]
pub(super) enum PassResult {
    /// The pass has ended.
    Ended(Box<Pass>),
    /// The pass exceeded its limit, and its worker was abandoned.
    Overdue { limit: Duration },
    /// The pass has no result, for this reason.
    Refused(&'static str),
    /// A worker that was abandoned has returned.
    Returned,
}

/// A pass that ran to its end.
#[derive(Debug)]
pub(super) struct Pass {
    pub(super) dependencies: Dependencies,
    /// The text; to be discarded while dependencies are missing.
    pub(super) text: Result<Arc<Text>, TemplateError>,
}

impl RenderRequest {
    /// Renders the template within the budget.
    pub(super) fn run(self, budget: &Arc<Budget>) -> Rendered {
        let Self {
            number,
            template,
            snapshot,
            env,
            time,
            limit,
        } = self;
        let Rendering {
            text,
            outputs,
            dependencies,
        } = template.render_within(&snapshot, &env, time, budget);
        let text = match text {
            Ok(content) => Ok(Arc::new(Text::new(content, additional_files(outputs)))),
            Err(error) if budget.is_exhausted() => Err(error.with_hint(Some(format!(
                "render_timeout is {} s for this template",
                limit.as_secs_f64()
            )))),
            Err(error) => Err(error),
        };
        Rendered {
            number,
            template,
            result: PassResult::Ended(Box::new(Pass { dependencies, text })),
        }
    }
}

impl Rendered {
    /// Creates the result of a pass that exceeded its limit.
    pub(super) fn overdue(number: usize, template: Arc<Template>, limit: Duration) -> Self {
        Self {
            number,
            template,
            result: PassResult::Overdue { limit },
        }
    }

    /// Creates the result of a pass without a result, and the reason.
    pub(super) fn refused(number: usize, template: Arc<Template>, reason: &'static str) -> Self {
        Self {
            number,
            template,
            result: PassResult::Refused(reason),
        }
    }

    /// Converts the late result of an abandoned worker; the text is discarded.
    pub(super) fn returned(self) -> Self {
        Self {
            result: PassResult::Returned,
            ..self
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
