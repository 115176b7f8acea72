//! What the vectors do not cover: records, methods, positions of errors, and panics.

mod limits;

use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Instant;

use minijinja::value::{Enumerator, Object, ObjectRepr};
use minijinja::{ErrorKind, State, Value};
use proptest::prelude::*;

use crate::record::{Field, Fields, InJson, Record, Schema, TypedMap};
use crate::{
    Budget, Context, Delimiters, Error, Exhausted, FunctionError, FunctionId, Limits, MissingKey,
    Options, Phase, Template,
};

mod nothing_panics;
mod records;

/// Two functions, and a budget.
#[derive(Debug, Default)]
struct Functions(Budget);

const NAMES: [&str; 2] = ["joined", "loop"];

fn joined(args: &[Value]) -> Result<Value, FunctionError> {
    match args {
        [a, b] => match (a.as_str(), b.as_str()) {
            (Some(a), Some(b)) => Ok(Value::from(format!("{a}-{b}"))),
            _ => Err(FunctionError::new("needs strings")),
        },
        _ => Err(FunctionError::new("needs two arguments")),
    }
}

fn counted(args: &[Value]) -> Value {
    let stop = args.first().and_then(Value::as_i64).unwrap_or(0);
    Value::make_iterable(move || 0..stop)
}

impl Context for Functions {
    fn budget(&self) -> &Budget {
        &self.0
    }

    fn call(
        &self,
        function: FunctionId,
        args: &mut [Value],
        _: usize,
    ) -> Result<Value, FunctionError> {
        match NAMES.get(function.0) {
            Some(&"joined") => joined(args),
            _ => Ok(counted(args)),
        }
    }
}

fn resolve(name: &str) -> Option<FunctionId> {
    NAMES
        .iter()
        .position(|known| *known == name)
        .map(FunctionId)
}

fn render_with(source: &str, options: &Options, dot: &Value) -> Result<String, Error> {
    Template::parse("t", source, options, resolve)?.render(dot, &Functions::default())
}

fn render(source: &str, dot: &Value) -> String {
    render_with(source, &Options::default(), dot).unwrap_or_else(|error| error.to_string())
}

fn fails(source: &str) -> Error {
    render_with(source, &Options::default(), &Value::from(())).expect_err(source)
}

fn limited(limits: Limits) -> Options {
    Options {
        limits,
        ..Options::default()
    }
}

#[test]
fn a_piped_value_is_the_last_argument() {
    let nothing = Value::from(());
    assert_eq!(render("{{\"b\" | joined \"a\"}}", &nothing), "a-b");
    let error = fails("x\n {{joined 1 2}}");
    assert_eq!(
        error.to_string(),
        "template: t:2:3: executing \"t\" at <joined 1 2>: error calling joined: needs strings"
    );
    assert_eq!((error.line, error.column, error.offset), (2, 4, 5));
    assert_eq!(error.function(), Some("joined"));
    assert_eq!(error.message, "error calling joined: needs strings");
    assert_eq!(
        render(
            "{{range $i, $e := loop 3}}{{$i}}{{$e}} {{else}}none{{end}}{{range loop 0}}{{else}}none{{end}}",
            &nothing
        ),
        "00 11 22 none"
    );
}

#[test]
fn a_parse_error_has_a_position() {
    let error = fails("a\n  {{ nope }}");
    assert_eq!(
        (error.phase, error.line, error.column),
        (Phase::Parse, 2, 6)
    );
    assert_eq!(error.function(), Some("nope"));
    assert_eq!(
        error.to_string(),
        "template: t:2: function \"nope\" not defined"
    );
}

#[test]
fn execute_template_yields_a_string() {
    let dot = Value::from("x");
    assert_eq!(
        render(
            "{{define \"a\"}}<{{.}}>{{end}}{{executeTemplate \"a\" . | len}}{{executeTemplate \"a\"}}",
            &dot
        ),
        "3<<no value>>"
    );
    assert!(render("{{executeTemplate \"b\"}}", &dot).contains("error calling executeTemplate"));
    assert!(
        render(
            "{{define \"a\"}}{{executeTemplate \"a\"}}{{end}}{{executeTemplate \"a\"}}",
            &dot
        )
        .contains("maximum")
    );
}

#[test]
fn a_missing_key_may_be_an_error() {
    let options = Options {
        missing_key: MissingKey::Error,
        ..Options::default()
    };
    let map = TypedMap::of_text([(&"a".to_owned(), &"b".to_owned())]);
    let error = render_with("{{.b}}", &options, &map).expect_err("there is no b");
    assert_eq!(error.message, "map has no entry for key \"b\"");
    assert_eq!(
        render_with("{{index . \"b\"}}", &options, &map).as_deref(),
        Ok("")
    );
}

#[test]
fn an_error_shows_no_string_of_the_data() {
    let dot = Value::from(std::collections::BTreeMap::from([(
        "k".to_owned(),
        Value::from("secret"),
    )]));
    for source in [
        "{{range .k}}{{end}}",
        "{{eq . .}}",
        "{{.k.x}}",
        "{{index .k .k}}",
        "{{call .k}}",
        "{{.k | call}}",
        "{{slice .k .k}}",
        "{{lt .k 1}}",
        "{{template .k}}",
        "{{executeTemplate .k}}",
        "{{len 1 | joined .k}}",
    ] {
        let error = render_with(source, &Options::default(), &dot)
            .expect_err(source)
            .to_string();
        assert!(!error.contains("secret"), "{error}");
    }
}

#[test]
fn keys_may_be_numbers() {
    let map = Value::from_pairs([
        (Value::from(8080), Value::from("web")),
        (Value::from(9), Value::from("x")),
    ]);
    assert_eq!(
        render(
            "{{index . 8080}} {{index . 1}} {{range $k, $v := .}}{{$k}}{{$v}} {{end}}{{.}}",
            &map
        ),
        "web <no value> 9x 8080web map[9:x 8080:web]"
    );
    assert!(render("{{index . \"a\"}}", &map).ends_with("value has type string; should be int"));
}

#[test]
fn delimiters_may_be_anything() {
    let of = |left: &str, right: &str| Options {
        delimiters: Delimiters {
            left: left.to_owned(),
            right: right.to_owned(),
        },
        ..Options::default()
    };
    let nothing = Value::from(());
    assert_eq!(
        render_with("a[[ 1 -]]  b{{", &of("[[", "]]"), &nothing).as_deref(),
        Ok("a1b{{")
    );
    assert_eq!(
        render_with("é 1 é", &of("é", "é"), &nothing).as_deref(),
        Ok("1")
    );
    // An empty one means the default.
    assert_eq!(
        render_with("a{{1}}", &of("", ""), &nothing).as_deref(),
        Ok("a1")
    );
}

#[test]
fn the_bytes_of_a_split_character_are_joined_again() {
    let dot = Value::from("é");
    assert_eq!(
        render(
            "{{slice . 0 1}}{{slice . 1 2}}{{\"\\xff\"}}{{printf \"%q\" (slice . 0 1)}}",
            &dot
        ),
        "é\u{fffd}\"\\xc3\""
    );
}
