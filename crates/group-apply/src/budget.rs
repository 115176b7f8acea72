//! Counts the lines that a change removes, for the change budget.
//!
//! Lines are compared as a multiset: a line that moves is not removed, and a line that changes is.

use std::collections::HashMap;

/// The size of a change that is above its budget.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Excess {
    /// The number of lines that the change removes.
    pub removed: usize,
    /// The number of lines of the file.
    pub lines: usize,
}

/// The number of lines that a change removes and adds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct DiffSize {
    /// The number of lines that it removes.
    pub removed: usize,
    /// The number of lines that it adds.
    pub added: usize,
}

impl DiffSize {
    /// Compares two contents.
    #[must_use]
    pub fn of(old: &[u8], new: &[u8]) -> Self {
        let (old, new) = (text_of(old), text_of(new));
        if old.is_empty() || new.is_empty() {
            let [removed, added] = [old, new].map(count);
            return Self { removed, added };
        }
        if old == new {
            return Self::default();
        }
        let (old, new) = without_equal_ends(old, new);
        // How much more often a line occurs in the new content.
        let mut surplus: HashMap<&[u8], isize> = HashMap::new();
        for (content, step) in [(old, -1), (new, 1)] {
            for line in lines(content) {
                *surplus.entry(line).or_default() += step;
            }
        }
        let mut size = Self::default();
        for surplus in surplus.into_values() {
            let lines = if surplus < 0 {
                &mut size.removed
            } else {
                &mut size.added
            };
            *lines += surplus.unsigned_abs();
        }
        size
    }
}

impl std::iter::Sum for DiffSize {
    fn sum<I: Iterator<Item = Self>>(all: I) -> Self {
        all.fold(Self::default(), |sum, one| Self {
            removed: sum.removed + one.removed,
            added: sum.added + one.added,
        })
    }
}

/// The lines that a new content removes from a file, and all lines of the file.
pub(crate) fn removed_lines(old: &[u8], new: &[u8]) -> Excess {
    Excess {
        removed: DiffSize::of(old, new).removed,
        lines: count(text_of(old)),
    }
}

/// A content without the line feed at its end.
fn text_of(content: &[u8]) -> &[u8] {
    content.strip_suffix(b"\n").unwrap_or(content)
}

/// The number of lines.
fn count(text: &[u8]) -> usize {
    if text.is_empty() {
        0
    } else {
        lines(text).count()
    }
}

fn lines(text: &[u8]) -> impl Iterator<Item = &[u8]> {
    text.split(|byte| *byte == b'\n')
}

/// Two texts without the lines at their starts and ends that are equal: mostly a change concerns few lines of a large file.
/// At least one line of each is left.
fn without_equal_ends<'c>(mut old: &'c [u8], mut new: &'c [u8]) -> (&'c [u8], &'c [u8]) {
    let pairs = old.iter().zip(new);
    let equal = pairs.take_while(|(old, new)| old == new).count();
    if let Some(end) = old[..equal].iter().rposition(|byte| *byte == b'\n') {
        (old, new) = (&old[end + 1..], &new[end + 1..]);
    }
    let pairs = old.iter().rev().zip(new.iter().rev());
    let equal = pairs.take_while(|(old, new)| old == new).count();
    let ends = old.len() - equal;
    if let Some(start) = old[ends..].iter().position(|byte| *byte == b'\n') {
        let rest = equal - start;
        (old, new) = (&old[..old.len() - rest], &new[..new.len() - rest]);
    }
    (old, new)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The lines of the first content that the second one does not have.
    fn missing(from: &str, other: &str) -> usize {
        let mut left: Vec<_> = other.lines().collect();
        let is_missing = |line: &&str| match left.iter().position(|other| other == line) {
            Some(place) => {
                left.swap_remove(place);
                false
            }
            None => true,
        };
        from.lines().filter(is_missing).count()
    }

    proptest! {
        #[test]
        fn equal_lines_at_the_ends_make_no_difference(old in "[ab\n]{0,12}", new in "[ab\n]{0,12}") {
            // A file of one empty line counts as empty.
            prop_assume!(old != "\n" && new != "\n");
            let size = DiffSize::of(old.as_bytes(), new.as_bytes());
            prop_assert_eq!(size.removed, missing(&old, &new));
            prop_assert_eq!(size.added, missing(&new, &old));
            prop_assert_eq!(removed_lines(old.as_bytes(), new.as_bytes()).lines, old.lines().count());
        }
    }

    #[test]
    fn a_difference_has_lines_in_both_directions() {
        let size = DiffSize::of(b"a\nb\n", b"a\nc\nd\n");
        assert_eq!((size.removed, size.added), (1, 2));
        let sum: DiffSize = [size, size].into_iter().sum();
        assert_eq!((sum.removed, sum.added), (2, 4));
    }

    #[test]
    fn a_moved_line_is_kept_and_a_changed_one_is_removed() {
        let cases: [(&str, &str, usize, usize); 9] = [
            ("a\nb\nc\n", "a\nb\nc\n", 0, 3),
            ("a\nb\nc\n", "c\na\nb", 0, 3),
            ("a\nb\nc\n", "a\nB\nc\n", 1, 3),
            ("a\na\na\n", "a\n", 2, 3),
            ("a\nb\n", "", 2, 2),
            ("", "a\nb\n", 0, 0),
            ("\n", "", 0, 0),
            ("a\n\n\nb\n", "a\nb\n", 2, 4),
            ("a", "a\nmore\nand more\n", 0, 1),
        ];
        for (old, new, removed, lines) in cases {
            let expected = Excess { removed, lines };
            let found = removed_lines(old.as_bytes(), new.as_bytes());
            assert_eq!(found, expected, "{old:?} {new:?}");
        }
    }
}
