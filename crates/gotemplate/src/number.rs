//! The values of numbers and character constants.

use std::borrow::Cow;

use minijinja::Value;

use crate::complex::Complex;
use crate::quote::{Unquoted, quoted, unquoted_char};

/// The value of a number; `None` for an integer that overflows Go's `int`.
///
/// # Errors
/// Go's message, if it is not a number.
pub(crate) fn number(written: &str) -> Result<Option<Value>, String> {
    if let Some(imaginary) = written.strip_suffix('i') {
        return complex(imaginary)
            .map(Some)
            .ok_or_else(|| match middle_sign(imaginary) {
                Some(_) => "syntax error scanning complex number".to_owned(),
                None => illegal(written),
            });
    }
    if let Some(int) = integer(written) {
        // With a sign, Go parses the hexadecimal digit `e` as an exponent.
        if written.starts_with(['+', '-']) && written.contains(['e', 'E']) {
            #[expect(clippy::cast_precision_loss, reason = "it becomes a float")]
            return Ok(Some(Value::from(int as f64)));
        }
        return Ok(i64::try_from(int).ok().map(Value::from));
    }
    match parse_float(written) {
        Some(_) if !written.contains(['.', 'e', 'E', 'p', 'P']) => {
            Err(format!("integer overflow: {}", quoted(written.as_bytes())))
        }
        Some(float) => Ok(Some(Value::from(float))),
        None => Err(illegal(written)),
    }
}

/// The value of a character constant.
///
/// # Errors
/// Go's message, if it is not a character constant.
pub(crate) fn character(written: &str) -> Result<Value, String> {
    let inside = written.strip_prefix('\'').unwrap_or_default();
    let (piece, rest) = unquoted_char(inside, '\'').ok_or("invalid syntax")?;
    if rest != "'" {
        return Err(format!("malformed character constant: {written}"));
    }
    Ok(match piece {
        Unquoted::Byte(byte) => Value::from(i64::from(byte)),
        Unquoted::Char(char) => Value::from(i64::from(u32::from(char))),
    })
}

fn illegal(written: &str) -> String {
    format!("illegal number syntax: {}", quoted(written.as_bytes()))
}

/// Splits off the sign; `true` means negative.
fn signed(written: &str) -> (bool, &str) {
    match written.as_bytes().first() {
        Some(b'-') => (true, written.get(1..).unwrap_or_default()),
        Some(b'+') => (false, written.get(1..).unwrap_or_default()),
        _ => (false, written),
    }
}

/// An integer that fits into Go's `int` or `uint64`.
fn integer(written: &str) -> Option<i128> {
    let (negative, digits) = signed(written);
    let digits = without_underscores(digits)?;
    let (radix, body) = radix(&digits);
    if body.is_empty() || !body.chars().all(|char| char.is_digit(radix)) {
        return None;
    }
    let magnitude = i128::from_str_radix(body, radix).ok()?;
    let int = if negative { -magnitude } else { magnitude };
    // A number with a plus sign is never unsigned.
    let max = if written.starts_with('+') {
        i128::from(i64::MAX)
    } else {
        i128::from(u64::MAX)
    };
    (int >= i128::from(i64::MIN) && int <= max).then_some(int)
}

/// The base of an integer, and the digits after its prefix.
fn radix(digits: &str) -> (u32, &str) {
    let rest = digits.get(2..).unwrap_or_default();
    match digits.get(..2) {
        Some("0x" | "0X") => (16, rest),
        Some("0o" | "0O") => (8, rest),
        Some("0b" | "0B") => (2, rest),
        Some(_) if digits.starts_with('0') => (8, digits.get(1..).unwrap_or_default()),
        _ => (10, digits),
    }
}

/// Removes underscores, which are allowed between digits, and between a prefix and a digit.
fn without_underscores(digits: &str) -> Option<Cow<'_, str>> {
    if !digits.contains('_') {
        return Some(Cow::Borrowed(digits));
    }
    let bytes = digits.as_bytes();
    let prefixed = matches!(bytes, [b'0', b'x' | b'X' | b'o' | b'O' | b'b' | b'B', ..]);
    let hexadecimal = matches!(bytes, [b'0', b'x' | b'X', ..]);
    let is_digit = |byte: &u8| {
        if hexadecimal {
            byte.is_ascii_hexdigit()
        } else {
            byte.is_ascii_digit()
        }
    };
    let digit_at = |at: Option<usize>| at.and_then(|at| bytes.get(at)).is_some_and(is_digit);
    for (at, _) in digits.match_indices('_') {
        let after = prefixed && at == 2 || digit_at(at.checked_sub(1));
        if !after || !digit_at(at.checked_add(1)) {
            return None;
        }
    }
    Some(Cow::Owned(digits.replace('_', "")))
}

/// The number of a text in any of Go's notations, such as `0x1p4` and `1_000`.
#[must_use]
pub fn parse_float(written: &str) -> Option<f64> {
    let (negative, digits) = signed(written);
    let digits = without_underscores(digits)?;
    let magnitude = if digits.starts_with("0x") || digits.starts_with("0X") {
        hexadecimal_float(&digits)?
    } else if digits.starts_with(|char: char| char.is_ascii_digit() || char == '.') {
        digits.parse::<f64>().ok()?
    } else {
        return None;
    };
    let float = if negative { -magnitude } else { magnitude };
    float.is_finite().then_some(float)
}

