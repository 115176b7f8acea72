//! Reads times that are written like a Go layout.
//!
//! in:  a layout (`2006-01-02 15:04`), and a text
//! out: the [`Moment`], or what is wrong; a time without a zone is in UTC

use jiff::SignedDuration;
use jiff::civil::{Date, DateTime, Time};

use super::layout::MONTHS;
use super::moment::Moment;

const DAYS: [&str; 7] = [
    "Sunday",
    "Monday",
    "Tuesday",
    "Wednesday",
    "Thursday",
    "Friday",
    "Saturday",
];

/// What an element of a layout stands for.
#[derive(Clone, Copy, Debug)]
enum Element {
    LongMonth,
    ShortMonth,
    LongDay,
    ShortDay,
    Year,
    ShortYear,
    /// With the smallest number of digits.
    Month(usize),
    Day(usize),
    /// With one digit, or a blank and one.
    BlankDay,
    /// With three digits, or with blanks before them.
    DayOfYear(bool),
    Hour,
    HourOf12(usize),
    Minute(usize),
    Second(usize),
    Half(bool),
    /// `Z` is allowed for no offset, colons stand between its numbers, and there are so many of them.
    Offset {
        z: bool,
        colon: bool,
        parts: usize,
    },
    Zone,
}

/// Longer texts stand before their beginnings.
const ELEMENTS: [(&str, Element); 33] = [
    ("January", Element::LongMonth),
    ("Monday", Element::LongDay),
    (
        "Z07:00:00",
        Element::Offset {
            z: true,
            colon: true,
            parts: 3,
        },
    ),
    (
        "-07:00:00",
        Element::Offset {
            z: false,
            colon: true,
            parts: 3,
        },
    ),
    (
        "Z070000",
        Element::Offset {
            z: true,
            colon: false,
            parts: 3,
        },
    ),
    (
        "-070000",
        Element::Offset {
            z: false,
            colon: false,
            parts: 3,
        },
    ),
    (
        "Z07:00",
        Element::Offset {
            z: true,
            colon: true,
            parts: 2,
        },
    ),
    (
        "-07:00",
        Element::Offset {
            z: false,
            colon: true,
            parts: 2,
        },
    ),
    (
        "Z0700",
        Element::Offset {
            z: true,
            colon: false,
            parts: 2,
        },
    ),
    (
        "-0700",
        Element::Offset {
            z: false,
            colon: false,
            parts: 2,
        },
    ),
    ("2006", Element::Year),
    ("__2", Element::DayOfYear(false)),
    ("002", Element::DayOfYear(true)),
    ("Jan", Element::ShortMonth),
    ("Mon", Element::ShortDay),
    ("MST", Element::Zone),
    (
        "Z07",
        Element::Offset {
            z: true,
            colon: false,
            parts: 1,
        },
    ),
    (
        "-07",
        Element::Offset {
            z: false,
            colon: false,
            parts: 1,
        },
    ),
    ("01", Element::Month(2)),
    ("02", Element::Day(2)),
    ("03", Element::HourOf12(2)),
    ("04", Element::Minute(2)),
    ("05", Element::Second(2)),
    ("06", Element::ShortYear),
    ("15", Element::Hour),
    ("_2", Element::BlankDay),
    ("PM", Element::Half(true)),
    ("pm", Element::Half(false)),
    ("1", Element::Month(1)),
    ("2", Element::Day(1)),
    ("3", Element::HourOf12(1)),
    ("4", Element::Minute(1)),
    ("5", Element::Second(1)),
];

/// What has been read.
#[derive(Clone, Debug)]
struct Read {
    year: i16,
    month: Option<i8>,
    day: Option<i8>,
    hour: i8,
    minute: i8,
    second: i8,
    nanos: i32,
    afternoon: Option<bool>,
    day_of_year: Option<i16>,
    offset: Option<i32>,
    zone: String,
}

type Rest<'t> = Result<&'t str, String>;

/// The time that a text says.
pub(super) fn parse(layout: &str, text: &str) -> Result<Moment, String> {
    let mut read = Read {
        year: 0,
        month: None,
        day: None,
        hour: 0,
        minute: 0,
        second: 0,
        nanos: 0,
        afternoon: None,
        day_of_year: None,
        offset: None,
        zone: String::new(),
    };
    let (mut layout, mut rest) = (layout, text);
    while let Some(first) = layout.chars().next() {
        if let Some(length) = fraction_length(layout) {
            let written = layout[1..length].starts_with('0').then_some(length);
            layout = &layout[length..];
            rest = fraction(rest, written, &mut read)?;
        } else if let Some((written, element)) =
            ELEMENTS.iter().find(|(written, _)| begins(layout, written))
        {
            layout = &layout[written.len()..];
            rest = element.read(rest, &mut read)?;
            // Seconds may have a fraction, also where the layout has none.
            if matches!(element, Element::Second(_)) && fraction_length(layout).is_none() {
                rest = fraction(rest, None, &mut read)?;
            }
        } else {
            layout = &layout[first.len_utf8()..];
            rest = match first {
                ' ' => rest.trim_start_matches(' '),
                _ => rest
                    .strip_prefix(first)
                    .ok_or_else(|| cannot("the characters of the layout"))?,
            };
        }
    }
    if !rest.is_empty() {
        return Err("extra text at the end".to_owned());
    }
    read.moment()
}

