//! The arguments of the commands, from the matches of the parser.

use std::path::PathBuf;

use clap::ArgMatches;
use clap_pages::Shell;

use super::flags;
use crate::config::{Arguments, DevArguments};
use config_blocks::Flags;

/// The arguments of `ctmpl convert`.
#[derive(Clone, Debug, Default)]
pub struct ConvertArguments {
    /// The connection to a Consul whose data the proof uses.
    pub consul: Flags,
    /// The data for the proof.
    pub data: Option<PathBuf>,
    /// The file for the Jinja template; `None`: standard output.
    pub output: Option<PathBuf>,
    /// The opening delimiter of the Go template.
    pub left_delimiter: Option<String>,
    /// The closing delimiter of the Go template.
    pub right_delimiter: Option<String>,
    /// The Go template.
    pub file: PathBuf,
}

/// The arguments of `ctmpl plan`.
#[derive(Debug)]
pub struct PlanArguments {
    /// Those of the daemon.
    pub arguments: Box<Arguments>,
    /// The data; `None`: the configured Consul has it.
    pub data: Option<PathBuf>,
    /// `true` to show the cost instead of the changes.
    pub cost: bool,
    /// `true` to print JSON.
    pub json: bool,
}

/// The arguments of `ctmpl render`.
#[derive(Clone, Debug, Default)]
pub struct RenderArguments {
    /// The data; `None`: Consul is empty.
    pub data: Option<PathBuf>,
    /// The template.
    pub file: PathBuf,
}

/// The arguments of `ctmpl migrate`.
#[derive(Clone, Debug, Default)]
pub struct MigrateArguments {
    /// The format to write.
    pub to: Option<String>,
    /// The configuration file of consul-template.
    pub file: PathBuf,
}

/// The arguments of `ctmpl status`.
#[derive(Clone, Debug, Default)]
pub struct StatusArguments {
    /// The address of the status server, as typed; `None`: that of the configuration.
    pub addr: Option<String>,
    /// The configuration of the daemon.
    pub config: Vec<PathBuf>,
    /// `true` to print JSON.
    pub json: bool,
    /// `true` to ask only whether the daemon is ready.
    pub ready: bool,
    /// `true` to ask only whether the daemon is healthy.
    pub healthy: bool,
}

/// The arguments of `ctmpl history`.
#[derive(Clone, Debug, Default)]
pub struct HistoryArguments {
    /// The file; `None`: all files.
    pub destination: Option<PathBuf>,
    /// The state directory; `None`: the default.
    pub state_dir: Option<PathBuf>,
    /// `true` to print JSON.
    pub json: bool,
}

/// The arguments of `ctmpl diff`.
#[derive(Clone, Debug, Default)]
pub struct DiffArguments {
    /// The file.
    pub destination: PathBuf,
    /// The older generation; `None`: the one before the newer.
    pub from: Option<u64>,
    /// The newer generation; `None`: the latest.
    pub to: Option<u64>,
    /// The state directory; `None`: the default.
    pub state_dir: Option<PathBuf>,
}

/// The arguments of `ctmpl rollback`.
#[derive(Clone, Debug, Default)]
pub struct RollbackArguments {
    /// The file.
    pub destination: PathBuf,
    /// The generation to restore; `None`: the last good one before the present one.
    pub generation: Option<u64>,
    /// The duration of the hold, as typed; `None`: until the release.
    pub hold: Option<String>,
    /// `true` to release the file instead.
    pub release: bool,
    /// The state directory; `None`: the default.
    pub state_dir: Option<PathBuf>,
}

/// The arguments of `ctmpl approve`.
#[derive(Clone, Debug, Default)]
pub struct ApproveArguments {
    /// The file; `None`: list the parked changes.
    pub destination: Option<PathBuf>,
    /// The state directory; `None`: the default.
    pub state_dir: Option<PathBuf>,
    /// `true` to print JSON.
    pub json: bool,
}

/// The arguments of the daemon, `validate`, `config` or `dev`.
pub(super) fn arguments(matches: &ArgMatches, dev: Option<DevArguments>) -> Arguments {
    Arguments {
        config: matches
            .get_many::<PathBuf>("config")
            .map(|paths| paths.cloned().collect())
            .unwrap_or_default(),
        flags: flags::values(matches),
        dev,
        ignored: flags::ignored(matches),
    }
}

