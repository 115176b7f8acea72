//! Prints floats.
//!
//! Rust provides the digits, which are exact as in Go. The notation is Go's.

use super::{BuiltinError, Printer};

/// The maximum number of digits after the point that are not zero.
const MAX_DIGITS: usize = 1100;

/// The digits of a float without trailing zeros, and its exponent: the value is 0.DIGITS × 10^`point`.
struct Decimal {
    digits: Vec<u8>,
    point: i32,
}

impl Decimal {
    /// The digits of a finite float: `significant` ones, or the shortest form that reads back as the same float.
    fn of(magnitude: f64, significant: Option<usize>) -> Self {
        let text = match significant {
            Some(count) => format!("{magnitude:.*e}", count.saturating_sub(1).min(MAX_DIGITS)),
            None => shortest(magnitude),
        };
        let (mantissa, exponent) = text.split_once('e').unwrap_or((&text, "0"));
        let mut digits: Vec<u8> = mantissa.bytes().filter(u8::is_ascii_digit).collect();
        while digits.last() == Some(&b'0') {
            digits.pop();
        }
        let point = if digits.is_empty() {
            0
        } else {
            exponent.parse::<i32>().unwrap_or(0).saturating_add(1)
        };
        Self { digits, point }
    }

    fn count(&self) -> i32 {
        i32::try_from(self.digits.len()).unwrap_or(i32::MAX)
    }

    /// The digit at an index.
    fn digit(&self, at: i32) -> u8 {
        usize::try_from(at)
            .ok()
            .and_then(|at| self.digits.get(at))
            .copied()
            .unwrap_or(b'0')
    }

    /// `1.5e+06`
    fn exponential(&self, decimals: usize, letter: u8) -> Vec<u8> {
        let mut text = vec![self.digit(0)];
        if decimals > 0 {
            text.push(b'.');
            text.extend(self.digits.iter().skip(1).take(decimals));
            text.resize(decimals.saturating_add(2), b'0');
        }
        let exponent = if self.digits.is_empty() {
            0
        } else {
            self.point - 1
        };
        text.push(letter);
        text.extend(exponent_text(exponent));
        text
    }

    /// `1500000`
    fn positional(&self, decimals: usize) -> Vec<u8> {
        let mut text: Vec<u8> = (0..self.point).map(|at| self.digit(at)).collect();
        if text.is_empty() {
            text.push(b'0');
        }
        if decimals > 0 {
            text.push(b'.');
            let decimals = i32::try_from(decimals).unwrap_or(i32::MAX);
            text.extend((0..decimals).map(|at| self.digit(self.point.saturating_add(at))));
        }
        text
    }
}

/// The shortest form that reads back as the same float.
fn shortest(magnitude: f64) -> String {
    let text = format!("{magnitude:e}");
    let digits = text
        .bytes()
        .take_while(|byte| *byte != b'e')
        .filter(u8::is_ascii_digit)
        .count();
    if digits < 15 {
        return text;
    }
    // If two such numbers are equally close, Go takes the even one, as rounding does.
    let even = format!("{magnitude:.*e}", digits - 1);
    if even.parse() == Ok(magnitude) {
        even
    } else {
        text
    }
}

/// An exponent: a sign, and at least two digits.
fn exponent_text(exponent: i32) -> Vec<u8> {
    let sign = if exponent < 0 { '-' } else { '+' };
    format!("{sign}{:02}", exponent.unsigned_abs()).into_bytes()
}

/// A finite float without its sign, in the notation of a verb.
fn magnitude_text(magnitude: f64, verb: char, precision: Option<usize>) -> Vec<u8> {
    match verb {
        'e' | 'E' => {
            let decimals = precision.unwrap_or(6);
            let letter = if verb == 'e' { b'e' } else { b'E' };
            Decimal::of(magnitude, Some(decimals.saturating_add(1))).exponential(decimals, letter)
        }
        'f' | 'F' => {
            let decimals = precision.unwrap_or(6);
            let mut text = format!("{magnitude:.*}", decimals.min(MAX_DIGITS)).into_bytes();
            let missing = decimals.saturating_sub(MAX_DIGITS);
            text.resize(text.len().saturating_add(missing), b'0');
            text
        }
        'b' => binary(magnitude),
        'x' | 'X' => hexadecimal(magnitude, precision, verb == 'X'),
        _ => general(magnitude, precision, if verb == 'G' { b'E' } else { b'e' }),
    }
}

/// `%g`: the exponential notation for large exponents, otherwise the positional one.
fn general(magnitude: f64, precision: Option<usize>, letter: u8) -> Vec<u8> {
    let precision = precision.map(|precision| precision.max(1));
    let decimal = Decimal::of(magnitude, precision);
    let count = decimal.count();
    let limit = match precision.map(|precision| i32::try_from(precision).unwrap_or(i32::MAX)) {
        None => 6,
        Some(precision) if precision > count && count >= decimal.point => count,
        Some(precision) => precision,
    };
    let limit = if precision.is_none() && count > limit && count >= decimal.point {
        6
    } else {
        limit
    };
    let exponent = decimal.point - 1;
    if exponent < -4 || exponent >= limit {
        let decimals = decimal.digits.len().saturating_sub(1);
        return decimal.exponential(decimals, letter);
    }
    let decimals = usize::try_from(count.saturating_sub(decimal.point)).unwrap_or(0);
    decimal.positional(decimals)
}

