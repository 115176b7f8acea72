//! What wakes the loop, and what it does.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Instant;

use jiff::Timestamp;
use secrecy::SecretString;

use super::End;
use super::process::{Renewal, RenewalError};
use crate::answer::Answer;
use crate::apply::transaction::{Applied, Change};
use crate::child::process::{Exit, Order};
use crate::command::{CommandError, Finished};
use crate::config::exec::ExecConfig;
use crate::config::resolved::{CommandConfig, Job};
use crate::config::token::TokenError;
use crate::consul::{Client, ClientError};
use crate::query::{FileQuery, Query};
use crate::signals::SignalAction;
use crate::template::{Template, TemplateError};
use crate::watch::{FileEvent, Rules, WatchEvent};

/// When something happened: on the clock that measures, and on the clock that tells the date.
#[derive(Clone, Copy, Debug)]
pub(super) struct Moment {
    pub(super) instant: Instant,
    pub(super) time: Timestamp,
}

impl Moment {
    pub(super) fn now() -> Self {
        // The clock of the runtime, which tests can pause.
        Self {
            instant: tokio::time::Instant::now().into_std(),
            time: Timestamp::now(),
        }
    }
}

/// What wakes the loop.
#[derive(Debug)]
pub(super) enum Event {
    /// Queries were answered, or failed.
    Watched(Vec<WatchEvent>),
    /// Files may have changed: sources of templates, or what `file` reads.
    FilesChanged(FileEvent),
    /// The configuration was read again, and is wrong, or in force as far as the process is concerned.
    ConfigRead(Result<Box<Renewal>, RenewalError>),
    /// The sources of the jobs with these numbers were read.
    SourcesRead(Vec<(usize, Result<Arc<Template>, TemplateError>)>),
    /// The file that holds the token was read.
    TokenRead(Result<SecretString, TokenError>),
    /// The certificates were read again, or could not be.
    CertificatesRead(Result<(), ClientError>),
    /// A batch of files was written.
    Applied(Vec<Applied>),
    /// A task ended without a result, which none does unless ctmpl itself is wrong; with what is known of it.
    Lost(String),
    /// A command ended.
    CommandEnded(CommandConfig, Result<Finished, CommandError>),
    /// A plugin ended, with what it printed or why it failed.
    PluginEnded(Arc<Query>, Arc<Answer>),
    /// The child ended, or could not be started.
    ChildEnded(Result<Exit, CommandError>),
    /// A signal came.
    SignalAction(SignalAction),
    /// The time came that `State::next_wake` named.
    Time,
}

/// What is to be done.
#[derive(Debug)]
pub(super) enum Action {
    /// Follow these queries, and no others.
    Follow(BTreeSet<Arc<Query>>),
    /// Watch these files, and no others.
    Watch(BTreeSet<PathBuf>),
    /// Read these files for `file`, and answer as a watched query does.
    ReadFiles(Vec<FileQuery>),
    /// Run this plugin.
    RunPlugin(Arc<Query>),
    /// Read the configuration again.
    ReadConfig,
    /// Ask Consul like this from now on, all questions anew.
    AskWith(Client, Rules),
    /// Let commands find this in their environment.
    Export(Vec<(String, SecretString)>),
    /// Read the sources of these jobs; each with its template, if there is one, which stays if its source is the same.
    ReadSources(Vec<(usize, Arc<Job>, Option<Arc<Template>>)>),
    /// Read the file that holds the token.
    ReadToken(PathBuf),
    /// Ask with this token from now on.
    UseToken(SecretString),
    /// Read the certificates again, and connect with them from now on.
    ReadCertificates,
    /// Write these files, all of them before anything else.
    Write(Vec<Change>),
    /// Print these files instead, where they would change.
    Print(Vec<Change>),
    /// Run this command.
    Run(CommandConfig),
    /// Start the child.
    StartChild(Arc<ExecConfig>),
    /// Tell the child, if it runs.
    OrderChild(Order),
    /// It is over; what is under way is brought to its end.
    End(End),
    /// It is over, and what is under way is killed.
    EndNow,
}
