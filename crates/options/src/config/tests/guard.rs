//! The collapse guard: global, per template, and in every format.

use super::*;
use answer_guard::GuardConfig;
use policy_values::Fraction;

fn guards(name: &str, text: &str) -> Vec<GuardConfig> {
    let layer = file::read_text(name, text).unwrap_or_else(|error| panic!("{text}: {error:?}"));
    let config = resolve::resolve(layer, None, &Environment::default());
    let config = config.unwrap_or_else(|error| panic!("{text}: {}", chain(&error)));
    config.jobs.into_iter().map(|job| job.guard).collect()
}

fn hcl(global: &str, own: &str) -> GuardConfig {
    let text = format!("{global}\ntemplate {{ contents = \"x\" destination = \"y\" {own} }}");
    guards("a.hcl", &text)[0]
}

#[test]
fn the_guard_is_on_and_a_template_overrides_single_keys() {
    let default = GuardConfig::default();
    let fraction = |number| Fraction::of(number).expect("a fraction");
    let seconds = Duration::from_secs;
    let off = GuardConfig {
        is_on: false,
        ..default
    };
    let cases = [
        ("", "", default),
        ("guard = true", "", default),
        ("guard = false", "", off),
        ("guard = false", "guard = true", default),
        ("", "guard = false", off),
        (
            "guard { max_drop = 0.2 confirm_for = \"3s\" }",
            "guard { min_items = 7 max_drop = 1 }",
            GuardConfig {
                is_on: true,
                max_drop: fraction(1.0),
                min_items: 7,
                confirm_for: seconds(3),
            },
        ),
        // A block turns the guard on.
        (
            "guard = false",
            "guard { confirm_for = \"1m\" }",
            GuardConfig {
                confirm_for: seconds(60),
                ..default
            },
        ),
    ];
    for (global, own, expected) in cases {
        assert_eq!(hcl(global, own), expected, "{global} {own}");
    }
}

#[test]
fn every_format_has_the_guard() {
    let expected = GuardConfig {
        min_items: 9,
        ..GuardConfig::default()
    };
    let cases = [
        (
            "a.json",
            r#"{"guard": {"min_items": 9}, "template": [{"contents": "x", "destination": "y"},
                {"contents": "x", "destination": "z", "guard": false}]}"#,
        ),
        (
            "a.yaml",
            "guard: {min_items: 9}\ntemplate:\n- {contents: x, destination: out}\n- {contents: x, destination: other, guard: false}\n",
        ),
        (
            "a.toml",
            "guard.min_items = 9\n[[template]]\ncontents = \"x\"\ndestination = \"y\"\n[[template]]\ncontents = \"x\"\n\
             destination = \"z\"\nguard = false\n",
        ),
        (
            "a.hcl",
            "guard { min_items = 9 }\ntemplate { contents = \"x\" destination = \"y\" }\n\
             template { contents = \"x\" destination = \"z\" guard = false }",
        ),
    ];
    for (name, text) in cases {
        let off = GuardConfig {
            is_on: false,
            ..expected
        };
        assert_eq!(guards(name, text), [expected, off], "{name}");
    }
}

#[test]
fn an_invalid_guard_is_an_error() {
    for (keys, expected) in [
        ("guard = \"off\"", "guard"),
        ("guard { max_drop = 50 }", "it is not a number from 0 to 1"),
        ("guard { drop = 0.5 }", "max_drop"),
        ("guard { min_items = -1 }", "min_items"),
    ] {
        let error = file::read_text("a.hcl", keys).expect_err(keys);
        assert!(
            chain(&error).contains(expected),
            "{keys}: {}",
            chain(&error)
        );
    }
}
