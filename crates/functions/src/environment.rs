//! Functions for the environment: variables, the time, the scratch pad.

use minijinja::Value;

use super::args::{FunctionResult, fail, text};
use crate::function::{Call, Function, Group};
use gotemplate::time;

row_constructor!(environment, Group::Environment);

pub(super) static TABLE: &[Function] = &[
    environment(
        ["env", "env"],
        "(name string) string",
        "The value of an environment variable; an empty string if it is not set.",
        env,
    ),
    environment(
        ["mustEnv", "must_env"],
        "(name string) string",
        "The value of an environment variable; an error if it is not set or empty.",
        must_env,
    ),
    environment(
        ["envOrDefault", "env_or_default"],
        "(name string, default string) string",
        "The value of an environment variable, or the default if it is not set.",
        env_or_default,
    ),
    environment(
        ["timestamp", "timestamp"],
        "(layout ...string) string",
        "The current time in UTC: as RFC 3339, as seconds with \"unix\", or in a Go layout such as \"2006-01-02\".",
        timestamp,
    ),
    environment(
        ["scratch", "scratch"],
        "() scratch",
        "The scratch space: values that the template sets and reads while it renders.",
        scratch,
    ),
];

fn env(call: &Call<'_>) -> FunctionResult {
    let [name] = call.exactly("env")?;
    Ok(Value::from(
        call.context.variable(text(name)?).unwrap_or_default(),
    ))
}

fn must_env(call: &Call<'_>) -> FunctionResult {
    let [name] = call.exactly("mustEnv")?;
    let name = text(name)?;
    match call.context.variable(name) {
        Some(value) if !value.is_empty() => Ok(Value::from(value)),
        _ => fail(format!("required environment variable {name:?} is empty")),
    }
}

fn env_or_default(call: &Call<'_>) -> FunctionResult {
    let [name, default] = call.exactly("envOrDefault")?;
    let (name, default) = (text(name)?, text(default)?);
    Ok(Value::from(call.context.variable(name).unwrap_or(default)))
}

fn timestamp(call: &Call<'_>) -> FunctionResult {
    let now = call.context.now();
    match call.texts()?.as_slice() {
        [] => Ok(Value::from(time::format("2006-01-02T15:04:05Z07:00", now))),
        ["unix"] => Ok(Value::from(now.as_second().to_string())),
        [layout] => Ok(Value::from(time::format(layout, now))),
        more => fail(format!(
            "timestamp: wrong number of arguments, expected 0 or 1, but got {}",
            more.len()
        )),
    }
}

fn scratch(call: &Call<'_>) -> FunctionResult {
    let [] = call.exactly("scratch")?;
    Ok(Value::from_dyn_object(call.context.scratch()))
}
