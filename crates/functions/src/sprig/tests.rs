//! Tests of the set of names, and property tests of the parsers. The results of the functions are
//! tested in `tests/function_vectors.rs`.

use proptest::prelude::*;

use super::duration;
use super::url::Url;
use super::version::{Constraint, Version};
use crate::testing::named_in_go;
use gotemplate::time;

/// The functions of the feature `crypto`.
const CRYPTO: [&str; 13] = [
    "sprig_encryptAES",
    "sprig_decryptAES",
    "sprig_bcrypt",
    "sprig_htpasswd",
    "sprig_derivePassword",
    "sprig_genPrivateKey",
    "sprig_buildCustomCert",
    "sprig_genCA",
    "sprig_genCAWithKey",
    "sprig_genSelfSignedCert",
    "sprig_genSelfSignedCertWithKey",
    "sprig_genSignedCert",
    "sprig_genSignedCertWithKey",
];

#[test]
fn every_function_of_sprig_exists() {
    let mut seen = 0;
    for name in include_str!("tests/names.txt").split_whitespace() {
        let name = format!("sprig_{name}");
        let is_omitted = !cfg!(feature = "crypto") && CRYPTO.contains(&&*name);
        assert_eq!(named_in_go(&name).is_some(), !is_omitted, "{name}");
        seen += 1;
    }
    assert_eq!(seen, 194);
}

#[test]
fn integers_are_parsed_in_any_base() {
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
        assert_eq!(gotemplate::number::parse_any_base(text), number, "{text}");
    }
}

proptest! {
    #[test]
    fn the_url_parser_never_panics(text in "[a-z:/?#@%\\[\\]0-9. é]{0,20}") {
        if let Ok(url) = Url::parse(&text) {
            let _ = (url.hostname().len(), url.to_string());
        }
    }

    #[test]
    fn a_formatted_version_is_parsed_back_unchanged(text in "v?[0-9]{1,3}(\\.[0-9]{1,3}){0,2}(-[a-z0-9.-]{1,6})?(\\+[a-z]{1,3})?") {
        if let Some(version) = Version::parse(&text) {
            prop_assert_eq!(Version::parse(&version.to_string()), Some(version));
        }
    }

    #[test]
    fn the_constraint_parser_never_panics(text in "[0-9x*.^~<>=!|, a-]{0,16}", version in "[0-9]\\.[0-9]\\.[0-9]") {
        if let (Some(constraint), Some(version)) = (Constraint::parse(&text), Version::parse(&version)) {
            let _ = constraint.is_met(&version);
        }
    }

    #[test]
    fn the_time_parser_never_panics(layout in "(2006|01|Jan|_2|15|03|PM|Z07:00|-0700|MST|[-:. a-zé]){0,8}", text in "[0-9:. +a-zA-Zé-]{0,24}") {
        let _ = time::parse(&layout, &text);
    }

    #[test]
    fn a_formatted_duration_is_parsed_back_unchanged(seconds in -1_000_000_000_i64..1_000_000_000) {
        let nanos = duration::parse(&duration::of_seconds(seconds));
        prop_assert_eq!(nanos, Some(seconds * 1_000_000_000));
    }
}
