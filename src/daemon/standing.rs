//! How it stands, for whoever watches over the process.
//!
//! in:  what the loop knows
//! out: a [`Status`]: whether everything was written once, and one line for people that changes with trouble only

use super::job::{JobState, Stage};
use super::state::State;
use crate::systemd::{Phase, Status};

/// What the line is made of.
#[derive(Debug)]
struct Facts<'a> {
    templates: usize,
    written: usize,
    /// The first template that fails, and how many do.
    failing: Option<(String, usize)>,
    /// The command that failed last time it ran.
    command: Option<String>,
    outage: bool,
    /// How many questions fail by themselves.
    questions: usize,
    phase: Phase,
    /// What is done in this phase.
    doing: &'a str,
}

impl State {
    /// How it stands now.
    pub(super) fn standing(&self) -> Status {
        let written = self.jobs.iter().filter(|job| job.is_written()).count();
        let phase = match () {
            () if self.ending.is_some() => Phase::Ending,
            () if written < self.jobs.len() => Phase::Starting,
            () if self.reloading => Phase::Reloading,
            () => Phase::Ready,
        };
        let mut failing = self
            .jobs
            .iter()
            .filter(|job| job.stage() == Stage::Failed)
            .map(JobState::name);
        let facts = Facts {
            templates: self.jobs.len(),
            written,
            failing: failing.next().map(|first| (first, 1 + failing.count())),
            command: self.ledger.failing().next().map(ToString::to_string),
            outage: self.troubles.is_outage(),
            questions: self.troubles.questions(),
            phase,
            doing: match phase {
                Phase::Ending => "ending; ",
                Phase::Reloading => "reading everything again; ",
                Phase::Starting | Phase::Ready => "",
            },
        };
        Status {
            phase,
            status: facts.line(),
        }
    }
}

impl Facts<'_> {
    fn line(&self) -> String {
        let Self {
            templates,
            written,
            failing,
            command,
            outage,
            questions,
            phase,
            doing,
        } = self;
        let mut troubles = Vec::new();
        if *outage {
            troubles.push("Consul does not answer, and is asked again".to_owned());
        }
        match questions {
            0 => {}
            1 => troubles.push("a query fails".to_owned()),
            count => troubles.push(format!("{count} queries fail")),
        }
        match failing {
            Some((name, 1)) => troubles.push(format!("{name} fails")),
            Some((name, count)) => troubles.push(format!("{name} and {} more fail", count - 1)),
            None => {}
        }
        if let Some(command) = command {
            troubles.push(format!("the command {command} fails, and is run again"));
        }
        let noun = if *templates == 1 {
            "template"
        } else {
            "templates"
        };
        let rest = match phase {
            Phase::Starting => format!("{written} of {templates} {noun} written"),
            _ if troubles.is_empty() => format!("{templates} {noun} up to date"),
            _ => format!("{templates} {noun} written"),
        };
        troubles.push(rest);
        format!("{doing}{}", troubles.join("; "))
    }
}
