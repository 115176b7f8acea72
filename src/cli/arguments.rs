//! The arguments of the commands, from the matches of the parser.

use std::path::PathBuf;

use clap::ArgMatches;
use clap_pages::Shell;

use super::flags;
use crate::config::{Arguments, DevArguments, Flags};

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
