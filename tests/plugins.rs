//! `plugin`: it requires permission, runs only when all data has arrived, and once per batch of
//! changes.

use consul_dev::Seed;

use crate::support::ctmpl::{Ctmpl, Folder, run, text};
use crate::support::embedded;

/// A program that appends its arguments to `calls`, and prints the last one in brackets.
const PLUGIN: &str = "#!/bin/sh\nfor last; do :; done\nprintf '%s\\n' \"$*\" >>\"$(dirname \"$0\")/calls\"\n\
                      printf ' <%s>\\n\\n' \"$last\"\necho \"by the way\" >&2\n";

fn folder() -> Folder {
    let folder = Folder::new();
    folder.program("plugin", PLUGIN);
    folder
}

fn once(
    folder: &Folder,
    consul: &consul_dev::Background,
    template: &str,
    more: &[&str],
) -> crate::support::ctmpl::Ended {
    let mut args = vec![
        "-once".to_owned(),
        format!("--consul-addr={}", consul.address()),
        "--timeout=10s".to_owned(),
    ];
    args.extend([
        "--template".to_owned(),
        folder.template(template, "out", ""),
    ]);
    args.extend(more.iter().map(|word| (*word).to_owned()));
    run(args)
}

#[test]
fn a_plugin_without_permission_is_an_error_that_names_the_remedy() {
    let consul = embedded(Seed::default());
    for (name, template) in [
        ("a.ctmpl", "x\n{{ plugin \"true\" }}"),
        ("a.j2", "x\n{{ plugin(\"true\") }}"),
    ] {
        let folder = folder();
        folder.write(name, template);
        let ended = once(&folder, &consul, name, &[]);
        assert_eq!(ended.code(), Some(14), "{}", ended.log);
        let expected = format!("{name}:2:4: function \"plugin\" is not allowed");
        assert!(
            ended.log.contains(&expected) && ended.log.contains("--allow plugin"),
            "{}",
            ended.log
        );
        assert!(!folder.path("out").exists());
    }
    let ended = once(&folder(), &consul, "a.ctmpl", &["--allow", "plugins"]);
    assert_eq!(ended.code(), Some(13), "{}", ended.log);
    assert!(
        ended
            .log
            .contains("\"plugins\" is not a permission of templates; write plugin or writeToFile"),
        "{}",
        ended.log
    );
}

#[test]
fn a_plugin_runs_once_when_its_arguments_are_known() {
    let consul = embedded(Seed::default().key("a", "1").key("b", "2"));
    for (name, template) in [
        (
            "a.ctmpl",
            "{{ key \"a\" | plugin \"PLUGIN\" \" \" \"x\" }}|{{ key \"b\" }}",
        ),
        (
            "a.j2",
            "{{ plugin(\"PLUGIN\", \"\", \"x\", key(\"a\")) }}|{{ key(\"b\") }}",
        ),
    ] {
        let folder = folder();
        folder.write(
            name,
            &template.replace("PLUGIN", &text(&folder.path("plugin"))),
        );
        let ended = once(&folder, &consul, name, &["--allow=plugin"]);
        assert_eq!(ended.code(), Some(0), "{}", ended.log);
        assert_eq!(folder.read("out"), "<1>|2");
        assert_eq!(folder.read("calls"), "x 1\n");
        assert!(ended.log.contains("by the way"), "{}", ended.log);
    }
}

#[test]
fn a_plugin_may_be_the_argument_of_another() {
    let consul = embedded(Seed::default());
    let folder = folder();
    let plugin = text(&folder.path("plugin"));
    folder.write(
        "a.ctmpl",
        &format!("{{{{ plugin \"{plugin}\" (plugin \"{plugin}\" \"a\") }}}}"),
    );
    let ended = once(&folder, &consul, "a.ctmpl", &["--allow=plugin"]);
    assert_eq!(ended.code(), Some(0), "{}", ended.log);
    assert_eq!(
        (folder.read("out"), folder.read("calls")),
        ("<<a>>".to_owned(), "a\n<a>\n".to_owned())
    );
}

#[test]
fn a_failed_plugin_fails_the_template_and_no_argument_is_logged() {
    let consul = embedded(Seed::default().key("password", "s3cret"));
    let folder = folder();
    let failing = text(&folder.program("failing", "#!/bin/sh\nexit 3\n"));
    for (program, expected) in [
        (failing.as_str(), "failed with exit code 3"),
        ("/nowhere", "cannot start \"/nowhere\""),
    ] {
        folder.write(
            "a.ctmpl",
            &format!("{{{{ key \"password\" | plugin \"{program}\" }}}}"),
        );
        let ended = once(
            &folder,
            &consul,
            "a.ctmpl",
            &["--allow=plugin", "--log-level=trace"],
        );
        assert_eq!(ended.code(), Some(14), "{}", ended.log);
        assert!(
            ended.log.contains(expected) && !ended.log.contains("s3cret"),
            "{}",
            ended.log
        );
        assert!(!folder.path("out").exists());
    }
}

#[test]
fn a_change_runs_the_plugin_again_once() {
    let consul = embedded(Seed::default().key("a", "1").key("b", "1"));
    let folder = folder();
    let plugin = text(&folder.path("plugin"));
    folder.write(
        "a.ctmpl",
        &format!("{{{{ plugin \"{plugin}\" (key \"a\") }}}}{{{{ key \"b\" }}}}"),
    );
    let template = folder.template("a.ctmpl", "out", "");
    let ctmpl = Ctmpl::start(
        consul.address(),
        ["--allow=plugin", "--template", &template],
    );
    folder.becomes("out", "<1>1");
    // A change of other data also runs the plugin, because its output may have changed.
    consul.put_key("b", "2");
    folder.becomes("out", "<1>2");
    assert_eq!(folder.read("calls"), "1\n1\n");
    consul.put_key("a", "2");
    folder.becomes("out", "<2>2");
    folder.stays("out", "<2>2", std::time::Duration::from_millis(300));
    let calls = folder.read("calls");
    assert!(
        calls.ends_with("\n2\n") && calls.lines().filter(|call| *call == "2").count() == 1,
        "{calls}"
    );
    assert_eq!(ctmpl.stop().code(), Some(12));
}
