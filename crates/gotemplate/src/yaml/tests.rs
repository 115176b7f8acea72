//! Reading and writing, beyond the cases from Go in `tests/function_vectors.rs`.

use std::fmt::Write as _;

use minijinja::Value;
use proptest::prelude::*;

use crate::budget::Budget;
use crate::function_error::FunctionError;

fn read(text: &str) -> Result<Value, FunctionError> {
    super::read(text, &Budget::unlimited())
}

fn write(value: &Value) -> Result<String, FunctionError> {
    super::write(value, &Budget::unlimited())
}

#[test]
fn an_alias_bomb_is_rejected() {
    let mut text = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n".to_owned();
    for level in 1..12 {
        let before = format!("*a{}", level - 1);
        writeln!(
            text,
            "a{level}: &a{level} [{}]",
            vec![before; 10].join(", ")
        )
        .unwrap();
    }
    let error = read(&text).unwrap_err().to_string();
    assert!(
        error.ends_with("more than 1000000 values, with those that aliases repeat"),
        "{error}"
    );
}

#[test]
fn a_document_that_is_nested_too_deep_is_rejected() {
    let deep = |levels: usize| format!("{}{}", "[".repeat(levels), "]".repeat(levels));
    assert!(read(&deep(90)).is_ok());
    assert!(read(&deep(150)).is_err());
    assert!(read(&"- ".repeat(100_000)).is_err());
}

#[test]
fn a_key_with_a_line_break_of_yaml_1_1_has_a_line_of_its_own() {
    for (key, written) in [
        ("\r", "? \"\\r\"\n: 1"),
        ("a\u{85}b", "? \"a\\Nb\"\n: 1"),
        ("\u{2028}", "? \"\\L\"\n: 1"),
        ("\t", "\"\\t\": 1"),
    ] {
        let map = Value::from(std::collections::BTreeMap::from([(key, 1)]));
        assert_eq!(write(&map).unwrap().trim_end(), written, "{key:?}");
    }
}

#[test]
fn an_error_names_the_line_and_no_value() {
    let cases = [
        ("a: secret\nb: [1", "line 2"),
        ("a: !!int secret", "line 1"),
        ("a: *secret", "line 1"),
    ];
    assert!(!cases.is_empty());
    for (text, place) in cases {
        let error = read(text).unwrap_err().to_string();
        assert!(
            error.starts_with(place) && !error.contains("secret"),
            "{error}"
        );
    }
}

fn value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::from(())),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        "[a-zA-Z0-9 :#'\"\\-?|>&*!%@`,{}\\[\\]~.=<_+\n\té😀]{0,12}".prop_map(Value::from),
        "(yes|no|null|~|1|0x1|1:30|- |x: |\\.inf|---|<<)".prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 24, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::btree_map("[a-z0-9 :\n'-]{0,6}", inner, 0..4)
                .prop_map(Value::from_object),
        ]
    })
}

proptest! {
    #[test]
    fn a_written_value_is_read_back_unchanged(value in value()) {
        let text = write(&value).unwrap();
        let again = read(&text);
        prop_assert_eq!(again.as_ref(), Ok(&value), "{}", text);
    }

    #[test]
    fn the_reader_never_panics(text in "[a-z0-9 :#'\"\\-?|>&*!%@`,{}\\[\\]~.=<\n\t]{0,60}") {
        let _ = read(&text);
    }
}
