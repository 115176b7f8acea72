mod documents;

use proptest::prelude::*;

use super::mark::{Kind, marked};
use super::*;

/// Replaces each `§` in the text by a value, which is marked unless it is plain.
fn filled(format: Format, text: &str, values: &[&str]) -> String {
    let mut parts = text.split('§');
    let mut whole = parts.next().unwrap_or_default().to_owned();
    for (number, (part, value)) in parts.zip(values.iter().cycle()).enumerate() {
        if is_plain(format, value) {
            whole.push_str(value);
        } else {
            whole.push_str(&marked(number, Kind::Text, value));
        }
        whole.push_str(part);
    }
    whole
}

fn written(format: Format, text: &str, value: &str) -> Result<String, String> {
    settle(format, filled(format, text, &[value])).map_err(|refusal| refusal.message)
}

/// Checks cases: a text with `§`, a value, and the expected text or end of the error message.
fn check_all(format: Format, cases: &[(&str, &str, Result<&str, &str>)]) {
    assert!(!cases.is_empty());
    for (text, value, wanted) in cases {
        match (written(format, text, value), wanted) {
            (Ok(text), Ok(wanted)) => assert_eq!(text, *wanted, "{value:?}"),
            (Err(message), Err(wanted)) => {
                assert!(message.ends_with(wanted), "{text} {value:?}: {message}");
            }
            (got, _) => panic!("{text} {value:?}: {got:?}"),
        }
    }
}

#[test]
#[expect(clippy::too_many_lines, reason = "a table of cases")]
fn in_nginx() {
    check_all(
        Format::Nginx,
        &[
            ("server §:80;", "10.0.0.1", Ok("server 10.0.0.1:80;")),
            ("server_name §;", "a b;", Ok("server_name \"a b;\";")),
            (
                "server_name §;",
                "a\"\\b'",
                Ok("server_name \"a\\\"\\\\b'\";"),
            ),
            ("server_name x § y;", "}", Ok("server_name x \"}\" y;")),
            (
                "return 200 \"a §\";",
                "} \"evil\\",
                Ok("return 200 \"a } \\\"evil\\\\\";"),
            ),
            (
                "return 200 'a §';",
                "'; evil \"",
                Ok("return 200 'a \\'; evil \"';"),
            ),
            ("# §\nserver;", "a; {", Ok("# a; {\nserver;")),
            ("if ($a = §) {", "x)", Ok("if ($a = \"x)\") {")),
            (
                "map $a $b { \"§\" 1; }",
                "a;",
                Ok("map $a $b { \"a;\" 1; }"),
            ),
            (
                "set $a ${b}{ x §; }",
                "a b",
                Ok("set $a ${b}{ x \"a b\"; }"),
            ),
            ("x\"y §;", "a b", Ok("x\"y \"a b\";")),
            (
                "server §:80;",
                "a; evil",
                Err("only a part of a word, and could be quoted only as a whole"),
            ),
            ("server x§;", ";", Err("as a whole")),
            ("x \"a\"§;", ";", Err("as a whole")),
            (
                "§;",
                "evil on; #",
                Err("where the name of a directive is expected"),
            ),
            (
                "a { b; } § c;",
                "x y",
                Err("where the name of a directive is expected"),
            ),
            (
                "# a\n§;",
                "x y",
                Err("where the name of a directive is expected"),
            ),
            (
                "return 200 \"§\";",
                "$host",
                Err(
                    "with \"$\" in it cannot be written here: nginx would take what follows for a variable",
                ),
            ),
            ("a \"\\§\";", "\"", Err("it follows a backslash")),
            (
                "# §",
                "a\nevil on;",
                Err(
                    "with a line break in it cannot be written here: the format has no way to write it",
                ),
            ),
            ("a \"§\";", "a\r\nX: y", Err("no way to write it")),
            (
                "a §;",
                "a\0",
                Err(
                    "with the character U+0000 in it cannot be written here: no text file contains it",
                ),
            ),
        ],
    );
    assert_eq!(
        settle(
            Format::Nginx,
            filled(Format::Nginx, "a §§;", &["x y", "z;"])
        )
        .unwrap_err()
        .number,
        Some(0),
        "two values beside one another are one word"
    );
}

#[test]
fn in_haproxy() {
    check_all(
        Format::Haproxy,
        &[
            (" server § x", "web_1", Ok(" server web_1 x")),
            (
                " http-request set-path §",
                "/a b",
                Ok(" http-request set-path '/a b'"),
            ),
            (" x §", "it's $HOME", Ok(" x \"it's \\$HOME\"")),
            (" x \"a §\"", "\" # $A \\", Ok(" x \"a \\\" # \\$A \\\\\"")),
            (" x 'a §'", "\" # $A \\", Ok(" x 'a \" # $A \\'")),
            (" x # §\n y", "a # 'b", Ok(" x # a # 'b\n y")),
            (" x \"it's\" §", "#", Ok(" x \"it's\" '#'")),
            (" x a\\ §", "b#", Err("as a whole")),
            (" x a\\§", "#", Err("it follows a backslash")),
            (" server a§ x", "b c", Err("as a whole")),
            (
                "§ x",
                "a b",
                Err("where the name of a directive is expected"),
            ),
            (
                " x\n  §",
                "a b",
                Err("where the name of a directive is expected"),
            ),
            (" x §", "%[env(SECRET)]", Err("for an expression")),
            (" x '§'", "'", Err("it stands between single quotes")),
            (
                " if { path § }",
                "}",
                Err("quotes do not change what it means"),
            ),
            (" # §", "x\n evil", Err("no way to write it")),
            (" x \"§\"", "x\r\n evil", Err("no way to write it")),
        ],
    );
}

