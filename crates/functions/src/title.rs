//! Title case, as Go's `cases.Title` with `NoLower` makes it.
//!
//! A word is a run of letters, digits and underscores. An apostrophe, a full stop or a colon between two letters, and a
//! comma or a full stop between two digits, do not end it.

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

/// Writes the first letter of a word. Of a character that is two letters only the first is a capital: `ǅ`, and `Ss` for
/// `ß`.
fn capitalize(c: char, out: &mut String) {
    if let Some(titled) = title_case(c) {
        out.push(titled);
        return;
    }
    let mut capitals = c.to_uppercase();
    out.extend(capitals.next());
    out.extend(capitals.flat_map(char::to_lowercase));
}

/// A character in title case, by Unicode's simple mapping.
pub(super) fn one_title(c: char) -> char {
    title_case(c).unwrap_or_else(|| upper(c))
}

/// The title case of a character, if it is not its upper case.
fn title_case(c: char) -> Option<char> {
    Some(match c {
        'ǆ' | 'Ǆ' | 'ǅ' => 'ǅ',
        'ǉ' | 'Ǉ' | 'ǈ' => 'ǈ',
        'ǌ' | 'Ǌ' | 'ǋ' => 'ǋ',
        'ǳ' | 'Ǳ' | 'ǲ' => 'ǲ',
        // Georgian capitals are used only where all letters are capitals.
        'ა'..='ჺ' | 'ჽ'..='ჿ' => c,
        _ => return None,
    })
}

/// A character in upper case by Unicode's simple mapping, as in Go.
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
