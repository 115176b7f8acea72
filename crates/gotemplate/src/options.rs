//! The settings of a template.

use std::sync::Arc;

use crate::budget::Budget;

/// The settings of a template: delimiters, missing keys, and limits.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// The delimiters of actions; an empty one stands for the default.
    pub delimiters: Delimiters,
    /// The result of a missing key of a map.
    pub missing_key: MissingKey,
    /// The limits of a rendering.
    pub limits: Limits,
    /// The work that parsing may do; a rendering has the budget of its [`Context`](crate::Context).
    pub budget: Arc<Budget>,
}

/// The delimiters of an action.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Delimiters {
    /// The opening one, `{{` by default.
    pub left: String,
    /// The closing one, `}}` by default.
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
    /// These delimiters, with the default in place of an empty one.
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
    /// `<no value>` in a map of anything, the zero value in a map with a type.
    #[default]
    Zero,
    /// `<no value>`, always.
    Default,
    /// An error.
    Error,
}

/// The limits of a rendering.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// The maximum number of iterations and template calls.
    pub steps: usize,
    /// The maximum number of bytes of text, in the output and by functions such as `printf` together.
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
