//! Converts loops: `range`.
//!
//! Input: a `range` of a Go template. Output: [`Piece`]s.

use gotemplate::ast::{List, Node, Pipeline, Range};

use crate::expression::{Expr, Level};
use crate::mark::Cannot;
use crate::name::singular;
use crate::piece::Piece;
use crate::types::Type;
use crate::variables::uses_variable;
use crate::writer::{MAX_DEPTH, Writer};

/// The largest number for which a loop uses Jinja's `range` instead of Go's iteration.
const MAX_RANGE: usize = 1000;

/// The iteration of a loop.
struct Iteration {
    /// The expression to iterate over.
    over: String,
    /// The type of the items.
    item: Type,
    /// The type of the keys, if the loop yields them too.
    keys: Option<Type>,
}

/// The variables of a `range`: for each, its position in the pipeline and its name.
struct LoopVariables<'t> {
    index: Option<(usize, &'t str)>,
    element: Option<(usize, &'t str)>,
}

impl<'t> LoopVariables<'t> {
    fn of(range: &'t Range) -> Self {
        let pipeline = &range.pipeline;
        let names = pipeline.variables.iter().map(|variable| &*variable.name);
        let names: Vec<&str> = names.collect();
        let is_used = |name: &str| pipeline.is_assignment || uses_variable(&range.body, name);
        match names.as_slice() {
            [] => Self {
                index: None,
                element: None,
            },
            [element] => Self {
                index: None,
                element: Some((0, element)),
            },
            [index, element, ..] => Self {
                index: is_used(index).then_some((0, *index)),
                element: Some((1, element)),
            },
        }
    }
}

impl<'t> Writer<'t> {
    /// Converts a `range`.
    pub(crate) fn range(&mut self, range: &'t Range) -> Vec<Piece> {
        let pipeline = &range.pipeline;
        if self.depth >= MAX_DEPTH {
            let why = format!("Jinja takes {MAX_DEPTH} of them within each other");
            return vec![self.mark(Cannot::new(pipeline.offset, "range", &why))];
        }
        let mut pieces = Vec::new();
        let over = self.value_or_mark(pipeline, &mut pieces);
        let else_body = self.loop_else(range, &mut pieces);
        let over = over.defined();
        if pipeline.is_assignment {
            pieces.extend(self.bind(pipeline, &over));
        }
        let outside = self.enter();
        let variables = LoopVariables::of(range);
        let has_index = variables.index.is_some();
        let iteration = iteration(&over, has_index, pipeline.variables.len());
        let iteration = iteration.unwrap_or_else(|why| {
            pieces.push(self.mark(Cannot::new(pipeline.offset, pipeline, why)));
            Iteration {
                over: "[]".to_owned(),
                item: Type::Any,
                keys: None,
            }
        });
        self.depth += 1;
        let text = iteration.over.clone();
        let (targets, body) = self.loop_body(range, &over, iteration, &variables);
        self.depth -= 1;
        self.leave(outside);
        if else_body.is_empty() || !leaves(&range.body) {
            pieces.push(Piece::For {
                head: format!("for {targets} in {text}"),
                body,
                else_body,
            });
            return pieces;
        }
        // In Jinja, a loop that breaks in its first iteration also runs its `else`.
        let list = self.names.fresh("list");
        pieces.push(Piece::Tag(format!("set {list} = {text} | list")));
        let for_ = Piece::For {
            head: format!("for {targets} in {list}"),
            body,
            else_body: Vec::new(),
        };
        pieces.push(Piece::If {
            arms: vec![(list, vec![for_])],
            else_body,
        });
        pieces
    }

    fn loop_else(&mut self, range: &'t Range, pieces: &mut Vec<Piece>) -> Vec<Piece> {
        let Some(list) = &range.else_body else {
            return Vec::new();
        };
        if leaves(list) {
            let why = "in Jinja, a break in the else of a loop leaves the loop around it";
            let mark = self.mark(Cannot::new(range.pipeline.offset, "break in else", why));
            pieces.push(mark);
            return Vec::new();
        }
        self.depth += 1;
        let else_body = self.inside(None, list);
        self.depth -= 1;
        else_body
    }

    /// Returns the targets of the `for`, and its body.
    fn loop_body(
        &mut self,
        range: &'t Range,
        over: &Expr,
        iteration: Iteration,
        variables: &LoopVariables<'t>,
    ) -> (String, Vec<Piece>) {
        let Iteration { item, keys, .. } = iteration;
        let pipeline = &range.pipeline;
        // The loop does not declare a variable that it only assigns to.
        let declared = |variable: Option<(usize, &'t str)>| {
            let (_, name) = variable.filter(|_| !pipeline.is_assignment)?;
            Some(name)
        };
        let hint = declared(variables.element);
        let hint = hint.map_or_else(|| item_noun(over, &item), str::to_owned);
        let key = keys.map(|kind| {
            let hint = declared(variables.index).unwrap_or("name");
            Expr::primary(self.names.fresh(hint), kind)
        });
        let target = self.names.fresh(&hint);
        let dot = Expr::primary(target.clone(), item);
        let mut body = Vec::new();
        if let Some((place, name)) = variables.index {
            let index = key.clone();
            let index = index.unwrap_or_else(|| Expr::primary("loop.index0", Type::Int));
            body.extend(self.loop_variable(pipeline, place, name, &index));
        }
        if let Some((place, name)) = variables.element {
            body.extend(self.loop_variable(pipeline, place, name, &dot));
        }
        body.extend(self.inside(Some(dot), &range.body));
        let targets = match key {
            Some(key) => format!("{}, {target}", key.text),
            None => target,
        };
        (targets, body)
    }

    /// Returns the tag that sets a loop variable; `None` if the loop itself sets it.
    fn loop_variable(
        &mut self,
        pipeline: &'t Pipeline,
        place: usize,
        name: &str,
        value: &Expr,
    ) -> Option<Piece> {
        let key = (pipeline.offset, place);
        if pipeline.is_assignment {
            return Some(self.assign(pipeline.offset, name, value));
        }
        if self.changes(key).is_none() && value.text != "loop.index0" {
            self.declare(name, &value.text, key, value.kind.clone());
            return None;
        }
        Some(self.set(name, key, value))
    }
}

/// Returns the way to iterate over a value; the error is the reason why Jinja cannot.
fn iteration(over: &Expr, with_keys: bool, variables: usize) -> Result<Iteration, &'static str> {
    let items = |item: &Type| Iteration {
        over: over.text.clone(),
        item: item.clone(),
        keys: None,
    };
    let filtered = |filter: &str, item: &Type, keys: Option<Type>| Iteration {
        over: format!("{} | {filter}", over.at(Level::Filter)),
        item: item.clone(),
        keys,
    };
    let is_small = || {
        let number = over.text.parse::<usize>();
        number.is_ok_and(|number| number <= MAX_RANGE)
    };
    Ok(match &over.kind {
        Type::List(item) => items(item),
        Type::Ints => items(&Type::Int),
        Type::Map(item) => filtered("items", item, Some(Type::Text)),
        Type::ByInt(item) => filtered("items", item, Some(Type::Int)),
        Type::Int if variables > 1 => return Err("a number yields one variable only"),
        Type::Int if is_small() => Iteration {
            over: format!("range({})", over.text),
            item: Type::Int,
            keys: None,
        },
        Type::Int => filtered("go_items", &Type::Int, None),
        Type::Nil => Iteration {
            over: "[]".to_owned(),
            item: Type::Any,
            keys: None,
        },
        Type::Plain | Type::Any | Type::Unseen => {
            let item = match over.kind {
                Type::Plain => Type::Plain,
                _ => Type::Any,
            };
            if with_keys {
                filtered("go_pairs", &item, Some(Type::Plain))
            } else {
                filtered("go_items", &item, None)
            }
        }
        _ => return Err("a loop cannot iterate over this value"),
    })
}

/// Returns a name for the items of a loop.
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

/// Returns `true` if the nodes contain a `break` of the loop around them.
fn leaves(list: &List) -> bool {
    list.0.iter().any(|node| match node {
        Node::Break => true,
        Node::If(branches) | Node::With(branches) => {
            branches.arms.iter().any(|(_, body)| leaves(body))
                || branches.else_body.as_ref().is_some_and(leaves)
        }
        _ => false,
    })
}
