//! The arguments of a call that requests data: texts, and options.
//!
//! An option is written `"tag=a,b"` in both languages, or `tag=["a", "b"]` in Jinja.

use minijinja::Value;
use minijinja::value::ValueKind;

use crate::call_options::{
    CallOptions, DATACENTER, NAMES, Setting, is_number, to_datacenter, unknown_option,
};
use crate::render_context::RenderContext;
use ::functions::args::{text, wrong_type};
use ::functions::{Call, FunctionError, named};
use consul_watch::query::Query;

/// The named arguments of Jinja.
pub(super) type NamedArgs = Vec<(String, Value)>;

/// Returns the named arguments of a call.
pub(super) fn named_args(call: &Call<'_>) -> NamedArgs {
    let last = call.args.last().filter(|last| last.is_kwargs());
    last.into_iter().flat_map(named).collect()
}

/// The texts and the options of a call.
pub(super) struct CallArgs<'a> {
    pub(super) texts: Vec<&'a str>,
    pub(super) options: Vec<(&'a str, Setting<'a>)>,
}

impl<'a> CallArgs<'a> {
    /// Reads arguments. A text with an equals sign is an option if `is_option` accepts its position
    /// and the name before the sign.
    ///
    /// # Errors
    /// If an argument has another type.
    pub(super) fn read(
        call: &Call<'a>,
        named: &'a NamedArgs,
        is_option: impl Fn(usize, &str) -> bool,
    ) -> Result<Self, FunctionError> {
        let mut texts = Vec::new();
        let mut options = Vec::new();
        let args = call.args.iter().filter(|arg| !arg.is_kwargs());
        for (position, arg) in args.enumerate() {
            let text = text(arg)?;
            match text.split_once('=') {
                Some((name, value)) if is_option(position, name) => {
                    options.push((name, Setting::Text(value)));
                }
                _ => texts.push(text),
            }
        }
        for (name, value) in named {
            options.push((name.as_str(), setting(call, name, value)?));
        }
        Ok(Self { texts, options })
    }
}

/// Reads the options of a function that has only these options.
///
/// # Errors
/// The invalid option, and the reason.
pub(super) fn call_options(
    mut options: Vec<(&str, Setting<'_>)>,
    names: &[&str],
) -> Result<CallOptions, String> {
    match options.iter().find(|(name, _)| !names.contains(name)) {
        None => CallOptions::take(&mut options),
        Some((name, _)) => Err(unknown_option(name, names)),
    }
}

/// Returns a query to the datacenter that the options name, and the other options.
///
/// # Errors
/// The invalid option, and the reason.
pub(super) fn query_and_options(
    context: &RenderContext,
    query: Query,
    mut options: Vec<(&str, Setting<'_>)>,
    names: &[&str],
) -> Result<(Query, CallOptions), FunctionError> {
    let query = if names.contains(&DATACENTER) {
        let to = to_datacenter(query.clone(), &mut options);
        valid(context, &query, to)?
    } else {
        query
    };
    let options = valid(context, &query, call_options(options, names))?;
    Ok((query, options))
}

/// Returns `true` for the options of all lists. No query begins with the name of one.
pub(super) fn is_call_option(_position: usize, name: &str) -> bool {
    NAMES.contains(&name)
}

/// Returns `true` for every text after the first.
pub(super) fn is_after_first(position: usize, _name: &str) -> bool {
    position > 0
}

/// Returns options that were read. If one is invalid, it may depend on data that is still missing,
/// so the query is requested now and does not wait for that data.
///
/// # Errors
/// The reason for which an option is invalid.
pub(super) fn valid<T>(
    context: &RenderContext,
    query: &Query,
    options: Result<T, String>,
) -> Result<T, FunctionError> {
    options.map_err(|reason| {
        if !context.is_complete() {
            context.request(query);
        }
        FunctionError::new(reason)
    })
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
        ValueKind::Number if is_number(name) => Setting::Number(value.as_i64().unwrap_or_default()),
        _ => {
            return Err(FunctionError::new(format!(
                "{name}: {}",
                wrong_type("string", value)
            )));
        }
    })
}
