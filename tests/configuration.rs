//! Configuration files, with the real binary: four formats, directories, precedence, errors,
//! `validate` and `config`.

mod validate;

use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};

use crate::support::ctmpl::{Ended, Folder, command, run_command, text};
use crate::support::documents::blocks;

/// Runs ctmpl in a folder with these arguments.
fn run(folder: &Folder, words: &[&str]) -> Ended {
    let mut command = command();
    command.current_dir(folder.path(".")).args(words);
    run_command(command)
}

/// A template without queries.
const SOURCE: &str = "{{ env \"WHO\" }} {{ 1 | add 1 }}\n";

#[test]
fn a_file_in_each_format_renders_the_same() {
    let formats = [
        (
            "ct.hcl",
            "template {\n source = \"in\"\n destination = \"OUT\"\n command = \"touch OUT.ran, \"\n perms = 0640\n}\nonce = true",
        ),
        (
            "ct.json",
            r#"{"template": {"source": "in", "destination": "OUT", "command": "touch OUT.ran, ", "perms": "0640"}, "once": true}"#,
        ),
        (
            "ct.yaml",
            "once: true\ntemplate:\n  - source: in\n    destination: OUT\n    command: touch OUT.ran,\n    perms: 640\n",
        ),
        (
            "ct.toml",
            "once = true\n[[template]]\nsource = \"in\"\ndestination = \"OUT\"\ncommand = \"touch OUT.ran,\"\nperms = 0o640\n",
        ),
        (
            "ct.conf",
            "once = true template { source = \"in\" destination = \"OUT\" command = \"touch OUT.ran,\" perms = 640 }",
        ),
    ];
    for (name, config) in formats {
        let folder = Folder::new();
        folder.write("in", SOURCE);
        folder.write(name, &config.replace("OUT", "out"));
        let mut command = command();
        command
            .current_dir(folder.path("."))
            .env("WHO", "me")
            .args(["-config", name]);
        let ended = run_command(command);
        assert_eq!(ended.code(), Some(0), "{name}: {}", ended.log);
        assert_eq!(folder.read("out"), "me 2\n", "{name}");
        assert_eq!(
            fs::metadata(folder.path("out"))
                .unwrap()
                .permissions()
                .mode()
                & 0o7777,
            0o640,
            "{name}"
        );
        assert!(
            folder.path("out.ran,").exists(),
            "{name}: the command keeps its comma"
        );
    }
}

/// A file and a directory with configurations, and other files in the directory.
fn layered() -> Folder {
    let folder = Folder::new();
    folder.write("in", "x");
    folder.write(
        "a.hcl",
        "template { source = \"in\" destination = \"a\" }\nlog_level = \"info\" max_stale = \"1s\"",
    );
    folder.write(
        "d/b.yaml",
        "template: {source: in, destination: b}\nlog_level: debug\n",
    );
    folder.write(
        "d/c.json",
        r#"{"template": [{"source": "in", "destination": "c"}]}"#,
    );
    folder.write("d/c.json~", "garbage");
    folder.write("d/d.bak", "garbage");
    folder
}

#[test]
fn later_files_take_precedence_and_templates_accumulate() {
    let folder = layered();
    let words = [
        "-config",
        "a.hcl",
        "--config=d",
        "-template",
        "in:e",
        "-once",
        "-max-stale=3s",
    ];
    let shown = run(&folder, &[&["config"], &words as &[&str]].concat());
    assert_eq!(shown.code(), Some(0), "{}", shown.log);
    let line = |part: &str| {
        shown
            .output
            .lines()
            .find(|line| line.contains(part))
            .unwrap_or_default()
            .to_owned()
    };
    assert!(
        line("log_level").contains("\"debug\"")
            && line("log_level").contains("log_level in d/b.yaml:2"),
        "{}",
        shown.output
    );
    assert!(line("max_stale").contains("\"3s\"") && line("max_stale").contains("# --max-stale"));
    assert!(line("once = true").contains("# --once"));
    assert!(line("kill_signal").contains("# the default"));
    let places: Vec<_> = shown
        .output
        .lines()
        .filter(|line| line.starts_with("template"))
        .collect();
    assert_eq!(places.len(), 4, "{}", shown.output);
    for (place, part) in places
        .iter()
        .zip(["a.hcl:1", "d/b.yaml:1", "d/c.json:1", "--template"])
    {
        assert!(place.contains(part), "{place}");
    }
    let ended = run(
        &folder,
        &[&words as &[&str], &["--log-level=warn"]].concat(),
    );
    assert_eq!(ended.code(), Some(0), "{}", ended.log);
    assert_eq!(["a", "b", "c", "e"].map(|name| folder.read(name)), ["x"; 4]);
    assert!(
        ended.log.contains("that of a backup: d/c.json~, d/d.bak"),
        "{}",
        ended.log
    );
}

