//! The flags, as `clap` knows them: their names, their help, and the struct each ends up in.

use std::path::PathBuf;

use clap::builder::{OsStringValueParser, TypedValueParser, ValueHint};
use clap::{ArgAction, Args, Parser, Subcommand};

use super::completions::{self, Shell};
use super::{Outcome, man};

mod consul;
mod process;
mod unused;
mod words;

pub use consul::{ConsulArguments, RetryArguments, SslArguments, TransportArguments};
pub use process::{ExecArguments, LogArguments};
pub use unused::{UnusedArguments, UnusedFlag, UnusedValue};
pub use words::{ConvertArguments, DevArguments, MigrateArguments};

/// The command line as typed: nothing is resolved, `None` is "not said".
#[derive(Clone, Debug, Default)]
pub struct Arguments {
    /// How Consul is reached; nothing in it is said when `dev` is.
    pub consul: ConsulArguments,
    /// What happens when it does not answer; likewise.
    pub retry: RetryArguments,
    /// What the daemon does.
    pub daemon: DaemonArguments,
    /// `ctmpl dev`.
    pub dev: Option<DevArguments>,
    /// What consul-template would heed and ctmpl only accepts.
    pub unused: UnusedArguments,
}

/// Flags about rendering, logging and the process, for the daemon and `dev` alike.
#[derive(Args, Clone, Debug, Default)]
pub struct DaemonArguments {
    /// A file or a directory with configuration, in HCL, JSON, YAML or TOML; repeats, the later wins
    #[arg(long, value_name = "PATH", action = ArgAction::Append, help_heading = "Templates")]
    #[arg(value_hint = ValueHint::AnyPath)]
    pub config: Vec<PathBuf>,
    /// What to render, where to, and what to run when it has changed; repeats. `\:` is a literal colon
    #[arg(long, value_name = "SOURCE:DESTINATION[:COMMAND]", action = ArgAction::Append)]
    #[arg(help_heading = "Templates")]
    #[arg(value_hint = ValueHint::AnyPath)]
    pub template: Vec<String>,
    /// What templates may do beside rendering: `plugin`, run programs; `writeToFile`, write other files; repeats
    #[arg(long, value_name = "WORD[,WORD…]", action = ArgAction::Append, help_heading = "Templates")]
    pub allow: Vec<String>,
    /// Let templates read files (file, include) only in this directory; no link leads out of it
    #[arg(long, value_name = "DIR", help_heading = "Templates")]
    #[arg(value_hint = ValueHint::DirPath)]
    pub sandbox_path: Option<PathBuf>,
    /// How files are written: auto replaces a file, or writes it in place where that cannot be; rename refuses then;
    /// inplace always writes in place [default: auto]
    #[arg(long, value_name = "MODE", help_heading = "Templates")]
    pub write: Option<String>,
    /// Whether a template that fails ends the process, whatever the configuration says [default: only with --once]
    #[arg(long, value_name = "BOOL", num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    #[arg(hide_possible_values = true, help_heading = "Templates")]
    pub template_error_fatal: Option<bool>,
    /// Collect changes until it has been quiet for MIN, but no longer than MAX (default 4 × MIN)
    #[arg(long, value_name = "MIN[:MAX]", help_heading = "Templates")]
    pub wait: Option<String>,
    /// What the files are, so that no value can be more than a value in them: nginx, haproxy, json, yaml, shell or
    /// none [default: none; in Jinja by the destination: .json, .yaml, .yml, .sh]
    #[arg(long, value_name = "FORMAT", help_heading = "Templates")]
    pub format: Option<String>,
    /// Write nothing that is not json, yaml, toml or ini
    #[arg(long, value_name = "FORMAT", help_heading = "Templates")]
    pub output_format: Option<String>,
    /// How old an answer of a server that is not the leader may be; 0: ask the leader [default: 2s]
    #[arg(long, value_name = "DURATION", help_heading = "Templates")]
    pub max_stale: Option<String>,
    /// What opens an action in Go templates that do not say otherwise [default: {{]
    #[arg(long, value_name = "TEXT", help_heading = "Templates")]
    pub default_left_delimiter: Option<String>,
    /// What closes it [default: }}]
    #[arg(long, value_name = "TEXT", help_heading = "Templates")]
    pub default_right_delimiter: Option<String>,
    /// Only read all templates, and fail with 14 if one of them is none; ask nobody, write nothing and run nothing
    #[arg(long, value_name = "BOOL", num_args = 0..=1, require_equals = true)]
    #[arg(hide_possible_values = true, help_heading = "Templates")]
    pub parse_only: Option<bool>,
    /// Print what would be written; write nothing and run nothing
    #[arg(long, value_name = "BOOL", num_args = 0..=1, require_equals = true)]
    #[arg(hide_possible_values = true, help_heading = "Templates")]
    pub dry: Option<bool>,
    /// End when every template is written and every command has succeeded
    #[arg(long, value_name = "BOOL", num_args = 0..=1, require_equals = true)]
    #[arg(hide_possible_values = true, help_heading = "Templates")]
    pub once: Option<bool>,
    /// With --once: give up after this long and list what is missing; 0: never [default: 60s]
    #[arg(long, value_name = "DURATION", help_heading = "Templates")]
    pub timeout: Option<String>,
    /// Flags about the child.
    #[command(flatten)]
    pub exec: ExecArguments,
    /// Flags about the log.
    #[command(flatten)]
    pub log: LogArguments,
    /// The signal that ends it in an orderly way, beside TERM, INT and QUIT; SIGNULL: no other [default: SIGINT]
    #[arg(long, value_name = "SIGNAL", help_heading = "Process")]
    pub kill_signal: Option<String>,
    /// The signal that makes it read everything again; SIGNULL: none [default: SIGHUP]
    #[arg(long, value_name = "SIGNAL", help_heading = "Process")]
    pub reload_signal: Option<String>,
    /// Where to write the process ID
    #[arg(long, value_name = "PATH", value_parser = path(), help_heading = "Process")]
    #[arg(value_hint = ValueHint::FilePath)]
    pub pid_file: Option<PathBuf>,
}

