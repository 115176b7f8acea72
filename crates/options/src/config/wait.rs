//! The quiescence timer: `min` or `min:max` in Go durations, or a block with these keys; `0` turns it off.

use std::str::FromStr;
use std::time::Duration;

use go_duration::{DurationError, GoDuration};

/// A quiescence timer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Settle {
    /// Quiet time: it starts again with each change.
    pub quiet: Duration,
    /// Maximum time from the first change.
    pub most: Duration,
}

/// The keys of one layer; a single text sets all of them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct WaitBlock {
    /// The timer is on.
    pub enabled: Option<bool>,
    /// Quiet time.
    pub min: Option<GoDuration>,
    /// Maximum time for which changes are collected.
    pub max: Option<GoDuration>,
}

/// The timer, if any key of it is set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wait {
    /// Off: changes are not collected. It overrides lower layers.
    Off,
    /// Changes are collected.
    For(Settle),
}

/// A text that is not `min[:max]`.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum WaitError {
    /// One of the two is not a duration.
    #[error(transparent)]
    Duration(#[from] DurationError),
    /// The maximum is below the minimum.
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

fn most(min: GoDuration) -> GoDuration {
    GoDuration(min.0.saturating_mul(MAXIMUM_PER_MINIMUM))
}

impl Wait {
    /// The timer; `None`: off.
    pub(crate) fn settle(self) -> Option<Settle> {
        match self {
            Self::Off => None,
            Self::For(settle) => Some(settle),
        }
    }
}

impl WaitBlock {
    /// Layers it over the keys of a lower layer.
    #[must_use]
    pub(crate) fn over(self, lower: Self) -> Self {
        let Self { enabled, min, max } = self;
        Self {
            enabled: enabled.or(lower.enabled),
            min: min.or(lower.min),
            max: max.or(lower.max),
        }
    }

    /// The timer; `None`: no minimum is set. A maximum alone has no effect.
    ///
    /// # Errors
    /// [`WaitError::Backwards`]
    pub(crate) fn wait(self) -> Result<Option<Wait>, WaitError> {
        match (self.enabled, self.min) {
            (Some(false), _) => Ok(Some(Wait::Off)),
            (_, Some(min)) => Wait::between(min, self.max).map(Some),
            (_, None) => Ok(None),
        }
    }
}

impl FromStr for WaitBlock {
    type Err = WaitError;

    fn from_str(text: &str) -> Result<Self, WaitError> {
        let (min, max) = match text.split_once(':') {
            Some((min, max)) => (min, Some(max)),
            None => (text, None),
        };
        let min: GoDuration = min.trim().parse()?;
        let max = max.map_or(Ok(most(min)), |max| max.trim().parse())?;
        Wait::between(min, Some(max))?;
        Ok(Self {
            enabled: Some(true),
            min: Some(min),
            max: Some(max),
        })
    }
}

impl Wait {
    /// The timer with this minimum, and this maximum or the default.
    ///
    /// # Errors
    /// [`WaitError::Backwards`]
    pub(crate) fn between(min: GoDuration, max: Option<GoDuration>) -> Result<Self, WaitError> {
        let max = max.unwrap_or_else(|| most(min));
        if max < min {
            Err(WaitError::Backwards { min, max })
        } else if min.0.is_zero() {
            Ok(Self::Off)
        } else {
            Ok(Self::For(Settle {
                quiet: min.0,
                most: max.0,
            }))
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_wait_is_a_minimum_with_an_optional_maximum() {
        let settle = |quiet, most| {
            Wait::For(Settle {
                quiet: Duration::from_millis(quiet),
                most: Duration::from_millis(most),
            })
        };
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
            let block: WaitBlock = text.parse().expect(text);
            assert_eq!(block.wait(), Ok(Some(wait)), "{text}");
        }
    }

    #[test]
    fn a_layer_sets_only_its_own_keys() {
        let seconds = |seconds| Some(GoDuration(Duration::from_secs(seconds)));
        let settle = |quiet, most| {
            Some(Wait::For(Settle {
                quiet: Duration::from_secs(quiet),
                most: Duration::from_secs(most),
            }))
        };
        let whole: WaitBlock = "10s:20s".parse().expect("a wait");
        let (min, max) = (
            WaitBlock {
                min: seconds(5),
                ..WaitBlock::default()
            },
            WaitBlock {
                max: seconds(12),
                ..WaitBlock::default()
            },
        );
        let off = WaitBlock {
            enabled: Some(false),
            ..WaitBlock::default()
        };
        let cases = [
            (WaitBlock::default(), None),
            (max, None),
            (min, settle(5, 20)),
            (max.over(whole), settle(10, 12)),
            (min.over(max), settle(5, 12)),
            (WaitBlock::default().over(whole), settle(10, 20)),
            (off.over(whole), Some(Wait::Off)),
            (whole.over(off), settle(10, 20)),
        ];
        for (block, wait) in cases {
            assert_eq!(block.wait(), Ok(wait), "{block:?}");
        }
        let backwards = WaitBlock {
            max: seconds(2),
            ..WaitBlock::default()
        }
        .over(whole);
        assert!(backwards.wait().is_err());
    }

    #[test]
    fn an_invalid_wait_is_an_error_with_the_reason() {
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
            let error = text.parse::<WaitBlock>().expect_err(text).to_string();
            assert!(error.contains(reason), "{text}: {error}");
        }
    }
}
