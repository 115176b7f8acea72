//! Resolves the commands of templates and groups.

use std::time::Duration;

use config_blocks::{Error, Setting};

use super::exec::environment;
use crate::config::error::ValueError;
use crate::config::layer::EnvironmentBlock;
use group_apply::options::{CommandConfig, CommandOutput, EnvironmentConfig};
use process_tree::CommandLine;

/// The default timeout of a command.
const TIMEOUT: Duration = Duration::from_secs(30);

/// How the commands of one template or group run.
#[derive(Clone, Debug)]
pub(super) struct CommandSettings {
    pub(super) timeout: Duration,
    pub(super) environment: EnvironmentConfig,
    pub(super) output: CommandOutput,
}

impl CommandSettings {
    pub(super) fn of(
        timeout: Setting<Duration>,
        env: EnvironmentBlock,
        output: CommandOutput,
    ) -> Result<Self, Error> {
        Ok(Self {
            timeout: match timeout {
                None => TIMEOUT,
                Some(set) if set.value.is_zero() => {
                    return Err(set.origin.refuse(ValueError::NoTime));
                }
                Some(set) => set.value,
            },
            environment: environment(env)?,
            output,
        })
    }

    /// The command with this line.
    pub(super) fn line(&self, line: CommandLine) -> CommandConfig {
        let Self {
            timeout,
            environment,
            output,
        } = self.clone();
        CommandConfig {
            line,
            action: None,
            timeout,
            environment,
            output,
        }
    }
}
