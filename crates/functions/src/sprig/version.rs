//! Semantic versions and constraints, as in Masterminds/semver.
//!
//! Versions: `v1.2`, `1.2.3-beta+build`. Constraints: `^1.2 || >=3.0.0, <4`, `~1.2.3`, `1.x`,
//! `1.2 - 1.4.5`. A prerelease satisfies only constraints that contain a prerelease.

use std::cmp::Ordering;
use std::fmt;

/// A version. Missing numbers are 0.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Version {
    pub(super) numbers: [u64; 3],
    pub(super) prerelease: String,
    pub(super) metadata: String,
}

impl Version {
    /// Parses a version. Trailing numbers may be missing.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let (partial, version) = parse_partial(text)?;
        (!partial.wild).then_some(version)
    }

    pub(super) fn next(&self, place: usize) -> Self {
        let mut numbers = self.numbers;
        numbers[place] = numbers[place].saturating_add(1);
        for later in &mut numbers[place + 1..] {
            *later = 0;
        }
        Self {
            numbers,
            ..Self::default()
        }
    }

    pub(super) fn compare(&self, other: &Self) -> Ordering {
        self.numbers
            .cmp(&other.numbers)
            .then_with(|| compare_prereleases(&self.prerelease, &other.prerelease))
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [major, minor, patch] = self.numbers;
        write!(f, "{major}.{minor}.{patch}")?;
        if !self.prerelease.is_empty() {
            write!(f, "-{}", self.prerelease)?;
        }
        if !self.metadata.is_empty() {
            write!(f, "+{}", self.metadata)?;
        }
        Ok(())
    }
}

/// Compares two prereleases: a release is greater than its prereleases, and numbers are less than
/// words.
fn compare_prereleases(a: &str, b: &str) -> Ordering {
    match (a.is_empty(), b.is_empty()) {
        (true, true) => return Ordering::Equal,
        (true, false) => return Ordering::Greater,
        (false, true) => return Ordering::Less,
        (false, false) => {}
    }
    let number = |part: &str| part.parse::<u64>().ok();
    let (mut left, mut right) = (a.split('.'), b.split('.'));
    loop {
        let order = match (left.next(), right.next()) {
            (None, None) => return Ordering::Equal,
            (None, Some(_)) => Ordering::Less,
            (Some(_), None) => Ordering::Greater,
            (Some(a), Some(b)) => match (number(a), number(b)) {
                (Some(a), Some(b)) => a.cmp(&b),
                (Some(_), None) => Ordering::Less,
                (None, Some(_)) => Ordering::Greater,
                (None, None) => a.cmp(b),
            },
        };
        if order.is_ne() {
            return order;
        }
    }
}

/// The numbers of a version that are given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Partial {
    /// The number of given numbers.
    given: usize,
    /// Whether a number is `x`, `X` or `*`.
    wild: bool,
}

/// Parses a version that may be incomplete or have wildcards.
fn parse_partial(text: &str) -> Option<(Partial, Version)> {
    let text = text.strip_prefix('v').unwrap_or(text);
    let (text, metadata) = text
        .split_once('+')
        .map_or((text, None), |(text, metadata)| (text, Some(metadata)));
    let (core, prerelease) = text
        .split_once('-')
        .map_or((text, None), |(core, pre)| (core, Some(pre)));
    let identifiers = |part: &str| {
        part.split('.').all(|part| {
            !part.is_empty() && part.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
        })
    };
    // Only metadata may have leading zeros.
    let plain = |part: &str| {
        !(part.len() > 1 && part.starts_with('0') && part.bytes().all(|b| b.is_ascii_digit()))
    };
    let plain_numbers = prerelease.is_none_or(|prerelease| prerelease.split('.').all(plain));
    if !plain_numbers || !prerelease.is_none_or(identifiers) || !metadata.is_none_or(identifiers) {
        return None;
    }
    let mut partial = Partial {
        given: 0,
        wild: false,
    };
    let mut numbers = [0; 3];
    for (place, part) in core.split('.').enumerate() {
        let number = numbers.get_mut(place)?;
        match part {
            "x" | "X" | "*" => partial.wild = true,
            digits if !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit()) => {
                *number = digits.parse().ok()?;
                if !partial.wild {
                    partial.given = place + 1;
                }
            }
            _ => return None,
        }
    }
    if partial.wild {
        for later in numbers.iter_mut().skip(partial.given) {
            *later = 0;
        }
    }
    let version = Version {
        numbers,
        prerelease: prerelease.unwrap_or_default().to_owned(),
        metadata: metadata.unwrap_or_default().to_owned(),
    };
    Some((partial, version))
}

/// Alternatives; each is a list of conditions that must all be met.
#[derive(Clone, Debug)]
pub(super) struct Constraint(Vec<Vec<Condition>>);

