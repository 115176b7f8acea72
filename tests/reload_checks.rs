//! Checks of staged files in a shadow of their tree, with real nginx and HAProxy, in a mount
//! namespace and in a copy.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;
use std::process::Command;

use reload_checks::{
    Availability, BuiltinCheck, CheckProgram, Launcher, Method, PreparedCheck, ShadowOptions,
    ShadowTree, StagedFile,
};

use crate::support::ctmpl::{Folder, text};
use crate::support::installed;
use crate::support::nginx::Nginx;

/// Returns the options of each method that is possible here.
#[expect(clippy::print_stderr, reason = "says why a method is skipped")]
fn methods() -> Vec<ShadowOptions> {
    let with = |launcher| ShadowOptions {
        launcher,
        ..ShadowOptions::of("ctmpl-test")
    };
    let launcher = Launcher::of(env!("CARGO_BIN_EXE_ctmpl"));
    let mut found = vec![with(None)];
    match launcher.probe() {
        Availability::Available => found.push(with(Some(launcher))),
        Availability::Unavailable(reason) => {
            eprintln!("skipped: checks in a mount namespace: {reason}");
        }
    }
    found
}

/// Stages a text beside its destination, as ctmpl does.
fn stage(folder: &Folder, destination: &str, text: &str) -> StagedFile {
    let destination = folder.path(destination);
    let name = destination.file_name().unwrap().to_str().unwrap();
    let staged = destination.with_file_name(format!(".{name}.ctmpl-staged00"));
    fs::create_dir_all(staged.parent().unwrap()).unwrap();
    fs::write(&staged, text).unwrap();
    StagedFile {
        staged,
        destination,
    }
}

/// Returns the files of the folder with their content. A check may write into the log.
fn content(folder: &Folder) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut open = vec![folder.path("")];
    let mut found = BTreeMap::new();
    while let Some(directory) = open.pop() {
        for entry in fs::read_dir(directory).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                open.push(path);
            } else if !path.ends_with("error.log") {
                found.insert(path.clone(), fs::read(&path).unwrap());
            }
        }
    }
    found
}

/// The result of a check: whether it succeeded, and its output.
fn run(prepared: &PreparedCheck) -> (bool, String) {
    let (program, arguments) = prepared.words.split_first().unwrap();
    let ended = Command::new(program).args(arguments).output().unwrap();
    let output = [ended.stdout, ended.stderr].concat();
    let output = String::from_utf8_lossy(&output).into_owned();
    (ended.status.success(), output)
}

/// Checks the files with each method. Asserts that the result is `expected`, and that the folder is
/// unchanged. Returns the output of each check.
fn checks(
    check: CheckProgram,
    folder: &Folder,
    files: &[StagedFile],
    expected: bool,
) -> Vec<String> {
    let check = BuiltinCheck::find(check).unwrap();
    let before = content(folder);
    let mut outputs = Vec::new();
    for options in methods() {
        let tree = folder.path("");
        let prepared = check.prepare(Some(&tree), files, &options).unwrap();
        let method = prepared.shadow.as_ref().map(ShadowTree::method).unwrap();
        assert_eq!(options.launcher.is_none(), method == Method::Copy);
        let (succeeded, output) = run(&prepared);
        assert_eq!(succeeded, expected, "{method}: {output}");
        drop(prepared);
        assert_eq!(content(folder), before, "{method}");
        outputs.push(output);
    }
    outputs
}

/// A folder with an nginx configuration that includes `conf.d/*.conf` by its absolute path.
fn nginx_folder() -> Folder {
    let folder = Folder::new();
    Nginx::configure(&folder);
    folder.write("conf.d/live.conf", "map $host $live { default 1; }\n");
    // Running nginx has these files; a check must not change them.
    folder.write("nginx.pid", "1\n");
    folder
}

