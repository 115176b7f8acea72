//! Runs plugins.

use std::time::Duration;

use secrecy::SecretString;
use tokio_util::sync::CancellationToken;

use crate::answer::Answer;
use crate::command;
use crate::config::resolved::{CommandConfig, CommandLine, EnvironmentConfig};
use crate::daemon::error_chain::chain;
use crate::query::Query;

/// How long a plugin may take, as in consul-template.
const PLUGIN_TIMEOUT: Duration = Duration::from_secs(30);

/// Runs a program for its output. No text shows its arguments, which may be made of values.
pub(super) async fn run(
    query: &Query,
    exports: &[(String, SecretString)],
    stop: &CancellationToken,
) -> Answer {
    let Query::Plugin(words) = query else {
        return Answer::Plugin(Err("the query is not a plugin".into()));
    };
    let program = words.first().map_or("", String::as_str);
    let command = CommandConfig {
        line: CommandLine::Direct(words.clone()),
        timeout: PLUGIN_TIMEOUT,
        environment: EnvironmentConfig::default(),
    };
    let shown = CommandLine::Direct(vec![program.to_owned()]);
    let failed = |why: String| Answer::Plugin(Err(why.into()));
    match command::capture(&command, exports, stop, command::log(&shown, exports)).await {
        Ok(printed) => match String::from_utf8(printed) {
            Ok(text) => Answer::Plugin(Ok(text.trim().into())),
            Err(_) => failed(format!("the output of {program} is not UTF-8 text")),
        },
        Err(error) => failed(chain(&error.shown_as(program))),
    }
}
