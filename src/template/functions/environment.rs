//! The environment of the process and of the template: variables, the time, the scratch pad.

use minijinja::Value;

use super::args::{Outcome, refuse, text};
use super::{function, time};
use crate::template::function::{Call, Function, Group};

const fn environment(
    names: [&'static str; 2],
    signature: &'static str,
    summary: &'static str,
    code: fn(&Call<'_>) -> Outcome,
) -> Function {
    function(Group::Environment, names, signature, summary, code)
}

pub(super) static TABLE: &[Function] = &[
    environment(
        ["env", "env"],
        "(name string) string",
        "An environment variable, or nothing when it is not set.",
        env,
    ),
    environment(
        ["mustEnv", "must_env"],
        "(name string) string",
        "An environment variable; an error when it is not set or empty.",
        must_env,
    ),
    environment(
        ["envOrDefault", "env_or_default"],
        "(name string, default string) string",
        "An environment variable, or the default when it is not set.",
        env_or_default,
    ),
    environment(
        ["timestamp", "timestamp"],
        "(layout ...string) string",
        "The time in UTC: RFC 3339, with \"unix\" in seconds, else by a Go layout such as \"2006-01-02\".",
        timestamp,
    ),
    environment(
        ["scratch", "scratch"],
        "() scratch",
        "Values that the template keeps for the length of one pass.",
        scratch,
    ),
];

fn env(call: &Call<'_>) -> Outcome {
    let [name] = call.exactly("env")?;
    Ok(Value::from(
        call.pass.variable(text(name)?).unwrap_or_default(),
    ))
}

fn must_env(call: &Call<'_>) -> Outcome {
    let [name] = call.exactly("mustEnv")?;
    let name = text(name)?;
    match call.pass.variable(name) {
        Some(value) if !value.is_empty() => Ok(Value::from(value)),
        _ => refuse(format!("required environment variable {name:?} is empty")),
    }
}

fn env_or_default(call: &Call<'_>) -> Outcome {
    let [name, default] = call.exactly("envOrDefault")?;
    let (name, default) = (text(name)?, text(default)?);
    Ok(Value::from(call.pass.variable(name).unwrap_or(default)))
}

fn timestamp(call: &Call<'_>) -> Outcome {
    let now = call.pass.now();
    match call.texts()?.as_slice() {
        [] => Ok(Value::from(time::format("2006-01-02T15:04:05Z07:00", now))),
        ["unix"] => Ok(Value::from(now.as_second().to_string())),
        [written] => Ok(Value::from(time::format(written, now))),
        more => refuse(format!(
            "timestamp: wrong number of arguments, expected 0 or 1, but got {}",
            more.len()
        )),
    }
}

fn scratch(call: &Call<'_>) -> Outcome {
    let [] = call.exactly("scratch")?;
    Ok(Value::from_dyn_object(call.pass.scratch()))
}
