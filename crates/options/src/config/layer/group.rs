//! Templates that are applied together, and the verification after their command, as written.

use std::path::PathBuf;
use std::time::Duration;

use config_blocks::{
    Block, Choice, Error, FromNode, Input, Located, Node, Origin, Pattern, Position, Reason,
    Setting, Shape, Spelling, Value, quoted,
};
use group_apply::options::{OnFailure, Program};

use super::action::{DockerBlock, HttpBlock, SignalBlock, SystemdBlock};
use super::command::CommandBlock;
use super::exec::EnvironmentBlock;
use super::url::without_secrets;
use crate::config::error::ValueError;
use crate::config::reload_rate::ReloadRateSetting;

/// `group "NAME" { … }`
#[derive(Block, Clone, Debug, Default)]
#[block(finish = GroupBlock::with_newer_names)]
pub(crate) struct GroupBlock {
    /// Check of the staged files before they replace the old ones: a command with `{staged}` (the staged files) or
    /// `{tree}` (a copy of `check_tree` with the staged files in place), or the name of a program with a check that is
    /// built in: `"nginx"`, `"haproxy"` or `"apache"`
    pub(crate) check: Setting<CommandBlock>,
    /// Directory of which the check gets a copy with the staged files in place, for example `"/etc/nginx"`: for files that
    /// other files include
    #[key(skip_empty)]
    pub(crate) check_tree: Setting<PathBuf>,
    /// Command to run once after the files of the group have changed
    #[key(default = "the command of its templates")]
    pub(crate) command: Setting<CommandBlock>,
    /// Send a signal to a process, in place of a command
    pub(crate) signal: SignalBlock,
    /// Send a request, in place of a command
    pub(crate) http: HttpBlock,
    /// Reload a unit of systemd, in place of a command
    pub(crate) systemd: SystemdBlock,
    /// Send a signal to a container, in place of a command
    pub(crate) docker: DockerBlock,
    /// Timeout of the command, and of the check
    #[key(default = "\"30s\"")]
    pub(crate) command_timeout: Setting<Duration>,
    /// Short name of `command_timeout`
    #[key(newer = "command_timeout")]
    pub(crate) timeout: Setting<Duration>,
    /// Verification after the command that the new files are in use: a block, a text (`"nginx"`, `"haproxy"`, a URL or a
    /// command), or a list of a program and its arguments
    pub(crate) verify: VerifyBlock,
    /// Reaction to a failed command or verification: `"retry"` runs the command again, `"rollback"` restores the previous
    /// files and runs it again, `"exit"` exits
    #[key(default = "\"retry\"")]
    pub(crate) on_failure: Setting<OnFailure>,
    /// Limit on the rate of the command: `COUNT/PERIOD`, and how many may follow each other without a pause:
    /// `"1/10s burst 3"`. A command above it is deferred, never dropped
    pub(crate) reload_rate: Setting<ReloadRateSetting>,
    /// Environment of the command, of the check and of the verification: the keys of `exec.env`
    #[key(brief)]
    pub(crate) env: EnvironmentBlock,
}

impl GroupBlock {
    fn with_newer_names(mut self) -> Self {
        self.command_timeout = self.command_timeout.or(self.timeout.take());
        self
    }
}

/// `verify { … }`
#[derive(Block, Clone, Debug, Default)]
#[block(text = VerifyBlock::from_text, list = VerifyBlock::from_list, spelling = VerifyMethod::spelling)]
pub(crate) struct VerifyBlock {
    /// Where the block begins; the default, if there is none or a text in place of it.
    #[key(origin)]
    pub(crate) origin: Origin,
    /// Program whose processes are looked at: it has new workers, which run the new files
    #[key(decided_by = "http, command")]
    pub(crate) program: Setting<Program>,
    /// File with the process ID of the program, where it is not the usual one
    #[key(skip_empty, decided_by = "http, command")]
    pub(crate) pid_file: Setting<PathBuf>,
    /// URL to request until it is answered with the status `expect`
    #[key(show = without_secrets, decided_by = "program, command")]
    pub(crate) http: Setting<String>,
    /// Status of the answer
    #[key(default = "200", hide_default, decided_by = "program, command")]
    pub(crate) expect: Setting<u32>,
    /// Command to run until it succeeds
    #[key(decided_by = "program, http")]
    pub(crate) command: Setting<CommandBlock>,
    /// Time after which the verification has failed
    #[key(default = "\"10s\"")]
    pub(crate) timeout: Setting<Duration>,
}

