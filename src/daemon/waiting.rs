//! Says which templates wait for data, and why.
//!
//! Input: the templates with their missing data, and the time. Output: a warning per template after
//! 5 s and then at growing intervals, and a line for the [`Report`](crate::report::Report).

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::missing::{MissingData, missing_data_of};
use super::renderer::{Renderer, TemplateState};
use consul_render::Absence;

/// The time that a template waits before the first warning.
const FIRST_WARNING: Duration = Duration::from_secs(5);

/// The maximum time between two warnings about the same template. Each interval is twice as long as
/// the one before.
const LONGEST_INTERVAL: Duration = Duration::from_secs(60 * 60);

/// The maximum number of queries in a warning.
const MAX_LINES: usize = 20;

/// The templates that wait for data, by their numbers.
#[derive(Debug, Default)]
pub(super) struct Waiting(BTreeMap<usize, Wait>);

/// The wait of one template.
#[derive(Debug)]
struct Wait {
    /// The time of the next warning.
    next: Instant,
    interval: Duration,
    /// The first missing query of the last warning, with its place and reason.
    line: Option<Arc<str>>,
}

impl Waiting {
    /// Logs the warnings that are due.
    pub(super) fn advance(&mut self, renderer: &Renderer, now: Instant) {
        self.0.retain(|number, _| {
            let mut templates = renderer.templates().iter();
            templates.any(|template| template.number() == *number && !template.is_complete())
        });
        for template in renderer.templates() {
            if template.is_complete() {
                continue;
            }
            let wait = self.0.entry(template.number()).or_insert(Wait {
                next: now + FIRST_WARNING,
                interval: FIRST_WARNING,
                line: None,
            });
            if wait.next <= now {
                wait.warn(template, renderer, now);
            }
        }
    }

    /// The time of the next warning.
    pub(super) fn next_wake(&self) -> Option<Instant> {
        self.0.values().map(|wait| wait.next).min()
    }

    /// The first missing query of a template that has waited for some time.
    pub(super) fn line(&self, number: usize) -> Option<Arc<str>> {
        self.0.get(&number).and_then(|wait| wait.line.clone())
    }
}

impl Wait {
    fn warn(&mut self, template: &TemplateState, renderer: &Renderer, now: Instant) {
        let is_outage = renderer.query_failures().is_outage();
        // An outage has its own message, and its end is announced.
        let is_worth = |absence| !(is_outage && absence == Absence::Unanswered);
        let count = template.missing().filter(|(_, absence)| is_worth(*absence));
        let count = count.count();
        if count == 0 {
            self.next = now + FIRST_WARNING;
            return;
        }
        let missing = missing_data_of(template, renderer, is_worth, MAX_LINES);
        self.line = missing.first().map(|first| waiting_line(first).into());
        self.interval = (self.interval * 2).min(LONGEST_INTERVAL);
        self.next = now + self.interval;
        let name = template.name();
        let text = text(&name, &missing, count);
        tracing::warn!(name: "template.waiting", template = name, missing = count, "{text}");
    }
}

/// The text of a warning.
fn text(name: &str, missing: &[MissingData], count: usize) -> String {
    if let [one] = missing {
        return waiting_line(one);
    }
    let mut text = format!("{name}: waiting for {count} queries:");
    for line in missing {
        // Writing to a text cannot fail.
        let _ = write!(text, "\n{line}");
    }
    if count > missing.len() {
        let _ = write!(text, "\nand {} more", count - missing.len());
    }
    text
}

/// The line about one query.
fn waiting_line(missing: &MissingData) -> String {
    let (place, reason) = (missing.shown_place(), missing.reason());
    format!("{place}: waiting for {}: {reason}", missing.query)
}

#[cfg(test)]
mod tests {
    use super::*;
    use consul_watch::query::Query;

    #[test]
    fn a_warning_has_one_line_or_a_list() {
        let missing = |name: &str| MissingData {
            place: ("web.ctmpl".to_owned(), 1),
            query: Query::key(name).unwrap(),
            absence: Absence::NoSuchKey,
            failure: None,
        };
        assert_eq!(
            text("web.ctmpl", &[missing("app/port")], 1),
            "web.ctmpl:1: waiting for kv.get(app/port): the key does not exist"
        );
        assert_eq!(
            text("web.ctmpl", &[missing("a"), missing("b")], 5),
            "web.ctmpl: waiting for 5 queries:\n\
             web.ctmpl:1: kv.get(a): the key does not exist\n\
             web.ctmpl:1: kv.get(b): the key does not exist\n\
             and 3 more"
        );
    }
}
