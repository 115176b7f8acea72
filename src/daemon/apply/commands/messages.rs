//! The parts of log messages about commands, checks and verifications.

use crate::config::resolved::GroupConfig;

/// The command of a group in messages.
pub(super) fn name(group: &GroupConfig) -> String {
    let command = group.command.as_ref();
    command.map_or_else(|| group.key.to_string(), |command| command.line.to_string())
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
