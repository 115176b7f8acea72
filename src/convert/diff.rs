//! How two texts differ, as `diff -u` shows it.
//!
//! in:  two texts with their names
//! out: a unified diff
//!
//! The ready-made one of the crate compiles every algorithm it has for every kind of text, which is more program than
//! most of ctmpl: here is just the one that is used.

use std::fmt::Write as _;
use std::ops::Range;

use similar::algorithms::{Capture, Replace, myers};
use similar::{DiffOp, group_diff_ops};

/// How many lines are shown around a change.
const AROUND: usize = 3;

/// The lines that differ, and some around them; empty when the texts are the same.
pub(super) fn unified([old_name, old]: [&str; 2], [new_name, new]: [&str; 2]) -> String {
    let [old, new]: [Vec<&str>; 2] = [old, new].map(|text| text.split_inclusive('\n').collect());
    let mut hook = Replace::new(Capture::new());
    // Capturing cannot fail.
    let _ = myers::diff(
        &mut hook,
        old.as_slice(),
        0..old.len(),
        new.as_slice(),
        0..new.len(),
    );
    let mut out = String::new();
    for hunk in group_diff_ops(hook.into_inner().into_ops(), AROUND) {
        let Some((first, last)) = hunk.first().zip(hunk.last()) else {
            continue;
        };
        if out.is_empty() {
            let _ = writeln!(out, "--- {old_name}\n+++ {new_name}");
        }
        let old_lines = first.old_range().start..last.old_range().end;
        let new_lines = first.new_range().start..last.new_range().end;
        let _ = writeln!(out, "@@ -{} +{} @@", shown(&old_lines), shown(&new_lines));
        for op in hunk {
            if matches!(op, DiffOp::Equal { .. }) {
                push(&mut out, ' ', &old[op.old_range()]);
            } else {
                push(&mut out, '-', &old[op.old_range()]);
                push(&mut out, '+', &new[op.new_range()]);
            }
        }
    }
    out
}

/// The first line and how many there are; of none, the line before them.
fn shown(lines: &Range<usize>) -> String {
    match lines.len() {
        0 => format!("{},0", lines.start),
        1 => (lines.start + 1).to_string(),
        many => format!("{},{many}", lines.start + 1),
    }
}

fn push(out: &mut String, sign: char, lines: &[&str]) {
    for line in lines {
        out.push(sign);
        out.push_str(line);
        if !line.ends_with('\n') {
            out.push_str("\n\\ No newline at end of file\n");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn diff(old: &str, new: &str) -> String {
        unified(["one", old], ["two", new])
    }

    #[test]
    fn it_is_what_diff_u_shows() {
        assert_eq!(diff("same\n", "same\n"), "");
        assert_eq!(
            diff("a\nb\nc\n", "a\nB\nc\n"),
            "--- one\n+++ two\n@@ -1,3 +1,3 @@\n a\n-b\n+B\n c\n"
        );
        assert_eq!(
            diff("x", "x\n"),
            "--- one\n+++ two\n@@ -1 +1 @@\n-x\n\\ No newline at end of file\n+x\n"
        );
        assert_eq!(diff("", "a\n"), "--- one\n+++ two\n@@ -0,0 +1 @@\n+a\n");
    }

    #[test]
    fn changes_that_are_far_apart_are_shown_apart() {
        let old = (1..=30)
            .map(|line| line.to_string())
            .collect::<Vec<_>>()
            .join("\n")
            + "\n";
        let new = old.replace("\n2\n", "\ntwo\n").replace("\n29\n", "\n");
        assert_eq!(
            diff(&old, &new),
            "--- one\n+++ two\n@@ -1,5 +1,5 @@\n 1\n-2\n+two\n 3\n 4\n 5\n@@ -26,5 +26,4 @@\n 26\n 27\n 28\n-29\n 30\n"
        );
    }
}
