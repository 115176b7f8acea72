//! Edge cases of the lexer.

use super::*;

fn tokens(source: &str) -> Vec<(TokenKind, String, usize)> {
    let delimiters = Delimiters::default();
    let budget = Budget::unlimited();
    let mut lexer = Lexer::new(source, &delimiters, Comments::Skip, &budget);
    let mut tokens = Vec::new();
    loop {
        let token = lexer.token();
        tokens.push((token.kind, token.text.into_owned(), token.line));
        if matches!(token.kind, TokenKind::End | TokenKind::Error) {
            return tokens;
        }
    }
}

fn texts(source: &str) -> Vec<String> {
    tokens(source)
        .into_iter()
        .map(|(_, text, _)| text)
        .collect()
}

#[test]
fn trim_markers_need_a_space() {
    assert_eq!(texts("a \n{{- 1 -}}\n b"), ["a", "{{", "1", "}}", "b", ""]);
    assert_eq!(texts("a {{-1}}"), ["a ", "{{", "-1", "}}", ""]);
    assert_eq!(texts("a {{- /* c */ -}} b"), ["a", "b", ""]);
}

#[test]
fn spaces_separate_fields_from_arguments() {
    assert_eq!(
        texts("{{$x.y .z}}"),
        ["{{", "$x", ".y", " ", ".z", "}}", ""]
    );
}

#[test]
fn an_error_is_the_last_token() {
    let last = |source: &str| tokens(source).pop();
    let error = |text: &str, line| Some((TokenKind::Error, text.to_owned(), line));
    assert_eq!(last("a\n{{\n"), error("unclosed action", 3));
    assert_eq!(last("{{.x!}}"), error("bad character U+0021 '!'", 1));
    assert_eq!(last("{{\"a\nb\"}}"), error("unterminated quoted string", 1));
    assert_eq!(
        last("{{/* c */ }}"),
        error("comment ends before closing delimiter", 1)
    );
    assert_eq!(last("{{(}}"), error("unclosed left paren", 1));
}
