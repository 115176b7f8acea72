//! The settings of a template.

use std::sync::Arc;

use crate::budget::Budget;

/// The settings of a template: delimiters, missing keys, and limits.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// The delimiters of actions. An empty one means the default.
    pub delimiters: Delimiters,
    /// What a missing key of a map yields.
    pub missing_key: MissingKey,
    /// The limits of a rendering.
    pub limits: Limits,
    /// The budget of parsing. A rendering uses the budget of its [`Context`](crate::Context).
    pub budget: Arc<Budget>,
}

/// The delimiters of an action.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Delimiters {
    /// The left one, `{{` by default.
    pub left: String,
    /// The right one, `}}` by default.
    pub right: String,
}

impl Default for Delimiters {
    fn default() -> Self {
        Self {
            left: "{{".to_owned(),
            right: "}}".to_owned(),
        }
    }
}

impl Delimiters {
    /// These delimiters, with an empty one replaced by the default.
    pub(crate) fn or_default(&self) -> Self {
        let default = Self::default();
        let or = |own: &str, default: String| {
            if own.is_empty() {
                default
            } else {
                own.to_owned()
            }
        };
        Self {
            left: or(&self.left, default.left),
            right: or(&self.right, default.right),
        }
    }
}

/// Go's option `missingkey`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum MissingKey {
    /// `<no value>` for a `map[string]interface {}`, the zero value of the element type for other maps.
    #[default]
    Zero,
    /// `<no value>`.
    Default,
    /// An error.
    Error,
}

/// The limits of a rendering.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// The maximum number of iterations and template calls.
    pub steps: usize,
    /// The maximum number of bytes of all texts: the output, and the results of functions such as `printf`.
    pub text: usize,
    /// The maximum depth of template calls.
    pub depth: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            steps: 10_000_000,
            text: 64 << 20,
            depth: 5_000,
        }
    }
}
