//! Explains syntax errors of Jinja templates.

use super::broken::{Explanation, Failure};
use crate::error::Place;
use crate::hints;
use crate::jinja::tags::Cut;

/// Translates a syntax error.
pub(super) fn explain(failure: &Failure<'_>) -> Explanation {
    let detail = failure.detail();
    let start = failure.start().unwrap_or(failure.source.len());
    let (before, at) = failure
        .source
        .split_at_checked(start)
        .unwrap_or((failure.source, ""));
    let mut explanation = Explanation {
        at: failure.start(),
        message: format!("syntax error: {detail}"),
        ..Explanation::default()
    };
    if hints::is_go(failure.source) {
        explanation.hint = Some(hints::LOOKS_LIKE_GO.to_owned());
        return explanation;
    }
    let cut = failure.tags.cut;
    let unclosed = match (detail, cut) {
        ("unexpected end of string", Some(Cut::Text(at))) => Some((at, "this string has no end")),
        ("unexpected end of comment", Some(Cut::Comment(at))) => {
            Some((at, "this comment has no end"))
        }
        (_, Some(Cut::Tag(at))) if at < start => Some((at, "this tag has no end")),
        _ => None,
    };
    if let Some((at, message)) = unclosed {
        return Explanation {
            at: Some(at),
            message: format!("syntax error: {message}"),
            ..explanation
        };
    }
    let open = failure.tags.open_at(start);
    if let (true, Some(last)) = (detail.starts_with("unexpected end of input"), open.last()) {
        let name = last.name;
        explanation.at = Some(last.at);
        explanation.message = format!("syntax error: {{% {name} %}} has no {{% end{name} %}}");
        explanation.hint =
            (name == "set").then(|| "or give it a value: {% set x = … %}".to_owned());
        return explanation;
    }
    if let Some(name) = detail.strip_prefix("unknown statement ") {
        return unknown_tag(failure, name, explanation);
    }
    explanation.hint = hints::jinja::for_syntax(detail, at, before);
    explanation
}

/// Explains a tag that is unknown or misplaced.
fn unknown_tag(failure: &Failure<'_>, name: &str, mut explanation: Explanation) -> Explanation {
    let open = failure.tags.open_at(explanation.at.unwrap_or_default());
    let belongs = name
        .strip_prefix("end")
        .or(matches!(name, "else" | "elif").then_some("if"));
    match (belongs, open.last()) {
        (Some(block), Some(last))
            if last.name != block && hints::jinja::for_tag(name).is_none() =>
        {
            let line = Place::of_byte(failure.source, last.at).line;
            explanation.message =
                format!("syntax error: {{% {name} %}} stands inside of another block");
            explanation.hint = Some(format!(
                "{{% {} %}} of line {line} has no {{% end{} %}} before it",
                last.name, last.name
            ));
        }
        (Some(block), _) if !block.is_empty() && hints::jinja::for_tag(name).is_none() => {
            explanation.message = format!("syntax error: {{% {name} %}} without {{% {block} %}}");
        }
        _ => explanation.hint = hints::jinja::for_tag(name),
    }
    explanation
}
