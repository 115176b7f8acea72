//! The change budget: a change that removes too many lines is parked.

use std::time::{Duration, Instant};

use consul_dev::{Background, Seed};

use crate::support::ctmpl::{Ctmpl, Folder, run, text};
use crate::support::embedded;

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
