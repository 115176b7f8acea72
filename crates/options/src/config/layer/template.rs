//! A template, as written.

use std::path::PathBuf;
use std::time::Duration;

use config_blocks::{
    Block, Error, FileMode, Input, Located, Origin, Setting, Switched, Unsupported,
};
use consul_render::Language;
use file_formats::{Format, OutputFormat};
use file_writer::{Owner, WriteMode};
use group_apply::options::{Drift, OnFailure};

use super::action::{DockerBlock, HttpBlock, SignalBlock, SystemdBlock};
use super::command::CommandBlock;
use super::exec::EnvironmentBlock;
use super::flap_damping::FlapDampingBlock;
use super::group::VerifyBlock;
use super::guard::GuardBlock;
use super::max_change::MaxChangeBlock;
use crate::config::reload_rate::ReloadRateSetting;
use crate::config::signal::SignalName;
use crate::config::template_argument::TemplateArgument;
use crate::config::wait::WaitBlock;

/// `template { … }`
#[derive(Block, Clone, Debug, Default)]
#[block(finish = TemplateBlock::with_newer_names)]
pub(crate) struct TemplateBlock {
    /// Where the block begins.
    #[key(origin)]
    pub(crate) origin: Origin,
    /// Template file
    pub(crate) source: Setting<PathBuf>,
    /// Template text; a template has either `source` or `contents`
    pub(crate) contents: Setting<String>,
    /// File to write
    pub(crate) destination: Setting<PathBuf>,
    /// Command to run after the file has changed
    pub(crate) command: Setting<CommandBlock>,
    /// Send a signal to a process, in place of a command
    #[key(brief)]
    pub(crate) signal: SignalBlock,
    /// Send a request, in place of a command
    #[key(brief)]
    pub(crate) http: HttpBlock,
    /// Reload a unit of systemd, in place of a command
    #[key(brief)]
    pub(crate) systemd: SystemdBlock,
    /// Send a signal to a container, in place of a command
    #[key(brief)]
    pub(crate) docker: DockerBlock,
    /// Timeout of the command
    #[key(default = "\"30s\"")]
    pub(crate) command_timeout: Setting<Duration>,
    /// Check of the staged files before they replace the old ones: see `group.check`
    pub(crate) check: Setting<CommandBlock>,
    /// Directory of which the check gets a copy: see `group.check_tree`
    #[key(skip_empty)]
    pub(crate) check_tree: Setting<PathBuf>,
    /// Verification after the command: see `group.verify`
    #[key(brief)]
    pub(crate) verify: VerifyBlock,
    /// Reaction to a failed command or verification: see `group.on_failure`
    #[key(default = "\"retry\"")]
    pub(crate) on_failure: Setting<OnFailure>,
    /// Limit on the rate of the command: see `group.reload_rate`
    pub(crate) reload_rate: Setting<ReloadRateSetting>,
    /// Another spelling of `command` and `command_timeout`, from consul-template; it overrides them
    pub(crate) exec: TemplateExecBlock,
    /// Template language
    #[key(default = "by the name of the source")]
    pub(crate) language: Setting<Language>,
    /// Fail if a template reads a missing key of a map
    #[key(default = "false")]
    pub(crate) error_on_missing_key: Setting<bool>,
    /// Opening delimiter of an action of a Go template
    #[key(default = "the global one")]
    pub(crate) left_delimiter: Setting<String>,
    /// Closing delimiter of an action of a Go template
    #[key(default = "the global one")]
    pub(crate) right_delimiter: Setting<String>,
    /// Quiescence timer: a text, or a block with the keys of `wait`
    #[key(default = "the global `wait`", brief)]
    pub(crate) wait: Setting<WaitBlock>,
    /// Escape rendered values for this file format
    #[key(default = "for Jinja by the destination, else `\"none\"`")]
    pub(crate) format: Setting<Format>,
    /// Refuse output that does not parse as this format
    pub(crate) output_format: Setting<OutputFormat>,
    /// Directory outside of which the template cannot read files (`file`, `include`)
    #[key(default = "the global `sandbox_path`")]
    pub(crate) sandbox_path: Setting<PathBuf>,
    /// Mode of the file
    #[key(default = "that of the existing file, else 0644", resolved = group_apply::options::FileConfig)]
    pub(crate) perms: Setting<FileMode>,
    /// Owner of the file; a name is looked up when the file is written
    #[key(default = "that of the existing file, else ctmpl's", skip_empty, resolved = group_apply::options::FileConfig)]
    pub(crate) user: Setting<Owner>,
    /// Group of the file; a name is looked up when the file is written. If a `group` block has this name, the template is
    /// in that group, and `gid` is the group of the file
    #[key(default = "that of the existing file, else ctmpl's", skip_empty, resolved = group_apply::options::FileConfig)]
    pub(crate) group: Setting<Owner>,
    /// Older name of `user`
    #[key(newer = "user")]
    pub(crate) uid: Setting<u32>,
    /// Group of the file, where `group` names a `group` block; else an older name of `group`
    #[key(newer = "group", skip_empty)]
    pub(crate) gid: Setting<Owner>,
    /// Keep the replaced file, with `.bak` after its name
    #[key(default = "false", resolved = group_apply::options::FileConfig)]
    pub(crate) backup: Setting<bool>,
    /// Create missing directories
    #[key(default = "true", resolved = group_apply::options::FileConfig)]
    pub(crate) create_dest_dirs: Setting<bool>,
    /// How the file is written: `"rename"` replaces it, `"inplace"` overwrites it, `"auto"` replaces it where possible
    #[key(default = "the global `write`", resolved = group_apply::options::FileConfig)]
    pub(crate) write: Setting<WriteMode>,
    /// What happens when the file is edited or deleted by another program: `"report"` logs it, `"restore"` also writes the
    /// file again and runs its command
    #[key(default = "\"ignore\"", resolved = group_apply::options::FileConfig)]
    pub(crate) drift: Setting<Drift>,
    /// Change budget: a change that removes more than this is parked, and the file stays as it is
    #[key(resolved = group_apply::options::FileConfig)]
    pub(crate) max_change: Setting<MaxChangeBlock>,
    /// Collapse guard: the keys of the global `guard`, or `false`
    #[key(default = "the global `guard`", brief)]
    pub(crate) guard: Setting<Switched<GuardBlock>>,
    /// Flap damping: the keys of the global `flap_damping`, or `true` or `false`
    #[key(default = "the global `flap_damping`", brief)]
    pub(crate) flap_damping: Setting<Switched<FlapDampingBlock>>,
    /// Functions that fail when called: those whose name matches one of these patterns
    #[key(default = "[]")]
    pub(crate) function_denylist: Vec<Located<String>>,
    /// Older name of `function_denylist`
    #[key(default = "[]", newer = "function_denylist")]
    pub(crate) function_blacklist: Vec<Located<String>>,
    /// Exit if rendering or writing the template fails
    #[key(default = "only with `once`")]
    pub(crate) error_fatal: Setting<bool>,
    /// Maximum time to read the template, and to render it once; `0s`: no limit
    #[key(default = "the global `render_timeout`")]
    pub(crate) render_timeout: Setting<Duration>,
}

