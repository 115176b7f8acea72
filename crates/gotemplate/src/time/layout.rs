//! Go's time layouts: a layout shows how the time `Mon Jan 2 15:04:05 MST 2006` is written.
//!
//! Input: a layout. Output: its [`Token`]s, which the formatter writes and the parser reads.

/// One element of a layout. A width of 2 means a leading zero.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Element {
    LongMonth,
    ShortMonth,
    LongWeekday,
    ShortWeekday,
    Year,
    ShortYear,
    Month(usize),
    Day(usize),
    SpacePaddedDay,
    ZeroPaddedDayOfYear,
    SpacePaddedDayOfYear,
    Hour,
    Hour12(usize),
    Minute(usize),
    Second(usize),
    UpperAmPm,
    LowerAmPm,
    Offset(Offset),
    ZoneName,
}

/// How an offset from UTC is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Offset {
    /// `Z` stands for UTC.
    pub(super) z_for_utc: bool,
    /// A colon separates the parts.
    pub(super) colon: bool,
    /// 1: hours; 2: hours and minutes; 3: hours, minutes and seconds.
    pub(super) parts: usize,
}

/// A piece of a layout.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Token {
    Element(Element),
    Fraction(Fraction),
    Literal(char),
}

/// A fraction of a second: `.000` or `,999`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Fraction {
    pub(super) separator: char,
    pub(super) digits: usize,
    /// Trailing zeros are written (`.000`), not left out (`.999`).
    pub(super) keeps_zeros: bool,
}

/// The elements. A longer text comes before its own prefix.
const ELEMENTS: [(&str, Element); 33] = [
    ("January", Element::LongMonth),
    ("Monday", Element::LongWeekday),
    ("Z07:00:00", offset(true, true, 3)),
    ("-07:00:00", offset(false, true, 3)),
    ("Z070000", offset(true, false, 3)),
    ("-070000", offset(false, false, 3)),
    ("Z07:00", offset(true, true, 2)),
    ("-07:00", offset(false, true, 2)),
    ("Z0700", offset(true, false, 2)),
    ("-0700", offset(false, false, 2)),
    ("2006", Element::Year),
    ("__2", Element::SpacePaddedDayOfYear),
    ("002", Element::ZeroPaddedDayOfYear),
    ("Jan", Element::ShortMonth),
    ("Mon", Element::ShortWeekday),
    ("MST", Element::ZoneName),
    ("Z07", offset(true, false, 1)),
    ("-07", offset(false, false, 1)),
    ("01", Element::Month(2)),
    ("02", Element::Day(2)),
    ("03", Element::Hour12(2)),
    ("04", Element::Minute(2)),
    ("05", Element::Second(2)),
    ("06", Element::ShortYear),
    ("15", Element::Hour),
    ("_2", Element::SpacePaddedDay),
    ("PM", Element::UpperAmPm),
    ("pm", Element::LowerAmPm),
    ("1", Element::Month(1)),
    ("2", Element::Day(1)),
    ("3", Element::Hour12(1)),
    ("4", Element::Minute(1)),
    ("5", Element::Second(1)),
];

const fn offset(z_for_utc: bool, colon: bool, parts: usize) -> Element {
    Element::Offset(Offset {
        z_for_utc,
        colon,
        parts,
    })
}

/// The names of the months.
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

/// The names of the days of a week.
pub(super) const WEEKDAYS: [&str; 7] = [
    "Sunday",
    "Monday",
    "Tuesday",
    "Wednesday",
    "Thursday",
    "Friday",
    "Saturday",
];

/// The tokens of a layout, in order.
pub(super) fn tokens(layout: &str) -> impl Iterator<Item = Token> + '_ {
    let mut rest = layout;
    std::iter::from_fn(move || {
        let (token, length) = first_token(rest)?;
        rest = &rest[length..];
        Some(token)
    })
}

/// The first token of a layout, and its length in bytes.
fn first_token(layout: &str) -> Option<(Token, usize)> {
    let first = layout.chars().next()?;
    if let Some(fraction) = fraction(layout) {
        return Some((Token::Fraction(fraction), 1 + fraction.digits));
    }
    let element = ELEMENTS
        .iter()
        .find(|(written, _)| begins_with(layout, written));
    Some(match element {
        Some((written, element)) => (Token::Element(*element), written.len()),
        None => (Token::Literal(first), first.len_utf8()),
    })
}

/// Returns `true` if a layout begins with an element: `_2006` is an underscore and a year, and `Janet` is not a month.
fn begins_with(layout: &str, written: &str) -> bool {
    let Some(after) = layout.strip_prefix(written) else {
        return false;
    };
    match written {
        "_2" => !after.starts_with("006"),
        "Jan" | "Mon" => !after.starts_with(|c: char| c.is_ascii_lowercase()),
        _ => true,
    }
}

/// `.000` or `,999`, unless another digit follows.
fn fraction(layout: &str) -> Option<Fraction> {
    let separator = layout.chars().next().filter(|c| matches!(c, '.' | ','))?;
    let rest = &layout[1..];
    let digit = rest.chars().next().filter(|c| matches!(c, '0' | '9'))?;
    let digits = rest.chars().take_while(|c| *c == digit).count();
    let ends = !rest[digits..].starts_with(|c: char| c.is_ascii_digit());
    ends.then_some(Fraction {
        separator,
        digits,
        keeps_zeros: digit == '0',
    })
}
