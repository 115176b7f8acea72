//! The text of a configuration under construction.

/// The lines written so far.
#[derive(Default)]
pub(super) struct Page(pub(super) String);

impl Page {
    /// Writes a line after `lead`, which is blanks, or blanks and a dash.
    pub(super) fn line(&mut self, lead: &str, text: &str) {
        for part in [lead, text, "\n"] {
            self.0.push_str(part);
        }
    }

    /// Writes comments, one per line.
    pub(super) fn comments(&mut self, indent: &str, lines: &[String]) {
        for line in lines {
            self.line(
                indent,
                format!("# {}", line.replace(|letter| !is_plain(letter), " ")).trim_end(),
            );
        }
    }

    /// Writes an empty line between separate parts.
    pub(super) fn gap(&mut self) {
        if !self.0.is_empty() {
            self.0.push('\n');
        }
    }
}

/// Returns the text in quotes that are valid in YAML and TOML.
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

/// Returns `true` if every format allows the character unescaped within a line.
pub(super) fn is_plain(letter: char) -> bool {
    !letter.is_control()
        && !matches!(
            letter,
            '\u{2028}' | '\u{2029}' | '\u{feff}' | '\u{fffe}' | '\u{ffff}'
        )
}
