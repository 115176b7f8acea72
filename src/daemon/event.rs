//! The events that wake the loop, and the actions that the parts request.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use super::unwritten::UnwrittenAnswer;
use answer_guard::AnswerSizes;
use apply_ledger::Ending;
use consul_render::{Template, TemplateError};
use consul_watch::answer::Answer;
use consul_watch::query::{FileQuery, Query};
use consul_watch::source::consul::{Client, ClientError, Emptiness};
use consul_watch::watch::{Rules, WatchEvent};
use ctmpl_options::config::exec::ExecConfig;
use ctmpl_options::config::resolved::Job;
use ctmpl_options::config::token::TokenError;
use file_watch::FileEvent;
use file_writer::Previous;
use group_apply::budget::DiffSize;
use group_apply::change::{Applied, Change, ReplacedFile};
use group_apply::drift::{Difference, Inspection};
use group_apply::hold_results::HoldResult;
use group_apply::journal::Transfers;
use group_apply::options::{FileConfig, GroupConfig, GroupKey};
use group_apply::requests::Requested;
use group_apply::transaction::StagedFile;
use jiff::Timestamp;
use process_tree::{CommandError, Exit, Finished, Order};
use secrecy::SecretString;

use super::end::End;
use super::process::{Renewal, RenewalError};
use super::render_pass::{RenderRequest, Rendered};
use crate::command::CommandFailure;
use crate::signals::SignalAction;

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
    /// Writing files takes long; it continues.
    WritesAreSlow,
    /// The files of a group were staged.
    Staged(GroupKey, Staged),
    /// The staged files of a group were checked.
    Checked(GroupKey, Result<Checked, CheckFailure>),
    /// The reload command of a group ended.
    CommandEnded(GroupKey, Result<Finished, CommandFailure>),
    /// The verification of a group ended, after this time if it succeeded.
    Verified(GroupKey, Result<Duration, VerifyFailure>),
    /// The previous files of a group were restored.
    Restored(GroupKey, Restored),
    /// A job that needs no answer has ended: something was recorded, or temporary files were removed.
    Recorded,
    /// The command line has requested changes of destinations.
    RequestsTaken(Vec<Requested>),
    /// The destinations of the templates with these numbers were compared with what was written last.
    Inspected(Vec<(usize, Option<Difference>)>),
    /// A plugin exited. The answer has its output or its error.
    PluginEnded(Arc<Query>, Arc<Answer>),
    /// The reasons for the empty answers of these queries; `None` if a reason is unknown.
    EmptyExplained(Vec<(Arc<Query>, Option<Emptiness>)>),
    /// The child process exited, or could not be started.
    ChildEnded(Result<Exit, CommandError>),
    /// A signal arrived.
    SignalAction(SignalAction),
    /// The earlier answers of a server to these queries were loaded, or cannot be used.
    AnswersLoaded(Arc<str>, Vec<(Arc<Query>, Result<LoadedAnswer, NoAnswer>)>),
    /// Changes of accepted answers of a server were written, or could not be written.
    AnswersKept(
        Arc<str>,
        Result<KeptWrite, Vec<(Arc<Query>, UnwrittenAnswer)>>,
    ),
    /// The sizes of the accepted answers could not be written.
    SizesNotWritten,
    /// The wake-up time of a part has come.
    Time,
}

/// Changes of accepted answers, to be written.
#[derive(Debug)]
pub(super) struct AnswerWrite {
    /// The identity of the server that has answered.
    pub(super) server: Arc<str>,
    /// The changes, by query.
    pub(super) changes: Vec<(Arc<Query>, UnwrittenAnswer)>,
    /// The time until which the answers to other queries were current.
    pub(super) current_until: SystemTime,
}

/// An answer that an earlier process has accepted.
#[derive(Clone, Debug)]
pub(super) struct LoadedAnswer {
    /// The answer.
    pub(super) answer: Arc<Answer>,
    /// The last time at which it was known to be current; `None` if it is unknown.
    pub(super) current_until: Option<SystemTime>,
}

/// Why no earlier answer to a query is used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum NoAnswer {
    /// None was kept.
    NotKept,
    /// It is damaged, or its file cannot be read.
    Unreadable,
    /// It has fewer items than the process before has accepted last, and the first answer of this one is held back.
    TooSmall,
}

/// A write of accepted answers that succeeded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct KeptWrite {
    /// The duration of the write.
    pub(super) took: Duration,
    /// `true` if the write has created the file, so that it has nothing of earlier writes.
    pub(super) is_new: bool,
}

