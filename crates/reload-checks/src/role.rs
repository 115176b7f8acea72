//! The role of the executable that enters a namespace and then executes a check.
//!
//! Input: the command line of the process. Output: the exit code, if the process has this role and
//! could not execute the check.
//!
//! A process with several threads cannot enter a user namespace, and code between `fork` and `exec`
//! would be unsafe. So the executable is started again.

use std::ffi::OsString;
use std::io::Write as _;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;

use crate::namespace::{self, Mounts, NamespaceError};
use crate::staged::StagedFile;

/// The first argument of a process with this role. Then follow the tree, the number of staged
/// files, each staged file with its destination, and the check.
const FLAG: &str = "--check-in-namespace";

/// The first argument of a process that only tries to create a namespace.
const PROBE_FLAG: &str = "--probe-namespace";

/// The exit code if the namespace cannot be entered, or the check not executed.
pub const CANNOT_CHECK: u8 = 126;

/// Whether files can be replaced in a mount namespace on this system.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Availability {
    /// It is possible.
    Available,
    /// It is not possible, for this reason.
    Unavailable(String),
}

/// The executable whose `main` begins with [`run_role`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Launcher {
    program: PathBuf,
}

impl Launcher {
    /// Creates the launcher of this process's own executable.
    #[must_use]
    pub fn own() -> Self {
        Self::of("/proc/self/exe")
    }

    /// Creates the launcher of another executable.
    pub fn of(program: impl Into<PathBuf>) -> Self {
        Self {
            program: program.into(),
        }
    }

    /// The command line that enters the namespace and then executes `check`.
    pub(crate) fn command(
        &self,
        tree: &Path,
        files: &[StagedFile],
        check: impl IntoIterator<Item = OsString>,
    ) -> Vec<OsString> {
        let mut words = vec![self.program.clone().into(), FLAG.into(), tree.into()];
        words.push(files.len().to_string().into());
        for file in files {
            words.extend([file.staged.clone().into(), file.destination.clone().into()]);
        }
        words.extend(check);
        words
    }

    /// Enters the namespace in a process that does nothing else.
    pub(crate) fn attempt(&self, tree: &Path, files: &[StagedFile]) -> Result<Mounts, String> {
        let words = self.command(tree, files, []);
        let answer = self.answer(&words[1..])?;
        [Mounts::Overlay, Mounts::Binds]
            .into_iter()
            .find(|mounts| mounts.to_string() == answer)
            .ok_or_else(|| self.without_role())
    }

    /// Returns whether a process of the executable can create a mount namespace. It takes some
    /// milliseconds; see [`probe`].
    pub fn probe(&self) -> Availability {
        // Without this, a program that does not call `run_role` would start itself forever.
        if std::env::args_os()
            .nth(1)
            .is_some_and(|first| first == PROBE_FLAG)
        {
            return Availability::Unavailable(self.without_role());
        }
        match self.answer(&[PROBE_FLAG.into()]) {
            Ok(answer) if answer == PROBE_FLAG => Availability::Available,
            Ok(_) => Availability::Unavailable(self.without_role()),
            Err(reason) => Availability::Unavailable(reason),
        }
    }

    fn without_role(&self) -> String {
        format!(
            "{} does not call reload_checks::run_role",
            self.program.display()
        )
    }

    /// Runs the executable. Returns what it prints, or the reason of its failure.
    fn answer(&self, arguments: &[OsString]) -> Result<String, String> {
        let ended = Command::new(&self.program)
            .args(arguments)
            .stdin(Stdio::null())
            .output()
            .map_err(|error| format!("cannot start {}: {error}", self.program.display()))?;
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).trim().to_owned();
        if ended.status.success() {
            Ok(text(&ended.stdout))
        } else {
            Err(text(&ended.stderr))
        }
    }
}

/// Returns whether this process's executable can create a mount namespace. The first call takes some
/// milliseconds.
pub fn probe() -> &'static Availability {
    static OWN: OnceLock<Availability> = OnceLock::new();
    OWN.get_or_init(|| Launcher::own().probe())
}

