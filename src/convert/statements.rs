//! Actions: what prints, decides and repeats.
//!
//! in:  the nodes of a Go template
//! out: [`Piece`]s

use super::expression::{Expr, Level};
use super::name::singular;
use super::piece::Piece;
use super::types::Type;
use super::variables::{Assigned, uses_dot, uses_variable};
use super::writer::{Cannot, Writer};
use gotemplate::ast::{Invocation, List, Node, Pipeline, Range};

/// Up to this number, `range` is as good as Go's.
const SMALL: usize = 1000;

impl<'t> Writer<'t> {
    pub(super) fn list(&mut self, list: &'t List) -> Vec<Piece> {
        let mut pieces = Vec::new();
        for node in &list.0 {
            match node {
                Node::Text(text) => pieces.push(Piece::Text(text.to_string())),
                Node::Comment(text) => pieces.push(Piece::Comment(text.to_string())),
                Node::Action(pipeline) => self.action(pipeline, &mut pieces),
                Node::If(branches) => {
                    let outside = self.enter();
                    pieces.extend(self.arms(&branches.arms, branches.otherwise.as_ref(), false));
                    self.leave(outside);
                }
                Node::With(branches) => {
                    let outside = self.enter();
                    pieces.extend(self.arms(&branches.arms, branches.otherwise.as_ref(), true));
                    self.leave(outside);
                }
                Node::Range(range) => {
                    let outside = self.enter();
                    pieces.extend(self.range(range));
                    self.leave(outside);
                }
                Node::Template(invocation) => self.invocation(invocation, &mut pieces),
                Node::Break => pieces.push(Piece::Leave("break")),
                Node::Continue => pieces.push(Piece::Leave("continue")),
            }
        }
        pieces
    }

    fn action(&mut self, pipeline: &'t Pipeline, pieces: &mut Vec<Piece>) {
        match self.value(pipeline) {
            Err(cannot) => {
                let mark = self.mark(cannot);
                pieces.push(mark);
            }
            Ok(value) if !pipeline.variables.is_empty() => {
                pieces.extend(self.bind(pipeline, &value));
            }
            Ok(Expr {
                literal: Some(text),
                ..
            }) => pieces.push(Piece::Text(text)),
            Ok(value) if value.does => pieces.push(Piece::Tag(format!("do {}", value.text))),
            Ok(value) if value.kind == Type::Nil => {
                pieces.push(Piece::Text("<no value>".to_owned()));
            }
            Ok(value) if value.kind.prints_alike() && !value.open => {
                pieces.push(Piece::Print(value.text));
            }
            Ok(value) => pieces.push(Piece::Print(value.filter("go_text", Type::Text).text)),
        }
    }

    fn invocation(&mut self, invocation: &'t Invocation, pieces: &mut Vec<Piece>) {
        let mut argument = None;
        if let Some(pipeline) = &invocation.pipeline {
            let value = self.value_or_mark(pipeline, pieces);
            pieces.extend(self.bind(pipeline, &value));
            argument = Some(value);
        }
        match self.invoke(
            invocation.offset,
            &invocation.to_string(),
            &invocation.name,
            argument,
        ) {
            Ok(call) => pieces.push(Piece::Print(call.text)),
            Err(cannot) => {
                let mark = self.mark(cannot);
                pieces.push(mark);
            }
        }
    }

