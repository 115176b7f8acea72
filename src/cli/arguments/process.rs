//! The flags about the child and the log.

#![expect(
    clippy::doc_markdown,
    reason = "the documentation of a flag is its help, shown as plain text"
)]

use std::path::PathBuf;

use clap::builder::ValueHint;
use clap::{ArgAction, Args};
use secrecy::SecretString;

use super::path;

/// Flags about the child.
#[derive(Args, Clone, Debug, Default)]
#[command(next_help_heading = "A program that is kept running")]
pub struct ExecArguments {
    /// Start this when everything is written, keep it in step with the files, and end as it ends
    #[arg(long, value_name = "COMMAND")]
    pub exec: Option<String>,
    /// What it is sent when a file has changed; SIGNULL: nothing [default: it is started anew]
    #[arg(long, value_name = "SIGNAL")]
    pub exec_reload_signal: Option<String>,
    /// What asks it to end [default: the TERM that ends ctmpl, else SIGINT]
    #[arg(long, value_name = "SIGNAL")]
    pub exec_kill_signal: Option<String>,
    /// How long it may take to end before it is killed [default: 30s]
    #[arg(long, value_name = "DURATION")]
    pub exec_kill_timeout: Option<String>,
    /// Let each change wait for up to this long, at random, before the program is told [default: 0s]
    #[arg(long, value_name = "DURATION")]
    pub exec_splay: Option<String>,
    /// Give it no variable of this environment
    #[arg(long, value_name = "BOOL", num_args = 0..=1, require_equals = true, hide_possible_values = true)]
    pub exec_env_pristine: Option<bool>,
    /// Give it this variable; repeats
    #[arg(long, value_name = "NAME=VALUE", action = ArgAction::Append)]
    pub exec_env_custom: Vec<SecretString>,
    /// Of this environment, give it only variables with such a name: *, ? and [a-z] are patterns; repeats
    #[arg(long, value_name = "PATTERN", action = ArgAction::Append)]
    pub exec_env_allowlist: Vec<String>,
    /// Of this environment, give it no variable with such a name; repeats
    #[arg(long, value_name = "PATTERN", action = ArgAction::Append)]
    pub exec_env_denylist: Vec<String>,
}

/// Flags about the log.
#[derive(Args, Clone, Debug, Default)]
#[command(next_help_heading = "Log")]
pub struct LogArguments {
    /// trace, debug, info, warn or err
    /// [env: CT_LOG, CONSUL_TEMPLATE_LOG, CONSUL_TEMPLATE_LOG_LEVEL] [default: warn]
    #[arg(long, value_name = "LEVEL")]
    pub log_level: Option<String>,
    /// How the log looks on standard error and in its file: text or json [default: text]
    #[arg(long, value_name = "FORMAT")]
    pub log_format: Option<String>,
    /// Log to a file as well; its name is this with the time before the extension
    #[arg(long, value_name = "PATH", value_parser = path())]
    #[arg(value_hint = ValueHint::FilePath)]
    pub log_file: Option<PathBuf>,
    /// Begin the next log file when one is as large as this; 0: never [default: 0]
    #[arg(long, value_name = "BYTES")]
    pub log_rotate_bytes: Option<String>,
    /// Begin the next log file when one is as old as this; 0: never [default: 24h]
    #[arg(long, value_name = "DURATION")]
    pub log_rotate_duration: Option<String>,
    /// How many old log files stay; 0: all, -1: none [default: 0]
    #[arg(long, value_name = "COUNT")]
    pub log_rotate_max_files: Option<String>,
    /// Tell the system's log as well; either flag below does so too
    #[arg(long, value_name = "BOOL", num_args = 0..=1, require_equals = true, hide_possible_values = true)]
    pub syslog: Option<bool>,
    /// Which kind of program this is to the system's log [default: LOCAL0]
    #[arg(long, value_name = "FACILITY")]
    pub syslog_facility: Option<String>,
    /// The name it goes by there [default: consul-template]
    #[arg(long, value_name = "NAME")]
    pub syslog_name: Option<String>,
}
