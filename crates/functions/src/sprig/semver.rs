//! Functions for semantic versions.

use minijinja::Value;

use super::sprig;
use super::version::{Constraint, Version};
use crate::args::{FunctionResult, fail, text, wrong_type};
use crate::function::{Call, Function, FunctionError};
use gotemplate::scalar_object::{Methods, ScalarObject};

pub(crate) static TABLE: &[Function] = &[
    sprig(
        ["sprig_semver", "sprig_semver"],
        "(text string) version",
        "A parsed version with Major, Minor, Patch, Prerelease, Metadata and Original.",
        semver,
    ),
    sprig(
        ["sprig_semverCompare", "sprig_semver_compare"],
        "(constraint string, version string) bool",
        "Whether a version meets a constraint such as ^1.2, ~1.2.3 or >=1.0 <2.0 || 3.x",
        |call| {
            let [constraint, version] = call.exactly("sprig_semverCompare")?;
            let (constraint, version) = (text(constraint)?, text(version)?);
            let Some(constraint) = Constraint::parse(constraint) else {
                return fail("improper constraint");
            };
            let Some(version) = Version::parse(version) else {
                return fail(INVALID_VERSION);
            };
            Ok(Value::from(constraint.is_met(&version)))
        },
    ),
];

const INVALID_VERSION: &str = "Invalid Semantic Version";

fn semver(call: &Call<'_>) -> FunctionResult {
    let [original] = call.exactly("sprig_semver")?;
    let original = text(original)?;
    let Some(version) = Version::parse(original) else {
        return fail(INVALID_VERSION);
    };
    Ok(value(version, original))
}

fn value(version: Version, original: &str) -> Value {
    let shown = version.to_string();
    Value::from_object(ScalarObject {
        go_type: "*semver.Version",
        properties: vec![
            (["Major", "major"], Value::from(version.numbers[0])),
            (["Minor", "minor"], Value::from(version.numbers[1])),
            (["Patch", "patch"], Value::from(version.numbers[2])),
            (
                ["Prerelease", "prerelease"],
                Value::from(version.prerelease.as_str()),
            ),
            (
                ["Metadata", "metadata"],
                Value::from(version.metadata.as_str()),
            ),
            (["Original", "original"], Value::from(original)),
            (["String", "string"], Value::from(shown.as_str())),
        ],
        text: shown,
        methods: Some(Box::new(version)),
    })
}

impl Methods for Version {
    fn call(&self, method: &str, args: &[Value]) -> Option<Result<Value, FunctionError>> {
        let compared = |other: &Value, to_value: fn(std::cmp::Ordering) -> Value| {
            let other = other
                .downcast_object_ref::<ScalarObject>()
                .and_then(ScalarObject::inner::<Self>);
            Some(
                other
                    .map(|other| to_value(self.compare(other)))
                    .ok_or_else(|| FunctionError::new(wrong_type("*semver.Version", &args[0]))),
            )
        };
        // The next patch version of a prerelease is its release.
        let next = |place: usize| {
            let next = match place {
                2 if !self.prerelease.is_empty() => Self {
                    numbers: self.numbers,
                    ..Self::default()
                },
                _ => self.next(place),
            };
            let original = next.to_string();
            Some(Ok(value(next, &original)))
        };
        match (method, args) {
            ("Compare" | "compare", [other]) => compared(other, |order| Value::from(order as i8)),
            ("Equal" | "equal", [other]) => compared(other, |order| Value::from(order.is_eq())),
            ("LessThan" | "less_than", [other]) => {
                compared(other, |order| Value::from(order.is_lt()))
            }
            ("GreaterThan" | "greater_than", [other]) => {
                compared(other, |order| Value::from(order.is_gt()))
            }
            ("IncMajor" | "inc_major", []) => next(0),
            ("IncMinor" | "inc_minor", []) => next(1),
            ("IncPatch" | "inc_patch", []) => next(2),
            _ => None,
        }
    }
}
