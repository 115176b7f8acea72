//! `ctmpl convert`: a Go template as a Jinja template.
//!
//! in:  the source of a Go template
//! out: a [`Conversion`]: the Jinja text, and [`Mark`]s for what could not be converted; and, with [`prove`], how what
//!      both print differs
//!
//! Whatever is converted without a mark prints the same bytes. Jinja's own words are used where they mean the same for
//! every value that can be there, which the types of functions and records tell; elsewhere Go's own functions do it,
//! which Jinja templates know as `go_text`, `go_index` and so on. Only where the Go template fails (a field of a text,
//! a comparison of a text and a number) the Jinja template may go on.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use crate::config::resolved::{Delimiters, Permissions};
use crate::template::jinja::{self, JinjaTemplate};
use crate::template::{TemplateError, functions, go_trees};
use gotemplate::ast::Templates;
use gotemplate::ast::{OperandKind, Target};

mod calls;
pub mod command;
mod diff;
mod expression;
mod layout;
mod name;
mod piece;
pub mod prove;

mod statements;
#[cfg(test)]
mod tests;
mod types;
mod values;
mod variables;
mod writer;

use expression::Expr;
use name::{Names, snake};
use piece::{Piece, settle};
use types::Type;
use variables::{called, for_each_operand, uses_argument};
use writer::{Known, Macro, Writer};

/// A Go template as a Jinja template.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Conversion {
    /// The Jinja template.
    pub text: String,
    /// What could not be converted, and stands in the text as a comment.
    pub marks: Vec<Mark>,
}

/// Something that could not be converted.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Mark {
    /// The line in the Go template.
    pub line: u32,
    /// What it is.
    pub what: String,
    /// Why it cannot be converted.
    pub why: String,
}

impl fmt::Display for Mark {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}: {}: {}", self.line, self.what, self.why)
    }
}

/// Converts a template.
///
/// # Errors
/// [`TemplateError`] when it is not a Go template.
pub fn convert(
    name: &str,
    source: &str,
    delimiters: &Delimiters,
) -> Result<Conversion, TemplateError> {
    convert_with(name, source, delimiters, None)
}

/// The same, for a template whose dot is at first the value of this expression.
fn convert_with(
    name: &str,
    source: &str,
    delimiters: &Delimiters,
    root: Option<&str>,
) -> Result<Conversion, TemplateError> {
    let templates = go_trees(name, source, delimiters)?;
    let job = Job {
        main: name,
        source,
        templates: &templates,
        root,
    };
    let mut known = Known::default();
    let (pieces, mut marks) = loop {
        let (pieces, marks, found) = job.round(&known);
        if found != known {
            known = found;
        } else if !job.assume(&mut known) {
            break (pieces, marks);
        }
    };
    let text = layout::write(&pieces);
    let options = jinja::Options {
        allow: Permissions::ALL,
        ..jinja::Options::default()
    };
    if let Err(error) = JinjaTemplate::parse(name, &text, options) {
        marks.push(Mark {
            line: 1,
            what: "the template as a whole".to_owned(),
            why: error.message,
        });
    }
    marks.sort();
    Ok(Conversion { text, marks })
}

/// What is converted, again and again until nothing more becomes known of its types.
struct Job<'t> {
    main: &'t str,
    source: &'t str,
    templates: &'t Templates,
    root: Option<&'t str>,
}

impl Job<'_> {
    fn round(&self, before: &Known) -> (Vec<Piece>, Vec<Mark>, Known) {
        let mut names = Names::new(self.functions());
        let macros = self.macros(before, &mut names);
        let mut known = before.clone();
        let mut marks = Vec::new();
        let mut written = Vec::new();
        for template in self.order() {
            let (Some(body), Some(own)) = (self.templates.get(template), macros.get(template))
            else {
                continue;
            };
            let mut names = names.clone();
            let kind = before
                .arguments
                .get(template)
                .cloned()
                .unwrap_or(Type::Unseen);
            let argument = own.takes.as_deref().map(|hint| names.fresh(hint));
            let root = argument
                .as_ref()
                .map_or_else(Expr::none, |name| Expr::primary(name.as_str(), kind));
            let mut writer = Writer::new(self.source, body, &macros, before, known, names, root);
            let list = settle(writer.list(body));
            let head = format!("macro {}({})", own.name, argument.unwrap_or_default());
            written.push(Piece::Macro { head, body: list });
            marks.append(&mut writer.marks);
            known = writer.known;
        }
        let Some(body) = self.templates.get(self.main) else {
            return (written, marks, known);
        };
        let root = match self.root {
            None => Expr::none(),
            Some(_) => Expr::primary(names.fresh("data"), Type::Plain),
        };
        let set = self
            .root
            .map(|value| Piece::Tag(format!("set {} = {value}", root.text)));
        let mut writer = Writer::new(self.source, body, &macros, before, known, names, root);
        let mut list = settle(writer.list(body));
        // What a file is for stands before what it is made of.
        let comments = list
            .iter()
            .take_while(|piece| matches!(piece, Piece::Comment(_)))
            .count();
        let rest = list.split_off(comments);
        list.extend(written);
        list.extend(set);
        list.extend(rest);
        marks.append(&mut writer.marks);
        (list, marks, writer.known)
    }

    /// Macros that nobody calls may be called with anything; yields whether that is news.
    fn assume(&self, known: &mut Known) -> bool {
        let mut news = false;
        for template in self.order() {
            let kind = known
                .arguments
                .entry(template.to_owned())
                .or_insert(Type::Unseen);
            if *kind == Type::Unseen {
                *kind = Type::Any;
                news = true;
            }
        }
        news
    }

    /// The templates that others call, in the order in which the source names them; what is called before its caller.
    fn order(&self) -> Vec<&str> {
        let others = self
            .templates
            .keys()
            .map(|name| &**name)
            .filter(|name| *name != self.main);
        let place = |name: &str| self.source.find(&format!("{name:?}")).unwrap_or(usize::MAX);
        let mut left: Vec<&str> = others.collect();
        left.sort_by_key(|name| (place(name), *name));
        let mut order = Vec::new();
        while !left.is_empty() {
            let ready = |name: &&str| {
                let calls = self.templates.get(*name).map(called).unwrap_or_default();
                !left
                    .iter()
                    .any(|other| other != name && calls.contains(other))
            };
            // Some call each other in a circle; that shows when the result is read.
            let next = left.iter().position(ready).unwrap_or(0);
            order.push(left.remove(next));
        }
        order
    }

    fn macros(&self, known: &Known, names: &mut Names) -> BTreeMap<String, Macro> {
        let mut macros = BTreeMap::new();
        for template in self.order() {
            let takes = self
                .templates
                .get(template)
                .filter(|body| uses_argument(body))
                .map(|_| {
                    let noun = known.nouns.get(template).cloned().flatten();
                    let kind = known.arguments.get(template);
                    noun.unwrap_or_else(|| kind.map_or("value", Type::noun).to_owned())
                });
            let name = names.fresh(&snake(template));
            macros.insert(template.to_owned(), Macro { name, takes });
        }
        macros
    }

    /// The functions that are called: no variable may hide one of them.
    fn functions(&self) -> BTreeSet<String> {
        let mut used = BTreeSet::new();
        for body in self.templates.values() {
            for_each_operand(body, &mut |kind| {
                if let OperandKind::Function(_, Target::Function(function)) = kind
                    && let Some(function) = functions::of_id(*function)
                {
                    used.insert(function.jinja.to_owned());
                }
            });
        }
        used
    }
}
