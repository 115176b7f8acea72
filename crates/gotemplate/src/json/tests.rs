use super::*;

const GO: Style = Style {
    pretty: false,
    escape_html: true,
};

#[test]
fn json_is_written_as_go_writes_it() {
    let cases = [
        (
            r#"{"b":[1,2.5,"x"],"a":null}"#,
            r#"{"a":null,"b":[1,2.5,"x"]}"#,
        ),
        (
            r#""<a&b>\u2028\u0001\b\f""#,
            r#""\u003ca\u0026b\u003e\u2028\u0001\b\f""#,
        ),
        (
            "[1500000,1e21,0.0000001,0.000001,-0.0,123456789.5]",
            "[1500000,1e+21,1e-7,0.000001,-0,123456789.5]",
        ),
        ("[[],{},true]", "[[],{},true]"),
        (
            r#""\ud800|\ud83dx|\ude00\ud83d|\ud83d\ude00|\\ud800|\u0041""#,
            r#""�|�x|��|😀|\\ud800|A""#,
        ),
    ];
    assert!(!cases.is_empty());
    for (read_from, written) in cases {
        assert_eq!(write(&read(read_from).unwrap(), GO).unwrap(), written);
    }
}

#[test]
fn pretty_is_indented_by_two() {
    let value = read(r#"{"a":[1,{"b":[]}],"c":{}}"#).unwrap();
    let text = write(
        &value,
        Style {
            pretty: true,
            escape_html: true,
        },
    )
    .unwrap();
    assert_eq!(
        text,
        "{\n  \"a\": [\n    1,\n    {\n      \"b\": []\n    }\n  ],\n  \"c\": {}\n}"
    );
}

#[test]
fn without_escape_html_only_html_characters_are_unescaped() {
    let text = write(
        &Value::from("<\u{2029}>"),
        Style {
            pretty: false,
            escape_html: false,
        },
    )
    .unwrap();
    assert_eq!(text, "\"<\\u2029>\"");
}

#[test]
fn values_without_json_are_an_error() {
    assert!(write(&Value::from(f64::INFINITY), GO).is_err());
    let mut deep = Value::from(1);
    for _ in 0..200 {
        deep = Value::from(vec![deep]);
    }
    assert!(
        write(&deep, GO)
            .unwrap_err()
            .to_string()
            .contains("levels deep")
    );
}

#[test]
fn the_length_of_the_output_is_limited() {
    let doubled = (0..60).fold(Value::from("x".repeat(1000)), |list, _| {
        Value::from(vec![list.clone(), list])
    });
    assert!(
        write(&doubled, GO)
            .unwrap_err()
            .to_string()
            .contains("larger than")
    );
}

#[test]
fn integer_keys_become_text() {
    let map: BTreeMap<Value, i64> = BTreeMap::from([(Value::from(10), 1), (Value::from(9), 2)]);
    assert_eq!(
        write(&Value::from_object(map), GO).unwrap(),
        r#"{"10":1,"9":2}"#
    );
}
