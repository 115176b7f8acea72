//! Arithmetic functions. Values that are not numbers are converted, or become 0.

use minijinja::Value;

use super::decimal::{Decimal, calculate};
use super::{cast, first_and_rest, sprig};
use crate::args::{FunctionResult, Number, fail, integer, wrong_type};
use crate::function::{Call, Function};
use gotemplate::go_fmt;

pub(crate) static TABLE: &[Function] = &[
    sprig(
        ["sprig_add", "sprig_add"],
        "(numbers ...any) int",
        "The sum of the numbers.",
        |call| {
            Ok(Value::from(
                call.args.iter().map(cast::int).fold(0, i64::wrapping_add),
            ))
        },
    ),
    sprig(
        ["sprig_add1", "sprig_add1"],
        "(number any) int",
        "The number plus 1.",
        |call| {
            let [only] = call.exactly("sprig_add1")?;
            Ok(Value::from(cast::int(only).wrapping_add(1)))
        },
    ),
    sprig(
        ["sprig_sub", "sprig_sub"],
        "(a any, b any) int",
        "a - b",
        |call| {
            let [a, b] = call.exactly("sprig_sub")?;
            Ok(Value::from(cast::int(a).wrapping_sub(cast::int(b))))
        },
    ),
    sprig(
        ["sprig_mul", "sprig_mul"],
        "(number any, numbers ...any) int",
        "The product of the numbers.",
        |call| {
            let (first, rest) = first_and_rest(call, "sprig_mul")?;
            Ok(Value::from(
                rest.iter()
                    .map(cast::int)
                    .fold(cast::int(first), i64::wrapping_mul),
            ))
        },
    ),
    sprig(
        ["sprig_div", "sprig_div"],
        "(a any, b any) int",
        "a / b, truncated.",
        |call| divided(call, "sprig_div", i64::wrapping_div),
    ),
    sprig(
        ["sprig_mod", "sprig_mod"],
        "(a any, b any) int",
        "The remainder of a / b, with the sign of a.",
        |call| divided(call, "sprig_mod", i64::wrapping_rem),
    ),
    sprig(
        ["sprig_max", "sprig_max"],
        "(number any, numbers ...any) int",
        "The greatest number.",
        |call| fold(call, "sprig_max", i64::max),
    ),
    sprig(
        ["sprig_biggest", "sprig_biggest"],
        "(number any, numbers ...any) int",
        "The same as sprig_max.",
        |call| fold(call, "sprig_biggest", i64::max),
    ),
    sprig(
        ["sprig_min", "sprig_min"],
        "(number any, numbers ...any) int",
        "The smallest number.",
        |call| fold(call, "sprig_min", i64::min),
    ),
    sprig(
        ["sprig_maxf", "sprig_maxf"],
        "(number any, numbers ...any) float",
        "The greatest number.",
        |call| fold_float(call, "sprig_maxf", f64::max),
    ),
    sprig(
        ["sprig_minf", "sprig_minf"],
        "(number any, numbers ...any) float",
        "The smallest number.",
        |call| fold_float(call, "sprig_minf", f64::min),
    ),
    sprig(
        ["sprig_addf", "sprig_addf"],
        "(numbers ...any) float",
        "The sum of the numbers, with decimal arithmetic.",
        |call| {
            Ok(calculate(
                0.0,
                call.args.iter().map(cast::float),
                Decimal::plus,
                |a, b| a + b,
            ))
        },
    ),
    sprig(
        ["sprig_add1f", "sprig_add1f"],
        "(number any) float",
        "The number plus 1, with decimal arithmetic.",
        |call| {
            let [only] = call.exactly("sprig_add1f")?;
            Ok(calculate(
                cast::float(only),
                std::iter::once(1.0),
                Decimal::plus,
                |a, b| a + b,
            ))
        },
    ),
    sprig(
        ["sprig_subf", "sprig_subf"],
        "(number any, numbers ...any) float",
        "The first number minus all others, with decimal arithmetic.",
        |call| {
            let (first, rest) = first_and_rest(call, "sprig_subf")?;
            Ok(calculate(
                cast::float(first),
                rest.iter().map(cast::float),
                Decimal::minus,
                |a, b| a - b,
            ))
        },
    ),
    sprig(
        ["sprig_mulf", "sprig_mulf"],
        "(number any, numbers ...any) float",
        "The product of the numbers, with decimal arithmetic.",
        |call| {
            let (first, rest) = first_and_rest(call, "sprig_mulf")?;
            Ok(calculate(
                cast::float(first),
                rest.iter().map(cast::float),
                Decimal::times,
                |a, b| a * b,
            ))
        },
    ),
    sprig(
        ["sprig_divf", "sprig_divf"],
        "(number any, numbers ...any) float",
        "The first number divided by all others, to 16 decimal places.",
        |call| {
            let (first, rest) = first_and_rest(call, "sprig_divf")?;
            if rest.iter().any(|value| cast::float(value) == 0.0) {
                return fail("decimal division by 0");
            }
            Ok(calculate(
                cast::float(first),
                rest.iter().map(cast::float),
                Decimal::over,
                |a, b| a / b,
            ))
        },
    ),
    sprig(
        ["sprig_ceil", "sprig_ceil"],
        "(number any) float",
        "The number, rounded up to an integer.",
        |call| {
            let [only] = call.exactly("sprig_ceil")?;
            Ok(Value::from(cast::float(only).ceil()))
        },
    ),
    sprig(
        ["sprig_floor", "sprig_floor"],
        "(number any) float",
        "The number, rounded down to an integer.",
        |call| {
            let [only] = call.exactly("sprig_floor")?;
            Ok(Value::from(cast::float(only).floor()))
        },
    ),
    sprig(
        ["sprig_round", "sprig_round"],
        "(number any, places int, from ...float) float",
        "The number, rounded to decimal places; it is rounded up from .5 or from the third argument.",
        round,
    ),
    sprig(
        ["sprig_int", "sprig_int"],
        "(value any) int",
        "The value as an integer; 0 if it is not a number.",
        |call| {
            let [only] = call.exactly("sprig_int")?;
            Ok(Value::from(cast::int(only)))
        },
    ),
    sprig(
        ["sprig_int64", "sprig_int64"],
        "(value any) int",
        "The same as sprig_int.",
        |call| {
            let [only] = call.exactly("sprig_int64")?;
            Ok(Value::from(cast::int(only)))
        },
    ),
    sprig(
        ["sprig_float64", "sprig_float64"],
        "(value any) float",
        "The value as a float; 0 if it is not a number.",
        |call| {
            let [only] = call.exactly("sprig_float64")?;
            Ok(Value::from(cast::float(only)))
        },
    ),
    sprig(
        ["sprig_atoi", "sprig_atoi"],
        "(text string) int",
        "The integer of a string; 0 if it is not a number.",
        |call| {
            let [only] = call.exactly("sprig_atoi")?;
            Ok(Value::from(atoi(crate::args::text(only)?)))
        },
    ),
    sprig(
        ["sprig_toDecimal", "sprig_to_decimal"],
        "(octal any) int",
        "The integer of an octal number; 0 if it is not a number.",
        |call| {
            let [only] = call.exactly("sprig_toDecimal")?;
            Ok(Value::from(
                i64::from_str_radix(&go_fmt::sprint(only)?, 8).unwrap_or(0),
            ))
        },
    ),
    sprig(
        ["sprig_randInt", "sprig_rand_int"],
        "(min int, max int) int",
        "A random integer from min to max, without max, a new one for each rendering.",
        |call| {
            let [min, max] = call.exactly("sprig_randInt")?;
            let (min, max) = (integer(min)?, integer(max)?);
            if min >= max {
                fail("invalid argument to Intn")
            } else {
                Ok(Value::from(fastrand::i64(min..max)))
            }
        },
    ),
];

