//! Flap damping: `flap_damping { max_toggles = 5, window = "1m", stable_for = "5m", max_damped = 0.5 }`, or
//! `flap_damping = true`.

use std::time::Duration;

use answer_guard::{FlapDampingConfig, Fraction};

use super::error::ValueError;

/// The keys of one layer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct FlapDampingBlock {
    /// Flap damping is on. A block turns it on.
    pub is_on: Option<bool>,
    /// The maximum number of toggles within `window`.
    pub max_toggles: Option<u32>,
    /// The time within which toggles are counted.
    pub window: Option<Duration>,
    /// The time without a toggle after which an instance is no longer damped.
    pub stable_for: Option<Duration>,
    /// The maximum part of the instances of a query that is damped at the same time.
    pub max_damped: Option<Fraction>,
}

impl FlapDampingBlock {
    /// Layers it over the keys of a lower layer.
    #[must_use]
    pub fn over(self, lower: Self) -> Self {
        Self {
            is_on: self.is_on.or(lower.is_on),
            max_toggles: self.max_toggles.or(lower.max_toggles),
            window: self.window.or(lower.window),
            stable_for: self.stable_for.or(lower.stable_for),
            max_damped: self.max_damped.or(lower.max_damped),
        }
    }

    /// Checks the numbers.
    ///
    /// # Errors
    /// If one of them is zero: every instance would be damped, or none.
    pub fn checked(self) -> Result<Self, ValueError> {
        let times = [self.window, self.stable_for];
        if self.max_toggles == Some(0) || times.contains(&Some(Duration::ZERO)) {
            return Err(ValueError::ZeroFlapDamping);
        }
        Ok(self)
    }

    /// The flap damping; a key that is not set is that of `other`.
    #[must_use]
    pub fn or(self, other: FlapDampingConfig) -> FlapDampingConfig {
        FlapDampingConfig {
            is_on: self.is_on.unwrap_or(other.is_on),
            max_toggles: self.max_toggles.unwrap_or(other.max_toggles),
            window: self.window.unwrap_or(other.window),
            stable_for: self.stable_for.unwrap_or(other.stable_for),
            max_damped: self.max_damped.unwrap_or(other.max_damped),
        }
    }
}
