//! Shows the progress of `-once` on a terminal: one line that is updated while it waits, and one
//! line about success.
//!
//! Input: the published [`Report`], and the time. Output: text on standard error; none if standard
//! output or error is not a terminal.

use std::io::{self, IsTerminal as _, Write as _};
use std::sync::{Arc, mpsc};
use std::thread;
use std::time::{Duration, Instant};

use tokio::sync::watch;

use crate::report::{Report, TemplatePhase};

/// The time without an end after which the line is shown.
const DELAY: Duration = Duration::from_secs(2);

/// The time after which the line is shown again, because log lines overwrite it.
const INTERVAL: Duration = Duration::from_secs(1);

/// The time that the end waits for the terminal.
const FINISH_TIMEOUT: Duration = Duration::from_millis(200);

/// The width of a terminal whose size is unknown, in columns.
const DEFAULT_WIDTH: usize = 80;

/// The line of `-once`.
#[derive(Debug)]
pub struct Progress {
    /// The reports; `None` if nothing is shown.
    reports: Option<watch::Receiver<Arc<Report>>>,
    /// The time at which the line is shown next.
    next: Instant,
    /// The thread that writes; `None` before the first line. The loop must not wait for a terminal.
    terminal: Option<mpsc::Sender<Text>>,
}

/// A text for the terminal, and a channel that is closed when it is written.
type Text = (String, Option<mpsc::Sender<()>>);

impl Progress {
    /// Creates the line, for `-once` on a terminal.
    pub fn new(is_once: bool, reports: &watch::Sender<Arc<Report>>, now: Instant) -> Self {
        let is_shown = is_once && io::stdout().is_terminal() && io::stderr().is_terminal();
        Self {
            reports: is_shown.then(|| reports.subscribe()),
            next: now + DELAY,
            terminal: None,
        }
    }

    /// Shows the line if it is due.
    pub fn update(&mut self, now: Instant) {
        let Some(reports) = self.reports.as_ref().filter(|_| now >= self.next) else {
            return;
        };
        self.next = now + INTERVAL;
        let line = waiting(&reports.borrow(), width()).unwrap_or_default();
        // After the line, the cursor is at its begin, and a log line erases the row first.
        self.print(format!("\r{line}\x1b[K\r"), None);
    }

    /// The time at which the line is shown next.
    pub fn next_wake(&self) -> Option<Instant> {
        self.reports.as_ref().map(|_| self.next)
    }

    /// Removes the line. After a success, says what was done.
    pub fn finish(mut self, has_succeeded: bool) {
        let Some(reports) = self.reports.take() else {
            return;
        };
        let clear = self.terminal.as_ref().map(|_| "\r\x1b[K");
        let text = has_succeeded.then(|| format!("{}\n", success(&reports.borrow())));
        if clear.is_none() && text.is_none() {
            return;
        }
        let (sender, written) = mpsc::channel();
        let text = clear.unwrap_or_default().to_owned() + &text.unwrap_or_default();
        self.print(text, Some(sender));
        // The channel is closed when the text is written.
        let _ = written.recv_timeout(FINISH_TIMEOUT);
    }

    fn print(&mut self, text: String, written: Option<mpsc::Sender<()>>) {
        if self.terminal.is_none() {
            let (sender, texts) = mpsc::channel::<Text>();
            let thread = thread::Builder::new().name("terminal".to_owned());
            if thread.spawn(move || write_all(texts)).is_err() {
                return;
            }
            self.terminal = Some(sender);
        }
        if let Some(terminal) = &self.terminal {
            let _ = terminal.send((text, written));
        }
    }
}

fn write_all(texts: mpsc::Receiver<Text>) {
    for (text, written) in texts {
        let mut stderr = io::stderr().lock();
        // A terminal that is gone shows nothing.
        let _ = stderr.write_all(text.as_bytes());
        let _ = stderr.flush();
        drop(written);
    }
}

/// The width of the terminal, in columns.
fn width() -> usize {
    let size = terminal_size::terminal_size_of(io::stderr());
    size.map_or(DEFAULT_WIDTH, |(columns, _)| usize::from(columns.0))
}

/// The line while templates wait; `None` if none does. It leaves the last column free, because some
/// terminals wrap there.
fn waiting(report: &Report, width: usize) -> Option<String> {
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
    // The text of a server must not control the terminal.
    let line = line.replace(char::is_control, "\u{fffd}");
    Some(match line.char_indices().nth(width.saturating_sub(1)) {
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
        let template = |state: &TemplatePhase| TemplateReport::example(None, *state);
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
            waiting(&report, 80).as_deref(),
            Some("waiting for 1 of 2 templates: web.ctmpl")
        );
        report.templates[1].waiting = Some(Arc::from("é".repeat(200)));
        for width in [20, 80, 200] {
            let line = waiting(&report, width).unwrap();
            assert_eq!(line.chars().count(), width - 1);
        }
        report.templates[1].waiting = Some("a\u{1b}]0;title\u{7}\r".into());
        let line = waiting(&report, 80).unwrap();
        assert!(!line.contains(char::is_control), "{line:?}");
        report.templates[1].state = TemplatePhase::UpToDate;
        assert_eq!(waiting(&report, 80), None);
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
