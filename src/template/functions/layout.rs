//! Go's time layouts: a layout is the time `Mon Jan 2 15:04:05 2006`, written as one wants to see times.
//!
//! in:  a layout and a time
//! out: the time, written like the layout

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;

/// One element of a layout: the text that stands for it, and how it is written.
type Element = (&'static str, fn(&Clock<'_>) -> String);

/// A time as the clocks of its zone show it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Clock<'z> {
    pub(super) time: DateTime,
    /// How many seconds it is ahead of UTC.
    pub(super) offset: i32,
    /// The name of the zone, which may be empty.
    pub(super) zone: &'z str,
}

/// Longer texts stand before their beginnings.
static ELEMENTS: &[Element] = &[
    ("January", |t| month(&t.time).to_owned()),
    ("Monday", |t| weekday(&t.time).to_owned()),
    ("Z07:00:00", |t| t.offset(true, ":", 3)),
    ("-07:00:00", |t| t.offset(false, ":", 3)),
    ("Z070000", |t| t.offset(true, "", 3)),
    ("-070000", |t| t.offset(false, "", 3)),
    ("Z07:00", |t| t.offset(true, ":", 2)),
    ("-07:00", |t| t.offset(false, ":", 2)),
    ("Z0700", |t| t.offset(true, "", 2)),
    ("-0700", |t| t.offset(false, "", 2)),
    ("2006", |t| format!("{:04}", t.time.year())),
    ("__2", |t| format!("{:>3}", t.time.day_of_year())),
    ("002", |t| format!("{:03}", t.time.day_of_year())),
    ("Jan", |t| month(&t.time)[..3].to_owned()),
    ("Mon", |t| weekday(&t.time)[..3].to_owned()),
    ("MST", |t| t.zone()),
    ("Z07", |t| t.offset(true, "", 1)),
    ("-07", |t| t.offset(false, "", 1)),
    ("01", |t| format!("{:02}", t.time.month())),
    ("02", |t| format!("{:02}", t.time.day())),
    ("03", |t| format!("{:02}", hour_of_12(&t.time))),
    ("04", |t| format!("{:02}", t.time.minute())),
    ("05", |t| format!("{:02}", t.time.second())),
    ("06", |t| format!("{:02}", t.time.year().rem_euclid(100))),
    ("15", |t| format!("{:02}", t.time.hour())),
    ("_2", |t| format!("{:>2}", t.time.day())),
    ("PM", |t| {
        if t.time.hour() < 12 { "AM" } else { "PM" }.to_owned()
    }),
    ("pm", |t| {
        if t.time.hour() < 12 { "am" } else { "pm" }.to_owned()
    }),
    ("1", |t| t.time.month().to_string()),
    ("2", |t| t.time.day().to_string()),
    ("3", |t| hour_of_12(&t.time).to_string()),
    ("4", |t| t.time.minute().to_string()),
    ("5", |t| t.time.second().to_string()),
];

/// Writes a time, in UTC.
pub(super) fn format(layout: &str, time: Timestamp) -> String {
    format_clock(
        layout,
        &Clock {
            time: time.to_zoned(TimeZone::UTC).datetime(),
            offset: 0,
            zone: "UTC",
        },
    )
}

/// Writes a time as the clocks of its zone show it.
pub(super) fn format_clock(layout: &str, clock: &Clock<'_>) -> String {
    let mut out = String::new();
    let mut rest = layout;
    while let Some(first) = rest.chars().next() {
        if let Some((written, length)) = fraction(rest, &clock.time) {
            out.push_str(&written);
            rest = &rest[length..];
        } else if rest.starts_with("_2006") {
            // Not the day: an underscore before the year.
            out.push('_');
            rest = &rest[1..];
        } else if let Some((element, write)) = ELEMENTS
            .iter()
            .find(|(element, _)| begins_with(rest, element))
        {
            out.push_str(&write(clock));
            rest = &rest[element.len()..];
        } else {
            out.push(first);
            rest = &rest[first.len_utf8()..];
        }
    }
    out
}

impl Clock<'_> {
    /// The offset from UTC as so many numbers; `z` stands for none.
    fn offset(&self, z: bool, between: &str, parts: usize) -> String {
        if z && self.offset == 0 {
            return "Z".to_owned();
        }
        let sign = if self.offset < 0 { '-' } else { '+' };
        let all = self.offset.unsigned_abs();
        let numbers = [all / 3600, all / 60 % 60, all % 60].map(|number| format!("{number:02}"));
        format!("{sign}{}", numbers[..parts].join(between))
    }

    /// The name of the zone; where there is none, its hours and minutes.
    fn zone(&self) -> String {
        if self.zone.is_empty() {
            self.offset(false, "", 2)
        } else {
            self.zone.to_owned()
        }
    }
}

/// `Jan` and `Mon` are not taken out of a longer word (`Janet`).
fn begins_with(rest: &str, element: &str) -> bool {
    let Some(after) = rest.strip_prefix(element) else {
        return false;
    };
    !matches!(element, "Jan" | "Mon") || !after.starts_with(|c: char| c.is_ascii_lowercase())
}

/// `.000` or `,999` that no digit follows: fractions of a second, with or without trailing zeros.
fn fraction(rest: &str, time: &DateTime) -> Option<(String, usize)> {
    let sign = rest
        .chars()
        .next()
        .filter(|sign| matches!(sign, '.' | ','))?;
    let digit = rest[1..]
        .chars()
        .next()
        .filter(|digit| matches!(digit, '0' | '9'))?;
    let count = rest[1..].chars().take_while(|c| *c == digit).count();
    if rest[1 + count..].starts_with(|c: char| c.is_ascii_digit()) {
        return None;
    }
    let digits = format!("{:09}", time.subsec_nanosecond());
    let mut digits = format!("{digits:0<count$}");
    digits.truncate(count);
    if digit == '9' {
        digits.truncate(digits.trim_end_matches('0').len());
    }
    let written = if digits.is_empty() {
        String::new()
    } else {
        format!("{sign}{digits}")
    };
    Some((written, 1 + count))
}

fn hour_of_12(time: &DateTime) -> i8 {
    match time.hour() % 12 {
        0 => 12,
        hour => hour,
    }
}

/// The months, as Go names them.
pub(super) const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];

fn month(time: &DateTime) -> &'static str {
    MONTHS[usize::from(time.month().unsigned_abs()) - 1]
}

fn weekday(time: &DateTime) -> &'static str {
    const NAMES: [&str; 7] = [
        "Monday",
        "Tuesday",
        "Wednesday",
        "Thursday",
        "Friday",
        "Saturday",
        "Sunday",
    ];
    NAMES[usize::from(time.weekday().to_monday_zero_offset().unsigned_abs())]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn layouts_are_written_as_go_writes_them() {
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
