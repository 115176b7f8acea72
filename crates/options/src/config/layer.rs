//! The configuration as written: one layer for each file, for the environment and for the flags.
//!
//! Each key is declared once, as a field; see [`config_blocks::Block`]. `None` is "not set". [`Block::over`] lays one
//! layer over another.

mod action;
mod command;
mod consul;
mod exec;
mod flap_damping;
mod group;
mod guard;
mod logging;
mod max_change;
mod template;
mod unsupported;
mod url;
mod wait;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

pub(crate) use action::{DockerBlock, HttpBlock, SignalBlock, SystemdBlock};
pub(crate) use command::CommandBlock;
use config_blocks::{
    Block, Checked, Error, Labelled, Located, Setting, Span, Switched, Unsupported, origin_of,
};
pub(crate) use consul::{AuthBlock, ConsulBlock, RetryBlock, SslBlock, TransportBlock};
pub(crate) use exec::{EnvironmentBlock, ExecBlock};
use file_formats::{Format, OutputFormat};
use file_writer::WriteMode;
pub(crate) use flap_damping::FlapDampingBlock;
pub(crate) use group::{GroupBlock, VerifyBlock, VerifyMethod};
use group_apply::options::{CommandOutput, OnFailure};
pub(crate) use guard::GuardBlock;
pub(crate) use logging::{JournalBlock, LogFileBlock, SyslogBlock};
pub(crate) use max_change::MaxChangeBlock;
pub(crate) use template::TemplateBlock;
use unsupported::{DeduplicateBlock, NomadBlock, VaultBlock};

use super::error::GroupError;
use super::logging::Color;
use super::reload_rate::ReloadRateSetting;
use super::signal::SignalName;
use super::status_addr::StatusAddrSetting;
use super::wait::WaitBlock;

