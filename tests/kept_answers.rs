//! The answers of an earlier process, used while Consul cannot be reached: with the real binary.

use std::time::Duration;

use consul_dev::{Background, Seed, SeedDatacenter, Service};
use nix::sys::signal::Signal;

use crate::support::consul::Consul;
use crate::support::ctmpl::{Ctmpl, Folder, command, daemon, run, run_command, text};
use crate::support::{catalog, embedded, eventually, http, installed};

mod messages;

/// The configuration: a template with two keys, and these settings.
fn configure(folder: &Folder, template: &str, settings: &str) {
    folder.write("in", template);
    let configuration = format!(
        "{settings}\ntemplate {{\n  source = \"{}\"\n  destination = \"{}\"\n  command = \"echo ran >> {}\"\n}}\n",
        text(&folder.path("in")),
        text(&folder.path("out")),
        text(&folder.path("ran")),
    );
    folder.write("ctmpl.hcl", &configuration);
}

const KEYS: &str = r#"{{ range ls "app" }}{{ .Key }}={{ .Value }} {{ end }}{{ key "name" }}"#;

#[test]
fn a_host_that_starts_without_consul_gets_its_files_and_current_ones_later() {
    if !installed(&["consul"]) {
        return;
    }
    let (folder, mut consul) = (Folder::new(), Consul::start());
    let fill = |consul: &Consul, name| {
        catalog::put(consul.address(), "app/a", "1");
        catalog::put(consul.address(), "name", name);
    };
    fill(&consul, "first");
    configure(&folder, KEYS, "warm_start = true");
    let ctmpl = Ctmpl::spawn(daemon(&folder, consul.address()));
    folder.becomes("ran", "ran\n");
    ctmpl.stop();
    consul.stop();
    // As on a host whose files are in memory, and are gone after it has started again.
    for file in ["out", "ran"] {
        std::fs::remove_file(folder.path(file)).unwrap();
    }
    let ctmpl = Ctmpl::spawn(daemon(&folder, consul.address()));
    folder.becomes("out", "a=1 first");
    folder.becomes("ran", "ran\n");
    ctmpl.logs("; templates without an answer use that of the process before, and it is retried");
    assert_eq!(ctmpl.log_count("the files stay as they are"), 0);
    ctmpl.logs(
        "the templates use the answers that the process before has accepted, until an answer of Consul is accepted: kv.get(name), kv.list(app)",
    );
    consul.start_again();
    fill(&consul, "second");
    folder.becomes("out", "a=1 second");
}

/// Runs a daemon until its command has run, and starts it again when Consul and the file are gone.
fn restarted_without_consul(folder: &Folder, consul: Background) -> Ctmpl {
    let address = consul.address();
    let ctmpl = Ctmpl::spawn(daemon(folder, address));
    folder.becomes("ran", "ran\n");
    ctmpl.stop();
    drop(consul);
    std::fs::remove_file(folder.path("out")).unwrap();
    Ctmpl::spawn(daemon(folder, address))
}

#[test]
fn without_a_warm_start_the_files_stay_as_they_are() {
    let folder = Folder::new();
    let consul = embedded(Seed::default().key("app/a", "1").key("name", "first"));
    configure(&folder, KEYS, "");
    let ctmpl = restarted_without_consul(&folder, consul);
    ctmpl.logs("; the files stay as they are, and it is retried");
    folder.stays("ran", "ran\n", Duration::from_millis(1500));
    assert!(!folder.path("out").exists());
}

#[test]
fn a_new_template_is_rendered_with_the_earlier_answers_and_the_child_starts() {
    let folder = Folder::new();
    let consul = embedded(Seed::default().key("app/a", "1").key("name", "first"));
    let address = consul.address();
    let settings = format!(
        "warm_start = true\nexec {{\n  command = \"cp {} {}; exec sleep 60\"\n}}",
        text(&folder.path("out")),
        text(&folder.path("child")),
    );
    configure(&folder, KEYS, &settings);
    let ctmpl = Ctmpl::spawn(daemon(&folder, address));
    folder.becomes("child", "a=1 first");
    ctmpl.stop();
    drop(consul);
    std::fs::remove_file(folder.path("child")).unwrap();
    configure(&folder, &format!("new {KEYS}"), &settings);
    let _ctmpl = Ctmpl::spawn(daemon(&folder, address));
    folder.becomes("child", "new a=1 first");
}

