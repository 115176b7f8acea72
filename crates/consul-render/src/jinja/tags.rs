//! Finds the tags of a Jinja template without parsing it: their places, and the open blocks at a place.
//!
//! Input: the source. Output: its [`Tags`], even if the template has syntax errors.

/// A tag of a statement: `{% name rest %}`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Tag<'s> {
    /// The byte offset of its name.
    pub(super) at: usize,
    /// The first word.
    pub(super) name: &'s str,
    /// The text after the name.
    pub(super) rest: &'s str,
}

/// The construct that is unterminated at the end of the source.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Cut {
    /// A string that begins at this byte offset.
    Text(usize),
    /// A comment that begins at this byte offset.
    Comment(usize),
    /// A tag or an expression that begins at this byte offset.
    Tag(usize),
}

/// The tags of a source, in order.
#[derive(Debug, Default)]
pub(super) struct Tags<'s> {
    pub(super) all: Vec<Tag<'s>>,
    /// The content and byte offset of every tag and printed expression, including an unterminated one.
    pub(super) insides: Vec<(usize, &'s str)>,
    pub(super) cut: Option<Cut>,
}

/// Finds the tags of a source.
pub(super) fn read(source: &str) -> Tags<'_> {
    let mut tags = Tags::default();
    let mut position = 0;
    while let Some((at, opening)) = next_opening(source, position) {
        let inside = at + 2;
        if opening == "{#" {
            match source[inside..].find("#}") {
                Some(end) => position = inside + end + 2,
                None => {
                    return Tags {
                        cut: Some(Cut::Comment(at)),
                        ..tags
                    };
                }
            }
            continue;
        }
        let end = match end_of(source, inside, if opening == "{{" { "}}" } else { "%}" }) {
            Ok(end) => end,
            Err(quote) => {
                tags.insides.push((inside, &source[inside..]));
                return Tags {
                    cut: Some(quote.map_or(Cut::Tag(at), Cut::Text)),
                    ..tags
                };
            }
        };
        tags.insides.push((inside, &source[inside..end]));
        position = end + 2;
        if opening == "{%" {
            let tag = tag(source, inside, end);
            tags.all.push(tag);
            if tag.name == "raw" {
                position = end_of_raw(source, position);
            }
        }
    }
    tags
}

/// Finds the next `{{`, `{%` or `{#` in one scan.
fn next_opening(source: &str, from: usize) -> Option<(usize, &str)> {
    let rest = source.get(from..)?;
    let mut braces = rest.match_indices('{').map(|(at, _)| at);
    let at = braces.find(|at| rest[at + 1..].starts_with(['{', '%', '#']))?;
    Some((from + at, rest.get(at..at + 2)?))
}

/// The end of a tag. The error is the beginning of the unterminated string that hides it, if any.
fn end_of(source: &str, from: usize, closing: &str) -> Result<usize, Option<usize>> {
    let mut quote: Option<(char, usize)> = None;
    let mut escaped = false;
    for (at, c) in source
        .get(from..)
        .unwrap_or_default()
        .char_indices()
        .map(|(at, c)| (from + at, c))
    {
        match quote {
            Some((open, _)) if c == open && !escaped => quote = None,
            None if matches!(c, '"' | '\'') => quote = Some((c, at)),
            None if source[at..].starts_with(closing) => return Ok(at),
            _ => {}
        }
        escaped = c == '\\' && !escaped;
    }
    Err(quote.map(|(_, at)| at))
}

fn end_of_raw(source: &str, from: usize) -> usize {
    let rest = source.get(from..).unwrap_or_default();
    let ends = rest.match_indices("{%").map(|(at, _)| at);
    let word = |at: &usize| {
        rest[at + 2..]
            .trim_start_matches(['-', '+'])
            .trim_start()
            .starts_with("endraw")
    };
    from + ends.into_iter().find(word).unwrap_or(rest.len())
}

fn tag(source: &str, from: usize, to: usize) -> Tag<'_> {
    let inside = source.get(from..to).unwrap_or_default();
    let trimmed = inside.trim_start_matches(['-', '+']).trim_start();
    let at = from + inside.len() - trimmed.len();
    let trimmed = trimmed.trim_end_matches(['-', '+']).trim_end();
    let (name, rest) = trimmed.split_at(
        trimmed
            .find(|c: char| !c.is_alphanumeric() && c != '_')
            .unwrap_or(trimmed.len()),
    );
    Tag {
        at,
        name,
        rest: rest.trim(),
    }
}

