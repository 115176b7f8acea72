//! Translates errors of minijinja.
//!
//! in:  an error, with a chain of causes through the includes
//! out: a [`TemplateError`] at the innermost place, without any value of a variable

use minijinja::{Environment, Error, ErrorKind};

use super::FUEL;
use super::includes::Includes;
use super::tags::{self, Cut, Tags};
use super::undefined;
use crate::template::error::{Place, TemplateError};
use crate::template::function::{Function, FunctionError};
use crate::template::functions::unsupported;
use crate::template::{functions, hints, redact};

/// Translates an error of the template `main` or of one that it includes.
pub(super) fn told(
    error: &Error,
    main: &str,
    includes: &Includes,
    environment: &Environment<'_>,
) -> TemplateError {
    let error = innermost(error);
    let name = error.name().unwrap_or(main);
    let source = includes.source(name).unwrap_or_default();
    let tags = tags::read(&source);
    let failure = Failure {
        error,
        source: &source,
        tags: &tags,
        environment,
        includes,
        is_main: name == main,
    };
    let Told {
        at,
        message,
        within,
        hint,
    } = failure.told();
    let place = match (at, error.line()) {
        (Some(at), _) => Some(Place::of_byte(&source, at)),
        (None, Some(line)) => Some(Place {
            line: u32::try_from(line).unwrap_or(u32::MAX),
            column: 0,
        }),
        (None, None) => None,
    };
    let shown = includes.shown(name);
    let told = match place {
        Some(place) => TemplateError::at(&shown, &source, place, message),
        None => TemplateError::whole(&shown, message),
    };
    told.within(within)
        .with_hint(hint)
        .with_sources(includes.paths())
}

/// The innermost cause that has a place.
fn innermost(error: &Error) -> &Error {
    let mut innermost = error;
    let mut cause = std::error::Error::source(error);
    while let Some(next) = cause {
        if let Some(next) = next
            .downcast_ref::<Error>()
            .filter(|next| next.line().is_some())
        {
            innermost = next;
        }
        cause = next.source();
    }
    innermost
}

/// An error with its template.
pub(super) struct Failure<'a> {
    pub(super) error: &'a Error,
    pub(super) source: &'a str,
    pub(super) tags: &'a Tags<'a>,
    pub(super) environment: &'a Environment<'a>,
    includes: &'a Includes,
    /// `true` for the main template; an include also sees the variables of the including template.
    pub(super) is_main: bool,
}

/// A translated error.
#[derive(Default)]
pub(super) struct Told {
    pub(super) at: Option<usize>,
    pub(super) message: String,
    pub(super) within: Option<String>,
    pub(super) hint: Option<String>,
}

