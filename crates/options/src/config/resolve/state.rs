//! Resolves the state directory.

use std::path::PathBuf;

use apply_ledger::{default_parent, service_directory};
use config_blocks::{Environment, Error, Located, value};

use crate::config::error::ValueError;
use crate::config::layer::ConfigLayer;
use crate::config::resolved::{EarlierAnswers, StateDir};
use crate::config::values::StartWith;

/// The user of the process, for the default.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum User {
    Root,
    Other,
}

impl User {
    /// The user of this process.
    pub(super) fn own() -> Self {
        if nix::unistd::geteuid().is_root() {
            Self::Root
        } else {
            Self::Other
        }
    }
}

/// The directory that is set, else the default, if the process `needs` one; `None`: no state is kept.
pub(super) fn directory(
    set: Option<&Located<PathBuf>>,
    needs: bool,
    user: User,
    environment: &Environment,
) -> Result<Option<StateDir>, Error> {
    let of = |path: Option<PathBuf>, is_required| path.map(|path| StateDir { path, is_required });
    if let Some(set) = set {
        let path = Some(set.value.clone()).filter(|path| !path.as_os_str().is_empty());
        return Ok(of(path, true));
    }
    if !needs {
        return Ok(None);
    }
    let of_service = environment.first(&["STATE_DIRECTORY"])?;
    let of_service = of_service.and_then(|(_, text)| service_directory(text.as_ref()));
    if of_service.is_some() {
        return Ok(of(of_service, true));
    }
    let variable = |name| -> Result<Option<PathBuf>, Error> {
        Ok(environment.first(&[name])?.map(|(_, text)| text.into()))
    };
    let parent = default_parent(
        user == User::Root,
        variable("XDG_STATE_HOME")?,
        variable("HOME")?,
    );
    Ok(of(parent.map(|parent| parent.join("ctmpl")), false))
}

/// Refuses a child process that starts with the last good files, which only a state directory knows.
pub(super) fn refuse_last_good(start_with: Option<&Located<StartWith>>) -> Result<(), Error> {
    match start_with {
        Some(set) if set.value == StartWith::LastGood => {
            Err(set.origin.refuse(ValueError::NoState))
        }
        _ => Ok(()),
    }
}

/// What is done with accepted answers in a process that `needs` a state directory.
pub(super) fn answers(
    layer: &mut ConfigLayer,
    needs: bool,
    has_directory: bool,
) -> Result<EarlierAnswers, Error> {
    let keeps_answers = value(layer.keep_answers.take()).unwrap_or(true);
    let warm_start = layer.warm_start.take().filter(|set| set.value);
    match warm_start {
        Some(set) if needs && !has_directory => Err(set.origin.refuse(ValueError::NoAnswers)),
        Some(set) if needs && !keeps_answers => Err(set.origin.refuse(ValueError::AnswersNotKept)),
        _ if !keeps_answers => Ok(EarlierAnswers::NotKept),
        Some(_) => Ok(EarlierAnswers::WarmStart),
        None => Ok(EarlierAnswers::Kept),
    }
}

#[cfg(test)]
mod tests {
    use config_blocks::Origin;

    use super::*;

    #[test]
    fn the_default_is_that_of_the_user() {
        let directory = |user, variables: &[(&str, &str)]| {
            let environment = variables.iter().copied().collect();
            let directory = directory(None, true, user, &environment).expect("valid");
            directory.map(|directory| directory.path)
        };
        let home = ("HOME", "/home/u");
        let cases = [
            (
                User::Root,
                &[home, ("XDG_STATE_HOME", "/s")][..],
                Some("/var/lib/ctmpl"),
            ),
            (
                User::Other,
                &[home, ("XDG_STATE_HOME", "/s")],
                Some("/s/ctmpl"),
            ),
            (
                User::Other,
                &[home, ("XDG_STATE_HOME", "s")],
                Some("/home/u/.local/state/ctmpl"),
            ),
            (User::Other, &[home], Some("/home/u/.local/state/ctmpl")),
            (User::Root, &[("STATE_DIRECTORY", "/d:/e")], Some("/d")),
            (User::Other, &[home, ("STATE_DIRECTORY", "/d")], Some("/d")),
            (
                User::Other,
                &[home, ("STATE_DIRECTORY", "d")],
                Some("/home/u/.local/state/ctmpl"),
            ),
            (User::Other, &[("HOME", "")], None),
            (User::Other, &[], None),
        ];
        for (user, variables, expected) in cases {
            assert_eq!(
                directory(user, variables),
                expected.map(PathBuf::from),
                "{variables:?}"
            );
        }
    }

    #[test]
    fn a_directory_that_is_set_is_used_and_an_empty_one_turns_it_off() {
        let environment = Environment::default();
        for (text, expected) in [("/s", Some("/s")), ("", None)] {
            let set = Origin::Flag("--state-dir").locate(PathBuf::from(text));
            for needs in [true, false] {
                let found = directory(Some(&set), needs, User::Root, &environment);
                let found = found.expect("valid");
                let found = found.map(|found| (found.path, found.is_required));
                assert_eq!(found, expected.map(|path| (PathBuf::from(path), true)));
            }
        }
        let found = directory(None, false, User::Root, &environment);
        assert_eq!(found.expect("valid"), None);
    }
}
