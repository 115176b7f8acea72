//! Missing data: each query with its reason and the place that requests it.

use std::fmt;

use super::renderer::{Renderer, TemplateState};
use consul_render::Absence;
use consul_watch::query::Query;

/// One query without data.
#[derive(Debug)]
pub(super) struct MissingData {
    /// The requesting file and line; line 0 stands for the whole file.
    pub(super) place: (String, u32),
    pub(super) query: Query,
    pub(super) absence: Absence,
    /// The last error of the query, or why its answer is held back.
    pub(super) failure: Option<String>,
}

impl MissingData {
    /// Logs the missing data.
    pub(super) fn log(&self) {
        let Self {
            place: (template, line),
            query,
            ..
        } = self;
        tracing::error!(name: "data.missing", template, line, %query, "{self}");
    }
}

impl MissingData {
    /// The file, and the line if it is known.
    pub(super) fn shown_place(&self) -> String {
        match &self.place {
            (file, 0) => file.clone(),
            (file, line) => format!("{file}:{line}"),
        }
    }

    /// The reason for which the data is missing.
    pub(super) fn reason(&self) -> &str {
        match (&self.failure, self.absence) {
            (Some(failure), _) => failure,
            (None, Absence::Unanswered) => "not answered yet",
            (None, Absence::NoSuchKey) => "the key does not exist",
            (None, Absence::NothingBelow) => "there is nothing below this prefix",
        }
    }
}

impl fmt::Display for MissingData {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{}: {}: {}",
            self.shown_place(),
            self.query,
            self.reason()
        )
    }
}

/// The missing data of a template, at most `max` queries whose absence is `wanted`, sorted by
/// place.
pub(super) fn missing_data_of(
    template: &TemplateState,
    renderer: &Renderer,
    wanted: impl Fn(Absence) -> bool,
    max: usize,
) -> Vec<MissingData> {
    let missing = template.missing().filter(|(_, absence)| wanted(*absence));
    let describe = |(query, absence): (&Query, Absence)| MissingData {
        place: template.place_of(query),
        query: query.clone(),
        absence,
        failure: renderer
            .query_failures()
            .text(query)
            .or_else(|| renderer.held_text(query)),
    };
    let mut all: Vec<_> = missing.take(max).map(describe).collect();
    all.sort_by(|a, b| a.place.cmp(&b.place));
    all
}
