//! Converts a source with all its templates.
//!
//! Input: the source of a Go template. Output: a [`Conversion`]: the Jinja text, and [`Mark`]s for
//! parts that could not be converted.

use std::collections::{BTreeMap, BTreeSet};

use gotemplate::ast::{List, OperandKind, Target, Templates};
use gotemplate::{Delimiters, Error, parse_tree};

use crate::expression::Expr;
use crate::known::{Known, Macro};
use crate::layout;
use crate::library::Library;
use crate::mark::{Lines, Mark};
use crate::name::{Names, snake};
use crate::order::order;
use crate::piece::{Piece, settle};
use crate::types::{Records, Type};
use crate::variables::{for_each_operand, uses_argument};
use crate::writer::{Shared, Writer};

/// The maximum number of rounds that propagate types from callers to macros. Macros behind longer
/// chains of calls have no types.
const MAX_ROUNDS: usize = 200;

/// A Go template as a Jinja template.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Conversion {
    /// The Jinja template.
    pub text: String,
    /// The parts that could not be converted. Each is replaced by a comment in the text.
    pub marks: Vec<Mark>,
}

/// The settings of a conversion.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// The delimiters of the Go template.
    pub delimiters: Delimiters,
    /// The Jinja expression that replaces the data of the Go template (`$`). Default: no data, as
    /// in consul-template.
    pub root: Option<String>,
}

/// Converts a template.
///
/// # Errors
/// If the source is not a Go template.
pub fn convert(
    name: &str,
    source: &str,
    options: &Options,
    library: &dyn Library,
) -> Result<Conversion, Error> {
    let templates = parse_tree(name, source, &options.delimiters, |function| {
        library.resolve(function)
    })?;
    let converter = Converter {
        main: name,
        lines: Lines::of(source),
        order: order(&templates, name, source),
        templates: &templates,
        library,
        records: Records::of(library.records()),
        root: options.root.as_deref(),
    };
    let (pieces, mut marks) = converter.converge();
    let text = layout::write(&pieces);
    if let Some(why) = library.jinja_error(name, &text) {
        marks.push(Mark {
            line: 1,
            what: "the template as a whole".to_owned(),
            why,
        });
    }
    marks.sort();
    Ok(Conversion { text, marks })
}

/// The conversion of one source. It is repeated until no more types are found.
struct Converter<'t> {
    main: &'t str,
    lines: Lines,
    templates: &'t Templates,
    order: Vec<&'t str>,
    library: &'t dyn Library,
    records: Records,
    root: Option<&'t str>,
}

/// The result of one round.
struct Round {
    pieces: Vec<Piece>,
    marks: Vec<Mark>,
    known: Known,
}

impl Converter<'_> {
    fn converge(&self) -> (Vec<Piece>, Vec<Mark>) {
        let mut known = Known::default();
        for _ in 0..MAX_ROUNDS {
            let Round {
                pieces,
                marks,
                known: found,
            } = self.round(&known);
            if found != known {
                known = found;
            } else if !self.assume_any(&mut known) {
                return (pieces, marks);
            }
        }
        self.assume_any(&mut known);
        known.forget_types();
        let Round { pieces, marks, .. } = self.round(&known);
        (pieces, marks)
    }

    /// Allows any argument for macros that are never called. Returns `true` if this changed a
    /// macro.
    fn assume_any(&self, known: &mut Known) -> bool {
        let mut is_new = false;
        for template in &self.order {
            let kind = known
                .arguments
                .entry((*template).to_owned())
                .or_insert(Type::Unseen);
            if *kind == Type::Unseen {
                *kind = Type::Any;
                is_new = true;
            }
        }
        is_new
    }

    fn round(&self, before: &Known) -> Round {
        let mut names = Names::new(self.functions());
        let macros = self.macros(before, &mut names);
        let shared = Shared {
            lines: &self.lines,
            library: self.library,
            records: &self.records,
            macros: &macros,
            before,
        };
        let mut round = Round {
            pieces: Vec::new(),
            marks: Vec::new(),
            known: before.clone(),
        };
        for template in &self.order {
            if let (Some(body), Some(own)) = (self.templates.get(*template), macros.get(*template))
            {
                let kind = before.arguments.get(*template);
                let kind = kind.cloned().unwrap_or(Type::Unseen);
                names = round.add_macro(shared, body, own, kind, names);
            }
        }
        if let Some(body) = self.templates.get(self.main) {
            round.add_main(shared, body, self.root, names);
        }
        round
    }

    fn macros(&self, known: &Known, names: &mut Names) -> BTreeMap<String, Macro> {
        let mut macros = BTreeMap::new();
        for template in &self.order {
            let body = self.templates.get(*template);
            let argument = body.filter(|body| uses_argument(body)).map(|_| {
                let noun = known.nouns.get(*template).cloned().flatten();
                let kind = known.arguments.get(*template);
                noun.unwrap_or_else(|| kind.map_or("value", Type::noun).to_owned())
            });
            let name = names.fresh(&snake(template));
            macros.insert((*template).to_owned(), Macro { name, argument });
        }
        macros
    }

    /// Returns the functions that are called; variables must not shadow them.
    fn functions(&self) -> BTreeSet<String> {
        let mut used = BTreeSet::new();
        for body in self.templates.values() {
            for_each_operand(body, &mut |kind| {
                if let OperandKind::Function(_, Target::Function(function)) = kind
                    && let Some(function) = self.library.function(*function)
                    && !used.contains(function.jinja)
                {
                    used.insert(function.jinja.to_owned());
                }
            });
        }
        used
    }
}

impl Round {
    /// Converts a template to a macro. Returns the names in use, without those of the macro's
    /// variables.
    fn add_macro(
        &mut self,
        shared: Shared<'_>,
        body: &List,
        own: &Macro,
        kind: Type,
        mut names: Names,
    ) -> Names {
        let mark = names.mark();
        let argument = own.argument.as_deref().map(|hint| names.fresh(hint));
        let root = argument
            .as_ref()
            .map_or_else(Expr::none, |name| Expr::primary(name.as_str(), kind));
        let known = std::mem::take(&mut self.known);
        let mut writer = Writer::new(shared, body, known, names, root);
        let list = settle(writer.list(body));
        let head = format!("macro {}({})", own.name, argument.unwrap_or_default());
        self.pieces.push(Piece::Macro { head, body: list });
        self.marks.append(&mut writer.marks);
        self.known = writer.known;
        let mut names = writer.names;
        names.release(mark);
        names
    }

    /// Converts the main template. The macros follow its first comments, which describe the file.
    fn add_main(&mut self, shared: Shared<'_>, body: &List, root: Option<&str>, mut names: Names) {
        let data = match root {
            None => Expr::none(),
            Some(_) => Expr::primary(names.fresh("data"), Type::Plain),
        };
        let set = root.map(|value| Piece::Tag(format!("set {} = {value}", data.text)));
        let known = std::mem::take(&mut self.known);
        let mut writer = Writer::new(shared, body, known, names, data);
        let mut list = settle(writer.list(body));
        let comments = list
            .iter()
            .take_while(|piece| matches!(piece, Piece::Comment(_)))
            .count();
        let rest = list.split_off(comments);
        list.append(&mut self.pieces);
        list.extend(set);
        list.extend(rest);
        self.pieces = list;
        self.marks.append(&mut writer.marks);
        self.known = writer.known;
    }
}