/// One layer: the keys at the top of a file.
#[derive(Block, Clone, Debug, Default)]
#[block(heading = "Templates")]
pub(crate) struct ConfigLayer {
    /// Connection to Consul
    #[key(always_shown)]
    pub(crate) consul: ConsulBlock,
    /// Child process that ctmpl starts and supervises
    pub(crate) exec: ExecBlock,
    /// Delimiters of Go templates that set none of their own
    #[key(always_shown)]
    pub(crate) default_delimiters: DelimitersBlock,
    /// Quiescence timer: collect changes until none has arrived for MIN, but for at most MAX (default 4 × MIN)
    #[key(default = "\"0s\"", flag = "--wait", value_name = "MIN[:MAX]")]
    pub(crate) wait: Setting<WaitBlock>,
    /// Escape rendered values for this file format, in templates that set no `format`
    #[key(
        flag = "--format",
        help_default = "none; for Jinja by the destination: .json, .yaml, .yml, .sh"
    )]
    pub(crate) format: Setting<Format>,
    /// Refuse output that does not parse as this format, in templates that set no `output_format`
    #[key(flag = "--output-format", value_name = "FORMAT")]
    pub(crate) output_format: Setting<OutputFormat>,
    /// Collapse guard, in templates that set none: an answer that loses all its items, or many of them at once, is held
    /// back until the loss is confirmed; `false`: every answer is used at once
    #[key(default = "true")]
    pub(crate) guard: Setting<Switched<GuardBlock>>,
    /// Flap damping, in templates that set none: an instance that comes and goes too often is left out until it has been
    /// stable for some time; `true`: with the default numbers
    #[key(default = "false")]
    pub(crate) flap_damping: Setting<Switched<FlapDampingBlock>>,
    /// Maximum age of an answer from a server that is not the leader; `0s`: ask the leader only
    #[key(default = "\"2s\"", flag = "--max-stale")]
    pub(crate) max_stale: Setting<Duration>,
    /// Maximum time for which Consul may hold a blocking query
    #[key(default = "\"60s\"", shows = "\"1m\"")]
    pub(crate) block_query_wait: Setting<Duration>,
    /// Maximum time to read a template, and to render it once, in templates that set no `render_timeout`; `0s`: no limit
    #[key(default = "\"10s\"")]
    pub(crate) render_timeout: Setting<Duration>,
    /// Log level: `trace`, `debug`, `info`, `warn` or `err`. The default of `ctmpl dev` without `--once` is `info`
    #[key(
        default = "\"warn\"",
        flag = "--log-level",
        value_name = "LEVEL",
        heading = "Log"
    )]
    #[key(env = "CT_LOG, CONSUL_TEMPLATE_LOG, CONSUL_TEMPLATE_LOG_LEVEL")]
    pub(crate) log_level: Setting<String>,
    /// Format of the log on standard error and in the log file: `text` or `json`
    #[key(
        default = "\"text\"",
        flag = "--log-format",
        value_name = "FORMAT",
        heading = "Log"
    )]
    pub(crate) log_format: Setting<String>,
    /// Colors of levels on standard error; `auto`: on a terminal, except with `NO_COLOR`
    #[key(
        default = "`\"auto\"`",
        flag = "--color",
        help_default = "auto",
        heading = "Log"
    )]
    pub(crate) color: Setting<Color>,
    /// Output of commands: `inherit` passes it on unchanged, `log` logs each line
    #[key(
        default = "`\"inherit\"`; `\"log\"` with `log_format = \"json\"` and under systemd",
        flag = "--command-output",
        help_default = "inherit; log with --log-format json and under systemd",
        heading = "Log"
    )]
    pub(crate) command_output: Setting<CommandOutput>,
    /// Log file, in addition to standard error
    pub(crate) log_file: LogFileBlock,
    /// Log to syslog, in addition to standard error
    pub(crate) syslog: SyslogBlock,
    /// Log to the systemd journal, with the fields of each event
    pub(crate) journal: JournalBlock,
    /// Signal that shuts ctmpl down, in addition to TERM, INT and QUIT; `SIGNULL`: none, and INT is then passed on to the
    /// child process like other signals, or ignored
    #[key(default = "\"SIGINT\"", flag = "--kill-signal", heading = "Process")]
    pub(crate) kill_signal: Setting<SignalName>,
    /// Signal that reloads the configuration, all templates, and the files that they read; `SIGNULL`: none
    #[key(default = "\"SIGHUP\"", flag = "--reload-signal", heading = "Process")]
    pub(crate) reload_signal: Setting<SignalName>,
    /// File for the process ID
    #[key(flag = "--pid-file", empty_unsets, heading = "Process")]
    pub(crate) pid_file: Setting<PathBuf>,
    /// Address of the status server: `HOST:PORT`, `unix:///PATH` or `unix:@NAME`; `""`: none. With `once` there is none
    #[key(
        flag = "--status-addr",
        value_name = "ADDR",
        env = "CTMPL_STATUS_ADDR",
        heading = "Process"
    )]
    #[key(
        help = "Address of the status server: HOST:PORT, unix:///PATH or unix:@NAME; none with --once"
    )]
    pub(crate) status_addr: Setting<StatusAddrSetting>,
    /// Directory for the state that outlives the process: the commands that are owed, and earlier contents of the files;
    /// `""`: none
    #[key(
        default = "that of systemd's `StateDirectory=`, else `/var/lib/ctmpl` as root, else `$XDG_STATE_HOME/ctmpl` or `~/.local/state/ctmpl`; with `once`, and for `ctmpl dev`, none",
        flag = "--state-dir",
        value_name = "DIR",
        heading = "Process"
    )]
    #[key(
        help = "Directory for the commands that are owed and for earlier contents of the files; an empty text: none",
        help_default = "/var/lib/ctmpl as root, else $XDG_STATE_HOME/ctmpl; none with --once"
    )]
    pub(crate) state_dir: Setting<PathBuf>,
    /// Number of contents of each file to keep in the state directory
    #[key(default = "5")]
    pub(crate) history: Setting<u32>,
    /// Keep the last accepted answers in the state directory, for the next process. They may have secret values of keys;
    /// only the user of the process can read them
    #[key(default = "true")]
    pub(crate) keep_answers: Setting<bool>,
    /// If Consul or a datacenter does not answer, render with the answers that the process before has accepted last. Without
    /// it, a template waits for Consul. `--once` always waits. It needs `state_dir`
    #[key(default = "false", flag = "--warm-start", heading = "Process")]
    #[key(
        help = "If Consul does not answer, render with the answers of the process before; it needs a state directory"
    )]
    pub(crate) warm_start: Setting<bool>,
    /// Permissions of templates beyond rendering: `plugin` (run programs), `writeToFile` (write other files)
    #[key(
        default = "[]",
        hide_default,
        flag = "--allow",
        value_name = "WORD[,WORD…]"
    )]
    pub(crate) allow: Setting<Vec<String>>,
    /// Directory outside of which templates cannot read files (`file`, `include`), in templates that set no
    /// `sandbox_path`; symbolic links cannot lead out of it
    #[key(flag = "--sandbox-path", needs_value, value_name = "DIR")]
    pub(crate) sandbox_path: Setting<PathBuf>,
    /// How files are written, in templates that set no `write`: `rename` replaces the file, `inplace` overwrites it,
    /// `auto` replaces it where possible
    #[key(default = "\"auto\"", flag = "--write", value_name = "MODE")]
    pub(crate) write: Setting<WriteMode>,
    /// Exit if a template fails, in templates that set no `error_fatal`; the flag is for all templates
    #[key(flag = "--template-error-fatal", help_default = "only with --once")]
    pub(crate) template_error_fatal: Setting<bool>,
    /// Exit with code 14 if a key that a template needs does not exist
    #[key(default = "false", over = sticky)]
    pub(crate) err_on_failed_lookup: Setting<bool>,
    /// Exit when every template is written and every command has succeeded
    #[key(default = "false", flag = "--once")]
    pub(crate) once: Setting<bool>,
    /// Parse all templates and exit, with code 14 if a template is invalid; send no query, write no file, run no command
    #[key(
        name = "parseonly",
        default = "false",
        hide_default,
        flag = "--parse-only"
    )]
    pub(crate) parse_only: Setting<bool>,
    /// With `--once`: give up after this time and list the missing data; `0`: never
    #[key(flag = "--timeout", flag_only, help_default = "60s")]
    pub(crate) timeout: Setting<Duration>,
    /// Print what would be written; write no file and run no command
    #[key(flag = "--dry", flag_only)]
    pub(crate) dry: Setting<bool>,
    /// Template to render; repeatable
    #[key(flag = "--template", value_name = "SOURCE:DESTINATION[:COMMAND]")]
    #[key(
        help = "Template to render, file to write, and command to run after a change; `\\:` is a literal colon; repeatable"
    )]
    #[key(parse = TemplateBlock::from_flag)]
    pub(crate) template: Vec<TemplateBlock>,
    /// Check of the staged files of the templates of `--template`
    #[key(flag = "--check", flag_only, value_name = "COMMAND")]
    #[key(
        help = "Check the staged files of --template before they replace the old ones: a command with {staged} or {tree}, or \
                nginx, haproxy or apache"
    )]
    pub(crate) check: Setting<CommandBlock>,
    /// Directory of which the check gets a copy
    #[key(flag = "--check-tree", flag_only, value_name = "DIR")]
    #[key(
        help = "Directory of which --check gets a copy with the staged files in place, as {tree}"
    )]
    pub(crate) check_tree: Setting<PathBuf>,
    /// Verification after the commands of the templates of `--template`
    #[key(flag = "--verify", flag_only, value_name = "METHOD")]
    #[key(
        help = "Verify after the commands of --template that the new files are in use: nginx, haproxy, a URL, or a command"
    )]
    pub(crate) verify: Setting<VerifyMethod>,
    /// Reaction to a failed command or verification of the templates of `--template`
    #[key(flag = "--on-failure", flag_only, value_name = "REACTION")]
    #[key(
        help = "Reaction to a failed command or verification of --template",
        help_default = "retry"
    )]
    pub(crate) on_failure: Setting<OnFailure>,
    /// Limit on the rate of the commands of the templates of `--template`
    #[key(flag = "--reload-rate", flag_only, value_name = "COUNT/PERIOD")]
    #[key(
        help = "Limit on the rate of each command of --template, for example 1/10s or \"1/10s burst 3\"; a command above it is deferred"
    )]
    pub(crate) reload_rate: Setting<ReloadRateSetting>,
    /// Templates that are applied together
    pub(crate) group: Vec<Labelled<GroupBlock>>,
    /// JSON Schema of the file, for editors; ctmpl ignores it
    #[key(name = "$schema")]
    pub(crate) schema: Checked<String>,
    /// Connection to Vault
    #[key(
        unsupported = "ctmpl queries Consul only; a template that queries Vault fails at that line"
    )]
    pub(crate) vault: Unsupported<VaultBlock>,
    /// Connection to Nomad
    #[key(
        unsupported = "ctmpl queries Consul only; a template that queries Nomad fails at that line"
    )]
    pub(crate) nomad: Unsupported<NomadBlock>,
    /// Deduplication of queries between processes
    #[key(
        unsupported = "each process queries Consul itself, and each query once, however many templates use it"
    )]
    pub(crate) deduplicate: Unsupported<DeduplicateBlock>,
    /// The keys in files that have no effect.
    #[key(extra)]
    pub(crate) unsupported: Vec<Arc<Span>>,
    /// The flags that have no effect.
    #[key(extra)]
    pub(crate) ignored_flags: Vec<&'static str>,
}

