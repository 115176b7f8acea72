//! Functions for file paths and URLs.

use std::collections::BTreeMap;

use minijinja::Value;

use super::url::{self, Url};
use super::{map, sprig};
use crate::args::{FunctionResult, fail, text};
use crate::function::{Call, Function};
use crate::merge;
use gotemplate::dict::Dict;

pub(crate) static TABLE: &[Function] = &[
    sprig(
        ["sprig_base", "sprig_base"],
        "(path string) string",
        "The last part of a path.",
        |call| map(call, "sprig_base", base),
    ),
    sprig(
        ["sprig_dir", "sprig_dir"],
        "(path string) string",
        "A path without its last part.",
        |call| map(call, "sprig_dir", dir),
    ),
    sprig(
        ["sprig_ext", "sprig_ext"],
        "(path string) string",
        "The extension of a path, with its dot.",
        |call| map(call, "sprig_ext", ext),
    ),
    sprig(
        ["sprig_clean", "sprig_clean"],
        "(path string) string",
        "The shortest equivalent path.",
        |call| map(call, "sprig_clean", clean),
    ),
    sprig(
        ["sprig_isAbs", "sprig_is_abs"],
        "(path string) bool",
        "Whether a path is absolute.",
        |call| {
            let [path] = call.exactly("sprig_isAbs")?;
            Ok(Value::from(text(path)?.starts_with('/')))
        },
    ),
    sprig(
        ["sprig_osBase", "sprig_os_base"],
        "(path string) string",
        "The same as sprig_base.",
        |call| map(call, "sprig_osBase", base),
    ),
    sprig(
        ["sprig_osDir", "sprig_os_dir"],
        "(path string) string",
        "The same as sprig_dir.",
        |call| map(call, "sprig_osDir", dir),
    ),
    sprig(
        ["sprig_osExt", "sprig_os_ext"],
        "(path string) string",
        "The same as sprig_ext.",
        |call| map(call, "sprig_osExt", ext),
    ),
    sprig(
        ["sprig_osClean", "sprig_os_clean"],
        "(path string) string",
        "The same as sprig_clean.",
        |call| map(call, "sprig_osClean", clean),
    ),
    sprig(
        ["sprig_osIsAbs", "sprig_os_is_abs"],
        "(path string) bool",
        "The same as sprig_isAbs.",
        |call| {
            let [path] = call.exactly("sprig_osIsAbs")?;
            Ok(Value::from(text(path)?.starts_with('/')))
        },
    ),
    sprig(
        ["sprig_urlParse", "sprig_url_parse"],
        "(url string) map[string]any",
        "The parts of a URL as a map: scheme, userinfo, host, hostname, path, query, opaque, fragment.",
        parse,
    ),
    sprig(
        ["sprig_urlJoin", "sprig_url_join"],
        "(parts map[string]any) string",
        "The URL of its parts, as sprig_urlParse returns them.",
        join,
    ),
];

fn base(path: &str) -> String {
    if path.is_empty() {
        return ".".to_owned();
    }
    match path.trim_end_matches('/') {
        "" => "/".to_owned(),
        path => path.rsplit('/').next().unwrap_or(path).to_owned(),
    }
}

fn dir(path: &str) -> String {
    clean(path.rfind('/').map_or("", |at| &path[..=at]))
}

fn ext(path: &str) -> String {
    let last = path.rsplit('/').next().unwrap_or(path);
    last.rfind('.')
        .map_or(String::new(), |at| last[at..].to_owned())
}

fn clean(path: &str) -> String {
    let rooted = path.starts_with('/');
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." if parts.last().is_some_and(|last| *last != "..") => {
                parts.pop();
            }
            // The root has no parent.
            ".." if rooted => {}
            part => parts.push(part),
        }
    }
    let joined = parts.join("/");
    match (rooted, joined.is_empty()) {
        (true, _) => format!("/{joined}"),
        (false, true) => ".".to_owned(),
        (false, false) => joined,
    }
}

fn parse(call: &Call<'_>) -> FunctionResult {
    let [written] = call.exactly("sprig_urlParse")?;
    let url = Url::parse(text(written)?)
        .or_else(|error| fail(format!("unable to parse url: {error}")))?;
    let hostname = url.hostname().to_owned();
    let Url {
        scheme,
        opaque,
        userinfo,
        host,
        path,
        query,
        fragment,
    } = url;
    let parts = [
        ("scheme", scheme),
        ("opaque", opaque),
        ("userinfo", userinfo),
        ("host", host),
        ("hostname", hostname),
        ("path", path),
        ("query", query),
        ("fragment", fragment),
    ];
    let entries: BTreeMap<String, Value> = parts
        .into_iter()
        .map(|(name, part)| (name.to_owned(), Value::from(part)))
        .collect();
    Ok(Dict::value(entries))
}

fn join(call: &Call<'_>) -> FunctionResult {
    let [parts] = call.exactly("sprig_urlJoin")?;
    let parts = merge::entries(parts)?;
    let part = |name: &str| match parts.get(name) {
        None => Ok(String::new()),
        Some(value) => match value.as_str() {
            Some(text) => Ok(text.to_owned()),
            None => fail(format!(
                "unable to parse {name} key, must be of type string, but {} found",
                super::cast::kind(value)
            )),
        },
    };
    let url = Url {
        scheme: part("scheme")?,
        opaque: part("opaque")?,
        userinfo: url::userinfo(&part("userinfo")?)
            .or_else(|error| fail(format!("unable to parse userinfo in dict: {error}")))?,
        host: part("host")?,
        path: part("path")?,
        query: part("query")?,
        fragment: part("fragment")?,
    };
    Ok(Value::from(url.to_string()))
}
