//! Strings.

use super::Printer;
use crate::quote::{can_back_quote, quoted_as};
use crate::unicode::decode;

impl Printer {
    /// A string as the verb asks for it; `false` if the verb is not for strings.
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

    /// Text that the precision does not cut.
    pub(super) fn pad_text(&mut self, text: &[u8]) {
        self.pad(text);
    }

    /// Text that the precision cuts.
    pub(super) fn format_text(&mut self, text: &[u8]) {
        let text = self.cut(text);
        self.pad(text);
    }

    fn quoted(&mut self, text: &[u8]) {
        let text = self.cut(text);
        // The literal can be six times as long as the text, but no longer.
        if text.len() > self.most {
            self.trouble = Some(super::Trouble::TooLarge);
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

    /// As many characters as the precision allows.
    fn cut<'a>(&self, text: &'a [u8]) -> &'a [u8] {
        let Some(most) = self.flags.precision else {
            return text;
        };
        let mut end = 0;
        for _ in 0..most {
            match text.get(end..).and_then(decode) {
                Some((_, length)) => end += length,
                None => break,
            }
        }
        text.get(..end).unwrap_or(text)
    }

    fn hexadecimal(&mut self, text: &[u8], upper: bool) {
        let most = self.flags.precision.unwrap_or(text.len()).min(text.len());
        let text = text.get(..most).unwrap_or_default();
        let (sharp, space) = (self.flags.sharp, self.flags.space);
        let marks = if !sharp {
            0
        } else if space {
            text.len()
        } else {
            1
        };
        let blanks = if space {
            text.len().saturating_sub(1)
        } else {
            0
        };
        let length = text
            .len()
            .saturating_add(marks)
            .saturating_mul(2)
            .saturating_add(blanks);
        let width = self.flags.width.unwrap_or(0);
        if text.is_empty() {
            return self.fill(width);
        }
        let missing = width.saturating_sub(length);
        if !self.flags.minus {
            self.fill(missing);
        }
        let mark: &[u8] = if upper { b"0X" } else { b"0x" };
        for (index, byte) in text.iter().enumerate() {
            if space && index > 0 {
                self.push(b" ");
            }
            if sharp && (space || index == 0) {
                self.push(mark);
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
