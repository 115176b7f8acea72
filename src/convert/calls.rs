//! Functions: Go's own and those of the library.
//!
//! in:  a function, and its arguments in the order of Go
//! out: how Jinja says it: by an operator or a filter where that means the same, else by the function's name

use super::expression::{Expr, Level};
use super::types::Type;
use super::values::Outcome;
use super::writer::{Cannot, Writer};
use crate::template::function::Function;
use crate::template::functions;
use crate::template::jinja::is_filter;
use gotemplate::ast::Builtin;
use gotemplate::ast::{Command, Target};

impl<'t> Writer<'t> {
    pub(super) fn call(
        &mut self,
        command: &'t Command,
        name: &str,
        target: Target,
        args: Vec<Expr>,
        piped: bool,
    ) -> Outcome {
        self.call_named(
            command.offset,
            &command.to_string(),
            name,
            target,
            args,
            piped,
        )
    }

    pub(super) fn call_named(
        &mut self,
        offset: usize,
        whole: &str,
        name: &str,
        target: Target,
        args: Vec<Expr>,
        piped: bool,
    ) -> Outcome {
        match target {
            Target::Function(function) => match functions::of_id(function) {
                Some(function) => Ok(library(function, args, piped)),
                None => Err(Cannot::new(offset, name, "the function does not exist")),
            },
            Target::Builtin(builtin) => {
                let (fixed, variadic) = builtin.arguments();
                if args.len() < fixed || (!variadic && args.len() > fixed) {
                    return Err(Cannot::new(
                        offset,
                        whole,
                        &format!("wrong number of arguments for {name}"),
                    ));
                }
                own(builtin, args).ok_or_else(|| {
                    Cannot::new(
                        offset,
                        whole,
                        "no value of a template is a function to be called",
                    )
                })
            }
            Target::ExecuteTemplate => {
                let mut args = args.into_iter();
                let template = args.next().and_then(|template| template.literal);
                let Some(template) = template else {
                    return Err(Cannot::new(
                        offset,
                        whole,
                        "a macro of Jinja is called by a name that is not computed",
                    ));
                };
                self.invoke(offset, whole, &template, args.next())
            }
        }
    }
}

/// A function of the library.
fn library(function: &Function, args: Vec<Expr>, piped: bool) -> Expr {
    let kind = result(function, &args);
    let list_of_texts = Type::List(Box::new(Type::Text));
    match (function.go, args.as_slice()) {
        ("join", [_, list]) if list.kind == list_of_texts => {
            let [separator, list] = [args[0].clone(), args[1].clone()];
            return list.filter(&format!("join({})", separator.settled().text), kind);
        }
        ("contains", [needle, haystack]) | ("in", [haystack, needle])
            if needle.kind == Type::Text
                && (haystack.kind == Type::Text || haystack.kind == list_of_texts) =>
        {
            let operands = vec![needle.clone(), haystack.clone()];
            return Expr::operator(operands, "in", Level::Compare, Level::Concat, Type::Bool);
        }
        _ => {}
    }
    let mut args = args;
    if piped
        && is_filter(function)
        && let Some(value) = args.pop()
    {
        let filter = Expr::call(function.jinja, args, Type::Any).text;
        let filter = filter.strip_suffix("()").unwrap_or(&filter);
        return value.settled().filter(filter, kind);
    }
    Expr::call(function.jinja, args, kind)
}

/// What it yields.
fn result(function: &Function, args: &[Expr]) -> Type {
    let last = || match args.last().map(|arg| &arg.kind) {
        Some(Type::List(item)) => (**item).clone(),
        _ => Type::Any,
    };
    match function.go {
        // The records that come in go out.
        "byTag" | "byMeta" => Type::Map(Box::new(Type::List(Box::new(last())))),
        "byPort" => Type::ByInt(Box::new(Type::List(Box::new(last())))),
        name if name.starts_with("parse") && function.signature.ends_with(") any") => Type::Plain,
        _ if function.signature.ends_with(") number") => {
            let whole = args.iter().all(|arg| arg.kind == Type::Int);
            if whole { Type::Int } else { Type::Float }
        }
        _ => Type::of_signature(function.signature),
    }
}