#[derive(Clone, Debug)]
struct Condition {
    operator: &'static str,
    version: Version,
    partial: Partial,
}

/// The operators, longest first, so that `>=` is not parsed as `>`.
const OPERATORS: [&str; 12] = [
    "!=", ">=", "=>", "<=", "=<", "~>", ">", "<", "=", "~", "^", "",
];

impl Constraint {
    /// Parses a constraint.
    pub(super) fn parse(text: &str) -> Option<Self> {
        text.split("||")
            .map(conditions)
            .collect::<Option<_>>()
            .map(Self)
    }

    /// Returns `true` if the version satisfies the constraint.
    pub(super) fn is_met(&self, version: &Version) -> bool {
        self.0
            .iter()
            .any(|all| all.iter().all(|condition| condition.is_met(version)))
    }
}

/// Parses conditions that are separated by commas or spaces; `a - b` yields two conditions.
fn conditions(text: &str) -> Option<Vec<Condition>> {
    let spaced = text.replace(" - ", " \u{2026} ").replace(',', " ");
    let mut rest = spaced.trim();
    let mut found: Vec<Condition> = Vec::new();
    while !rest.is_empty() {
        if let Some(after) = rest.strip_prefix('\u{2026}') {
            let last = found.last_mut().filter(|last| last.operator.is_empty())?;
            last.operator = ">=";
            let (mut condition, after) = parse_condition(after.trim_start())?;
            if !condition.operator.is_empty() {
                return None;
            }
            condition.operator = "<=";
            found.push(condition);
            rest = after.trim_start();
            continue;
        }
        let (condition, after) = parse_condition(rest)?;
        found.push(condition);
        rest = after.trim_start();
    }
    (!found.is_empty()).then_some(found)
}

/// Parses an operator with a version. Returns the rest of the text.
fn parse_condition(text: &str) -> Option<(Condition, &str)> {
    let operator = OPERATORS
        .into_iter()
        .find(|operator| text.starts_with(operator))?;
    let rest = text[operator.len()..].trim_start();
    let end = rest
        .find(|c: char| !(c.is_ascii_alphanumeric() || ".-+*".contains(c)))
        .unwrap_or(rest.len());
    let (written, after) = rest.split_at(end);
    let (partial, version) = parse_partial(written)?;
    Some((
        Condition {
            operator,
            version,
            partial,
        },
        after,
    ))
}

impl Condition {
    fn is_met(&self, version: &Version) -> bool {
        let Self {
            operator,
            version: wanted,
            partial,
        } = self;
        let released = version.prerelease.is_empty() || !wanted.prerelease.is_empty();
        // The number of given numbers; `None` if all are given.
        let open = match partial.given {
            3 => None,
            given => Some(given),
        };
        let order = version.compare(wanted);
        match *operator {
            "!=" => self.differs(version, released),
            "" | "=" if open.is_some() => {
                released && self.is_close(version, partial.given.saturating_sub(1))
            }
            "" | "=" => released && order.is_eq(),
            // `>1.2` excludes all versions that begin with 1.2.
            ">" => {
                released
                    && order.is_gt()
                    && !(open.is_some() && begins(version, wanted, partial.given))
            }
            ">=" | "=>" => released && order.is_ge(),
            "<" => released && order.is_lt(),
            "<=" | "=<" => {
                released
                    && (order.is_le()
                        || open.is_some_and(|given| begins(version, wanted, given.max(1))))
            }
            "~" | "~>" => {
                released && (partial.given == 0 || self.is_close(version, partial.given.min(2) - 1))
            }
            "^" => released && self.is_compatible(version),
            _ => false,
        }
    }

    fn differs(&self, version: &Version, released: bool) -> bool {
        match self.partial.given {
            3 => version.compare(&self.version).is_ne(),
            0 => released && version.compare(&self.version).is_ne(),
            given => released && !begins(version, &self.version, given),
        }
    }

    /// Returns `true` if the version is at least the wanted one, and less than its successor at
    /// `place`.
    fn is_close(&self, version: &Version, place: usize) -> bool {
        let below = self.partial.given == 0 || version.numbers < self.version.next(place).numbers;
        version.compare(&self.version).is_ge() && below
    }

    /// Returns `true` if the version is equal up to and including the first number that is not 0.
    fn is_compatible(&self, version: &Version) -> bool {
        if self.partial.given == 0 {
            // `^x` is treated as `^0`.
            return version.numbers[0] == 0;
        }
        let first = self
            .version
            .numbers
            .iter()
            .position(|number| *number > 0)
            .unwrap_or(2);
        self.is_close(version, first.min(self.partial.given - 1))
    }
}

/// Returns `true` if the first `count` numbers are equal and `count` is not 0.
fn begins(version: &Version, wanted: &Version, count: usize) -> bool {
    count > 0 && version.numbers.get(..count) == wanted.numbers.get(..count)
}
