//! Go's builtins for Jinja: what converted templates call in their place.

use minijinja::value::Rest;
use minijinja::{Environment, Error, State, Value};

use super::bridge::{Current, PASS, bounded, refused, source};
use crate::config::resolved::Format;
use crate::render::undefined::Undefined;
use gotemplate::go_functions::{GO_FUNCTIONS, GoFunction};
use gotemplate::redact;

/// Registers the functions that converted templates use in place of Go's builtins; those of one value are also filters.
pub(super) fn add_words(environment: &mut Environment<'static>) {
    for word in GO_FUNCTIONS {
        let said = move |state: &State<'_, '_>, args: Rest<Value>| say(word, state, &args);
        environment.add_function(word.name, said);
        if FILTERS.contains(&word.name) {
            environment.add_filter(word.name, said);
        }
    }
}

/// The functions of one value.
const FILTERS: [&str; 4] = ["go_text", "go_items", "go_pairs", "go_len"];

fn say(word: &GoFunction, state: &State<'_, '_>, args: &[Value]) -> Result<Value, Error> {
    let current = state.lookup(PASS);
    let current = current
        .as_ref()
        .and_then(Value::downcast_object_ref::<Current>);
    let outcome = match current.map(|current| &current.context) {
        _ if let Err(error) = bounded(args) => Err(error.0),
        Some(context) if context.format() != Format::None => match args {
            // Text of the template stays marked as safe: its values carry their own marks.
            [text] if word.name == "go_text" && text.is_safe() => return Ok(text.clone()),
            _ => (word.code)(
                &args
                    .iter()
                    .map(|arg| context.bare(arg.clone()))
                    .collect::<Vec<_>>(),
            ),
        },
        _ => (word.code)(args),
    };
    match outcome {
        Err(_) if current.is_some_and(|current| current.undefined == Undefined::Empty) => {
            Ok(Value::UNDEFINED)
        }
        outcome => outcome.map_err(|why| {
            // Quoted values are redacted later, as in all errors that do not come from a library function.
            refused(format!(
                "{}: {}",
                word.name,
                redact::numbers(&why, &source(state))
            ))
        }),
    }
}
