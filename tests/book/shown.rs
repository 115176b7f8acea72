//! Checks the files that the documentation shows: configurations, templates, seeds, pipelines and
//! manifests.

use std::fs;

use crate::support::ctmpl::{Folder, command, run_command};
use crate::support::documents::{Block, all_blocks, pages_below};
use crate::support::secured::{authority, certificate};
use crate::support::servers::require;
use crate::support::session::Session;

use super::{check, create_assumed_files};

/// Calls a function with each wanted block of the book and the README, its page, and a session for
/// its paths.
fn for_each_block(wanted: impl Fn(&Block) -> bool, mut act: impl FnMut(&Session, &str, &Block)) {
    let mut pages = pages_below("docs/src");
    pages.push("README.md".into());
    let mut found = 0;
    for page in pages {
        let content = fs::read_to_string(&page).unwrap();
        let blocks: Vec<_> = all_blocks(&content).into_iter().filter(&wanted).collect();
        if blocks.is_empty() {
            continue;
        }
        let session = Session::new(&content, &[]);
        create_assumed_files(&session);
        for block in &blocks {
            act(
                &session,
                &format!("{}:{}", page.display(), block.line),
                block,
            );
            found += 1;
        }
    }
    assert!(found > 1, "only {found} blocks");
}

#[test]
fn configurations_in_the_book_are_valid() {
    if require("consul").is_none() {
        return;
    }
    let is_configuration = |block: &Block| {
        let others = ["seed", "kubernetes", "gitlab", "github", "consul"];
        ["hcl", "yaml", "toml"].contains(&block.language())
            && !others.iter().any(|other| block.has(other))
    };
    for_each_block(is_configuration, |session, place, block| {
        let folder = session.folder();
        if block.text.contains("ca_cert") && !folder.path("etc/ctmpl/consul-ca.pem").exists() {
            certificates(folder);
        }
        for source in [
            "site.conf.ctmpl",
            "site.ctmpl",
            "upstream.ctmpl",
            "haproxy.cfg.ctmpl",
        ] {
            folder.write(source, "x");
        }
        let name = format!("block.{}", block.language());
        folder.write(&name, &session.localized(&block.text));
        let mut call = command();
        call.args(["validate", "--config", &name])
            .current_dir(folder.path(""));
        // A configuration is valid only with something to do.
        if !block.text.contains("template") {
            call.args(["--template", "site.conf.ctmpl:out"]);
        }
        let ended = run_command(call);
        assert_eq!((ended.code(), ended.log.as_str()), (Some(0), ""), "{place}");
    });
}

fn certificates(folder: &Folder) {
    let directory = folder.path("etc/ctmpl");
    authority(&directory);
    certificate(&directory, "-client");
    for (made, name) in [
        ("consul-agent-ca.pem", "consul-ca.pem"),
        ("dc1-client-consul-0.pem", "client.pem"),
        ("dc1-client-consul-0-key.pem", "client-key.pem"),
    ] {
        fs::rename(directory.join(made), directory.join(name)).unwrap();
    }
}

#[test]
fn templates_in_the_book_can_be_parsed() {
    let is_template = |block: &Block| ["gotmpl", "jinja"].contains(&block.language());
    for_each_block(is_template, |session, place, block| {
        let name = if block.language() == "jinja" {
            "block.j2"
        } else {
            "block.ctmpl"
        };
        session.folder().write(name, &block.text);
        let mut call = command();
        call.args(["-parse-only", "-template", &format!("{name}:out")])
            .current_dir(session.folder().path(""));
        let ended = run_command(call);
        assert_eq!((ended.code(), ended.log.as_str()), (Some(0), ""), "{place}");
    });
}

#[test]
fn seeds_in_the_book_can_be_loaded() {
    for_each_block(
        |block| block.has("seed"),
        |session, place, block| {
            session.folder().write("seed.yaml", &block.text);
            session.folder().write("x.ctmpl", "x");
            let mut call = command();
            call.args(["dev", "--listen", "127.0.0.1:0", "--seed", "seed.yaml"])
                .args(["--once", "--template", "x.ctmpl:x"])
                .current_dir(session.folder().path(""));
            let ended = run_command(call);
            assert_eq!((ended.code(), ended.log.as_str()), (Some(0), ""), "{place}");
        },
    );
}

/// Returns all strings of a JSON document.
fn texts(value: &serde_json::Value) -> Vec<String> {
    match value {
        serde_json::Value::String(text) => vec![text.clone()],
        serde_json::Value::Array(values) => values.iter().flat_map(texts).collect(),
        serde_json::Value::Object(values) => values.values().flat_map(texts).collect(),
        _ => Vec::new(),
    }
}

#[test]
fn pipelines_in_the_book_call_ctmpl_with_flags_that_exist() {
    let mut calls = 0;
    let is_pipeline = |block: &Block| block.has("gitlab") || block.has("github");
    let page = fs::read_to_string("docs/src/how-to/ci.md").unwrap();
    for block in all_blocks(&page).into_iter().filter(is_pipeline) {
        let document: serde_json::Value = serde_saphyr::from_str(&block.text).unwrap();
        let session = Session::new("", &[]);
        for line in texts(&document) {
            if line.starts_with("ctmpl ") {
                let call = Block {
                    text: line,
                    ..block.clone()
                };
                check(&session, &call);
                calls += 1;
            }
        }
    }
    assert_eq!(calls, 2);
}

#[test]
fn the_manifest_for_kubernetes_holds_a_valid_configuration() {
    let page = fs::read_to_string("docs/src/how-to/kubernetes.md").unwrap();
    let manifest = all_blocks(&page)
        .into_iter()
        .find(|block| block.has("kubernetes"))
        .unwrap();
    let documents: Vec<serde_json::Value> = manifest
        .text
        .split("\n---\n")
        .map(|text| serde_saphyr::from_str(text).unwrap())
        .collect();
    let session = Session::new("", &[]);
    let data = documents[0]["data"].as_object().unwrap();
    for (name, content) in data {
        let content = session.localized(content.as_str().unwrap());
        session
            .folder()
            .write(&format!("etc/ctmpl/{name}"), &content);
    }
    let pod = &documents[1]["spec"]["template"]["spec"];
    let mut calls = 0;
    for containers in ["initContainers", "containers"] {
        for container in pod[containers].as_array().unwrap() {
            let words = texts(&container["command"]).join(" ");
            if words.starts_with("ctmpl ") {
                let call = Block {
                    text: words,
                    ..manifest.clone()
                };
                check(&session, &call);
                calls += 1;
            }
        }
    }
    assert_eq!(calls, 2);
}
