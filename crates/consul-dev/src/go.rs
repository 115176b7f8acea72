//! Go's text formats: durations, quoted strings, and the error messages of its JSON decoder.

use std::time::Duration;

/// Parses a duration in Go's notation (`1m30s`, `1.5h`). A negative duration becomes zero.
pub(crate) fn duration(text: &str) -> Option<Duration> {
    let (negative, mut rest) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    if rest == "0" {
        return Some(Duration::ZERO);
    }
    let mut seconds = 0.0;
    if rest.is_empty() {
        return None;
    }
    while !rest.is_empty() {
        let digits = rest
            .find(|c: char| !c.is_ascii_digit() && c != '.')
            .filter(|at| *at > 0)?;
        let number: f64 = rest[..digits].parse().ok()?;
        rest = &rest[digits..];
        let unit = rest
            .find(|c: char| c.is_ascii_digit() || c == '.')
            .unwrap_or(rest.len());
        let scale = match &rest[..unit] {
            "ns" => 1e-9,
            "us" | "µs" | "μs" => 1e-6,
            "ms" => 1e-3,
            "s" => 1.0,
            "m" => 60.0,
            "h" => 3600.0,
            _ => return None,
        };
        seconds += number * scale;
        rest = &rest[unit..];
    }
    if negative {
        Some(Duration::ZERO)
    } else {
        Duration::try_from_secs_f64(seconds).ok()
    }
}

/// Returns the message of Go's parser for a text that is not a duration.
pub(crate) fn duration_error(text: &str) -> String {
    let mut rest = text.trim_start_matches(['-', '+']);
    let is_number = |c: char| c.is_ascii_digit() || c == '.';
    while rest.starts_with(is_number) {
        rest = rest.trim_start_matches(is_number);
        let unit = &rest[..rest.find(is_number).unwrap_or(rest.len())];
        if unit.is_empty() {
            return format!("time: missing unit in duration {}", quoted(text));
        }
        if !["ns", "us", "µs", "μs", "ms", "s", "m", "h"].contains(&unit) {
            let (unit, text) = (quoted(unit), quoted(text));
            return format!("time: unknown unit {unit} in duration {text}");
        }
        rest = &rest[unit.len()..];
    }
    format!("time: invalid duration {}", quoted(text))
}

/// Returns the text in Go's double quotes.
pub(crate) fn quoted(text: &str) -> String {
    format!("{text:?}")
}

/// Parses a boolean as Go's `strconv.ParseBool` does.
pub(crate) fn boolean(text: &str) -> Option<bool> {
    match text {
        "1" | "t" | "T" | "TRUE" | "true" | "True" => Some(true),
        "0" | "f" | "F" | "FALSE" | "false" | "False" => Some(false),
        _ => None,
    }
}

/// Returns the message of Go's decoder for a body that is not JSON.
pub(crate) fn decode_error(body: &[u8], error: &serde_json::Error) -> String {
    if body.iter().all(u8::is_ascii_whitespace) {
        return "EOF".into();
    }
    if error.is_eof() {
        return "unexpected EOF".into();
    }
    let line = body
        .split(|byte| *byte == b'\n')
        .nth(error.line().saturating_sub(1))
        .unwrap_or_default();
    let found = line
        .get(error.column().saturating_sub(1))
        .copied()
        .map_or(' ', char::from);
    let message = error.to_string();
    if message.starts_with("key must be a string") {
        format!("invalid character '{found}' looking for beginning of object key string")
    } else if message.starts_with("expected value") || message.starts_with("expected ident") {
        format!("invalid character '{found}' looking for beginning of value")
    } else if message.starts_with("expected `,`") {
        format!("invalid character '{found}' after object key:value pair")
    } else {
        format!("invalid character '{found}' after top-level value")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_need_units() {
        assert_eq!(duration("1m30s"), Some(Duration::from_secs(90)));
        assert_eq!(duration("1.5h"), Some(Duration::from_secs(5400)));
        assert_eq!(duration("250ms"), Some(Duration::from_millis(250)));
        assert_eq!(duration("-5s"), Some(Duration::ZERO));
        assert_eq!(duration("0"), Some(Duration::ZERO));
        for wrong in ["", "5", "abc", "s", "5x", "5s5"] {
            assert_eq!(duration(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn a_wrong_duration_has_gos_message() {
        for (text, message) in [
            ("abc", "time: invalid duration \"abc\""),
            ("", "time: invalid duration \"\""),
            ("5", "time: missing unit in duration \"5\""),
            ("5x", "time: unknown unit \"x\" in duration \"5x\""),
            ("1m5x", "time: unknown unit \"x\" in duration \"1m5x\""),
        ] {
            assert_eq!(duration_error(text), message);
        }
    }
}
