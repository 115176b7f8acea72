//! Prints integers.

use super::Printer;
use crate::builtin_error::BuiltinError;
use crate::quote::quoted_char;
use crate::unicode::is_printable;

impl Printer {
    /// Prints an integer; returns `false` if the verb is not for integers.
    pub(super) fn integer(
        &mut self,
        magnitude: u64,
        negative: bool,
        signed: bool,
        verb: char,
    ) -> bool {
        match verb {
            'v' if self.flags.sharp_v && !signed => {
                let sharp = std::mem::replace(&mut self.flags.sharp, true);
                self.digits(magnitude, negative, 16, verb);
                self.flags.sharp = sharp;
            }
            'v' | 'd' => self.digits(magnitude, negative, 10, verb),
            'b' => self.digits(magnitude, negative, 2, verb),
            'o' | 'O' => self.digits(magnitude, negative, 8, verb),
            'x' | 'X' => self.digits(magnitude, negative, 16, verb),
            'c' => {
                let char = character(magnitude, negative);
                self.pad(char.encode_utf8(&mut [0; 4]).as_bytes());
            }
            'q' => {
                let literal = quoted_char(character(magnitude, negative), self.flags.plus);
                self.pad(literal.as_bytes());
            }
            'U' => self.code_point(magnitude, negative),
            _ => return false,
        }
        true
    }

    fn digits(&mut self, magnitude: u64, negative: bool, radix: u64, verb: char) {
        let signed = negative || self.flags.plus || self.flags.space;
        let min_digits = match (self.flags.precision, self.flags.width) {
            // 0 with precision 0 has no digits.
            (Some(0), _) if magnitude == 0 => {
                let width = self.flags.width.unwrap_or(0);
                return self.without_zero(|printer| printer.fill(width));
            }
            (Some(precision), _) => precision,
            (None, Some(width)) if self.flags.zero && !self.flags.minus => {
                width.saturating_sub(usize::from(signed))
            }
            _ => 0,
        };
        if min_digits > self.max_len {
            self.error = Some(BuiltinError::TooLarge);
            return;
        }
        let mut text = Vec::with_capacity(min_digits.max(24));
        let mut rest = magnitude;
        while rest > 0 || text.is_empty() {
            let digit = u32::try_from(rest % radix)
                .ok()
                .and_then(|digit| char::from_digit(digit, 16));
            let digit = digit.unwrap_or('0');
            let digit = if verb == 'X' {
                digit.to_ascii_uppercase()
            } else {
                digit
            };
            text.push(u8::try_from(digit).unwrap_or(b'0'));
            rest /= radix;
        }
        text.resize(text.len().max(min_digits), b'0');
        self.prefix(&mut text, radix, verb);
        if negative {
            text.push(b'-');
        } else if self.flags.plus {
            text.push(b'+');
        } else if self.flags.space {
            text.push(b' ');
        }
        text.reverse();
        self.without_zero(|printer| printer.pad(&text));
    }

    /// Appends the prefix of the base, in reverse like the digits.
    fn prefix(&self, text: &mut Vec<u8>, radix: u64, verb: char) {
        if self.flags.sharp {
            match radix {
                2 => text.extend(b"b0"),
                8 if text.last() != Some(&b'0') => text.push(b'0'),
                16 if verb == 'X' => text.extend(b"X0"),
                16 => text.extend(b"x0"),
                _ => {}
            }
        }
        if verb == 'O' {
            text.extend(b"o0");
        }
    }

    /// `U+0041`
    fn code_point(&mut self, magnitude: u64, negative: bool) {
        let code = if negative {
            magnitude.wrapping_neg()
        } else {
            magnitude
        };
        let min_digits = self.flags.precision.unwrap_or(4).max(4);
        if min_digits > self.max_len {
            self.error = Some(BuiltinError::TooLarge);
            return;
        }
        let digits = format!("{code:X}");
        let mut text = b"U+".to_vec();
        text.resize(text.len() + min_digits.saturating_sub(digits.len()), b'0');
        text.extend(digits.into_bytes());
        let char = u32::try_from(code).ok().and_then(char::from_u32);
        if let Some(char) = char.filter(|char| self.flags.sharp && is_printable(*char)) {
            text.extend(format!(" '{char}'").into_bytes());
        }
        self.without_zero(|printer| printer.pad(&text));
    }
}

fn character(magnitude: u64, negative: bool) -> char {
    let code = u32::try_from(magnitude).ok().filter(|_| !negative);
    code.and_then(char::from_u32).unwrap_or('\u{fffd}')
}
