//! What HCL 1 reads, and what it refuses. The values are those of the parser that consul-template uses.

use proptest::prelude::*;

use super::*;

/// A tree in one line, as JSON would have it, but with numbers as they are spelled.
fn shown(node: &Node) -> String {
    match &node.value {
        Tree::Null => "null".to_owned(),
        Tree::Bool(value) => value.to_string(),
        Tree::Number(spelling) => spelling.clone(),
        Tree::Text(text) => format!("{text:?}"),
        Tree::List(items) => format!(
            "[{}]",
            items.iter().map(shown).collect::<Vec<_>>().join(",")
        ),
        Tree::Block(entries) => {
            let entry = |entry: &Entry| format!("{}:{}", entry.key, shown(&entry.node));
            format!(
                "{{{}}}",
                entries.iter().map(entry).collect::<Vec<_>>().join(",")
            )
        }
        Tree::Labelled(label) => format!("<{}>{}", label.key, shown(&label.node)),
    }
}

#[test]
#[expect(clippy::too_many_lines, reason = "a table of cases")]
fn hcl_is_read_as_people_write_it() {
    let cases = [
        ("", "{}"),
        ("# nothing\n", "{}"),
        ("a = 1 b = 2", "{a:1,b:2}"),
        ("a = { b = 1 }, c = 2", "{a:{b:1},c:2}"),
        ("a { b = 1 }\na { b = 2 }", "{a:{b:1},a:{b:2}}"),
        ("a\n{ b = 1 }", "{a:{b:1}}"),
        ("a \"l\" { b = 1 }\na m\n{}", "{a:<l>{b:1},a:<m>{}}"),
        ("a\n=\n1", "{a:1}"),
        ("a = 1 /* x */ // y\n# z\nb = 2", "{a:1,b:2}"),
        ("a = /* c */ 1", "{a:1}"),
        ("\"a\" = 1\n\"b c\" { d = 2 }", "{a:1,b c:{d:2}}"),
        ("a.b = 1\na-c = 2\n_d = 3\né = 4", "{a.b:1,a-c:2,_d:3,é:4}"),
        (
            "a = 0640 b = 0x1F c = -5 d = 1.5e3 e = .5 f = 5. g = 1E-2",
            "{a:0640,b:0x1F,c:-5,d:1.5e3,e:.5,f:5.,g:1E-2}",
        ),
        ("a = true b = false", "{a:true,b:false}"),
        (
            "a = [1,2,]\nb = [\n1 # c\n,2]\nc = []\nd = [[1],[2]]",
            "{a:[1,2],b:[1,2],c:[],d:[[1],[2]]}",
        ),
        ("a = [{b=1},{b=2}]", "{a:[{b:1},{b:2}]}"),
        (
            r#"a = "\u00e9\x41\101\U0001F600\n\t\"\\""#,
            r#"{a:"éAA😀\n\t\"\\"}"#,
        ),
        (r#"a = "${b "q" {x}}" c = 1"#, r#"{a:"${b \"q\" {x}}",c:1}"#),
        (r#"a = "x\ty${ \"z\" }""#, r#"{a:"x\ty${ \\\"z\\\" }"}"#),
        ("a = \"${\n}\"", "{a:\"${\\n}\"}"),
        (
            "a = \"$${x}\" b = \"$\" c = \"$x\"",
            "{a:\"$${x}\",b:\"$\",c:\"$x\"}",
        ),
        (r#"a = "{{ key \"x\" }}""#, r#"{a:"{{ key \"x\" }}"}"#),
        ("a = <<EOF\nx\nEOF\n", "{a:\"x\\n\"}"),
        ("a = <<EOF\nx\nEOF", "{a:\"x\\n\"}"),
        ("a = <<EOF\nEOF\n", "{a:\"\"}"),
        (
            "a = <<EOF\n${ \"x\n\\n}\nEOF\n",
            "{a:\"${ \\\"x\\n\\\\n}\\n\"}",
        ),
        ("a = <<EOF\nx\nEOFX\nEOF\n", "{a:\"x\\nEOFX\\n\"}"),
        ("a = <<EOF\nx\r\nEOF\r\nb = 1\r\n", "{a:\"x\\n\",b:1}"),
        ("a = <<EOF\n  x\n  EOF\n", "{a:\"  x\\n  \"}"),
        (
            "a = <<-EOF\n    x\n      y\n    EOF\n",
            "{a:\"x\\n  y\\n\"}",
        ),
        (
            "a = <<-EOF\n    x\n\n      y\n    EOF\n",
            "{a:\"    x\\n\\n      y\\n\"}",
        ),
        ("a = <<-EOF\n  x\n    EOF\n", "{a:\"  x\\n\"}"),
        ("a = <<-EOF\n  EOF\n", "{a:\"\"}"),
        ("a = [<<EOF\nx\nEOF\n, \"b\"]", "{a:[\"x\\n\",\"b\"]}"),
    ];
    for (text, tree) in cases {
        assert_eq!(
            parse(text).map(|node| shown(&node)).as_deref(),
            Ok(tree),
            "{text}"
        );
    }
}

#[test]
fn invalid_hcl_is_an_error_with_line_and_remedy() {
    let deep = "a = [".to_owned() + &"[".repeat(100_000);
    let blocks = "a {".repeat(100_000);
    let cases: &[(&str, usize, &str)] = &[
        ("a = 08", 1, "is not a valid number"),
        ("a = 1_000", 1, "is not a valid number"),
        ("a = 5s", 1, "texts and durations need quotes"),
        ("a = - 5", 1, "is not a valid number"),
        ("a = +5", 1, "the character '+'"),
        ("\na = foo", 2, "the value of a needs quotes"),
        ("a = null", 1, "needs quotes"),
        ("a = \"x", 1, "no closing quote"),
        ("a = \"l1\nl2\"", 1, "a heredoc"),
        ("a = \"${ \"", 1, "no closing quote"),
        ("a = \"\\q\"", 1, "is not an escape"),
        ("a = \"\\ud800\"", 1, "is not an escape"),
        ("a = \"\\x4\"", 1, "is not an escape"),
        ("a = \"\\", 1, "is not an escape"),
        ("a = 'x'", 1, "in double quotes"),
        ("a: 1", 1, ".yaml"),
        ("a=1;b=2", 1, "a line of its own"),
        (
            "a \"l\" = 1",
            1,
            "a needs `=` before its value, or `{` after its label",
        ),
        ("a \"l\"\nb = 1", 1, "a needs `=`"),
        ("a \"l\" \"m\" {}", 1, "a needs `=`"),
        ("a \"l\" {", 1, "the block a has no closing `}`"),
        ("a = [\n1\n2]", 3, "a comma is missing in a before a number"),
        ("a = [,]", 1, "a has no value; there is `,`"),
        ("a = [1", 1, "no closing `]`"),
        ("x = 1\na = {\n b = 1", 2, "the block a has no closing `}`"),
        ("a = 1\n}", 2, "closes nothing"),
        ("a =", 1, "a has no value; there is the end"),
        ("a", 1, "a needs a value"),
        ("= 1", 1, "a key is missing before `=`"),
        ("/* x", 1, "the comment has no end"),
        ("a = <<EOF \nx\nEOF\n", 1, "write only a name"),
        ("a = << EOF\nx\nEOF\n", 1, "write only a name"),
        ("a = <<\"EOF\"\nx\nEOF\n", 1, "write only a name"),
        ("\na = <<EOF\nx\n", 2, "a line with nothing but EOF"),
        ("a = <x", 1, "a single `<`"),
        (&deep, 1, "more than 32 deep"),
        (&blocks, 1, "more than 32 deep"),
    ];
    for (text, line, reason) in cases {
        let shown: String = text.chars().take(40).collect();
        let error = parse(text).expect_err(&shown);
        assert!(error.reason.contains(reason), "{shown}: {error:?}");
        assert_eq!(error.line, *line, "{shown}: {error:?}");
    }
}

#[test]
fn every_value_has_its_line() {
    let node = parse("# c\na = <<EOF\nx\ny\nEOF\n\nb {\n  c = [\n    1,\n  ]\n}\n").expect("HCL");
    let Tree::Block(top) = &node.value else {
        panic!("a block")
    };
    assert_eq!([top[0].line, top[0].node.line, top[1].line], [2, 2, 7]);
    let Tree::Block(block) = &top[1].node.value else {
        panic!("a block")
    };
    let Tree::List(list) = &block[0].node.value else {
        panic!("a list")
    };
    assert_eq!([block[0].line, list[0].line], [8, 9]);
}

fn a_value() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        "[0-9]{1,3}".prop_map(|digits| format!("1{digits}")),
        "[a-z $\\n\"\\\\]{0,6}".prop_map(|text| format!("{text:?}").replace("\\'", "'")),
        Just("true".to_owned()),
    ];
    leaf.prop_recursive(3, 16, 3, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..3)
                .prop_map(|items| format!("[{}]", items.join(", "))),
            proptest::collection::vec(inner, 0..3).prop_map(|items| {
                let entries: Vec<_> = items
                    .iter()
                    .enumerate()
                    .map(|(at, item)| format!("k{at} = {item}"))
                    .collect();
                format!("{{ {} }}", entries.join("\n"))
            }),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_text_makes_it_panic(text in "\\PC*|[a-z<>EOF{}\\[\\]=,\"\\\\#/*$0-9 \\n-]{0,60}") {
        let _ = parse(&text);
    }

    #[test]
    fn blanks_and_comments_change_nothing(value in a_value()) {
        let plain = parse(&format!("a = {value}\nb = 1")).expect("HCL");
        let spaced = parse(&format!("/* c */ a // d\n = # e\n {value} , \n\n b /**/ = 1 # f")).expect("HCL");
        prop_assert_eq!(shown(&plain), shown(&spaced));
    }
}
