//! A part of a whole.

#[cfg(feature = "config-blocks")]
mod key;

/// A part of a whole, from 0 to 1, in millionths.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Fraction(u32);

impl Fraction {
    /// The whole.
    const WHOLE: u32 = 1_000_000;

    /// A half.
    pub const HALF: Self = Self(Self::WHOLE / 2);

    /// Creates a fraction; `None` if the number is not from 0 to 1.
    #[must_use]
    pub fn of(number: f64) -> Option<Self> {
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "the range is checked"
        )]
        let millionths = |number: f64| (number * f64::from(Self::WHOLE)).round() as u32;
        (0.0..=1.0)
            .contains(&number)
            .then(|| Self(millionths(number)))
    }

    /// Returns `true` if `part` is more than this fraction of `whole`.
    #[must_use]
    pub fn is_exceeded(self, part: usize, whole: usize) -> bool {
        part as u128 * u128::from(Self::WHOLE) > u128::from(self.0) * whole as u128
    }

    /// The largest number that is not more than this fraction of `whole`.
    #[must_use]
    pub fn of_whole(self, whole: usize) -> usize {
        let part = whole as u128 * u128::from(self.0) / u128::from(Self::WHOLE);
        // It is at most `whole`.
        usize::try_from(part).unwrap_or(whole)
    }

    /// The number, from 0 to 1.
    #[must_use]
    pub fn number(self) -> f64 {
        f64::from(self.0) / f64::from(Self::WHOLE)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fraction_is_from_0_to_1() {
        for number in [0.0, 0.25, 0.5, 1.0] {
            assert_eq!(Fraction::of(number).map(Fraction::number), Some(number));
        }
        for number in [-0.1, 1.000_001, f64::NAN, f64::INFINITY] {
            assert_eq!(Fraction::of(number), None, "{number}");
        }
    }
}
