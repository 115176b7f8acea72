//! The phases of a run.

/// The phase of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::daemon::apply) enum RunPhase {
    Command,
    Verification,
}

impl RunPhase {
    /// The phase in messages.
    pub(in crate::daemon::apply) fn name(self) -> &'static str {
        match self {
            Self::Command => "command",
            Self::Verification => "verification",
        }
    }
}
