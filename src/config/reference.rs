//! What each key of a configuration is for: what the tables of keys and the descriptions of the schema are made of.
//!
//! in:  the [`Shape`] of the [`Written`], which says which keys there are and what they take
//! out: every key with its kind, its default and its purpose
//!
//! Each key that is acted on has a row here, and each row is a key; those that are left for later have theirs in
//! `config::later`.

use super::file::{Key, Later, Shape};
use super::later;
use super::written::Written;

/// Keys, their defaults, and what they are for; a default that is no JSON is one that is worked out.
const ROWS: &[(&str, &str, &str)] = &[
    ("consul", "", "how Consul is reached"),
    ("template", "", "what is rendered, and where to; repeats"),
    (
        "default_delimiters",
        "",
        "of Go templates that do not say otherwise",
    ),
    ("default_delimiters.left", "\"{{\"", "what opens an action"),
    (
        "default_delimiters.right",
        "\"}}\"",
        "what closes an action",
    ),
    (
        "wait",
        "\"0s\"",
        "changes are collected until it has been quiet for MIN, but no longer than MAX (4 × MIN)",
    ),
    ("wait.min", "", "how long it has been quiet"),
    (
        "wait.max",
        "4 × `min`",
        "how long changes are collected at most",
    ),
    ("wait.enabled", "`true` with `min`", "whether it counts"),
    (
        "wait.bool",
        "`true` with `min`",
        "what consul-template calls `enabled`",
    ),
    (
        "format",
        "",
        "the `format` of templates that do not say otherwise",
    ),
    (
        "output_format",
        "",
        "the `output_format` of templates that do not say otherwise",
    ),
    (
        "max_stale",
        "\"2s\"",
        "how old an answer of a server that is not the leader may be; `\"0s\"`: ask the leader",
    ),
    (
        "block_query_wait",
        "\"60s\"",
        "how long Consul may hold a question",
    ),
    (
        "log_level",
        "\"warn\"",
        "`\"trace\"`, `\"debug\"`, `\"info\"`, `\"warn\"` or `\"err\"`",
    ),
    (
        "exec",
        "",
        "one program that is kept running; see [below](#a-program-that-is-kept-running)",
    ),
    ("exec.enabled", "true", "whether it is started"),
    ("exec.command", "", "what is run"),
    ("exec.env", "", "what it finds in its environment"),
    (
        "exec.env.pristine",
        "false",
        "no variable of ctmpl's environment",
    ),
    (
        "exec.env.custom",
        "[]",
        "`\"NAME=VALUE\"`, beside all others, as they are; lists of several files add up",
    ),
    (
        "exec.env.allowlist",
        "[]",
        "of ctmpl's environment, only variables whose name is like one of these patterns",
    ),
    (
        "exec.env.denylist",
        "[]",
        "of ctmpl's environment, no variable whose name is like one of these patterns",
    ),
    (
        "exec.env.whitelist",
        "[]",
        "an older spelling of `allowlist`",
    ),
    (
        "exec.env.blacklist",
        "[]",
        "an older spelling of `denylist`",
    ),
    (
        "exec.kill_signal",
        "the TERM that ends ctmpl, else `\"SIGINT\"`",
        "what asks it to end; `\"\"`: nothing does",
    ),
    (
        "exec.kill_timeout",
        "\"30s\"",
        "how long it may take to end before it is killed",
    ),
    (
        "exec.reload_signal",
        "\"\"",
        "what it is sent when a file has changed; `\"\"`: it is started anew, `\"SIGNULL\"`: nothing",
    ),
    (
        "exec.splay",
        "\"0s\"",
        "a change waits for up to this long, at random, before the program is told",
    ),
    (
        "log_format",
        "\"text\"",
        "`\"text\"` or `\"json\"`, for standard error and the log file",
    ),
    ("log_file", "", "a log file beside standard error"),
    (
        "log_file.path",
        "",
        "directory and name; the time goes before the extension",
    ),
    (
        "log_file.log_rotate_bytes",
        "0",
        "begin the next file when one is as large as this; 0: never",
    ),
    (
        "log_file.log_rotate_duration",
        "\"24h\"",
        "begin the next file when one is as old as this; `\"0s\"`: never",
    ),
    (
        "log_file.log_rotate_max_files",
        "0",
        "how many old files stay; 0: all, -1: none",
    ),
    ("syslog", "", "the system's log, beside standard error"),
    (
        "syslog.enabled",
        "`true` with any key of the block",
        "whether it is told",
    ),
    (
        "syslog.facility",
        "`\"LOCAL0\"`",
        "which kind of program this is",
    ),
    (
        "syslog.name",
        "`\"consul-template\"`",
        "the name it goes by",
    ),
    ("syslog.address", "`\"/dev/log\"`", "the socket"),
    (
        "journal",
        "",
        "systemd's journal, with the fields of each event",
    ),
    (
        "journal.enabled",
        "where standard error is connected to it",
        "whether it is told",
    ),
    (
        "journal.address",
        "\"/run/systemd/journal/socket\"",
        "the socket",
    ),
    (
        "kill_signal",
        "\"SIGINT\"",
        "ends it, beside TERM, INT and QUIT",
    ),
    (
        "reload_signal",
        "\"SIGHUP\"",
        "makes it read the configuration, all templates, and the files they read again",
    ),
    ("pid_file", "", "where the process ID is written"),
    (
        "allow",
        "[]",
        "what templates may do beside rendering: `[\"plugin\", \"writeToFile\"]`",
    ),
    (
        "sandbox_path",
        "",
        "the `sandbox_path` of templates that do not say otherwise",
    ),
    (
        "write",
        "\"auto\"",
        "the `write` of templates that do not say otherwise",
    ),
    (
        "template_error_fatal",
        "",
        "the `error_fatal` of templates that do not say otherwise",
    ),
    (
        "err_on_failed_lookup",
        "false",
        "end with 14 when a key that a template needs does not exist",
    ),
    ("once", "false", "end when everything is written"),
    (
        "parseonly",
        "false",
        "read all templates and do nothing else; exit code 14 if one of them is none",
    ),
    (
        "$schema",
        "",
        "the JSON Schema of the file, for editors; ctmpl does not look at it",
    ),
    (
        "consul.address",
        "\"127.0.0.1:8500\"",
        "servers or agents, separated by commas, tried in order",
    ),
    ("consul.token", "", "the ACL token"),
    (
        "consul.token_file",
        "",
        "the file that holds it; it is watched, and beats the token beside it",
    ),
    ("consul.namespace", "", "of queries that name none"),
    (
        "consul.partition",
        "",
        "the admin partition of queries that name none",
    ),
    ("consul.auth", "", "HTTP basic authentication"),
    (
        "consul.auth.enabled",
        "`true` with a name or a password",
        "whether it is used",
    ),
    ("consul.auth.username", "", "the user"),
    ("consul.auth.password", "", "the password"),
    ("consul.ssl", "", "TLS, and whom to trust"),
    (
        "consul.ssl.enabled",
        "`true` with any key of the block",
        "`https` also where the address says `http`",
    ),
    (
        "consul.ssl.verify",
        "true",
        "whether a server has to prove who it is",
    ),
    (
        "consul.ssl.ca_cert",
        "those of the system",
        "the file with the certificates of the authorities that are trusted",
    ),
    ("consul.ssl.ca_cert_bytes", "", "the same, as text"),
    ("consul.ssl.ca_path", "", "the directory with the same"),
    (
        "consul.ssl.cert",
        "",
        "the file with this host's certificate",
    ),
    ("consul.ssl.key", "that of `cert`", "the file with its key"),
    (
        "consul.ssl.server_name",
        "the host of the address",
        "the name that the servers' certificates are for",
    ),
    (
        "consul.retry",
        "",
        "what happens when it [does not answer](#when-consul-does-not-answer)",
    ),
    (
        "consul.retry.enabled",
        "true",
        "with `once`: whether to ask again",
    ),
    (
        "consul.retry.attempts",
        "0",
        "with `once`: how often to ask again before giving up; `0`: until its time is up",
    ),
    (
        "consul.retry.backoff",
        "\"250ms\"",
        "how long to wait before asking again; each time it doubles",
    ),
    (
        "consul.retry.max_backoff",
        "\"1m\"",
        "how long to wait at most; `0`: no limit",
    ),
    ("consul.transport", "", "how connections are made and kept"),
    (
        "consul.transport.dial_timeout",
        "\"10s\"",
        "how long connecting may take; `0`: as long as the answer",
    ),
    (
        "consul.transport.tls_handshake_timeout",
        "no longer",
        "how much longer it may take over TLS; `0`: as long as the answer",
    ),
    (
        "consul.transport.dial_keep_alive",
        "\"10s\"",
        "after how much silence a connection is tried, by TCP; three tries half as far apart follow",
    ),
    (
        "consul.transport.disable_keep_alives",
        "false",
        "ask each question on a connection of its own, over HTTP/2 too",
    ),
    (
        "consul.transport.idle_conn_timeout",
        "\"30s\"",
        "how long a connection is kept that nobody uses; `0`: no limit",
    ),
    (
        "consul.transport.max_idle_conns",
        "0",
        "how many of these are kept; `0`: no limit",
    ),
    (
        "consul.transport.max_idle_conns_per_host",
        "0",
        "how many of these to one server; `0`: no limit. Over TLS the lower of the two holds for each server",
    ),
    (
        "consul.transport.max_conns_per_host",
        "0",
        "only `0`, no limit, is heeded: each query that waits has a connection, or shares one over HTTP/2",
    ),
    ("template.source", "", "the file with the template"),
    (
        "template.contents",
        "",
        "the template itself; a template has either `source` or `contents`",
    ),
    ("template.destination", "", "the file that is written"),
    (
        "template.language",
        "by the name of the source",
        "the language of the template",
    ),
    (
        "template.command",
        "",
        "what is run when the file has changed",
    ),
    (
        "template.command_timeout",
        "\"30s\"",
        "how long that may take",
    ),
    (
        "template.exec",
        "",
        "the same two, as consul-template also spells them; they win",
    ),
    (
        "template.exec.enabled",
        "true",
        "whether there is a command",
    ),
    (
        "template.exec.command",
        "",
        "what is run when the file has changed",
    ),
    ("template.exec.timeout", "\"30s\"", "how long that may take"),
    (
        "template.wait",
        "that of the whole",
        "how long changes are collected; a text, or a block with the keys of `wait`",
    ),
    (
        "template.left_delimiter",
        "that of the whole",
        "what opens an action of a Go template",
    ),
    (
        "template.right_delimiter",
        "that of the whole",
        "what closes an action of a Go template",
    ),
    (
        "template.format",
        "in Jinja by the destination, else `\"none\"`",
        "what the file is, so that no value can be more than a value in it",
    ),
    ("template.output_format", "", "write nothing else"),
    (
        "template.sandbox_path",
        "that of the whole",
        "read files (`file`, `include`) only in this directory",
    ),
    (
        "template.error_on_missing_key",
        "false",
        "whether a missing key of a map is an error",
    ),
    ("template.perms", "that of the file, else 0644", "its mode"),
    (
        "template.user",
        "that of the file, else ctmpl's",
        "its owner; a name is looked up when the file is written",
    ),
    (
        "template.group",
        "that of the file, else ctmpl's",
        "its group, likewise",
    ),
    ("template.uid", "", "an older spelling of `user`"),
    ("template.gid", "", "an older spelling of `group`"),
    (
        "template.backup",
        "false",
        "keep what is replaced, with `.bak` after its name",
    ),
    (
        "template.create_dest_dirs",
        "true",
        "make missing directories",
    ),
    (
        "template.write",
        "that of the whole",
        "`\"rename\"`: replace the file; `\"inplace\"`: write into it; `\"auto\"`: replace it where that can be",
    ),
    (
        "template.function_denylist",
        "[]",
        "functions whose name is like one of these patterns fail when they are called",
    ),
    (
        "template.function_blacklist",
        "[]",
        "an older spelling of `function_denylist`",
    ),
    (
        "template.error_fatal",
        "only with `once`",
        "whether a failure of its rendering or its write ends ctmpl; see [below](#when-a-template-fails)",
    ),
];