/// The shell of `ctmpl completions`; `clap` accepts only known names.
pub(super) fn shell_argument(matches: &ArgMatches) -> Shell {
    let name = matches.get_one::<String>("shell");
    name.and_then(|name| Shell::named(name))
        .unwrap_or(Shell::Bash)
}

pub(super) fn dev_arguments(matches: &ArgMatches) -> DevArguments {
    DevArguments {
        listen: matches.get_one::<String>("listen").cloned(),
        seed: matches
            .get_one::<std::ffi::OsString>("seed")
            .map(PathBuf::from),
    }
}

pub(super) fn convert_arguments(matches: &ArgMatches) -> ConvertArguments {
    let path = |name: &str| matches.get_one::<PathBuf>(name).cloned();
    let text = |name: &str| matches.get_one::<String>(name).cloned();
    ConvertArguments {
        consul: flags::values(matches),
        data: path("data"),
        output: path("output"),
        left_delimiter: text("left-delimiter"),
        right_delimiter: text("right-delimiter"),
        file: path("file").unwrap_or_default(),
    }
}

pub(super) fn render_arguments(matches: &ArgMatches) -> RenderArguments {
    let path = |name: &str| matches.get_one::<PathBuf>(name).cloned();
    RenderArguments {
        data: path("data"),
        file: path("file").unwrap_or_default(),
    }
}

pub(super) fn migrate_arguments(matches: &ArgMatches) -> MigrateArguments {
    MigrateArguments {
        to: matches.get_one::<String>("to").cloned(),
        file: matches
            .get_one::<PathBuf>("file")
            .cloned()
            .unwrap_or_default(),
    }
}

fn path_argument(matches: &ArgMatches, name: &str) -> Option<PathBuf> {
    matches.get_one::<PathBuf>(name).cloned()
}

fn is_set(matches: &ArgMatches, name: &str) -> bool {
    matches.get_one::<bool>(name).copied().unwrap_or(false)
}

pub(super) fn status_arguments(matches: &ArgMatches) -> StatusArguments {
    let config = matches.get_many::<PathBuf>("config");
    StatusArguments {
        addr: matches.get_one::<String>("addr").cloned(),
        config: config
            .map(|paths| paths.cloned().collect())
            .unwrap_or_default(),
        json: is_set(matches, "json"),
        ready: is_set(matches, "ready"),
        healthy: is_set(matches, "healthy"),
    }
}

pub(super) fn history_arguments(matches: &ArgMatches) -> HistoryArguments {
    HistoryArguments {
        destination: path_argument(matches, "destination"),
        state_dir: path_argument(matches, "ledger"),
        json: is_set(matches, "json"),
    }
}

pub(super) fn diff_arguments(matches: &ArgMatches) -> DiffArguments {
    DiffArguments {
        destination: path_argument(matches, "destination").unwrap_or_default(),
        from: matches.get_one("from").copied(),
        to: matches.get_one("to").copied(),
        state_dir: path_argument(matches, "ledger"),
    }
}

pub(super) fn rollback_arguments(matches: &ArgMatches) -> RollbackArguments {
    RollbackArguments {
        destination: path_argument(matches, "destination").unwrap_or_default(),
        generation: matches.get_one("generation").copied(),
        hold: matches.get_one::<String>("hold").cloned(),
        release: is_set(matches, "release"),
        state_dir: path_argument(matches, "ledger"),
    }
}

pub(super) fn plan_arguments(matches: &ArgMatches) -> PlanArguments {
    PlanArguments {
        arguments: Box::new(arguments(matches, None)),
        data: path_argument(matches, "data"),
        cost: is_set(matches, "cost"),
        json: is_set(matches, "json"),
    }
}

pub(super) fn approve_arguments(matches: &ArgMatches) -> ApproveArguments {
    ApproveArguments {
        destination: path_argument(matches, "destination"),
        state_dir: path_argument(matches, "ledger"),
        json: is_set(matches, "json"),
    }
}
