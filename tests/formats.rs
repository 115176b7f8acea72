//! Hostile names, tags, metadata and keys: either the program accepts the file and it has the same
//! directives as with harmless values, or the file is not written and the error names the origin of
//! the value.

mod program;

use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;

use answer_guard::Snapshot;
use consul_render::{Language, Template, TemplateOptions, TemplateSource};
use consul_watch::answer::{Answer, Instance, Nullable, Pair, TextMap, Weights};
use consul_watch::query::{Health, Query};
use file_formats::Format;
use jiff::Timestamp;
use proptest::prelude::*;

use crate::support::ctmpl::{Ended, Folder, run, text};
use crate::support::directives::{Directive, of_haproxy, of_nginx};
use crate::support::servers;

/// Hostile values that a service might register.
const HOSTILE: &[&str] = &[
    "; evil on;",
    "x; } evil { on; }",
    "\"; evil on; \"",
    "'; evil on; '",
    "a b",
    "{",
    "}",
    "# comment",
    "x # comment",
    "a\\",
    "\\\"; evil on;",
    "\\'; evil on;",
    "x\nevil on;",
    "x\r\n\tevil on",
    "x\0y",
    "$host",
    "${host}",
    "%[env(HOME)]",
    "`evil`",
    "$(evil)",
    "x\" y 'z",
    "(a) | b & c < d > e",
    "\u{2028}evil",
    "ä ö — \u{fdd0}1\u{fdd1};\u{fdd2}",
];

/// Returns Consul data with one value in every field.
fn snapshot(value: &str) -> Snapshot {
    let mut snapshot = Snapshot::default();
    let pair = Pair {
        path: "v".into(),
        key: "v".into(),
        value: value.into(),
        ..Pair::default()
    };
    snapshot.record(
        Query::key("v").unwrap(),
        Arc::new(Answer::Key(Some(Arc::new(pair)))),
    );
    let instance = Instance {
        node: value.into(),
        node_id: String::new(),
        node_address: value.into(),
        node_tagged_addresses: TextMap::new(),
        node_meta: TextMap::new(),
        service_meta: TextMap::from([("m".into(), value.into())]),
        address: value.into(),
        service_tagged_addresses: Nullable::new(),
        id: value.into(),
        name: value.into(),
        tags: vec![value.into()],
        checks: Nullable::new(),
        status: Health::Passing,
        port: 80,
        weights: Weights::default(),
    };
    snapshot.record(
        Query::service("web").unwrap(),
        Arc::new(Answer::Service(vec![Arc::new(instance)])),
    );
    snapshot
}

/// The expressions that print the value, in Go and in Jinja.
const ASKED: &[(&str, &str)] = &[
    ("key(\"v\")", "key \"v\""),
    (
        "service(\"web\")[0].name",
        "(index (service \"web\") 0).Name",
    ),
    (
        "service(\"web\")[0].tags[0]",
        "index (index (service \"web\") 0).Tags 0",
    ),
    (
        "service(\"web\")[0].service_meta.m",
        "(index (service \"web\") 0).ServiceMeta.m",
    ),
    (
        "service(\"web\")[0].address",
        "(index (service \"web\") 0).Address",
    ),
];

fn render(format: Format, language: Language, source: &str, value: &str) -> Result<String, String> {
    let template = Template::read(
        &TemplateSource::Inline {
            name: "t".into(),
            text: source.into(),
        },
        &TemplateOptions {
            format,
            ..TemplateOptions::new(language)
        },
    );
    let rendering =
        template
            .unwrap()
            .render(&snapshot(value), &Arc::default(), Timestamp::UNIX_EPOCH);
    assert!(rendering.dependencies.missing.is_empty());
    rendering.text.map_err(|error| error.to_string())
}

/// Returns the text that is written for a hostile value: without Unicode noncharacters, and so
/// without forged marks.
fn seen(value: &str) -> String {
    value.replace("\u{fdd0}1\u{fdd1};\u{fdd2}", ";")
}

/// Renders a text with values in place of `§`, with all expressions and in both languages. All
/// results must be equal.
fn written(format: Format, place: &str, value: &str) -> Result<String, String> {
    let mut all = ASKED.iter().flat_map(|(jinja, go)| {
        let fill = |expression: &str| place.replace('§', &format!("{{{{ {expression} }}}}"));
        [(Language::Jinja, fill(jinja)), (Language::Go, fill(go))]
    });
    let (language, source) = all.next().unwrap();
    let first = render(format, language, &source, value);
    for (language, source) in all {
        let other = render(format, language, &source, value);
        assert_eq!(
            first.as_ref().ok(),
            other.as_ref().ok(),
            "{source} {value:?}: {other:?}"
        );
        if let Err(error) = other {
            let origins = [
                ": a value of kv.get(v) with ",
                ": a value of health.service(web|passing) with ",
            ];
            assert!(
                seen(value) != value || origins.iter().any(|origin| error.contains(origin)),
                "{error}"
            );
        }
    }
    first
}

/// Writes every hostile value in every context. `same` receives the context, the text with a
/// harmless value, the text with a hostile one, and that value. Returns the number of values that
/// were written and that were refused.
fn for_all(
    format: Format,
    places: &[&str],
    mut same: impl FnMut(&str, &str, &str, &str),
) -> (usize, usize) {
    let (mut took, mut refused) = (0, 0);
    for place in places {
        let harmless = written(format, place, "harmless").unwrap();
        for value in HOSTILE {
            match written(format, place, value) {
                Ok(hostile) => {
                    same(place, &harmless, &hostile, value);
                    took += 1;
                }
                Err(_) => refused += 1,
            }
        }
    }
    (took, refused)
}

