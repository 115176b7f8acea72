//! The change budget: a change that removes too many lines is parked.

use std::os::unix::fs::symlink;
use std::time::{Duration, Instant};

use consul_dev::{Background, Seed};
use serde_json::Value;

use crate::support::ctmpl::{Ctmpl, Ended, Folder, command, run, run_command, text};
use crate::support::{embedded, eventually};

const TEN: &str = "1\n2\n3\n4\n5\n6\n7\n8\n9\n10\n";
const QUIET: Duration = Duration::from_secs(1);

fn template(folder: &Folder, key: &str, settings: &str) -> String {
    format!(
        "template {{\n  destination = \"{}\"\n  contents = \"{{{{ key \\\"{key}\\\" }}}}\"\n  {settings}\n}}\n",
        text(&folder.path(key)),
    )
}

fn arguments(folder: &Folder, configuration: &str) -> String {
    folder.write("ctmpl.hcl", configuration);
    format!("--config={}", text(&folder.path("ctmpl.hcl")))
}

fn consul() -> Background {
    embedded(Seed::default().key("a", TEN).key("b", "one"))
}

#[test]
fn a_change_that_removes_too_much_is_parked_until_a_smaller_one_comes() {
    let (folder, consul) = (Folder::new(), consul());
    let command = format!("command = \"echo ran >> {}\"", text(&folder.path("ran")));
    let settings = format!("{command}\n  max_change {{ lines = 100 fraction = 0.5 }}");
    let config = arguments(&folder, &template(&folder, "a", &settings));
    let ctmpl = Ctmpl::start(consul.address(), [&config]);
    folder.becomes("a", TEN);
    folder.becomes("ran", "ran\n");
    consul.put_key("a", "1\n2\n3\n4\n");
    ctmpl.logs("the change would remove 6 of 10 lines, and 100 lines and 50 % of them are allowed");
    folder.stays("a", TEN, QUIET);
    // The same data again is neither a new warning nor a new attempt.
    consul.put_key("a", "1\n2\n3\n4\n");
    folder.stays("a", TEN, QUIET);
    assert_eq!(ctmpl.log_count("the change would remove"), 1);
    consul.put_key("a", "1\n2\n3\n4\n5\n");
    folder.becomes("a", "1\n2\n3\n4\n5\n");
    folder.becomes("ran", "ran\nran\n");
    assert_eq!(ctmpl.stop().code(), Some(12));

    // The file on the disk counts, also for the first rendering of a process.
    consul.put_key("a", "1\n");
    let ctmpl = Ctmpl::start(consul.address(), [&config]);
    ctmpl.logs("the change would remove 4 of 5 lines");
    folder.stays("a", "1\n2\n3\n4\n5\n", QUIET);
    assert_eq!(ctmpl.stop().code(), Some(12));

    let ended = run([
        config.clone(),
        "--once".to_owned(),
        format!("--consul-addr={}", consul.address()),
    ]);
    assert_ne!(ended.code(), Some(0), "{}", ended.log);
    assert_eq!(folder.read("a"), "1\n2\n3\n4\n5\n");
}

#[test]
fn a_change_that_stays_the_same_is_released_and_the_lines_can_be_the_limit() {
    let (folder, consul) = (Folder::new(), consul());
    let settings = "max_change { lines = 1 confirm_for = \"2s\" }";
    let config = arguments(&folder, &template(&folder, "a", settings));
    let ctmpl = Ctmpl::start(consul.address(), [&config]);
    folder.becomes("a", TEN);
    let begun = Instant::now();
    consul.put_key("a", "1\n2\n3\n4\n5\n6\n7\n8\n");
    ctmpl.logs("it is applied if it stays the same for 2 s");
    folder.becomes("a", "1\n2\n3\n4\n5\n6\n7\n8\n");
    assert!(begun.elapsed() >= Duration::from_secs(2));
    assert_eq!(ctmpl.stop().code(), Some(12));
}

#[test]
fn a_named_group_is_parked_as_a_whole_and_a_reload_permits_it() {
    let (folder, consul) = (Folder::new(), consul());
    let ran = text(&folder.path("ran"));
    let configuration = |budget: &str| {
        let group = format!(
            "group \"g\" {{\n  command = \"echo ran >> {ran}\"\n  check = \"ls {{staged}}\"\n}}\n"
        );
        let a = template(&folder, "a", &format!("group = \"g\"\n  {budget}"));
        let b = template(&folder, "b", "group = \"g\"");
        let alone = format!(
            "template {{\n  destination = \"{}\"\n  contents = \"{{{{ key \\\"b\\\" }}}}\"\n}}\n",
            text(&folder.path("alone"))
        );
        [group, a, b, alone].concat()
    };
    let config = arguments(&folder, &configuration("max_change { fraction = 0.5 }"));
    let ctmpl = Ctmpl::start(consul.address(), [&config]);
    folder.becomes("b", "one");
    folder.becomes("ran", "ran\n");
    consul.put_key("a", "1\n");
    ctmpl.logs("the change would remove 9 of 10 lines");
    consul.put_key("b", "two");
    folder.becomes("alone", "two");
    folder.stays("b", "one", QUIET);
    assert_eq!(folder.read("a"), TEN);
    arguments(&folder, &configuration(""));
    ctmpl.signal(nix::sys::signal::Signal::SIGHUP);
    folder.becomes("a", "1\n");
    folder.becomes("b", "two");
    folder.becomes("ran", "ran\nran\n");
    assert_eq!(ctmpl.stop().code(), Some(12));
}