impl<'s> Tags<'s> {
    /// The blocks that are open at a place of the source, the innermost last.
    pub(super) fn open_at(&self, place: usize) -> Vec<Tag<'s>> {
        let mut open: Vec<Tag<'s>> = Vec::new();
        for tag in self.all.iter().take_while(|tag| tag.at < place) {
            if let Some(closed) = tag.name.strip_prefix("end") {
                // A block with the wrong end tag stays open.
                if open.last().is_some_and(|last| last.name == closed) {
                    open.pop();
                }
            } else if opens(tag) {
                open.push(*tag);
            }
        }
        open
    }

    /// The tag that defines a name at a place of the source: an enclosing `for`, or a preceding `set`.
    pub(super) fn declaration_of(&self, name: &str, place: usize) -> Option<Tag<'s>> {
        let loops = self
            .open_at(place)
            .into_iter()
            .rev()
            .filter(|tag| tag.name == "for");
        let mut loops = loops.filter(|tag| tag.names().any(|declared| declared == name));
        let sets = || {
            let before = self.all.iter().rev().filter(|tag| tag.at < place);
            before
                .copied()
                .find(|tag| tag.name == "set" && tag.names().any(|declared| declared == name))
        };
        loops.next().or_else(sets)
    }

    /// The names that the tags of the template declare.
    pub(super) fn declared(&self) -> impl Iterator<Item = &'s str> {
        self.all.iter().flat_map(Tag::names)
    }
}

/// Returns `true` if the tag requires an `end…` tag.
fn opens(tag: &Tag<'_>) -> bool {
    match tag.name {
        "for" | "if" | "with" | "block" | "macro" | "call" | "filter" | "raw" | "autoescape" => {
            true
        }
        "set" => !tag.rest.contains('='),
        _ => false,
    }
}

impl<'s> Tag<'s> {
    /// The names that the tag declares.
    pub(super) fn names(&self) -> impl Iterator<Item = &'s str> + use<'s> {
        let declared = match self.name {
            "for" => self.rest.split_once(" in ").map_or("", |(names, _)| names),
            "set" | "with" | "macro" | "import" | "from" | "call" => self.rest,
            _ => "",
        };
        let first_only = self.name == "set";
        let declared = if first_only {
            declared.split('=').next().unwrap_or_default()
        } else {
            declared
        };
        declared
            .split(|c: char| !c.is_alphanumeric() && c != '_')
            .filter(|name| !name.is_empty())
    }

    /// The source of the tag.
    pub(super) fn shown(&self) -> String {
        format!("{} {}", self.name, self.rest).trim_end().to_owned()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn tags_are_found() {
        let source = "{# {% no %} #}{%- for s in x -%}{{ '%}' }}{% raw %}{% if %}{% endraw %}{% endfor %}{% set a = 1 %}";
        let names: Vec<_> = read(source)
            .all
            .iter()
            .map(|tag| (tag.name, tag.rest))
            .collect();
        assert_eq!(
            names,
            [
                ("for", "s in x"),
                ("raw", ""),
                ("endraw", ""),
                ("endfor", ""),
                ("set", "a = 1")
            ]
        );
    }

    #[test]
    fn open_blocks_are_found() {
        let source = "{% if a %}{% for s in x %}{% set t = s %}HERE";
        let tags = read(source);
        let open: Vec<_> = tags.open_at(source.len()).iter().map(Tag::shown).collect();
        assert_eq!(open, ["if a", "for s in x"]);
        let declared = |name| {
            tags.declaration_of(name, source.len())
                .map(|tag| tag.shown())
        };
        assert_eq!(declared("s").as_deref(), Some("for s in x"));
        assert_eq!(declared("t").as_deref(), Some("set t = s"));
        assert_eq!(declared("x"), None);
    }

    #[test]
    fn a_cut_off_construct_is_found() {
        let cases = [
            ("a{# b", Some(Cut::Comment(1))),
            ("a{{ 'b", Some(Cut::Text(4))),
            ("a{{ 'b' ", Some(Cut::Tag(1))),
            ("{% if a", Some(Cut::Tag(0))),
            (r"{{ 'it\'s' }}", None),
            ("a", None),
        ];
        for (source, cut) in cases {
            assert_eq!(read(source).cut, cut, "{source}");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn any_source_is_read(source in "[{}%#'\"\\\\ aé=\n-]{0,40}", at in 0_usize..60) {
            let tags = read(&source);
            tags.open_at(at);
            prop_assert!(tags.declared().all(|name| !name.is_empty()));
        }
    }
}
