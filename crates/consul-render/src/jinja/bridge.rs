//! Registers the function library in Jinja: as functions with Go's order of arguments, and as
//! filters. A filter receives the piped value first and passes it on as the last argument.
//!
//! The functions find their render context in a global variable whose name cannot be written in a template.

use std::fmt;
use std::sync::Arc;

use minijinja::value::{Kwargs, Object, ObjectRepr, Rest, ValueKind, ValueOrKwargs};
use minijinja::{Environment, Error, ErrorKind, State, Value};

use crate::functions;
use crate::options::Permissions;
use crate::render_context::{CallSite, JinjaCall, RenderContext};
use crate::undefined::Undefined;
use ::functions::{Call, Function, FunctionError, Group, named};
use file_formats::Format;
use gotemplate::dict;

/// The name of the global variable. The space makes it impossible to write in a template.
pub(super) const PASS: &str = " pass";

/// The render context of the current rendering.
pub(super) struct Current {
    pub(super) context: Arc<RenderContext>,
    pub(super) undefined: Undefined,
}

impl Object for Current {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Plain
    }
}

impl fmt::Debug for Current {
    /// Writes no values of the render context.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("pass")
    }
}

/// Sets the render context of an environment.
pub(super) fn enter(
    environment: &mut Environment<'_>,
    context: &Arc<RenderContext>,
    undefined: Undefined,
) {
    environment.add_global(
        PASS,
        Value::from_object(Current {
            context: Arc::clone(context),
            undefined,
        }),
    );
}

/// Registers functions of the table as functions and, unless Jinja has a filter of that name, as filters.
pub(super) fn add_functions(
    environment: &mut Environment<'static>,
    wanted: impl Fn(&Function) -> bool,
) {
    // `debug` prints all values that a template can access.
    environment.remove_global("debug");
    let wanted: Vec<&'static Function> = functions::all()
        .filter(|function| wanted(function))
        .collect();
    let is_free = |function: &&&'static Function| {
        !has_filter(environment, function.jinja) && is_filter(function)
    };
    let filters: Vec<_> = wanted.iter().filter(is_free).copied().collect();
    for function in &wanted {
        environment.add_global(function.jinja, Value::from_object(Callable(function)));
    }
    for function in filters {
        environment.add_filter(
            function.jinja,
            move |state: &State<'_, '_>, args: Rest<ValueOrKwargs>| {
                let mut args: Vec<Value> =
                    args.0.into_iter().map(ValueOrKwargs::into_value).collect();
                let named = args.pop_if(|last| last.is_kwargs());
                // `map` can call a filter by name, without a value.
                if !args.is_empty() {
                    args.rotate_left(1);
                }
                args.extend(named);
                invoke(function, state, &args)
            },
        );
    }
}

/// Returns `true` if a function is also registered as a filter. Functions with side effects are
/// not, because Jinja reports an unknown filter only when it runs.
pub(crate) fn is_filter(function: &Function) -> bool {
    Permissions::default().allow(function.go)
}

/// Returns `true` if the environment has a filter of this name.
pub(super) fn has_filter(environment: &Environment<'_>, name: &str) -> bool {
    let applied = environment.empty_state().apply_filter(name, &[]);
    !matches!(applied, Err(error) if error.kind() == ErrorKind::UnknownFilter)
}

/// A function of the library.
#[derive(Debug)]
struct Callable(&'static Function);

impl Object for Callable {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Plain
    }

    fn call(self: &Arc<Self>, state: &mut State<'_, '_>, args: &[Value]) -> Result<Value, Error> {
        invoke(self.0, state, args)
    }
}

/// The current render context.
pub(super) fn current(state: &State<'_, '_>) -> Option<Arc<RenderContext>> {
    state
        .lookup(PASS)?
        .downcast_object_ref::<Current>()
        .map(|current| Arc::clone(&current.context))
}

fn invoke(function: &Function, state: &State<'_, '_>, args: &[Value]) -> Result<Value, Error> {
    let current = state.lookup(PASS);
    let Some(current) = current
        .as_ref()
        .and_then(Value::downcast_object_ref::<Current>)
    else {
        return Err(refused(format!("{} cannot be called here", function.jinja)));
    };
    if let Err(error) = current.context.permit([function.go, function.jinja]) {
        return Err(translated(function, &error, state, &[]));
    }
    let bare: Vec<Value>;
    let args = if current.context.format() == Format::None {
        args
    } else {
        bare = args
            .iter()
            .map(|arg| unmarked(&current.context, function, arg))
            .collect();
        &bare
    };
    if function.options.is_empty() && args.iter().any(Value::is_kwargs) {
        return Err(refused(format!(
            "{} takes no named arguments",
            function.jinja
        )));
    }
    match current.undefined {
        Undefined::Empty => {
            Ok(call_incomplete(function, args, &current.context, state).unwrap_or_default())
        }
        Undefined::Refused => match undefined(args) {
            Some(argument) => {
                let written =
                    argument.parse::<usize>().is_ok() || source(state).contains(&argument);
                let argument = if written { &argument } else { "…" };
                let text = format!("argument {argument} of {} is undefined", function.jinja);
                Err(Error::new(ErrorKind::UndefinedError, text))
            }
            None => {
                match bounded(args).and_then(|()| call(function, args, &current.context, state)) {
                    Ok(value) => Ok(current.context.outcome(function, args, value)),
                    Err(error) => Err(translated(function, &error, state, args)),
                }
            }
        },
    }
}