/// A path that may be empty, which is as good as not said.
fn path() -> impl TypedValueParser<Value = PathBuf> {
    OsStringValueParser::new().map(PathBuf::from)
}

/// Keeps configuration files in step with Consul: watches, renders, writes atomically, reloads.
#[derive(Parser)]
#[command(
    name = "ctmpl",
    version,
    disable_version_flag = true,
    disable_help_subcommand = true,
    disable_help_flag = true
)]
#[command(
    args_override_self = true,
    args_conflicts_with_subcommands = true,
    next_line_help = true
)]
#[command(
    override_usage = "ctmpl [FLAGS] --template SOURCE:DESTINATION[:COMMAND]…\n       ctmpl dev [FLAGS]\n       \
                            ctmpl validate [FLAGS]\n       ctmpl config [FLAGS]\n       ctmpl schema\n       \
                            ctmpl migrate [FLAGS] FILE\n       ctmpl convert [FLAGS] FILE\n       \
                            ctmpl functions [NAME]\n       ctmpl completions SHELL\n       ctmpl man"
)]
#[command(
    after_help = "Flags may be written as in Go (-once, -wait 2s) or with two dashes (--once, --wait=2s). Of a \
                        flag given twice the last counts.\nDurations are written 300ms, 5s, 1m30s, 2h.\n\
                        consul-template's flags about Vault, and -dedup, are accepted, each with a warning."
)]
pub(super) struct CommandLine {
    #[command(flatten)]
    daemon: DaemonArguments,
    #[command(flatten)]
    consul: ConsulArguments,
    #[command(flatten)]
    retry: RetryArguments,
    #[command(flatten)]
    answers: HelpOrVersion,
    #[command(subcommand)]
    subcommand: Option<SubCommand>,
}