/// `0x1.8p3`; the exponent is required.
fn hexadecimal_float(digits: &str) -> Option<f64> {
    let (mantissa, exponent) = digits.get(2..)?.split_once(['p', 'P'])?;
    let mut exponent: i32 = exponent.parse().ok()?;
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    if whole.is_empty() && fraction.is_empty() {
        return None;
    }
    let mut value: u128 = 0;
    for digit in whole.chars().chain(fraction.chars()) {
        let digit = u128::from(digit.to_digit(16)?);
        match value
            .checked_mul(16)
            .and_then(|value| value.checked_add(digit))
        {
            Some(next) => value = next,
            // Further digits are too small to change the float.
            None => exponent = exponent.checked_add(4)?,
        }
    }
    exponent = exponent.checked_sub(i32::try_from(fraction.len()).ok()?.checked_mul(4)?)?;
    #[expect(
        clippy::cast_precision_loss,
        reason = "a constant of more than 53 bits is rounded"
    )]
    let mantissa = value as f64;
    Some(scaled(mantissa, exponent))
}

/// `value` times two to the power of `exponent`, without an overflow of intermediate results.
fn scaled(mut value: f64, exponent: i32) -> f64 {
    let mut remaining = exponent.clamp(-5000, 5000);
    while remaining != 0 {
        let step = remaining.clamp(-500, 500);
        value *= f64::from(step).exp2();
        remaining -= step;
    }
    value
}

/// The offset of the imaginary part, if there is a real part before it.
fn middle_sign(written: &str) -> Option<usize> {
    let at = written.rfind(['+', '-']).filter(|at| *at > 0)?;
    let before = written.get(..at).unwrap_or_default();
    (!before.ends_with(['e', 'E', 'p', 'P'])).then_some(at)
}

fn complex(imaginary: &str) -> Option<Value> {
    let (real, imaginary) =
        middle_sign(imaginary).map_or(("0", imaginary), |at| imaginary.split_at(at));
    Some(Value::from_object(Complex {
        real: parse_float(real)?,
        imaginary: parse_float(imaginary)?,
    }))
}

/// The integer of a text with the prefix of its base: `0x1f`, `0b1`, `0o17`, `017`.
#[must_use]
pub fn parse_any_base(text: &str) -> Option<i64> {
    let (negative, digits) = match text.as_bytes().first()? {
        b'-' => (true, &text[1..]),
        b'+' => (false, &text[1..]),
        _ => (false, text),
    };
    let (base, digits) = match digits.as_bytes() {
        [b'0', b'x' | b'X', ..] => (16, &digits[2..]),
        [b'0', b'b' | b'B', ..] => (2, &digits[2..]),
        [b'0', b'o' | b'O', ..] => (8, &digits[2..]),
        [b'0', _, ..] => (8, &digits[1..]),
        _ => (10, digits),
    };
    let digits = digits.replace('_', "");
    if digits.is_empty() || !digits.chars().all(|digit| digit.is_digit(base)) {
        return None;
    }
    let number = i128::from(u64::from_str_radix(&digits, base).ok()?);
    i64::try_from(if negative { -number } else { number }).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is(written: &str, expected: impl Into<Value>) {
        let value = number(written).expect(written).expect(written);
        let expected = expected.into();
        assert_eq!(
            (value.is_integer(), &value),
            (expected.is_integer(), &expected),
            "{written}"
        );
    }

    #[test]
    fn numbers_have_the_values_that_they_have_in_go() {
        for (written, int) in [
            ("0x1_0", 16),
            ("0b11", 3),
            ("0o17", 15),
            ("017", 15),
            ("0_7", 7),
            ("1_000", 1000),
            ("+1", 1),
        ] {
            is(written, int);
        }
        for (written, float) in [
            ("1_000.5", 1000.5),
            ("1_0.5e1_0", 1.05e11),
            ("0x_1p4", 16.0),
            (".5", 0.5),
            ("5.", 5.0),
            ("0x1.8p1", 3.0),
            ("1e-400", 0.0),
            ("09.5", 9.5),
        ] {
            is(written, float);
        }
        is("-9223372036854775808", i64::MIN);
        assert_eq!(number("18446744073709551615"), Ok(None));
    }

    #[test]
    fn invalid_numbers_are_rejected() {
        for written in [
            "0_", "-_1", "1_e3", "0x1_p4", "1__0.5", "1e400", "0x1.8", ".", "0x", "1e", "0x10i",
            "i",
        ] {
            assert_eq!(number(written), Err(illegal(written)), "{written}");
        }
        for written in [
            "18446744073709551616",
            "08",
            "+18446744073709551615",
            "-9223372036854775809",
        ] {
            assert!(
                number(written)
                    .expect_err(written)
                    .starts_with("integer overflow"),
                "{written}"
            );
        }
    }

    #[test]
    fn character_constants_are_numbers() {
        for (written, code) in [
            ("'a'", 97),
            ("'é'", 233),
            ("'\\n'", 10),
            ("'\\xff'", 255),
            ("'\\''", 39),
        ] {
            assert_eq!(character(written), Ok(Value::from(code)), "{written}");
        }
        assert_eq!(
            character("'ab'"),
            Err("malformed character constant: 'ab'".to_owned())
        );
        assert_eq!(character("''"), Err("invalid syntax".to_owned()));
    }
}
