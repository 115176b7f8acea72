//! Questions to Consul, and files.
//!
//! Each asks through the pass. As long as there is no answer it yields the empty value of its type, and the pass
//! notes what is missing.

use std::path::PathBuf;
use std::sync::Arc;

use minijinja::Value;

use super::args::{Outcome, refuse, text};
use super::function;
use crate::answer::{Answer, Depth, NodeServices, Pair};
use crate::query::{DatacentersQuery, FileQuery, Query, QueryError};
use crate::template::function::{Call, Function, FunctionError, Group};
use crate::template::record::Record;
use crate::template::records::{self, NoSuchNode};
use crate::template::render_context::Absence;

pub(super) const fn source(
    names: [&'static str; 2],
    signature: &'static str,
    summary: &'static str,
    code: fn(&Call<'_>) -> Outcome,
) -> Function {
    function(Group::Sources, names, signature, summary, code)
}

pub(super) static TABLE: &[Function] = &[
    source(
        ["services", "services"],
        "(query ...string) []{Name, Tags}",
        "The names and tags of all services.",
        services,
    ),
    source(
        ["node", "node"],
        "(query ...string) {Node, Services}",
        "A node and its services; without a name the agent's own node.",
        node,
    ),
    source(
        ["nodes", "nodes"],
        "(query ...string) []node",
        "All nodes.",
        nodes,
    ),
    source(
        ["datacenters", "datacenters"],
        "(ignoreFailing ...bool) []string",
        "The names of all datacenters; with true only of those that answer.",
        datacenters,
    ),
    source(
        ["key", "key"],
        "(key string) string",
        "The value of a key; the template waits until the key exists, and keeps the last value when it is deleted.",
        key,
    ),
    source(
        ["keyExists", "key_exists"],
        "(key string) bool",
        "Whether a key exists, be its value empty or not.",
        key_exists,
    ),
    source(
        ["keyOrDefault", "key_or_default"],
        "(key string, default string) string",
        "The value of a key, or the default when there is none or it is empty.",
        key_or_default,
    ),
    source(
        ["ls", "ls"],
        "(prefix string) []pair",
        "The pairs directly below a prefix.",
        ls,
    ),
    source(
        ["tree", "tree"],
        "(prefix string) []pair",
        "The pairs anywhere below a prefix.",
        tree,
    ),
    source(
        ["safeLs", "safe_ls"],
        "(prefix string) []pair",
        "Like ls, but the template waits until there is at least one pair.",
        safe_ls,
    ),
    source(
        ["safeTree", "safe_tree"],
        "(prefix string) []pair",
        "Like tree, but the template waits until there is at least one pair.",
        safe_tree,
    ),
    source(
        ["file", "file"],
        "(path string) string",
        "The text of a file on this machine.",
        file,
    ),
    source(
        ["plugin", "plugin"],
        "(program string, arguments ...string) string",
        "What a program prints, without white space at both ends; only with --allow plugin.",
        plugin,
    ),
];

impl From<QueryError> for FunctionError {
    fn from(error: QueryError) -> Self {
        Self::new(error.to_string())
    }
}

pub(super) fn empty_list() -> Value {
    Value::from(Vec::<Value>::new())
}

fn services(call: &Call<'_>) -> Outcome {
    Ok(
        match call
            .pass
            .ask(&Query::services(&call.texts()?.concat())?)?
            .as_deref()
        {
            Some(Answer::Services(services)) => records::list(services),
            _ => empty_list(),
        },
    )
}

fn nodes(call: &Call<'_>) -> Outcome {
    Ok(
        match call
            .pass
            .ask(&Query::nodes(&call.texts()?.concat())?)?
            .as_deref()
        {
            Some(Answer::Nodes(nodes)) => records::list(nodes),
            _ => empty_list(),
        },
    )
}

fn node(call: &Call<'_>) -> Outcome {
    Ok(
        match call
            .pass
            .ask(&Query::node(&call.texts()?.concat())?)?
            .as_deref()
        {
            Some(Answer::Node(Some(found))) => Record::value(Arc::clone(found) as _),
            Some(_) => Record::value(Arc::new(NoSuchNode)),
            None => Record::value(Arc::new(NodeServices {
                node: Arc::default(),
                services: Vec::new(),
            })),
        },
    )
}

fn datacenters(call: &Call<'_>) -> Outcome {
    let ignore_failing = match call.args {
        [] => false,
        [flag] if matches!(flag.kind(), minijinja::value::ValueKind::Bool) => flag.is_true(),
        [other] => return refuse(super::args::wrong_type("bool", other)),
        more => {
            return refuse(format!(
                "datacenters: wrong number of arguments, expected 0 or 1, but got {}",
                more.len()
            ));
        }
    };
    Ok(
        match call
            .pass
            .ask(&Query::Datacenters(DatacentersQuery { ignore_failing }))?
            .as_deref()
        {
            Some(Answer::Datacenters(names)) => names.iter().map(String::as_str).collect(),
            _ => empty_list(),
        },
    )
}

/// The entry of a key, when it is answered and there is one.
fn entry(call: &Call<'_>, query: &Query) -> Result<Option<Arc<Pair>>, FunctionError> {
    Ok(match call.pass.ask(query)?.as_deref() {
        Some(Answer::Key(entry)) => entry.clone(),
        _ => None,
    })
}

fn key(call: &Call<'_>) -> Outcome {
    let [name] = call.exactly("key")?;
    let name = text(name)?;
    if name.is_empty() {
        return Ok(Value::from(""));
    }
    let query = Query::key(name)?;
    if let Some(pair) = entry(call, &query)?.or_else(|| call.pass.last_entry(&query)) {
        return Ok(records::value_of(&pair));
    }
    // Of a query without an answer the pass has noted that already, and that stands.
    call.pass.lacks(&query, Absence::NoSuchKey);
    Ok(Value::from(""))
}

fn key_exists(call: &Call<'_>) -> Outcome {
    let [name] = call.exactly("keyExists")?;
    let name = text(name)?;
    if name.is_empty() {
        return Ok(Value::from(false));
    }
    Ok(Value::from(entry(call, &Query::key(name)?)?.is_some()))
}

fn key_or_default(call: &Call<'_>) -> Outcome {
    let [name, default] = call.exactly("keyOrDefault")?;
    let (name, default) = (text(name)?, text(default)?);
    if name.is_empty() {
        return Ok(Value::from(default));
    }
    match entry(call, &Query::key(name)?)? {
        Some(pair) if !pair.value.is_empty() => Ok(records::value_of(&pair)),
        _ => Ok(Value::from(default)),
    }
}

fn ls(call: &Call<'_>) -> Outcome {
    pairs(call, "ls", Depth::Level, false)
}

fn tree(call: &Call<'_>) -> Outcome {
    pairs(call, "tree", Depth::Tree, false)
}

fn safe_ls(call: &Call<'_>) -> Outcome {
    pairs(call, "safeLs", Depth::Level, true)
}

fn safe_tree(call: &Call<'_>) -> Outcome {
    pairs(call, "safeTree", Depth::Tree, true)
}

/// The pairs below a prefix, as deep as this; when `needed`, the template waits for at least one.
fn pairs(call: &Call<'_>, name: &str, depth: Depth, needed: bool) -> Outcome {
    let [prefix] = call.exactly(name)?;
    let prefix = text(prefix)?;
    if prefix.is_empty() {
        return Ok(empty_list());
    }
    let query = Query::pairs(prefix)?;
    let answer = call.pass.ask(&query)?;
    call.pass.sees(&query, depth);
    let Some(Answer::Pairs(pairs)) = answer.as_deref() else {
        return Ok(empty_list());
    };
    let kept: Vec<Arc<Pair>> = pairs
        .iter()
        .filter(|pair| depth.sees(pair))
        .cloned()
        .collect();
    if needed && kept.is_empty() {
        call.pass.lacks(&query, Absence::NothingBelow);
    }
    Ok(records::list(&kept))
}

fn file(call: &Call<'_>) -> Outcome {
    let [path] = call.exactly("file")?;
    let path = text(path)?.trim();
    if path.is_empty() {
        return Ok(Value::from(""));
    }
    let query = Query::File(FileQuery {
        path: PathBuf::from(path),
        sandbox: call.pass.sandbox().cloned(),
    });
    Ok(match call.pass.ask(&query)?.as_deref() {
        Some(Answer::File(text)) => Value::from(Arc::clone(text)),
        _ => Value::from(""),
    })
}

/// A pass whose data is not complete does not ask: the arguments might be made of what is missing.
fn plugin(call: &Call<'_>) -> Outcome {
    let words = call
        .texts()?
        .into_iter()
        .map(str::trim)
        .filter(|word| !word.is_empty())
        .map(str::to_owned);
    let words: Vec<String> = words.collect();
    if !call.pass.is_complete() {
        return Ok(Value::from(""));
    }
    if words.is_empty() {
        return refuse("plugin: the name of a program is missing");
    }
    match call.pass.ask(&Query::Plugin(words))?.as_deref() {
        Some(Answer::Plugin(Ok(text))) => Ok(Value::from(Arc::clone(text))),
        Some(Answer::Plugin(Err(why))) => refuse(why.as_ref()),
        _ => Ok(Value::from("")),
    }
}
