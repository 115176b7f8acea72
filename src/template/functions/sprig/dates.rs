//! Points in time that are written somewhere, and durations. Times without a zone are in UTC.

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use minijinja::Value;

use super::{duration, sprig};
use crate::template::atom::Atom;
use crate::template::function::{Call, Function, FunctionError};
use crate::template::functions::args::{Number, Outcome, refuse, text, wrong_type};
use crate::template::functions::{layout, time_layout};

pub(in crate::template::functions) static TABLE: &[Function] = &[
    sprig(
        ["sprig_toDate", "sprig_to_date"],
        "(layout string, text string) time",
        "The time that is written in a Go layout; the year 1 if it is none.",
        |call| {
            let [layout, last] = call.exactly("sprig_toDate")?;
            Ok(moment(time_layout::parse(text(layout)?, text(last)?).unwrap_or(YEAR_ONE)))
        },
    ),
    sprig(
        ["sprig_mustToDate", "sprig_must_to_date"],
        "(layout string, text string) time",
        "The time that is written in a Go layout.",
        |call| {
            let [layout, last] = call.exactly("sprig_mustToDate")?;
            match time_layout::parse(text(layout)?, text(last)?) {
                Ok(time) => Ok(moment(time)),
                Err(problem) => refuse(format!("parsing time: {problem}")),
            }
        },
    ),
    sprig(
        ["sprig_mustDateModify", "sprig_must_date_modify"],
        "(duration string, time time) time",
        "A time with a duration such as -1h30m added.",
        |call| modified(call, "sprig_mustDateModify"),
    ),
    sprig(
        ["sprig_must_date_modify", "sprig_must_datemodify"],
        "(duration string, time time) time",
        "The old name of sprig_mustDateModify.",
        |call| modified(call, "sprig_must_date_modify"),
    ),
    sprig(["sprig_unixEpoch", "sprig_unix_epoch"], "(time time) string", "A time in seconds since 1970.", |call| {
        let [time] = call.exactly("sprig_unixEpoch")?;
        Ok(Value::from(seconds(time)?.to_string()))
    }),
    sprig(
        ["sprig_ago", "sprig_ago"],
        "(time any) string",
        "How long a time is past, which may be given in seconds since 1970.",
        |call| {
            let [time] = call.exactly("sprig_ago")?;
            let now = call.pass.now().as_second();
            let then = match Number::of(time) {
                Some(Number::Int(seconds)) => seconds,
                _ => seconds(time).unwrap_or(now),
            };
            Ok(Value::from(duration::of_seconds(now.saturating_sub(then))))
        },
    ),
    sprig(
        ["sprig_duration", "sprig_duration"],
        "(seconds any) string",
        "Seconds, which are mostly given as a text, as 1h1m1s.",
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
        "A duration, or nanoseconds, in its greatest unit: 2h, 3mo.",
        |call| {
            let [given] = call.exactly("sprig_durationRound")?;
            let nanos = match (given.as_str(), Number::of(given)) {
                (Some(text), _) => duration::parse(text).unwrap_or(0),
                (None, Some(Number::Int(nanos))) => nanos,
                _ => match seconds(given) {
                    Ok(then) => call.pass.now().as_second().saturating_sub(then).saturating_mul(1_000_000_000),
                    Err(_) => 0,
                },
            };
            Ok(Value::from(duration::rounded(nanos)))
        },
    ),
];

/// Go's zero time.
const YEAR_ONE: Timestamp = Timestamp::constant(-62_135_596_800, 0);

/// A point in time as a value.
fn moment(time: Timestamp) -> Value {
    let civil = time.to_zoned(TimeZone::UTC).datetime();
    let number = |number: i64| Value::from(number);
    Value::from_object(Atom {
        go_type: "time.Time",
        text: layout::format("2006-01-02 15:04:05.999999999 -0700 MST", time),
        properties: vec![
            (["Unix", "unix"], number(time.as_second())),
            (["Year", "year"], number(civil.year().into())),
            (["Month", "month"], Value::from(layout::format("January", time))),
            (["Day", "day"], number(civil.day().into())),
            (["Hour", "hour"], number(civil.hour().into())),
            (["Minute", "minute"], number(civil.minute().into())),
            (["Second", "second"], number(civil.second().into())),
            (["Nanosecond", "nanosecond"], number(civil.subsec_nanosecond().into())),
            (["YearDay", "year_day"], number(civil.day_of_year().into())),
        ],
    })
}

/// The seconds of a point in time.
fn seconds(value: &Value) -> Result<i64, FunctionError> {
    let atom = value.downcast_object_ref::<Atom>().filter(|atom| atom.go_type == "time.Time");
    match atom.and_then(|atom| atom.property("Unix")).and_then(|seconds| seconds.as_i64()) {
        Some(seconds) => Ok(seconds),
        None => refuse(wrong_type("time.Time", value)),
    }
}

fn modified(call: &Call<'_>, name: &str) -> Outcome {
    let [by, time] = call.exactly(name)?;
    let Some(nanos) = duration::parse(text(by)?) else { return refuse("time: invalid duration") };
    let then = Timestamp::from_second(seconds(time)?).ok();
    match then.and_then(|then| then.checked_add(SignedDuration::from_nanos(nanos)).ok()) {
        Some(time) => Ok(moment(time)),
        None => refuse("a time that is too far away"),
    }
}
