//! `ctmpl render`: prints a rendering with the data of a file.

use std::path::Path;
use std::sync::Arc;

use anyhow::bail;
use config_blocks::Environment;
use consul_render::session::{Session, Unsettled};
use consul_render::{
    Absence, RenderEnv, Rendering, Template, TemplateOptions, TemplateSource, language_of,
};
use consul_watch::query::Query;
use consul_watch::source::consul::Client;
use ctmpl_options::cli::RenderArguments;
use ctmpl_options::exit_code;
use jiff::Timestamp;

use super::answers::{Unanswered, answer, with_data};
use super::output::{Failure, print};

pub(super) fn run(arguments: &RenderArguments) -> Result<u8, Failure> {
    let rendered = || -> anyhow::Result<String> {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()?;
        runtime.block_on(render(arguments))
    };
    let text = rendered().map_err(|error| Failure::new(exit_code::FAILURE, error))?;
    Ok(print(&text))
}

async fn render(arguments: &RenderArguments) -> anyhow::Result<String> {
    let RenderArguments { data, file } = arguments;
    let source = TemplateSource::File(file.clone());
    let template = Template::read(&source, &TemplateOptions::new(language_of(file)))?;
    let settled = with_data(data.as_deref(), async |client| {
        settle(&template, client).await
    });
    let rendering = settled.await??;
    if !rendering.dependencies.is_complete() {
        bail!(missing(file, &template, &rendering));
    }
    Ok(rendering.text?)
}

/// Renders the template until all its queries are answered.
async fn settle(template: &Template, client: &Client) -> anyhow::Result<Rendering> {
    let environment: Environment = std::env::vars_os().collect();
    let env = Arc::new(RenderEnv::here(environment.readable().collect()));
    let mut session = Session::new(env, Timestamp::now());
    let settled = session.settle([template], async |query: &Query| {
        answer(query, Some(client)).await
    });
    match settled.await {
        Ok([rendering]) => Ok(rendering),
        Err(Unsettled::Endless(endless)) => Err(endless.into()),
        Err(Unsettled::Unanswered(Unanswered::Failed(error))) => Err(error.into()),
        Err(Unsettled::Unanswered(Unanswered::Plugin(_) | Unanswered::NoSource)) => {
            bail!("the template runs a plugin, which only the daemon does")
        }
    }
}

/// Describes the missing data: each query with its place, one on a line.
fn missing(template_file: &Path, template: &Template, rendering: &Rendering) -> String {
    let dependencies = &rendering.dependencies;
    let line = |(query, absence): (&Query, &Absence)| {
        let reason = match absence {
            Absence::Unanswered => "not answered",
            Absence::NoSuchKey => "the data has no such key",
            Absence::NothingBelow => "the data has nothing below this prefix",
        };
        let site = dependencies.sites.get(query);
        let place = match site.and_then(|site| template.place(site)) {
            Some((file, place)) => format!("{file}:{}", place.line),
            None => template_file.display().to_string(),
        };
        format!("{place}: {query}: {reason}; add it to the file of --data")
    };
    let lines: Vec<_> = dependencies.missing.iter().map(line).collect();
    lines.join("\n")
}
