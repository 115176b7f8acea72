//! Tests of the functions that depend only on their arguments.

use super::*;

#[test]
fn the_environment() {
    check(&[
        ("env", r#"["SET"]"#, r#""value""#),
        ("env", r#"["UNSET"]"#, r#""""#),
        ("mustEnv", r#"["SET"]"#, r#""value""#),
        (
            "mustEnv",
            r#"["UNSET"]"#,
            r#"!required environment variable "UNSET" is empty"#,
        ),
        (
            "mustEnv",
            r#"["EMPTY"]"#,
            r#"!required environment variable "EMPTY" is empty"#,
        ),
        ("envOrDefault", r#"["UNSET", "d"]"#, r#""d""#),
        ("envOrDefault", r#"["EMPTY", "d"]"#, r#""""#),
        ("timestamp", "[]", r#""2024-03-05T07:08:09Z""#),
        ("timestamp", r#"["unix"]"#, r#""1709622489""#),
        ("timestamp", r#"["Jan 2"]"#, r#""Mar 5""#),
        (
            "timestamp",
            r#"["a", "b"]"#,
            "!timestamp: wrong number of arguments, expected 0 or 1, but got 2",
        ),
    ]);
    let context = context();
    let scratch = call_in(&context, "scratch", &[]).unwrap();
    let mut state = minijinja::Environment::empty();
    state.add_global("s", scratch);
    state.render_str("{{ s.Set('a', 1) }}", ()).unwrap();
    let again = call_in(&context, "scratch", &[]).unwrap();
    let value = again
        .call_method(&mut state.empty_state(), "get", &["a".into()])
        .unwrap();
    assert_eq!(value, Value::from(1));
}

#[test]
fn texts() {
    check(&[
        ("toLower", r#"["ÀB"]"#, r#""àb""#),
        ("toUpper", r#"["straße é"]"#, r#""STRAßE É""#),
        (
            "toTitle",
            r#"["3rd x_y o'neil foo-bar"]"#,
            r#""3Rd X_y O'neil Foo-Bar""#,
        ),
        ("trim", r#"["ab", "abcba"]"#, r#""c""#),
        ("trimPrefix", r#"["v", "vv1"]"#, r#""v1""#),
        ("trimSuffix", r#"[".x", "a.x"]"#, r#""a""#),
        ("trimSpace", r#"[" \t a b\n"]"#, r#""a b""#),
        ("replaceAll", r#"["a", "b", "aXa"]"#, r#""bXb""#),
        ("replaceAll", r#"["", "-", "ab"]"#, r#""-a-b-""#),
        (
            "regexReplaceAll",
            r#"["(\\d+)-(?P<n>\\w+)", "$2:${1}:$n", "12-ab"]"#,
            r#""ab:12:ab""#,
        ),
        ("regexReplaceAll", r#"["a(b)", "$1X", "ab"]"#, r#""""#),
        ("regexMatch", r#"["b+", "abbc"]"#, "true"),
        ("regexMatch", r#"["^b", "abbc"]"#, "false"),
        ("indent", r#"[2, "a\n\nb\n"]"#, r#""  a\n\n  b\n""#),
        ("indent", r#"[0, "a"]"#, r#""a""#),
        (
            "indent",
            r#"[-1, "a"]"#,
            "!indent value must be a positive integer",
        ),
        (
            "indent",
            r#"[9223372036854775807, "a"]"#,
            "!the result is too long",
        ),
        ("base64Encode", r#"["hi?>"]"#, r#""aGk/Pg==""#),
        ("base64Decode", r#"["aGk/\nPg=="]"#, r#""hi?>""#),
        ("base64URLEncode", r#"["hi?>"]"#, r#""aGk_Pg==""#),
        ("base64URLDecode", r#"["aGk_Pg=="]"#, r#""hi?>""#),
        (
            "base64Decode",
            r#"["a$=="]"#,
            "!base64Decode: illegal base64 data at input byte 1",
        ),
        (
            "base64Decode",
            r#"["/w=="]"#,
            "!base64Decode: the result is not UTF-8 text",
        ),
    ]);
    assert!(result_of("regexMatch", r#"["(", "x"]"#).starts_with("!error parsing regexp: "));
}

#[test]
fn lists() {
    check(&[
        ("split", r#"[",", " a, b "]"#, r#"["a"," b"]"#),
        ("split", r#"[",", " "]"#, "[]"),
        ("split", r#"["", "añ"]"#, r#"["a","ñ"]"#),
        (
            "splitToMap",
            r#"[",", "=", "a=1,b,c=2=3,a=4 "]"#,
            r#"{"a":"4","c":"2=3"}"#,
        ),
        ("join", r#"["-", ["a", "b"]]"#, r#""a-b""#),
        (
            "join",
            r#"["-", "ab"]"#,
            "!wrong type for value; expected a list; got string",
        ),
        ("contains", r#"["b", "abc"]"#, "true"),
        ("contains", r#"["b", ["a", "b"]]"#, "true"),
        ("in", r#"[["a"], "b"]"#, "false"),
        ("in", "[[1.5], 1]", "false"),
        ("in", "[[1, 2], 2]", "true"),
        ("in", "[[1.5], 1.5]", "true"),
        ("in", "[[true], true]", "false"),
        ("in", "[5, 5]", "false"),
        ("containsAll", r#"[["a", "b"], ["b", "a"]]"#, "true"),
        ("containsAll", r#"[[], ["a"]]"#, "true"),
        ("containsAny", r#"[["x", "a"], ["a"]]"#, "true"),
        ("containsAny", r#"[[], ["a"]]"#, "false"),
        ("containsNone", r#"[["x"], ["a"]]"#, "true"),
        ("containsNone", "[[], []]", "true"),
        ("containsNotAll", r#"[["x", "a"], ["a"]]"#, "true"),
        ("containsNotAll", r#"[[], ["a"]]"#, "false"),
        ("loop", "[3]", "[0,1,2]"),
        ("loop", r#"["2", 4]"#, "[2,3]"),
        ("loop", "[3, 1]", "[]"),
        ("loop", "[1.5]", "!loop: bad parameter type: float64"),
        (
            "loop",
            r#"["x"]"#,
            "!loop: strconv.ParseInt: parsing: invalid syntax",
        ),
        (
            "loop",
            "[]",
            "!loop: wrong number of arguments, expected 1 or 2, but got 0",
        ),
        (
            "loop",
            "[1000000000000]",
            "!loop: more than 10000000 iterations",
        ),
        (
            "loop",
            "[-9223372036854775808, 9223372036854775807]",
            "!loop: more than 10000000 iterations",
        ),
    ]);
}

#[test]
#[expect(clippy::too_many_lines, reason = "a table of cases")]
fn numbers_and_json() {
    check(&[
        ("parseBool", r#"["T"]"#, "true"),
        ("parseBool", r#"[""]"#, "false"),
        (
            "parseBool",
            r#"["yes"]"#,
            "!parseBool: strconv.ParseBool: parsing: invalid syntax",
        ),
        ("parseInt", r#"["-012"]"#, "-12"),
        ("parseInt", r#"[""]"#, "0"),
        (
            "parseInt",
            r#"["0x1"]"#,
            "!parseInt: strconv.ParseInt: parsing: invalid syntax",
        ),
        (
            "parseInt",
            r#"["9223372036854775808"]"#,
            "!parseInt: strconv.ParseInt: parsing: value out of range",
        ),
        (
            "parseUint",
            r#"["18446744073709551615"]"#,
            "18446744073709551615",
        ),
        (
            "parseUint",
            r#"["+1"]"#,
            "!parseUint: strconv.ParseUint: parsing: invalid syntax",
        ),
        ("parseFloat", r#"["1e3"]"#, "1000"),
        (
            "parseFloat",
            r#"["1e999"]"#,
            "!parseFloat: strconv.ParseFloat: parsing: value out of range",
        ),
        (
            "parseFloat",
            r#"["secret"]"#,
            "!parseFloat: strconv.ParseFloat: parsing: invalid syntax",
        ),
        ("parseJSON", r#"[""]"#, "{}"),
        (
            "parseJSON",
            r#"["{\"b\":1,\"a\":[null,1.5]}"]"#,
            r#"{"a":[null,1.5],"b":1}"#,
        ),
        (
            "parseJSON",
            r#"["{secret}"]"#,
            "!parseJSON: the text is not JSON: key must be a string at line 1 column 2",
        ),
        (
            "toJSON",
            r#"[{"b": "<", "a": 1.0}]"#,
            r#""{\"a\":1,\"b\":\"\\u003c\"}""#,
        ),
        ("toUnescapedJSON", r#"["<"]"#, r#""\"<\"""#),
        ("toJSONPretty", "[[1]]", r#""[\n  1\n]""#),
        (
            "toUnescapedJSONPretty",
            r#"[{"a": "&"}]"#,
            r#""{\n  \"a\": \"&\"\n}""#,
        ),
    ]);
    let parsed = call("parseJSON", &["1".into()]).unwrap();
    assert!(!parsed.is_integer(), "numbers are floats");
}

#[test]
fn arithmetic() {
    check(&[
        ("add", "[1, 2]", "3"),
        ("subtract", "[2, 5]", "3"),
        ("multiply", "[2, 3]", "6"),
        ("divide", "[2, 9]", "4"),
        ("divide", "[2, -9]", "-4"),
        ("divide", "[2.0, 9]", "4.5"),
        ("modulo", "[3, -7]", "-1"),
        (
            "modulo",
            "[3, 7.5]",
            "!modulo: unknown type for a float64 (only integers have a remainder)",
        ),
        ("divide", "[0, 9]", "!runtime error: integer divide by zero"),
        ("modulo", "[0, 9]", "!runtime error: integer divide by zero"),
        ("add", "[1, 9223372036854775807]", "-9223372036854775808"),
        (
            "divide",
            "[-1, -9223372036854775808]",
            "-9223372036854775808",
        ),
        ("modulo", "[-1, -9223372036854775808]", "0"),
        ("minimum", "[2, 5]", "2"),
        ("maximum", "[2, 5.5]", "5.5"),
        (
            "maximum",
            "[9223372036854775806, 9223372036854775807]",
            "9223372036854775807",
        ),
        (
            "add",
            r#"["secret", 1]"#,
            "!add: unknown type for a string (parseInt and parseFloat convert strings)",
        ),
    ]);
    assert_eq!(
        call("divide", &[0.0.into(), 1.into()]).unwrap(),
        Value::from(f64::INFINITY)
    );
    assert_eq!(
        call("add", &[u64::MAX.into(), u64::MAX.into()]).unwrap(),
        Value::from(u64::MAX - 1)
    );
    assert_eq!(
        call("add", &[u64::MAX.into(), 2.into()]).unwrap(),
        Value::from(1)
    );
}

#[test]
fn maps() {
    check(&[
        (
            "explodeMap",
            r#"[{"a/b": 1, "c": 2}]"#,
            r#"{"a":{"b":1},"c":2}"#,
        ),
        (
            "mergeMap",
            r#"[{"a": 1, "b": "", "m": {"x": 1}}, {"a": 2, "b": 3, "m": {"x": 2, "y": 3}}]"#,
            r#"{"a":1,"b":3,"m":{"x":1,"y":3}}"#,
        ),
        (
            "mergeMapWithOverride",
            r#"[{"a": 1, "l": [1, 2], "m": {"x": 1}}, {"a": "", "l": [3], "m": {"y": 3}}]"#,
            r#"{"a":"","l":[3],"m":{"x":1,"y":3}}"#,
        ),
        (
            "mergeMap",
            "[1, {}]",
            "!wrong type for value; expected map[string]interface {}; got int",
        ),
    ]);
}
