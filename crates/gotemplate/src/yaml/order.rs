//! The order of the keys of a map. Numbers in texts are compared as numbers: `a9` comes before `a10`.

use std::cmp::Ordering;
use std::iter::Peekable;
use std::str::Chars;

use minijinja::Value;
use minijinja::value::ValueKind;

use crate::args::Number;

/// Compares two keys: booleans and numbers come first, then nil, then texts.
pub(super) fn compare(a: &Value, b: &Value) -> Ordering {
    match (number(a), number(b)) {
        (Some(left), Some(right)) => left
            .total_cmp(&right)
            .then_with(|| a.is_number().cmp(&b.is_number())),
        (Some(_), None) => Ordering::Less,
        (None, Some(_)) => Ordering::Greater,
        (None, None) if a.is_none() || b.is_none() => b.is_none().cmp(&a.is_none()),
        (None, None) => compare_texts(
            a.as_str().unwrap_or_default(),
            b.as_str().unwrap_or_default(),
        ),
    }
}

fn number(value: &Value) -> Option<f64> {
    match Number::of(value) {
        Some(number) => Some(number.float()),
        None => (value.kind() == ValueKind::Bool).then(|| f64::from(u8::from(value.is_true()))),
    }
}

/// Compares two texts at their first difference: other characters come before letters, and numbers are compared by value.
fn compare_texts(a: &str, b: &str) -> Ordering {
    let (mut left, mut right) = (a.chars().peekable(), b.chars().peekable());
    let mut common = String::new();
    loop {
        match (left.peek().copied(), right.peek().copied()) {
            (Some(x), Some(y)) if x == y => {
                common.push(x);
                left.next();
                right.next();
            }
            (Some(x), Some(y)) => return compare_at(&common, (x, &mut left), (y, &mut right)),
            (None, None) => return Ordering::Equal,
            (None, Some(_)) => return Ordering::Less,
            (Some(_), None) => return Ordering::Greater,
        }
    }
}

type Side<'c, 't> = (char, &'c mut Peekable<Chars<'t>>);

fn compare_at(common: &str, (x, left): Side<'_, '_>, (y, right): Side<'_, '_>) -> Ordering {
    match (x.is_alphabetic(), y.is_alphabetic()) {
        (true, true) => return x.cmp(&y),
        (true, false) => return Ordering::Greater,
        (false, true) => return Ordering::Less,
        (false, false) => {}
    }
    // A zero is significant only after another digit of the same number.
    let inside = (x == '0' || y == '0')
        && common
            .chars()
            .rev()
            .take_while(char::is_ascii_digit)
            .any(|digit| digit != '0');
    let start = i64::from(inside);
    let (x_number, x_length) = digits(start, left);
    let (y_number, y_length) = digits(start, right);
    x_number
        .cmp(&y_number)
        .then(x_length.cmp(&y_length))
        .then(x.cmp(&y))
}

fn digits(start: i64, rest: &mut Peekable<Chars<'_>>) -> (i64, usize) {
    let mut length = 0;
    let number =
        std::iter::from_fn(|| rest.next_if(char::is_ascii_digit)).fold(start, |number, digit| {
            length += 1;
            number
                .wrapping_mul(10)
                .wrapping_add(i64::from(digit.to_digit(10).unwrap_or(0)))
        });
    (number, length)
}
