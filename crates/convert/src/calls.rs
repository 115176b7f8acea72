//! Converts calls of functions: Go's built-in functions and those of the library.
//!
//! Input: a function, and its arguments in Go's order. Output: an operator or a filter of Jinja
//! where it has the same result, otherwise a call of the function by its Jinja name.

use gotemplate::ast::{Builtin, Command, Target};

use crate::expression::{Expr, Level};
use crate::library::Function;
use crate::mark::Cannot;
use crate::types::Type;
use crate::writer::{Converted, Writer};

impl<'t> Writer<'t> {
    pub(crate) fn call(
        &mut self,
        command: &'t Command,
        name: &str,
        target: Target,
        args: Vec<Expr>,
        piped: bool,
    ) -> Converted {
        self.call_named(
            command.offset,
            &command.to_string(),
            name,
            target,
            args,
            piped,
        )
    }

    pub(crate) fn call_named(
        &mut self,
        offset: usize,
        whole: &str,
        name: &str,
        target: Target,
        args: Vec<Expr>,
        piped: bool,
    ) -> Converted {
        match target {
            Target::Function(function) => match self.shared.library.function(function) {
                Some(function) => Ok(library(&function, args, piped)),
                None => Err(Cannot::new(offset, name, "the function does not exist")),
            },
            Target::Builtin(function) => {
                let (fixed, variadic) = function.arguments();
                if args.len() < fixed || (!variadic && args.len() > fixed) {
                    return Err(Cannot::new(
                        offset,
                        whole,
                        &format!("wrong number of arguments for {name}"),
                    ));
                }
                builtin(function, args).ok_or_else(|| {
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
                        "the name of a macro in Jinja cannot be computed",
                    ));
                };
                self.invoke(offset, whole, &template, args.next())
            }
        }
    }
}

/// Converts a call of a function of the library.
fn library(function: &Function<'_>, args: Vec<Expr>, piped: bool) -> Expr {
    let kind = result(function, &args);
    let list_of_texts = Type::List(Box::new(Type::Text));
    match (function.go, args.as_slice()) {
        ("join", [_, list]) if list.kind == list_of_texts => {
            let [separator, list] = [args[0].clone(), args[1].clone()];
            return list.filter(&format!("join({})", separator.defined().text), kind);
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
        && function.is_filter
        && let Some(value) = args.pop()
    {
        let filter = Expr::call(function.jinja, args, Type::Any).text;
        let filter = filter.strip_suffix("()").unwrap_or(&filter);
        return value.defined().filter(filter, kind);
    }
    Expr::call(function.jinja, args, kind)
}

/// Returns the type of a function's result.
fn result(function: &Function<'_>, args: &[Expr]) -> Type {
    let last = || match args.last().map(|arg| &arg.kind) {
        Some(Type::List(item)) => (**item).clone(),
        _ => Type::Any,
    };
    match function.go {
        // These group the records of their argument.
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

/// Converts a call of a built-in function of Go; `None` if no Jinja expression has the same result.
fn builtin(function: Builtin, mut args: Vec<Expr>) -> Option<Expr> {
    Some(match function {
        Builtin::And | Builtin::Or if args.len() == 1 => args.pop()?,
        Builtin::And => logic(args, "and", Level::And, Level::Not),
        Builtin::Or => logic(args, "or", Level::Or, Level::And),
        Builtin::Not => {
            let value = args.pop()?.defined();
            let text = format!("not {}", value.at(Level::Compare));
            Expr::new(text, Level::Not, Type::Bool)
        }
        Builtin::Eq | Builtin::Ne | Builtin::Lt | Builtin::Le | Builtin::Gt | Builtin::Ge => {
            comparison(function, args)?
        }
        Builtin::Len => {
            let value = args.pop()?;
            match value.kind {
                Type::List(_) | Type::Map(_) | Type::ByInt(_) => value.filter("length", Type::Int),
                _ => value.defined().filter("go_len", Type::Int),
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
            all if all.iter().all(|arg| arg.kind == Type::Text) => concatenation(args),
            _ => Expr::call("go_print", args, Type::Text),
        },
        Builtin::Println | Builtin::Html | Builtin::Js | Builtin::UrlQuery => {
            Expr::call(&format!("go_{}", function.name()), args, Type::Text)
        }
        Builtin::Call => return None,
    })
}

/// Converts `and` and `or`, whose result is one of the operands.
fn logic(args: Vec<Expr>, word: &str, level: Level, inside: Level) -> Expr {
    let kinds = args.iter().map(|arg| arg.kind.clone());
    let kind = kinds.fold(Type::Unseen, Type::join);
    Expr::operator(args, word, level, inside, kind)
}

/// Converts a comparison: to an operator of Jinja if the operands have the same type, otherwise to
/// Go's function.
fn comparison(function: Builtin, mut args: Vec<Expr>) -> Option<Expr> {
    let first = args.first().map(|arg| arg.kind.clone());
    let are_alike = args
        .iter()
        .all(|arg| arg.kind.compares_alike() && Some(&arg.kind) == first.as_ref());
    let operator = match function {
        Builtin::Eq if args.len() == 2 => "==",
        Builtin::Eq if args.len() > 2 && are_alike => {
            let rest = args.split_off(1).into_iter();
            let rest: Vec<String> = rest.map(|arg| arg.defined().text).collect();
            let value = args.pop()?.defined().at(Level::Concat);
            let text = format!("{value} in [{}]", rest.join(", "));
            return Some(Expr::new(text, Level::Compare, Type::Bool));
        }
        Builtin::Ne => "!=",
        _ if first == Some(Type::Bool) => "",
        Builtin::Lt => "<",
        Builtin::Le => "<=",
        Builtin::Gt => ">",
        Builtin::Ge => ">=",
        _ => "",
    };
    Some(if are_alike && !operator.is_empty() {
        Expr::operator(args, operator, Level::Compare, Level::Concat, Type::Bool)
    } else {
        Expr::call(&format!("go_{}", function.name()), args, Type::Bool)
    })
}

/// Joins strings, and values that print the same in both languages.
fn concatenation(parts: Vec<Expr>) -> Expr {
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

/// Converts `printf`; a format with only `%s`, `%d` and `%v` becomes a concatenation.
fn printf(args: Vec<Expr>) -> Expr {
    let simple = args[0]
        .literal
        .as_deref()
        .and_then(|format| parts(format, &args[1..]));
    match simple {
        Some(mut parts) if parts.len() == 1 && parts[0].kind == Type::Text => parts.remove(0),
        Some(parts) if parts.len() > 1 => concatenation(parts),
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
