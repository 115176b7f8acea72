//! Words with a capital letter, as Go's `cases.Title` with `NoLower` makes them.
//!
//! A word is a run of letters, digits and underscores; an apostrophe, a full stop or a colon between two letters, and
//! a comma or a full stop between two digits, do not end it.

use super::text::upper;

/// The first letter of each word in upper case; nothing else changes.
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
            first(c, &mut out);
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

/// Of two letters that are one character, only the first one is a capital: `ǅ`, and `Ss` for `ß`.
fn first(c: char, out: &mut String) {
    if let Some(titled) = title_case(c) {
        out.push(titled);
        return;
    }
    let mut capitals = c.to_uppercase();
    out.extend(capitals.next());
    out.extend(capitals.flat_map(char::to_lowercase));
}

/// One character in title case, if that is one character too.
pub(super) fn one_title(c: char) -> char {
    title_case(c).unwrap_or_else(|| upper(c))
}

/// The title case of the characters whose title case is not their upper case.
fn title_case(c: char) -> Option<char> {
    Some(match c {
        'ǆ' | 'Ǆ' | 'ǅ' => 'ǅ',
        'ǉ' | 'Ǉ' | 'ǈ' => 'ǈ',
        'ǌ' | 'Ǌ' | 'ǋ' => 'ǋ',
        'ǳ' | 'Ǳ' | 'ǲ' => 'ǲ',
        // Georgian has capitals only for texts that are in capitals altogether.
        'ა'..='ჺ' | 'ჽ'..='ჿ' => c,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    #[test]
    fn words_begin_in_upper_case() {
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