/// The method of a verification, as a single text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum VerifyMethod {
    /// An empty text: none.
    None,
    /// The processes of this program.
    Program(Program),
    /// A request of this URL.
    Http(String),
    /// This command line.
    Command(String),
}

impl VerifyBlock {
    fn from_text(text: &str, position: Position<'_>) -> Result<Self, Error> {
        let method = VerifyMethod::of(text).map_err(|error| position.refuse(error))?;
        Ok(Self::from(position.origin().locate(method)))
    }

    /// A program and its arguments. A list of one is a text, and any word in it is a command line.
    fn from_list(words: Vec<String>, position: Position<'_>) -> Result<Self, Error> {
        if let [text] = words.as_slice() {
            match VerifyMethod::of(text) {
                Ok(method) => return Ok(Self::from(position.origin().locate(method))),
                Err(ValueError::Verify(_)) => {}
                Err(error) => return Err(position.refuse(error)),
            }
        }
        let words = Some(words).filter(|words| !words.is_empty());
        let command = words.map(CommandBlock::List);
        Ok(Self {
            command: command.map(|command| position.origin().locate(command)),
            ..Self::default()
        })
    }
}

impl From<Located<VerifyMethod>> for VerifyBlock {
    fn from(method: Located<VerifyMethod>) -> Self {
        let Located { value, origin } = method;
        let mut block = Self::default();
        match value {
            VerifyMethod::None => {}
            VerifyMethod::Program(program) => block.program = Some(origin.locate(program)),
            VerifyMethod::Http(url) => block.http = Some(origin.locate(url)),
            VerifyMethod::Command(line) => {
                block.command = Some(origin.locate(CommandBlock::Line(line)));
            }
        }
        block
    }
}

impl VerifyMethod {
    /// Reads a text. A command has a blank or a slash, so that a misspelled program is none.
    fn of(text: &str) -> Result<Self, ValueError> {
        let text = text.trim();
        if text.is_empty() {
            return Ok(Self::None);
        }
        if text.starts_with("http://") || text.starts_with("https://") {
            return Ok(Self::Http(text.to_owned()));
        }
        let scheme = text.split_once("://").map(|(scheme, _)| scheme);
        if scheme.is_some_and(|scheme| scheme.chars().all(char::is_alphanumeric)) {
            return Err(ValueError::Scheme);
        }
        if text.contains(|letter: char| letter.is_whitespace() || letter == '/') {
            return Ok(Self::Command(text.to_owned()));
        }
        let program = Program::of_name(text).map_err(|_| ValueError::Verify(text.to_owned()))?;
        Ok(Self::Program(program))
    }

    fn spelling() -> Spelling {
        Spelling {
            name: "verification",
            pattern: Pattern::Of(|| {
                let names = config_blocks::in_any_case(&["nginx", "haproxy", "apache"]);
                format!(r"^\s*$|\S\s+\S|/|^\s*({names})\s*$")
            }),
            ..Spelling::default()
        }
    }
}

impl FromNode for VerifyMethod {
    fn from_node(node: &Node, position: Position<'_>) -> Result<Self, Error> {
        let text = position.text(node, "a text in quotes")?;
        Self::of(text).map_err(|error| position.refuse(error))
    }

    fn shape() -> Shape {
        Shape::spelled(Self::spelling())
    }
}

impl Value for VerifyMethod {
    fn from_input(input: &Input) -> Result<Self, Reason> {
        Ok(Self::of(input.last()?)?)
    }

    fn shown(&self) -> Option<String> {
        match self {
            Self::None => None,
            Self::Program(program) => program.shown(),
            Self::Http(url) => Some(without_secrets(url)),
            Self::Command(line) => Some(quoted(line)),
        }
    }
}
