//! Reads times that are written in Go's layouts.
//!
//! Input: a layout (`2006-01-02 15:04`) and a text. Output: a [`GoTime`]; a time without a zone is in UTC.

use jiff::SignedDuration;
use jiff::civil::{Date, DateTime, Time};

use super::layout::{Element, Fraction, MONTHS, Offset, Token, WEEKDAYS, tokens};
use super::value::GoTime;

/// The reason why a text is not a time in a layout. It does not quote the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ParseTimeError {
    /// An element of the layout is not in the text.
    #[error("the text does not have {0} where the layout has it")]
    Missing(&'static str),
    /// A number is too large for its element.
    #[error("{0} out of range")]
    OutOfRange(&'static str),
    /// There is more text after the last element.
    #[error("extra text at the end")]
    ExtraText,
    /// The day of the year differs from the month and day.
    #[error("day of year does not match month and day")]
    DayOfYearMismatch,
}

use ParseTimeError::{Missing, OutOfRange};

/// The rest of a text after an element was read.
type Rest<'t> = Result<&'t str, ParseTimeError>;

/// The values that the elements of a layout have in a text.
#[derive(Clone, Debug, Default)]
struct Parts {
    year: i16,
    month: Option<i8>,
    day: Option<i8>,
    hour: i8,
    minute: i8,
    second: i8,
    nanoseconds: i32,
    pm: Option<bool>,
    day_of_year: Option<i16>,
    offset: Option<i32>,
    zone: String,
}

/// Reads a time.
///
/// # Errors
/// If the text does not have the layout.
pub fn parse(layout: &str, text: &str) -> Result<GoTime, ParseTimeError> {
    let mut parts = Parts::default();
    let mut tokens = tokens(layout).peekable();
    let mut rest = text;
    while let Some(token) = tokens.next() {
        rest = match token {
            Token::Fraction(fraction) => parts.fraction(rest, Some(fraction))?,
            Token::Element(element) => {
                let after = parts.element(element, rest)?;
                let is_second = matches!(element, Element::Second(_));
                // Seconds may have a fraction, also where the layout has none.
                if is_second && !matches!(tokens.peek(), Some(Token::Fraction(_))) {
                    parts.fraction(after, None)?
                } else {
                    after
                }
            }
            Token::Literal(' ') => rest.trim_start_matches(' '),
            Token::Literal(c) => rest
                .strip_prefix(c)
                .ok_or(Missing("the characters of the layout"))?,
        };
    }
    if rest.is_empty() {
        parts.time()
    } else {
        Err(ParseTimeError::ExtraText)
    }
}

impl Parts {
    fn time(self) -> Result<GoTime, ParseTimeError> {
        let hour = match self.pm {
            Some(true) if self.hour < 12 => self.hour + 12,
            Some(false) if self.hour == 12 => 0,
            _ => self.hour,
        };
        let time = Time::new(hour, self.minute, self.second, self.nanoseconds)
            .map_err(|_| OutOfRange("hour, minute or second"))?;
        let date = self.date()?;
        // As in Go, an offset of zero is UTC, regardless of the name of the zone.
        let (offset, zone) = match self.offset {
            Some(0) => (0, "UTC".to_owned()),
            Some(offset) => (offset, self.zone),
            None if self.zone.is_empty() => (0, "UTC".to_owned()),
            None => (0, self.zone),
        };
        GoTime::from_local(DateTime::from_parts(date, time), offset, zone).ok_or(OutOfRange("time"))
    }

    fn date(&self) -> Result<Date, ParseTimeError> {
        let Some(day) = self.day_of_year else {
            return Date::new(self.year, self.month.unwrap_or(1), self.day.unwrap_or(1))
                .map_err(|_| OutOfRange("day"));
        };
        let first = Date::new(self.year, 1, 1).map_err(|_| OutOfRange("year"))?;
        let date = first.checked_add(SignedDuration::from_hours(24 * (i64::from(day) - 1)));
        let date = date.map_err(|_| OutOfRange("day of year"))?;
        let matches = |read: Option<i8>, value: i8| read.is_none_or(|read| read == value);
        if date.year() == self.year
            && matches(self.month, date.month())
            && matches(self.day, date.day())
        {
            Ok(date)
        } else {
            Err(ParseTimeError::DayOfYearMismatch)
        }
    }

    /// Reads an element, and returns the text after it.
    fn element<'t>(&mut self, element: Element, text: &'t str) -> Rest<'t> {
        match element {
            Element::LongMonth => self.month_name(text, false),
            Element::ShortMonth => self.month_name(text, true),
            Element::LongWeekday => weekday(text, false),
            Element::ShortWeekday => weekday(text, true),
            Element::Year => {
                let (year, rest) = number(text, 4, 4, "a year")?;
                self.year = year;
                Ok(rest)
            }
            Element::ShortYear => {
                let (year, rest) = number(text, 2, 2, "a year")?;
                self.year = if year >= 69 { year + 1900 } else { year + 2000 };
                Ok(rest)
            }
            Element::Month(width) => ranged(text, width, 1..=12, "month", self.month.insert(0)),
            Element::Day(width) => ranged(text, width, 1..=31, "day", self.day.insert(0)),
            Element::SpacePaddedDay => {
                let text = text.strip_prefix(' ').unwrap_or(text);
                self.element(Element::Day(1), text)
            }
            Element::ZeroPaddedDayOfYear => self.day_of_year(text, 3),
            Element::SpacePaddedDayOfYear => {
                let spaces = text.bytes().take(2).take_while(|byte| *byte == b' ');
                self.day_of_year(&text[spaces.count()..], 1)
            }
            Element::Hour => ranged(text, 1, 0..=23, "hour", &mut self.hour),
            Element::Hour12(width) => ranged(text, width, 0..=12, "hour", &mut self.hour),
            Element::Minute(width) => ranged(text, width, 0..=59, "minute", &mut self.minute),
            Element::Second(width) => ranged(text, width, 0..=59, "second", &mut self.second),
            Element::UpperAmPm => self.am_or_pm(text, "AM", "PM"),
            Element::LowerAmPm => self.am_or_pm(text, "am", "pm"),
            Element::Offset(offset) => self.offset(text, offset),
            Element::ZoneName => self.zone_name(text),
        }
    }

    fn month_name<'t>(&mut self, text: &'t str, short: bool) -> Rest<'t> {
        let (index, rest) = name(text, &MONTHS, short).ok_or(Missing("the name of a month"))?;
        self.month = i8::try_from(index + 1).ok();
        Ok(rest)
    }

    fn day_of_year<'t>(&mut self, text: &'t str, min_digits: usize) -> Rest<'t> {
        let (day, rest) = number(text, min_digits, 3, "a day of the year")?;
        self.day_of_year = Some(day);
        if (1..=366).contains(&day) {
            Ok(rest)
        } else {
            Err(OutOfRange("day of year"))
        }
    }

    fn am_or_pm<'t>(&mut self, text: &'t str, am: &str, pm: &str) -> Rest<'t> {
        self.pm = Some(text.starts_with(pm));
        text.strip_prefix(am)
            .or_else(|| text.strip_prefix(pm))
            .ok_or(Missing("AM or PM"))
    }

    fn offset<'t>(&mut self, text: &'t str, offset: Offset) -> Rest<'t> {
        const MISSING: ParseTimeError = Missing("an offset from UTC");
        let sign = match text.as_bytes().first() {
            Some(b'Z') if offset.z_for_utc => {
                self.offset = Some(0);
                return Ok(&text[1..]);
            }
            Some(b'+') => 1,
            Some(b'-') => -1,
            _ => return Err(MISSING),
        };
        let mut rest = &text[1..];
        let mut seconds = 0;
        for (index, unit) in [3600, 60, 1].into_iter().enumerate().take(offset.parts) {
            if offset.colon && index > 0 {
                rest = rest.strip_prefix(':').ok_or(MISSING)?;
            }
            let (value, after) = number(rest, 2, 2, "an offset from UTC")?;
            seconds += i32::from(value) * unit;
            rest = after;
        }
        self.offset = Some(sign * seconds);
        Ok(rest)
    }

    /// The abbreviation of a zone. Except for UTC it does not determine the offset.
    fn zone_name<'t>(&mut self, text: &'t str) -> Rest<'t> {
        if let Some(rest) = text.strip_prefix("UTC") {
            self.offset = Some(0);
            return Ok(rest);
        }
        let length = text.bytes().take_while(u8::is_ascii_uppercase).count();
        if !(3..=5).contains(&length) {
            return Err(Missing("a time zone"));
        }
        let (zone, rest) = text.split_at(length);
        zone.clone_into(&mut self.zone);
        Ok(rest)
    }

    /// A separator and digits. Without a fraction in the layout there may be none; digits that are always written
    /// (`.000`) must all be there.
    fn fraction<'t>(&mut self, text: &'t str, layout: Option<Fraction>) -> Rest<'t> {
        const MISSING: ParseTimeError = Missing("a fraction");
        let required = layout
            .filter(|fraction| fraction.keeps_zeros)
            .map(|fraction| fraction.digits);
        let Some(rest) = text.strip_prefix(['.', ',']) else {
            return if required.is_some() {
                Err(MISSING)
            } else {
                Ok(text)
            };
        };
        let max = required.unwrap_or(usize::MAX);
        let digits = rest.bytes().take(max).take_while(u8::is_ascii_digit);
        let length = digits.count();
        if required.is_some_and(|required| length < required) {
            return Err(MISSING);
        }
        if length == 0 {
            return Ok(text);
        }
        let padded = rest[..length].chars().chain("000000000".chars());
        let nanoseconds: String = padded.take(9).collect();
        self.nanoseconds = nanoseconds.parse().map_err(|_| MISSING)?;
        Ok(&rest[length..])
    }
}

