//! Prints strings.

use super::Printer;
use crate::builtin_error::BuiltinError;
use crate::quote::{can_back_quote, quoted_as};
use crate::unicode::decode;

impl Printer {
    /// Prints a string; returns `false` if the verb is not for strings.
    pub(super) fn text(&mut self, text: &[u8], verb: char) -> bool {
        match verb {
            'v' if self.flags.sharp_v => self.quoted(text),
            'v' | 's' => self.format_text(text),
            'q' => self.quoted(text),
            'x' => self.hexadecimal(text, false),
            'X' => self.hexadecimal(text, true),
            _ => return false,
        }
        true
    }

    /// Prints text without truncating it to the precision.
    pub(super) fn pad_text(&mut self, text: &[u8]) {
        self.pad(text);
    }

    /// Prints text, truncated to the precision.
    pub(super) fn format_text(&mut self, text: &[u8]) {
        let text = self.truncated(text);
        self.pad(text);
    }

    fn quoted(&mut self, text: &[u8]) {
        let text = self.truncated(text);
        // Check before quoting: the literal can be six times as long as the text.
        if text.len() > self.max_len {
            self.error = Some(BuiltinError::TooLarge);
            return;
        }
        if self.flags.sharp && can_back_quote(text) {
            let literal = [b"`", text, b"`"].concat();
            self.pad(&literal);
        } else {
            let literal = quoted_as(text, self.flags.plus);
            self.pad(literal.as_bytes());
        }
    }

    /// The text, truncated to the precision in characters.
    fn truncated<'a>(&self, text: &'a [u8]) -> &'a [u8] {
        let Some(max) = self.flags.precision else {
            return text;
        };
        let mut end = 0;
        for _ in 0..max {
            match text.get(end..).and_then(decode) {
                Some((_, length)) => end += length,
                None => break,
            }
        }
        text.get(..end).unwrap_or(text)
    }

    fn hexadecimal(&mut self, text: &[u8], upper: bool) {
        let max = self.flags.precision.unwrap_or(text.len()).min(text.len());
        let text = text.get(..max).unwrap_or_default();
        let (sharp, space) = (self.flags.sharp, self.flags.space);
        let prefixes = if !sharp {
            0
        } else if space {
            text.len()
        } else {
            1
        };
        let spaces = if space {
            text.len().saturating_sub(1)
        } else {
            0
        };
        let length = text
            .len()
            .saturating_add(prefixes)
            .saturating_mul(2)
            .saturating_add(spaces);
        let width = self.flags.width.unwrap_or(0);
        if text.is_empty() {
            return self.fill(width);
        }
        let missing = width.saturating_sub(length);
        if !self.flags.minus {
            self.fill(missing);
        }
        let prefix: &[u8] = if upper { b"0X" } else { b"0x" };
        for (index, byte) in text.iter().enumerate() {
            if space && index > 0 {
                self.push(b" ");
            }
            if sharp && (space || index == 0) {
                self.push(prefix);
            }
            let digits = if upper {
                format!("{byte:02X}")
            } else {
                format!("{byte:02x}")
            };
            self.push(digits.as_bytes());
        }
        if self.flags.minus {
            self.fill(missing);
        }
    }
}
