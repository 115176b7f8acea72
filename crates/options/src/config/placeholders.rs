//! The placeholders of a check: `{staged}` stands for the staged files, `{tree}` for the copy of a directory that has
//! them in place.
//!
//! Input: a command line with placeholders, and the paths. Output: a command line without placeholders, and variables
//! for its environment. No path becomes part of a shell line: the shell gets the files as arguments and the directory as
//! a variable, so that a name with blanks, quotes or `$` is a name.

mod shell;

use std::path::{Path, PathBuf};

use process_tree::CommandLine;

pub use shell::ShellError;
pub(crate) use shell::Used;
use shell::{STAGED, TREE};

/// The variable with the directory. Programs that are started without a shell get it too.
pub(crate) const TREE_VARIABLE: &str = "CTMPL_TREE";

/// A command line without placeholders.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Expanded {
    /// The command line.
    pub line: CommandLine,
    /// Variables to add to its environment.
    pub environment: Vec<(&'static str, PathBuf)>,
}

/// A command line whose placeholders cannot be replaced.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PlaceholderError {
    /// A shell line.
    #[error(transparent)]
    Shell(#[from] ShellError),
    /// `{staged}` as the program.
    #[error(
        "{STAGED} cannot be the program: write the program first, for example nginx -t -c {STAGED}"
    )]
    Program,
    /// A path that is not UTF-8.
    #[error("the path {} is not UTF-8, and cannot be passed to a check", .0.display())]
    NotText(PathBuf),
}

/// Finds the placeholders of a command line, and checks that they can be replaced.
///
/// # Errors
/// [`PlaceholderError`]
pub(crate) fn used(line: &CommandLine) -> Result<Used, PlaceholderError> {
    match line {
        CommandLine::Shell(line) => Ok(shell::replace(line)?.1),
        CommandLine::Direct(words) => {
            let has = |placeholder| words.iter().any(|word| word.contains(placeholder));
            if words
                .first()
                .is_some_and(|program| program.contains(STAGED))
            {
                return Err(PlaceholderError::Program);
            }
            Ok(Used {
                staged: has(STAGED),
                part_of_word: false,
                tree: has(TREE),
            })
        }
    }
}

/// Replaces the placeholders. An argument of a list with `{staged}` becomes one argument for each file.
///
/// # Errors
/// [`PlaceholderError`]
pub fn expand(
    line: &CommandLine,
    staged: &[PathBuf],
    tree: Option<&Path>,
) -> Result<Expanded, PlaceholderError> {
    let staged: Vec<_> = staged
        .iter()
        .map(|path| text(path))
        .collect::<Result<_, _>>()?;
    let line = match line {
        CommandLine::Shell(line) => {
            let line = shell::replace(line)?.0;
            let words = ["sh".to_owned(), "-c".to_owned(), line, "sh".to_owned()];
            let files = staged.into_iter().map(str::to_owned);
            CommandLine::Direct(words.into_iter().chain(files).collect())
        }
        CommandLine::Direct(words) => {
            used(line)?;
            let tree = tree.map_or(Ok(TREE), text)?;
            CommandLine::Direct(
                words
                    .iter()
                    .flat_map(|word| arguments(word, &staged, tree))
                    .collect(),
            )
        }
    };
    let environment = tree.map(|tree| (TREE_VARIABLE, tree.to_owned()));
    Ok(Expanded {
        line,
        environment: environment.into_iter().collect(),
    })
}

fn text(path: &Path) -> Result<&str, PlaceholderError> {
    path.to_str()
        .ok_or_else(|| PlaceholderError::NotText(path.to_owned()))
}

/// The arguments that one of a list becomes. A placeholder in a path is not replaced.
fn arguments(word: &str, staged: &[&str], tree: &str) -> Vec<String> {
    let with = |file: &str| {
        let parts = word.split(STAGED).map(|part| part.replace(TREE, tree));
        parts.collect::<Vec<_>>().join(file)
    };
    if word.contains(STAGED) {
        staged.iter().map(|file| with(file)).collect()
    } else {
        vec![word.replace(TREE, tree)]
    }
}

#[cfg(test)]
mod tests;
