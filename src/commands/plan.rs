//! `ctmpl plan`: renders everything, and shows what would change; writes nothing, runs nothing.
//!
//! Input: the configuration, and Consul or the data of a file. Output: a diff of each file and the commands that would
//! run, or with `--cost` what the templates cost Consul.

mod advice;
mod changes;
mod cost;
mod report;

use std::cell::RefCell;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;

use anyhow::anyhow;
use apply_ledger::{History, OpenError};
use config_blocks::Environment;
use consul_render::session::{Session, Unsettled};
use consul_render::{RenderEnv, Rendering, Template};
use consul_watch::answer::Answer;
use consul_watch::query::Query;
use consul_watch::source::consul::Client;
use ctmpl_options::cli::PlanArguments;
use ctmpl_options::config::resolved::ConsulConfig;
use ctmpl_options::config::{self, Config};
use ctmpl_options::exit_code;
use error_line::chain;
use jiff::Timestamp;

use super::answers::{Unanswered, answer, with_data};
use super::output::{Failure, print, report as report_error};
use changes::{FilePlan, commands};
use cost::{Budget, QueryCost};

pub(super) fn run(arguments: PlanArguments) -> Result<u8, Failure> {
    let environment: Environment = std::env::vars_os().collect();
    let PlanArguments {
        arguments,
        data,
        cost,
        json,
    } = arguments;
    let config = config::load(*arguments, &environment)?;
    config.warnings.iter().for_each(report_error);
    let Some(templates) = read(&config) else {
        return Ok(exit_code::CONFIG);
    };
    let rendered = render(&templates, &config.consul, data.as_deref(), &environment);
    let Rendered { renderings, costs } =
        rendered.map_err(|error| Failure::new(exit_code::FAILURE, error))?;
    let held = held(&config);
    let files: Vec<_> = config
        .jobs
        .iter()
        .zip(&templates)
        .zip(&renderings)
        .map(|((job, template), rendering)| FilePlan::of(job, template, rendering))
        .map(|file| file.with_holds(&held))
        .collect();
    let text = if cost {
        let budget = Budget::of(&config.consul);
        let calls = cost::calls(templates.iter().zip(&renderings), &costs);
        let load = cost::load(&costs, budget);
        let advice = advice::advice(&calls, budget);
        if json {
            report::cost_as_json(&load, &calls, &advice)
        } else {
            report::cost_as_text(templates.len(), &load, &calls, &advice, budget)
        }
    } else {
        let commands = commands(&config.jobs, &files);
        if json {
            report::files_as_json(&files, &commands)
        } else {
            report::files_as_text(&files, &commands)
        }
    };
    print(&text);
    let problems: Vec<_> = files.iter().flat_map(FilePlan::problems).collect();
    problems.iter().for_each(report_error);
    Ok(if !problems.is_empty() {
        exit_code::FAILURE
    } else if !cost && files.iter().any(FilePlan::is_change) {
        exit_code::CHANGES
    } else {
        exit_code::SUCCESS
    })
}

/// The files that `ctmpl rollback` holds. Why they cannot be read is reported.
fn held(config: &Config) -> Vec<PathBuf> {
    let Some(directory) = config.state_dir.as_ref().map(|state_dir| &state_dir.path) else {
        return Vec::new();
    };
    let holds = match History::open(directory) {
        Ok(history) => history.holds().map_err(|error| chain(&error)),
        Err(OpenError::NoLedger { .. }) => return Vec::new(),
        Err(error) => Err(chain(&error)),
    };
    let now = SystemTime::now();
    match holds {
        Ok(holds) => {
            let active = holds.into_iter().filter(|hold| hold.is_active(now));
            active.map(|hold| hold.destination).collect()
        }
        Err(error) => {
            report_error(format!("{error}: files that are held are shown as changed"));
            Vec::new()
        }
    }
}

/// Reads the templates; `None` if one is invalid, which is reported.
fn read(config: &Config) -> Option<Vec<Template>> {
    let read = config.jobs.iter();
    let read = read.map(|job| Template::read(&job.source, &job.template));
    let (read, errors): (Vec<_>, Vec<_>) = read.partition(Result::is_ok);
    let errors = errors.into_iter().filter_map(Result::err);
    let errors = errors.map(|error| report_error(chain(&error))).count();
    (errors == 0).then(|| read.into_iter().flatten().collect())
}

/// Renders the templates with the data of a file, or of the configured Consul.
fn render(
    templates: &[Template],
    consul: &ConsulConfig,
    data: Option<&Path>,
    environment: &Environment,
) -> anyhow::Result<Rendered> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let env = Arc::new(RenderEnv::here(environment.readable().collect()));
    let connections = consul.load.connections;
    runtime.block_on(async {
        match data {
            Some(data) => {
                with_data(Some(data), async |client| {
                    settle(templates, env, client, connections).await
                })
                .await?
            }
            None => settle(templates, env, &Client::new(&consul.client)?, connections).await,
        }
    })
}

/// The renderings, and what their queries have cost.
struct Rendered {
    renderings: Vec<Rendering>,
    costs: Vec<QueryCost>,
}

/// Renders the templates until all their queries are answered, with at most this many connections.
async fn settle(
    templates: &[Template],
    env: Arc<RenderEnv>,
    client: &Client,
    connections: usize,
) -> anyhow::Result<Rendered> {
    let costs = RefCell::new(Vec::new());
    let mut session = Session::new(env, Timestamp::now()).within(connections);
    let settled = session.settle_all(templates, async |query: &Query| {
        let client = client.with_own_traffic();
        let answered = match answer(query, Some(&client)).await {
            Err(Unanswered::Plugin(_) | Unanswered::NoSource) => {
                let error = "ctmpl plan runs no plugin";
                Ok(Answer::Plugin(Err(error.into())))
            }
            answered => answered,
        };
        costs.borrow_mut().push(QueryCost {
            query: query.clone(),
            traffic: client.traffic(),
        });
        answered
    });
    let renderings = settled.await.map_err(|error| match error {
        Unsettled::Endless(endless) => endless.into(),
        Unsettled::Unanswered(Unanswered::Failed(error)) => error.into(),
        Unsettled::Unanswered(Unanswered::Plugin(_) | Unanswered::NoSource) => {
            anyhow!("a plugin has no answer")
        }
    });
    let mut costs = costs.into_inner();
    costs.sort_unstable_by(|one, other| one.query.cmp(&other.query));
    Ok(Rendered {
        renderings: renderings?,
        costs,
    })
}
