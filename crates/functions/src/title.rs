//! Title case, as in Go's `cases.Title` with `NoLower`.
//!
//! A word is a run of letters, digits and underscores. An apostrophe, full stop or colon between
//! two letters does not end it; neither does a comma or full stop between two digits.

/// Converts the first letter of each word to upper case.
pub(super) fn title(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut in_word = false;
    let mut titled = false;
    let mut before = ' ';
    let mut rest = text.chars().peekable();
    while let Some(c) = rest.next() {
        let after = rest.peek().copied().unwrap_or(' ');
        let inside = word(c) || (in_word && joins(before, c, after));
        if !inside {
            titled = false;
        }
        in_word = inside;
        before = c;
        if inside && !titled && (c.is_lowercase() || c.is_uppercase()) {
            titled = true;
            capitalize(c, &mut out);
        } else {
            out.push(c);
        }
    }
    out
}

fn word(c: char) -> bool {
    c.is_alphanumeric() || c == '_' || matches!(c, '\u{300}'..='\u{36f}')
}

fn joins(before: char, c: char, after: char) -> bool {
    match c {
        '\'' | '.' | '’' => {
            (before.is_alphabetic() && after.is_alphabetic())
                || (before.is_numeric() && after.is_numeric())
        }
        ':' | '·' => before.is_alphabetic() && after.is_alphabetic(),
        ',' | ';' => before.is_numeric() && after.is_numeric(),
        _ => false,
    }
}

/// Writes the first letter of a word. If a character is a pair of letters, only the first becomes a
/// capital: `ǅ`, and `Ss` for `ß`.
fn capitalize(c: char, out: &mut String) {
    if let Some(titled) = title_case(c) {
        out.push(titled);
        return;
    }
    let mut capitals = c.to_uppercase();
    out.extend(capitals.next());
    out.extend(capitals.flat_map(char::to_lowercase));
}

/// Converts a character to title case by Unicode's simple mapping.
pub(super) fn one_title(c: char) -> char {
    title_case(c).unwrap_or_else(|| upper(c))
}

/// Returns the title case of a character, if it differs from its upper case.
fn title_case(c: char) -> Option<char> {
    Some(match c {
        'ǆ' | 'Ǆ' | 'ǅ' => 'ǅ',
        'ǉ' | 'Ǉ' | 'ǈ' => 'ǈ',
        'ǌ' | 'Ǌ' | 'ǋ' => 'ǋ',
        'ǳ' | 'Ǳ' | 'ǲ' => 'ǲ',
        // Georgian capitals are used only in words of capitals.
        'ა'..='ჺ' | 'ჽ'..='ჿ' => c,
        _ => return None,
    })
}

/// Converts a character to upper case by Unicode's simple mapping, as Go does.
pub(super) fn upper(c: char) -> char {
    let mut upper = c.to_uppercase();
    match (upper.next(), upper.next()) {
        (Some(only), None) => only,
        _ => c,
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn each_word_begins_with_a_capital() {
        let cases = [
            ("hello world", "Hello World"),
            ("3rd x_y o'neil", "3Rd X_y O'neil"),
            ("web-server.lan", "Web-Server.lan"),
            ("ALL caps kept", "ALL Caps Kept"),
            ("älter  über", "Älter  Über"),
            ("'quoted' a", "'Quoted' A"),
            ("ǆ ßa ﬁx", "ǅ Ssa Fix"),
            ("", ""),
        ];
        assert!(!cases.is_empty());
        for (text, titled) in cases {
            assert_eq!(super::title(text), titled);
        }
    }
}
