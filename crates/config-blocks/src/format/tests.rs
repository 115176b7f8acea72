//! What is the same in every format.

use std::time::{Duration, Instant};

use proptest::prelude::*;

use super::*;

const ALL: [Format; 4] = [Format::Hcl, Format::Json, Format::Yaml, Format::Toml];

#[test]
fn the_content_tells_the_format_where_the_name_does_not() {
    let cases = [
        ("", Format::Hcl),
        ("# c\n\n  {", Format::Json),
        ("---\na", Format::Yaml),
        ("# c\nconsul:\n  address: h", Format::Yaml),
        ("log_level: info", Format::Yaml),
        ("[consul]\n", Format::Toml),
        ("a = 1\n[consul]\n", Format::Toml),
        ("a = 1", Format::Hcl),
        ("a = 1\n[consul\n", Format::Hcl),
        ("template { contents = <<E\n[consul]\nE\n}", Format::Hcl),
        ("consul{}", Format::Hcl),
    ];
    for (text, format) in cases {
        assert_eq!(Format::of_text(text), format, "{text}");
    }
}

#[test]
fn the_extension_tells_the_format_in_any_case() {
    for format in ALL {
        let name = format!("a.{}", format.name());
        assert_eq!(Format::of_name(Path::new(&name)), Some(format));
    }
    assert_eq!(Format::of_name(Path::new("a.yml")), Some(Format::Yaml));
    for name in ["a", "hcl", ".hcl", "a.hcl~", "a.hcl.bak"] {
        assert_eq!(Format::of_name(Path::new(name)), None, "{name}");
    }
    let error = "ini".parse::<Format>().unwrap_err().to_string();
    assert_eq!(
        error,
        "there is no format \"ini\"; write yaml, toml, hcl or json"
    );
}

#[test]
fn nesting_is_limited_in_every_format() {
    let nested = |open: &str, close: &str| {
        let depth = 40;
        format!("{}{}", open.repeat(depth), close.repeat(depth))
    };
    let cases = [
        (Format::Hcl, nested("a {", "}")),
        (Format::Hcl, format!("a = {}", nested("[", "]"))),
        (Format::Json, nested("{\"a\":", "}").replace(":}", ":1}")),
        (Format::Json, format!("{{\"a\": {}}}", nested("[", "]"))),
        (Format::Yaml, format!("a: {}", nested("[", "]"))),
        (Format::Toml, format!("a = {}", nested("[", "]"))),
        (Format::Toml, format!("{}b = 1", "a.".repeat(40))),
        (Format::Toml, format!("[{}b]", "a.".repeat(40))),
    ];
    for (format, text) in cases {
        let error = format.parse(&text).unwrap_err();
        assert!(
            error.reason.contains("nested more than 32 deep"),
            "{format:?}: {error:?}"
        );
    }
    for (format, text) in [
        (Format::Hcl, "a {".repeat(300_000)),
        (Format::Hcl, format!("a = {}", "[".repeat(300_000))),
        (Format::Json, "{\"a\":".repeat(300_000)),
        (Format::Yaml, "[".repeat(300_000)),
        (Format::Yaml, "- ".repeat(300_000)),
        (Format::Yaml, "a: {".repeat(100_000)),
        (Format::Toml, format!("a = {}", "[".repeat(300_000))),
        (Format::Toml, format!("{}b = 1", "a.".repeat(300_000))),
        (Format::Toml, format!("[{}b]", "a.".repeat(300_000))),
    ] {
        // The thread of a test has a small stack.
        assert!(format.parse(&text).is_err(), "{format:?}");
    }
}

#[test]
fn a_large_text_is_parsed_in_time_proportional_to_its_size() {
    let items = "\"x\",\n".repeat(400_000);
    let texts = [
        (Format::Json, format!("{{\"pid_file\": [{items}\"x\"]}}")),
        (Format::Hcl, format!("pid_file = [{items}]")),
        (Format::Toml, format!("[consul]\naddress = [{items}]")),
        (Format::Yaml, format!("---\npid_file: [{items}]")),
    ];
    for (format, text) in texts {
        let begun = Instant::now();
        // YAML has a limit of its own.
        assert!(format.parse(&text).is_ok() || format == Format::Yaml);
        // Time that grows with the square of the size would be minutes.
        assert!(
            begun.elapsed() < Duration::from_secs(20),
            "{format:?}: {:?}",
            begun.elapsed()
        );
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_text_makes_it_panic(text in "\\PC*|[a-z:{}\\[\\]=,\"#&*|>0-9 \\n-]{0,60}") {
        for format in ALL {
            let _ = format.parse(&text);
        }
        let _ = Format::of_text(&text).parse(&text);
    }
}
