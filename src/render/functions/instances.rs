//! The functions for service instances, with the options that select and sort them.
//!
//! An option is written `"tag=a,b"` in both languages, or `tag=["a", "b"]` in Jinja. A filter of
//! consul-template never has an equals sign, so options do not change the meaning of existing templates.

use minijinja::Value;
use minijinja::value::ValueKind;

use super::rendering::rendering;
use super::sources::{empty_list, source};
use crate::answer::Answer;
use crate::query::{ConsulQuery, Query, QueryError};
use crate::render::choose::{Choice, OPTIONS, Setting};
use crate::render::records;
use ::functions::args::{FunctionResult, text, wrong_type};
use ::functions::{Call, Function, FunctionError, named};

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

fn instances(call: &Call<'_>, query: fn(&str) -> Result<Query, QueryError>) -> FunctionResult {
    let (args, named) = match call.args.split_last() {
        Some((last, args)) if last.is_kwargs() => (args, named(last).collect()),
        _ => (call.args, Vec::new()),
    };
    let texts: Vec<&str> = args.iter().map(text).collect::<Result<_, _>>()?;
    let Some((first, more)) = texts.split_first().filter(|(first, _)| !first.is_empty()) else {
        return Ok(empty_list());
    };
    let positional = more
        .iter()
        .filter_map(|text| text.split_once('='))
        .map(|(name, text)| (name, Setting::Text(text)));
    let named = named
        .iter()
        .map(|(name, value)| Ok((name.as_str(), setting(call, name, value)?)));
    let options: Vec<_> = positional
        .map(Ok)
        .chain(named)
        .collect::<Result<_, FunctionError>>()?;
    let filters = more.iter().filter(|text| !text.contains('='));
    let parts: Vec<&str> = std::iter::once(first).chain(filters).copied().collect();
    let query = query(&parts.join("|"))?;
    if options.is_empty() {
        return Ok(match rendering(call)?.request(&query).as_deref() {
            Some(Answer::Service(instances)) => records::list(instances),
            _ => empty_list(),
        });
    }
    match Choice::read(options) {
        Ok(choice) => selected(call, query, &choice),
        Err(reason) => {
            if !rendering(call)?.is_complete() {
                // The option may depend on data that is still missing. Send the query now, so that
                // it does not wait for that data.
                rendering(call)?.request(&query);
            }
            Err(FunctionError::new(reason))
        }
    }
}

fn selected(call: &Call<'_>, mut query: Query, choice: &Choice) -> FunctionResult {
    let mut near = false;
    if let Query::Consul(ConsulQuery::Service(service) | ConsulQuery::Connect(service)) = &mut query
    {
        if choice.wants_near() && service.near.is_empty() {
            "_agent".clone_into(&mut service.near);
        }
        near = !service.near.is_empty();
    }
    let rendering = rendering(call)?;
    let passing_for = choice.passing_for();
    if !passing_for.is_zero() {
        rendering.times(&query, passing_for);
    }
    let answer = rendering.request(&query);
    let Some(Answer::Service(instances)) = answer.as_deref() else {
        return Ok(empty_list());
    };
    let order = choice.order(near);
    Ok(records::list(&choice.apply(
        instances,
        order,
        rendering.host(),
        |instance| passing_for.is_zero() || rendering.has_passed(&query, instance, passing_for),
    )))
}

fn setting<'a>(
    call: &Call<'_>,
    name: &str,
    value: &'a Value,
) -> Result<Setting<'a>, FunctionError> {
    Ok(match value.kind() {
        ValueKind::Bool => Setting::Text(if value.is_true() { "true" } else { "false" }),
        ValueKind::Seq => {
            let texts = call
                .list(value)?
                .iter()
                .map(|item| text(item).map(str::to_owned))
                .collect::<Result<_, _>>();
            Setting::List(texts.map_err(|error| FunctionError::new(format!("{name}: {error}")))?)
        }
        ValueKind::String => Setting::Text(text(value)?),
        _ => {
            return Err(FunctionError::new(format!(
                "{name}: {}",
                wrong_type("string", value)
            )));
        }
    })
}
