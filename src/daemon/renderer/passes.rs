//! Whether templates are being rendered, and whether texts that are ready wait for them.

use std::time::{Duration, Instant};

/// Texts that are ready wait this long at most for other templates that are being rendered: what one change renders is
/// written together, but a slow template delays no other.
const PASS_PATIENCE: Duration = Duration::from_millis(100);

/// Whether templates are being rendered.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Passes {
    #[default]
    None,
    /// Texts that are ready wait until then, so that they are written together.
    Together { until: Instant },
    /// Some pass takes long: the others do not wait for it any more.
    Slow,
}

impl Passes {
    /// Returns `true` while texts that are ready have to wait for other templates.
    pub(super) fn hold_texts(self) -> bool {
        matches!(self, Self::Together { .. })
    }

    /// When texts need not wait any more.
    pub(super) fn next_wake(self) -> Option<Instant> {
        match self {
            Self::Together { until } => Some(until),
            Self::None | Self::Slow => None,
        }
    }

    /// Takes in that this many passes begin; with 0, only that time has passed.
    pub(super) fn begin(&mut self, count: usize, now: Instant) {
        *self = match *self {
            Self::Together { until } if until <= now => Self::Slow,
            Self::None if count > 0 => Self::Together {
                until: now + PASS_PATIENCE,
            },
            passes => passes,
        };
    }

    /// Takes in that no template is being rendered.
    pub(super) fn end(&mut self) {
        *self = Self::None;
    }
}
