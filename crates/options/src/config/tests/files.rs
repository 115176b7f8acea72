//! From the text of a file to the configuration: one shape for four formats, and errors that say where.

mod errors;

use std::path::Path;

use config_blocks::{Error, FileMode};
use proptest::prelude::*;

use super::chain;
use crate::config::ConfigError;
use crate::config::file::{fuzz, layer, load, read_text};
use crate::config::layer::ConfigLayer;
use crate::config::resolve::resolve;
use crate::config::resolved::Config;
use config_blocks::Environment;
use file_writer::Owner;
use process_tree::CommandLine;

fn config(name: &str, text: &str) -> Config {
    let layer = read_text(name, text).unwrap_or_else(|error| panic!("{name}: {}", chain(&error)));
    resolve(layer, None, &Environment::default())
        .unwrap_or_else(|error| panic!("{name}: {}", chain(&error)))
}

fn refused(name: &str, text: &str) -> String {
    let resolved = read_text(name, text)
        .map_err(ConfigError::from)
        .and_then(|layer| resolve(layer, None, &Environment::default()));
    let error = resolved.expect_err(text);
    assert_eq!(error.exit_code(), 15);
    let shown = chain(&error);
    assert_eq!(shown.lines().count(), 1, "{shown}");
    shown
}

fn read(path: &Path) -> Result<ConfigLayer, Error> {
    layer(&load(path)?)
}

const HCL: &str = r#"
# One configuration, four times.
Consul {
  address = "10.0.0.1:8500"
  auth = { enabled = true, username = "u", password = "p" }
  namespace = "ns"
}
max_stale = "10m"
block_query_wait = "30s"
log_level = "info"
kill_signal = "SIGTERM"
reload_signal = ""
pid_file = "/run/ctmpl.pid"
once = true
wait { min = "2s" max = "10s" }
default_delimiters { left = "<<" right = ">>" }
template {
  source = "a.tpl"
  destination = "/etc/a"
  command = "echo a,b"
  command_timeout = "5m"
  perms = 0640
  user = 1000
  group = "adm"
  backup = true
}
template {
  contents = <<EOF
x
y
EOF
  destination = "/etc/b"
  exec { command = ["nginx", "-s", "reload"] timeout = "1m" }
  left_delimiter = "[["
  error_on_missing_key = true
  create_dest_dirs = false
  perms = "600"
}
"#;

const JSON: &str = r#"{
  "consul": [{"address": "10.0.0.1:8500", "namespace": "ns",
    "auth": {"enabled": true, "username": "u", "password": "p"}}],
  "max_stale": "10m", "block_query_wait": "30s", "log_level": "info", "kill_signal": "SIGTERM", "reload_signal": "",
  "pid_file": "/run/ctmpl.pid", "once": true, "wait": "2s:10s", "default_delimiters": {"left": "<<", "right": ">>"},
  "syslog": null,
  "template": [
    {"source": "a.tpl", "destination": "/etc/a", "command": "echo a,b", "command_timeout": "5m", "perms": 640,
     "user": 1000, "group": "adm", "backup": true},
    {"contents": "x\ny\n", "destination": "/etc/b", "exec": {"command": ["nginx", "-s", "reload"], "timeout": "1m"},
     "left_delimiter": "[[", "error_on_missing_key": true, "create_dest_dirs": false, "perms": "0600"}
  ]
}"#;

const YAML: &str = r#"
consul:
  address: 10.0.0.1:8500
  auth: {enabled: true, username: u, password: p}
  namespace: ns
max_stale: 10m
block_query_wait: 30s
log_level: info
kill_signal: SIGTERM
reload_signal: ""
pid_file: /run/ctmpl.pid
once: true
wait: {min: 2s, max: 10s, enabled: true}
default_delimiters: {left: "<<", right: ">>"}
template:
  - source: a.tpl
    destination: /etc/a
    command: echo a,b
    command_timeout: 5m
    perms: 0640
    user: 1000
    group: adm
    backup: true
  - contents: |
      x
      y
    destination: /etc/b
    exec:
      command: [nginx, -s, reload]
      timeout: 1m
    left_delimiter: "[["
    error_on_missing_key: true
    create_dest_dirs: false
    perms: "600"
"#;

const TOML: &str = r#"
max_stale = "10m"
block_query_wait = "30s"
log_level = "info"
kill_signal = "SIGTERM"
reload_signal = ""
pid_file = "/run/ctmpl.pid"
once = true
wait = "2s:10s"

