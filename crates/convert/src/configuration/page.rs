//! The text of a configuration while it is written.

/// Lines so far.
#[derive(Default)]
pub(super) struct Page(pub(super) String);

impl Page {
    /// A line; it comes after `lead`, which is blanks, or blanks and a dash.
    pub(super) fn line(&mut self, lead: &str, text: &str) {
        for part in [lead, text, "\n"] {
            self.0.push_str(part);
        }
    }

    /// Comments, each on a line of its own.
    pub(super) fn comments(&mut self, indent: &str, lines: &[String]) {
        for line in lines {
            self.line(
                indent,
                format!("# {}", line.replace(|letter| !is_plain(letter), " ")).trim_end(),
            );
        }
    }

    /// An empty line between what belongs apart.
    pub(super) fn gap(&mut self) {
        if !self.0.is_empty() {
            self.0.push('\n');
        }
    }
}

/// A text in quotes, for both YAML and TOML.
pub(super) fn quoted(text: &str) -> String {
    let escaped = |letter: char| match letter {
        '"' => "\\\"".to_owned(),
        '\\' => "\\\\".to_owned(),
        '\n' => "\\n".to_owned(),
        '\t' => "\\t".to_owned(),
        letter if is_plain(letter) => letter.to_string(),
        letter => format!("\\U{:08x}", u32::from(letter)),
    };
    format!("\"{}\"", text.chars().map(escaped).collect::<String>())
}

/// Returns `true` if a character can be literal, on one line, in every format.
pub(super) fn is_plain(letter: char) -> bool {
    !letter.is_control()
        && !matches!(
            letter,
            '\u{2028}' | '\u{2029}' | '\u{feff}' | '\u{fffe}' | '\u{ffff}'
        )
}