impl Failure<'_> {
    pub(super) fn start(&self) -> Option<usize> {
        // An error without a line has no place, even if it has a range.
        let line = self.error.line()?;
        let name = quoted(self.detail()).filter(|name| !name.is_empty());
        match (self.error.range(), name) {
            // The place of the name rather than of the tag.
            (Some(range), Some(name)) if self.error.kind() == ErrorKind::TemplateNotFound => Some(
                range.start
                    + self
                        .source
                        .get(range.clone())
                        .and_then(|tag| tag.find(name))
                        .unwrap_or(0),
            ),
            (Some(range), _) => Some(range.start),
            (None, name) => {
                let before: usize = self
                    .source
                    .split_inclusive('\n')
                    .take(line - 1)
                    .map(str::len)
                    .sum();
                let text = self.source.get(before..)?.lines().next()?;
                Some(before + text.find(name?)?)
            }
        }
    }

    /// The source text that the error is about.
    pub(super) fn at(&self) -> &str {
        self.error
            .range()
            .and_then(|range| self.source.get(range))
            .unwrap_or_default()
    }

    fn detail(&self) -> &str {
        self.error.detail().unwrap_or_default()
    }

    fn told(&self) -> Told {
        match self.error.kind() {
            ErrorKind::SyntaxError => self.syntax(),
            ErrorKind::UndefinedError if self.detail().is_empty() => undefined::told(self),
            _ => {
                // An error of the library is redacted already.
                let own = std::error::Error::source(self.error)
                    .is_some_and(<dyn std::error::Error>::is::<FunctionError>);
                let message = self.message();
                let message = if own {
                    message
                } else {
                    redact::quoted(&message, self.source)
                };
                Told {
                    at: self.start(),
                    message,
                    within: undefined::within(self, self.at()),
                    hint: self.hint(),
                }
            }
        }
    }

    /// Translates a syntax error.
    fn syntax(&self) -> Told {
        let detail = self.detail();
        let start = self.start().unwrap_or(self.source.len());
        let (before, at) = self
            .source
            .split_at_checked(start)
            .unwrap_or((self.source, ""));
        let mut told = Told {
            at: self.start(),
            message: format!("syntax error: {detail}"),
            ..Told::default()
        };
        if hints::is_go(self.source) {
            told.hint = Some(hints::LOOKS_LIKE_GO.to_owned());
            return told;
        }
        let cut = self.tags.cut;
        let unclosed = match (detail, cut) {
            ("unexpected end of string", Some(Cut::Text(at))) => {
                Some((at, "this string has no end"))
            }
            ("unexpected end of comment", Some(Cut::Comment(at))) => {
                Some((at, "this comment has no end"))
            }
            (_, Some(Cut::Tag(at))) if at < start => Some((at, "this tag has no end")),
            _ => None,
        };
        if let Some((at, message)) = unclosed {
            return Told {
                at: Some(at),
                message: format!("syntax error: {message}"),
                ..told
            };
        }
        let open = self.tags.open_at(start);
        if let (true, Some(last)) = (detail.starts_with("unexpected end of input"), open.last()) {
            let name = last.name;
            told.at = Some(last.at);
            told.message = format!("syntax error: {{% {name} %}} has no {{% end{name} %}}");
            told.hint = (name == "set").then(|| "or give it a value: {% set x = … %}".to_owned());
            return told;
        }
        if let Some(name) = detail.strip_prefix("unknown statement ") {
            return self.unknown_tag(name, told);
        }
        told.hint = hints::jinja::for_syntax(detail, at, before);
        told
    }

    /// Translates an unknown tag or a tag out of place.
    fn unknown_tag(&self, name: &str, mut told: Told) -> Told {
        let open = self.tags.open_at(told.at.unwrap_or_default());
        let belongs = name
            .strip_prefix("end")
            .or(matches!(name, "else" | "elif").then_some("if"));
        match (belongs, open.last()) {
            (Some(block), Some(last))
                if last.name != block && hints::jinja::for_tag(name).is_none() =>
            {
                let line = Place::of_byte(self.source, last.at).line;
                told.message =
                    format!("syntax error: {{% {name} %}} stands inside of another block");
                told.hint = Some(format!(
                    "{{% {} %}} of line {line} has no {{% end{} %}} before it",
                    last.name, last.name
                ));
            }
            (Some(block), _) if !block.is_empty() && hints::jinja::for_tag(name).is_none() => {
                told.message = format!("syntax error: {{% {name} %}} without {{% {block} %}}");
            }
            _ => told.hint = hints::jinja::for_tag(name),
        }
        told
    }

    fn message(&self) -> String {
        let detail = self.detail();
        match self.error.kind() {
            ErrorKind::OutOfFuel => {
                format!("the template does not come to an end: it takes more than {FUEL} steps")
            }
            kind if detail.is_empty() => kind.to_string(),
            ErrorKind::UnknownFunction => {
                hints::absent::message(unknown(detail), unsupported::in_jinja(unknown(detail)))
            }
            ErrorKind::UnknownFilter => format!("filter {:?} not defined", unknown(detail)),
            ErrorKind::UnknownTest => format!("test {:?} not defined", unknown(detail)),
            ErrorKind::TemplateNotFound => match quoted(detail) {
                // A computed name may contain values.
                Some(name) if self.source.contains(name) => {
                    format!("there is no template {name:?} to include")
                }
                _ => "there is no template of this name to include".to_owned(),
            },
            ErrorKind::InvalidOperation if detail.starts_with("cycle in template inheritance") => {
                format!(
                    "these templates extend each other: {:?} comes a second time",
                    quoted(detail).unwrap_or_default()
                )
            }
            ErrorKind::InvalidOperation if detail.contains("recursion limit") => {
                "macros and includes are nested too deep; does one of them call itself?".to_owned()
            }
            ErrorKind::InvalidOperation if detail.ends_with("is not callable") => match self
                .called()
            {
                Some(name) if detail.contains("undefined") => format!("{name:?} is not defined"),
                _ => detail.to_owned(),
            },
            ErrorKind::UnknownMethod => match detail.rsplit_once(" has no method named ") {
                Some((kind, name)) => format!("a {kind} has no method {name:?}"),
                None => detail.to_owned(),
            },
            // These messages show the operands.
            _ if detail.starts_with("unable to calculate") => {
                "the result of this calculation is out of range, or a division by zero".to_owned()
            }
            ErrorKind::InvalidOperation if is_no_number(detail) => {
                "the text is not a number".to_owned()
            }
            ErrorKind::InvalidOperation | ErrorKind::UndefinedError => detail.to_owned(),
            kind => format!("{kind}: {detail}"),
        }
    }

    fn hint(&self) -> Option<String> {
        let detail = self.detail();
        match self.error.kind() {
            ErrorKind::UnknownFunction => {
                hints::jinja::for_function(unknown(detail), self.environment.globals().map(|(name, _)| name))
            }
            ErrorKind::UnknownFilter => hints::jinja::for_filter(unknown(detail)),
            ErrorKind::UnknownTest => hints::did_you_mean(unknown(detail), hints::jinja::TESTS.iter().copied()),
            ErrorKind::UnknownMethod => {
                if detail.starts_with("scratch ") {
                    return Some("it has key, get, set, set_x, map_set, map_set_x, map_values".to_owned());
                }
                let (kind, method) = detail.rsplit_once(" has no method named ")?;
                hints::jinja::for_method(kind, method)
            }
            ErrorKind::InvalidOperation if detail.ends_with("is not callable") => {
                let name = self.called()?;
                if detail.contains("undefined") {
                    if let Some(tag) =
                        self.tags.all.iter().find(|tag| tag.name == "from" && tag.names().any(|n| n == name))
                    {
                        return Some(format!("does the file in {{% {} %}} have a macro of that name?", tag.shown()));
                    }
                    let known = self.environment.globals().map(|(name, _)| name).chain(self.tags.declared());
                    return hints::did_you_mean(name, known);
                }
                let function = functions::named_in_jinja(name)?;
                Some(format!("a variable {:?} hides the function of that name; rename the variable", function.jinja))
            }
            ErrorKind::InvalidOperation if detail.contains("operator on unsupported types string and number") => {
                Some("make a number of the text first: text | int".to_owned())
            }
            ErrorKind::TemplateNotFound => {
                let near = self.includes.beside(quoted(detail).filter(|name| self.source.contains(name))?);
                hints::did_you_mean(quoted(detail)?, near.iter().map(String::as_str))
            }
            ErrorKind::InvalidOperation if is_no_number(detail) => {
                Some("it is something else, or has blanks or a line break around it, which trim takes off".to_owned())
            }
            ErrorKind::InvalidOperation if self.refusing().is_some() => {
                self.refusing().and_then(|function| hints::for_failed(function, function.jinja, detail))
            }
            ErrorKind::InvalidOperation if detail.contains(" - operator") => {
                let one_word = self.at().contains('-') && !self.at().contains(char::is_whitespace);
                one_word
                    .then(|| "a dash is a minus; a name with a dash is written as a text: x[\"some-name\"]".to_owned())
            }
            ErrorKind::InvalidOperation if detail == "plain object is not iterable" => {
                let name = self.at().trim();
                functions::named_in_jinja(name).map(|function| format!("call it: {}(…)", function.jinja))
            }
            _ => None,
        }
    }

    /// The library function that refused its arguments.
    fn refusing(&self) -> Option<&'static Function> {
        let detail = self.detail();
        let name = detail
            .strip_prefix("wrong number of args for ")
            .unwrap_or(detail)
            .split([':', ' '])
            .next()?;
        functions::named_in_jinja(name)
    }

    /// The called name.
    fn called(&self) -> Option<&str> {
        let name = self.at().split('(').next().unwrap_or_default().trim();
        let is_name = !name.is_empty() && name.chars().all(|c| c.is_alphanumeric() || c == '_');
        is_name.then_some(name)
    }
}

/// Returns `true` for the messages of the standard library's number parsers.
fn is_no_number(detail: &str) -> bool {
    ["invalid float literal", "invalid digit found in string"].contains(&detail)
}

/// The name in `NAME is unknown`, `filter NAME is unknown`.
fn unknown(detail: &str) -> &str {
    let name = detail.strip_suffix(" is unknown").unwrap_or(detail);
    name.strip_prefix("filter ")
        .or_else(|| name.strip_prefix("test "))
        .unwrap_or(name)
}

fn quoted(detail: &str) -> Option<&str> {
    detail.split(['"', '\'']).nth(1)
}
