//! The functions for single keys.

use std::sync::Arc;

use minijinja::Value;

use super::call_args::{CallArgs, NamedArgs, named_args, query_and_options};
use super::rendering::{refusal, rendering};
use crate::call_options::{ITEM_NAMES, Setting};
use crate::reading::Selection;
use crate::records::{self, Reads};
use crate::render_context::{Absence, RenderContext};
use ::functions::args::{FunctionResult, text};
use ::functions::{Call, FunctionError};
use consul_watch::answer::{Answer, Pair};
use consul_watch::query::Query;

/// The answer to a query for a key, and the marks of its fields.
struct Requested<'a> {
    rendering: &'a RenderContext,
    query: Query,
    answer: Option<Arc<Answer>>,
    reads: Reads,
}

impl Requested<'_> {
    /// The pair; `None` if there is no answer or no such key.
    fn pair(&self) -> Option<&Arc<Pair>> {
        match self.answer.as_deref() {
            Some(Answer::Key(entry)) => entry.as_ref(),
            _ => None,
        }
    }
}

/// The options of a call, as they are written.
type Options<'a> = Vec<(&'a str, Setting<'a>)>;

/// Reads `N` texts and the options after them.
fn texts_and_options<'a, const N: usize>(
    call: &Call<'a>,
    named: &'a NamedArgs,
    name: &str,
) -> Result<([&'a str; N], Options<'a>), FunctionError> {
    let after = call.args.iter().skip(N).filter(|arg| !arg.is_kwargs());
    let is_option = |arg: &Value| text(arg).is_ok_and(|text| text.contains('='));
    if !after.clone().all(is_option) {
        // There are too many.
        call.exactly::<N>(name)?;
    }
    let CallArgs { texts, options } = CallArgs::read(call, named, |position, _| position >= N)?;
    let got = texts.len();
    let texts = texts.try_into().map_err(|_| {
        FunctionError::new(format!(
            "wrong number of args for {name}: want {N} got {got}"
        ))
    })?;
    Ok((texts, options))
}

/// Requests a key. `needs_answer`: the template waits for an answer, also in a loop over datacenters.
fn request<'a>(
    call: &Call<'a>,
    name: &str,
    options: Options<'_>,
    needs_answer: bool,
) -> Result<Requested<'a>, FunctionError> {
    let rendering = rendering(call)?;
    let (query, options) = query_and_options(
        rendering,
        Query::key(name).map_err(refusal)?,
        options,
        ITEM_NAMES,
    )?;
    let options = if needs_answer {
        options.requiring_an_answer()
    } else {
        options
    };
    let (answer, reads) = rendering.request_with(&query, options, Selection::All)?;
    Ok(Requested {
        rendering,
        query,
        answer,
        reads,
    })
}

pub(super) fn key(call: &Call<'_>) -> FunctionResult {
    let named = named_args(call);
    let ([name], options) = texts_and_options(call, &named, "key")?;
    if name.is_empty() {
        return Ok(Value::from(""));
    }
    let requested = request(call, name, options, true)?;
    if requested.answer.is_none() {
        return Ok(Value::from(""));
    }
    let Requested {
        rendering, query, ..
    } = &requested;
    let pair = requested.pair().cloned();
    if let Some(pair) = pair.or_else(|| rendering.last_entry(query)) {
        return Ok(records::value_of(&pair, &requested.reads));
    }
    rendering.lacks(query, Absence::NoSuchKey);
    Ok(Value::from(""))
}

pub(super) fn key_exists(call: &Call<'_>) -> FunctionResult {
    let named = named_args(call);
    let ([name], options) = texts_and_options(call, &named, "keyExists")?;
    if name.is_empty() {
        return Ok(Value::from(false));
    }
    let requested = request(call, name, options, false)?;
    Ok(Value::from(requested.pair().is_some()))
}

pub(super) fn key_or_default(call: &Call<'_>) -> FunctionResult {
    let named = named_args(call);
    let ([name, default], options) = texts_and_options(call, &named, "keyOrDefault")?;
    if name.is_empty() {
        return Ok(Value::from(default));
    }
    let requested = request(call, name, options, false)?;
    Ok(match requested.pair() {
        Some(pair) => {
            let value = records::value_of(pair, &requested.reads);
            if pair.value.is_empty() {
                Value::from(default)
            } else {
                value
            }
        }
        None => Value::from(default),
    })
}
