//! Tests of parsing and formatting.

use proptest::prelude::*;

use super::*;

#[test]
fn go_durations_are_read_to_the_nanosecond() {
    let cases: &[(&str, u64)] = &[
        ("0", 0),
        ("+0", 0),
        ("-0", 0),
        ("-0s", 0),
        ("0s", 0),
        ("5s", 5_000_000_000),
        ("+5s", 5_000_000_000),
        ("300ms", 300_000_000),
        ("1.5h", 5_400_000_000_000),
        ("2h45m", 9_900_000_000_000),
        ("1m0.5s", 60_500_000_000),
        ("7us", 7_000),
        ("7\u{b5}s", 7_000),
        ("7\u{3bc}s", 7_000),
        ("1ns", 1),
        ("1.9ns", 1),
        (".5s", 500_000_000),
        ("5.s", 5_000_000_000),
        ("1h1h", 7_200_000_000_000),
        ("0.1111111111111111112h", 400_000_000_000),
        (
            "0.3333333333333333333333333333333333333333333333h",
            1_199_999_999_999,
        ),
        ("9223372036854775807ns", 9_223_372_036_854_775_807),
    ];
    assert!(!cases.is_empty());
    for (text, nanos) in cases {
        assert_eq!(
            text.parse(),
            Ok(GoDuration(Duration::from_nanos(*nanos))),
            "{text}"
        );
    }
}

#[test]
fn an_error_names_the_reason() {
    let cases: &[(&str, &str)] = &[
        ("", "is empty"),
        ("-", "is empty"),
        ("5", "needs a unit, for example 5s"),
        ("1.5", "needs a unit, for example 1.5s"),
        ("5000000000", "needs a unit, for example 5000000000ns"),
        ("999999", "needs a unit, for example 999999s"),
        ("1m30", "needs a unit, for example 30s"),
        ("5x", "unknown unit \"x\""),
        ("5S", "unknown unit \"S\""),
        ("5 s", "unknown unit \" s\""),
        ("s", "has no number"),
        (".s", "has no number"),
        (".", "has no number"),
        (" 5s", "has no number"),
        ("-5s", "is negative"),
        ("9223372036854775808ns", "292 years"),
        ("2562048h", "292 years"),
        ("340282366920938463463374607431768211456h", "292 years"),
        ("99999999999999999999999999999999999999999999h", "292 years"),
    ];
    assert!(!cases.is_empty());
    for (text, reason) in cases {
        let error = text.parse::<GoDuration>().expect_err(text).to_string();
        assert!(
            error.contains(reason) && error.contains(&format!("{text:?}")),
            "{text}: {error}"
        );
    }
}

#[test]
fn a_duration_is_formatted_as_short_as_possible() {
    let cases: &[(u64, &str)] = &[
        (0, "0s"),
        (1, "1ns"),
        (1_500, "1500ns"),
        (250_000_000, "250ms"),
        (1_500_000_000, "1.5s"),
        (60_000_000_000, "1m"),
        (9_900_000_000_000, "2h45m"),
        (3_600_500_000_000, "1h0.5s"),
    ];
    assert!(!cases.is_empty());
    for (nanos, text) in cases {
        assert_eq!(GoDuration(Duration::from_nanos(*nanos)).to_string(), *text);
    }
}

#[test]
fn in_full_is_what_go_prints() {
    let cases = [
        (0, "0s"),
        (1, "1ns"),
        (1_500, "1.5µs"),
        (1_000_000, "1ms"),
        (300_050_000, "300.05ms"),
        (1_000_000_001, "1.000000001s"),
        (90_000_000_000, "1m30s"),
        (120_500_000_000, "2m0.5s"),
        (3_600_000_000_000, "1h0m0s"),
        (90_061_000_000_000, "25h1m1s"),
    ];
    for (nanos, text) in cases {
        assert_eq!(GoDuration(Duration::from_nanos(nanos)).in_full(), text);
    }
}

proptest! {
    #[test]
    fn a_formatted_duration_parses_back(nanos in 0..=i64::MAX.unsigned_abs()) {
        let duration = GoDuration(Duration::from_nanos(nanos));
        prop_assert_eq!(duration.to_string().parse::<GoDuration>(), Ok(duration));
    }

    #[test]
    fn parts_add_up(hours in 0_u64..2_000_000, minutes in 0_u64..10_000, millis in 0_u64..1_000_000) {
        let text = format!("{hours}h{minutes}m{millis}ms");
        let expected = Duration::from_secs(hours * 3600 + minutes * 60) + Duration::from_millis(millis);
        prop_assert_eq!(text.parse::<GoDuration>(), Ok(GoDuration(expected)));
    }

    #[test]
    fn no_text_causes_a_panic(text in "\\PC*", digits in "[-+]?[0-9.]{0,60}[a-zµ]{0,3}") {
        fuzz(&text);
        fuzz(&digits);
    }
}
