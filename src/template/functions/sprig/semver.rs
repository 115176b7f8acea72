//! Versions.

use minijinja::Value;

use super::sprig;
use super::version::{Constraint, Version};
use crate::template::atom::Atom;
use crate::template::function::{Call, Function};
use crate::template::functions::args::{Outcome, refuse, text};

pub(in crate::template::functions) static TABLE: &[Function] = &[
    sprig(
        ["sprig_semver", "sprig_semver"],
        "(text string) version",
        "A version, with Major, Minor, Patch, Prerelease, Metadata and Original.",
        semver,
    ),
    sprig(
        ["sprig_semverCompare", "sprig_semver_compare"],
        "(constraint string, version string) bool",
        "Whether a version meets a constraint such as ^1.2, ~1.2.3 or >=1.0 <2.0 || 3.x",
        |call| {
            let [constraint, version] = call.exactly("sprig_semverCompare")?;
            let (constraint, version) = (text(constraint)?, text(version)?);
            let Some(constraint) = Constraint::parse(constraint) else { return refuse("improper constraint") };
            let Some(version) = Version::parse(version) else { return refuse(NO_VERSION) };
            Ok(Value::from(constraint.is_met(&version)))
        },
    ),
];

const NO_VERSION: &str = "Invalid Semantic Version";

fn semver(call: &Call<'_>) -> Outcome {
    let [original] = call.exactly("sprig_semver")?;
    let original = text(original)?;
    let Some(version) = Version::parse(original) else { return refuse(NO_VERSION) };
    let shown = version.to_string();
    Ok(Value::from_object(Atom {
        go_type: "*semver.Version",
        properties: vec![
            (["Major", "major"], Value::from(version.numbers[0])),
            (["Minor", "minor"], Value::from(version.numbers[1])),
            (["Patch", "patch"], Value::from(version.numbers[2])),
            (["Prerelease", "prerelease"], Value::from(version.prerelease)),
            (["Metadata", "metadata"], Value::from(version.metadata)),
            (["Original", "original"], Value::from(original)),
            (["String", "string"], Value::from(shown.as_str())),
        ],
        text: shown,
    }))
}
