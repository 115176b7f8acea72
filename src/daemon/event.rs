//! The events that wake the loop, and the actions that the parts request.

use std::collections::BTreeSet;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Instant;

use jiff::Timestamp;
use process_tree::{CommandError, Exit, Finished, Order};
use secrecy::SecretString;

use super::end::End;
use super::process::{Renewal, RenewalError};
use super::render_pass::{RenderRequest, Rendered};
use crate::answer::Answer;
use crate::apply::transaction::{Applied, Change};
use crate::command::CommandFailure;
use crate::config::exec::ExecConfig;
use crate::config::resolved::{CommandConfig, Job};
use crate::config::token::TokenError;
use crate::query::{FileQuery, Query};
use crate::render::{Template, TemplateError};
use crate::signals::SignalAction;
use crate::source::consul::{Client, ClientError, Emptiness};
use crate::watch::{FileEvent, Rules, WatchEvent};

/// The time of an event, and the randomness for the decisions about it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Moment {
    /// The time of the monotonic clock.
    pub(super) instant: Instant,
    /// The time of the wall clock.
    pub(super) time: Timestamp,
    /// A random number from 0 to 1, for retries and splays.
    pub(super) jitter: f64,
}

impl Moment {
    /// The present moment.
    pub(super) fn now() -> Self {
        // The clock of the runtime, because tests can pause it.
        Self {
            instant: tokio::time::Instant::now().into_std(),
            time: Timestamp::now(),
            jitter: fastrand::f64(),
        }
    }
}

/// An event that wakes the loop.
#[derive(Debug)]
pub(super) enum Event {
    /// Answers and failures of queries arrived.
    Watched(Vec<WatchEvent>),
    /// Files may have changed: template sources, files read by `file`, the token file,
    /// certificates.
    FilesChanged(FileEvent),
    /// The configuration was read again: it is invalid, or its PID file, log and signals are in use
    /// already.
    ConfigRead(Result<Box<Renewal>, RenewalError>),
    /// The sources of the templates with these numbers were read.
    SourcesRead(Vec<(usize, Result<Arc<Template>, TemplateError>)>),
    /// Templates were rendered.
    Rendered(Vec<Rendered>),
    /// The token file was read.
    TokenRead(Result<SecretString, TokenError>),
    /// The certificates were read again.
    CertificatesRead(Result<(), CertificateError>),
    /// A batch of files was written.
    Applied(Vec<Applied>),
    /// A task ended without a result, which is a bug in ctmpl. The text names it.
    TaskLost(String),
    /// A reload command ended.
    CommandEnded(CommandConfig, Result<Finished, CommandFailure>),
    /// A plugin exited. The answer has its output or its error.
    PluginEnded(Arc<Query>, Arc<Answer>),
    /// The reasons for the empty answers of these queries; `None` if a reason is unknown.
    EmptyExplained(Vec<(Arc<Query>, Option<Emptiness>)>),
    /// The child process exited, or could not be started.
    ChildEnded(Result<Exit, CommandError>),
    /// A signal arrived.
    SignalAction(SignalAction),
    /// The wake-up time of a part has come.
    Time,
}

/// An error of reading the certificates again.
#[derive(Debug, thiserror::Error)]
pub(super) enum CertificateError {
    /// They are not valid.
    #[error(transparent)]
    Client(#[from] ClientError),
    /// They cannot be read.
    #[error("cannot read the certificates for Consul")]
    Unreadable(#[source] io::Error),
}

/// An action that the executor carries out.
#[derive(Debug)]
pub(super) enum Action {
    /// Follow these queries and no others.
    Follow(BTreeSet<Arc<Query>>),
    /// Watch these files and no others.
    Watch(BTreeSet<PathBuf>),
    /// Read these files for `file`, and return their content as answers to queries.
    ReadFiles(Vec<FileQuery>),
    /// Run this plugin.
    RunPlugin(Arc<Query>),
    /// Find out why these queries have an empty answer.
    ExplainEmpty(Vec<Arc<Query>>),
    /// Read the configuration again.
    ReadConfig,
    /// Use this client from now on, and restart all queries.
    UseClient(Client, Rules),
    /// Pass these variables to commands.
    Export(Vec<(String, SecretString)>),
    /// Read the sources of these templates. Each comes with its present version, which stays if its
    /// source is unchanged.
    ReadSources(Vec<(usize, Arc<Job>, Option<Arc<Template>>)>),
    /// Render these templates.
    Render(Vec<RenderRequest>),
    /// Read the token file.
    ReadToken(PathBuf),
    /// Use this token from now on.
    UseToken(SecretString),
    /// Read the certificates again, and connect with them from now on.
    ReadCertificates,
    /// Write these files as one batch.
    Write(Vec<Change>),
    /// Print these files where they differ from the disk.
    Print(Vec<Change>),
    /// Run this command.
    Run(CommandConfig),
    /// Start the child process.
    StartChild(Arc<ExecConfig>),
    /// Pass an order to the child process, if one is running.
    OrderChild(Order),
    /// Shut down after the work in progress has completed.
    End(End),
    /// Shut down at once, and kill the work in progress.
    EndNow,
}
