//! Runs reload commands and plugins: sets up their environment and logs their output.
//!
//! Input: a [`CommandConfig`], variables for its environment, and a token that stops it. Output:
//! [`Finished`] or a [`CommandError`] from the crate `process-tree`. Each line of output is logged
//! as it appears.

mod environment;
mod redact;

use process_tree::{Command, CommandError, CommandLine, Finished, Sink, Stream};
use secrecy::SecretString;
use tokio_util::sync::CancellationToken;

use crate::config::resolved::CommandConfig;
pub use environment::environment;
use redact::Redactor;

/// Runs `command` to its end, with `exports` in addition to the environment of ctmpl, and logs its output.
///
/// # Errors
/// [`CommandError`] if it could not start, failed, exceeded its timeout or was stopped.
pub async fn run(
    command: &CommandConfig,
    exports: &[(String, SecretString)],
    stop: &CancellationToken,
) -> Result<Finished, CommandError> {
    let sink = log(&command.line, exports);
    let command = Command {
        line: command.line.clone(),
        timeout: command.timeout,
        environment: environment(&command.environment, exports),
    };
    process_tree::run(&command, stop, sink).await
}

/// Creates the sink that logs the output of a command with the target `command`: standard output at INFO,
/// standard error at WARN, because commands report their errors there. Secrets in `exports` are redacted.
pub fn log(line: &CommandLine, exports: &[(String, SecretString)]) -> Sink {
    let redactor = Redactor::new(exports);
    let command = redactor.redact(&line.to_string());
    Box::new(move |stream, line| {
        let output = redactor.redact(line);
        match stream {
            Stream::Out => {
                tracing::info!(name: "command.output", target: "command", command, output, "{output} command={command}");
            }
            Stream::Err => {
                tracing::warn!(
                    name: "command.error_output", target: "command", command, output,
                    "{output} command={command}"
                );
            }
        }
    })
}