/// Starts a daemon with a state directory in the folder.
fn start_recorded(folder: &Folder, consul: &Background, config: &str) -> Ctmpl {
    let state = format!("--state-dir={}", text(&folder.path("state")));
    Ctmpl::start(consul.address(), [config, &state, "--log-level=debug"])
}

/// Runs `ctmpl approve` with the state directory of the folder.
fn approve(folder: &Folder, words: &[&str]) -> Ended {
    let mut command = command();
    command
        .arg("approve")
        .args(words)
        .arg(format!("--state-dir={}", text(&folder.path("state"))));
    run_command(command)
}

/// The parked changes that `ctmpl approve --json` lists.
fn parked(folder: &Folder) -> Vec<Value> {
    let ended = approve(folder, &["--json"]);
    assert_eq!(ended.code(), Some(0), "{}", ended.log);
    let all: Value = serde_json::from_str(&ended.output).unwrap();
    all["parked"].as_array().unwrap().clone()
}

#[test]
fn an_approval_releases_the_parked_content_only() {
    let (folder, consul) = (Folder::new(), consul());
    let command = format!("command = \"echo ran >> {}\"", text(&folder.path("ran")));
    let settings = format!("{command}\n  max_change {{ fraction = 0.5 }}");
    let config = arguments(&folder, &template(&folder, "a", &settings));
    let ctmpl = start_recorded(&folder, &consul, &config);
    folder.becomes("a", TEN);
    let file = text(&folder.path("a"));

    let ended = approve(&folder, &[&file]);
    assert_eq!(ended.code(), Some(14));
    let expected = format!("no change of {file} is parked; no other file waits either");
    assert!(ended.log.contains(&expected), "{}", ended.log);
    assert_eq!(approve(&folder, &[]).output, "No change is parked.\n");

    consul.put_key("a", "1\n2\n");
    ctmpl.logs(&format!("`ctmpl approve {file}` applies it"));
    let listed = parked(&folder);
    assert_eq!(listed.len(), 1, "{listed:?}");
    assert_eq!(
        (&listed[0]["path"], &listed[0]["removed"]),
        (&Value::from(&*file), &Value::from(8))
    );
    let first = listed[0]["content"].clone();
    let other = approve(&folder, &[&text(&folder.path("b"))]);
    assert_eq!(other.code(), Some(14));
    assert!(
        other.log.contains(&format!("these files wait: {file}")),
        "{}",
        other.log
    );

    let ended = approve(&folder, &[&file]);
    assert_eq!(ended.code(), Some(0), "{}", ended.log);
    folder.becomes("a", "1\n2\n");
    ctmpl.logs("is approved");
    folder.becomes("ran", "ran\nran\n");
    eventually("nothing is parked", || parked(&folder).is_empty());

    // The approval does not hold for a later change, nor for the same content another time.
    consul.put_key("a", TEN);
    folder.becomes("a", TEN);
    consul.put_key("a", "1\n2\n");
    eventually("the same content is parked", || {
        parked(&folder)
            .first()
            .is_some_and(|it| it["content"] == first)
    });
    consul.put_key("a", "1\n");
    eventually("another content is parked", || {
        parked(&folder)
            .first()
            .is_some_and(|it| it["content"] != first)
    });
    folder.stays("a", TEN, QUIET);
    assert_eq!(ctmpl.stop().code(), Some(12));
    let ended = approve(&folder, &[&file]);
    assert_eq!(ended.code(), Some(14));
    assert!(ended.log.contains("no daemon is running"), "{}", ended.log);
}

