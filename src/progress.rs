//! Shows the progress of `-once` on a terminal: one line that is updated while it waits, and one
//! line about success.
//!
//! Input: the published [`Report`], and the time. Output: text on standard error; none if standard
//! output or error is not a terminal.

use std::io::{self, IsTerminal as _, Write as _};
use std::time::{Duration, Instant};

use tokio::sync::watch;

use crate::report::{Report, TemplatePhase};

/// The time without progress after which the line is shown.
const DELAY: Duration = Duration::from_secs(2);

/// The maximum length of the line, in characters: a longer one would wrap on a narrow terminal.
const MAX_LEN: usize = 79;

/// The line of `-once`.
#[derive(Debug)]
pub struct Progress {
    /// The reports; `None` if nothing is shown.
    reports: Option<watch::Receiver<Report>>,
    begin: Instant,
    /// The line on the terminal.
    shown: Option<String>,
}

impl Progress {
    /// Creates the line, for `-once` on a terminal.
    pub fn new(is_once: bool, reports: &watch::Sender<Report>, now: Instant) -> Self {
        let is_shown = is_once && io::stdout().is_terminal() && io::stderr().is_terminal();
        Self {
            reports: is_shown.then(|| reports.subscribe()),
            begin: now + DELAY,
            shown: None,
        }
    }

    /// Updates the line.
    pub fn update(&mut self, now: Instant) {
        let Some(reports) = self.reports.as_ref().filter(|_| now >= self.begin) else {
            return;
        };
        let line = waiting(&reports.borrow());
        if line != self.shown {
            // After the line, the cursor is at its begin, so that a log line overwrites it.
            print(&format!(
                "\r{}\x1b[K\r",
                line.as_deref().unwrap_or_default()
            ));
            self.shown = line;
        }
    }

    /// The time at which the line is shown for the first time.
    pub fn next_wake(&self, now: Instant) -> Option<Instant> {
        self.reports
            .as_ref()
            .map(|_| self.begin)
            .filter(|begin| now < *begin)
    }

    /// Removes the line. After a success, says what was done.
    pub fn finish(self, has_succeeded: bool) {
        if self.shown.is_some() {
            print("\r\x1b[K");
        }
        if let Some(reports) = self.reports.filter(|_| has_succeeded) {
            print(&format!("{}\n", success(&reports.borrow())));
        }
    }
}

fn print(text: &str) {
    let mut stderr = io::stderr().lock();
    // A terminal that is gone shows nothing.
    let _ = stderr.write_all(text.as_bytes());
    let _ = stderr.flush();
}

/// The line while templates wait; `None` if none does.
fn waiting(report: &Report) -> Option<String> {
    let templates = report.templates.iter();
    let waits = templates.filter(|template| template.state == TemplatePhase::Waiting);
    let waits: Vec<_> = waits.collect();
    let first = waits.first()?;
    let reason = match &first.waiting {
        Some(line) => line.to_string(),
        None => first.name.to_string(),
    };
    let (count, all) = (waits.len(), report.templates.len());
    let line = format!("waiting for {count} of {all} templates: {reason}");
    Some(match line.char_indices().nth(MAX_LEN) {
        Some((end, _)) => line[..end].to_owned(),
        None => line,
    })
}

fn success(report: &Report) -> String {
    let count = |count: u64, noun: &str| match count {
        1 => format!("1 {noun}"),
        count => format!("{count} {noun}s"),
    };
    let (written, run) = (report.applies.files_written, report.applies.commands_run);
    let unchanged = (report.templates.len() as u64).saturating_sub(written);
    let unchanged = match unchanged {
        0 => String::new(),
        unchanged => format!(", {unchanged} unchanged"),
    };
    format!(
        "-once: {} written{unchanged}, {} run",
        count(written, "file"),
        count(run, "command")
    )
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::report::{ApplyReport, DependencyReport, Phase, TemplateReport};

    fn report(states: &[TemplatePhase]) -> Report {
        let template = |state: &TemplatePhase| TemplateReport {
            name: "web.ctmpl".into(),
            destination: None,
            state: *state,
            is_written: false,
            missing: 0,
            waiting: None,
        };
        Report {
            phase: Phase::Starting,
            templates: states.iter().map(template).collect(),
            dependencies: DependencyReport::default(),
            applies: ApplyReport::default(),
            child: None,
        }
    }

    #[test]
    fn the_line_names_the_first_template_that_waits_and_fits_the_terminal() {
        let mut report = report(&[TemplatePhase::UpToDate, TemplatePhase::Waiting]);
        assert_eq!(
            waiting(&report).as_deref(),
            Some("waiting for 1 of 2 templates: web.ctmpl")
        );
        report.templates[1].waiting = Some(Arc::from("é".repeat(200)));
        let line = waiting(&report).unwrap();
        assert_eq!(line.chars().count(), MAX_LEN);
        report.templates[1].state = TemplatePhase::UpToDate;
        assert_eq!(waiting(&report), None);
    }

    #[test]
    fn success_has_the_numbers_of_files_and_commands() {
        let mut report = report(&[TemplatePhase::UpToDate; 3]);
        report.applies.files_written = 2;
        report.applies.commands_run = 1;
        assert_eq!(
            success(&report),
            "-once: 2 files written, 1 unchanged, 1 command run"
        );
    }
}
