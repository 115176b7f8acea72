//! JSON and YAML.

use super::*;

#[test]
fn in_json() {
    check_all(
        Format::Json,
        &[
            (
                "{\"a\": \"§\"}",
                "\", \"admin\": \"x",
                Ok("{\"a\": \"\\\", \\\"admin\\\": \\\"x\"}"),
            ),
            (
                "[\"x§\"]",
                "\\\n\u{1}\u{2028}é",
                Ok("[\"x\\\\\\n\\u0001\\u2028é\"]"),
            ),
            ("[\"\\\\§\"]", "\"", Ok("[\"\\\\\\\"\"]")),
            ("[§]", "80", Ok("[80]")),
            ("[1§ 2]", ", ", Ok("[1,  2]")),
            ("[{}§\n{}]", ",", Ok("[{},\n{}]")),
            ("[§]", "1, 2", Err("what toJSON makes can stand")),
            ("[§]", ",", Err("what toJSON makes can stand")),
            (
                "{\"a\": §}",
                "\"x\"",
                Err(
                    "with a double quote in it cannot be written here: outside of quotes only numbers, true, false, null and what toJSON makes can stand",
                ),
            ),
            ("[\"\\§\"]", "\"", Err("it follows a backslash")),
        ],
    );
    let document = |text: &str| {
        settle(
            Format::Json,
            text.replace('§', &marked(0, Kind::Document, "[\"a\"]")),
        )
    };
    assert_eq!(document("{\"a\": §}").as_deref(), Ok("{\"a\": [\"a\"]}"));
    assert_eq!(
        document("{\"a\": \"§\"}").as_deref(),
        Ok("{\"a\": \"[\\\"a\\\"]\"}")
    );
    assert!(document("[1 §]").is_err());
}

#[test]
fn in_yaml() {
    check_all(
        Format::Yaml,
        &[
            ("a: §\n", "web.1", Ok("a: web.1\n")),
            ("a: §\n", "x: y", Ok("a: \"x: y\"\n")),
            ("a: § # c\n", "x\ny", Ok("a: \"x\\ny\" # c\n")),
            ("- §\n", "- x", Ok("- \"- x\"\n")),
            ("§: 1\n", "a b", Ok("\"a b\": 1\n")),
            ("a: [§, §]", "x]", Ok("a: [\"x]\", \"x]\"]")),
            ("a: {b: §}", "}", Ok("a: {b: \"}\"}")),
            ("a: {\"b\":§}", "}", Err("as a whole")),
            ("a: \"§\"", "\" b: \\", Ok("a: \"\\\" b: \\\\\"")),
            ("a: 'it''s §'", "' b: \\", Ok("a: 'it''s '' b: \\'")),
            ("a: !!str §", "x: y", Ok("a: !!str \"x: y\"")),
            ("a: x # §\nb: 1", "'\" x: y", Ok("a: x # '\" x: y\nb: 1")),
            (
                "a: |\n  § x\n  §\nb: §\n",
                "'\" x: y",
                Ok("a: |\n  '\" x: y x\n  '\" x: y\nb: \"'\\\" x: y\"\n"),
            ),
            (
                "- a: |\n    x\n  b: §\n",
                "x: y",
                Ok("- a: |\n    x\n  b: \"x: y\"\n"),
            ),
            ("- |\n x\n- §\n", "x: y", Ok("- |\n x\n- \"x: y\"\n")),
            (
                "a:\n  b: >-\n    §\n\n    x\n  c: §",
                "x: y",
                Ok("a:\n  b: >-\n    x: y\n\n    x\n  c: \"x: y\""),
            ),
            ("a: §\n", "-", Ok("a: \"-\"\n")),
            ("a: §\n", "x:", Ok("a: \"x:\"\n")),
            ("a: x§\n", ":", Err("as a whole")),
            ("a: b §\n", "#", Err("as a whole")),
            ("a: §,\n", "x y", Err("as a whole")),
            ("a: '§'", "x\ny", Err("no way to write it")),
            ("# §", "x\ny: 1", Err("no way to write it")),
            ("a: |\n  §", "x\ny: 1", Err("no way to write it")),
            ("a: |\n  §", " x", Err("it would change the indentation")),
            ("a: | # §\n  x", "x y", Err("as a whole")),
            ("a: \"\\§\"", "\"", Err("it follows a backslash")),
        ],
    );
    let document = |text: &str| {
        settle(
            Format::Yaml,
            text.replace('§', &marked(0, Kind::Document, "[\"a\"]")),
        )
    };
    assert_eq!(document("a: §\n").as_deref(), Ok("a: [\"a\"]\n"));
    assert_eq!(
        document("a: \"§\"\n").as_deref(),
        Ok("a: \"[\\\"a\\\"]\"\n")
    );
    assert!(document("a: x§\n").is_err());
}