/// What is known of a key.
#[derive(Clone, Debug)]
pub struct Described {
    /// The key with the blocks around it, `consul.auth.username`.
    pub path: &'static str,
    /// What it takes, in the words of `docs/src/reference/configuration.md`.
    pub kind: String,
    /// Its default: JSON, or words; empty: none.
    pub default: &'static str,
    /// What it is for.
    pub purpose: &'static str,
}

/// Every key that is acted on, in the order of the tables.
pub fn keys() -> Vec<Described> {
    let shape = shape();
    let keys = described(&shape, "");
    let mut found = Vec::new();
    for (path, default, purpose) in ROWS {
        if let Some((_, key)) = keys.iter().find(|(key, _)| key == path) {
            found.push(Described {
                path,
                kind: kind(key),
                default,
                purpose,
            });
        }
    }
    found
}

/// Every key that is not acted on, and what ctmpl does instead; whether it is an error.
pub fn keys_for_later() -> impl Iterator<Item = (&'static str, &'static str)> {
    later::words()
}

/// The shape of a whole configuration.
pub(super) fn shape() -> Shape {
    Shape::of::<Written>()
}

/// The default of a key and what it is for.
pub(super) fn row(path: &str) -> Option<(&'static str, &'static str)> {
    let of = |path: &str| {
        ROWS.iter()
            .find(|(key, ..)| *key == path)
            .map(|(_, default, purpose)| (*default, *purpose))
    };
    // A block within a template is the same as where it stands by itself: `template.wait.min`, `wait.min`.
    let by_itself = || {
        path.strip_prefix("template.")
            .filter(|rest| rest.contains('.'))
            .and_then(of)
    };
    of(path).or_else(by_itself)
}

