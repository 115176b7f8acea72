//! Builds the [`Report`] of the daemon.
//!
//! Input: the parts. Output: plain data.

use std::sync::Arc;

use super::apply::{Apply, JobState, JobView};
use super::child::ChildPart;
use super::reload::Reload;
use super::renderer::Renderer;
use super::shutdown::Shutdown;
use super::waiting::Waiting;
use crate::report::{
    ApplyReport, ChildReport, DampedReport, DependencyReport, HeldReport, Phase, Report,
    TemplatePhase, TemplateReport,
};
use answer_guard::{DampedInstance, Held};
use consul_watch::query::Query;

/// The parts that a report describes.
#[derive(Clone, Copy)]
pub(super) struct StatusView<'a> {
    pub(super) renderer: &'a Renderer,
    pub(super) apply: &'a Apply,
    pub(super) child: &'a ChildPart,
    pub(super) reload: &'a Reload,
    pub(super) shutdown: &'a Shutdown,
    pub(super) waiting: &'a Waiting,
}

/// The state of the daemon.
pub(super) fn report(parts: StatusView<'_>) -> Report {
    let StatusView {
        renderer,
        apply,
        child,
        ..
    } = parts;
    let templates: Vec<_> = apply
        .jobs(renderer)
        .map(|job| template(job, parts.waiting))
        .collect();
    let failures = renderer.query_failures();
    let debts = apply.debts();
    Report {
        phase: phase(parts, &templates),
        templates,
        dependencies: DependencyReport {
            followed: renderer.followed().len(),
            failing: failures.own_failures(),
            is_outage: failures.is_outage(),
            restored: renderer.restored(),
            wake_ups: renderer.wake_ups(),
            held: renderer.held().map(held).collect(),
            damped: renderer.damped().map(damped).collect(),
        },
        applies: ApplyReport {
            is_writing: apply.is_applying(),
            is_running_command: apply.is_running_command(),
            files_written: apply.files_written(),
            commands_run: apply.commands_run(),
            owed: debts.unapplied().count(),
            failing_commands: debts.failing().map(|group| group.key.to_string()).collect(),
            refused: apply.refused(),
        },
        child: child.child().map(|own| ChildReport {
            command: own.config().line.to_string(),
            is_running: !child.is_over(),
            is_waiting: own.is_waiting(),
        }),
    }
}

fn held((query, held): (&Arc<Query>, &Held)) -> HeldReport {
    let loss = held.loss();
    HeldReport {
        query: query.to_string(),
        before: loss.before,
        after: loss.after,
        is_filtered: held.is_filtered(),
    }
}

fn damped((query, instance): (&Arc<Query>, DampedInstance<'_>)) -> DampedReport {
    DampedReport {
        query: query.to_string(),
        node: instance.node.to_owned(),
        instance: instance.id.to_owned(),
        toggles: instance.toggles,
        state: instance.shown.name(),
    }
}

fn phase(parts: StatusView<'_>, templates: &[TemplateReport]) -> Phase {
    if parts.shutdown.is_ending() {
        Phase::Ending
    } else if !templates.iter().all(|template| template.is_written) {
        Phase::Starting
    } else if parts.reload.is_in_progress() {
        Phase::Reloading
    } else {
        Phase::Ready
    }
}

fn template(job: JobView<'_>, waiting: &Waiting) -> TemplateReport {
    let JobView {
        template,
        destination,
    } = job;
    TemplateReport {
        name: template.name().into(),
        destination: template.job().destination.clone(),
        state: match job.state() {
            JobState::Waiting => TemplatePhase::Waiting,
            JobState::Done => TemplatePhase::UpToDate,
            JobState::Failed => TemplatePhase::Failed,
        },
        is_written: destination.is_written(),
        missing: template.missing().count(),
        waiting: waiting.line(template.number()),
        drift: destination.drift(),
        parked: destination.parked(),
        substitutes: template.substitutes(),
        is_held: destination.is_held(),
    }
}
