//! The functions that query Consul, read files and run plugins.
//!
//! Each function requests its data from the render context. Without an answer it returns the empty
//! value of its type, and the context records the missing dependency.

use std::path::PathBuf;
use std::sync::Arc;

use minijinja::Value;

use super::call_args::{CallArgs, is_after_first, is_call_option, named_args, query_and_options};
use super::keys::{key, key_exists, key_or_default};
use super::rendering::{refusal, rendering};
use crate::call_options::{ITEM_NAMES, NAMES};
use crate::reading::Selection;
use crate::records::{self, NoSuchNode, Reads};
use crate::render_context::Absence;
use ::functions::args::{FunctionResult, fail, text};
use ::functions::{Call, Function, FunctionError, Group};
use consul_watch::answer::{Answer, Depth, NodeServices, Pair};
use consul_watch::query::{
    ConsulQuery, DatacentersQuery, FileQuery, PluginQuery, Query, QueryError,
};
use gotemplate::record::{NilList, Record};

/// Creates a row for a function that requests data.
pub(super) const fn source(
    names: [&'static str; 2],
    signature: &'static str,
    summary: &'static str,
    code: fn(&Call<'_>) -> FunctionResult,
) -> Function {
    ::functions::row(Group::Sources, names, signature, summary, code)
}

/// Creates a row for a function that requests a list.
const fn list(
    names: [&'static str; 2],
    signature: &'static str,
    summary: &'static str,
    code: fn(&Call<'_>) -> FunctionResult,
) -> Function {
    Function {
        options: NAMES,
        ..source(names, signature, summary, code)
    }
}

/// Creates a row for a function that requests a single item.
const fn item(
    names: [&'static str; 2],
    signature: &'static str,
    summary: &'static str,
    code: fn(&Call<'_>) -> FunctionResult,
) -> Function {
    Function {
        options: ITEM_NAMES,
        ..source(names, signature, summary, code)
    }
}

pub(super) static TABLE: &[Function] = &[
    list(
        ["services", "services"],
        "(query ...string) []{Name, Tags}",
        "The names and tags of all services in the catalog.",
        services,
    ),
    item(
        ["node", "node"],
        "(query ...string) {Node, Services}",
        "A node and its services; without a name the node of the agent.",
        node,
    ),
    list(
        ["nodes", "nodes"],
        "(query ...string) []node",
        "All nodes in the catalog.",
        nodes,
    ),
    source(
        ["datacenters", "datacenters"],
        "(ignoreFailing ...bool) []string",
        "The names of all datacenters; with true only of those that are reachable.",
        datacenters,
    ),
    item(
        ["key", "key"],
        "(key string) string",
        "The value of a key. The template waits until the key exists and keeps the last value if it is deleted.",
        key,
    ),
    item(
        ["keyExists", "key_exists"],
        "(key string) bool",
        "Whether a key exists, also with an empty value.",
        key_exists,
    ),
    item(
        ["keyOrDefault", "key_or_default"],
        "(key string, default string) string",
        "The value of a key, or the default if the key does not exist or is empty.",
        key_or_default,
    ),
    list(
        ["ls", "ls"],
        "(prefix string) []pair",
        "The key pairs directly below a prefix.",
        ls,
    ),
    list(
        ["tree", "tree"],
        "(prefix string) []pair",
        "All key pairs below a prefix, nested ones included.",
        tree,
    ),
    list(
        ["safeLs", "safe_ls"],
        "(prefix string) []pair",
        "Like ls, but the template waits for at least one key pair.",
        safe_ls,
    ),
    list(
        ["safeTree", "safe_tree"],
        "(prefix string) []pair",
        "Like tree, but the template waits for at least one key pair.",
        safe_tree,
    ),
    source(
        ["file", "file"],
        "(path string) string",
        "The content of a local file.",
        file,
    ),
    source(
        ["plugin", "plugin"],
        "(program string, arguments ...string) string",
        "The output of a program without white space at both ends; needs --allow plugin.",
        plugin,
    ),
];

pub(super) fn empty_list() -> Value {
    Value::from(Vec::<Value>::new())
}

fn services(call: &Call<'_>) -> FunctionResult {
    let (answer, reads) = catalog(call, Query::services)?;
    Ok(match answer.as_deref() {
        // In Go, the list of an empty catalog is nil.
        Some(Answer::Services(services)) if services.is_empty() => Value::from_object(NilList),
        Some(Answer::Services(services)) => records::list(services, &reads),
        _ => empty_list(),
    })
}

fn nodes(call: &Call<'_>) -> FunctionResult {
    let (answer, reads) = catalog(call, Query::nodes)?;
    Ok(match answer.as_deref() {
        Some(Answer::Nodes(nodes)) => records::list(nodes, &reads),
        _ => empty_list(),
    })
}

/// Requests a list of the catalog. The texts of the call are one query.
fn catalog(
    call: &Call<'_>,
    query: fn(&str) -> Result<Query, QueryError>,
) -> Result<(Option<Arc<Answer>>, Reads), FunctionError> {
    let named = named_args(call);
    let CallArgs { texts, options } = CallArgs::read(call, &named, is_call_option)?;
    let rendering = rendering(call)?;
    let (query, options) = query_and_options(
        rendering,
        query(&texts.concat()).map_err(refusal)?,
        options,
        NAMES,
    )?;
    rendering.request_with(&query, options, Selection::All)
}

fn node(call: &Call<'_>) -> FunctionResult {
    let named = named_args(call);
    let is_option = |_, name: &str| ITEM_NAMES.contains(&name);
    let CallArgs { texts, options } = CallArgs::read(call, &named, is_option)?;
    let (query, rendering) = (
        Query::node(&texts.concat()).map_err(refusal)?,
        rendering(call)?,
    );
    let (query, options) = query_and_options(rendering, query, options, ITEM_NAMES)?;
    let options = options.requiring_an_answer();
    let (answer, reads) = rendering.request_with(&query, options, Selection::All)?;
    Ok(match answer.as_deref() {
        Some(Answer::Node(Some(found))) => records::single(found, &reads),
        Some(_) => Record::value(records::unmarked(NoSuchNode)),
        None => Record::value(records::unmarked(NodeServices {
            node: Arc::default(),
            services: Vec::new(),
        })),
    })
}

fn datacenters(call: &Call<'_>) -> FunctionResult {
    let ignore_failing = match call.args {
        [] => false,
        [flag] if matches!(flag.kind(), minijinja::value::ValueKind::Bool) => flag.is_true(),
        [other] => return fail(::functions::args::wrong_type("bool", other)),
        more => {
            return fail(format!(
                "datacenters: wrong number of arguments, expected 0 or 1, but got {}",
                more.len()
            ));
        }
    };
    Ok(
        match rendering(call)?
            .request(&ConsulQuery::Datacenters(DatacentersQuery { ignore_failing }).into())
            .as_deref()
        {
            Some(Answer::Datacenters(names)) => names.iter().map(String::as_str).collect(),
            _ => empty_list(),
        },
    )
}

fn ls(call: &Call<'_>) -> FunctionResult {
    pairs(call, "ls", Depth::Level, false)
}

fn tree(call: &Call<'_>) -> FunctionResult {
    pairs(call, "tree", Depth::Tree, false)
}

fn safe_ls(call: &Call<'_>) -> FunctionResult {
    pairs(call, "safeLs", Depth::Level, true)
}

fn safe_tree(call: &Call<'_>) -> FunctionResult {
    pairs(call, "safeTree", Depth::Tree, true)
}

/// Returns the pairs below a prefix. If `required`, the template waits for at least one pair.
fn pairs(call: &Call<'_>, name: &str, depth: Depth, required: bool) -> FunctionResult {
    let named = named_args(call);
    let CallArgs { texts, options } = CallArgs::read(call, &named, is_after_first)?;
    let [prefix] = texts[..] else {
        return fail(format!(
            "wrong number of args for {name}: want 1 got {}",
            texts.len()
        ));
    };
    if prefix.is_empty() {
        return Ok(empty_list());
    }
    let rendering = rendering(call)?;
    let (query, options) = query_and_options(
        rendering,
        Query::pairs(prefix).map_err(refusal)?,
        options,
        NAMES,
    )?;
    let (answer, reads) = rendering.request_with(&query, options, Selection::Depth(depth))?;
    let Some(Answer::Pairs(pairs)) = answer.as_deref() else {
        return Ok(empty_list());
    };
    let visible: Vec<Arc<Pair>> = pairs
        .iter()
        .filter(|pair| depth.sees(pair))
        .cloned()
        .collect();
    if required && visible.is_empty() {
        rendering.lacks(&query, Absence::NothingBelow);
    }
    Ok(records::list(&visible, &reads))
}

fn file(call: &Call<'_>) -> FunctionResult {
    let [path] = call.exactly("file")?;
    let path = text(path)?.trim();
    if path.is_empty() {
        return Ok(Value::from(""));
    }
    let query = Query::File(FileQuery {
        path: PathBuf::from(path),
        sandbox: rendering(call)?.sandbox().cloned(),
    });
    Ok(match rendering(call)?.request(&query).as_deref() {
        Some(Answer::File(text)) => Value::from(Arc::clone(text)),
        _ => Value::from(""),
    })
}

/// Runs a plugin. It does not run while data is missing, because its arguments may depend on that data.
/// Without a name the result is empty.
fn plugin(call: &Call<'_>) -> FunctionResult {
    let texts = call.texts()?;
    let Some((name, args)) = texts.split_first() else {
        return fail("plugin: the name of the program is missing");
    };
    if name.is_empty() || !rendering(call)?.is_complete() {
        return Ok(Value::from(""));
    }
    let args = args
        .iter()
        .map(|arg| arg.trim())
        .filter(|arg| !arg.is_empty());
    let args = std::iter::once(*name)
        .chain(args)
        .map(str::to_owned)
        .collect();
    match rendering(call)?
        .request(&Query::Plugin(PluginQuery { words: args }))
        .as_deref()
    {
        Some(Answer::Plugin(Ok(text))) => Ok(Value::from(Arc::clone(text))),
        Some(Answer::Plugin(Err(error))) => fail(error.as_ref()),
        _ => Ok(Value::from("")),
    }
}
