//! A point in time in a zone, as a value that has the methods of Go's `time.Time`.

use jiff::civil::{DateTime, date};
use jiff::{SignedDuration, Span};
use minijinja::Value;

use super::args::{integer, text, wrong_type};
use super::layout::{Clock, format_clock};
use crate::template::function::FunctionError;
use crate::template::scalar_object::{Methods, ScalarObject};

/// A point in time, and the zone in which it is shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Moment {
    utc: DateTime,
    /// How many seconds the zone is ahead of UTC.
    offset: i32,
    /// The name of the zone, if it has one.
    zone: String,
}

impl Moment {
    /// Go's zero time.
    pub(super) const YEAR_ONE: Self = Self {
        utc: date(1, 1, 1).at(0, 0, 0, 0),
        offset: 0,
        zone: String::new(),
    };

    /// The time that the clocks of a zone show; nothing if it is too far away.
    pub(super) fn at(local: DateTime, offset: i32, zone: String) -> Option<Self> {
        let utc = local
            .checked_sub(SignedDuration::from_secs(offset.into()))
            .ok()?;
        Some(Self { utc, offset, zone })
    }

    /// The moment that a value of a template is.
    pub(super) fn of(value: &Value) -> Result<&Self, FunctionError> {
        let found = value
            .downcast_object_ref::<ScalarObject>()
            .and_then(ScalarObject::inner);
        found.ok_or_else(|| FunctionError::new(wrong_type("time.Time", value)))
    }

    /// The seconds since 1970.
    pub(super) fn seconds(&self) -> i64 {
        self.since_1970(1_000_000_000)
    }

    /// How many whole units of so many nanoseconds have gone by.
    fn since_1970(&self, unit: i128) -> i64 {
        let nanos = self
            .utc
            .duration_since(date(1970, 1, 1).at(0, 0, 0, 0))
            .as_nanos();
        #[expect(
            clippy::cast_possible_truncation,
            reason = "Go's numbers wrap around, too, for a time that is too far away"
        )]
        let units = nanos.div_euclid(unit) as i64;
        units
    }

    /// Later by some nanoseconds, or earlier; nothing if that is too far away.
    pub(super) fn later(&self, nanos: i64) -> Option<Self> {
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

    fn clock(&self) -> Clock<'_> {
        let time = self
            .utc
            .saturating_add(SignedDuration::from_secs(self.offset.into()));
        let zone = if self.offset == 0 && self.zone.is_empty() {
            "UTC"
        } else {
            &self.zone
        };
        Clock {
            time,
            offset: self.offset,
            zone,
        }
    }

    fn written(&self, layout: &str) -> String {
        format_clock(layout, &self.clock())
    }

    /// As a value of a template.
    pub(super) fn value(self) -> Value {
        let civil = self.clock().time;
        let number = |number: i64| Value::from(number);
        Value::from_object(ScalarObject {
            go_type: "time.Time",
            text: self.written("2006-01-02 15:04:05.999999999 -0700 MST"),
            properties: vec![
                (["Unix", "unix"], number(self.seconds())),
                (
                    ["UnixMilli", "unix_milli"],
                    number(self.since_1970(1_000_000)),
                ),
                (["UnixMicro", "unix_micro"], number(self.since_1970(1_000))),
                (["UnixNano", "unix_nano"], number(self.since_1970(1))),
                (["Year", "year"], number(civil.year().into())),
                (["Month", "month"], Value::from(self.written("January"))),
                (["Day", "day"], number(civil.day().into())),
                (["Hour", "hour"], number(civil.hour().into())),
                (["Minute", "minute"], number(civil.minute().into())),
                (["Second", "second"], number(civil.second().into())),
                (
                    ["Nanosecond", "nanosecond"],
                    number(civil.subsec_nanosecond().into()),
                ),
                (["YearDay", "year_day"], number(civil.day_of_year().into())),
                (["Weekday", "weekday"], Value::from(self.written("Monday"))),
                (
                    ["IsZero", "is_zero"],
                    Value::from(self.utc == Self::YEAR_ONE.utc),
                ),
            ],
            methods: Some(Box::new(self)),
        })
    }

    fn called(&self, method: &str, args: &[Value]) -> Option<Result<Value, FunctionError>> {
        let too_far = || FunctionError::new("a time that is too far away");
        Some(match (method, args) {
            ("UTC" | "utc" | "Local" | "local", []) => Ok(self.in_utc().value()),
            ("String" | "string", []) => Ok(Value::from(
                self.written("2006-01-02 15:04:05.999999999 -0700 MST"),
            )),
            ("Format" | "format", [layout]) => {
                text(layout).map(|layout| Value::from(self.written(layout)))
            }
            ("Before" | "before", [other]) => {
                Self::of(other).map(|other| Value::from(self.utc < other.utc))
            }
            ("After" | "after", [other]) => {
                Self::of(other).map(|other| Value::from(self.utc > other.utc))
            }
            ("Equal" | "equal", [other]) => {
                Self::of(other).map(|other| Value::from(self.utc == other.utc))
            }
            ("Compare" | "compare", [other]) => {
                Self::of(other).map(|other| Value::from(self.utc.cmp(&other.utc) as i8))
            }
            ("Add" | "add", [nanos]) => {
                integer(nanos).and_then(|nanos| Ok(self.later(nanos).ok_or_else(too_far)?.value()))
            }
            ("AddDate" | "add_date", [years, months, days]) => self
                .dated(years, months, days)
                .and_then(|moment| Ok(moment.ok_or_else(too_far)?.value())),
            _ => return None,
        })
    }

    /// On another date; what is behind the end of a month goes on into the next one.
    fn dated(
        &self,
        years: &Value,
        months: &Value,
        days: &Value,
    ) -> Result<Option<Self>, FunctionError> {
        let (years, months, days) = (integer(years)?, integer(months)?, integer(days)?);
        let civil = self.clock().time;
        let moved = || {
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
            Self::at(
                date.to_datetime(civil.time()),
                self.offset,
                self.zone.clone(),
            )
        };
        Ok(moved())
    }
}

impl Methods for Moment {
    fn call(&self, method: &str, args: &[Value]) -> Option<Result<Value, String>> {
        Some(
            self.called(method, args)?
                .map_err(|error| error.to_string()),
        )
    }

    fn encoded(&self) -> Option<String> {
        Some(self.written("2006-01-02T15:04:05.999999999Z07:00"))
    }
}