#[test]
fn a_datacenter_that_is_dead_at_the_start_keeps_its_earlier_instances() {
    let web = |port: u16| Service::new("web").address("10.0.0.1").port(port);
    let folder = Folder::new();
    let other = SeedDatacenter {
        services: vec![web(81)],
        ..SeedDatacenter::default()
    };
    let consul = embedded(Seed::default().service(web(80)).datacenter("eu", other));
    let template = r#"{{ range datacenters }}{{ . }}:{{ range service (printf "web@%s" .) }}{{ .Port }}{{ end }} {{ end }}"#;
    configure(&folder, template, "");
    let ctmpl = Ctmpl::spawn(daemon(&folder, consul.address()));
    folder.becomes("out", "dc1:80 eu:81 ");
    ctmpl.stop();
    consul.faults().lose_datacenter("eu");
    std::fs::remove_file(folder.path("out")).unwrap();
    let ctmpl = Ctmpl::spawn(daemon(&folder, consul.address()));
    folder.becomes("out", "dc1:80 eu:81 ");
    ctmpl.logs("health.service(web@eu|passing): ");
    ctmpl.logs("the last answer stays in use");
    // The file was never written without the instance.
    folder.becomes("ran", "ran\nran\n");
    consul.faults().regain_datacenter("eu");
    ctmpl.logs("health.service(web@eu|passing) is answered again");
}

#[test]
fn a_killed_process_leaves_its_answers() {
    let folder = Folder::new();
    let consul = embedded(Seed::default().key("app/a", "1").key("name", "first"));
    let address = consul.address();
    configure(&folder, KEYS, "warm_start = true");
    let ctmpl = Ctmpl::spawn(daemon(&folder, address));
    folder.becomes("out", "a=1 first");
    // SQLite removes its journal when the write has ended. The file is created before.
    let (stored, journal) = (
        folder.path("state/answers.db"),
        folder.path("state/answers.db-journal"),
    );
    let has_answers = |file: Vec<u8>| file.windows(7).any(|bytes| bytes == b"\"first\"");
    eventually("the answers are stored", || {
        std::fs::read(&stored).is_ok_and(has_answers) && !journal.exists()
    });
    ctmpl.signal(Signal::SIGKILL);
    ctmpl.ends();
    drop(consul);
    std::fs::remove_file(folder.path("out")).unwrap();
    let _ctmpl = Ctmpl::spawn(daemon(&folder, address));
    folder.becomes("out", "a=1 first");
}

#[test]
fn once_waits_until_a_loss_is_confirmed() {
    let folder = Folder::new();
    let consul = embedded(Seed::default().service(Service::new("web").port(80)));
    let template = r#"{{ range service "web" }}{{ .Port }}{{ end }}"#;
    configure(&folder, template, "guard {\n  confirm_for = \"2s\"\n}");
    let once = || {
        let mut command = daemon(&folder, consul.address());
        let state = format!("--state-dir={}", text(&folder.path("state")));
        run_command({
            command.arg("--once").arg(state);
            command
        })
    };
    assert_eq!(once().code(), Some(0));
    assert_eq!(folder.read("out"), "80");
    let body = r#"{ "Node": "node-1" }"#;
    let node = http::request(consul.address(), "GET", "/v1/catalog/nodes", "").unwrap();
    let nodes: serde_json::Value = serde_json::from_str(&node.body).unwrap();
    let name = nodes[0]["Node"].as_str().unwrap();
    let body = body.replace("node-1", name);
    let removed = http::request(consul.address(), "PUT", "/v1/catalog/deregister", &body);
    assert_eq!(removed.unwrap().status, 200);
    let ended = once();
    assert_eq!(ended.code(), Some(0), "{}", ended.log);
    assert_eq!(folder.read("out"), "", "{}", ended.log);
}

