//! Runs every command of the README, CONTRIBUTING, the book and the examples, and compares the output with the
//! page.
//!
//! `support::session` describes how a page is run. `book/not_run.rs` lists the commands that a test
//! cannot run.

mod not_run;
mod shown;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::support::ctmpl::{Folder, command, run_command, text};
use crate::support::documents::{Block, all_blocks, pages_below};
use crate::support::rendering::{read_flags, read_script};
use crate::support::secured::Secured;
use crate::support::servers::require;
use crate::support::session::Session;
use crate::support::{embedded, stand_ins};
use consul_dev::Seed;

use not_run::{NOT_RUN, NotRun};

/// Defines one test per page, so that pages run in parallel.
macro_rules! pages {
    ($($name:ident: $page:literal $(needs $program:literal)*;)+) => {
        $(#[test] fn $name() { follow($page, &["curl" $(, $program)*]); })+
        const PAGES: &[&str] = &[$($page),+];
    };
}

pages! {
    readme: "README.md";
    contributing: "CONTRIBUTING.md";
    tutorial: "docs/src/tutorial.md" needs "nginx";
    apache: "docs/src/how-to/apache.md";
    ci: "docs/src/how-to/ci.md";
    containers: "docs/src/how-to/containers.md";
    convert: "docs/src/how-to/convert.md";
    datacenters: "docs/src/how-to/datacenters.md";
    haproxy: "docs/src/how-to/haproxy.md" needs "haproxy";
    kubernetes: "docs/src/how-to/kubernetes.md";
    migrate: "docs/src/how-to/migrate.md";
    nginx: "docs/src/how-to/nginx.md";
    safe_reloads: "docs/src/how-to/safe-reloads.md" needs "nginx" needs "haproxy";
    systemd: "docs/src/how-to/systemd.md";
    tls_and_acl: "docs/src/how-to/tls-and-acl.md";
    alerts: "docs/src/operations/alerts.md";
    history: "docs/src/operations/history.md";
    large_catalogs: "docs/src/how-to/large-catalogs.md";
    install: "docs/src/operations/install.md";
    logs: "docs/src/operations/logs.md";
    held_answers: "docs/src/explanation/held-answers.md";
    flap_damping: "docs/src/explanation/flap-damping.md";
    protect_files: "docs/src/operations/protect-files.md";
    security: "docs/src/operations/security.md";
    signals: "docs/src/operations/signals.md";
    troubleshooting: "docs/src/operations/troubleshooting.md";
    configuration: "docs/src/reference/configuration.md";
    dev_server: "docs/src/reference/dev-server.md";
    dev_server_support: "docs/src/reference/dev-server-support.md";
    exit_codes: "docs/src/reference/exit-codes.md";
    formats: "docs/src/reference/formats.md";
    status: "docs/src/reference/status.md";
    side_effects: "docs/src/reference/side-effects.md";
    template_languages: "docs/src/reference/template-languages.md";
}

/// Defines one test per example. Its commands run in its own directory.
macro_rules! examples {
    ($($name:ident: $example:literal $(needs $program:literal)*;)+) => {
        $(#[test] fn $name() { follow_example($example, &["curl" $(, $program)*]); })+
        const EXAMPLES: &[&str] = &[$($example),+];
    };
}

examples! {
    example_ci: "ci";
    example_container: "container";
    example_dev: "dev";
    example_haproxy: "haproxy" needs "haproxy";
    example_nginx: "nginx";
    example_systemd: "systemd";
}

/// Runs the blocks of a page.
fn follow(page: &str, programs: &[&str]) {
    if !programs.iter().all(|program| require(program).is_some()) {
        return;
    }
    let content = fs::read_to_string(page).unwrap();
    let mut session = Session::new(&content, &[]);
    create_assumed_files(&session);
    follow_blocks(page, &content, &mut session);
}

/// Runs the blocks of an example, in its own directory. A Consul with the data of `examples/dev`
/// is running, except where the page starts one.
fn follow_example(name: &str, programs: &[&str]) {
    if !programs.iter().all(|program| require(program).is_some()) {
        return;
    }
    let directory = format!("examples/{name}");
    let page = format!("{directory}/README.md");
    let content = fs::read_to_string(&page).unwrap();
    let seed = Seed::read(Path::new("examples/dev/catalog.yaml")).unwrap();
    let consul = (!content.contains("console terminal=")).then(|| embedded(seed));
    let port = consul.as_ref().map(|consul| consul.address().port());
    let mut session = Session::below(&directory, &content, port);
    stand_ins::write_nginx(session.folder());
    follow_blocks(&page, &content, &mut session);
}

fn follow_blocks(page: &str, content: &str, session: &mut Session) {
    let mut done = 0;
    for block in all_blocks(content) {
        if let Some(name) = block.value("file") {
            session.save(name, &block.text);
        }
        if !is_command(&block) {
            continue;
        }
        done += 1;
        if reason(page, &block).is_some() {
            check(session, &block);
        } else if block.language() == "sh" && block.value("terminal").is_some() {
            let destinations = destinations(session, &block);
            session.keep_running(&block, &destinations);
        } else if block.language() == "sh" {
            session.run(&block);
        } else {
            session.show(&block);
        }
    }
    assert!(done > 0, "{page} has no commands");
}

/// Returns the destinations of the `ctmpl` calls in a block.
fn destinations(session: &Session, block: &Block) -> Vec<PathBuf> {
    let script = session.localized(&block.text);
    let scratch = Folder::new();
    let calls = read_script(&scratch, &scratch.path(""), &script);
    let jobs = calls.iter().flat_map(|call| read_flags(call).jobs);
    let found: Vec<_> = jobs.filter_map(|job| job.destination).collect();
    assert!(!found.is_empty(), "line {}: nothing is written", block.line);
    found
}

fn is_command(block: &Block) -> bool {
    ["sh", "console"].contains(&block.language())
}

/// Returns the reason why a block is not run; `None` if it is run.
fn reason(page: &str, block: &Block) -> Option<&'static str> {
    NOT_RUN
        .iter()
        .find(|NotRun(own, begin, _)| *own == page && block.text.starts_with(begin))
        .map(|NotRun(_, _, reason)| *reason)
}

/// Creates the files below `/etc` and `/run` that the pages assume to exist.
fn create_assumed_files(session: &Session) {
    let folder = session.folder();
    for (name, source) in [
        ("etc/ctmpl/nginx.ctmpl", "templates/nginx.ctmpl"),
        ("etc/ctmpl/site.conf.j2", "examples/container/site.conf.j2"),
    ] {
        folder.write(name, &fs::read_to_string(source).unwrap());
    }
    folder.write("run/secrets/consul-token", "token\n");
    folder.write("consul-token", "token\n");
    folder.write("title.ctmpl", "x");
    let static_template =
        "template {\n  contents = \"static\"\n  destination = \"/var/static.conf\"\n}\n";
    folder.write("etc/ctmpl.d/web.hcl", &session.localized(static_template));
    folder.write(
        "etc/consul-template.hcl",
        &session.localized(static_template),
    );
}

/// Checks the syntax of a block, and the flags, configurations and templates of each `ctmpl` call
/// in it.
fn check(session: &Session, block: &Block) {
    let script = session.localized(&block.text);
    let syntax = Command::new("sh").args(["-n", "-c", &script]).status();
    assert!(syntax.unwrap().success(), "line {}", block.line);
    if !script.contains("ctmpl ") || script.starts_with("cargo") {
        return;
    }
    let scratch = Folder::new();
    for mut words in read_script(&scratch, &scratch.path(""), &script) {
        let is_subcommand = !words[0].starts_with('-');
        if is_subcommand && words[0] != "validate" {
            words = vec![words[0].clone(), "--help".to_owned()];
        } else if !is_subcommand {
            words.insert(0, "validate".to_owned());
        }
        let mut call = command();
        call.args(&words).current_dir(session.directory());
        let ended = run_command(call);
        assert_eq!(
            ended.code(),
            Some(0),
            "line {}: {words:?}: {}",
            block.line,
            ended.log
        );
    }
}

#[test]
fn every_page_with_commands_has_a_test() {
    let mut pages = pages_below("docs");
    for directory in [
        "examples",
        "templates",
        "scripts",
        "crates",
        "benches",
        "fuzz",
        ".ci",
    ] {
        pages.extend(pages_below(directory));
    }
    pages.extend(pages_in(Path::new(".")));
    let with_commands: BTreeSet<_> = pages
        .iter()
        .filter(|page| {
            let content = fs::read_to_string(page).unwrap();
            all_blocks(&content).iter().any(is_command)
        })
        .map(|page| text(page))
        .collect();
    let examples = EXAMPLES
        .iter()
        .map(|name| format!("examples/{name}/README.md"));
    let tested = PAGES.iter().map(ToString::to_string).chain(examples);
    assert_eq!(with_commands, tested.collect());
}

/// Returns the Markdown files of one directory.
fn pages_in(directory: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(directory)
        .unwrap()
        .map(|entry| entry.unwrap().path());
    let pages = entries.filter(|path| path.extension().is_some_and(|extension| extension == "md"));
    pages
        .map(|path| path.strip_prefix(directory).unwrap().to_owned())
        .collect()
}

#[test]
fn the_list_of_commands_that_are_not_run_is_exact() {
    for NotRun(page, begin, reason) in NOT_RUN {
        let content = fs::read_to_string(page).unwrap();
        let blocks = all_blocks(&content);
        let found = blocks
            .iter()
            .any(|block| is_command(block) && block.text.starts_with(begin));
        assert!(found && !reason.is_empty(), "{page} has no {begin}");
    }
}

#[test]
fn the_summary_lists_every_page_once() {
    let summary = fs::read_to_string("docs/src/SUMMARY.md").unwrap();
    let mut listed: Vec<_> = summary
        .split("](")
        .skip(1)
        .map(|rest| format!("docs/src/{}", rest.split(')').next().unwrap()))
        .collect();
    listed.sort();
    let pages = pages_below("docs/src").into_iter().map(|page| text(&page));
    let pages: Vec<_> = pages.filter(|page| !page.ends_with("SUMMARY.md")).collect();
    assert_eq!(listed, pages);
    assert!(Path::new("docs/book.toml").is_file());
}

#[test]
fn the_documented_policy_is_sufficient() {
    if require("consul").is_none() {
        return;
    }
    let page = fs::read_to_string("docs/src/how-to/tls-and-acl.md").unwrap();
    let consul = Secured::start();
    consul.put("shop/title", "The Corner Shop");
    let environment = [
        ("CONSUL_HTTP_ADDR", consul.plain().to_string()),
        ("CONSUL_HTTP_TOKEN", Secured::master().to_owned()),
    ];
    let mut session = Session::new("", &environment);
    for block in all_blocks(&page) {
        if let Some(name) = block.value("file") {
            session.save(name, &block.text);
        } else if block.info == "sh consul" {
            session.run(&block);
        }
    }
    assert_eq!(session.folder().read("title.txt"), "The Corner Shop\n");
}
