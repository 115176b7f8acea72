//! Writes times in Go's layouts.
//!
//! Input: a layout and a time. Output: the time, written in the layout.

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;

use super::layout::{Element, Fraction, MONTHS, Offset, Token, WEEKDAYS, tokens};

/// The local time of a zone.
#[derive(Clone, Copy, Debug)]
pub(super) struct LocalTime<'z> {
    pub(super) time: DateTime,
    /// Seconds ahead of UTC.
    pub(super) offset: i32,
    /// The abbreviation of the zone, which may be empty.
    pub(super) zone: &'z str,
}

/// Writes a time, in UTC.
pub fn format(layout: &str, time: Timestamp) -> String {
    let time = LocalTime {
        time: time.to_zoned(TimeZone::UTC).datetime(),
        offset: 0,
        zone: "UTC",
    };
    time.format(layout)
}

impl LocalTime<'_> {
    /// Writes the time.
    pub(super) fn format(&self, layout: &str) -> String {
        let mut out = String::new();
        for token in tokens(layout) {
            match token {
                Token::Element(element) => out.push_str(&self.element(element)),
                Token::Fraction(fraction) => out.push_str(&self.fraction(fraction)),
                Token::Literal(c) => out.push(c),
            }
        }
        out
    }

    fn element(&self, element: Element) -> String {
        let padded = |number: i8, width: usize| format!("{number:0width$}");
        let time = &self.time;
        match element {
            Element::LongMonth => self.month().to_owned(),
            Element::ShortMonth => self.month()[..3].to_owned(),
            Element::LongWeekday => self.weekday().to_owned(),
            Element::ShortWeekday => self.weekday()[..3].to_owned(),
            Element::Year => format!("{:04}", time.year()),
            Element::ShortYear => format!("{:02}", time.year().rem_euclid(100)),
            Element::Month(width) => padded(time.month(), width),
            Element::Day(width) => padded(time.day(), width),
            Element::SpacePaddedDay => format!("{:>2}", time.day()),
            Element::ZeroPaddedDayOfYear => format!("{:03}", time.day_of_year()),
            Element::SpacePaddedDayOfYear => format!("{:>3}", time.day_of_year()),
            Element::Hour => padded(time.hour(), 2),
            Element::Hour12(width) => match time.hour() % 12 {
                0 => "12".to_owned(),
                hour => padded(hour, width),
            },
            Element::Minute(width) => padded(time.minute(), width),
            Element::Second(width) => padded(time.second(), width),
            Element::UpperAmPm => if time.hour() < 12 { "AM" } else { "PM" }.to_owned(),
            Element::LowerAmPm => if time.hour() < 12 { "am" } else { "pm" }.to_owned(),
            Element::Offset(offset) => self.offset(offset),
            Element::ZoneName => self.zone_name(),
        }
    }

    fn month(&self) -> &'static str {
        MONTHS[usize::from(self.time.month().unsigned_abs()) - 1]
    }

    fn weekday(&self) -> &'static str {
        let since_sunday = self.time.weekday().to_sunday_zero_offset();
        WEEKDAYS[usize::from(since_sunday.unsigned_abs())]
    }

    fn offset(&self, offset: Offset) -> String {
        if offset.z_for_utc && self.offset == 0 {
            return "Z".to_owned();
        }
        let sign = if self.offset < 0 { '-' } else { '+' };
        let seconds = self.offset.unsigned_abs();
        let parts = [seconds / 3600, seconds / 60 % 60, seconds % 60];
        let parts = parts.map(|part| format!("{part:02}"));
        let separator = if offset.colon { ":" } else { "" };
        format!("{sign}{}", parts[..offset.parts].join(separator))
    }

    /// The abbreviation of the zone, or its offset where it has none.
    fn zone_name(&self) -> String {
        if self.zone.is_empty() {
            self.offset(Offset {
                z_for_utc: false,
                colon: false,
                parts: 2,
            })
        } else {
            self.zone.to_owned()
        }
    }

    fn fraction(&self, fraction: Fraction) -> String {
        let count = fraction.digits;
        let digits = format!("{:09}", self.time.subsec_nanosecond());
        let mut digits = format!("{digits:0<count$}");
        digits.truncate(count);
        if !fraction.keeps_zeros {
            digits.truncate(digits.trim_end_matches('0').len());
        }
        if digits.is_empty() {
            digits
        } else {
            format!("{}{digits}", fraction.separator)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_written_as_go_writes_them() {
        let time: Timestamp = "2024-03-05T07:08:09.012300Z".parse().unwrap();
        let cases = [
            ("2006-01-02T15:04:05Z07:00", "2024-03-05T07:08:09Z"),
            (
                "Mon Jan _2 15:04:05 MST 2006",
                "Tue Mar  5 07:08:09 UTC 2024",
            ),
            (
                "Monday, January 2, 06 3:4:5 PM pm",
                "Tuesday, March 5, 24 7:8:9 AM am",
            ),
            (
                "15:04:05.000 15:04:05,999999 .99 .0",
                "07:08:09.012 07:08:09,0123 .01 .0",
            ),
            (
                "-0700 -07:00 -07 Z0700 Z07 -070000 -07:00:00",
                "+0000 +00:00 +00 Z Z +000000 +00:00:00",
            ),
            ("002 __2 03 1/2", "065  65 07 3/5"),
            (
                "Janet Monty jan _2006 x2006y .0001",
                "Janet Monty jan _2024 x2024y .0003",
            ),
            ("Märch 2006", "Märch 2024"),
            ("", ""),
        ];
        assert!(!cases.is_empty());
        for (layout, written) in cases {
            assert_eq!(format(layout, time), written, "{layout}");
        }
        let evening: Timestamp = "1999-12-31T23:59:59Z".parse().unwrap();
        assert_eq!(format("3PM 06 .999s Monday", evening), "11PM 99 s Friday");
    }
}
