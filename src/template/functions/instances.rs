//! Questions to Consul about the instances of a service.

use super::args::Outcome;
use super::sources::{empty_list, source};
use crate::answer::Answer;
use crate::query::{Query, QueryError};
use crate::template::function::{Call, Function};
use crate::template::records;

pub(super) static TABLE: &[Function] = &[
    source(
        ["service", "service"],
        "(query string, filters ...string) []service",
        "The instances of a service; without a filter only those that pass their checks.",
        |call| instances(call, Query::service),
    ),
    source(
        ["connect", "connect"],
        "(query string, filters ...string) []service",
        "The instances through which a service is reached in the mesh: its proxies, or itself.",
        |call| instances(call, Query::connect),
    ),
];

fn instances(call: &Call<'_>, query: fn(&str) -> Result<Query, QueryError>) -> Outcome {
    let texts = call.texts()?;
    if texts.first().is_none_or(|name| name.is_empty()) {
        return Ok(empty_list());
    }
    Ok(match call.pass.ask(&query(&texts.join("|"))?)?.as_deref() {
        Some(Answer::Service(instances)) => records::list(instances),
        _ => empty_list(),
    })
}