/// `default_delimiters { … }`
#[derive(Block, Clone, Debug, Default)]
#[block(heading = "Templates")]
pub(crate) struct DelimitersBlock {
    /// Opening delimiter of an action
    #[key(
        default = "\"{{\"",
        flag = "--default-left-delimiter",
        value_name = "TEXT"
    )]
    #[key(help = "Opening delimiter of Go templates that set none of their own")]
    pub(crate) left: Setting<String>,
    /// Closing delimiter of an action
    #[key(
        default = "\"}}\"",
        flag = "--default-right-delimiter",
        value_name = "TEXT"
    )]
    #[key(help = "Closing delimiter of Go templates that set none of their own")]
    pub(crate) right: Setting<String>,
}

impl ConfigLayer {
    /// Moves the flags that are for the templates of `--template` into these.
    pub(crate) fn with_flags_of_templates(mut self) -> Result<Self, Error> {
        let (check, check_tree) = (self.check.take(), self.check_tree.take());
        let (verify, on_failure) = (self.verify.take(), self.on_failure.take());
        let reload_rate = self.reload_rate.take();
        let first = origin_of(check.as_ref())
            .or(origin_of(check_tree.as_ref()))
            .or(origin_of(verify.as_ref()))
            .or(origin_of(on_failure.as_ref()))
            .or(origin_of(reload_rate.as_ref()));
        if let Some(origin) = first
            && self.template.is_empty()
        {
            return Err(origin.refuse(GroupError::NoTemplates));
        }
        let verify = verify.map(VerifyBlock::from).unwrap_or_default();
        for template in &mut self.template {
            template.check.clone_from(&check);
            template.check_tree.clone_from(&check_tree);
            template.verify.clone_from(&verify);
            template.on_failure.clone_from(&on_failure);
            template.reload_rate.clone_from(&reload_rate);
        }
        Ok(self)
    }
}

/// Once `true`, it stays `true`, as in consul-template.
fn sticky(upper: Setting<bool>, lower: Setting<bool>) -> Setting<bool> {
    match lower {
        Some(Located { value: true, .. }) => lower,
        lower => upper.or(lower),
    }
}