    /// `if` or `with`, from one of its conditions on.
    fn arms(
        &mut self,
        arms: &'t [(Pipeline, List)],
        otherwise: Option<&'t List>,
        with: bool,
    ) -> Vec<Piece> {
        let Some(((pipeline, body), rest)) = arms.split_first() else {
            return otherwise
                .map(|list| self.inside(None, list))
                .unwrap_or_default();
        };
        let mut pieces = Vec::new();
        let mut value = self.value_or_mark(pipeline, &mut pieces);
        if let Some(variable) = pipeline.variables.first() {
            pieces.extend(self.bind(pipeline, &value));
            value = self.lookup(&variable.name).unwrap_or(value);
        }
        let dot = if !with || !uses_dot(body) {
            None
        } else if value.is_path() && self.is_steady(&value) {
            Some(value.clone())
        } else {
            let name = self.names.fresh(&noun(&value));
            let Expr { text, kind, .. } = value.clone().settled();
            pieces.push(Piece::Tag(format!("set {name} = {text}")));
            value = Expr::primary(name, kind);
            Some(value.clone())
        };
        let condition = Self::condition(&value);
        let dot = dot.or_else(|| with.then(|| self.dot()));
        let list = self.inside(dot, body);
        let mut written = vec![(condition, list)];
        let mut other = self.arms(rest, otherwise, with);
        if let [Piece::If { arms, otherwise }] = other.as_mut_slice()
            && !rest.is_empty()
        {
            written.append(arms);
            other = std::mem::take(otherwise);
        }
        pieces.push(Piece::If {
            arms: written,
            otherwise: other,
        });
        pieces
    }

    #[expect(clippy::too_many_lines, reason = "one branch for each key")]
    fn range(&mut self, range: &'t Range) -> Vec<Piece> {
        let Range {
            pipeline,
            body,
            otherwise,
        } = range;
        let mut pieces = Vec::new();
        let over = self.value_or_mark(pipeline, &mut pieces);
        let otherwise = match otherwise {
            Some(list) if leaves(list) => {
                let why = "what leaves a loop in its else leaves another one in Jinja";
                pieces.push(self.mark(Cannot::new(pipeline.offset, "break in else", why)));
                Vec::new()
            }
            Some(list) => self.inside(None, list),
            None => Vec::new(),
        };
        let over = over.settled();
        if pipeline.assigns {
            pieces.extend(self.bind(pipeline, &over));
        }
        let outside = self.enter();
        let names: Vec<&str> = pipeline
            .variables
            .iter()
            .map(|variable| &*variable.name)
            .collect();
        let used = |name| Some((0, name)).filter(|_| pipeline.assigns || uses_variable(body, name));
        let (index, element) = match names.as_slice() {
            [] => (None, None),
            [element] => (None, Some((0, *element))),
            [index, element, ..] => (used(*index), Some((1, *element))),
        };
        let loops = match loops(&over, index.is_some(), names.len()) {
            Ok(loops) => loops,
            Err(why) => {
                pieces.push(self.mark(Cannot::new(pipeline.offset, pipeline, why)));
                Loops {
                    over: "[]".to_owned(),
                    item: Type::Any,
                    keys: None,
                }
            }
        };
        let Loops {
            over: text,
            item: kind,
            keys,
        } = loops;
        let mut first = Vec::new();
        // What the loop itself names, and what is set from that in its body.
        let hint = match element {
            Some((_, name)) if !pipeline.assigns => name.to_owned(),
            _ => item_noun(&over, &kind),
        };
        let key_target = keys.as_ref().map(|_| {
            let hint = index
                .filter(|_| !pipeline.assigns)
                .map_or("name", |(_, name)| name);
            self.names.fresh(hint)
        });
        let target = self.names.fresh(&hint);
        let dot = Expr::primary(target.clone(), kind.clone());
        if let Some((place, name)) = index {
            let (text, kind) = match (&key_target, keys) {
                (Some(key), Some(kind)) => (key.clone(), kind),
                _ => ("loop.index0".to_owned(), Type::Int),
            };
            first.extend(self.loop_variable(pipeline, place, name, &Expr::primary(text, kind)));
        }
        if let Some((place, name)) = element {
            first.extend(self.loop_variable(pipeline, place, name, &dot));
        }
        first.extend(self.inside(Some(dot), body));
        self.leave(outside);
        let head = match key_target {
            Some(key) => format!("for {key}, {target} in {text}"),
            None => format!("for {target} in {text}"),
        };
        if otherwise.is_empty() || !leaves(body) {
            pieces.push(Piece::For {
                head,
                body: first,
                otherwise,
            });
            return pieces;
        }
        // A loop that is left the first time takes its else as well.
        let list = self.names.fresh("list");
        pieces.push(Piece::Tag(format!("set {list} = {text} | list")));
        let head = format!(
            "{} in {list}",
            head.split(" in ").next().unwrap_or_default()
        );
        let body = vec![Piece::For {
            head,
            body: first,
            otherwise: Vec::new(),
        }];
        pieces.push(Piece::If {
            arms: vec![(list, body)],
            otherwise,
        });
        pieces
    }

