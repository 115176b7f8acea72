//! Decimal arithmetic: 0.1 plus 0.2 is 0.3.
//!
//! Input: floats. Output: a float. If the decimals do not fit into 128 bits, the result is
//! calculated with floats.

use minijinja::Value;

/// The decimal places of a quotient.
const PLACES: i32 = 16;

/// `digits * 10^exponent`
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Decimal {
    digits: i128,
    exponent: i32,
}

impl Decimal {
    /// Creates the shortest decimal that parses as this float.
    fn of(number: f64) -> Option<Self> {
        let text = format!("{number:e}");
        let (digits, exponent) = text.split_once('e')?;
        let decimals = digits
            .split_once('.')
            .map_or(0, |(_, decimals)| decimals.len());
        let exponent: i32 = exponent.parse().ok()?;
        Some(Self {
            digits: digits.replace('.', "").parse().ok()?,
            exponent: exponent.checked_sub(i32::try_from(decimals).ok()?)?,
        })
    }

    fn float(self) -> Option<f64> {
        format!("{}e{}", self.digits, self.exponent).parse().ok()
    }

    /// Returns the digits of the number at an exponent that is not larger than its own.
    fn digits_at(self, exponent: i32) -> Option<i128> {
        let places = u32::try_from(self.exponent.checked_sub(exponent)?).ok()?;
        self.digits.checked_mul(10_i128.checked_pow(places)?)
    }

    pub(super) fn plus(self, other: Self) -> Option<Self> {
        let exponent = self.exponent.min(other.exponent);
        let digits = self
            .digits_at(exponent)?
            .checked_add(other.digits_at(exponent)?)?;
        Some(Self { digits, exponent })
    }

    pub(super) fn minus(self, other: Self) -> Option<Self> {
        self.plus(Self {
            digits: other.digits.checked_neg()?,
            ..other
        })
    }

    pub(super) fn times(self, other: Self) -> Option<Self> {
        let digits = self.digits.checked_mul(other.digits)?;
        Some(Self {
            digits,
            exponent: self.exponent.checked_add(other.exponent)?,
        })
    }

    /// Returns the quotient, rounded half away from zero.
    pub(super) fn over(self, other: Self) -> Option<Self> {
        let shift = self
            .exponent
            .checked_sub(other.exponent)?
            .checked_add(PLACES)?;
        let power = 10_i128.checked_pow(shift.unsigned_abs())?;
        let (above, below) = match shift {
            0.. => (self.digits.checked_mul(power)?, other.digits),
            _ => (self.digits, other.digits.checked_mul(power)?),
        };
        let (quotient, rest) = (above.checked_div(below)?, above.checked_rem(below)?);
        let up = rest.unsigned_abs().checked_mul(2)? >= below.unsigned_abs();
        let sign = if (above < 0) == (below < 0) { 1 } else { -1 };
        Some(Self {
            digits: if up {
                quotient.checked_add(sign)?
            } else {
                quotient
            },
            exponent: -PLACES,
        })
    }
}

/// Folds the numbers with an operation: `exact` on decimals, or `rough` on floats.
pub(super) fn calculate(
    first: f64,
    others: impl Iterator<Item = f64> + Clone,
    exact: fn(Decimal, Decimal) -> Option<Decimal>,
    rough: fn(f64, f64) -> f64,
) -> Value {
    let decimal = others
        .clone()
        .try_fold(Decimal::of(first), |sum, other| {
            Some(Some(exact(sum?, Decimal::of(other)?)?))
        })
        .flatten()
        .and_then(Decimal::float);
    Value::from(decimal.unwrap_or_else(|| others.fold(first, rough)))
}
