//! Reads the header `Retry-After`.

use std::time::Duration;

use jiff::Timestamp;
use jiff::fmt::rfc2822::DateTimeParser;

use http_client::HeaderMap;
use http_client::header::RETRY_AFTER;

/// The pause that the server requests: seconds, or a date. `None` without a valid header; zero for a date in the past.
pub(super) fn retry_after(headers: &HeaderMap, now: Timestamp) -> Option<Duration> {
    let text = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    if let Ok(seconds) = text.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let date = DateTimeParser::new().parse_timestamp(text).ok()?;
    let until = date.duration_since(now);
    Some(until.try_into().unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;
    use http_client::header::HeaderValue;

    #[test]
    fn seconds_and_dates_are_read() {
        let now: Timestamp = "1994-11-06T08:49:37Z".parse().unwrap();
        let cases = [
            (Some("120"), Some(120)),
            (Some(" 0 "), Some(0)),
            (Some("Sun, 06 Nov 1994 08:50:07 GMT"), Some(30)),
            (Some("Sun, 06 Nov 1994 08:00:00 GMT"), Some(0)),
            (Some("-5"), None),
            (Some("1.5"), None),
            (Some("soon"), None),
            (Some(""), None),
            (None, None),
        ];
        for (text, seconds) in cases {
            let mut headers = HeaderMap::new();
            if let Some(text) = text {
                headers.insert(RETRY_AFTER, HeaderValue::from_static(text));
            }
            let expected = seconds.map(Duration::from_secs);
            assert_eq!(retry_after(&headers, now), expected, "{text:?}");
        }
    }
}