#[test]
fn in_a_shell() {
    check_all(
        Format::Shell,
        &[
            ("A=§", "x-1", Ok("A=x-1")),
            ("A=§", "a b; $(id)\n'", Ok("A='a b; $(id)\n'\\'''")),
            ("A=x§y", "a b", Ok("A=x'a b'y")),
            (
                "A=\"x §\"",
                "\"; `id` $HOME \\ !",
                Ok("A=\"x \\\"; \\`id\\` \\$HOME \\\\ !\""),
            ),
            ("A='x §'", "'; id", Ok("A='x '\\''; id'")),
            ("# §\nid", "'; id", Ok("# '; id\nid")),
            ("A=a#b§", "c d", Ok("A=a#b'c d'")),
            ("A=$(cat §)", "a b", Ok("A=$(cat 'a b')")),
            ("A=\"${B}§\"", "a\"b", Ok("A=\"${B}a\\\"b\"")),
            ("A=${B}§", "a b", Ok("A=${B}'a b'")),
            ("A=\\'§", "a b", Ok("A=\\''a b'")),
            ("A=\"\\$(§\"", "a b", Ok("A=\"\\$(a b\"")),
            (
                "A=\"$(cat §)\"",
                "a b",
                Err("it cannot tell how to quote it"),
            ),
            (
                "A=\"${B:-§}\"",
                "a b",
                Err("it cannot tell how to quote it"),
            ),
            ("A=`cat §`", "a b", Err("it cannot tell how to quote it")),
            (
                "cat <<E\n§\nE",
                "a b",
                Err("it cannot tell how to quote it"),
            ),
            ("A=$'§'", "a b", Err("it cannot tell how to quote it")),
            ("A=$§", "(id)", Err("it follows a $")),
            ("A=\"$§\"", "(id)", Err("it follows a $")),
            ("A=\\§", " id", Err("it follows a backslash")),
            ("# §", "x\nid", Err("it would end the comment")),
        ],
    );
}

#[test]
fn without_a_format_nothing_changes() {
    let cases = ["a; }", "", "x\ny"];
    for value in cases {
        assert!(is_plain(Format::None, value));
        assert_eq!(settle(Format::None, value.to_owned()), Ok(value.to_owned()));
    }
}

#[test]
fn a_cut_mark_is_refused() {
    let mut text = marked(3, Kind::Text, "a;b");
    text.pop();
    let refusal = settle(Format::Nginx, text).unwrap_err();
    assert_eq!(refusal.number, None);
    assert!(refusal.message.contains("was cut"), "{}", refusal.message);
}

proptest! {
    #[test]
    fn a_value_is_the_same_after_json_was_read(value in any::<String>(), odd in r#"[\\"{}\[\],:\n a]{0,8}"#) {
        for value in [value, odd] {
            prop_assume!(!value.contains('\0'));
            let text = written(Format::Json, "{\"a\": \"§\", \"k§\": [\"x§\"]}", &value).unwrap();
            let read: serde_json::Value = serde_json::from_str(&text).unwrap();
            prop_assert_eq!(read["a"].as_str(), Some(value.as_str()));
            prop_assert_eq!(read.as_object().map(serde_json::Map::len), Some(2));
        }
    }

    #[test]
    fn a_value_is_the_same_after_yaml_was_read(
        value in r"[ -~\n\téß—]{1,12}", odd in r#"[-?:#&*!|>'"%@`{}\[\],\\ \na~.=]{1,8}"#,
    ) {
        let text = "a: \"§\"\nb:\n  - {c: §, d: 1}\n  - [§]\ne: §\n";
        for value in [value, odd] {
            let text = written(Format::Yaml, text, &value).unwrap();
            let read: serde_json::Value = serde_saphyr::from_str(&text).unwrap();
            prop_assert_eq!(read["a"].as_str(), Some(value.as_str()), "{}", text);
            // A plain value may be read as a number.
            if !is_plain(Format::Yaml, &value) {
                for found in [&read["b"][0]["c"], &read["b"][1][0], &read["e"]] {
                    prop_assert_eq!(found.as_str(), Some(value.as_str()), "{}", text);
                }
            }
            prop_assert_eq!(&read["b"][0]["d"], 1);
            prop_assert_eq!(read.as_object().map(serde_json::Map::len), Some(3));
        }
    }

    #[test]
    fn no_text_causes_a_panic(text in r#"[-\\"'{}\[\]$()|>:;#<`\n a§]{0,24}"#, value in r#"[\\"'{};#$%\n a]{0,6}"#) {
        for format in [Format::Nginx, Format::Haproxy, Format::Json, Format::Yaml, Format::Shell] {
            let _ = written(format, &text, &value);
        }
    }
}
