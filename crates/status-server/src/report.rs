//! The state of a daemon, as the server shows it.

use std::fmt::Debug;

use serde::Serialize;

/// The state of a daemon at one point in time. Its fields are a part of the answer with the whole state, so it has neither
/// `version` nor `ready` nor `problems`.
pub trait DaemonReport: Debug + Serialize + Send + Sync + 'static {
    /// The version of the program.
    const VERSION: &'static str;

    /// The reason for which the daemon is not ready.
    type Problem: Serialize;

    /// Returns `true` if the process is shutting down: it is healthy whether or not its loop works.
    fn is_ending(&self) -> bool;

    /// Returns the reasons for which the daemon is not ready; none if it is.
    fn problems(&self) -> Vec<Self::Problem>;
}

#[cfg(test)]
pub(crate) use tests::Example;

#[cfg(test)]
mod tests {
    use super::*;

    /// A report in tests.
    #[derive(Clone, Debug, Default, Serialize)]
    pub(crate) struct Example {
        phase: Phase,
        #[serde(skip)]
        problems: usize,
    }

    #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
    #[serde(rename_all = "snake_case")]
    enum Phase {
        #[default]
        Running,
        Ending,
    }

    impl Example {
        pub(crate) fn with_problems(problems: usize) -> Self {
            Self {
                problems,
                ..Self::default()
            }
        }

        pub(crate) fn ending() -> Self {
            Self {
                phase: Phase::Ending,
                ..Self::default()
            }
        }
    }

    impl DaemonReport for Example {
        const VERSION: &'static str = "1.2.3";
        type Problem = &'static str;

        fn is_ending(&self) -> bool {
            self.phase == Phase::Ending
        }

        fn problems(&self) -> Vec<Self::Problem> {
            vec!["it fails"; self.problems]
        }
    }
}
