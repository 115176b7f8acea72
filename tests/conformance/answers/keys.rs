//! Cases: reading, writing and deleting keys.

use serde_json::{Value, json};

use super::Expect::{Header, Json, NoStanding, Standing, Status, Text};
use super::{Case, case, refusal};
use crate::conformance::Request;

fn entry(key: &str, value: Option<&str>, flags: u64) -> Value {
    json!({"LockIndex": 0, "Key": key, "Flags": flags, "Value": value, "CreateIndex": "#", "ModifyIndex": "#"})
}

#[expect(clippy::too_many_lines, reason = "a table of cases")]
pub(super) fn cases() -> Vec<Case> {
    const SOME: &[Request] = &[
        ("PUT", "/v1/kv/an/one", "hello"),
        ("PUT", "/v1/kv/an/empty", ""),
        ("PUT", "/v1/kv/an/sub/deep?flags=42", "x"),
        ("PUT", "/v1/kv/an/sub/deeper", "y"),
    ];
    let missing = || vec![Status(404), Standing, Text("")];
    vec![
        case(
            "a missing key has an index",
            &[],
            ("GET", "/v1/kv/an/none", ""),
            missing(),
        ),
        case(
            "an empty prefix has an index",
            &[],
            ("GET", "/v1/kv/an-none/?recurse", ""),
            missing(),
        ),
        case(
            "no keys have an index",
            &[],
            ("GET", "/v1/kv/an-none/?keys", ""),
            missing(),
        ),
        case(
            "a write says true",
            &[],
            ("PUT", "/v1/kv/an/w", "1"),
            vec![Status(200), Json(json!(true)), NoStanding],
        ),
        case(
            "a key",
            SOME,
            ("GET", "/v1/kv/an/one", ""),
            vec![
                Status(200),
                Standing,
                Header("Content-Type", "application/json"),
                Header("Vary", "Accept-Encoding"),
                Json(json!([entry("an/one", Some("aGVsbG8="), 0)])),
            ],
        ),
        case(
            "an empty value is null",
            SOME,
            ("GET", "/v1/kv/an/empty", ""),
            vec![Json(json!([entry("an/empty", None, 0)]))],
        ),
        case(
            "a prefix",
            SOME,
            ("GET", "/v1/kv/an/sub?recurse", ""),
            vec![Json(json!([
                entry("an/sub/deep", Some("eA=="), 42),
                entry("an/sub/deeper", Some("eQ=="), 0)
            ]))],
        ),
        case(
            "names of keys",
            SOME,
            ("GET", "/v1/kv/an/sub/?keys", ""),
            vec![
                Status(200),
                Standing,
                Json(json!(["an/sub/deep", "an/sub/deeper"])),
            ],
        ),
        case(
            "names of keys up to a separator",
            SOME,
            ("GET", "/v1/kv/an/?keys&separator=/", ""),
            vec![Json(json!(["an/empty", "an/one", "an/sub/", "an/w"]))],
        ),
        case(
            "a raw value",
            SOME,
            ("GET", "/v1/kv/an/one?raw", ""),
            vec![
                Status(200),
                Standing,
                Text("hello"),
                Header("Content-Type", "text/plain"),
            ],
        ),
        case(
            "a key with other letters",
            &[("PUT", "/v1/kv/an-caf%C3%A9%20x%2Fy+z", "1")],
            ("GET", "/v1/kv/an-caf%C3%A9%20x/y+z", ""),
            vec![Json(json!([entry("an-café x/y+z", Some("MQ=="), 0)]))],
        ),
        case(
            "a condition that does not hold",
            SOME,
            ("PUT", "/v1/kv/an/one?cas=0", "2"),
            vec![Json(json!(false))],
        ),
        case(
            "a key that must be new",
            &[],
            ("PUT", "/v1/kv/an-new?cas=0", "2"),
            vec![Json(json!(true))],
        ),
        case(
            "a conditional deletion",
            SOME,
            ("DELETE", "/v1/kv/an/one?cas=1", ""),
            vec![Json(json!(false))],
        ),
        case(
            "the deletion of nothing",
            &[],
            ("DELETE", "/v1/kv/an/nothing", ""),
            vec![Json(json!(true))],
        ),
        case(
            "what is deleted is gone",
            &[
                ("PUT", "/v1/kv/an-gone/a", "1"),
                ("DELETE", "/v1/kv/an-gone/?recurse", ""),
            ],
            ("GET", "/v1/kv/an-gone/?recurse", ""),
            missing(),
        ),
        refusal(
            "a key without a name",
            ("GET", "/v1/kv/", ""),
            400,
            "Missing key name",
        ),
        refusal(
            "a write without a name",
            ("PUT", "/v1/kv/", "x"),
            400,
            "Missing key name",
        ),
        refusal(
            "a deletion without a name",
            ("DELETE", "/v1/kv/", ""),
            400,
            "Missing key name",
        ),
        refusal(
            "bad flags",
            ("PUT", "/v1/kv/a?flags=x", "1"),
            500,
            "strconv.ParseUint: parsing \"x\": invalid syntax",
        ),
        refusal(
            "a bad condition",
            ("PUT", "/v1/kv/a?cas=x", "1"),
            500,
            "strconv.ParseUint: parsing \"x\": invalid syntax",
        ),
    ]
}