#[test]
fn a_parked_change_and_its_approval_outlive_the_process() {
    let (folder, consul) = (Folder::new(), consul());
    let configuration = |check: &str| {
        let group = format!("group \"g\" {{\n  check = \"{check} {{staged}}\"\n}}\n");
        let member = |key: &str| {
            let settings = "group = \"g\"\n  max_change { fraction = 0.5 confirm_for = \"1h\" }";
            template(&folder, key, settings)
        };
        [group, member("a")].concat()
    };
    let config = arguments(&folder, &configuration("ls"));
    let ctmpl = start_recorded(&folder, &consul, &config);
    folder.becomes("a", TEN);
    consul.put_key("a", "1\n");
    ctmpl.logs("the same for 3600 s");
    let before = parked(&folder);
    assert_eq!(ctmpl.stop().code(), Some(12));

    // The approval is accepted, but the check fails, and the process ends.
    let config = arguments(&folder, &configuration("false"));
    let ctmpl = start_recorded(&folder, &consul, &config);
    ctmpl.logs("the change would remove 9 of 10 lines");
    assert_eq!(
        parked(&folder),
        before,
        "it is parked since the first process"
    );
    let ended = approve(&folder, &[&text(&folder.path("a"))]);
    assert_eq!(ended.code(), Some(0), "{}", ended.log);
    ctmpl.logs("the check failed");
    assert_eq!(ctmpl.stop().code(), Some(12));
    assert_eq!(parked(&folder)[0]["approved"], true);
    assert_eq!(folder.read("a"), TEN);

    let config = arguments(&folder, &configuration("ls"));
    let ctmpl = start_recorded(&folder, &consul, &config);
    folder.becomes("a", "1\n");
    eventually("nothing is parked", || parked(&folder).is_empty());
    assert_eq!(ctmpl.stop().code(), Some(12));

    // A file that no template writes any more does not wait.
    let config = arguments(&folder, &configuration("ls"));
    consul.put_key("a", TEN);
    let ctmpl = start_recorded(&folder, &consul, &config);
    folder.becomes("a", TEN);
    consul.put_key("a", "1\n");
    eventually("it is parked", || parked(&folder).len() == 1);
    assert_eq!(ctmpl.stop().code(), Some(12));
    let config = arguments(&folder, &template(&folder, "b", ""));
    let ctmpl = start_recorded(&folder, &consul, &config);
    folder.becomes("b", "one");
    assert_eq!(parked(&folder), Vec::<Value>::new());
    assert_eq!(ctmpl.stop().code(), Some(12));
}

#[test]
fn a_change_is_approved_by_any_path_to_its_file() {
    let (folder, consul) = (Folder::new(), consul());
    folder.write("real/file", TEN);
    symlink(folder.path("real/file"), folder.path("a")).unwrap();
    symlink(folder.path("real"), folder.path("way")).unwrap();
    let config = arguments(
        &folder,
        &template(&folder, "a", "max_change { fraction = 0.5 }"),
    );
    let ctmpl = start_recorded(&folder, &consul, &config);
    ctmpl.logs("is unchanged");
    for (content, typed) in [("1\n", "a"), ("2\n", "way/file"), ("3\n", "real/file")] {
        consul.put_key("a", content);
        eventually("the change is parked", || parked(&folder).len() == 1);
        let ended = approve(&folder, &[&text(&folder.path(typed))]);
        assert_eq!(ended.code(), Some(0), "{typed}: {}", ended.log);
        folder.becomes("real/file", content);
        consul.put_key("a", TEN);
        folder.becomes("real/file", TEN);
        eventually("nothing is parked", || parked(&folder).is_empty());
    }
    assert!(folder.path("a").is_symlink());
    assert_eq!(ctmpl.stop().code(), Some(12));
}

/// It said "is applied now", but the group waits for its other files.
#[test]
fn an_approval_says_that_the_other_files_of_the_group_are_parked() {
    let (folder, consul) = (Folder::new(), consul());
    consul.put_key("b", TEN);
    let settings = "group = \"g\"\n  max_change { fraction = 0.5 }";
    let members = ["a", "b"].map(|key| template(&folder, key, settings));
    let group = "group \"g\" {\n  check = \"ls {staged}\"\n}\n";
    let config = arguments(&folder, &[group, &members.concat()].concat());
    let ctmpl = start_recorded(&folder, &consul, &config);
    folder.becomes("b", TEN);
    for key in ["a", "b"] {
        consul.put_key(key, "1\n");
    }
    eventually("both changes are parked", || parked(&folder).len() == 2);
    let ended = approve(&folder, &[&text(&folder.path("a"))]);
    let expected = "is approved, and is applied as soon as no other file of its group is parked";
    assert!(ended.output.contains(expected), "{}", ended.output);
    folder.stays("a", TEN, QUIET);
    let ended = approve(&folder, &[&text(&folder.path("b"))]);
    let expected = "is approved, and is applied now";
    assert!(ended.output.contains(expected), "{}", ended.output);
    folder.becomes("a", "1\n");
    folder.becomes("b", "1\n");
    assert_eq!(ctmpl.stop().code(), Some(12));
}
