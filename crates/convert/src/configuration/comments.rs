//! Assigns comments to keys.
//!
//! Input: the comments of a block, and the lines of its keys. Output: those before each key, those within its block, and
//! those after the last.

use config_blocks::Comment;

/// The comments of a block.
pub(super) struct Spread {
    /// Before each key.
    pub(super) above: Vec<Vec<String>>,
    /// Within the value of each key.
    pub(super) within: Vec<Vec<Comment>>,
    /// After all keys.
    pub(super) rest: Vec<String>,
}

/// Assigns the comments of a block at this depth to its keys, which begin on these lines. A comment after something on
/// its line belongs to that; any other belongs to what follows.
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

/// The last of the sorted lines that is not after this one.
fn last_until(lines: &[usize], line: usize) -> Option<usize> {
    lines.partition_point(|other| *other <= line).checked_sub(1)
}