/// `exec { … }` in a template.
#[derive(Block, Clone, Debug, Default)]
pub(crate) struct TemplateExecBlock {
    /// Run the command
    #[key(default = "true")]
    pub(crate) enabled: Setting<bool>,
    /// Command to run after the file has changed
    pub(crate) command: Setting<CommandBlock>,
    /// Timeout of the command
    #[key(default = "\"30s\"")]
    pub(crate) timeout: Setting<Duration>,
    /// Environment of the command
    #[key(undocumented)]
    pub(crate) env: EnvironmentBlock,
    /// Signal that stops the child process
    #[key(unsupported = "it is for a child process; a command runs until it exits")]
    pub(crate) kill_signal: Unsupported<SignalName>,
    /// Timeout for the child process to stop
    #[key(unsupported = "it is for a child process; a command runs until it exits")]
    pub(crate) kill_timeout: Unsupported<Duration>,
    /// Signal for the child process after a change
    #[key(unsupported = "it is for a child process; a command runs until it exits")]
    pub(crate) reload_signal: Unsupported<SignalName>,
    /// Maximum random delay
    #[key(unsupported = "it is for a child process; a command runs until it exits")]
    pub(crate) splay: Unsupported<Duration>,
}

impl TemplateBlock {
    /// The templates of `--template SOURCE:DESTINATION[:COMMAND]`.
    pub(crate) fn from_flag(input: &Input) -> Result<Vec<Self>, Error> {
        let template = |input: Input| {
            let origin = input.origin.clone();
            let TemplateArgument {
                source,
                destination,
                command,
            } = input.parse().map_err(|reason| origin.refuse(reason))?;
            Ok(Self {
                source: Some(origin.locate(source.into())),
                destination: destination.map(|path| origin.locate(path.into())),
                command: command.map(|line| origin.locate(CommandBlock::Line(line))),
                origin,
                ..Self::default()
            })
        };
        input.each().map(template).collect()
    }

    /// Older spellings become the newer ones.
    fn with_newer_names(mut self) -> Self {
        let owner = |set: Located<u32>| set.map(Owner::Id);
        self.user = self.user.or(self.uid.take().map(owner));
        // A name stays: it is that of a group of the system, where `group` may also name a block.
        if self.group.is_none()
            && matches!(&self.gid, Some(gid) if matches!(gid.value, Owner::Id(_)))
        {
            self.group = self.gid.take();
        }
        self.function_denylist.append(&mut self.function_blacklist);
        // `enabled = false` turns the older spelling off too.
        let enabled = self.exec.enabled.take().is_none_or(|set| set.value);
        let command = self.exec.command.take().or(self.command);
        self.command = command.filter(|_| enabled);
        self.command_timeout = self.exec.timeout.take().or(self.command_timeout);
        self
    }
}
