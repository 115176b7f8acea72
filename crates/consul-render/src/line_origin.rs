//! Finds the line of a template that a rendered line probably comes from, for messages about a rendered file.
//!
//! The texts between the actions of a template line occur in the rendered line, in their order. Nothing is
//! recorded while templates are rendered, so this costs nothing before it is needed.

use gotemplate::Delimiters;

use crate::options::Language;

/// The delimiters of Jinja.
const JINJA: [(&str, &str); 3] = [("{{", "}}"), ("{%", "%}"), ("{#", "#}")];

/// The number of the line of a template that a rendered line comes from, beginning at 1. `None`: no line fits, or
/// several fit equally well.
#[must_use]
pub fn line_origin(
    template: &str,
    language: Language,
    delimiters: &Delimiters,
    rendered: &str,
) -> Option<usize> {
    let rendered = rendered.trim();
    let own = [(delimiters.left.as_str(), delimiters.right.as_str())];
    let pairs: &[(&str, &str)] = match language {
        Language::Jinja => &JINJA,
        Language::Go => &own,
    };
    let (mut best, mut best_score, mut is_unique) = (None, 0, false);
    for (at, line) in lines(template, pairs).iter().enumerate() {
        let score = line.score();
        if score == 0 || score < best_score || !line.fits(rendered) {
            continue;
        }
        is_unique = score > best_score;
        (best, best_score) = (Some(at + 1), score);
    }
    best.filter(|_| is_unique)
}

/// The texts of one line of a template.
#[derive(Debug, Default)]
struct Line<'a> {
    /// The texts between actions, without surrounding space. Those at the ends may be empty.
    texts: Vec<&'a str>,
}

impl Line<'_> {
    /// The number of bytes that have to occur in the rendered line.
    fn score(&self) -> usize {
        self.texts.iter().map(|text| text.len()).sum()
    }

    fn fits(&self, rendered: &str) -> bool {
        let [first, between @ .., last] = self.texts.as_slice() else {
            return self.texts == [rendered];
        };
        let Some(mut rest) = rendered.strip_prefix(first) else {
            return false;
        };
        for text in between {
            let Some(at) = rest.find(text) else {
                return false;
            };
            rest = &rest[at + text.len()..];
        }
        rest.ends_with(last)
    }
}

/// Divides a template into lines, and each line at its actions.
fn lines<'a>(template: &'a str, pairs: &[(&str, &str)]) -> Vec<Line<'a>> {
    let mut lines = vec![Line::default()];
    let mut rest = template;
    loop {
        let opening = pairs
            .iter()
            .filter_map(|(open, close)| Some((rest.find(open)?, open, close)));
        let opening = opening.min_by_key(|(at, ..)| *at);
        let end = opening.map_or(rest.len(), |(at, ..)| at);
        for (number, text) in rest[..end].split('\n').enumerate() {
            if number > 0 {
                lines.push(Line::default());
            }
            lines
                .last_mut()
                .into_iter()
                .for_each(|line| line.texts.push(text.trim()));
        }
        let Some((at, open, close)) = opening else {
            return lines;
        };
        let inside = &rest[at + open.len()..];
        let length = inside.find(close);
        let action = &inside[..length.unwrap_or(inside.len())];
        for _ in action.matches('\n') {
            // An action over several lines ends the first one, and begins the last one.
            lines
                .last_mut()
                .into_iter()
                .for_each(|line| line.texts.push(""));
            lines.push(Line { texts: vec![""] });
        }
        rest = length.map_or("", |length| &inside[length + close.len()..]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GO: &str = "# {{/* a comment\n   of two lines */}} end\n{{ range service \"web\" -}}\n  server {{ .Address }}:{{ .Port }};\n\
         {{ end }}\nlisten {{ key \"port\" }};\nlisten 80;\n}\n}\n{{ key \"all\" }}\n";

    fn go(rendered: &str) -> Option<usize> {
        line_origin(GO, Language::Go, &Delimiters::default(), rendered)
    }

    #[test]
    fn the_line_with_the_most_text_is_found() {
        let cases = [
            ("    server 10.0.0.1:80;", Some(4)),
            ("listen 81;", Some(6)),
            ("listen 80;", Some(7)),
            ("# end", Some(2)),
            ("}", None),
            ("something else", None),
            ("", None),
        ];
        for (rendered, expected) in cases {
            assert_eq!(go(rendered), expected, "{rendered:?}");
        }
    }

    #[test]
    fn jinja_and_other_delimiters_are_known() {
        let jinja =
            "{% for s in services %}\nserver {{ s.address }};\n{% endfor %}\n{# a\nb #}\nend\n";
        let find = |rendered| line_origin(jinja, Language::Jinja, &Delimiters::default(), rendered);
        assert_eq!(find("server 10.0.0.1;"), Some(2));
        assert_eq!(find("end"), Some(6));
        let delimiters = Delimiters {
            left: "<<".to_owned(),
            right: ">>".to_owned(),
        };
        let own = line_origin(
            "a\nb << key \"x\" >> c {{\n",
            Language::Go,
            &delimiters,
            "b 1 c {{",
        );
        assert_eq!(own, Some(2));
    }

    #[test]
    fn an_action_without_an_end_is_no_error() {
        assert_eq!(lines("a {{ b\nc", &[("{{", "}}")]).len(), 2);
        assert_eq!(
            line_origin("é {{ x", Language::Go, &Delimiters::default(), "é"),
            Some(1)
        );
    }
}
