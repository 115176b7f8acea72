//! The ledger that the subcommands `history`, `diff`, `rollback` and `approve` read.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use anyhow::{Context as _, anyhow};
use apply_ledger::{
    Generation, History, LedgerError, OpenError, default_parent, service_directory,
};
use ctmpl_options::exit_code;
use error_line::chain;
use jiff::Timestamp;
use tracing_outlets::is_hidden;

use super::output::Failure;

/// How similar a known file must be to be suggested, from 0 to 1.
const SIMILARITY: f64 = 0.6;

impl From<LedgerError> for Failure {
    fn from(error: LedgerError) -> Self {
        let error = if error.is_of_damaged_database() {
            damaged(&error)
        } else {
            error.into()
        };
        Self::new(exit_code::FAILURE, error)
    }
}

/// Adds the remedy to an error that means a damaged ledger.
fn damaged(error: &dyn std::error::Error) -> anyhow::Error {
    let error = chain(error);
    anyhow!("{error}; restart the daemon: it moves a damaged ledger aside and begins an empty one")
}

/// The state directory: the chosen one, that of the service, or the default.
pub(super) fn directory(chosen: Option<&Path>) -> Result<PathBuf, Failure> {
    let variable = |name| std::env::var_os(name).map(PathBuf::from);
    let of_service = || service_directory(&std::env::var_os("STATE_DIRECTORY")?);
    let default = || {
        let is_root = nix::unistd::geteuid().is_root();
        let parent = default_parent(is_root, variable("XDG_STATE_HOME"), variable("HOME"))?;
        Some(parent.join("ctmpl"))
    };
    let chosen = chosen.map(Path::to_owned);
    let found = chosen.or_else(of_service).or_else(default);
    found.ok_or_else(|| {
        let error =
            anyhow!("there is no home directory; choose the state directory with --state-dir");
        Failure::new(exit_code::USAGE, error)
    })
}

/// Opens the ledger in a directory.
pub(super) fn open(directory: &Path) -> Result<History, Failure> {
    History::open(directory).map_err(|error| unusable(directory, error))
}

/// Adds the remedy to an error of opening.
pub(super) fn unusable(directory: &Path, error: OpenError) -> Failure {
    let is_denied =
        std::iter::successors(std::error::Error::source(&error), |cause| cause.source())
            .filter_map(|cause| cause.downcast_ref::<std::io::Error>())
            .any(|cause| cause.kind() == std::io::ErrorKind::PermissionDenied);
    let error = match error {
        OpenError::NoLedger { .. } => anyhow!(
            "{error}; pass the state directory of the daemon with --state-dir"
        ),
        error if is_denied => anyhow::Error::new(error).context(format!(
            "{} is readable only for the user of the daemon; run this command as that user or as root",
            directory.display()
        )),
        error if error.is_damage() => damaged(&error),
        error => error.into(),
    };
    Failure::new(exit_code::FAILURE, error)
}

/// Finds a file in the ledger, by its path or another path to the same file. Relative paths start at the working
/// directory.
pub(super) fn find(history: &History, typed: &Path) -> Result<PathBuf, Failure> {
    let failed = |error| Failure::new(exit_code::USAGE, error);
    let path = std::path::absolute(typed)
        .with_context(|| format!("cannot use the path {}", typed.display()))
        .map_err(failed)?;
    let known = history.destinations()?;
    let known: Vec<_> = known.into_iter().map(|known| known.path).collect();
    if let Some(known) = same_file(&path, &known) {
        return Ok(known.clone());
    }
    let remedy = match nearest(&path, &known) {
        Some(near) => format!("did you mean {}?", near.display()),
        None => "`ctmpl history` lists all".to_owned(),
    };
    let error = anyhow!("ctmpl has not written {}; {remedy}", path.display());
    Err(failed(error))
}

/// The known file that this path leads to, also if the file does not exist now.
pub(super) fn same_file<'a>(path: &Path, known: &'a [PathBuf]) -> Option<&'a PathBuf> {
    let find = |wanted: &Path| known.iter().find(|known| *known == wanted);
    let find_real = |real: &Path| {
        let is_same = |known: &&PathBuf| known.canonicalize().is_ok_and(|known| known == real);
        known.iter().find(is_same)
    };
    find(path)
        .or_else(|| find(&file_writer::target_of(path).ok()?))
        .or_else(|| find_real(&path.canonicalize().ok()?))
}

/// The known file that the user probably means: a file of this name, or a similar path.
fn nearest<'a>(path: &Path, known: &'a [PathBuf]) -> Option<&'a PathBuf> {
    let has_name = |known: &&PathBuf| known.file_name() == path.file_name();
    known.iter().find(has_name).or_else(|| {
        let typed = path.to_string_lossy();
        let similarity = |known: &PathBuf| {
            let known = known.to_string_lossy();
            strsim::normalized_damerau_levenshtein(&typed, &known)
        };
        let near = known.iter().map(|known| (similarity(known), known));
        let near = near.filter(|(similarity, _)| *similarity >= SIMILARITY);
        near.max_by(|(a, _), (b, _)| a.total_cmp(b))
            .map(|(_, known)| known)
    })
}

/// Finds a generation by its number.
pub(super) fn generation<'a>(
    path: &Path,
    generations: &'a [Generation],
    number: u64,
) -> Result<&'a Generation, Failure> {
    let found = generations.iter().find(|known| known.number == number);
    found.ok_or_else(|| {
        let known = generations
            .iter()
            .rev()
            .map(|known| known.number.to_string());
        let known = known.collect::<Vec<_>>().join(", ");
        let path = path.display();
        let error = anyhow!("the generation {number} of {path} is not stored; stored are {known}");
        Failure::new(exit_code::USAGE, error)
    })
}

/// Formats a time in UTC, to the second.
pub(super) fn time(time: SystemTime) -> String {
    Timestamp::try_from(time)
        .map(|time| time.strftime("%Y-%m-%dT%H:%M:%SZ").to_string())
        .unwrap_or_default()
}

/// Formats JSON for people, too: hidden characters are escaped.
pub(super) fn pretty(value: &serde_json::Value) -> String {
    let mut json = String::new();
    for letter in format!("{value:#}\n").chars() {
        // Strings have no line breaks in JSON. All other hidden characters are in strings, and fit into four digits.
        if is_hidden(letter) && letter != '\n' {
            let _ = write!(json, "\\u{:04x}", u32::from(letter));
        } else {
            json.push(letter);
        }
    }
    json
}