[consul]
address = "10.0.0.1:8500"
namespace = "ns"
auth = { enabled = true, username = "u", password = "p" }

[default_delimiters]
left = "<<"
right = ">>"

[[template]]
source = "a.tpl"
destination = "/etc/a"
command = "echo a,b"
command_timeout = "5m"
perms = 0o640
user = 1000
group = "adm"
backup = true

[[template]]
contents = """
x
y
"""
destination = "/etc/b"
exec = { command = ["nginx", "-s", "reload"], timeout = "1m" }
left_delimiter = "[["
error_on_missing_key = true
create_dest_dirs = false
perms = 600
"#;

#[test]
fn four_formats_are_one_configuration() {
    let hcl = config("a.hcl", HCL);
    assert_eq!(
        hcl.consul.client.servers[0].as_str(),
        "http://10.0.0.1:8500/"
    );
    assert_eq!(hcl.jobs[0].file.perms, Some(FileMode(0o640)));
    assert_eq!(hcl.jobs[0].file.user, Some(Owner::Id(1000)));
    assert_eq!(hcl.jobs[0].file.group, Some(Owner::Name("adm".to_owned())));
    let command = hcl.jobs[0].command.as_ref().expect("a command");
    assert_eq!(
        command.line,
        CommandLine::Shell("echo a,b".to_owned()),
        "commands keep their commas"
    );
    assert_eq!(command.timeout.as_secs(), 300);
    assert_eq!(
        hcl.jobs[1]
            .command
            .as_ref()
            .map(|command| command.timeout.as_secs()),
        Some(60)
    );
    assert_eq!(hcl.jobs[1].template.delimiters.right, ">>");
    assert_eq!(hcl.reload_signal, None);
    let others = [
        ("a.json", JSON),
        ("a.hcl", JSON),
        ("a.yaml", YAML),
        ("a.YML", YAML),
        ("a.toml", TOML),
    ];
    for (name, text) in others
        .into_iter()
        .chain([HCL, JSON, YAML, TOML].map(|text| ("a.conf", text)))
    {
        let name = if text == JSON && name == "a.hcl" {
            "a.conf"
        } else {
            name
        };
        assert_eq!(
            format!("{:?}", config(name, text)),
            format!("{hcl:?}"),
            "{name}"
        );
    }
}

#[test]
fn unsupported_keys_cause_warnings() {
    let text = "vault { address = \"v\" retry { attempts = 3 } }\nnomad { retry { enabled = true } }\ndeduplicate { enabled = true }\n\
                \nconsul { retry { attempts = 12 } }\n\
                template { contents = \"x\" destination = \"y\" exec { command = \"z\" splay = \"1s\" } }";
    let warnings = config("a.hcl", text).warnings;
    assert_eq!(warnings.len(), 5, "{warnings:?}");
    for key in [
        "vault in a.hcl:1",
        "nomad in a.hcl:2",
        "deduplicate in a.hcl:3",
        "consul.retry.attempts in a.hcl:5",
    ] {
        assert!(
            warnings.iter().any(|warning| warning.starts_with(key)),
            "{key}: {warnings:?}"
        );
    }
}

#[test]
fn a_file_that_cannot_be_read_is_an_error_with_the_reason() {
    let folder = tempfile::tempdir().expect("a directory");
    let at = |name: &str| folder.path().join(name);
    std::fs::write(at("bad.hcl"), b"a = 1\nb = \"\xff\"").expect("a file");
    std::fs::write(at("large.hcl"), vec![b'#'; 10 * 1024 * 1024]).expect("a file");
    std::fs::write(at("bom.hcl"), "\u{feff}once = true").expect("a file");
    let cases = [
        ("none.hcl", "No such file"),
        ("bad.hcl", "bad.hcl:2 as HCL: it is not UTF-8"),
        (
            "large.hcl",
            "it has 10485760 bytes; a configuration has at most 4194304",
        ),
    ];
    for (name, part) in cases {
        let error = read(&at(name)).expect_err(name);
        assert!(chain(&error).contains(part), "{error:?}");
        assert_eq!(ConfigError::from(error).exit_code(), 15);
    }
    assert_eq!(
        read(&at("bom.hcl"))
            .expect("HCL")
            .once
            .map(|once| once.value),
        Some(true)
    );
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_text_makes_it_panic(text in "\\PC*|[a-z:{}\\[\\]=,\"#&*|>0-9 \\n-]{0,60}") {
        fuzz(&text);
    }
}
