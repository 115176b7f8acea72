//! Starts the process of a command.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::io;
use std::process::Stdio;
use std::time::Duration;

use secrecy::SecretString;
use tokio::process::{Child, Command};

use super::environment::environment;
use super::locate::{locate, locate_shell};
use crate::config::resolved::{CommandLine, EnvironmentConfig};

/// Starts a command as the leader of a new process group, with its output in pipes.
pub(super) fn start(
    line: &CommandLine,
    config: &EnvironmentConfig,
    exports: &[(String, SecretString)],
) -> io::Result<Child> {
    let environment = environment(config, exports);
    match line {
        CommandLine::Direct(words) => {
            let empty = || io::Error::new(io::ErrorKind::InvalidInput, "the command is empty");
            let (program, arguments) = words.split_first().ok_or_else(empty)?;
            let mut command = Command::new(locate(program));
            command.arg0(program).args(arguments);
            spawn(command, &environment)
        }
        CommandLine::Shell(text) => {
            let mut command = Command::new(locate_shell());
            command.arg0("sh").arg("-c").arg(text);
            spawn(command, &environment)
        }
    }
}

fn spawn(mut command: Command, environment: &BTreeMap<OsString, OsString>) -> io::Result<Child> {
    command.env_clear().envs(environment);
    command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command.process_group(0).spawn()
}

/// Waits until the time limit is reached; zero disables the limit.
pub(super) async fn expired(limit: Duration) {
    if limit.is_zero() {
        std::future::pending::<()>().await;
    } else {
        tokio::time::sleep(limit).await;
    }
}