    /// Gives a variable of a loop its value, unless it is what the loop itself names.
    fn loop_variable(
        &mut self,
        pipeline: &'t Pipeline,
        place: usize,
        name: &str,
        value: &Expr,
    ) -> Vec<Piece> {
        let key = (pipeline.offset, place);
        if pipeline.assigns {
            return vec![self.assign(pipeline.offset, name, value)];
        }
        match self.changes(key) {
            None if value.text != "loop.index0" => {
                self.declare(name, &value.text, key, value.kind.clone());
                Vec::new()
            }
            Some(Assigned::Within) => {
                let own = self.names.fresh(name);
                self.declare(name, &format!("{own}.value"), key, value.kind.clone());
                vec![Piece::Tag(format!(
                    "set {own} = namespace(value={})",
                    value.text
                ))]
            }
            _ => {
                let own = self.names.fresh(name);
                self.declare(name, &own, key, value.kind.clone());
                vec![Piece::Tag(format!("set {own} = {}", value.text))]
            }
        }
    }
}

/// How to go over a value.
fn loops(over: &Expr, keys: bool, variables: usize) -> Result<Loops, &'static str> {
    let same = |item: &Type| Loops {
        over: over.text.clone(),
        item: item.clone(),
        keys: None,
    };
    let pairs = |filter: &str, item: &Type, key: Type| Loops {
        over: format!("{} | {filter}", over.at(Level::Filter)),
        item: item.clone(),
        keys: Some(key),
    };
    Ok(match &over.kind {
        Type::List(item) => same(item),
        Type::Ints => same(&Type::Int),
        Type::Map(item) => pairs("items", item, Type::Text),
        Type::ByInt(item) => pairs("items", item, Type::Int),
        Type::Int if variables > 1 => return Err("there is but one number at a time"),
        Type::Int
            if over
                .text
                .parse::<usize>()
                .is_ok_and(|number| number <= SMALL) =>
        {
            Loops {
                over: format!("range({})", over.text),
                item: Type::Int,
                keys: None,
            }
        }
        Type::Int => Loops {
            keys: None,
            ..pairs("go_items", &Type::Int, Type::Nil)
        },
        Type::Nil => Loops {
            over: "[]".to_owned(),
            item: Type::Any,
            keys: None,
        },
        Type::Plain | Type::Any | Type::Unseen => {
            let item = if over.kind == Type::Plain {
                Type::Plain
            } else {
                Type::Any
            };
            if keys {
                pairs("go_pairs", &item, Type::Plain)
            } else {
                Loops {
                    keys: None,
                    ..pairs("go_items", &item, Type::Nil)
                }
            }
        }
        _ => return Err("it is nothing that a loop can go over"),
    })
}

/// What a loop goes over.
struct Loops {
    over: String,
    item: Type,
    /// What the keys are, if the loop yields them too.
    keys: Option<Type>,
}

/// A name for a value.
fn noun(value: &Expr) -> String {
    value
        .noun
        .clone()
        .unwrap_or_else(|| value.kind.noun().to_owned())
}

/// A name for what a loop yields.
fn item_noun(over: &Expr, item: &Type) -> String {
    match item {
        Type::Record(_) => item.noun().to_owned(),
        _ => over
            .noun
            .as_deref()
            .and_then(singular)
            .unwrap_or("item")
            .to_owned(),
    }
}

/// Whether a `break` in here would leave the loop that this belongs to.
fn leaves(list: &List) -> bool {
    list.0.iter().any(|node| match node {
        Node::Break => true,
        Node::If(branches) | Node::With(branches) => {
            branches.arms.iter().any(|(_, body)| leaves(body))
                || branches.otherwise.as_ref().is_some_and(leaves)
        }
        _ => false,
    })
}
