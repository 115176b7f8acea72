//! Writes a tree as Jinja text.
//!
//! Input: [`Piece`]s. Output: a template that prints every text unchanged, including the line
//! breaks and blanks around tags.
//!
//! Jinja runs with `trim_blocks` and `lstrip_blocks`: it drops the line break after a tag or
//! comment, and the blanks before one that begins its line. So a tag can have its own line. Where
//! text would be lost, the tag is written as `{%+ … +%}`.

use crate::piece::Piece;

/// The last thing that was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum End {
    /// Text, a value, or nothing.
    Text,
    /// A tag or a comment.
    Tag,
    /// A tag or a comment, with the line break after it that Jinja drops.
    Line,
}

struct Writer {
    out: String,
    end: End,
}

/// Writes the template.
pub(crate) fn write(list: &[Piece]) -> String {
    let mut writer = Writer {
        out: String::new(),
        end: End::Text,
    };
    writer.list(list, true);
    writer.out
}

impl Writer {
    fn list(&mut self, list: &[Piece], own_lines: bool) {
        for (index, piece) in list.iter().enumerate() {
            // A piece that prints nothing is not put on its own line in the middle of a line of
            // text.
            let is_within_line =
                !self.begins_line() && matches!(list.get(index + 1), None | Some(Piece::Text(_)));
            let own_lines =
                own_lines && (piece.has_line_break() || (piece.is_silent() && !is_within_line));
            self.piece(piece, own_lines);
        }
    }

    /// Writes a piece; with `own_lines`, a line break follows each of its tags.
    fn piece(&mut self, piece: &Piece, own_lines: bool) {
        match piece {
            Piece::Text(text) => self.text(text),
            Piece::Print(expression) => self.print(expression),
            Piece::Tag(tag) => self.tag(tag, own_lines),
            Piece::Leave(tag) => self.tag(tag, false),
            Piece::Comment(comment) => self.comment(comment, own_lines),
            Piece::If { arms, else_body } => {
                for (index, (condition, list)) in arms.iter().enumerate() {
                    self.tag(
                        &format!("{} {condition}", if index == 0 { "if" } else { "elif" }),
                        own_lines,
                    );
                    self.list(list, own_lines);
                }
                self.else_body(else_body, own_lines);
                self.tag("endif", own_lines);
            }
            Piece::For {
                head,
                body,
                else_body,
            } => {
                self.tag(head, own_lines);
                self.list(body, own_lines);
                self.else_body(else_body, own_lines);
                self.tag("endfor", own_lines);
            }
            Piece::Macro { head, body } => {
                let inside = own_lines && body.iter().any(Piece::has_line_break);
                self.tag(head, inside);
                self.list(body, inside);
                self.tag("endmacro", own_lines);
            }
        }
    }

    fn else_body(&mut self, list: &[Piece], own_lines: bool) {
        if !list.is_empty() {
            self.tag("else", own_lines);
            self.list(list, own_lines);
        }
    }

    fn text(&mut self, text: &str) {
        if text.is_empty() {
            return;
        }
        // Jinja would drop this line break after the previous tag.
        let dropped = match self.end {
            End::Text => false,
            End::Tag => text.starts_with(['\n', '\r']),
            End::Line => text.starts_with('\r'),
        };
        if dropped {
            if self.end == End::Line {
                self.out.pop();
            }
            let closing = self.out.split_off(self.out.len() - 2);
            self.out.push('+');
            self.out.push_str(&closing);
        }
        // Braces at the end may be followed by more.
        let mut rest = text;
        if self.end == End::Text && self.out.ends_with('{') {
            self.out.pop();
            let braces = rest.len() - rest.trim_start_matches('{').len();
            self.braces(1 + braces, rest[braces..].starts_with(['%', '#']));
            rest = &rest[braces..];
        }
        while let Some(at) = rest.find('{') {
            self.out.push_str(&rest[..at]);
            let after = rest[at..].trim_start_matches('{');
            self.braces(rest.len() - at - after.len(), after.starts_with(['%', '#']));
            rest = after;
        }
        self.out.push_str(rest);
        self.end = End::Text;
    }

    /// Writes a run of braces; one that would open a tag is written as a printed value.
    fn braces(&mut self, count: usize, opens: bool) {
        let braces = "{".repeat(count);
        if count > 1 || opens {
            self.out.push_str("{{ \"");
            self.out.push_str(&braces);
            self.out.push_str("\" }}");
        } else {
            self.out.push_str(&braces);
        }
    }

    /// Writes a brace directly before a tag as a printed value, because it would become part of the
    /// tag.
    fn separate_brace(&mut self) {
        if self.end == End::Text && self.out.ends_with('{') {
            self.out.pop();
            self.braces(1, true);
        }
    }

    fn print(&mut self, expression: &str) {
        self.separate_brace();
        self.out.push_str("{{ ");
        self.out.push_str(expression);
        self.out.push_str(" }}");
        self.end = End::Text;
    }

