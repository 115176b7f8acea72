//! Any text, and any configuration.

use super::*;

fn a_text() -> impl Strategy<Value = String> {
    let odd = "[ \\t\\n\\r\"'\\\\${}:#|>&*!%@`~?,\\[\\]a0=EOF\\-]{0,12}";
    prop_oneof![
        Just("yes".to_owned()),
        Just("1e3".to_owned()),
        Just("0x1".to_owned()),
        odd,
        "\\PC{0,8}",
        "([a-z \"]{0,6}\n){1,3}"
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_text_makes_it_panic(text in "\\PC*|([a-z]{1,8} (=|\\{|\\}|\"x\"|5|#|\n) ?){0,12}") {
        fuzz(&text);
    }

    #[test]
    fn a_rewritten_file_is_the_same_in_all_formats(
        top in proptest::collection::vec(a_top_key(), 0..6),
        inner in proptest::collection::vec(a_key_of_a_template(), 0..8),
        note in "[ -~\t\u{1}\u{7f}\u{85}\u{2028}\u{feff}\u{ffff}é]{0,9}",
    ) {
        let (top, inner) = (top.join(&format!(" # {note}\n")), inner.join(&format!(" # {note}\n")));
        let text = format!("{top} # {note}\ntemplate {{ # {note}\n{inner}\n# {note}\n}}\ntemplate {{}}\n// {note}");
        prop_assert!(rewrite(&Source { document: Document::Variable("TEST"), format: Format::Hcl, text: text.clone() }).is_ok(), "{}", text);
        fuzz(&text);
    }
}

/// A key with some value that it can have.
fn a_top_key() -> impl Strategy<Value = String> {
    prop_oneof![
        "(max_stale|block_query_wait|Max_Stale) = (0|7|5000000000|\"5s\"|\"1h1m\")",
        "(wait|WAIT) = (\"1s:2s\"|\"0s\"|\\{ bool = true min = 7 \\})",
        "(once = (true|false)|vault \\{ token = \"t\" \\}|parseonly = false|allow = (\\[\"plugin\"\\]|\"plugin,writeToFile\"))",
        "consul (= \"h:1\"|\\{ address = \"h\" \\}|\\{ ssl = \\[\\{ verify = false \\}\\] \\})",
    ]
}

/// The same of a template.
fn a_key_of_a_template() -> impl Strategy<Value = String> {
    let text = a_text().prop_map(|text| quoted(&text));
    prop_oneof![
        (
            "contents|source|destination|left_delimiter|command|exec = \\{\\} contents",
            text
        )
            .prop_map(|(key, text)| format!("{key} = {text}")),
        "perms = (0640|640|420|\"0600\"|\"4755\"|0)|(user|group) = (7|\"7\"|\"root\")|(uid|gid) = (7|010)",
        "exec \\{ (command = (\"a, b\"|\\[\"a\", \"b c\"\\]))? (timeout = (\"5s\"|\"0s\"|0))? \\}",
        "contents = <<(EOF\n[a-z \"$\\{\\}\\n]{0,20}\nEOF|-X\n [a-z]{0,5}\n  X)\n",
        "command_timeout = (\"90s\"|\"0s\"|9)|error_on_missing_key = true|source = \"a\\.j2\"|format = \"nginx\"",
    ]
}
