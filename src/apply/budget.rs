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
        Self {
            removed: removed_lines(old, new).removed,
            added: removed_lines(new, old).removed,
        }
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
pub(super) fn removed_lines(old: &[u8], new: &[u8]) -> Excess {
    let mut kept: HashMap<&[u8], usize> = HashMap::new();
    for line in lines(new) {
        *kept.entry(line).or_default() += 1;
    }
    let (mut removed, mut count) = (0, 0);
    for line in lines(old) {
        count += 1;
        match kept.get_mut(line) {
            Some(left) if *left > 0 => *left -= 1,
            _ => removed += 1,
        }
    }
    Excess {
        removed,
        lines: count,
    }
}

fn lines(content: &[u8]) -> impl Iterator<Item = &[u8]> {
    let content = content.strip_suffix(b"\n").unwrap_or(content);
    let all = content.split(|byte| *byte == b'\n');
    all.filter(move |_| !content.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

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
