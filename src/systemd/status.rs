//! The status line for systemd.

use crate::report::{
    DampedReport, HeldReport, Phase, RefusedReport, Report, TemplatePhase, TemplateReport,
};

/// The destinations that do not have the content of their template, although nothing has failed.
fn unusual(templates: &[TemplateReport]) -> impl Iterator<Item = String> {
    type Is = fn(&TemplateReport) -> bool;
    let states: [(Is, &str); 3] = [
        (|it| it.parked.is_some(), "has a parked change"),
        (|it| it.is_held, "is held"),
        (|it| it.drift.is_some(), "is changed by another program"),
    ];
    states.into_iter().filter_map(move |(is, what)| {
        let mut found = templates.iter().filter(|template| is(template));
        let first = found.next()?;
        let name = first.destination.as_ref().map_or_else(
            || first.name.to_string(),
            |destination| destination.display().to_string(),
        );
        Some(match found.count() {
            0 => format!("{name} {what}"),
            more => format!("{name} {what} (as {more} more)"),
        })
    })
}

fn failing_queries(count: usize) -> Option<String> {
    match count {
        0 => None,
        1 => Some("1 query fails".to_owned()),
        count => Some(format!("{count} queries fail")),
    }
}

fn held_answers(held: &[HeldReport]) -> Option<String> {
    match held {
        [] => None,
        [held] => Some(format!(
            "{}: {} of {} items are left (held back)",
            held.query, held.after, held.before
        )),
        several => Some(format!("{} answers are held back", several.len())),
    }
}

fn damped_instances(damped: &[DampedReport]) -> Option<String> {
    match damped {
        [] => None,
        [damped] => Some(format!(
            "{}: {} on {} flaps (damped)",
            damped.query, damped.instance, damped.node
        )),
        several => Some(format!("{} instances flap (damped)", several.len())),
    }
}

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
    items.extend(failing_queries(report.dependencies.failing));
    items.extend(held_answers(&report.dependencies.held));
    items.extend(damped_instances(&report.dependencies.damped));
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
    items.extend(unusual(templates));
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::{ApplyReport, DependencyReport, ParkedReport};
    use group_apply::drift::DriftKind;

    fn template(destination: &str) -> TemplateReport {
        let destination = (!destination.is_empty()).then(|| destination.into());
        TemplateReport {
            is_written: true,
            ..TemplateReport::example(destination, TemplatePhase::UpToDate)
        }
    }

    fn line(templates: Vec<TemplateReport>, applies: ApplyReport) -> String {
        status_line(&Report {
            phase: Phase::Ready,
            templates,
            dependencies: DependencyReport::default(),
            applies,
            child: None,
        })
    }

    #[test]
    fn files_without_the_content_of_their_template_are_named() {
        let parked = |path| TemplateReport {
            parked: Some(ParkedReport {
                removed: 9,
                lines: 10,
            }),
            ..template(path)
        };
        let held = TemplateReport {
            is_held: true,
            ..template("/held")
        };
        let drifted = TemplateReport {
            drift: Some(DriftKind::Deleted),
            ..template("")
        };
        let none = ApplyReport::default;
        assert_eq!(
            line(vec![parked("/a")], none()),
            "/a has a parked change; 1 template written"
        );
        assert_eq!(
            line(vec![held, parked("/a"), drifted, parked("/b")], none()),
            "/a has a parked change (as 1 more); /held is held; web.ctmpl is changed by another program; \
             4 templates written"
        );
    }

    #[test]
    fn refused_groups_and_failing_commands_are_named() {
        let applies = ApplyReport {
            failing_commands: vec!["reload".to_owned(), "other".to_owned()],
            refused: vec![RefusedReport {
                group: "nginx".to_owned(),
                reason: "the check failed: no".to_owned(),
            }],
            ..ApplyReport::default()
        };
        assert_eq!(
            line(vec![template("/a")], applies),
            "nginx: the check failed: no; command reload failed (retrying); 1 template written"
        );
    }
}
