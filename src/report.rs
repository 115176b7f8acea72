//! The published state of the daemon: plain data for systemd's status line, metrics and a status page.
//!
//! Input: the parts of the daemon. Output: a [`Report`] with names and counts, without values or secrets.

mod readiness;

use std::path::PathBuf;
use std::sync::Arc;

use consul_render::SubstituteKind;
use group_apply::drift::DriftKind;
use serde::{Serialize, Serializer};

/// The state of the daemon at one point in time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Report {
    /// The phase of the process.
    pub phase: Phase,
    /// One entry per template, in the order of the configuration.
    pub templates: Vec<TemplateReport>,
    /// The queries that templates request.
    pub dependencies: DependencyReport,
    /// The state of files and commands.
    pub applies: ApplyReport,
    /// The child process; `None` if none is configured.
    pub child: Option<ChildReport>,
}

/// The phase of the process, in systemd's terms.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Phase {
    /// At least one destination was never written.
    Starting,
    /// Every destination was written at least once.
    Ready,
    /// The process was ready, and is reloading.
    Reloading,
    /// The process is shutting down.
    Ending,
}

/// The state of one template.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct TemplateReport {
    /// The path of the template, or its name in the configuration.
    pub name: Arc<str>,
    /// The destination; `None` in a dry run that prints it.
    #[serde(serialize_with = "lossy")]
    pub destination: Option<PathBuf>,
    /// The combined state of template and destination.
    pub state: TemplatePhase,
    /// `true` if the destination was written at least once, or already had its content.
    pub is_written: bool,
    /// The number of queries without data.
    pub missing: usize,
    /// If it has waited for some time: the first query without data, its place and the reason.
    pub waiting: Option<Arc<str>>,
    /// What another program has done with the destination since it was written.
    pub drift: Option<DriftKind>,
    /// The change that is parked, because it is above the change budget.
    pub parked: Option<ParkedReport>,
    /// `true` while `ctmpl rollback` holds the destination at an earlier content.
    pub is_held: bool,
    /// The queries that fail, and for which the template uses an earlier answer or none.
    pub substitutes: Vec<SubstituteReport>,
}

/// Writes a path as text, because not every path is UTF-8.
#[expect(clippy::ref_option, reason = "serde passes the field by reference")]
fn lossy<S: Serializer>(path: &Option<PathBuf>, serializer: S) -> Result<S::Ok, S::Error> {
    let text = path.as_ref().map(|path| path.to_string_lossy());
    text.serialize(serializer)
}

#[cfg(test)]
impl Report {
    /// The report of a process that is ready, with these templates.
    pub(crate) fn example(templates: Vec<TemplateReport>) -> Self {
        Self {
            phase: Phase::Ready,
            templates,
            dependencies: DependencyReport::default(),
            applies: ApplyReport::default(),
            child: None,
        }
    }
}

#[cfg(test)]
impl TemplateReport {
    /// The report of a template that waits for nothing.
    pub(crate) fn example(destination: Option<PathBuf>, state: TemplatePhase) -> Self {
        Self {
            name: "web.ctmpl".into(),
            destination,
            state,
            is_written: false,
            missing: 0,
            waiting: None,
            drift: None,
            parked: None,
            is_held: false,
            substitutes: Vec::new(),
        }
    }
}

/// What a template uses for a query that fails.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct SubstituteReport {
    /// The query, as in the log.
    pub query: String,
    /// What the template uses.
    pub kind: SubstituteKind,
}

/// A change that is parked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct ParkedReport {
    /// The number of lines that it removes.
    pub removed: usize,
    /// The number of lines of the file.
    pub lines: usize,
}

/// The combined state of a template and its destination.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum TemplatePhase {
    /// Data is missing, or a pass or a write is outstanding.
    Waiting,
    /// The destination holds the latest text.
    UpToDate,
    /// The source, the rendering or the write failed.
    Failed,
}

/// The state of the queries that templates request.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct DependencyReport {
    /// The number of distinct queries.
    pub followed: usize,
    /// The number of queries that fail for a reason of their own, not because of an outage.
    pub failing: usize,
    /// `true` if Consul answers no query.
    pub is_outage: bool,
    /// The number of queries of which templates use the answer of an earlier process, because none of this one is accepted.
    pub restored: usize,
    /// The new answers that have arrived, by their effect.
    pub wake_ups: WakeUpReport,
    /// The queries whose latest answer is held back, because it has lost items.
    pub held: Vec<HeldReport>,
    /// The instances that are damped, because they come and go too often.
    pub damped: Vec<DampedReport>,
}

/// The new answers to queries, by their effect.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct WakeUpReport {
    /// The number of answers that caused a render.
    pub useful: u64,
    /// The number of answers that caused none, because no template sees a difference.
    pub suppressed: u64,
    /// The queries with the most answers that caused no render, at most 10.
    pub queries: Vec<QueryWakeUps>,
}

/// The new answers to one query, by their effect.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct QueryWakeUps {
    /// The query, as in the log.
    pub query: String,
    /// The number of answers that caused a render.
    pub useful: u64,
    /// The number of answers that caused none.
    pub suppressed: u64,
}

/// A query whose latest answer is held back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct HeldReport {
    /// The query.
    pub query: String,
    /// The number of items before the loss.
    pub before: usize,
    /// The number of items that are left.
    pub after: usize,
    /// `true` if Consul leaves out what the token may not read, so that nothing confirms the loss.
    pub is_filtered: bool,
}

/// An instance that is damped.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct DampedReport {
    /// The query, as in the log.
    pub query: String,
    /// The node of the instance.
    pub node: String,
    /// The ID of the instance.
    pub instance: String,
    /// The number of times that it has appeared, disappeared or changed its status since it began to flap.
    pub toggles: u64,
    /// How templates with flap damping see it: `absent`, or with this status.
    pub state: &'static str,
}

/// The state of files and commands.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct ApplyReport {
    /// `true` while files are being written.
    pub is_writing: bool,
    /// `true` while a command runs.
    pub is_running_command: bool,
    /// The number of writes that changed a file, without those that restored one after a failed command.
    pub files_written: u64,
    /// The number of runs of commands that have succeeded.
    pub commands_run: u64,
    /// The number of files whose command has not succeeded since they were written.
    pub owed: usize,
    /// The commands whose last run failed.
    pub failing_commands: Vec<String>,
    /// The groups whose latest content is not in their files, because it was refused.
    pub refused: Vec<RefusedReport>,
}

/// A group whose latest content was refused.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RefusedReport {
    /// The name, the command or the destination of the group.
    pub group: String,
    /// The reason: the error of the check, or the failure after which the files were restored.
    pub reason: String,
}

/// The state of the child process.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ChildReport {
    /// The command line.
    pub command: String,
    /// `true` if the child is running.
    pub is_running: bool,
    /// `true` if the child has not been started yet: it waits for its files.
    pub is_waiting: bool,
}

#[cfg(test)]
mod tests {
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt as _;

    use super::*;

    #[test]
    fn a_destination_that_is_not_utf_8_is_shown_with_replacements() {
        let destination = OsStr::from_bytes(b"/etc/\xff").into();
        let odd = TemplateReport::example(Some(destination), TemplatePhase::UpToDate);
        let json = serde_json::to_value(Report::example(vec![odd])).unwrap();
        assert_eq!(json["templates"][0]["destination"], "/etc/\u{fffd}");
    }
}