#[test]
fn a_reload_with_another_address_keeps_the_answers_for_the_next_process() {
    let folder = Folder::new();
    let consul = embedded(Seed::default().key("app/a", "1").key("name", "first"));
    let port = consul.address().port();
    let settings =
        |host: &str| format!("warm_start = true\nconsul {{\n  address = \"{host}:{port}\"\n}}");
    let start = || {
        let mut command = command();
        command
            .arg(format!("--config={}", text(&folder.path("ctmpl.hcl"))))
            .arg("--log-level=debug")
            .env("STATE_DIRECTORY", folder.path("state"));
        Ctmpl::spawn(command)
    };
    configure(&folder, KEYS, &settings("127.0.0.1"));
    let ctmpl = start();
    folder.becomes("out", "a=1 first");
    configure(&folder, &format!("new {KEYS}"), &settings("localhost"));
    ctmpl.signal(Signal::SIGHUP);
    folder.becomes("out", "new a=1 first");
    // The queries are sent to the new address after that.
    consul.put_key("name", "second");
    folder.becomes("out", "new a=1 second");
    ctmpl.stop();
    drop(consul);
    std::fs::remove_file(folder.path("out")).unwrap();
    let ctmpl = start();
    folder.becomes("out", "new a=1 second");
    ctmpl.logs("the templates use the answers that the process before has accepted");
}

/// The child was started with the files of the last run, and reloaded a moment later: before it handled the signal.
#[test]
fn a_child_that_starts_with_the_last_files_is_not_reloaded_by_a_warm_start() {
    let folder = Folder::new();
    let consul = embedded(Seed::default().key("app/a", "1").key("name", "first"));
    let address = consul.address();
    let app = folder.program(
        "app",
        "#!/bin/sh\nsleep 0.2\ntrap 'echo reloaded' HUP\nwhile :; do sleep 0.02; done\n",
    );
    let settings = format!(
        "warm_start = true\nexec {{\n  command = [\"{}\"]\n  start_with = \"last_good\"\n  reload_signal = \"SIGHUP\"\n}}",
        text(&app)
    );
    configure(&folder, KEYS, &settings);
    let ctmpl = Ctmpl::spawn(daemon(&folder, address));
    ctmpl.logs("app is started");
    folder.becomes("ran", "ran\n");
    ctmpl.stop();
    drop(consul);
    configure(&folder, &format!("new {KEYS}"), &settings);
    let mut ctmpl = Ctmpl::spawn(daemon(&folder, address));
    folder.becomes("out", "new a=1 first");
    folder.stays("out", "new a=1 first", Duration::from_secs(3));
    assert!(ctmpl.is_running(), "{}", ctmpl.log());
    assert_eq!(ctmpl.log_count("SIGHUP"), 0, "{}", ctmpl.log());
}

#[test]
fn damaged_answers_are_written_again() {
    let folder = Folder::new();
    let consul = embedded(Seed::default().key("app/a", "1").key("name", "first"));
    configure(&folder, KEYS, "");
    folder.write("state/answers.db", "nonsense");
    let ctmpl = Ctmpl::spawn(daemon(&folder, consul.address()));
    folder.becomes("out", "a=1 first");
    let ended = ctmpl.stop();
    let expected = "answers.db was damaged (";
    assert!(ended.log.contains(expected), "{}", ended.log);
    let stored = std::fs::read(folder.path("state/answers.db")).unwrap();
    assert!(stored.starts_with(b"SQLite format 3"));
}