/// Whether a layout begins with an element: `_2006` is a line and a year, and `Janus` is not a month.
fn begins(layout: &str, written: &str) -> bool {
    let Some(after) = layout.strip_prefix(written) else {
        return false;
    };
    match written {
        "_2" => !after.starts_with("006"),
        "Jan" | "Mon" => !after.starts_with(|c: char| c.is_ascii_lowercase()),
        _ => true,
    }
}

fn cannot(what: &str) -> String {
    format!("the text does not have {what} where it should")
}

fn out_of_range(what: &str) -> String {
    format!("{what} out of range")
}

impl Read {
    fn moment(self) -> Result<Moment, String> {
        let hour = match self.afternoon {
            Some(true) if self.hour < 12 => self.hour + 12,
            Some(false) if self.hour == 12 => 0,
            _ => self.hour,
        };
        let time = Time::new(hour, self.minute, self.second, self.nanos)
            .map_err(|_| out_of_range("hour, minute or second"))?;
        let date = match self.day_of_year {
            Some(day) => {
                let first = Date::new(self.year, 1, 1).map_err(|_| out_of_range("year"))?;
                let date = first.checked_add(SignedDuration::from_hours(24 * (i64::from(day) - 1)));
                let date = date.map_err(|_| out_of_range("day of year"))?;
                let said = |said: Option<i8>, is: i8| said.is_none_or(|said| said == is);
                if date.year() != self.year
                    || !said(self.month, date.month())
                    || !said(self.day, date.day())
                {
                    return Err("day of year does not match the rest".to_owned());
                }
                date
            }
            None => Date::new(self.year, self.month.unwrap_or(1), self.day.unwrap_or(1))
                .map_err(|_| out_of_range("day"))?,
        };
        // As for Go, a zone of UTC's own offset is UTC, whatever its name.
        let (offset, zone) = match self.offset {
            Some(0) => (0, "UTC".to_owned()),
            Some(offset) => (offset, self.zone),
            None if self.zone.is_empty() => (0, "UTC".to_owned()),
            None => (0, self.zone),
        };
        Moment::at(DateTime::from_parts(date, time), offset, zone)
            .ok_or_else(|| out_of_range("time"))
    }
}

impl Element {
    fn read<'t>(self, text: &'t str, read: &mut Read) -> Rest<'t> {
        match self {
            Self::LongMonth | Self::ShortMonth => {
                let short = matches!(self, Self::ShortMonth);
                let (at, rest) =
                    name(text, &MONTHS, short).ok_or_else(|| cannot("the name of a month"))?;
                read.month = i8::try_from(at + 1).ok();
                Ok(rest)
            }
            Self::LongDay | Self::ShortDay => {
                let short = matches!(self, Self::ShortDay);
                name(text, &DAYS, short)
                    .map(|(_, rest)| rest)
                    .ok_or_else(|| cannot("the name of a day"))
            }
            Self::Year => {
                let (year, rest) = number(text, 4, 4, "a year")?;
                read.year = year;
                Ok(rest)
            }
            Self::ShortYear => {
                let (year, rest) = number(text, 2, 2, "a year")?;
                read.year = if year >= 69 { year + 1900 } else { year + 2000 };
                Ok(rest)
            }
            Self::Month(least) => within(text, least, 1..=12, "month", read.month.insert(0)),
            Self::Day(least) => within(text, least, 1..=31, "day", read.day.insert(0)),
            Self::BlankDay => Self::Day(1).read(text.strip_prefix(' ').unwrap_or(text), read),
            Self::DayOfYear(whole) => {
                let blanks = text
                    .bytes()
                    .take(2)
                    .take_while(|byte| *byte == b' ' && !whole)
                    .count();
                let (day, rest) = number(
                    &text[blanks..],
                    if whole { 3 } else { 1 },
                    3,
                    "a day of the year",
                )?;
                read.day_of_year = Some(day);
                if (1..=366).contains(&day) {
                    Ok(rest)
                } else {
                    Err(out_of_range("day of year"))
                }
            }
            Self::Hour => within(text, 1, 0..=23, "hour", &mut read.hour),
            Self::HourOf12(least) => within(text, least, 0..=12, "hour", &mut read.hour),
            Self::Minute(least) => within(text, least, 0..=59, "minute", &mut read.minute),
            Self::Second(least) => within(text, least, 0..=59, "second", &mut read.second),
            Self::Half(capital) => {
                let (before, after) = if capital { ("AM", "PM") } else { ("am", "pm") };
                read.afternoon = Some(text.starts_with(after));
                text.strip_prefix(before)
                    .or_else(|| text.strip_prefix(after))
                    .ok_or_else(|| cannot("AM or PM"))
            }
            Self::Offset { z: true, .. } if text.starts_with('Z') => {
                read.offset = Some(0);
                Ok(&text[1..])
            }
            Self::Offset { colon, parts, .. } => offset(text, colon, parts, &mut read.offset),
            // An abbreviation does not say how far away it is from UTC.
            Self::Zone => {
                if let Some(rest) = text.strip_prefix("UTC") {
                    read.offset = Some(0);
                    return Ok(rest);
                }
                let length = text.bytes().take_while(u8::is_ascii_uppercase).count();
                if !(3..=5).contains(&length) {
                    return Err(cannot("a time zone"));
                }
                let (zone, rest) = text.split_at(length);
                zone.clone_into(&mut read.zone);
                Ok(rest)
            }
        }
    }
}