fn divided(call: &Call<'_>, name: &str, divide: fn(i64, i64) -> i64) -> FunctionResult {
    let [a, b] = call.exactly(name)?;
    match cast::int(b) {
        0 => fail("runtime error: integer divide by zero"),
        divisor => Ok(Value::from(divide(cast::int(a), divisor))),
    }
}

fn fold(call: &Call<'_>, name: &str, choose: fn(i64, i64) -> i64) -> FunctionResult {
    let (first, rest) = first_and_rest(call, name)?;
    Ok(Value::from(
        rest.iter().map(cast::int).fold(cast::int(first), choose),
    ))
}

/// Folds floats. As in Go, the result is NaN if any number is NaN.
fn fold_float(call: &Call<'_>, name: &str, choose: fn(f64, f64) -> f64) -> FunctionResult {
    let (first, rest) = first_and_rest(call, name)?;
    let either = |a: f64, b: f64| {
        if a.is_nan() || b.is_nan() {
            f64::NAN
        } else {
            choose(a, b)
        }
    };
    Ok(Value::from(
        rest.iter()
            .map(cast::float)
            .fold(cast::float(first), either),
    ))
}

fn round(call: &Call<'_>) -> FunctionResult {
    let (number, places, from) = match call.args {
        [number, places] => (number, places, 0.5),
        [number, places, from] => match Number::of(from) {
            Some(from) => (number, places, from.float()),
            None => return fail(wrong_type("float64", from)),
        },
        other => {
            return fail(format!(
                "wrong number of args for sprig_round: want at least 2 got {}",
                other.len()
            ));
        }
    };
    let places = i32::try_from(integer(places)?).unwrap_or(i32::MAX);
    let power = 10_f64.powi(places);
    let shifted = power * cast::float(number);
    let whole = if shifted.fract() >= from {
        shifted.ceil()
    } else {
        shifted.floor()
    };
    Ok(Value::from(whole / power))
}

/// Parses an integer. A number that is too large becomes the largest integer.
fn atoi(text: &str) -> i64 {
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return 0;
    }
    text.parse().unwrap_or(if text.starts_with('-') {
        i64::MIN
    } else {
        i64::MAX
    })
}
