//! Flap damping: `flap_damping { max_toggles = 5, window = "1m", stable_for = "5m", max_damped = 0.5 }`, or
//! `flap_damping = true`.

use std::time::Duration;

use super::error::ValueError;
use super::max_change::Fraction;

/// When an instance that comes and goes is damped, and for how long.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FlapDampingConfig {
    /// `false`: the template sees every change of an instance.
    pub is_on: bool,
    /// The maximum number of toggles within `window`. An instance with more is damped.
    pub max_toggles: u32,
    /// The time within which toggles are counted.
    pub window: Duration,
    /// The time without a toggle after which an instance is no longer damped.
    pub stable_for: Duration,
    /// The maximum part of the instances of a query that is damped at the same time.
    pub max_damped: Fraction,
}

impl Default for FlapDampingConfig {
    fn default() -> Self {
        Self {
            is_on: false,
            max_toggles: 5,
            window: Duration::from_secs(60),
            stable_for: Duration::from_secs(5 * 60),
            max_damped: Fraction::HALF,
        }
    }
}

impl FlapDampingConfig {
    /// The flap damping of two templates that share a query: each number is the stricter one. For `max_damped` this is the
    /// one that keeps more instances.
    #[must_use]
    pub fn strictest(self, other: Self) -> Self {
        Self {
            is_on: self.is_on || other.is_on,
            max_toggles: self.max_toggles.min(other.max_toggles),
            window: self.window.max(other.window),
            stable_for: self.stable_for.max(other.stable_for),
            max_damped: self.max_damped.min(other.max_damped),
        }
    }

    /// The maximum number of `instances` that are damped. At least one is not.
    #[must_use]
    pub fn max_damped_of(&self, instances: usize) -> usize {
        let max = self.max_damped.of_whole(instances);
        max.min(instances.saturating_sub(1))
    }
}

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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn at_least_one_instance_is_not_damped() {
        let damping = |part| FlapDampingConfig {
            max_damped: Fraction::of(part).expect("a fraction"),
            ..FlapDampingConfig::default()
        };
        for (part, instances, expected) in [
            (0.5, 0, 0),
            (0.5, 1, 0),
            (0.5, 2, 1),
            (0.5, 3, 1),
            (0.5, 10, 5),
            (0.34, 3, 1),
            (0.33, 3, 0),
            (0.1, 10, 1),
            (0.0, 10, 0),
            (1.0, 10, 9),
            (1.0, 1, 0),
        ] {
            assert_eq!(
                damping(part).max_damped_of(instances),
                expected,
                "{part} of {instances}"
            );
        }
    }

    #[test]
    fn the_strictest_numbers_decide() {
        let strict = FlapDampingConfig {
            is_on: true,
            max_toggles: 2,
            window: Duration::from_secs(600),
            stable_for: Duration::from_secs(900),
            max_damped: Fraction::of(0.1).expect("a fraction"),
        };
        let default = FlapDampingConfig::default();
        assert_eq!(default.strictest(strict), strict);
        assert_eq!(strict.strictest(default), strict);
    }
}