/// The number of a name, of which only the first three letters may be written.
fn name<'t>(text: &'t str, names: &[&str], short: bool) -> Option<(usize, &'t str)> {
    names.iter().enumerate().find_map(|(at, name)| {
        let written = if short { &name[..3] } else { name };
        let begin = text.get(..written.len())?;
        begin
            .eq_ignore_ascii_case(written)
            .then(|| (at, &text[written.len()..]))
    })
}

fn number<'t>(
    text: &'t str,
    least: usize,
    most: usize,
    what: &str,
) -> Result<(i16, &'t str), String> {
    let length = text
        .bytes()
        .take(most)
        .take_while(u8::is_ascii_digit)
        .count();
    if length < least {
        return Err(cannot(what));
    }
    let (digits, rest) = text.split_at(length);
    Ok((digits.parse().map_err(|_| cannot(what))?, rest))
}

/// One or two digits. A leading zero is two digits, also where one suffices.
fn within<'t>(
    text: &'t str,
    least: usize,
    range: std::ops::RangeInclusive<i16>,
    what: &str,
    place: &mut i8,
) -> Rest<'t> {
    let (value, rest) = number(text, least, 2, what)?;
    if !range.contains(&value) {
        return Err(out_of_range(what));
    }
    *place = i8::try_from(value).unwrap_or_default();
    Ok(rest)
}

fn offset<'t>(text: &'t str, colon: bool, parts: usize, place: &mut Option<i32>) -> Rest<'t> {
    let sign = match text.as_bytes().first() {
        Some(b'+') => 1,
        Some(b'-') => -1,
        _ => return Err(cannot("an offset from UTC")),
    };
    let mut rest = &text[1..];
    let mut seconds = 0;
    for (index, unit) in [3600, 60, 1].into_iter().enumerate().take(parts) {
        if colon && index > 0 {
            rest = rest
                .strip_prefix(':')
                .ok_or_else(|| cannot("an offset from UTC"))?;
        }
        let (value, after) = number(rest, 2, 2, "an offset from UTC")?;
        seconds += i32::from(value) * unit;
        rest = after;
    }
    *place = Some(sign * seconds);
    Ok(rest)
}

/// How long a fraction of the layout is: `.000`, `,999`; not if a digit follows.
fn fraction_length(layout: &str) -> Option<usize> {
    let rest = layout.strip_prefix(['.', ','])?;
    let digit = rest.chars().next().filter(|c| matches!(c, '0' | '9'))?;
    let length = rest.chars().take_while(|c| *c == digit).count();
    let ends = !rest[length..].starts_with(|c: char| c.is_ascii_digit());
    ends.then_some(length + 1)
}

/// A point and digits, if there are any; as many as are `written`, if the layout says how many.
fn fraction<'t>(text: &'t str, written: Option<usize>, read: &mut Read) -> Rest<'t> {
    let most = written.map_or(usize::MAX, |length| length - 1);
    let Some(rest) = text.strip_prefix(['.', ',']) else {
        return if written.is_some() {
            Err(cannot("a fraction"))
        } else {
            Ok(text)
        };
    };
    let length = rest
        .bytes()
        .take(most)
        .take_while(u8::is_ascii_digit)
        .count();
    if written.is_some() && length < most {
        return Err(cannot("a fraction"));
    }
    if length == 0 {
        return Ok(text);
    }
    let digits: String = rest[..length]
        .chars()
        .chain("000000000".chars())
        .take(9)
        .collect();
    read.nanos = digits.parse().map_err(|_| cannot("a fraction"))?;
    Ok(&rest[length..])
}
