//! From the text of a file to the configuration: one shape for four formats, and errors that say where.

use std::path::Path;

use config_blocks::{Error, FileMode};
use proptest::prelude::*;

use super::chain;
use crate::config::file::{fuzz, layer, load, read_text};
use crate::config::layer::ConfigLayer;
use crate::config::resolve::resolve;
use crate::config::resolved::{CommandLine, Config, Owner};
use crate::config::{ConfigError, Environment};

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
    assert_eq!(hcl.consul.servers[0].as_str(), "http://10.0.0.1:8500/");
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
    assert_eq!(hcl.jobs[1].delimiters.right, ">>");
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
#[expect(clippy::too_many_lines, reason = "a table of cases")]
fn an_error_names_file_line_and_key_and_what_was_meant() {
    let cases: &[(&str, &str, &[&str])] = &[
        (
            "a.hcl",
            "consul {\n  addres = \"h\"\n}",
            &["consul.addres in a.hcl:2", "did you mean address?"],
        ),
        (
            "a.yaml",
            "template:\n  - soruce: x\n",
            &["template[1].soruce in a.yaml:2", "did you mean source?"],
        ),
        (
            "a.toml",
            "[[template]]\nsource = \"x\"\n[[template]]\ncomand = \"x\"",
            &["template[2].comand in a.toml:4", "command?"],
        ),
        (
            "a.json",
            "{\n\"tempalte\": {}}",
            &["tempalte in a.json:2", "did you mean template?"],
        ),
        (
            "a.hcl",
            "consul { auth { xyz = 1 } }",
            &["consul.auth.xyz", "there are enabled, password, username"],
        ),
        (
            "a.hcl",
            "parse_only = true",
            &["parse_only in a.hcl:1", "did you mean parseonly?"],
        ),
        (
            "a.hcl",
            "max_stale = 5",
            &["max_stale in a.hcl:1", "needs a unit, for example 5s"],
        ),
        ("a.hcl", "max_stale = \"5\"", &["needs a unit"]),
        (
            "a.hcl",
            "max_stale = true",
            &["it is true or false, and should be a duration in quotes"],
        ),
        (
            "a.hcl",
            "once = \"true\"",
            &["it is a text, and should be true or false, without quotes"],
        ),
        (
            "a.hcl",
            "consul { address = 5 }",
            &["consul.address in a.hcl:1: it is a number, and should be a text"],
        ),
        (
            "a.hcl",
            "consul = 5",
            &["consul in a.hcl:1: it is a number, and should be a block"],
        ),
        (
            "a.hcl",
            "template = [1]",
            &["template[1] in a.hcl:1: it is a number, and should be a block"],
        ),
        (
            "a.hcl",
            "consul {}\n\nconsul {}",
            &["consul in a.hcl:3: it is set 2 times, first on line 1"],
        ),
        (
            "a.hcl",
            "once = true\nOnce = true",
            &["once in a.hcl:2: it is set 2 times, first on line 1"],
        ),
        (
            "a.json",
            "{\"consul\": [{},\n{}]}",
            &["consul in a.json:1: it is set 2 times"],
        ),
        (
            "a.json",
            "{\"once\": true,\n\"once\": true}",
            &["once in a.json:2: it is set 2 times, first on line 1"],
        ),
        (
            "a.hcl",
            "template { perms = 420 }",
            &["template[1].perms in a.hcl:1: 420 is the mode 0644 in decimal digits"],
        ),
        ("a.hcl", "template { perms = \"rw\" }", &["is not a mode"]),
        (
            "a.hcl",
            "template { uid = -1 }",
            &["template[1].uid in a.hcl:1: -1 is out of range"],
        ),
        (
            "a.hcl",
            "format = \"apache\"",
            &["format in a.hcl:1: there is no format \"apache\""],
        ),
        (
            "a.hcl",
            "template { output_format = \"xml\" }",
            &["template[1].output_format in a.hcl:1: there is no"],
        ),
        (
            "a.hcl",
            "template { language = \"perl\" }",
            &["should be \"go\" or \"jinja\""],
        ),
        (
            "a.hcl",
            "template {\n command = [1] }",
            &["template[1].command in a.hcl:2: it is a number"],
        ),
        (
            "a.hcl",
            "wait { min = \"5s\" max = \"1s\" }",
            &["wait in a.hcl:1: the maximum 1s is below"],
        ),
        (
            "a.hcl",
            "wait { bool = true enabled = true }",
            &["bool and enabled mean the same"],
        ),
        (
            "a.hcl",
            "log_level = \"loud\"\ntemplate { contents = \"x\" destination = \"y\" }",
            &["log_level in a.hcl:1: invalid"],
        ),
        (
            "a.hcl",
            "template { contents = \"x\" destination = \"y\" command = \"z\" command_timeout = \"0s\" }",
            &[
                "template[1].command_timeout in a.hcl:1",
                "would end the command at once",
            ],
        ),
        (
            "a.hcl",
            "\n\ntemplate {}",
            &["either a source or contents", "template[1] in a.hcl:3"],
        ),
        (
            "a.hcl",
            "\ntemplate { source = \"s\" }",
            &["s has no destination; write destination = \"…\" into template[1] in a.hcl:2"],
        ),
        (
            "a.hcl",
            "kill_signal = \"SIGFOO\"",
            &["kill_signal in a.hcl:1: there is no signal"],
        ),
        (
            "a.hcl",
            "kill_signal = \"HUP\" reload_signal = \"HUP\" template { contents = \"x\" destination = \"y\" }",
            &["both SIGHUP"],
        ),
        (
            "a.hcl",
            "exec { comand = \"x\" }",
            &["exec.comand in a.hcl:1", "did you mean command?"],
        ),
        (
            "a.hcl",
            "parseonly = \"true\"",
            &["parseonly in a.hcl:1", "true or false"],
        ),
        (
            "a.hcl",
            "consul { transport { max_idle_conns = -1 } }",
            &["consul.transport.max_idle_conns in a.hcl:1: -1 is out of range"],
        ),
        (
            "a.hcl",
            "consul { transport { dial_timout = 0 } }",
            &["did you mean dial_timeout?"],
        ),
        (
            "a.hcl",
            "a = ",
            &["cannot read the configuration a.hcl:1 as HCL: a has no value"],
        ),
        (
            "a.yaml",
            "- a",
            &["a.yaml: it is a list, and should be a block"],
        ),
    ];
    for (name, text, parts) in cases {
        let shown = refused(name, text);
        for part in *parts {
            assert!(shown.contains(part), "{part:?} in {shown:?}");
        }
    }
}

#[test]
fn no_secret_is_shown_in_an_error() {
    for text in [
        "consul { token = [\"s3cret\"] }",
        "consul { token = \"s3cret\" tokn = \"s3cret\" }",
        "consul { token = \"s3cret\" token = \"s3cret\" }",
        "consul { token = s3cret }",
        "consul { token = 1s3cret }",
        "vault { token = { a = \"s3cret\" } }",
    ] {
        let shown = refused("a.hcl", text);
        assert!(!shown.contains("s3cret"), "{shown}");
    }
    // A token of digits without quotes.
    for (name, text) in [
        ("a.yaml", "consul:\n  token: 31415e9265"),
        ("a.yaml", "consul:\n  token: *31415e9265"),
        ("a.toml", "[consul]\ntoken = 31415e9265"),
        ("a.json", "{\"consul\": {\"token\": 31415e9265}}"),
        ("a.hcl", "consul { token = 31415e9265 }"),
    ] {
        let shown = refused(name, text);
        assert!(!shown.contains("31415"), "{shown}");
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