#[test]
fn the_output_of_config_is_a_configuration() {
    let folder = Folder::new();
    folder.write("a.hcl", "template { contents = \"a\\nb ${x} \\\"\" destination = \"o u t\" wait = \"1s\" user = 7 }\nwait = \"2s\"\nreload_signal = \"\"");
    let words = [
        "config",
        "-config=a.hcl",
        "-consul-token=s3cret",
        "-consul-auth=u:s3cret",
        "-once",
        "-allow=plugin",
    ];
    let shown = run(&folder, &words);
    assert!(!shown.output.contains("s3cret"), "{}", shown.output);
    folder.write("b.hcl", &shown.output);
    let again = run(&folder, &["config", "-config=b.hcl"]);
    assert_eq!(again.code(), Some(0), "{}", again.log);
    let values = |output: &str| {
        let value = |line: &str| {
            line.split(" # ")
                .next()
                .unwrap_or_default()
                .trim()
                .to_owned()
        };
        output
            .lines()
            .map(value)
            .filter(|line| !line.starts_with('#'))
            .collect::<Vec<_>>()
    };
    assert_eq!(values(&again.output), values(&shown.output));
    assert!(values(&shown.output).len() > 15);
}

#[test]
fn the_local_configuration_takes_precedence_over_files_but_not_flags() {
    let folder = Folder::new();
    folder.write(
        "a.hcl",
        "max_stale = \"1s\" block_query_wait = \"1m\" template { contents = \"x\" destination = \"a\" }",
    );
    let shown = |flags: &[&str]| {
        let mut command = command();
        command.current_dir(folder.path(".")).env(
            "CT_LOCAL_CONFIG",
            "max_stale = \"2s\"\nblock_query_wait = \"2m\"",
        );
        command
            .env("CONSUL_HTTP_ADDR", "env:1")
            .args(["config", "-config=a.hcl"])
            .args(flags);
        run_command(command).output
    };
    let output = shown(&["-max-stale=9s"]);
    for part in [
        "max_stale = \"9s\"",
        "block_query_wait = \"2m\"",
        "CT_LOCAL_CONFIG of the environment, line 2",
        "\"env:1\"",
    ] {
        assert!(output.contains(part), "{part}: {output}");
    }
}

#[test]
fn a_mounted_config_map_is_read() {
    let folder = Folder::new();
    folder.write(
        "d/..2026/ct.hcl",
        "once = true template { contents = \"x\" destination = \"out\" }",
    );
    symlink("..2026", folder.path("d/..data")).unwrap();
    symlink("..data/ct.hcl", folder.path("d/ct.hcl")).unwrap();
    let ended = run(&folder, &["-config=d"]);
    assert_eq!(ended.code(), Some(0), "{}", ended.log);
    assert_eq!((folder.read("out").as_str(), ended.log.as_str()), ("x", ""));
}

#[test]
fn a_user_by_number_and_a_backup_are_applied() {
    let folder = Folder::new();
    folder.write("out", "old");
    let uid = nix::unistd::Uid::effective().as_raw();
    let out = text(&folder.path("out"));
    folder.write(
        "ct.hcl",
        &format!("once = true template {{ contents = \"new\" destination = {out:?} user = {uid} backup = true }}"),
    );
    let ended = run(&folder, &["-config=ct.hcl"]);
    assert_eq!(ended.code(), Some(0), "{}", ended.log);
    assert_eq!(
        (folder.read("out").as_str(), folder.read("out.bak").as_str()),
        ("new", "old")
    );
}

#[test]
fn configurations_in_the_documentation_are_valid() {
    let page = fs::read_to_string("docs/src/reference/configuration.md").unwrap();
    for format in ["hcl", "yaml", "toml"] {
        let folder = Folder::new();
        let template = text(&folder.write("nginx.ctmpl", "x"));
        let token = text(&folder.write("token", "t"));
        for block in blocks(&page, format) {
            folder.write(
                &format!("d/a.{format}"),
                &block
                    .replace("/run/secrets/consul-token", &token)
                    .replace("/etc/ctmpl/nginx.ctmpl", &template),
            );
            let ended = run(&folder, &["validate", "--config", "d"]);
            assert_eq!((ended.code(), ended.log.as_str()), (Some(0), ""), "{block}");
        }
    }
}
