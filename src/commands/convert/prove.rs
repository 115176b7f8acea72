//! Renders a Go template and its conversion on the same data.
//!
//! Input: both templates, and a Consul to query. Output: a [`Proof`].

use std::collections::BTreeSet;
use std::sync::Arc;

use ctmpl_convert::{Go, Jinja, Rendered};
use jiff::Timestamp;

use crate::answer::Answer;
use crate::config::Environment;
use crate::config::resolved::{
    Delimiters, FileConfig, Format, Job, Language, MissingKey, OnError, Permissions,
    RENDER_TIMEOUT, Source,
};
use crate::query::{FileQuery, Query};
use crate::source::file::Files;
use crate::source::{Error, Poll, Source as DataSource, SourceQuery};
use crate::store::Snapshot;
use crate::template::{RenderEnv, Rendering, Template, TemplateError};

/// How often answers may lead to further queries.
const MAX_ROUNDS: usize = 100;

pub(super) type Proof = ctmpl_convert::Proof<TemplateError>;

/// A query of a proof that failed.
#[derive(Debug, thiserror::Error)]
#[error("cannot ask for {query}")]
pub(super) struct ProofError {
    query: Query,
    source: Error,
}

/// A Go template and its conversion.
#[derive(Debug)]
pub(super) struct Pair {
    go: Template,
    jinja: Template,
}

impl Pair {
    /// Parses both.
    pub(super) fn read(
        name: &str,
        go: &str,
        delimiters: &Delimiters,
        jinja: &str,
    ) -> Result<Self, TemplateError> {
        let read = |text: &str, language| {
            let source = Source::Inline {
                name: name.to_owned(),
                text: text.to_owned(),
            };
            Template::read(&job(source, language, delimiters))
        };
        Ok(Self {
            go: read(go, Language::Go)?,
            jinja: read(jinja, Language::Jinja)?,
        })
    }

    /// Renders both until neither has a query without an answer, and compares the results.
    pub(super) async fn prove(
        &self,
        consul: Option<&impl DataSource>,
        environment: &Environment,
    ) -> Result<Proof, ProofError> {
        let environment = Arc::new(RenderEnv::here(environment.readable().collect()));
        let mut snapshot = Snapshot::default();
        let now = Timestamp::now();
        for _ in 0..MAX_ROUNDS {
            let both = [&self.go, &self.jinja]
                .map(|template| template.render(&snapshot, &environment, now));
            let queries = both.iter().flat_map(|rendering| &rendering.asked.queries);
            let new: BTreeSet<Arc<Query>> = queries
                .filter(|query| snapshot.answer(query).is_none())
                .cloned()
                .collect();
            if new.is_empty() {
                return Ok(compare(both));
            }
            if let Some(plugin) = new
                .iter()
                .find(|query| matches!(***query, Query::Plugin(_)))
            {
                let reason = format!("it asks {plugin}, and a proof runs no programs");
                return Ok(Proof::Nothing(reason));
            }
            for query in new {
                let Some(answer) = answer(&query, consul).await? else {
                    return Ok(Proof::NoData);
                };
                snapshot.record(query, Arc::new(answer));
            }
        }
        Ok(Proof::Nothing(format!(
            "it still has new queries after {MAX_ROUNDS} rounds"
        )))
    }
}

/// A job that renders a template and nothing else.
fn job(source: Source, language: Language, delimiters: &Delimiters) -> Job {
    Job {
        source,
        language,
        destination: None,
        command: None,
        settle: None,
        missing_key: MissingKey::default(),
        delimiters: delimiters.clone(),
        allow: Permissions::ALL,
        denied: Arc::default(),
        on_error: OnError::default(),
        render_timeout: RENDER_TIMEOUT,
        sandbox: None,
        // A format could escape different values to the same text.
        format: Format::None,
        output_format: None,
        file: FileConfig::default(),
    }
}

async fn answer<S: DataSource>(
    query: &Query,
    consul: Option<&S>,
) -> Result<Option<Answer>, ProofError> {
    let answered = if let Some(file) = FileQuery::select(query) {
        Files.poll(file, Poll::once(0)).await
    } else {
        let (Some(consul), Some(query)) = (consul, S::Query::select(query)) else {
            return Ok(None);
        };
        consul.poll(query, Poll::once(consul.preferred())).await
    };
    let answered = answered.map(|reply| reply.answer);
    answered.map(Some).map_err(|source| ProofError {
        query: query.clone(),
        source,
    })
}

fn compare([go, jinja]: [Rendering; 2]) -> Proof {
    let missing = go.asked.missing.first_key_value();
    let go = match (missing, go.text) {
        (Some((query, _)), _) => {
            Go::Nothing(format!("it waits for {query}, of which there is nothing"))
        }
        (None, Err(error)) => Go::Nothing(error.to_string()),
        (None, Ok(text)) => Go::Text(Rendered {
            text,
            files: go.outputs,
        }),
    };
    let jinja = match jinja.text {
        Err(error) => Jinja::Fails(error),
        Ok(text) => Jinja::Text(Rendered {
            text,
            files: jinja.outputs,
        }),
    };
    Proof::compare(go, jinja)
}