/// Runs the role that the command line selects. Returns the exit code of the process, or `None` if
/// this is an ordinary process of the program.
///
/// Call this first in `main`, with [`std::env::args_os`], while the process has a single thread.
pub fn run_role(arguments: impl Iterator<Item = OsString>) -> Option<u8> {
    let words: Vec<OsString> = arguments.collect();
    let flag = words.get(1)?.to_str()?;
    let result = match flag {
        PROBE_FLAG => namespace::attempt()
            .map(|()| PROBE_FLAG.to_owned())
            .map_err(|error| chain(&error)),
        FLAG => enter_and_execute(&words[2..]),
        _ => return None,
    };
    Some(match result {
        Ok(answer) => {
            let _ = writeln!(std::io::stdout(), "{answer}");
            0
        }
        Err(reason) => {
            let _ = writeln!(std::io::stderr(), "{reason}");
            CANNOT_CHECK
        }
    })
}

/// Enters the namespace and executes the check. Without a check, returns the kind of mounts.
fn enter_and_execute(words: &[OsString]) -> Result<String, String> {
    let (tree, files, check) = parse(words).ok_or("the arguments of the check are incomplete")?;
    let mounts = namespace::enter(&tree, &files).map_err(|error| chain(&error))?;
    let Some((program, arguments)) = check.split_first() else {
        return Ok(mounts.to_string());
    };
    let error = Command::new(program).args(arguments).exec();
    Err(format!(
        "cannot execute {}: {error}",
        program.to_string_lossy()
    ))
}

fn parse(words: &[OsString]) -> Option<(PathBuf, Vec<StagedFile>, &[OsString])> {
    let (tree, rest) = words.split_first()?;
    let (number, rest) = rest.split_first()?;
    let number: usize = number.to_str()?.parse().ok()?;
    let (files, check) = rest.split_at_checked(number.checked_mul(2)?)?;
    let files = files.chunks(2).map(|pair| StagedFile {
        staged: (&pair[0]).into(),
        destination: (&pair[1]).into(),
    });
    Some((tree.into(), files.collect(), check))
}

/// The text of an error with its causes.
fn chain(error: &NamespaceError) -> String {
    let mut text = error.to_string();
    let mut source = std::error::Error::source(error);
    while let Some(cause) = source {
        text = format!("{text}: {cause}");
        source = cause.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_read_as_it_is_written() {
        let file = |name: &str| StagedFile {
            staged: format!("/etc/nginx/.{name}").into(),
            destination: format!("/etc/nginx/{name}").into(),
        };
        for files in [vec![], vec![file("a")], vec![file("a b"), file("--")]] {
            for check in [vec![], vec!["nginx".into(), "-t".into()]] {
                let launcher = Launcher::of("program");
                let words = launcher.command(Path::new("/etc/nginx"), &files, check.clone());
                assert_eq!(words[..2], ["program", FLAG]);
                let (tree, read, rest) = parse(&words[2..]).unwrap();
                assert_eq!(
                    (tree, read, rest),
                    ("/etc/nginx".into(), files.clone(), &check[..])
                );
            }
        }
    }

    #[test]
    fn incomplete_arguments_are_an_error() {
        for words in [
            &[][..],
            &["/etc"],
            &["/etc", "x"],
            &["/etc", "1", "a"],
            &["/etc", "9223372036854775808"],
        ] {
            let words: Vec<OsString> = words.iter().map(Into::into).collect();
            assert!(parse(&words).is_none(), "{words:?}");
        }
    }

    #[test]
    fn other_processes_have_no_role() {
        for words in [&[][..], &["program"], &["program", "--version"]] {
            assert_eq!(run_role(words.iter().map(Into::into)), None);
        }
    }

    #[test]
    fn a_program_without_the_role_is_reported() {
        for program in ["/bin/true", "/nonexistent"] {
            let Availability::Unavailable(reason) = Launcher::of(program).probe() else {
                panic!("{program} has no such role");
            };
            assert!(reason.contains(program), "{reason}");
        }
    }
}
