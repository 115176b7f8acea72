//! The status line for systemd.

use crate::report::{Phase, RefusedReport, Report, TemplatePhase, TemplateReport};

/// Formats a status line, which changes only with failures and phases.
pub(crate) fn status_line(report: &Report) -> String {
    let mut items = Vec::new();
    match report.phase {
        Phase::Ending => items.push("ending".to_owned()),
        Phase::Reloading => items.push("reloading".to_owned()),
        Phase::Starting | Phase::Ready => {}
    }
    let before = items.len();
    if report.dependencies.is_outage {
        items.push("Consul does not answer (retrying)".to_owned());
    }
    match report.dependencies.failing {
        0 => {}
        1 => items.push("1 query fails".to_owned()),
        count => items.push(format!("{count} queries fail")),
    }
    match report.dependencies.held.as_slice() {
        [] => {}
        [held] => items.push(format!(
            "{}: {} of {} items are left (held back)",
            held.query, held.after, held.before
        )),
        several => items.push(format!("{} answers are held back", several.len())),
    }
    if let Some(RefusedReport { group, reason }) = report.applies.refused.first() {
        items.push(format!("{group}: {reason}"));
    }
    let templates = &report.templates;
    let mut failing = templates
        .iter()
        .filter(|template| template.state == TemplatePhase::Failed);
    if let Some(TemplateReport { name, .. }) = failing.next() {
        items.push(match failing.count() {
            0 => format!("{name} fails"),
            more => format!("{name} and {more} more fail"),
        });
    }
    if let Some(command) = report.applies.failing_commands.first() {
        items.push(format!("command {command} failed (retrying)"));
    }
    let mut waiting = templates
        .iter()
        .filter_map(|template| template.waiting.as_ref());
    if let Some(line) = waiting.next() {
        items.push(match waiting.count() {
            0 => line.to_string(),
            more => format!("{line} ({more} more templates wait)"),
        });
    }
    let count = templates.len();
    let noun = if count == 1 { "template" } else { "templates" };
    items.push(if report.phase == Phase::Starting {
        let is_written = |template: &&TemplateReport| template.is_written;
        let written = templates.iter().filter(is_written).count();
        format!("{written} of {count} {noun} written")
    } else if items.len() == before {
        format!("{count} {noun} up to date")
    } else {
        format!("{count} {noun} written")
    });
    items.join("; ")
}
