//! Arithmetic functions. The first argument is the right operand: `10 | divide 2` is 5.

use std::cmp::Ordering;

use minijinja::Value;

use super::args::{FunctionResult, Number, fail, go_type};
use crate::function::{Call, Function, FunctionError, Group};

row_constructor!(math, Group::Math);

pub(super) static TABLE: &[Function] = &[
    math(
        ["add", "add"],
        "(b number, a number) number",
        "a + b",
        |call| {
            calculate(
                call,
                "add",
                &Operation {
                    int: i64::wrapping_add,
                    uint: u64::wrapping_add,
                    float: |a, b| a + b,
                },
            )
        },
    ),
    math(
        ["subtract", "subtract"],
        "(b number, a number) number",
        "a - b",
        |call| {
            calculate(
                call,
                "subtract",
                &Operation {
                    int: i64::wrapping_sub,
                    uint: u64::wrapping_sub,
                    float: |a, b| a - b,
                },
            )
        },
    ),
    math(
        ["multiply", "multiply"],
        "(b number, a number) number",
        "a * b",
        |call| {
            calculate(
                call,
                "multiply",
                &Operation {
                    int: i64::wrapping_mul,
                    uint: u64::wrapping_mul,
                    float: |a, b| a * b,
                },
            )
        },
    ),
    math(
        ["divide", "divide"],
        "(b number, a number) number",
        "a / b; integers are truncated.",
        divide,
    ),
    math(
        ["modulo", "modulo"],
        "(b int, a int) int",
        "The remainder of a / b, with the sign of a.",
        modulo,
    ),
    math(
        ["minimum", "minimum"],
        "(b number, a number) number",
        "The smaller number.",
        |call| choose(call, "minimum", Ordering::Less),
    ),
    math(
        ["maximum", "maximum"],
        "(b number, a number) number",
        "The greater number.",
        |call| choose(call, "maximum", Ordering::Greater),
    ),
];

/// An operation for each of Go's three kinds of numbers. Mixed operands are converted as in Go.
struct Operation {
    int: fn(i64, i64) -> i64,
    uint: fn(u64, u64) -> u64,
    float: fn(f64, f64) -> f64,
}

/// Returns the two numbers, the left operand first.
fn operands(call: &Call<'_>, name: &str) -> Result<(Number, Number), FunctionError> {
    let [right, left] = call.exactly(name)?;
    let number = |value: &Value| match Number::of(value) {
        Some(number) => Ok(number),
        None => fail(format!(
            "{name}: unknown type for a {} (parseInt and parseFloat convert strings)",
            go_type(value)
        )),
    };
    Ok((number(left)?, number(right)?))
}

fn calculate(call: &Call<'_>, name: &str, operation: &Operation) -> FunctionResult {
    let (left, right) = operands(call, name)?;
    Ok(apply(left, right, operation))
}

fn apply(left: Number, right: Number, operation: &Operation) -> Value {
    match (left, right) {
        (Number::Int(a), Number::Int(b)) => Value::from((operation.int)(a, b)),
        (Number::Uint(a), Number::Uint(b)) => Value::from((operation.uint)(a, b)),
        (Number::Int(a), Number::Uint(b)) => Value::from((operation.int)(a, b.cast_signed())),
        (Number::Uint(a), Number::Int(b)) => Value::from((operation.int)(a.cast_signed(), b)),
        (a, b) => Value::from((operation.float)(a.float(), b.float())),
    }
}

fn divide(call: &Call<'_>) -> FunctionResult {
    let (left, right) = operands(call, "divide")?;
    if is_zero(right) && !matches!(left, Number::Float(_)) {
        return fail("runtime error: integer divide by zero");
    }
    Ok(apply(
        left,
        right,
        &Operation {
            int: i64::wrapping_div,
            uint: u64::wrapping_div,
            float: |a, b| a / b,
        },
    ))
}

fn modulo(call: &Call<'_>) -> FunctionResult {
    let (left, right) = operands(call, "modulo")?;
    if matches!(left, Number::Float(_)) || matches!(right, Number::Float(_)) {
        return fail("modulo: unknown type for a float64 (only integers have a remainder)");
    }
    if is_zero(right) {
        return fail("runtime error: integer divide by zero");
    }
    Ok(apply(
        left,
        right,
        &Operation {
            int: i64::wrapping_rem,
            uint: u64::wrapping_rem,
            float: |a, b| a % b,
        },
    ))
}

fn is_zero(number: Number) -> bool {
    matches!(number, Number::Int(0) | Number::Uint(0))
}

/// Returns the left operand if its comparison with the right one yields `wanted`, otherwise the
/// right one.
fn choose(call: &Call<'_>, name: &str, wanted: Ordering) -> FunctionResult {
    let order = match operands(call, name)? {
        (Number::Int(a), Number::Int(b)) => Some(a.cmp(&b)),
        (Number::Uint(a), Number::Uint(b)) => Some(a.cmp(&b)),
        (a, b) => a.float().partial_cmp(&b.float()),
    };
    let [right, left] = call.exactly(name)?;
    Ok(if order == Some(wanted) {
        left.clone()
    } else {
        right.clone()
    })
}