#[test]
fn a_bad_fragment_of_nginx_is_refused_and_the_tree_is_unchanged() {
    if !installed(&["nginx"]) {
        return;
    }
    let folder = nginx_folder();
    let bad = stage(&folder, "conf.d/web.conf", "upstream web { }\n");
    let outputs = checks(CheckProgram::Nginx, &folder, &[bad], false);
    for output in outputs {
        assert!(
            output.contains("no servers are inside upstream"),
            "{output}"
        );
    }
    // A replaced file is judged instead of the live one, which is valid.
    let bad = stage(&folder, "conf.d/live.conf", "map $host $live {\n");
    checks(CheckProgram::Nginx, &folder, &[bad], false);
    let good = stage(
        &folder,
        "conf.d/live.conf",
        "map $host $live { default 2; }\n",
    );
    checks(CheckProgram::Nginx, &folder, &[good], true);
}

#[test]
fn nginx_fragments_that_are_valid_only_together_are_accepted() {
    if !installed(&["nginx"]) {
        return;
    }
    let folder = nginx_folder();
    let format = stage(&folder, "conf.d/a.conf", "log_format own '$live';\n");
    let snippet = text(&folder.path("snippets/deep/log.inc"));
    let site = stage(
        &folder,
        "conf.d/b.conf",
        &format!("server {{ listen 127.0.0.1:8080; include {snippet}; }}\n"),
    );
    let log = text(&folder.path("access.log"));
    let included = stage(
        &folder,
        "snippets/deep/log.inc",
        &format!("access_log {log} own;\n"),
    );
    let all = [format.clone(), site.clone(), included.clone()];
    checks(CheckProgram::Nginx, &folder, &all, true);
    for part in [&all[1..], &[format, site]] {
        checks(CheckProgram::Nginx, &folder, part, false);
    }
}

#[test]
fn a_whole_nginx_configuration_is_checked_by_itself() {
    if !installed(&["nginx"]) {
        return;
    }
    let folder = Folder::new();
    let check = BuiltinCheck::find(CheckProgram::Nginx).unwrap();
    for (text, expected) in [("", true), ("nonsense;", false)] {
        let whole = format!("pid /dev/null;\nerror_log stderr;\nevents {{}}\n{text}\n");
        let file = stage(&folder, "nginx.conf", &whole);
        for options in methods() {
            let prepared = check
                .prepare(None, std::slice::from_ref(&file), &options)
                .unwrap();
            assert!(prepared.shadow.is_none());
            let (succeeded, output) = run(&prepared);
            assert_eq!(succeeded, expected, "{output}");
        }
    }
}

#[test]
fn haproxy_files_are_checked_together() {
    if !installed(&["haproxy"]) {
        return;
    }
    let folder = Folder::new();
    let main =
        "defaults\n  mode http\n  timeout connect 1s\n  timeout client 1s\n  timeout server 1s\n";
    folder.write("haproxy.cfg", main);
    let map = folder.path("maps/hosts.map");
    let front = stage(
        &folder,
        "conf.d/front.cfg",
        &format!(
            "frontend web\n  bind 127.0.0.1:8080\n  use_backend %[hdr(host),map({})]\n  default_backend web\n",
            text(&map)
        ),
    );
    let back = stage(
        &folder,
        "conf.d/web.cfg",
        "backend web\n  server one 127.0.0.1:1\n",
    );
    let hosts = stage(&folder, "maps/hosts.map", "a web\n");
    let all = [front.clone(), back.clone(), hosts.clone()];
    checks(CheckProgram::Haproxy, &folder, &all, true);
    // HAProxy warns about a missing backend, and refuses a missing map.
    checks(CheckProgram::Haproxy, &folder, &[front, back], false);
    let bad = stage(&folder, "conf.d/web.cfg", "backend web\n  server one\n");
    let outputs = checks(CheckProgram::Haproxy, &folder, &[bad], false);
    assert!(
        outputs.iter().all(|output| output.contains("web.cfg")),
        "{outputs:?}"
    );

    let check = BuiltinCheck::find(CheckProgram::Haproxy).unwrap();
    let whole = format!("{main}listen web\n  bind 127.0.0.1:8080\n");
    for (text, expected) in [(whole.as_str(), true), ("nonsense\n", false)] {
        let file = stage(&folder, "whole.cfg", text);
        let prepared = check.prepare(None, &[file], &methods()[0]).unwrap();
        let (succeeded, output) = run(&prepared);
        assert_eq!(succeeded, expected, "{output}");
    }
}
