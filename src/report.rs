//! The published state of the daemon: plain data for systemd's status line, metrics and a status page.
//!
//! Input: the parts of the daemon. Output: a [`Report`], which shows names and counts, and no values or secrets.

use std::path::PathBuf;
use std::sync::Arc;

use serde::Serialize;

/// The state of the daemon at one moment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Report {
    /// The phase of the process.
    pub phase: Phase,
    /// One entry per template, in the order of the configuration.
    pub templates: Vec<TemplateReport>,
    /// The queries that templates request.
    pub dependencies: DependencyReport,
    /// The files and commands.
    pub applies: ApplyReport,
    /// The child process; `None` if none is configured.
    pub child: Option<ChildReport>,
}

/// The phase of the process, as systemd distinguishes it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Phase {
    /// Some destination was never written.
    Starting,
    /// Every destination was written at least once.
    Ready,
    /// The process was ready, and reads everything again.
    Reloading,
    /// The process is about to end.
    Ending,
}

/// One template.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct TemplateReport {
    /// The path of the template, or its name in the configuration.
    pub name: Arc<str>,
    /// The file that it is rendered to; `None` in a dry run that prints it.
    pub destination: Option<PathBuf>,
    /// The state of the template and its destination together.
    pub state: TemplateState,
    /// Whether the destination was written at least once, or was found to be right.
    pub is_written: bool,
    /// The number of queries without data.
    pub missing: usize,
}

/// The state of a template and its destination together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum TemplateState {
    /// Data is missing, or a pass or a write is still to come.
    Waiting,
    /// The destination holds the latest text.
    UpToDate,
    /// The source, the rendering or the write failed.
    Failed,
}

/// The queries that templates request.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct DependencyReport {
    /// The number of distinct queries.
    pub followed: usize,
    /// The number of queries that fail by themselves, outages aside.
    pub failing: usize,
    /// Whether Consul does not answer any query.
    pub is_outage: bool,
}

/// The files and commands.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct ApplyReport {
    /// Whether files are being written.
    pub is_writing: bool,
    /// Whether a command runs.
    pub is_running_command: bool,
    /// The number of files whose command has not succeeded since they were written.
    pub owed: usize,
    /// The commands whose last run failed.
    pub failing_commands: Vec<String>,
}

/// The child process.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ChildReport {
    /// Its command line.
    pub command: String,
    /// Whether it runs.
    pub is_running: bool,
}
