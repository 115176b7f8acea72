//! Functions for defaults, conditions and `fail`.

use minijinja::Value;
use minijinja::value::ValueKind;

use super::{cast, first_and_rest, sprig};
use crate::args::{fail, text, wrong_type};
use crate::function::Function;

pub(crate) static TABLE: &[Function] = &[
    sprig(
        ["sprig_default", "sprig_default"],
        "(default any, value any) any",
        "The value, or the default if the value is empty or missing.",
        |call| {
            let (default, rest) = first_and_rest(call, "sprig_default")?;
            Ok(rest
                .first()
                .filter(|given| !cast::is_empty(given))
                .unwrap_or(default)
                .clone())
        },
    ),
    sprig(
        ["sprig_empty", "sprig_empty"],
        "(value any) bool",
        "Whether a value is nil, 0, false or empty.",
        |call| {
            let [only] = call.exactly("sprig_empty")?;
            Ok(Value::from(cast::is_empty(only)))
        },
    ),
    sprig(
        ["sprig_coalesce", "sprig_coalesce"],
        "(values ...any) any",
        "The first value that is not empty.",
        |call| {
            let found = call.args.iter().find(|value| !cast::is_empty(value));
            Ok(found.cloned().unwrap_or_else(|| Value::from(())))
        },
    ),
    sprig(
        ["sprig_all", "sprig_all"],
        "(values ...any) bool",
        "Whether no value is empty.",
        |call| Ok(Value::from(!call.args.iter().any(cast::is_empty))),
    ),
    sprig(
        ["sprig_any", "sprig_any"],
        "(values ...any) bool",
        "Whether a value is not empty.",
        |call| Ok(Value::from(!call.args.iter().all(cast::is_empty))),
    ),
    sprig(
        ["sprig_ternary", "sprig_ternary"],
        "(yes any, no any, condition bool) any",
        "The first value if the condition is true, otherwise the second.",
        |call| {
            let [yes, no, condition] = call.exactly("sprig_ternary")?;
            if condition.kind() != ValueKind::Bool {
                return fail(wrong_type("bool", condition));
            }
            Ok(if condition.is_true() { yes } else { no }.clone())
        },
    ),
    sprig(
        ["sprig_fail", "sprig_fail"],
        "(message string) string",
        "Fails the rendering with a message.",
        |call| {
            let [message] = call.exactly("sprig_fail")?;
            fail(text(message)?)
        },
    ),
    sprig(
        ["sprig_hello", "sprig_hello"],
        "() string",
        "Hello!",
        |call| {
            let [] = call.exactly("sprig_hello")?;
            Ok(Value::from("Hello!"))
        },
    ),
];
