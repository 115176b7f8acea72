//! Go's built-in functions for Jinja. Converted templates call them.

use minijinja::value::Rest;
use minijinja::{Environment, Error, State, Value};

use super::bridge::{Current, PASS, bounded, refused, source};
use crate::undefined::Undefined;
use file_formats::Format;
use gotemplate::go_functions::{GO_FUNCTIONS, GoFunction};
use gotemplate::{FunctionError, redact};

/// Registers the equivalents of Go's built-in functions. Those with one argument are also filters.
pub(super) fn add_builtins(environment: &mut Environment<'static>) {
    for function in GO_FUNCTIONS {
        let code = move |state: &State<'_, '_>, args: Rest<Value>| call(function, state, &args);
        environment.add_function(function.name, code);
        if FILTERS.contains(&function.name) {
            environment.add_filter(function.name, code);
        }
    }
}

/// The functions with one argument.
const FILTERS: [&str; 4] = ["go_text", "go_items", "go_pairs", "go_len"];

fn call(function: &GoFunction, state: &State<'_, '_>, args: &[Value]) -> Result<Value, Error> {
    let current = state.lookup(PASS);
    let current = current
        .as_ref()
        .and_then(Value::downcast_object_ref::<Current>);
    let outcome = bounded(args)
        .map_err(FunctionError::into_text)
        .and_then(|()| {
            match current.map(|current| &current.context) {
                Some(context) if context.format() != Format::None => match args {
                    // Text of the template stays safe: its values have their own marks.
                    [text] if function.name == "go_text" && text.is_safe() => Ok(text.clone()),
                    _ => (function.code)(
                        &args
                            .iter()
                            .map(|arg| context.bare(arg.clone()))
                            .collect::<Vec<_>>(),
                    ),
                },
                _ => (function.code)(args),
            }
        });
    match outcome {
        Err(_) if current.is_some_and(|current| current.undefined == Undefined::Empty) => {
            Ok(Value::UNDEFINED)
        }
        outcome => outcome.map_err(|why| {
            // Quoted values are redacted later, as in all errors that do not come from a library function.
            refused(format!(
                "{}: {}",
                function.name,
                redact::numbers(&why, &source(state))
            ))
        }),
    }
}