    fn tag(&mut self, tag: &str, own_line: bool) {
        self.open("{%");
        self.out.push(' ');
        self.out.push_str(tag);
        self.out.push_str(" %}");
        self.end = End::Tag;
        if own_line {
            self.own_line();
        }
    }

    fn comment(&mut self, comment: &str, own_line: bool) {
        self.open("{#");
        let comment = comment.replace("#}", "# }");
        if comment.starts_with(['-', '+']) {
            self.out.push(' ');
        }
        self.out.push_str(&comment);
        if comment.ends_with(['-', '+', '#']) || comment.is_empty() {
            self.out.push(' ');
        }
        self.out.push_str("#}");
        self.end = End::Tag;
        if own_line {
            self.own_line();
        }
    }

    /// Opens a tag so that the blanks before it are kept.
    fn open(&mut self, with: &str) {
        self.separate_brace();
        let blanks = self.line_is_blank();
        self.out.push_str(with);
        if blanks {
            self.out.push('+');
        }
    }

    fn begins_line(&self) -> bool {
        self.out.is_empty() || self.out.ends_with(['\n', '\r'])
    }

    /// Returns `true` if the last line has blanks only, and at least one.
    fn line_is_blank(&self) -> bool {
        let is_blank = |c: &char| c.is_whitespace() && !matches!(c, '\n' | '\r');
        let before = self.out.trim_end_matches(|c| is_blank(&c));
        before.len() < self.out.len() && (before.is_empty() || before.ends_with(['\n', '\r']))
    }

    fn own_line(&mut self) {
        self.out.push('\n');
        self.end = End::Line;
    }
}

#[cfg(test)]
mod tests {
    use minijinja::Environment;
    use minijinja::syntax::SyntaxConfig;
    use proptest::prelude::*;

    use super::*;
    use crate::piece::settle;

    /// Returns the text of pieces whose conditions are `true` or `false` and whose loops go over
    /// lists.
    fn printed(list: &[Piece]) -> String {
        let mut out = String::new();
        for piece in list {
            match piece {
                Piece::Text(text) => out.push_str(text),
                Piece::Print(_) => out.push('x'),
                Piece::If { arms, else_body } => {
                    let taken = arms.iter().find(|(condition, _)| condition == "true");
                    out.push_str(&printed(taken.map_or(else_body, |(_, list)| list)));
                }
                Piece::For {
                    head,
                    body,
                    else_body,
                } => {
                    let count = head.matches('1').count();
                    out.push_str(&if count == 0 {
                        printed(else_body)
                    } else {
                        printed(body).repeat(count)
                    });
                }
                Piece::Tag(_) | Piece::Comment(_) | Piece::Leave(_) | Piece::Macro { .. } => {}
            }
        }
        out
    }

    fn pieces() -> impl Strategy<Value = Vec<Piece>> {
        let leaf = prop_oneof![
            4 => "[ \\n\\r\\t{%#}a]{0,4}".prop_map(Piece::Text),
            3 => prop_oneof!["\\n{0,2}[ a]{0,2}", "[ a]{0,2}\\n"].prop_map(Piece::Text),
            1 => Just(Piece::Print("'x'".to_owned())),
            1 => Just(Piece::Tag("set y = 1".to_owned())),
            1 => "[ -+#}a\\n]{0,4}".prop_map(Piece::Comment),
        ];
        let list = |piece| prop::collection::vec(piece, 0..4);
        let piece = leaf.prop_recursive(4, 40, 4, move |inner| {
            let condition = prop_oneof![Just("true".to_owned()), Just("false".to_owned())];
            let head = prop_oneof!["for z in \\[\\]", "for z in \\[1\\]", "for z in \\[1, 1\\]"];
            prop_oneof![
                (
                    prop::collection::vec((condition, list(inner.clone())), 1..3),
                    list(inner.clone())
                )
                    .prop_map(|(arms, else_body)| Piece::If { arms, else_body }),
                (head, list(inner.clone()), list(inner)).prop_map(|(head, body, else_body)| {
                    Piece::For {
                        head,
                        body,
                        else_body,
                    }
                }),
            ]
        });
        prop::collection::vec(piece, 0..6)
    }

    fn rendered(text: &str) -> String {
        let mut syntax = SyntaxConfig::builder();
        syntax
            .trim_blocks(true)
            .lstrip_blocks(true)
            .keep_trailing_newline(true);
        let mut environment = Environment::new();
        environment.set_syntax(syntax.build().unwrap());
        environment
            .render_str(text, ())
            .unwrap_or_else(|error| panic!("{error}\n{text}"))
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(300))]

        #[test]
        fn every_byte_is_printed_wherever_tags_are(list in pieces()) {
            let wanted = printed(&list);
            prop_assert_eq!(&rendered(&write(&list)), &wanted);
            let settled = settle(list);
            prop_assert_eq!(&printed(&settled), &wanted);
            prop_assert_eq!(rendered(&write(&settled)), wanted);
        }
    }
}