/// The result of staging the files of a group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Staged {
    /// The files that could be staged.
    pub(super) files: Vec<StagedFile>,
    /// `true` if a file could not be staged.
    pub(super) has_failed: bool,
}

/// A check that succeeded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Checked {
    /// The duration of the check.
    pub(super) took: Duration,
    /// How the check saw the staged files in their tree; `None`: it needed no tree.
    pub(super) method: Option<String>,
}

/// A check that failed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct CheckFailure {
    /// The reason.
    pub(super) error: String,
    /// The last lines of the output of the check, without secrets.
    pub(super) last_lines: Vec<String>,
    /// The lines of templates that the output is about, in words.
    pub(super) places: Vec<String>,
    /// The duration of the check.
    pub(super) took: Duration,
    /// The size of the change; `None` if a file could not be read.
    pub(super) change: Option<DiffSize>,
}

/// A verification that failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct VerifyFailure {
    /// The reason.
    pub(super) error: String,
    /// The last lines of the output of the verification, without secrets.
    pub(super) last_lines: Vec<String>,
}

/// The result of a restoration.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Restored {
    /// The files that have their previous content.
    pub(super) files: Vec<ReplacedFile>,
    /// The errors of the others, with the destinations of their templates.
    pub(super) errors: Vec<(PathBuf, String)>,
}

/// How the replaced files of a group are restored.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct RestorePlan {
    /// The destinations of other groups, which are not restored: a reload has moved them.
    pub(super) moved: BTreeSet<PathBuf>,
    /// The destinations of the group with their options.
    pub(super) files: BTreeMap<PathBuf, FileConfig>,
    /// The fingerprints of the additional files of their texts, as far as these are known.
    pub(super) outputs: BTreeMap<PathBuf, Option<String>>,
}

impl Restored {
    /// The destinations of the templates with a restored file. Each has its own file, or `None` if only additional files
    /// were restored.
    pub(super) fn by_template(&self) -> BTreeMap<&Path, Option<&Previous>> {
        let mut all: BTreeMap<&Path, Option<&Previous>> = BTreeMap::new();
        for file in &self.files {
            let own = all.entry(&file.destination).or_default();
            *own = own.or(file.own());
        }
        all
    }
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
    /// Read this query again from the leader, because its answer is held back.
    ReadAgain(Arc<Query>),
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
    /// Write these files. Files of different groups are independent.
    Write(Vec<Change>),
    /// Stage these files of one group.
    Stage(GroupKey, Vec<Change>),
    /// Check the staged files of this group, which these templates have rendered.
    Check(Arc<GroupConfig>, Vec<StagedFile>, Vec<Arc<Job>>),
    /// Swap the staged files of this group.
    Swap(GroupKey),
    /// Remove the staged files of this group.
    Discard(GroupKey),
    /// Restore the replaced files of this group.
    Restore(GroupKey, RestorePlan),
    /// Keep these replaced files for the groups that can restore them now, because of a new configuration.
    KeepReplaced(Vec<(GroupKey, ReplacedFile)>),
    /// Let these groups restore the replaced files of these destinations, which a new configuration has moved to them.
    MoveReplaced(BTreeMap<PathBuf, GroupKey>),
    /// Take the requests of the command line for these destinations.
    TakeRequests(Vec<PathBuf>),
    /// Answer the request of a hold.
    AnswerHold(HoldResult),
    /// Record the end of the command of this group and its verification.
    Finish(GroupKey, Ending),
    /// Record that other groups owe the commands of these, because a new configuration has moved some or all of their
    /// files.
    Transfer(Transfers),
    /// Compare these destinations with what was written last.
    Inspect(Vec<Inspection>),
    /// Write the sizes of the accepted answers to the state directory.
    WriteSizes(Arc<AnswerSizes>),
    /// Write changes of accepted answers to the state directory.
    KeepAnswers(AnswerWrite),
    /// Load the earlier answers of a server to these queries from the state directory.
    LoadAnswers(Arc<str>, Vec<Arc<Query>>),
    /// Print these files where they differ from the disk.
    Print(Vec<Change>),
    /// Run the command of this group.
    Run(Arc<GroupConfig>),
    /// Verify the effect of the command of this group.
    Verify(Arc<GroupConfig>),
    /// Start the child process.
    StartChild(Arc<ExecConfig>),
    /// Pass an order to the child process, if one is running.
    OrderChild(Order),
    /// Shut down after the work in progress has completed.
    End(End),
    /// Shut down at once, and kill the work in progress.
    EndNow,
}
