//! The entries below a prefix that a template reads.

use super::catalog::Pair;

/// The depth to which a template reads below a prefix.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Depth {
    /// The keys directly below the prefix.
    Level,
    /// All keys below the prefix, except folders: keys that end in a slash.
    Tree,
}

impl Depth {
    /// Returns `true` if this entry is read.
    #[must_use]
    pub fn sees(self, pair: &Pair) -> bool {
        let Pair { key, .. } = pair;
        match self {
            Self::Level => !key.is_empty() && !key.contains('/'),
            Self::Tree => !key.is_empty() && !key.ends_with('/'),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_level_has_no_deeper_keys_and_a_tree_no_folders() {
        for (key, level, tree) in [
            ("", false, false),
            ("a", true, true),
            ("sub/", false, false),
            ("sub/b", false, true),
        ] {
            let pair = Pair {
                key: key.to_owned(),
                ..Pair::default()
            };
            let seen = [Depth::Level, Depth::Tree].map(|depth| depth.sees(&pair));
            assert_eq!(seen, [level, tree], "{key}");
        }
    }
}