const MANTISSA_BITS: u32 = 52;

/// The mantissa as an integer, and its power of two.
fn parts(magnitude: f64) -> (u64, i32) {
    let bits = magnitude.to_bits();
    let mantissa = bits & ((1 << MANTISSA_BITS) - 1);
    let exponent = i32::try_from((bits >> MANTISSA_BITS) & 0x7ff).unwrap_or(0);
    if exponent == 0 {
        (mantissa, -1074)
    } else {
        (mantissa | (1 << MANTISSA_BITS), exponent - 1075)
    }
}

/// `6755399441055744p-52`
fn binary(magnitude: f64) -> Vec<u8> {
    let (mantissa, exponent) = parts(magnitude);
    format!("{mantissa}p{exponent:+}").into_bytes()
}

/// `0x1.8p+00`
fn hexadecimal(magnitude: f64, precision: Option<usize>, upper: bool) -> Vec<u8> {
    let (mut mantissa, mut exponent) = parts(magnitude);
    if mantissa == 0 {
        exponent = 0;
    } else {
        // One bit before the point, 60 bits after it.
        let shift = mantissa.leading_zeros().saturating_sub(3);
        mantissa <<= shift;
        exponent = exponent + 60 - i32::try_from(shift).unwrap_or(0);
    }
    if let Some(kept_digits) = precision
        .and_then(|digits| u32::try_from(digits).ok())
        .filter(|digits| *digits < 15)
    {
        let dropped = 60 - kept_digits * 4;
        let (half, rest) = (1_u64 << (dropped - 1), mantissa & ((1 << dropped) - 1));
        mantissa >>= dropped;
        if rest > half || (rest == half && mantissa & 1 == 1) {
            mantissa += 1;
        }
        mantissa <<= dropped;
        if mantissa >> 61 != 0 {
            mantissa >>= 1;
            exponent += 1;
        }
    }
    let fraction = format!("{:015x}", mantissa & ((1 << 60) - 1));
    let mut digits = fraction.trim_end_matches('0').as_bytes().to_vec();
    if let Some(precision) = precision {
        digits.resize(precision, b'0');
    }
    let mut text = format!("0x{}", mantissa >> 60).into_bytes();
    if !digits.is_empty() {
        text.push(b'.');
        text.extend(digits);
    }
    text.push(b'p');
    text.extend(exponent_text(exponent));
    if upper {
        text.make_ascii_uppercase();
    }
    text
}

/// Applies the flag `#`: a point always, and for `%g` the trailing zeros.
fn with_sharp_flag(text: &[u8], verb: char, precision: Option<usize>) -> Vec<u8> {
    let hexadecimal = matches!(verb, 'x' | 'X');
    let is_tail =
        |byte: &u8| matches!(byte, b'p' | b'P') || (!hexadecimal && matches!(byte, b'e' | b'E'));
    let (number, tail) = text.split_at(text.iter().position(is_tail).unwrap_or(text.len()));
    let mut wanted = if matches!(verb, 'v' | 'g' | 'G' | 'x') {
        precision.unwrap_or(6)
    } else {
        0
    };
    let digits = number
        .iter()
        .filter(|byte| **byte != b'.')
        .skip_while(|byte| **byte == b'0')
        .count();
    wanted = wanted.saturating_sub(digits);
    let mut sharp = number.to_vec();
    if !number.contains(&b'.') {
        if number == b"0" {
            wanted = wanted.saturating_sub(1);
        }
        sharp.push(b'.');
    }
    sharp.resize(sharp.len().saturating_add(wanted), b'0');
    sharp.extend(tail);
    sharp
}

impl Printer {
    /// Prints a float; returns `false` if the verb is not for floats.
    pub(super) fn float(&mut self, float: f64, verb: char) -> bool {
        if !matches!(
            verb,
            'v' | 'b' | 'g' | 'G' | 'x' | 'X' | 'f' | 'F' | 'e' | 'E'
        ) {
            return false;
        }
        let flags = self.flags;
        let precision = flags.precision;
        if precision.is_some_and(|precision| precision > self.max_len) {
            self.error = Some(BuiltinError::TooLarge);
            return true;
        }
        let sign = if float.is_sign_negative() && !float.is_nan() {
            Some(b'-')
        } else if flags.plus {
            Some(b'+')
        } else {
            flags.space.then_some(b' ')
        };
        if !float.is_finite() {
            let mut text: Vec<u8> = sign.into_iter().collect();
            if float.is_infinite() && sign.is_none() {
                text.push(b'+');
            }
            text.extend(if float.is_nan() { b"NaN" } else { b"Inf" });
            self.without_zero(|printer| printer.pad(&text));
            return true;
        }
        let mut text = magnitude_text(float.abs(), verb, precision);
        if flags.sharp && verb != 'b' {
            text = with_sharp_flag(&text, verb, precision);
        }
        self.signed(sign, &text);
        true
    }

    /// Prints a number with its sign before the padding zeros.
    fn signed(&mut self, sign: Option<u8>, text: &[u8]) {
        let Some(sign) = sign else {
            return self.pad(text);
        };
        let width = self.flags.width.unwrap_or(0);
        if self.flags.zero && !self.flags.minus && width > text.len() + 1 {
            self.push(&[sign]);
            self.fill(width - text.len() - 1);
            self.push(text);
        } else {
            self.pad(&[&[sign], text].concat());
        }
    }
}