/// Rejects arguments that Jinja has nested too deeply. The library itself cannot create such values.
pub(super) fn bounded(args: &[Value]) -> Result<(), FunctionError> {
    args.iter()
        .filter(|arg| arg.kind() == ValueKind::Seq)
        .try_for_each(dict::check_lists)
}

/// Removes the marks from a positional or named argument.
fn unmarked(context: &RenderContext, function: &Function, arg: &Value) -> Value {
    if arg.is_kwargs() {
        return Value::from(
            named(arg)
                .map(|(name, value)| (name, context.bare(value)))
                .collect::<Kwargs>(),
        );
    }
    context.argument(function, arg.clone())
}

/// The position or the name of the first undefined argument.
fn undefined(args: &[Value]) -> Option<String> {
    args.iter().enumerate().find_map(|(index, arg)| {
        if arg.is_kwargs() {
            return named(arg)
                .find(|(_, value)| value.is_undefined())
                .map(|(name, _)| name);
        }
        arg.is_undefined().then(|| (index + 1).to_string())
    })
}

/// Calls a function in a rendering that continues only to record dependencies.
fn call_incomplete(
    function: &Function,
    args: &[Value],
    context: &RenderContext,
    state: &State<'_, '_>,
) -> Result<Value, FunctionError> {
    let undefined = args.iter().any(Value::is_undefined);
    if function.group == Group::Sources {
        if undefined {
            return Ok(Value::UNDEFINED);
        }
        // Undefined options are removed, so that the dependency is recorded.
        let defined = |arg: &Value| {
            Value::from(
                named(arg)
                    .filter(|(_, value)| !value.is_undefined())
                    .collect::<Kwargs>(),
            )
        };
        let args: Vec<Value> = args
            .iter()
            .map(|arg| {
                if arg.is_kwargs() {
                    defined(arg)
                } else {
                    arg.clone()
                }
            })
            .collect();
        // Missing data is undefined, not empty: `int` and similar filters treat undefined as 0.
        let value = call(function, &args, context, state)?;
        return Ok(if value.as_str() == Some("") {
            Value::UNDEFINED
        } else {
            value
        });
    }
    let known = |arg: &Value| {
        if arg.is_undefined() {
            Value::from("")
        } else {
            arg.clone()
        }
    };
    let args: Vec<Value> = args.iter().map(known).collect();
    bounded(&args)?;
    call(function, &args, context, state)
}

/// Calls a function, and records the place of newly requested queries.
fn call(
    function: &Function,
    args: &[Value],
    context: &RenderContext,
    state: &State<'_, '_>,
) -> Result<Value, FunctionError> {
    let call = || function.call(&Call { args, context });
    if function.group != Group::Sources {
        return call();
    }
    context.requesting(call, || {
        let positional = args.iter().filter(|arg| !arg.is_kwargs());
        CallSite::Call(Arc::new(JinjaCall {
            template: state.name().to_owned(),
            function: function.jinja,
            args: positional
                .map(|arg| arg.as_str().map(str::to_owned))
                .collect(),
        }))
    })
}

/// Translates the error of a function: with its Jinja name and without its arguments. The
/// function's own error becomes the source, which marks the message as already redacted.
fn translated(
    function: &Function,
    error: &FunctionError,
    state: &State<'_, '_>,
    args: &[Value],
) -> Error {
    let Function { go, jinja, .. } = function;
    let text = error.redacted(&source(state), args);
    let error = FunctionError::new(text.as_str());
    let translated = refused(
        match text.strip_prefix(&format!("wrong number of args for {go}: ")) {
            Some(counts) => format!("wrong number of args for {jinja}: {counts}"),
            None => format!(
                "{jinja}: {}",
                text.strip_prefix(&format!("{go}: ")).unwrap_or(&text)
            ),
        },
    );
    translated.with_source(error)
}

/// The source of the template that is being rendered.
pub(super) fn source(state: &State<'_, '_>) -> String {
    state
        .env()
        .get_template(state.name())
        .map(|template| template.source().to_owned())
        .unwrap_or_default()
}

pub(super) fn refused(text: String) -> Error {
    Error::new(ErrorKind::InvalidOperation, text)
}
