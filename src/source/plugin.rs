//! Plugins as a source of data: programs whose output is the answer.

use std::sync::Arc;
use std::time::Duration;

use consul_watch::answer::Answer;
use consul_watch::query::PluginQuery;
use consul_watch::source::{Error, Poll, Reply, Source};
use error_line::chain;
use group_apply::options::EnvironmentConfig;
use process_tree::{Command, CommandLine, capture};
use secrecy::SecretString;
use tokio_util::sync::CancellationToken;

use crate::command;

/// The time limit of a plugin, as in consul-template.
const TIMEOUT: Duration = Duration::from_secs(30);

/// The source that runs plugins.
#[derive(Clone)]
pub struct PluginSource {
    /// The additional environment variables of plugins.
    pub exports: Arc<[(String, SecretString)]>,
    /// Stops running plugins.
    pub stop: CancellationToken,
}

impl Source for PluginSource {
    type Query = PluginQuery;

    /// Runs the program. A failure is also an answer, because a template may handle it. No message
    /// shows the arguments, which may contain secret values.
    async fn poll(&self, plugin: &PluginQuery, _: Poll) -> Result<Reply, Error> {
        let program = plugin.program();
        let environment = command::environment(&EnvironmentConfig::default(), &self.exports);
        let command = Command {
            line: CommandLine::Direct(plugin.words.clone()),
            timeout: TIMEOUT,
            environment,
        };
        let shown = CommandLine::Direct(vec![program.to_owned()]);
        let log = command::log_plugin(&shown, &self.exports);
        let output = match capture(&command, &self.stop, log).await {
            Ok(printed) => match String::from_utf8(printed) {
                Ok(text) => Ok(text.trim().into()),
                Err(_) => Err(format!("the output of {program} is not UTF-8 text").into()),
            },
            Err(error) => Err(chain(&error.shown_as(program)).into()),
        };
        Ok(Reply::current(Answer::Plugin(output)))
    }
}
