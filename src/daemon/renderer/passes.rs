//! The render passes in progress, and whether rendered texts wait for them.

use std::time::{Duration, Instant};

/// The maximum time that rendered texts wait for other templates. The results of one change are
/// written together, but a slow template does not delay the others.
const MAX_TEXT_DELAY: Duration = Duration::from_millis(100);

/// The render passes in progress.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Passes {
    #[default]
    None,
    /// Rendered texts wait until this time, so that they are written together.
    Together { until: Instant },
    /// A pass takes long; the other templates do not wait for it.
    Slow,
}

impl Passes {
    /// Returns `true` while rendered texts have to wait for other templates.
    pub(super) fn hold_texts(self) -> bool {
        matches!(self, Self::Together { .. })
    }

    /// The time at which texts stop waiting.
    pub(super) fn next_wake(self) -> Option<Instant> {
        match self {
            Self::Together { until } => Some(until),
            Self::None | Self::Slow => None,
        }
    }

    /// Records the start of `count` passes. With 0, it only checks the time.
    pub(super) fn begin(&mut self, count: usize, now: Instant) {
        *self = match *self {
            Self::Together { until } if until <= now => Self::Slow,
            Self::None if count > 0 => Self::Together {
                until: now + MAX_TEXT_DELAY,
            },
            passes => passes,
        };
    }

    /// Records that no template is being rendered.
    pub(super) fn end(&mut self) {
        *self = Self::None;
    }
}
