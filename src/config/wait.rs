//! How long changes are collected, as written.
//!
//! in:  `min` or `min:max` in Go durations; `0` for not at all
//! out: a [`Wait`]

use std::str::FromStr;

use super::duration::{DurationError, GoDuration};
use super::resolved::Settle;

/// What `wait` says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wait {
    /// `0`: changes are not collected. Not the same as saying nothing: it beats what a lower layer says.
    Off,
    /// Changes are collected.
    For(Settle),
}

/// A text that is no `min[:max]`.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WaitError {
    /// One of the two is no duration.
    #[error(transparent)]
    Duration(#[from] DurationError),
    /// The limit is below what it limits.
    #[error("the maximum {max} is below the minimum {min}; write MIN:MAX, for example 2s:10s")]
    Backwards {
        /// As written.
        min: GoDuration,
        /// As written.
        max: GoDuration,
    },
}

/// The maximum, when only the minimum is given.
const MAXIMUM_PER_MINIMUM: u32 = 4;

impl Wait {
    /// What it means.
    pub fn settle(self) -> Option<Settle> {
        match self {
            Self::Off => None,
            Self::For(settle) => Some(settle),
        }
    }
}

impl FromStr for Wait {
    type Err = WaitError;

    fn from_str(text: &str) -> Result<Self, WaitError> {
        let (min, max) = match text.split_once(':') {
            Some((min, max)) => (min, Some(max)),
            None => (text, None),
        };
        Self::between(min.trim().parse()?, max.map(|max| max.trim().parse()).transpose()?)
    }
}

impl Wait {
    /// A minimum and perhaps a maximum.
    ///
    /// # Errors
    /// [`WaitError::Backwards`]
    pub fn between(min: GoDuration, max: Option<GoDuration>) -> Result<Self, WaitError> {
        let max = max.unwrap_or_else(|| GoDuration(min.0.saturating_mul(MAXIMUM_PER_MINIMUM)));
        if max < min {
            Err(WaitError::Backwards { min, max })
        } else if min.0.is_zero() {
            Ok(Self::Off)
        } else {
            Ok(Self::For(Settle { quiet: min.0, most: max.0 }))
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_wait_is_a_minimum_and_perhaps_a_maximum() {
        let settle =
            |quiet, most| Wait::For(Settle { quiet: Duration::from_millis(quiet), most: Duration::from_millis(most) });
        let cases = [
            ("2s:10s", settle(2000, 10_000)),
            ("2s", settle(2000, 8000)),
            ("5s:5s", settle(5000, 5000)),
            ("100ms : 1s", settle(100, 1000)),
            ("0", Wait::Off),
            ("0s:10s", Wait::Off),
        ];
        assert!(!cases.is_empty());
        for (text, wait) in cases {
            assert_eq!(text.parse(), Ok(wait), "{text}");
        }
    }

    #[test]
    fn what_is_no_wait_says_why() {
        let cases = [
            ("", "is empty"),
            ("5", "needs a unit"),
            ("5s:", "is empty"),
            (":5s", "is empty"),
            ("5s:10s:15s", "unknown unit \"s:\""),
            ("-5s", "is negative"),
            ("10s:2s", "the maximum 2s is below the minimum 10s"),
        ];
        assert!(!cases.is_empty());
        for (text, reason) in cases {
            let error = text.parse::<Wait>().expect_err(text).to_string();
            assert!(error.contains(reason), "{text}: {error}");
        }
    }
}
