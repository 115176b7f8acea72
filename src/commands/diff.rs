//! `ctmpl diff`: shows the difference between two stored contents of a file.

use std::path::Path;

use anyhow::anyhow;
use apply_ledger::{Generation, History};
use ctmpl_options::cli::DiffArguments;
use ctmpl_options::exit_code;
use similar::TextDiff;

use super::output::{Failure, print, report_success};
use super::state;

pub(super) fn run(arguments: &DiffArguments) -> Result<u8, Failure> {
    let history = state::open(&state::directory(arguments.state_dir.as_deref())?)?;
    let path = state::find(&history, &arguments.destination)?;
    let generations = history.generations(&path)?;
    let newer = match arguments.to {
        Some(number) => Some(state::generation(&path, &generations, number)?),
        None => generations.first(),
    };
    let newer = newer.ok_or_else(|| {
        let error = anyhow!("{} has no stored content", path.display());
        Failure::new(exit_code::FAILURE, error)
    })?;
    let older = match arguments.from {
        Some(number) => Some(state::generation(&path, &generations, number)?),
        None => generations.iter().find(|known| known.number < newer.number),
    };
    let old = older.map_or(Ok(Vec::new()), |older| content(&history, &path, older))?;
    let new = content(&history, &path, newer)?;
    let label = |known: &Generation| {
        let time = state::time(known.at);
        format!("{} generation {}\t{time}", path.display(), known.number)
    };
    let old_label = older.map_or_else(|| "/dev/null".to_owned(), label);
    if old == new {
        report_success("The contents are the same.");
    }
    Ok(print(&unified(&old, &new, &old_label, &label(newer))))
}

fn content(history: &History, path: &Path, known: &Generation) -> Result<Vec<u8>, Failure> {
    let content = history.content(known.hash)?;
    // The daemon may have deleted it since the generations were read.
    let content = content.ok_or_else(|| {
        let (number, path) = (known.number, path.display());
        let error = anyhow!("the generation {number} of {path} is no longer stored");
        Failure::new(exit_code::FAILURE, error)
    })?;
    Ok(content.into_bytes())
}

/// Formats a unified diff; empty if the contents are the same.
pub(super) fn unified(old: &[u8], new: &[u8], old_label: &str, new_label: &str) -> String {
    if old.contains(&0) || new.contains(&0) {
        let is_same = old == new;
        let text = format!("Binary contents {old_label} and {new_label} differ\n");
        return if is_same { String::new() } else { text };
    }
    let (old, new) = (String::from_utf8_lossy(old), String::from_utf8_lossy(new));
    TextDiff::from_lines(&*old, &*new)
        .unified_diff()
        .header(old_label, new_label)
        .to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_diff_has_the_changed_lines_with_their_surroundings() {
        let old = "1\n2\n3\n4\n5\n6\n7\n8\n9\n";
        let new = old.replace("5\n", "five\n") + "end";
        insta::assert_snapshot!(unified(old.as_bytes(), new.as_bytes(), "a", "b"), @r"
        --- a
        +++ b
        @@ -2,8 +2,9 @@
         2
         3
         4
        -5
        +five
         6
         7
         8
         9
        +end
        \ No newline at end of file
        ");
        assert_eq!(unified(b"same\n", b"same\n", "a", "b"), "");
    }

    #[test]
    fn binary_contents_are_not_printed() {
        let text = unified(b"a\0b", b"a\0c", "a", "b");
        assert_eq!(text, "Binary contents a and b differ\n");
        assert_eq!(unified(b"\0", b"\0", "a", "b"), "");
    }
}
