//! The entries below a prefix that a template reads, and whether they have changed.

use super::any::Answer;
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

    /// Returns `true` if the entries that are read differ from those of the previous answer.
    #[must_use]
    pub fn sees_change(self, before: &Answer, after: &Answer) -> bool {
        match (before, after) {
            (Answer::Pairs(before), Answer::Pairs(after)) => {
                let [before, after] =
                    [before, after].map(|pairs| pairs.iter().filter(|pair| self.sees(pair)));
                !before.eq(after)
            }
            _ => before != after,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    fn pairs(entries: &[(&str, &str)]) -> Answer {
        let pair = |(key, value): &(&str, &str)| Pair {
            path: format!("app/{key}"),
            key: (*key).to_owned(),
            value: (*value).to_owned(),
            ..Pair::default()
        };
        Answer::Pairs(entries.iter().map(pair).map(Arc::new).collect())
    }

    #[test]
    fn only_entries_that_are_read_count_as_a_change() {
        let before = [("", "folder"), ("a", "1"), ("sub/", ""), ("sub/b", "2")];
        for (after, level, tree) in [
            (
                vec![("", "folder"), ("a", "1"), ("sub/", ""), ("sub/b", "2")],
                false,
                false,
            ),
            (vec![("a", "1"), ("sub/b", "2")], false, false),
            (vec![("a", "1"), ("sub/", ""), ("sub/b", "3")], false, true),
            (vec![("a", "1")], false, true),
            (vec![("a", "2"), ("sub/b", "2")], true, true),
            (vec![("a", "1"), ("c", "1"), ("sub/b", "2")], true, true),
            (vec![], true, true),
        ] {
            let (before, after) = (pairs(&before), pairs(&after));
            assert_eq!(
                Depth::Level.sees_change(&before, &after),
                level,
                "{after:?}"
            );
            assert_eq!(Depth::Tree.sees_change(&before, &after), tree, "{after:?}");
        }
    }

    #[test]
    fn an_answer_of_another_kind_is_compared_as_a_whole() {
        let names = |name: &str| Answer::Datacenters(vec![name.to_owned()]);
        assert!(Depth::Level.sees_change(&names("a"), &names("b")));
        assert!(!Depth::Level.sees_change(&names("a"), &names("a")));
    }
}
