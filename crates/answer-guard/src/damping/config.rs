//! The options of flap damping.

use std::time::Duration;

use policy_values::Fraction;

/// When an instance that comes and goes is damped, and for how long.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FlapDampingConfig {
    /// `false`: readers see every change of an instance.
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
    /// The flap damping of two readers that share a query: each number is the stricter one. For `max_damped` this is the
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
