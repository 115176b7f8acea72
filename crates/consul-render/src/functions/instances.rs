//! The functions for service instances, with the options that select and sort them.
//!
//! An option is written `"tag=a,b"` in both languages, or `tag=["a", "b"]` in Jinja. A filter of
//! consul-template never has an equals sign, so options do not change the meaning of existing templates.

use super::call_args::{CallArgs, is_after_first, named_args, valid};
use super::rendering::rendering;
use super::sources::{empty_list, source};
use crate::call_options::{CallOptions, to_datacenter};
use crate::choose::Choice;
use crate::reading::Selection;
use crate::records;
use crate::render_context::RenderContext;
use ::functions::args::FunctionResult;
use ::functions::{Call, Function, FunctionError};
use consul_watch::answer::Answer;
use consul_watch::query::{ConsulQuery, Query, QueryError};

/// The names of all options: those of [`Choice`], and those for all lists.
const OPTIONS: &[&str] = &[
    "tag",
    "unique",
    "require_port",
    "sort",
    "passing_for",
    "shuffle",
    "dc",
    "min",
    "on_collapse",
    "on_error",
    "stale_for",
];

pub(super) static TABLE: &[Function] = &[
    Function {
        options: OPTIONS,
        ..source(
            ["service", "service"],
            "(query string, filters or options ...string) []service",
            "The instances of a service; without a filter only those whose health checks pass.",
            |call| instances(call, Query::service),
        )
    },
    Function {
        options: OPTIONS,
        ..source(
            ["connect", "connect"],
            "(query string, filters or options ...string) []service",
            "The mesh-capable instances of a service: its sidecar proxies, or native ones.",
            |call| instances(call, Query::connect),
        )
    },
];

/// The filters of instances by their health.
const HEALTH_FILTERS: &[&str] = &["any", "passing", "warning", "critical", "maintenance"];

/// The error of a refused query. The name of a registered service in it may be logged, but other values may be secret.
fn refused(call: &Call<'_>, texts: &[&str], error: &QueryError) -> FunctionError {
    let mut words = texts.iter().flat_map(|text| text.split('|'));
    let name = words.next().unwrap_or_default();
    let is_known = words.all(|word| HEALTH_FILTERS.contains(&word))
        && rendering(call).is_ok_and(|rendering| rendering.is_registered(name));
    if is_known {
        FunctionError::public(error.to_string())
    } else {
        FunctionError::new(error.to_string())
    }
}

fn instances(call: &Call<'_>, query: fn(&str) -> Result<Query, QueryError>) -> FunctionResult {
    let named = named_args(call);
    let CallArgs { texts, mut options } = CallArgs::read(call, &named, is_after_first)?;
    if texts.first().is_none_or(|first| first.is_empty()) {
        return Ok(empty_list());
    }
    let query = query(&texts.join("|")).map_err(|error| refused(call, &texts, &error))?;
    let rendering = rendering(call)?;
    if options.is_empty() {
        let (answer, reads) =
            rendering.request_with(&query, CallOptions::default(), Selection::All)?;
        return Ok(match answer.as_deref() {
            Some(Answer::Service(instances)) => records::list(instances, &reads),
            _ => empty_list(),
        });
    }
    let query = valid(
        rendering,
        &query,
        to_datacenter(query.clone(), &mut options),
    )?;
    let read =
        CallOptions::take(&mut options).and_then(|own| Ok((own, Choice::read(options, OPTIONS)?)));
    let (own, choice) = valid(rendering, &query, read)?;
    selected(rendering, query, own, &choice)
}

fn selected(
    rendering: &RenderContext,
    mut query: Query,
    own: CallOptions,
    choice: &Choice,
) -> FunctionResult {
    let mut near = false;
    if let Query::Consul(ConsulQuery::Service(service) | ConsulQuery::Connect(service)) = &mut query
    {
        if choice.wants_near() && service.near.is_empty() {
            "_agent".clone_into(&mut service.near);
        }
        near = !service.near.is_empty();
    }
    let passing_for = choice.passing_for();
    if !passing_for.is_zero() {
        rendering.times(&query, passing_for);
    }
    let order = choice.order(near);
    let selection = Selection::Instances(choice.clone(), order);
    let (answer, reads) = rendering.request_with(&query, own, selection)?;
    let Some(Answer::Service(instances)) = answer.as_deref() else {
        return Ok(empty_list());
    };
    let view = rendering.view_of(own);
    let chosen = choice.apply(instances, order, rendering.host(), |instance| {
        passing_for.is_zero() || rendering.has_passed(view, &query, instance, passing_for)
    });
    Ok(records::list(&chosen, &reads))
}
