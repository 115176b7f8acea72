//! The child process, and the environment of programs, as written.

use std::time::Duration;

use config_blocks::{Block, Located, Setting, Unsupported, quoted};

use super::command::CommandBlock;
use crate::config::exec::OnChange;
use crate::config::signal::SignalName;
use crate::config::values::StartWith;

/// `exec { … }`
#[derive(Block, Clone, Debug, Default)]
#[block(heading = "Child process")]
pub(crate) struct ExecBlock {
    /// Start the child process
    #[key(default = "true")]
    pub(crate) enabled: Setting<bool>,
    /// Command of the child process
    #[key(flag = "--exec", value_name = "COMMAND")]
    #[key(
        help = "Start this command when all files are written, reload it after changes, and exit when it exits"
    )]
    pub(crate) command: Setting<CommandBlock>,
    /// Environment of the child process
    pub(crate) env: EnvironmentBlock,
    /// Signal that stops the child process; `""`: none
    #[key(
        default = "the TERM, INT or QUIT that stops ctmpl, else `\"SIGINT\"`",
        flag = "--exec-kill-signal"
    )]
    #[key(help = "Signal that stops the child process")]
    #[key(help_default = "the TERM, INT or QUIT that stops ctmpl, else SIGINT")]
    pub(crate) kill_signal: Setting<SignalName>,
    /// Timeout for the child process to stop, before it is killed
    #[key(default = "\"30s\"", flag = "--exec-kill-timeout")]
    pub(crate) kill_timeout: Setting<Duration>,
    /// Signal for the child process after a change; `""`: restart it, `"SIGNULL"`: do nothing
    #[key(
        default = "\"\"",
        flag = "--exec-reload-signal",
        help_default = "restart it"
    )]
    #[key(help = "Signal for the child process after a change; SIGNULL: none")]
    pub(crate) reload_signal: Setting<OnChange>,
    /// Files with which the child process may be started: `"current"` ones, or also the `"last_good"` ones of an earlier
    /// run, if Consul does not provide all data within half a second. The latter needs `state_dir`
    #[key(default = "\"current\"")]
    pub(crate) start_with: Setting<StartWith>,
    /// Maximum random delay between a change and the signal or restart
    #[key(default = "\"0s\"", flag = "--exec-splay")]
    pub(crate) splay: Setting<Duration>,
    /// Run time limit of the child process
    #[key(
        unsupported = "a child process has no time limit; kill_timeout limits how long it may take to stop"
    )]
    pub(crate) timeout: Unsupported<Duration>,
}

/// `env { … }`
#[derive(Block, Clone, Debug, Default)]
#[block(heading = "Child process", finish = EnvironmentBlock::with_newer_names)]
pub(crate) struct EnvironmentBlock {
    /// Do not pass on variables of ctmpl's environment; only Consul's and the custom ones are set
    #[key(default = "false", flag = "--exec-env-pristine")]
    pub(crate) pristine: Setting<bool>,
    /// `NAME=VALUE`: additional variables; a `NAME` alone is an empty one, unless it is set already. Those of several files
    /// add up
    #[key(default = "[]", flag = "--exec-env-custom", value_name = "NAME=VALUE", show = name_only)]
    #[key(help = "Additional variable; repeatable")]
    pub(crate) custom: Vec<Located<String>>,
    /// Pass on only variables of ctmpl's environment whose name matches one of these patterns: `*`, `?`, `[a-z]`
    #[key(default = "[]", flag = "--exec-env-allowlist", value_name = "PATTERN")]
    pub(crate) allowlist: Vec<Located<String>>,
    /// Do not pass on variables of ctmpl's environment whose name matches one of these patterns
    #[key(default = "[]", flag = "--exec-env-denylist", value_name = "PATTERN")]
    pub(crate) denylist: Vec<Located<String>>,
    /// Older name of `allowlist`
    #[key(default = "[]", newer = "allowlist")]
    pub(crate) whitelist: Vec<Located<String>>,
    /// Older name of `denylist`
    #[key(default = "[]", newer = "denylist")]
    pub(crate) blacklist: Vec<Located<String>>,
}

impl EnvironmentBlock {
    fn with_newer_names(mut self) -> Self {
        self.allowlist.append(&mut self.whitelist);
        self.denylist.append(&mut self.blacklist);
        self
    }
}

/// The name of a variable, as HCL: the value may be a secret.
fn name_only(variable: &str) -> String {
    quoted(
        &variable
            .split_once('=')
            .map_or("***".to_owned(), |(name, _)| format!("{name}=***")),
    )
}
