//! The timeout of a group beside those of its templates.

use super::*;

#[test]
fn a_timeout_of_a_template_that_its_group_does_not_use_is_a_warning() {
    let warnings = |block: &str, first: &str, second: &str| {
        let text = format!("group \"g\" {{ {block} }}\n")
            + &template("a", &format!("group = \"g\" {first}"))
            + &template("b", &format!("group = \"g\" {second}"));
        read(&text).warnings
    };
    let warning = |template: &str, used: &str| {
        format!(
            "{template}: it has no effect, because the command of the group g has one timeout, {used}; set \
             command_timeout in the group"
        )
    };
    let (first, second) = (
        "template[1].command_timeout in a.hcl:2",
        "template[2].command_timeout in a.hcl:3",
    );
    let own = "command = \"x\" command_timeout = \"5s\"";
    let cases = [
        (
            "timeout = \"7s\"",
            own,
            "",
            first,
            "7s (group[g].timeout in a.hcl:1)",
        ),
        (
            "command = \"x\"",
            "",
            "command_timeout = \"5s\"",
            second,
            "30s (the default)",
        ),
        (
            "",
            own,
            "command_timeout = \"9s\"",
            second,
            "5s (template[1].command_timeout in a.hcl:2)",
        ),
        ("", "command = \"x\"", own, second, "30s (the default)"),
    ];
    for (block, one, other, template, used) in cases {
        assert_eq!(
            warnings(block, one, other),
            [warning(template, used)],
            "{block}"
        );
    }
    for (block, one, other) in [
        ("command_timeout = \"5s\"", own, ""),
        ("", own, own),
        ("", "", own),
    ] {
        assert_eq!(warnings(block, one, other), [""; 0], "{block}");
    }
}
