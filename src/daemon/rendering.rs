//! One pass over one template, as a piece of work for a worker thread.
//!
//! Input: a [`RenderRequest`]. Output: a [`Rendered`].

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;

use super::text::Text;
use crate::render::{Dependencies, RenderEnv, Rendering, Template, TemplateError};
use crate::store::Snapshot;
use gotemplate::budget::Budget;

/// Everything that one pass needs.
pub(super) struct RenderRequest {
    /// The number of the template.
    pub(super) number: usize,
    pub(super) template: Arc<Template>,
    pub(super) snapshot: Snapshot,
    pub(super) env: Arc<RenderEnv>,
    pub(super) time: Timestamp,
    /// How long the pass may take.
    pub(super) limit: Duration,
}

/// The end of a pass.
#[derive(Debug)]
pub(super) struct Rendered {
    /// The number of the template.
    pub(super) number: usize,
    pub(super) template: Arc<Template>,
    pub(super) result: PassResult,
}

/// What a pass has led to.
#[derive(Debug)]
pub(super) enum PassResult {
    /// The pass has ended.
    Ended(Box<Pass>),
    /// The pass exceeded its limit, and its worker was given up.
    Overdue { limit: Duration },
    /// The pass did not begin, because too many workers were given up.
    Refused,
    /// The worker that was given up has ended.
    Returned,
}

/// A pass that has ended.
#[derive(Debug)]
pub(super) struct Pass {
    pub(super) dependencies: Dependencies,
    /// The text is empty and worthless while dependencies are missing.
    pub(super) text: Result<Arc<Text>, TemplateError>,
}

impl RenderRequest {
    /// Renders the template, as long as the budget allows.
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
            Ok(content) => Ok(Arc::new(Text::new(content, outputs))),
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
    /// The pass exceeded its limit, and its worker was given up.
    pub(super) fn overdue(number: usize, template: Arc<Template>, limit: Duration) -> Self {
        Self {
            number,
            template,
            result: PassResult::Overdue { limit },
        }
    }

    /// The pass did not begin, because too many workers were given up.
    pub(super) fn refused(number: usize, template: Arc<Template>) -> Self {
        Self {
            number,
            template,
            result: PassResult::Refused,
        }
    }

    /// The same pass, whose worker was given up before it ended.
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
