//! A time in a zone, as a template value with the methods of Go's `time.Time`.

use jiff::civil::{DateTime, date};
use jiff::{SignedDuration, Span};
use minijinja::Value;

use super::format::LocalTime;
use crate::args::{integer, text, wrong_type};
use crate::function_error::FunctionError;
use crate::scalar_object::{Methods, ScalarObject};

/// A time, and the zone in which it is shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GoTime {
    utc: DateTime,
    /// Seconds ahead of UTC.
    offset: i32,
    /// The abbreviation of the zone, or an empty string.
    zone: String,
}

impl GoTime {
    /// Go's zero time.
    pub const YEAR_ONE: Self = Self {
        utc: date(1, 1, 1).at(0, 0, 0, 0),
        offset: 0,
        zone: String::new(),
    };

    /// Creates a time from the local time of a zone; `None` if it is out of range.
    pub(super) fn from_local(local: DateTime, offset: i32, zone: String) -> Option<Self> {
        let utc = local
            .checked_sub(SignedDuration::from_secs(offset.into()))
            .ok()?;
        Some(Self { utc, offset, zone })
    }

    /// The time behind a template value.
    ///
    /// # Errors
    /// If the value is not a time.
    pub fn from_value(value: &Value) -> Result<&Self, FunctionError> {
        let found = value
            .downcast_object_ref::<ScalarObject>()
            .and_then(ScalarObject::inner);
        found.ok_or_else(|| FunctionError::new(wrong_type("time.Time", value)))
    }

    /// Seconds since 1970.
    pub fn seconds(&self) -> i64 {
        self.since_1970(1_000_000_000)
    }

    /// Whole units since 1970, each of `unit` nanoseconds.
    fn since_1970(&self, unit: i128) -> i64 {
        let nanos = self
            .utc
            .duration_since(date(1970, 1, 1).at(0, 0, 0, 0))
            .as_nanos();
        #[expect(
            clippy::cast_possible_truncation,
            reason = "for a time that is out of range Go's numbers wrap around, too"
        )]
        let units = nanos.div_euclid(unit) as i64;
        units
    }

    /// Adds nanoseconds, which may be negative; `None` if the result is out of range.
    pub fn add(&self, nanos: i64) -> Option<Self> {
        let utc = self
            .utc
            .checked_add(SignedDuration::from_nanos(nanos))
            .ok()?;
        Some(Self {
            utc,
            ..self.clone()
        })
    }

    fn in_utc(&self) -> Self {
        Self {
            utc: self.utc,
            offset: 0,
            zone: "UTC".to_owned(),
        }
    }

    fn local(&self) -> LocalTime<'_> {
        let time = self
            .utc
            .saturating_add(SignedDuration::from_secs(self.offset.into()));
        let zone = if self.offset == 0 && self.zone.is_empty() {
            "UTC"
        } else {
            &self.zone
        };
        LocalTime {
            time,
            offset: self.offset,
            zone,
        }
    }

    fn format(&self, layout: &str) -> String {
        self.local().format(layout)
    }

    /// The time as a template value.
    pub fn value(self) -> Value {
        let civil = self.local().time;
        let number = |number: i64| Value::from(number);
        Value::from_object(ScalarObject {
            go_type: "time.Time",
            text: self.format("2006-01-02 15:04:05.999999999 -0700 MST"),
            properties: vec![
                (["Unix", "unix"], number(self.seconds())),
                (
                    ["UnixMilli", "unix_milli"],
                    number(self.since_1970(1_000_000)),
                ),
                (["UnixMicro", "unix_micro"], number(self.since_1970(1_000))),
                (["UnixNano", "unix_nano"], number(self.since_1970(1))),
                (["Year", "year"], number(civil.year().into())),
                (["Month", "month"], Value::from(self.format("January"))),
                (["Day", "day"], number(civil.day().into())),
                (["Hour", "hour"], number(civil.hour().into())),
                (["Minute", "minute"], number(civil.minute().into())),
                (["Second", "second"], number(civil.second().into())),
                (
                    ["Nanosecond", "nanosecond"],
                    number(civil.subsec_nanosecond().into()),
                ),
                (["YearDay", "year_day"], number(civil.day_of_year().into())),
                (["Weekday", "weekday"], Value::from(self.format("Monday"))),
                (
                    ["IsZero", "is_zero"],
                    Value::from(self.utc == Self::YEAR_ONE.utc),
                ),
            ],
            methods: Some(Box::new(self)),
        })
    }

    /// Adds to the date; days beyond the end of a month continue in the next one.
    fn add_date(
        &self,
        years: &Value,
        months: &Value,
        days: &Value,
    ) -> Result<Option<Self>, FunctionError> {
        let (years, months, days) = (integer(years)?, integer(months)?, integer(days)?);
        let civil = self.local().time;
        let new_time = || {
            let first = civil.date().first_of_month();
            let first = first
                .checked_add(
                    Span::new()
                        .try_months(years.checked_mul(12)?.checked_add(months)?)
                        .ok()?,
                )
                .ok()?;
            let days = days.checked_add(i64::from(civil.day()) - 1)?;
            let date = first.checked_add(Span::new().try_days(days).ok()?).ok()?;
            Self::from_local(
                date.to_datetime(civil.time()),
                self.offset,
                self.zone.clone(),
            )
        };
        Ok(new_time())
    }
}

impl Methods for GoTime {
    fn call(&self, method: &str, args: &[Value]) -> Option<Result<Value, FunctionError>> {
        let out_of_range = || FunctionError::new("time out of range");
        Some(match (method, args) {
            ("UTC" | "utc" | "Local" | "local", []) => Ok(self.in_utc().value()),
            ("String" | "string", []) => Ok(Value::from(
                self.format("2006-01-02 15:04:05.999999999 -0700 MST"),
            )),
            ("Format" | "format", [layout]) => {
                text(layout).map(|layout| Value::from(self.format(layout)))
            }
            ("Before" | "before", [other]) => {
                Self::from_value(other).map(|other| Value::from(self.utc < other.utc))
            }
            ("After" | "after", [other]) => {
                Self::from_value(other).map(|other| Value::from(self.utc > other.utc))
            }
            ("Equal" | "equal", [other]) => {
                Self::from_value(other).map(|other| Value::from(self.utc == other.utc))
            }
            ("Compare" | "compare", [other]) => {
                Self::from_value(other).map(|other| Value::from(self.utc.cmp(&other.utc) as i8))
            }
            ("Add" | "add", [nanos]) => integer(nanos)
                .and_then(|nanos| Ok(self.add(nanos).ok_or_else(out_of_range)?.value())),
            ("AddDate" | "add_date", [years, months, days]) => self
                .add_date(years, months, days)
                .and_then(|time| Ok(time.ok_or_else(out_of_range)?.value())),
            _ => return None,
        })
    }

    fn encoded(&self) -> Option<String> {
        Some(self.format("2006-01-02T15:04:05.999999999Z07:00"))
    }
}