/// One start or reload with a mistyped address removed the answers.
#[test]
fn another_address_removes_no_answers() {
    let folder = Folder::new();
    let consul = embedded(Seed::default().key("app/a", "1").key("name", "first"));
    let address = consul.address();
    configure(&folder, KEYS, "warm_start = true");
    let ctmpl = Ctmpl::spawn(daemon(&folder, address));
    folder.becomes("ran", "ran\n");
    ctmpl.stop();
    drop(consul);
    let ctmpl = Ctmpl::spawn(daemon(&folder, "127.0.0.1:1"));
    ctmpl.logs("cannot reach Consul");
    ctmpl.stop();
    std::fs::remove_file(folder.path("out")).unwrap();
    let _ctmpl = Ctmpl::spawn(daemon(&folder, address));
    folder.becomes("out", "a=1 first");
}

#[test]
fn answers_that_cannot_be_read_are_reported_at_once_and_once() {
    for (is_link, expected) in [
        (false, "answers.db is damaged ("),
        (
            true,
            "the templates cannot use the answers of the process before",
        ),
    ] {
        let folder = Folder::new();
        configure(&folder, KEYS, "warm_start = true");
        let stored = folder.write("state/answers.db", "nonsense");
        if is_link {
            let target = folder.path("target");
            std::fs::rename(&stored, &target).unwrap();
            std::os::unix::fs::symlink(&target, &stored).unwrap();
        }
        let ctmpl = Ctmpl::spawn(daemon(&folder, "127.0.0.1:1"));
        ctmpl.logs(expected);
        folder.stays("ran", "", Duration::from_secs(1));
        assert_eq!(ctmpl.log_count(expected), 1, "{}", ctmpl.log());
        ctmpl.logs("cannot be read, so the templates wait for Consul: kv.get(name), kv.list(app)");
        assert_eq!(ctmpl.log_count("has left no answer"), 0);
    }
}

#[test]
fn answers_that_cannot_be_removed_are_named() {
    let folder = Folder::new();
    let consul = embedded(Seed::default().key("app/a", "1").key("name", "first"));
    configure(&folder, KEYS, "keep_answers = false");
    folder.write("state/answers.db/file", "");
    let ctmpl = Ctmpl::spawn(daemon(&folder, consul.address()));
    folder.becomes("out", "a=1 first");
    ctmpl.logs("cannot remove ");
    ctmpl.logs("answers of earlier processes are still there");
    assert_eq!(ctmpl.log_count("after a restart without Consul"), 0);
}

#[test]
fn a_private_key_is_not_stored() {
    let folder = Folder::new();
    let consul = embedded(Seed::default().key("name", "first"));
    let template = r#"{{ key "name" }} {{ with caLeaf "web" }}{{ .PrivateKeyPEM }}{{ end }}"#;
    configure(&folder, template, "");
    let ctmpl = Ctmpl::spawn(daemon(&folder, consul.address()));
    folder.eventually("out", "a key", |text| text.contains("PRIVATE KEY"));
    ctmpl.stop();
    let stored = std::fs::read(folder.path("state/answers.db")).unwrap();
    let has = |text: &str| {
        stored
            .windows(text.len())
            .any(|part| part == text.as_bytes())
    };
    assert!(has("kv.get(name)") && has("first"));
    assert!(!has("PRIVATE") && !has("leaf"));
}

#[test]
fn mistakes_name_the_key() {
    let folder = Folder::new();
    for (settings, expected) in [
        (
            "warm_start = true\nstate_dir = \"\"",
            "set state_dir, or remove warm_start",
        ),
        (
            "warm_start = true\nkeep_answers = false",
            "keep_answers = false keeps no answers",
        ),
    ] {
        configure(&folder, "text", settings);
        let path = text(&folder.path("ctmpl.hcl"));
        let ended = run(["validate".to_owned(), format!("--config={path}")]);
        assert_eq!(ended.code(), Some(15), "{}", ended.log);
        assert!(ended.log.contains("ctmpl.hcl:1"), "{}", ended.log);
        assert!(ended.log.contains(expected), "{}", ended.log);
    }
}
