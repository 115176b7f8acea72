//! The limit on the rate of reloads, as written: `1/10s`, or `6/1m burst 2`.

use std::fmt;
use std::str::FromStr;

use config_blocks::{
    Error, FromNode, Input, Node, Pattern, Position, Reason, Shape, Spelling, Value, quoted,
};
use go_duration::{DurationError, GoDuration};
use group_apply::options::ReloadRate;

/// The value of `reload_rate`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ReloadRateSetting(pub(crate) ReloadRate);

/// A text that is not a rate.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum ReloadRateError {
    /// Neither of the two forms.
    #[error("{0:?} is not a rate; write COUNT/PERIOD, for example 1/10s, or 6/1m burst 2")]
    Form(String),
    /// The count or the burst is not a number from 1.
    #[error("{0:?} is not a number of commands; write a whole number from 1")]
    Count(String),
    /// The period is not a duration.
    #[error("the period of the rate is not valid; write for example 1/10s")]
    Period(#[source] DurationError),
    /// The period is zero.
    #[error(
        "the period 0s would allow no limit; leave reload_rate out for that, or write for example 1/10s"
    )]
    NoPeriod,
}

impl FromStr for ReloadRateSetting {
    type Err = ReloadRateError;

    fn from_str(text: &str) -> Result<Self, ReloadRateError> {
        let form = || ReloadRateError::Form(text.to_owned());
        let (count, rest) = text.split_once('/').ok_or_else(form)?;
        let mut words = rest.split_whitespace();
        let (period, burst) = match (words.next(), words.next(), words.next(), words.next()) {
            (Some(period), None, None, None) => (period, None),
            (Some(period), Some("burst"), Some(burst), None) => (period, Some(burst)),
            _ => return Err(form()),
        };
        let period: GoDuration = period.parse().map_err(ReloadRateError::Period)?;
        if period.0.is_zero() {
            return Err(ReloadRateError::NoPeriod);
        }
        let count = number(count.trim())?;
        Ok(Self(ReloadRate {
            count,
            period: period.0,
            burst: burst.map_or(Ok(count), number)?,
        }))
    }
}

fn number(text: &str) -> Result<u32, ReloadRateError> {
    let is_decimal = text.bytes().all(|byte| byte.is_ascii_digit());
    let number = text.parse().ok().filter(|number| is_decimal && *number > 0);
    number.ok_or_else(|| ReloadRateError::Count(text.to_owned()))
}

impl fmt::Display for ReloadRateSetting {
    /// Writes the rate as it is read; the burst only if it differs from the count.
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(ReloadRate {
            count,
            period,
            burst,
        }) = self;
        write!(out, "{count}/{}", GoDuration(*period))?;
        if burst == count {
            Ok(())
        } else {
            write!(out, " burst {burst}")
        }
    }
}

impl FromNode for ReloadRateSetting {
    fn from_node(node: &Node, position: Position<'_>) -> Result<Self, Error> {
        position.parse(position.text(node, "a rate in quotes, for example \"1/10s\"")?)
    }

    fn shape() -> Shape {
        Shape::spelled(Spelling {
            name: "rate",
            pattern: Pattern::Of(|| {
                let duration = config_blocks::DURATION;
                format!(r"^\s*0*[1-9][0-9]*\s*/\s*{duration}\s*(\sburst\s+0*[1-9][0-9]*\s*)?$")
            }),
            ..Spelling::default()
        })
    }
}

impl Value for ReloadRateSetting {
    fn from_input(input: &Input) -> Result<Self, Reason> {
        input.parse()
    }

    fn shown(&self) -> Option<String> {
        Some(quoted(&self.to_string()))
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_rate_is_a_count_in_a_period() {
        let cases = [
            ("1/10s", (1, 10_000, 1)),
            (" 6 / 1m ", (6, 60_000, 6)),
            ("1/10s burst 3", (1, 10_000, 3)),
            ("10/1.5s  burst\t1", (10, 1500, 1)),
        ];
        for (text, (count, milliseconds, burst)) in cases {
            let rate = ReloadRate {
                count,
                period: Duration::from_millis(milliseconds),
                burst,
            };
            assert_eq!(text.parse(), Ok(ReloadRateSetting(rate)), "{text}");
        }
    }

    #[test]
    fn an_invalid_rate_is_an_error_with_the_remedy() {
        let cases = [
            ("", "\"\" is not a rate; write COUNT/PERIOD"),
            ("10s", "is not a rate"),
            ("1/", "is not a rate"),
            ("1/10s burst", "is not a rate"),
            ("1/10s bursts 3", "is not a rate"),
            ("1/10s burst 3 4", "is not a rate"),
            ("0/10s", "\"0\" is not a number of commands"),
            ("+1/10s", "\"+1\" is not a number of commands"),
            ("/10s", "\"\" is not a number of commands"),
            ("4294967296/10s", "is not a number of commands"),
            ("1/10s burst 0", "\"0\" is not a number of commands"),
            ("1/10", "the period of the rate is not valid"),
            ("1/s", "the period of the rate is not valid"),
            ("1/0s", "the period 0s would allow no limit"),
        ];
        for (text, reason) in cases {
            let error = text
                .parse::<ReloadRateSetting>()
                .expect_err(text)
                .to_string();
            assert!(error.contains(reason), "{text}: {error}");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn a_shown_rate_reads_back(count in 1_u32.., period in 1_u64..1 << 50, burst in 1_u32..) {
            let rate = ReloadRateSetting(ReloadRate { count, period: Duration::from_nanos(period), burst });
            prop_assert_eq!(rate.to_string().parse(), Ok(rate));
        }

        #[test]
        fn no_text_is_a_rate_without_an_effect(text in "[0-9]{0,3}/?[0-9smh. ]{0,4}( burst [0-9+ ]{0,3})?") {
            if let Ok(ReloadRateSetting(ReloadRate { count, period, burst })) = text.parse() {
                prop_assert!(count > 0 && burst > 0 && !period.is_zero(), "{}", text);
            }
        }
    }
}
