//! Functions for times and durations. A time without a zone is in UTC.

use minijinja::Value;

use super::{duration, sprig};
use crate::args::{FunctionResult, Number, fail, text};
use crate::function::{Call, Function};
use gotemplate::time::{self, GoTime};

pub(crate) static TABLE: &[Function] = &[
    sprig(
        ["sprig_toDate", "sprig_to_date"],
        "(layout string, text string) time",
        "The time of a string in a Go layout; Go's zero time, in the year 1, if it is invalid.",
        |call| {
            let [layout, last] = call.exactly("sprig_toDate")?;
            Ok(time::parse(text(layout)?, text(last)?)
                .unwrap_or(GoTime::YEAR_ONE)
                .value())
        },
    ),
    sprig(
        ["sprig_mustToDate", "sprig_must_to_date"],
        "(layout string, text string) time",
        "The time of a string in a Go layout.",
        |call| {
            let [layout, last] = call.exactly("sprig_mustToDate")?;
            match time::parse(text(layout)?, text(last)?) {
                Ok(time) => Ok(time.value()),
                Err(error) => fail(format!("parsing time: {error}")),
            }
        },
    ),
    sprig(
        ["sprig_mustDateModify", "sprig_must_date_modify"],
        "(duration string, time time) time",
        "A time plus a duration such as -1h30m.",
        |call| modify(call, "sprig_mustDateModify"),
    ),
    sprig(
        ["sprig_must_date_modify", "sprig_must_datemodify"],
        "(duration string, time time) time",
        "The old name of sprig_mustDateModify.",
        |call| modify(call, "sprig_must_date_modify"),
    ),
    sprig(
        ["sprig_unixEpoch", "sprig_unix_epoch"],
        "(time time) string",
        "A time in seconds since 1970.",
        |call| {
            let [time] = call.exactly("sprig_unixEpoch")?;
            Ok(Value::from(GoTime::from_value(time)?.seconds().to_string()))
        },
    ),
    sprig(
        ["sprig_ago", "sprig_ago"],
        "(time any) string",
        "The duration since a time, which may be given in seconds since 1970.",
        |call| {
            let [time] = call.exactly("sprig_ago")?;
            let now = call.context.now().as_second();
            let then = match Number::of(time) {
                Some(Number::Int(seconds)) => seconds,
                _ => GoTime::from_value(time).map_or(now, GoTime::seconds),
            };
            Ok(Value::from(duration::of_seconds(now.saturating_sub(then))))
        },
    ),
    sprig(
        ["sprig_duration", "sprig_duration"],
        "(seconds any) string",
        "A number of seconds as a duration such as 1h1m1s.",
        |call| {
            let [seconds] = call.exactly("sprig_duration")?;
            let seconds = match (seconds.as_str(), Number::of(seconds)) {
                (Some(text), _) => text.parse().unwrap_or(0),
                (None, Some(Number::Int(seconds))) => seconds,
                _ => 0,
            };
            Ok(Value::from(duration::of_seconds(seconds)))
        },
    ),
    sprig(
        ["sprig_durationRound", "sprig_duration_round"],
        "(duration any) string",
        "A duration, or a number of nanoseconds, in its largest unit: 2h, 3mo.",
        |call| {
            let [given] = call.exactly("sprig_durationRound")?;
            let nanos = match (given.as_str(), Number::of(given)) {
                (Some(text), _) => duration::parse(text).unwrap_or(0),
                (None, Some(Number::Int(nanos))) => nanos,
                _ => match GoTime::from_value(given) {
                    Ok(then) => call
                        .context
                        .now()
                        .as_second()
                        .saturating_sub(then.seconds())
                        .saturating_mul(1_000_000_000),
                    Err(_) => 0,
                },
            };
            Ok(Value::from(duration::rounded(nanos)))
        },
    ),
];

fn modify(call: &Call<'_>, name: &str) -> FunctionResult {
    let [by, time] = call.exactly(name)?;
    let Some(nanos) = duration::parse(text(by)?) else {
        return fail("time: invalid duration");
    };
    match GoTime::from_value(time)?.add(nanos) {
        Some(time) => Ok(time.value()),
        None => fail("time out of range"),
    }
}
