//! Renders a Go template and the Jinja template it was converted to on the same data.
//!
//! in:  both templates, and somebody to ask what they ask for
//! out: a [`Proof`]: they print the same, or how they differ

use std::collections::BTreeSet;
use std::sync::Arc;

use jiff::Timestamp;

use super::diff;
use crate::answer::Answer;
use crate::config::resolved::{
    Delimiters, FileConfig, Format, Job, Language, MissingKey, OnError, Permissions, Source,
};
use crate::query::{FileQuery, Query};
use crate::source::file::Files;
use crate::source::{Error, Poll, Source as DataSource, SourceQuery};
use crate::store::Snapshot;
use crate::template::{RenderEnv, Rendering, Template, TemplateError};

/// How often answers may lead to further questions.
const ROUNDS: usize = 100;

/// What came of rendering both.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Proof {
    /// They print the same, this many bytes.
    Same(usize),
    /// They print something else: a unified diff.
    Different(String),
    /// The Jinja template fails where the Go template does not.
    Fails(TemplateError),
    /// The Go template does not print anything with this data, so there is nothing to compare: why not.
    Nothing(String),
    /// They ask Consul, and there is none to be asked.
    NoData,
}

/// A proof that could not be tried.
#[derive(Debug, thiserror::Error)]
#[error("cannot ask for {query}")]
pub struct ProofError {
    query: Query,
    source: Error,
}

/// A Go template, and what it was converted to.
#[derive(Debug)]
pub struct Pair {
    go: Template,
    jinja: Template,
}

impl Pair {
    /// Reads both.
    ///
    /// # Errors
    /// [`TemplateError`] when one of them is not a template of its language.
    pub fn read(
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
            Template::read(&Job {
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
                sandbox: None,
                // A format could make both print the same of what differs, or another text of the same.
                format: Format::None,
                output_format: None,
                file: FileConfig::default(),
            })
        };
        Ok(Self {
            go: read(go, Language::Go)?,
            jinja: read(jinja, Language::Jinja)?,
        })
    }

    /// Renders both, asking for whatever they ask, and compares.
    ///
    /// # Errors
    /// [`ProofError`] when an answer cannot be had.
    pub async fn prove(
        &self,
        consul: Option<&impl DataSource>,
        around: &Arc<RenderEnv>,
    ) -> Result<Proof, ProofError> {
        let mut snapshot = Snapshot::default();
        let now = Timestamp::now();
        for _ in 0..ROUNDS {
            let both =
                [&self.go, &self.jinja].map(|template| template.render(&snapshot, around, now));
            let asked = both.iter().flat_map(|rendering| &rendering.asked.queries);
            let news: BTreeSet<Arc<Query>> = asked
                .filter(|query| snapshot.answer(query).is_none())
                .cloned()
                .collect();
            if news.is_empty() {
                return Ok(compare(both));
            }
            if let Some(plugin) = news
                .iter()
                .find(|query| matches!(***query, Query::Plugin(_)))
            {
                return Ok(Proof::Nothing(format!(
                    "it asks {plugin}, and a proof runs no programs"
                )));
            }
            for query in news {
                let Some(answer) = answer(&query, consul).await? else {
                    return Ok(Proof::NoData);
                };
                snapshot.record(query, Arc::new(answer));
            }
        }
        Ok(Proof::Nothing(format!(
            "it still asks for more after {ROUNDS} rounds of questions"
        )))
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
    if let Some((query, _)) = go.asked.missing.first_key_value() {
        return Proof::Nothing(format!("it waits for {query}, of which there is nothing"));
    }
    let wanted = match go.text {
        Ok(text) => text,
        Err(error) => return Proof::Nothing(error.to_string()),
    };
    match jinja.text {
        Err(error) => Proof::Fails(error),
        Ok(text) if text == wanted && go.outputs == jinja.outputs => Proof::Same(text.len()),
        Ok(text) if text == wanted => {
            Proof::Different("what they write with writeToFile differs\n".to_owned())
        }
        Ok(text) => Proof::Different(diff::unified(
            ["the Go template", &wanted],
            ["the Jinja template", &text],
        )),
    }
}
