//! The functions for single keys.

use std::sync::Arc;

use minijinja::Value;

use super::rendering::rendering;
use crate::answer::{Answer, Pair};
use crate::query::Query;
use crate::render::call_options::CallOptions;
use crate::render::reading::Selection;
use crate::render::records::{self, Reads};
use crate::render::render_context::Absence;
use ::functions::args::{FunctionResult, text};
use ::functions::{Call, FunctionError};

/// Returns the pair in an answer, and the marks of its fields; no pair if there is no answer or no such key.
fn pair((answer, reads): (Option<Arc<Answer>>, Reads)) -> (Option<Arc<Pair>>, Reads) {
    let pair = match answer.as_deref() {
        Some(Answer::Key(entry)) => entry.clone(),
        _ => None,
    };
    (pair, reads)
}

pub(super) fn key(call: &Call<'_>) -> FunctionResult {
    let [name] = call.exactly("key")?;
    let name = text(name)?;
    if name.is_empty() {
        return Ok(Value::from(""));
    }
    let query = Query::key(name)?;
    let rendering = rendering(call)?;
    let (pair, reads) = pair(rendering.request_part(&query, Selection::All));
    if let Some(pair) = pair.or_else(|| rendering.last_entry(&query)) {
        return Ok(records::value_of(&pair, &reads));
    }
    // Without an answer this has no effect: the absence is already recorded.
    rendering.lacks(&query, Absence::NoSuchKey);
    Ok(Value::from(""))
}

/// Returns the pair of a key that need not exist.
fn optional(call: &Call<'_>, name: &str) -> Result<(Option<Arc<Pair>>, Reads), FunctionError> {
    let options = CallOptions::default();
    let answer = rendering(call)?.request_with(&Query::key(name)?, options, Selection::All)?;
    Ok(pair(answer))
}

pub(super) fn key_exists(call: &Call<'_>) -> FunctionResult {
    let [name] = call.exactly("keyExists")?;
    let name = text(name)?;
    if name.is_empty() {
        return Ok(Value::from(false));
    }
    let (pair, _) = optional(call, name)?;
    Ok(Value::from(pair.is_some()))
}

pub(super) fn key_or_default(call: &Call<'_>) -> FunctionResult {
    let [name, default] = call.exactly("keyOrDefault")?;
    let (name, default) = (text(name)?, text(default)?);
    if name.is_empty() {
        return Ok(Value::from(default));
    }
    let (pair, reads) = optional(call, name)?;
    let value = pair.map(|pair| (records::value_of(&pair, &reads), pair));
    Ok(match value {
        Some((value, pair)) if !pair.value.is_empty() => value,
        _ => Value::from(default),
    })
}