#[test]
fn nginx_sees_the_same_directives() {
    let places = [
        "add_header X-A §;",
        "add_header X-A § always;",
        "add_header X-A \"a §\" always;",
        "add_header X-A 'a §' always;",
        "# §\nadd_header X-A a;",
        "add_header X-A a; # §",
        "server { set $a §; }",
        "map $uri $m { \"x§\" a; default §; }",
        "server { location /x§/ { return 204; } }",
    ];
    let mut accepted = 0;
    let (took, refused) = for_all(Format::Nginx, &places, |place, harmless, hostile, value| {
        let [harmless, read] = [harmless, hostile].map(|text| of_nginx(text).unwrap());
        let shapes = [(&harmless, "harmless"), (&read, &seen(value))]
            .map(|(all, value)| Directive::shape(all, value));
        assert_eq!(shapes[0], shapes[1], "{value:?}: {hostile}");
        let in_comment = place.contains("# §");
        assert_eq!(
            in_comment,
            !Directive::words(&read).any(|word| word.contains(&seen(value))),
            "{hostile}"
        );
        if accepted < 60 {
            servers::nginx_accepts(hostile);
            accepted += 1;
        }
    });
    assert!(took > 80 && refused > 60, "{took} {refused}");
}

#[test]
fn haproxy_sees_the_same_words() {
    let head = "defaults\n mode http\n timeout connect 1s\n timeout client 1s\n timeout server 1s\nfrontend f\n bind *:8000\n";
    let places = [
        " http-request set-header X-A §\n",
        " http-request set-header X-A § if TRUE\n",
        " http-request set-header X-A \"a §\"\n",
        " http-request set-header X-A 'a §'\n",
        " # §\n maxconn 1\n",
        " http-request set-header X-A x§y\n",
    ];
    let places = places.map(|place| format!("{head}{place}"));
    let places: Vec<&str> = places.iter().map(String::as_str).collect();
    let folder = Folder::new();
    let (took, refused) = for_all(
        Format::Haproxy,
        &places,
        |place, harmless, hostile, value| {
            let [harmless, read] = [harmless, hostile].map(|text| of_haproxy(text).unwrap());
            let counts = |lines: &[Vec<String>]| lines.iter().map(Vec::len).collect::<Vec<_>>();
            assert_eq!(counts(&harmless), counts(&read), "{value:?}: {hostile}");
            let in_comment = place.contains("# §");
            assert_eq!(
                in_comment,
                !read
                    .iter()
                    .flatten()
                    .any(|word| word.contains(&seen(value))),
                "{hostile}"
            );
            servers::haproxy_accepts(&folder.write("haproxy.cfg", hostile));
        },
    );
    assert!(took > 60 && refused > 30, "{took} {refused}");
}

#[test]
fn a_shell_sees_the_same_values() {
    let script = "A=§\nB=x§y\nC=\"x § y\"\nD='x § y'\n# §\nE=e; F=\"${A}§\"\nG=$(printf %s §)\n";
    let mut checked = 0;
    for value in HOSTILE {
        // A comment cannot contain a line break, and nothing can contain a NUL.
        let script = if value.contains(['\n', '\r', '\u{2028}']) {
            script.replace("# §\n", "")
        } else {
            script.into()
        };
        let Ok(script) = written(Format::Shell, &script, value) else {
            assert!(value.contains('\0'), "{value:?}");
            continue;
        };
        let print = "printf '%s\\0' \"$A\" \"$B\" \"$C\" \"$D\" \"$E\" \"$F\" \"$G\"";
        let mut shell = Command::new("/bin/sh");
        shell
            .args(["-euc", &format!("{script}{print}")])
            .env_clear()
            .stdin(Stdio::null());
        let output = shell.output().unwrap();
        assert!(
            output.status.success() && output.stderr.is_empty(),
            "{script}: {output:?}"
        );
        let value = seen(value);
        let wanted = [
            value.clone(),
            format!("x{value}y"),
            format!("x {value} y"),
            format!("x {value} y"),
            "e".into(),
            format!("{value}{value}"),
            value,
        ];
        let printed = String::from_utf8(output.stdout).unwrap();
        assert_eq!(
            printed.split_terminator('\0').collect::<Vec<_>>(),
            wanted,
            "{script}"
        );
        checked += 1;
    }
    assert_eq!(checked, HOSTILE.len() - 1);
}

#[test]
fn json_and_yaml_have_the_same_values() {
    for (format, place) in [
        (Format::Json, "{\"a\": \"§\", \"b\": [\"x§y\"]}"),
        (Format::Yaml, "a: §\nb: [\"x§y\", 'x§y', §]\n"),
        (Format::Yaml, "a: \"§\"\nb:\n  - \"x§y\" # c\n"),
    ] {
        let mut took = 0;
        for value in HOSTILE {
            let Ok(text) = written(format, place, value) else {
                continue;
            };
            let read: serde_json::Value = match format {
                Format::Json => serde_json::from_str(&text).unwrap(),
                _ => {
                    serde_saphyr::from_str(&text).unwrap_or_else(|error| panic!("{text}: {error}"))
                }
            };
            let value = seen(value);
            assert_eq!(read["a"], value.as_str(), "{text}");
            assert_eq!(read["b"][0], format!("x{value}y"), "{text}");
            took += 1;
        }
        assert!(took > 15, "{place}: {took}");
    }
}
