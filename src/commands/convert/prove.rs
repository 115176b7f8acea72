//! Proves a conversion: renders the Go template and its conversion with the same data.
//!
//! Input: both templates, and a Consul to query. Output: a [`Proof`].

use std::sync::Arc;

use config_blocks::Environment;
use consul_render::session::{Session, Unsettled};
use consul_render::{
    Language, Permissions, RenderEnv, Rendering, Template, TemplateError, TemplateOptions,
    TemplateSource,
};
use consul_watch::query::Query;
use consul_watch::source::Source as DataSource;
use ctmpl_convert::{Go, Jinja, Rendered};
use gotemplate::Delimiters;
use jiff::Timestamp;

use crate::commands::answers::{QueryError, Unanswered, answer};

pub(super) type Proof = ctmpl_convert::Proof<TemplateError>;

/// A Go template and its conversion.
#[derive(Debug)]
pub(super) struct Pair {
    go: Template,
    jinja: Template,
}

impl Pair {
    /// Parses both templates.
    pub(super) fn read(
        name: &str,
        go: &str,
        delimiters: &Delimiters,
        jinja: &str,
    ) -> Result<Self, TemplateError> {
        let read = |text: &str, language| {
            let source = TemplateSource::Inline {
                name: name.to_owned(),
                text: text.to_owned(),
            };
            Template::read(
                &source,
                &TemplateOptions {
                    delimiters: delimiters.clone(),
                    allow: Permissions::ALL,
                    ..TemplateOptions::new(language)
                },
            )
        };
        Ok(Self {
            go: read(go, Language::Go)?,
            jinja: read(jinja, Language::Jinja)?,
        })
    }

    /// Renders both templates until all their queries are answered, and compares the results.
    pub(super) async fn prove(
        &self,
        consul: Option<&impl DataSource>,
        environment: &Environment,
    ) -> Result<Proof, QueryError> {
        let env = Arc::new(RenderEnv::here(environment.readable().collect()));
        let mut session = Session::new(env, Timestamp::now());
        let templates = [&self.go, &self.jinja];
        let settled = session
            .settle(templates, async |query: &Query| answer(query, consul).await)
            .await;
        match settled {
            Ok(both) => Ok(compare(both)),
            Err(Unsettled::Endless(endless)) => Ok(Proof::Nothing(endless.to_string())),
            Err(Unsettled::Unanswered(Unanswered::Plugin(plugin))) => Ok(Proof::Nothing(format!(
                "it needs {plugin}, which a proof does not run"
            ))),
            Err(Unsettled::Unanswered(Unanswered::NoSource)) => Ok(Proof::NoData),
            Err(Unsettled::Unanswered(Unanswered::Failed(error))) => Err(error),
        }
    }
}

fn compare([go, jinja]: [Rendering; 2]) -> Proof {
    let missing = go.dependencies.missing.first_key_value();
    let go = match (missing, go.text) {
        (Some((query, _)), _) => Go::Nothing(format!("query {query} has no data")),
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
