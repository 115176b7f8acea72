//! Shortens strings, and wraps them to a width.

/// Shortens a string to a width in characters, starting at `offset` if that is more than 4.
pub(super) fn abbreviate(text: &str, offset: i64, width: i64) -> String {
    const DOTS: &str = "...";
    let chars: Vec<char> = text.chars().collect();
    let width = usize::try_from(width).unwrap_or(0);
    let length = chars.len();
    if length <= width {
        return text.to_owned();
    }
    let kept = width.saturating_sub(DOTS.len());
    let offset = usize::try_from(offset).unwrap_or(0).min(length);
    // The visible part must not extend beyond the end of the string.
    let offset = if length - offset < kept {
        length - kept
    } else {
        offset
    };
    let part = |from: usize, to: usize| {
        chars
            .get(from..to)
            .unwrap_or_default()
            .iter()
            .collect::<String>()
    };
    if offset <= 4 {
        return format!("{}{DOTS}", part(0, kept));
    }
    if offset + kept < length {
        return format!(
            "{DOTS}{}{DOTS}",
            part(offset, offset + kept.saturating_sub(DOTS.len()))
        );
    }
    format!("{DOTS}{}", part(length - kept, length))
}

/// Wraps a string into lines of a width. Lines break at spaces; with `break_words`, also inside
/// long words.
pub(super) fn wrap(text: &str, width: i64, separator: &str, break_words: bool) -> String {
    let width = usize::try_from(width).unwrap_or(0).max(1);
    let chars: Vec<char> = text.chars().collect();
    let mut out = String::with_capacity(text.len());
    let mut at = 0;
    while chars.len() - at > width {
        if chars[at] == ' ' {
            at += 1;
            continue;
        }
        let line = &chars[at..];
        let space = line.iter().take(width + 1).rposition(|c| *c == ' ');
        let (end, next) = match space {
            Some(space) => (space, space + 1),
            None if break_words => (width, width),
            None => match line.iter().skip(width).position(|c| *c == ' ') {
                Some(after) => (width + after, width + after + 1),
                None => (line.len(), line.len()),
            },
        };
        out.extend(&line[..end]);
        at += next;
        if end < line.len() {
            out.push_str(separator);
        }
    }
    out.extend(&chars[at..]);
    out
}
