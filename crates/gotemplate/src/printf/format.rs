//! Parses a format: `%`, flags, width, precision, argument index, verb.

use minijinja::Value;

use super::{Flags, Printer};
use crate::go_value::{GoKind, go_kind};
use crate::unicode::decode;

/// The maximum width, precision and argument index.
const MAX_NUMBER: i64 = 1_000_000;

/// A format, and the position in it.
struct FormatReader<'f> {
    format: &'f [u8],
    at: usize,
    /// The index of the next argument.
    next: usize,
    /// An argument index such as `[1]` was used.
    reordered: bool,
    /// The argument index between `[` and `]` is valid.
    valid_index: bool,
    /// An argument index was just read.
    after_index: bool,
}

impl FormatReader<'_> {
    fn byte(&self) -> Option<u8> {
        self.format.get(self.at).copied()
    }

    fn accept(&mut self, byte: u8) -> bool {
        let accepted = self.byte() == Some(byte);
        self.at += usize::from(accepted);
        accepted
    }

    /// Reads a number. One that is too large skips to `end`.
    fn number(&mut self, end: usize) -> Option<i64> {
        let mut number = None;
        while let Some(digit) = self
            .byte()
            .filter(|byte| byte.is_ascii_digit() && self.at < end)
        {
            let so_far: i64 = number.unwrap_or(0);
            if so_far > MAX_NUMBER {
                self.at = end;
                return None;
            }
            number = Some(so_far * 10 + i64::from(digit - b'0'));
            self.at += 1;
        }
        number
    }

    /// Reads an argument index: `[n]`.
    fn index(&mut self, count: usize) {
        self.after_index = false;
        if self.byte() != Some(b'[') {
            return;
        }
        self.reordered = true;
        let rest = self.format.get(self.at..).unwrap_or_default();
        let close = rest
            .iter()
            .position(|byte| *byte == b']')
            .filter(|_| rest.len() >= 3);
        let Some(close) = close.map(|close| close + self.at) else {
            self.valid_index = false;
            self.at += 1;
            return;
        };
        self.at += 1;
        let number = self.number(close);
        let whole = self.at == close;
        self.at = close + 1;
        let Some(number) = number.filter(|_| whole) else {
            self.valid_index = false;
            return;
        };
        self.after_index = true;
        match usize::try_from(number - 1)
            .ok()
            .filter(|index| *index < count)
        {
            Some(index) => self.next = index,
            None => self.valid_index = false,
        }
    }
}

impl Printer {
    /// `printf`
    pub(crate) fn printf(&mut self, format: &[u8], arguments: &[&Value]) {
        let mut reader = FormatReader {
            format,
            at: 0,
            next: 0,
            reordered: false,
            valid_index: true,
            after_index: false,
        };
        loop {
            let rest = format.get(reader.at..).unwrap_or_default();
            let length = rest.iter().position(|byte| *byte == b'%');
            self.push(rest.get(..length.unwrap_or(rest.len())).unwrap_or_default());
            let Some(length) = length else { break };
            reader.at += length + 1;
            self.flags = Flags::default();
            reader.valid_index = true;
            reader.after_index = false;
            if !self.verb(&mut reader, arguments) || self.error.is_some() {
                break;
            }
        }
        self.flags = Flags::default();
        if !reader.reordered {
            self.extra(arguments.get(reader.next..).unwrap_or_default());
        }
    }

    /// Handles a verb with its flags, width and precision; returns `false` at the end of the format.
    fn verb(&mut self, reader: &mut FormatReader<'_>, arguments: &[&Value]) -> bool {
        self.read_flags(reader);
        let end = reader.format.len();
        reader.index(arguments.len());
        self.width(reader, arguments);
        // As in Go, a point at the end of the format is a verb.
        if reader.at + 1 < end && reader.accept(b'.') {
            self.precision(reader, arguments);
        }
        if !reader.after_index {
            reader.index(arguments.len());
        }
        if reader.at >= end {
            self.push(b"%!(NOVERB)");
            return false;
        }
        let (char, length) = reader
            .format
            .get(reader.at..)
            .and_then(decode)
            .unwrap_or((None, 1));
        let verb = char.unwrap_or('\u{fffd}');
        reader.at += length;
        if verb == '%' {
            self.push(b"%");
        } else if !reader.valid_index {
            self.format_error(verb, "(BADINDEX)");
        } else if let Some(argument) = arguments.get(reader.next) {
            reader.next += 1;
            if matches!(verb, 'v' | 'w') {
                self.flags.sharp_v = std::mem::take(&mut self.flags.sharp);
                self.flags.plus_v = std::mem::take(&mut self.flags.plus);
            }
            self.argument(argument, verb);
        } else {
            self.format_error(verb, "(MISSING)");
        }
        true
    }

    fn read_flags(&mut self, reader: &mut FormatReader<'_>) {
        loop {
            match reader.byte() {
                Some(b'#') => self.flags.sharp = true,
                Some(b'0') => self.flags.zero = true,
                Some(b'+') => self.flags.plus = true,
                Some(b'-') => self.flags.minus = true,
                Some(b' ') => self.flags.space = true,
                _ => return,
            }
            reader.at += 1;
        }
    }

    fn width(&mut self, reader: &mut FormatReader<'_>, arguments: &[&Value]) {
        if !reader.accept(b'*') {
            let width = reader.number(reader.format.len());
            self.flags.width = width.and_then(|width| usize::try_from(width).ok());
            if reader.after_index && width.is_some() {
                reader.valid_index = false;
            }
            return;
        }
        match star_argument(reader, arguments) {
            Some(width) => {
                // A negative width means the flag `-` and a positive width.
                if width < 0 {
                    self.flags.minus = true;
                    self.flags.zero = false;
                }
                self.flags.width = usize::try_from(width.unsigned_abs()).ok();
            }
            None => self.push(b"%!(BADWIDTH)"),
        }
        reader.after_index = false;
    }

    /// Reads the precision after the point.
    fn precision(&mut self, reader: &mut FormatReader<'_>, arguments: &[&Value]) {
        if reader.after_index {
            reader.valid_index = false;
        }
        reader.index(arguments.len());
        if !reader.accept(b'*') {
            let precision = reader.number(reader.format.len()).unwrap_or(0);
            self.flags.precision = usize::try_from(precision).ok();
            return;
        }
        self.flags.precision =
            star_argument(reader, arguments).and_then(|precision| usize::try_from(precision).ok());
        if self.flags.precision.is_none() {
            self.push(b"%!(BADPREC)");
        }
        reader.after_index = false;
    }

    /// Reports arguments that no verb has used.
    fn extra(&mut self, arguments: &[&Value]) {
        if arguments.is_empty() {
            return;
        }
        self.push(b"%!(EXTRA ");
        for (index, argument) in arguments.iter().enumerate() {
            if index > 0 {
                self.push(b", ");
            }
            self.with_type(argument);
        }
        self.push(b")");
    }

    /// `%!v(REASON)`
    fn format_error(&mut self, verb: char, reason: &str) {
        self.push(b"%!");
        self.push_char(verb);
        self.push(reason.as_bytes());
    }
}

/// The argument for a `*`.
fn star_argument(reader: &mut FormatReader<'_>, arguments: &[&Value]) -> Option<i64> {
    let argument = arguments.get(reader.next)?;
    reader.next += 1;
    match go_kind(argument) {
        GoKind::Int(number) if (-MAX_NUMBER..=MAX_NUMBER).contains(&number) => Some(number),
        _ => None,
    }
}