#[derive(Subcommand)]
enum SubCommand {
    /// Run an embedded Consul-compatible server, in memory, and the daemon against it if there are templates
    #[command(version, disable_version_flag = true, disable_help_flag = true)]
    #[command(args_override_self = true, next_line_help = true)]
    #[command(override_usage = "ctmpl dev [FLAGS]")]
    Dev {
        #[command(flatten)]
        dev: DevArguments,
        #[command(flatten)]
        daemon: Box<DaemonArguments>,
        #[command(flatten)]
        answers: HelpOrVersion,
    },
    /// Print the reference of template functions
    #[command(version, disable_version_flag = true, disable_help_flag = true)]
    #[command(next_line_help = true)]
    #[command(override_usage = "ctmpl functions [NAME]")]
    Functions {
        /// Only this function, by its name in either language, with an example
        name: Option<String>,
        #[command(flatten)]
        answers: HelpOrVersion,
    },
    /// Read and check the configuration and all templates; write nothing, run nothing, ask nobody
    #[command(version, disable_version_flag = true, disable_help_flag = true)]
    #[command(args_override_self = true, next_line_help = true)]
    #[command(override_usage = "ctmpl validate [FLAGS]")]
    Validate {
        #[command(flatten)]
        daemon: Box<DaemonArguments>,
        #[command(flatten)]
        consul: Box<ConsulArguments>,
        #[command(flatten)]
        retry: Box<RetryArguments>,
        #[command(flatten)]
        answers: HelpOrVersion,
    },
    /// Show what flags, environment, files and defaults come to, each value with its origin, and no secret
    #[command(version, disable_version_flag = true, disable_help_flag = true)]
    #[command(args_override_self = true, next_line_help = true)]
    #[command(override_usage = "ctmpl config [FLAGS]")]
    Config {
        #[command(flatten)]
        daemon: Box<DaemonArguments>,
        #[command(flatten)]
        consul: Box<ConsulArguments>,
        #[command(flatten)]
        retry: Box<RetryArguments>,
        #[command(flatten)]
        answers: HelpOrVersion,
    },
    /// Print what makes a shell complete the words of ctmpl
    #[command(version, disable_version_flag = true, disable_help_flag = true)]
    #[command(next_line_help = true)]
    #[command(override_usage = "ctmpl completions SHELL")]
    Completions {
        /// bash, zsh or fish
        #[arg(hide_possible_values = true)]
        shell: Shell,
        #[command(flatten)]
        answers: HelpOrVersion,
    },
    /// Print the manual page
    #[command(version, disable_version_flag = true, disable_help_flag = true)]
    #[command(next_line_help = true)]
    #[command(override_usage = "ctmpl man")]
    Man {
        #[command(flatten)]
        answers: HelpOrVersion,
    },
    /// Print the JSON Schema of configurations, for editors
    #[command(version, disable_version_flag = true, disable_help_flag = true)]
    #[command(next_line_help = true)]
    #[command(override_usage = "ctmpl schema")]
    Schema {
        #[command(flatten)]
        answers: HelpOrVersion,
    },
    /// Print a configuration of consul-template as one of ctmpl, and say what means something else here
    #[command(version, disable_version_flag = true, disable_help_flag = true)]
    #[command(args_override_self = true, next_line_help = true)]
    #[command(override_usage = "ctmpl migrate [FLAGS] FILE")]
    Migrate {
        #[command(flatten)]
        migrate: MigrateArguments,
        #[command(flatten)]
        answers: HelpOrVersion,
    },
    /// Convert a Go template to Jinja, and prove that both print the same
    #[command(version, disable_version_flag = true, disable_help_flag = true)]
    #[command(args_override_self = true, next_line_help = true)]
    #[command(override_usage = "ctmpl convert [FLAGS] FILE")]
    Convert {
        #[command(flatten)]
        convert: Box<ConvertArguments>,
        #[command(flatten)]
        answers: HelpOrVersion,
    },
}

/// Flags that are answered before anything else; declared so that the help shows them and the reader knows them.
#[derive(Args)]
#[command(next_help_heading = "HelpOrVersion")]
struct HelpOrVersion {
    /// Print this help
    #[arg(long, short = 'h', action = ArgAction::Help)]
    help: Option<bool>,
    /// Print the version
    #[arg(long, short = 'v', action = ArgAction::Version)]
    version: Option<bool>,
}

impl From<CommandLine> for Outcome {
    fn from(line: CommandLine) -> Self {
        let CommandLine {
            daemon,
            consul,
            retry,
            answers:
                HelpOrVersion {
                    help: _,
                    version: _,
                },
            subcommand,
        } = line;
        let run = |arguments| Self::Run(Box::new(arguments));
        match subcommand {
            None => run(Arguments {
                consul,
                retry,
                daemon,
                ..Arguments::default()
            }),
            Some(SubCommand::Dev {
                dev,
                daemon,
                answers: _,
            }) => run(Arguments {
                daemon: *daemon,
                dev: Some(dev),
                ..Arguments::default()
            }),
            Some(SubCommand::Convert {
                convert,
                answers: _,
            }) => Self::Convert(convert),
            Some(SubCommand::Migrate {
                migrate,
                answers: _,
            }) => Self::Migrate(migrate),
            Some(SubCommand::Schema { answers: _ }) => Self::Schema,
            Some(SubCommand::Completions { shell, answers: _ }) => {
                Self::Print(completions::script(shell))
            }
            Some(SubCommand::Man { answers: _ }) => Self::Print(man::page()),
            Some(SubCommand::Functions { name, answers: _ }) => Self::Functions(name),
            Some(SubCommand::Validate {
                daemon,
                consul,
                retry,
                answers: _,
            }) => Self::Validate(Box::new(Arguments {
                consul: *consul,
                retry: *retry,
                daemon: *daemon,
                ..Arguments::default()
            })),
            Some(SubCommand::Config {
                daemon,
                consul,
                retry,
                answers: _,
            }) => Self::Config(Box::new(Arguments {
                consul: *consul,
                retry: *retry,
                daemon: *daemon,
                ..Arguments::default()
            })),
        }
    }
}
