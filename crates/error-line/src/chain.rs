//! Formats an error with its causes.

/// What the standard library appends to each error of the operating system, before its number.
const SYSTEM_NUMBER: &str = " (os error ";

/// Formats an error and its causes on one line, without the numbers of system errors.
#[must_use]
pub fn chain(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(error.source(), |cause| cause.source());
    let parts: Vec<_> = std::iter::once(error.to_string())
        .chain(causes.map(ToString::to_string))
        .collect();
    without_numbers(parts.join(": "))
}

/// Removes the numbers of system errors, such as ` (os error 2)`: the words before them say the same.
#[must_use]
pub fn without_numbers(text: String) -> String {
    if !text.contains(SYSTEM_NUMBER) {
        return text;
    }
    let mut parts = text.split(SYSTEM_NUMBER);
    let mut short = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let rest = part.trim_start_matches(|c: char| c.is_ascii_digit());
        match rest.strip_prefix(')') {
            Some(rest) if rest.len() + 1 < part.len() => short.push_str(rest),
            _ => short.extend([SYSTEM_NUMBER, part]),
        }
    }
    short
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_numbers_of_system_errors_are_removed() {
        let missing = std::io::Error::from_raw_os_error(2);
        assert_eq!(chain(&missing), "No such file or directory");
        for (text, short) in [
            ("a: b (os error 13); c (os error 2)", "a: b; c"),
            ("a (os error )", "a (os error )"),
            ("a (os error 2", "a (os error 2"),
            ("a (os error x) (os error 1)b", "a (os error x)b"),
        ] {
            assert_eq!(without_numbers(text.to_owned()), short);
        }
    }
}
