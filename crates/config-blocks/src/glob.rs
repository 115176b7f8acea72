//! Patterns for names: `*`, `?`, `[a-z]`, `[!x]`, and `\` before a literal character.

use std::str::FromStr;

/// A pattern for names.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Glob {
    written: String,
    parts: Vec<Part>,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Part {
    /// Any number of characters.
    Any,
    /// One character.
    One,
    /// This character.
    This(char),
    /// One of these characters, or none of them.
    OneOf {
        ranges: Vec<(char, char)>,
        none: bool,
    },
}

/// A text that is not a pattern.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the pattern {written:?} {what}")]
pub struct GlobError {
    written: String,
    what: &'static str,
}

impl FromStr for Glob {
    type Err = GlobError;

    fn from_str(text: &str) -> Result<Self, GlobError> {
        let refuse = |what| GlobError {
            written: text.to_owned(),
            what,
        };
        let mut letters = text.chars().peekable();
        let mut parts = Vec::new();
        while let Some(letter) = letters.next() {
            parts.push(match letter {
                '*' if parts.last() == Some(&Part::Any) => continue,
                '*' => Part::Any,
                '?' => Part::One,
                '\\' => Part::This(letters.next().ok_or_else(|| refuse("ends in a \\"))?),
                '[' => {
                    let none = letters.next_if(|next| matches!(next, '!' | '^')).is_some();
                    let ranges =
                        ranges(&mut letters).ok_or_else(|| refuse("has a [ without its ]"))?;
                    Part::OneOf { ranges, none }
                }
                letter => Part::This(letter),
            });
        }
        Ok(Self {
            written: text.to_owned(),
            parts,
        })
    }
}

/// The content of brackets; a `]` that comes first is literal.
fn ranges(letters: &mut std::iter::Peekable<std::str::Chars<'_>>) -> Option<Vec<(char, char)>> {
    let mut ranges = Vec::new();
    loop {
        let first = match letters.next()? {
            ']' if !ranges.is_empty() => return Some(ranges),
            '\\' => letters.next()?,
            letter => letter,
        };
        let mut ahead = letters.clone();
        let last = match (ahead.next(), ahead.next()) {
            (Some('-'), Some(last)) if last != ']' => {
                *letters = ahead;
                last
            }
            _ => first,
        };
        ranges.push((first, last));
    }
}

impl Part {
    fn takes(&self, letter: char) -> bool {
        match self {
            Self::Any | Self::One => true,
            Self::This(this) => *this == letter,
            Self::OneOf { ranges, none } => {
                ranges
                    .iter()
                    .any(|(first, last)| (*first..=*last).contains(&letter))
                    != *none
            }
        }
    }
}

impl Glob {
    /// As it was written.
    pub fn written(&self) -> &str {
        &self.written
    }

    /// Returns `true` if the whole name matches.
    pub fn matches(&self, name: &str) -> bool {
        let letters: Vec<char> = name.chars().collect();
        let (mut part, mut letter) = (0, 0);
        // The position of the last `*`, and how much of the name it takes.
        let mut star: Option<(usize, usize)> = None;
        while letter < letters.len() {
            match self.parts.get(part) {
                Some(Part::Any) => {
                    star = Some((part, letter));
                    part += 1;
                }
                Some(here) if here.takes(letters[letter]) => {
                    part += 1;
                    letter += 1;
                }
                _ => {
                    let Some((place, taken)) = star else {
                        return false;
                    };
                    star = Some((place, taken + 1));
                    (part, letter) = (place + 1, taken + 1);
                }
            }
        }
        self.parts[part..].iter().all(|rest| *rest == Part::Any)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn patterns_match_as_in_a_shell() {
        for (pattern, yes, no) in [
            ("HOME", &["HOME"][..], &["HOM", "HOMES", "home", ""][..]),
            (
                "CONSUL_*",
                &["CONSUL_", "CONSUL_HTTP_ADDR"],
                &["CONSUL", "XCONSUL_A"],
            ),
            ("*", &["", "A", "ÄÖ"], &[]),
            ("A?C", &["ABC", "AÄC"], &["AC", "ABBC"]),
            ("[a-cX]*", &["a", "bz", "Xa"], &["d", "", "A"]),
            ("[!a-c]", &["d", "A"], &["a", "b", "dd"]),
            ("[]]", &["]"], &["["]),
            ("[a-]", &["a", "-"], &["b"]),
            ("\\*", &["*"], &["a"]),
            ("*a*b*", &["ab", "xaxbx", "aabb"], &["ba", "a", "b"]),
            ("", &[""], &["a"]),
        ] {
            let glob: Glob = pattern.parse().unwrap();
            for name in yes {
                assert!(glob.matches(name), "{pattern} {name}");
            }
            for name in no {
                assert!(!glob.matches(name), "{pattern} {name}");
            }
        }
        assert_eq!(
            "a[b".parse::<Glob>().unwrap_err().to_string(),
            "the pattern \"a[b\" has a [ without its ]"
        );
        assert!("a\\".parse::<Glob>().is_err() && "[]".parse::<Glob>().is_err());
    }

    proptest! {
        #[test]
        fn nothing_panics_and_a_star_takes_everything(pattern in "[ab*?\\[\\]\\\\!-]{0,12}", name in "[ab\\]!-]{0,12}") {
            if let Ok(glob) = pattern.parse::<Glob>() {
                let matches = glob.matches(&name);
                let wider: Glob = format!("*{pattern}*").parse().unwrap();
                prop_assert!(!matches || wider.matches(&name));
            }
        }
    }
}
