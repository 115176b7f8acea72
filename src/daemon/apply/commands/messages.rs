//! The parts of log messages about commands, checks and verifications.

use group_apply::options::GroupConfig;

use super::phase::RunPhase;

/// What the log says about a failed run.
pub(super) struct FailedRun {
    /// What follows, in words.
    pub(super) again: String,
    /// What follows, for the field of the event.
    pub(super) outcome: &'static str,
    /// The duration of the command, or of the verification.
    pub(super) milliseconds: u64,
    /// The number of lines that were removed since the last success, if it is known.
    pub(super) removed: Option<usize>,
    pub(super) added: Option<usize>,
}

/// The command of a group in messages.
pub(super) fn name(group: &GroupConfig) -> String {
    let command = group.command.as_ref();
    command.map_or_else(|| group.key.to_string(), |command| command.line.to_string())
}

/// What has not succeeded, in messages. `phase`: that of the current run.
pub(super) fn unfinished(group: &GroupConfig, phase: Option<RunPhase>) -> String {
    let line = name(group);
    match phase {
        _ if group.verify.is_none() => format!("`{line}`"),
        Some(RunPhase::Command) => format!("`{line}`"),
        Some(RunPhase::Verification) => format!("the verification of `{line}`"),
        None => format!("`{line}` with its verification"),
    }
}

/// The last lines of a command for a field, and for the text of a message.
pub(in crate::daemon::apply) fn shown_output(lines: &[String]) -> (String, String) {
    let output = lines.join("\n");
    let shown = if output.is_empty() {
        String::new()
    } else {
        format!("; the end of its output:\n{output}")
    };
    (output, shown)
}
