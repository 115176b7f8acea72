//! Flap damping: global, per template, and in every format.

use super::*;
use answer_guard::FlapDampingConfig;
use policy_values::Fraction;

fn dampings(name: &str, text: &str) -> Vec<FlapDampingConfig> {
    let layer = file::read_text(name, text).unwrap_or_else(|error| panic!("{text}: {error:?}"));
    let config = resolve::resolve(layer, None, &Environment::default());
    let config = config.unwrap_or_else(|error| panic!("{text}: {}", chain(&error)));
    config
        .jobs
        .into_iter()
        .map(|job| job.flap_damping)
        .collect()
}

fn hcl(global: &str, own: &str) -> FlapDampingConfig {
    let text = format!("{global}\ntemplate {{ contents = \"x\" destination = \"y\" {own} }}");
    dampings("a.hcl", &text)[0]
}

#[test]
fn it_is_off_by_default_and_a_template_overrides_single_keys() {
    let off = FlapDampingConfig::default();
    assert!(!off.is_on);
    let on = FlapDampingConfig { is_on: true, ..off };
    let seconds = Duration::from_secs;
    let cases = [
        ("", "", off),
        ("flap_damping = true", "", on),
        ("flap_damping = false", "", off),
        ("flap_damping = true", "flap_damping = false", off),
        ("", "flap_damping = true", on),
        (
            "flap_damping { max_toggles = 3 window = \"10s\" }",
            "flap_damping { stable_for = \"30s\" window = \"20s\" max_damped = 1 }",
            FlapDampingConfig {
                is_on: true,
                max_toggles: 3,
                window: seconds(20),
                stable_for: seconds(30),
                max_damped: Fraction::of(1.0).expect("a fraction"),
            },
        ),
        // The numbers stay where it is off.
        (
            "flap_damping { max_toggles = 3 }",
            "flap_damping = false",
            FlapDampingConfig {
                max_toggles: 3,
                ..off
            },
        ),
        // A block turns it on.
        (
            "flap_damping = false",
            "flap_damping { max_toggles = 3 }",
            FlapDampingConfig {
                max_toggles: 3,
                ..on
            },
        ),
    ];
    for (global, own, expected) in cases {
        assert_eq!(hcl(global, own), expected, "{global} {own}");
    }
}

#[test]
fn every_format_has_it() {
    let expected = FlapDampingConfig {
        is_on: true,
        max_toggles: 9,
        ..FlapDampingConfig::default()
    };
    let cases = [
        (
            "a.json",
            r#"{"flap_damping": {"max_toggles": 9}, "template": [{"contents": "x", "destination": "y"},
                {"contents": "x", "destination": "z", "flap_damping": false}]}"#,
        ),
        (
            "a.yaml",
            "flap_damping: {max_toggles: 9}\ntemplate:\n- {contents: x, destination: out}\n\
             - {contents: x, destination: other, flap_damping: false}\n",
        ),
        (
            "a.toml",
            "flap_damping.max_toggles = 9\n[[template]]\ncontents = \"x\"\ndestination = \"y\"\n[[template]]\n\
             contents = \"x\"\ndestination = \"z\"\nflap_damping = false\n",
        ),
        (
            "a.hcl",
            "flap_damping { max_toggles = 9 }\ntemplate { contents = \"x\" destination = \"y\" }\n\
             template { contents = \"x\" destination = \"z\" flap_damping = false }",
        ),
    ];
    for (name, text) in cases {
        let off = FlapDampingConfig {
            is_on: false,
            ..expected
        };
        assert_eq!(dampings(name, text), [expected, off], "{name}");
    }
}

#[test]
fn an_invalid_value_is_an_error() {
    for (keys, expected) in [
        ("flap_damping = \"off\"", "flap_damping"),
        (
            "flap_damping { max_damped = 50 }",
            "it is not a number from 0 to 1",
        ),
        ("flap_damping { toggles = 5 }", "max_toggles"),
    ] {
        let error = file::read_text("a.hcl", keys).expect_err(keys);
        assert!(
            chain(&error).contains(expected),
            "{keys}: {}",
            chain(&error)
        );
    }
}

#[test]
fn zero_is_refused() {
    for keys in [
        "flap_damping { max_toggles = 0 }",
        "flap_damping { window = \"0s\" }",
        "flap_damping { stable_for = 0 }",
    ] {
        let template = "template { contents = \"x\" destination = \"y\" ";
        for text in [
            format!("{keys}\n{template} }}"),
            format!("{template} {keys} }}"),
        ] {
            let layer = file::read_text("a.hcl", &text).expect("a layer");
            let error = resolve::resolve(layer, None, &Environment::default());
            let error = chain(&error.expect_err(&text));
            assert!(error.contains("must be more than 0"), "{text}: {error}");
            assert!(error.contains("flap_damping"), "{text}: {error}");
        }
    }
}