/// All keys of a shape that are acted on, with the blocks around them.
fn described<'a>(shape: &'a Shape, above: &str) -> Vec<(String, &'a Key)> {
    let mut found = Vec::new();
    for key in shape.keys().iter().filter(|key| key.later == Later::No) {
        let path = if above.is_empty() {
            key.name.to_owned()
        } else {
            format!("{above}.{}", key.name)
        };
        let below = described(&key.shape, &path);
        found.push((path, key));
        found.extend(below);
    }
    found
}

fn kind(key: &Key) -> String {
    let Shape {
        bool,
        text,
        number,
        list,
        block,
        spelling,
    } = &key.shape;
    let name = spelling
        .as_ref()
        .map(|spelling| match spelling.names.as_slice() {
            // The names of signals would fill the page.
            names if names.is_empty() || names.len() > 10 => spelling.name.to_owned(),
            names => names
                .iter()
                .map(|name| format!("`\"{name}\"`"))
                .collect::<Vec<_>>()
                .join(", "),
        });
    let of_list = |item: &Shape| if item.text { "list of texts" } else { "list" };
    match name {
        Some(name) => name,
        None if key.repeats => "blocks".to_owned(),
        None if block.is_some() => "block".to_owned(),
        None if *bool => "true, false".to_owned(),
        None => list
            .as_deref()
            .map_or(
                if number.is_some() && !text {
                    "number"
                } else {
                    "text"
                },
                of_list,
            )
            .to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use serde_json::{Value, json};

    use super::super::environment::Environment;
    use super::super::file::read_text;
    use super::super::resolve::resolve;
    use super::*;

    #[test]
    fn every_key_has_its_row_and_every_row_is_a_key() {
        let shape = shape();
        let keys: BTreeSet<_> = described(&shape, "")
            .into_iter()
            .map(|(path, _)| path)
            .collect();
        assert!(keys.len() > 50, "{keys:?}");
        let without: Vec<_> = keys.iter().filter(|path| row(path).is_none()).collect();
        assert!(
            without.is_empty(),
            "add a row to config::reference for {without:?}"
        );
        let rows: BTreeSet<_> = ROWS.iter().map(|(path, ..)| *path).collect();
        assert_eq!(rows.len(), ROWS.len(), "a row is there twice");
        let gone: Vec<_> = rows.iter().filter(|path| !keys.contains(**path)).collect();
        assert!(gone.is_empty(), "there are no such keys: {gone:?}");
    }

    #[test]
    fn every_key_that_is_left_for_later_says_why() {
        fn left(shape: &Shape, above: &str, found: &mut BTreeSet<String>) {
            for key in shape.keys() {
                let path = format!("{above}{}", key.name);
                if key.later == Later::No {
                    left(&key.shape, &format!("{path}."), found);
                } else {
                    found.insert(path);
                }
            }
        }
        let mut found = BTreeSet::new();
        left(&shape(), "", &mut found);
        // An old spelling of a value, and no key.
        found.insert("consul".to_owned());
        let said: BTreeSet<_> = later::words().map(|(path, ..)| path.to_owned()).collect();
        assert_eq!(found, said);
    }

    #[test]
    fn a_default_is_what_silence_means() {
        let mut tried = 0;
        let resolved = |path: &str, value: Option<Value>| {
            let mut whole =
                json!({"template": {"contents": "x", "destination": "y", "command": "z"}});
            if let Some(value) = value {
                let pointer = path
                    .split('.')
                    .fold(&mut whole, |below, part| &mut below[part]);
                *pointer = value;
            }
            let written = read_text("a.json", &whole.to_string())
                .unwrap_or_else(|error| panic!("{path}: {error:?}"));
            let config = resolve(written, None, &Environment::default());
            format!(
                "{:?}",
                config.unwrap_or_else(|error| panic!("{path}: {error:?}"))
            )
        };
        for (path, default, _) in ROWS {
            if let Ok(value) = serde_json::from_str::<Value>(default) {
                // Whoever says anything of TLS wants it; a default address is not handed on to commands.
                let left = ["consul.ssl.verify", "consul.address"].contains(path);
                let same = left || resolved(path, Some(value)) == resolved(path, None);
                assert!(
                    same,
                    "{path}: saying {default} is more than silence; write the default between backticks"
                );
                tried += 1;
            }
        }
        assert!(tried > 10, "{tried}");
    }
}
