//! Assigns comments to keys.
//!
//! Input: the comments of a block, and the lines of its keys. Output: the comments before each key,
//! inside its value, and after the last key.

use config_blocks::Comment;

/// The comments of a block.
pub(super) struct Spread {
    /// The comments before each key.
    pub(super) above: Vec<Vec<String>>,
    /// The comments inside the value of each key.
    pub(super) within: Vec<Vec<Comment>>,
    /// The comments after the last key.
    pub(super) rest: Vec<String>,
}

/// Assigns the comments of a block at this depth to its keys, which begin on these lines. A comment
/// at the end of a line belongs to the key on that line; others belong to the next key.
pub(super) fn spread(lines: &[usize], depth: usize, comments: Vec<Comment>) -> Spread {
    let mut spread = Spread {
        above: vec![Vec::new(); lines.len()],
        within: vec![Vec::new(); lines.len()],
        rest: Vec::new(),
    };
    for comment in comments {
        let before = last_until(lines, comment.line);
        let after = lines.partition_point(|line| *line < comment.line);
        match before {
            Some(before) if comment.depth > depth => spread.within[before].push(comment),
            Some(before) if !comment.alone => spread.above[before].extend(comment.lines),
            _ => spread
                .above
                .get_mut(after)
                .unwrap_or(&mut spread.rest)
                .extend(comment.lines),
        }
    }
    spread
}

/// Assigns comments to the blocks of a list.
pub(super) fn over_blocks(lines: &[usize], comments: Vec<Comment>) -> Vec<Vec<Comment>> {
    let mut within = vec![Vec::new(); lines.len()];
    for comment in comments {
        let at = last_until(lines, comment.line).unwrap_or_default();
        if let Some(block) = within.get_mut(at) {
            block.push(comment);
        }
    }
    within
}

/// Returns the index of the last line that is not after `line`; `lines` is sorted.
fn last_until(lines: &[usize], line: usize) -> Option<usize> {
    lines.partition_point(|other| *other <= line).checked_sub(1)
}
