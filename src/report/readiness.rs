//! Decides whether the daemon is ready: every file has the content that its program should use.
//!
//! Input: a [`Report`]. Output: the [`Problem`]s; none if it is ready.

use serde::Serialize;
use status_server::DaemonReport;

use super::{Phase, Report, TemplatePhase, TemplateReport};

/// The reason for which the daemon is not ready.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Problem {
    /// The kind of the object that has the problem.
    kind: Kind,
    /// The object: a template, a command line or a group; `None` for the other kinds.
    name: Option<String>,
    /// The destination of the template; `None` for the other kinds, and if it has none.
    destination: Option<String>,
    /// The reason.
    reason: String,
}

/// The object that has a problem.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
enum Kind {
    Process,
    Consul,
    Template,
    Group,
    Command,
}

impl DaemonReport for Report {
    const VERSION: &'static str = env!("CARGO_PKG_VERSION");

    type Problem = Problem;

    fn is_ending(&self) -> bool {
        self.phase == Phase::Ending
    }

    fn problems(&self) -> Vec<Problem> {
        problems(self)
    }
}

/// Returns the reasons for which the daemon is not ready.
fn problems(report: &Report) -> Vec<Problem> {
    let problem = |kind, name: Option<&str>, reason: &str| Problem {
        kind,
        name: name.map(str::to_owned),
        destination: None,
        reason: reason.to_owned(),
    };
    let mut problems = Vec::new();
    if report.phase == Phase::Ending {
        problems.push(problem(Kind::Process, None, "it is shutting down"));
    }
    if report.dependencies.is_outage {
        problems.push(problem(Kind::Consul, None, "it does not answer"));
    }
    problems.extend(report.templates.iter().filter_map(of_template));
    for refused in &report.applies.refused {
        problems.push(problem(Kind::Group, Some(&refused.group), &refused.reason));
    }
    for command in &report.applies.failing_commands {
        let reason = "its last run failed; the log has the reason";
        problems.push(problem(Kind::Command, Some(command), reason));
    }
    problems
}

/// The problem of a template.
fn of_template(template: &TemplateReport) -> Option<Problem> {
    let destination = template.destination.as_deref();
    Some(Problem {
        kind: Kind::Template,
        name: Some(template.name.as_ref().to_owned()),
        destination: destination.map(|path| path.to_string_lossy().into_owned()),
        reason: reason(template)?,
    })
}

fn reason(template: &TemplateReport) -> Option<String> {
    if template.state == TemplatePhase::Failed {
        return Some("it fails; the log has the reason".to_owned());
    }
    if template.is_written {
        return None;
    }
    Some(match (&template.waiting, template.missing) {
        (Some(line), _) => line.to_string(),
        (None, 0) => "it is not written yet".to_owned(),
        (None, 1) => "waiting for 1 query".to_owned(),
        (None, missing) => format!("waiting for {missing} queries"),
    })
}

#[cfg(test)]
mod tests {
    use super::super::RefusedReport;
    use super::*;

    fn template(state: TemplatePhase) -> TemplateReport {
        TemplateReport::example(Some("/etc/app.conf".into()), state)
    }

    fn reasons(report: &Report) -> Vec<String> {
        let text = |problem: &Problem| {
            let name = problem.name.as_deref().unwrap_or_default();
            let file = problem
                .destination
                .as_deref()
                .map(|it| format!(" for {it}"));
            let file = file.unwrap_or_default();
            format!("{:?} {name}{file}: {}", problem.kind, problem.reason)
        };
        problems(report).iter().map(text).collect()
    }

    #[test]
    fn a_written_template_is_ready_even_if_new_data_is_outstanding() {
        let written = TemplateReport {
            is_written: true,
            missing: 1,
            ..template(TemplatePhase::Waiting)
        };
        let none: Vec<String> = Vec::new();
        assert_eq!(reasons(&Report::example(vec![written])), none);
        assert_eq!(reasons(&Report::example(Vec::new())), none);
    }

    #[test]
    fn every_problem_has_its_object_and_its_reason() {
        let waiting = |missing, line: Option<&str>| TemplateReport {
            missing,
            waiting: line.map(Into::into),
            ..template(TemplatePhase::Waiting)
        };
        let failed = TemplateReport {
            is_written: true,
            ..template(TemplatePhase::Failed)
        };
        let lines = [
            waiting(0, None),
            waiting(1, None),
            waiting(2, None),
            waiting(2, Some("web.ctmpl:1: waiting for kv.get(a)")),
            failed,
        ];
        let mut report = Report::example(lines.into());
        report.phase = Phase::Ending;
        report.dependencies.is_outage = true;
        report.applies.failing_commands = vec!["reload".to_owned()];
        report.applies.refused = vec![RefusedReport {
            group: "nginx".to_owned(),
            reason: "the check failed: no".to_owned(),
        }];
        assert_eq!(
            reasons(&report),
            [
                "Process : it is shutting down",
                "Consul : it does not answer",
                "Template web.ctmpl for /etc/app.conf: it is not written yet",
                "Template web.ctmpl for /etc/app.conf: waiting for 1 query",
                "Template web.ctmpl for /etc/app.conf: waiting for 2 queries",
                "Template web.ctmpl for /etc/app.conf: web.ctmpl:1: waiting for kv.get(a)",
                "Template web.ctmpl for /etc/app.conf: it fails; the log has the reason",
                "Group nginx: the check failed: no",
                "Command reload: its last run failed; the log has the reason",
            ]
        );
    }
}
