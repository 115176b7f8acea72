//! The failing queries for which a template uses an earlier answer or none.
//!
//! Input: the dependencies of each pass. Output: a warning when a substitute comes into use, and the lines of the report.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::report::SubstituteReport;
use consul_render::{Dependencies, Substitute, SubstituteKind};
use consul_watch::query::Query;

/// The substitutes of one template.
#[derive(Debug, Default)]
pub(super) struct Substitutes(BTreeMap<Arc<Query>, SubstituteKind>);

impl Substitutes {
    /// Adopts those of a pass. Returns those that are new.
    pub(super) fn after_pass<'a>(
        &mut self,
        dependencies: &'a Dependencies,
    ) -> Vec<(&'a Arc<Query>, &'a Substitute)> {
        let latest = dependencies.substitutes.iter();
        let new = latest
            .clone()
            .filter(|(query, substitute)| self.0.get(*query) != Some(&substitute.kind))
            .collect();
        self.0 = latest
            .map(|(query, substitute)| (Arc::clone(query), substitute.kind))
            .collect();
        new
    }

    /// The lines of the report.
    pub(super) fn report(&self) -> Vec<SubstituteReport> {
        let line = |(query, kind): (&Arc<Query>, &SubstituteKind)| SubstituteReport {
            query: query.to_string(),
            kind: *kind,
        };
        self.0.iter().map(line).collect()
    }
}

/// Logs that a substitute is in use.
pub(super) fn log(place: (String, u32), query: &Query, substitute: &Substitute) {
    let (template, line) = place;
    let place = match line {
        0 => template.clone(),
        line => format!("{template}:{line}"),
    };
    let error = &*substitute.error;
    match substitute.kind {
        SubstituteKind::Stale => {
            tracing::warn!(name: "query.stale", template, line, %query, error, "{place}: {query}: {error}; the last answer stays in use");
        }
        SubstituteKind::Empty => {
            tracing::warn!(name: "query.left_out", template, line, %query, error, "{place}: {query}: {error}; the template continues without it");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(substitutes: &[(&str, SubstituteKind)]) -> Dependencies {
        let substitutes = substitutes.iter().map(|(key, kind)| {
            let substitute = Substitute {
                kind: *kind,
                error: "e".into(),
            };
            (Arc::new(Query::key(key).unwrap()), substitute)
        });
        Dependencies {
            substitutes: substitutes.collect(),
            ..Dependencies::default()
        }
    }

    #[test]
    fn a_substitute_is_new_once_and_again_after_its_end() {
        use SubstituteKind::{Empty, Stale};
        let mut substitutes = Substitutes::default();
        let mut new = |of: &[(&str, SubstituteKind)]| {
            let dependencies = with(of);
            let new = substitutes.after_pass(&dependencies);
            assert_eq!(substitutes.report().len(), of.len());
            new.len()
        };
        assert_eq!(new(&[("a", Stale)]), 1);
        assert_eq!(new(&[("a", Stale), ("b", Empty)]), 1);
        assert_eq!(new(&[("a", Empty), ("b", Empty)]), 1);
        assert_eq!(new(&[]), 0);
        assert_eq!(new(&[("a", Empty)]), 1);
    }
}
