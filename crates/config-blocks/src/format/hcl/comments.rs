//! Finds the comments of a file, which `ctmpl migrate` keeps.
//!
//! Input: a text in HCL. Output: its [`Comment`]s, in order.

use super::lexer::{Lexer, Token};

/// A comment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Comment {
    /// The line on which it begins, from 1.
    pub line: usize,
    /// The number of blocks around it.
    pub depth: usize,
    /// It is the first thing on its line.
    pub alone: bool,
    /// Its lines, without the comment signs.
    pub lines: Vec<String>,
}

/// The comments of a text, up to the first syntax error.
pub(crate) fn comments(text: &str) -> Vec<Comment> {
    let text = text.replace("\r\n", "\n");
    let mut lexer = Lexer::new(&text);
    let (mut found, mut depth, mut last) = (Vec::new(), 0, 0);
    while let Ok((token, _)) = lexer.next() {
        for (line, comment) in &lexer.comments {
            let alone = *line != last;
            found.push(Comment {
                line: *line,
                depth,
                alone,
                lines: lines(comment),
            });
        }
        last = lexer.cursor.line;
        match token {
            Token::Sign('{') => depth += 1,
            Token::Sign('}') => depth = depth.saturating_sub(1),
            Token::End => break,
            _ => {}
        }
    }
    found
}

fn lines(comment: &str) -> Vec<String> {
    let own = |line: &str| line.strip_prefix(' ').unwrap_or(line).trim_end().to_owned();
    let Some(block) = comment.strip_prefix("/*") else {
        let text = comment.trim_start_matches('#');
        return vec![own(text
            .strip_prefix("//")
            .filter(|_| text == comment)
            .unwrap_or(text))];
    };
    let block = block.strip_suffix("*/").unwrap_or(block);
    let lines = block
        .lines()
        .map(|line| own(line.trim_start().trim_start_matches('*')));
    let mut lines: Vec<_> = lines.skip_while(String::is_empty).collect();
    while lines.last().is_some_and(String::is_empty) {
        lines.pop();
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comments_have_their_place() {
        let text = "# one\r\na = 1 // two\nb {\n  /* three\n   * four */\n  c = \"# no\"\n  ## five\n}\n#\n# six";
        let found: Vec<_> = comments(text)
            .into_iter()
            .map(
                |Comment {
                     line,
                     depth,
                     alone,
                     lines,
                 }| (line, depth, alone, lines.join("|")),
            )
            .collect();
        let expected = [
            (1, 0, true, "one"),
            (2, 0, false, "two"),
            (4, 1, true, "three|four"),
            (7, 1, true, "five"),
            (9, 0, true, ""),
            (10, 0, true, "six"),
        ];
        assert_eq!(
            found,
            expected.map(|(line, depth, alone, text)| (line, depth, alone, text.to_owned()))
        );
    }
}
