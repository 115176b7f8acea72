//! What is not a matter of one value: the set of names, and that no text does harm. The values are in
//! `tests/function_vectors.rs`.

use proptest::prelude::*;

use super::url::Url;
use super::version::{Constraint, Version};
use super::{cast, duration};
use crate::template::functions::{self, time};

#[test]
fn every_function_of_sprig_is_there_or_refused() {
    let mut seen = 0;
    for name in include_str!("tests/names.txt").split_whitespace() {
        let name = format!("sprig_{name}");
        let refused = functions::unsupported::in_go(&name).is_some();
        assert!(functions::named_in_go(&name).is_some() != refused, "{name}");
        seen += 1;
    }
    assert_eq!(seen, 194);
}

#[test]
fn whole_numbers_have_bases() {
    let cases = [
        ("42", Some(42)),
        ("-0x1F", Some(-31)),
        ("017", Some(15)),
        ("0b1_1", Some(3)),
        ("9223372036854775808", None),
        ("-9223372036854775808", Some(i64::MIN)),
        ("08", None),
        ("0x", None),
        ("", None),
    ];
    assert!(!cases.is_empty());
    for (text, number) in cases {
        assert_eq!(cast::parse_any_base(text), number, "{text}");
    }
}

proptest! {
    #[test]
    fn no_url_makes_the_reader_panic(text in "[a-z:/?#@%\\[\\]0-9. é]{0,20}") {
        if let Ok(url) = Url::parse(&text) {
            let _ = (url.hostname().len(), url.to_string());
        }
    }

    #[test]
    fn a_version_that_is_written_reads_as_the_same(text in "v?[0-9]{1,3}(\\.[0-9]{1,3}){0,2}(-[a-z0-9.-]{1,6})?(\\+[a-z]{1,3})?") {
        if let Some(version) = Version::parse(&text) {
            prop_assert_eq!(Version::parse(&version.to_string()), Some(version));
        }
    }

    #[test]
    fn no_constraint_makes_the_reader_panic(text in "[0-9x*.^~<>=!|, a-]{0,16}", version in "[0-9]\\.[0-9]\\.[0-9]") {
        if let (Some(constraint), Some(version)) = (Constraint::parse(&text), Version::parse(&version)) {
            let _ = constraint.is_met(&version);
        }
    }

    #[test]
    fn no_time_makes_the_reader_panic(layout in "(2006|01|Jan|_2|15|03|PM|Z07:00|-0700|MST|[-:. a-zé]){0,8}", text in "[0-9:. +a-zA-Zé-]{0,24}") {
        let _ = time::parse(&layout, &text);
    }

    #[test]
    fn durations_of_seconds_read_as_the_same(seconds in -1_000_000_000_i64..1_000_000_000) {
        let nanos = duration::parse(&duration::of_seconds(seconds));
        prop_assert_eq!(nanos, Some(seconds * 1_000_000_000));
    }
}