/// A function of Go itself.
fn own(builtin: Builtin, mut args: Vec<Expr>) -> Option<Expr> {
    let alike = |args: &[Expr]| {
        args.iter()
            .all(|arg| arg.kind.compares_alike() && arg.kind == args[0].kind)
    };
    let compare =
        |args, operator| Expr::operator(args, operator, Level::Compare, Level::Concat, Type::Bool);
    Some(match builtin {
        Builtin::And | Builtin::Or => {
            let kind = args
                .iter()
                .map(|arg| arg.kind.clone())
                .fold(Type::Unseen, Type::join);
            if args.len() == 1 {
                return args.pop();
            }
            let (word, level, inside) = match builtin {
                Builtin::And => ("and", Level::And, Level::Not),
                _ => ("or", Level::Or, Level::And),
            };
            Expr::operator(args, word, level, inside, kind)
        }
        Builtin::Not => {
            let value = args.pop()?.settled();
            Expr::new(
                format!("not {}", value.at(Level::Compare)),
                Level::Not,
                Type::Bool,
            )
        }
        Builtin::Eq if args.len() == 2 && alike(&args) => compare(args, "=="),
        Builtin::Eq if args.len() > 2 && alike(&args) => {
            let rest: Vec<String> = args
                .split_off(1)
                .into_iter()
                .map(|arg| arg.settled().text)
                .collect();
            let value = args.pop()?.settled().at(Level::Concat);
            Expr::new(
                format!("{value} in [{}]", rest.join(", ")),
                Level::Compare,
                Type::Bool,
            )
        }
        Builtin::Ne if alike(&args) => compare(args, "!="),
        Builtin::Lt | Builtin::Le | Builtin::Gt | Builtin::Ge
            if alike(&args) && args[0].kind != Type::Bool =>
        {
            let sign = match builtin {
                Builtin::Lt => "<",
                Builtin::Le => "<=",
                Builtin::Gt => ">",
                _ => ">=",
            };
            compare(args, sign)
        }
        Builtin::Eq | Builtin::Ne | Builtin::Lt | Builtin::Le | Builtin::Gt | Builtin::Ge => {
            Expr::call(&format!("go_{}", builtin.name()), args, Type::Bool)
        }
        Builtin::Len => {
            let value = args.pop()?;
            match value.kind {
                Type::List(_) | Type::Map(_) | Type::ByInt(_) => value.filter("length", Type::Int),
                _ => value.settled().filter("go_len", Type::Int),
            }
        }
        Builtin::Index => index(args),
        Builtin::Slice => {
            let kind = args.first().map_or(Type::Any, |arg| arg.kind.clone());
            Expr::call("go_slice", args, kind)
        }
        Builtin::Printf => printf(args),
        Builtin::Print => match args.as_slice() {
            [] => Expr::text(""),
            [only] if only.kind == Type::Text => args.pop()?,
            all if all.iter().all(|arg| arg.kind == Type::Text) => together(args),
            _ => Expr::call("go_print", args, Type::Text),
        },
        Builtin::Println | Builtin::Html | Builtin::Js | Builtin::UrlQuery => {
            Expr::call(&format!("go_{}", builtin.name()), args, Type::Text)
        }
        Builtin::Call => return None,
    })
}

/// Texts, and what prints like one, in one text.
fn together(parts: Vec<Expr>) -> Expr {
    Expr::operator(parts, "~", Level::Concat, Level::Filter, Type::Text)
}

fn index(mut args: Vec<Expr>) -> Expr {
    if args.len() == 1 {
        return args.remove(0);
    }
    let kind = args[1..]
        .iter()
        .fold(args[0].kind.clone(), |kind, _| match kind {
            Type::List(item) | Type::Map(item) | Type::ByInt(item) => *item,
            Type::Text => Type::Int,
            Type::Plain => Type::Plain,
            _ => Type::Any,
        });
    match args.as_slice() {
        [list, at]
            if matches!(list.kind, Type::List(_))
                && at.text.chars().all(|c| c.is_ascii_digit()) =>
        {
            Expr::primary(format!("{}[{}]", list.at(Level::Primary), at.text), kind)
        }
        [map, key]
            if matches!(&map.kind, Type::Map(of) if **of == Type::Text)
                && key.kind == Type::Text =>
        {
            Expr::primary(format!("{}[{}]", map.at(Level::Primary), key.text), kind)
                .filter("default(\"\")", Type::Text)
        }
        _ => Expr::call("go_index", args, kind),
    }
}

/// A format of nothing but `%s`, `%d` and `%v` is its texts, one after the other.
fn printf(args: Vec<Expr>) -> Expr {
    let simple = args[0]
        .literal
        .as_deref()
        .and_then(|format| parts(format, &args[1..]));
    match simple {
        Some(mut parts) if parts.len() == 1 && parts[0].kind == Type::Text => parts.remove(0),
        Some(parts) if parts.len() > 1 => together(parts),
        _ => Expr::call("go_printf", args, Type::Text),
    }
}

fn parts(format: &str, values: &[Expr]) -> Option<Vec<Expr>> {
    let mut parts = Vec::new();
    let mut text = String::new();
    let mut values = values.iter();
    let mut chars = format.chars();
    while let Some(c) = chars.next() {
        if c != '%' {
            text.push(c);
            continue;
        }
        let verb = chars.next()?;
        if verb == '%' {
            text.push('%');
            continue;
        }
        let value = values.next()?;
        if !matches!(
            (verb, &value.kind),
            ('s' | 'v', Type::Text) | ('d' | 'v', Type::Int)
        ) {
            return None;
        }
        if !text.is_empty() {
            parts.push(Expr::text(&std::mem::take(&mut text)));
        }
        parts.push(value.clone());
    }
    if !text.is_empty() || parts.is_empty() {
        parts.push(Expr::text(&text));
    }
    values.next().is_none().then_some(parts)
}