fn weekday(text: &str, short: bool) -> Rest<'_> {
    name(text, &WEEKDAYS, short)
        .map(|(_, rest)| rest)
        .ok_or(Missing("the name of a day"))
}

/// The index of the name that a text begins with; a short name has three letters.
fn name<'t>(text: &'t str, names: &[&str], short: bool) -> Option<(usize, &'t str)> {
    names.iter().enumerate().find_map(|(index, name)| {
        let written = if short { &name[..3] } else { name };
        let start = text.get(..written.len())?;
        start
            .eq_ignore_ascii_case(written)
            .then(|| (index, &text[written.len()..]))
    })
}

fn number<'t>(
    text: &'t str,
    min_digits: usize,
    max_digits: usize,
    what: &'static str,
) -> Result<(i16, &'t str), ParseTimeError> {
    let digits = text.bytes().take(max_digits).take_while(u8::is_ascii_digit);
    let length = digits.count();
    if length < min_digits {
        return Err(Missing(what));
    }
    let (digits, rest) = text.split_at(length);
    Ok((digits.parse().map_err(|_| Missing(what))?, rest))
}

/// Reads a number of at most two digits into `target`. A leading zero is allowed, also where one digit is enough.
fn ranged<'t>(
    text: &'t str,
    min_digits: usize,
    range: std::ops::RangeInclusive<i16>,
    what: &'static str,
    target: &mut i8,
) -> Rest<'t> {
    let (value, rest) = number(text, min_digits, 2, what)?;
    if !range.contains(&value) {
        return Err(OutOfRange(what));
    }
    *target = i8::try_from(value).unwrap_or_default();
    Ok(rest)
}
