//! From the keys of templates and groups to what reloads a program, and to the limits of changes.

use super::*;
use config_blocks::Choice as _;
use file_writer::WriteMode;
use group_apply::options::{Drift, GroupKey, MaxChange};
use policy_values::Fraction;
use process_tree::CommandLine;
use reload_actions::{HttpAction, ReloadAction, SignalTarget};

fn resolved(text: &str) -> Result<Config, ConfigError> {
    let layer = file::read_text("a.hcl", text)?;
    resolve::resolve(layer, None, &Environment::default())
}

fn template(destination: &str, keys: &str) -> String {
    format!("template {{ contents = \"x\" destination = \"{destination}\" {keys} }}\n")
}

fn job(keys: &str) -> Job {
    let config = resolved(&template("a", keys));
    config
        .unwrap_or_else(|error| panic!("{keys}: {}", chain(&error)))
        .jobs
        .remove(0)
}

fn error(keys: &str) -> String {
    chain(&resolved(&template("a", keys)).expect_err(keys))
}

#[test]
fn an_action_takes_the_place_of_a_command() {
    let signal = |process, signal| ReloadAction::Signal { process, signal };
    let name = |name: &str| SignalTarget::Name(name.to_owned());
    let cases = [
        (
            "signal { process = \"nginx\" }",
            signal(name("nginx"), Signal::SIGHUP),
        ),
        (
            "signal { pidfile = \"/run/n.pid\" name = \"usr2\" }",
            signal(SignalTarget::PidFile("/run/n.pid".into()), Signal::SIGUSR2),
        ),
        (
            "http { url = \"http://u:p@h/x?q\" method = \"put\" headers = [\"A:  b: c \"] body = \"d\" }",
            ReloadAction::Http(HttpAction {
                method: "PUT".to_owned(),
                url: "http://u:p@h/x?q".parse().expect("a URL"),
                headers: vec![("A".to_owned(), "b: c".to_owned())],
                body: "d".to_owned(),
            }),
        ),
        (
            "docker { container = \"web_1.x-y\" }",
            ReloadAction::Docker {
                socket: "/var/run/docker.sock".into(),
                container: "web_1.x-y".to_owned(),
                signal: Signal::SIGHUP,
            },
        ),
    ];
    for (keys, action) in cases {
        let command = job(&format!("{keys} command_timeout = \"7s\""))
            .command
            .expect(keys);
        assert_eq!(command.line, CommandLine::Direct(vec![action.to_string()]));
        assert_eq!(command.action.as_deref(), Some(&action), "{keys}");
        assert_eq!(command.timeout, Duration::from_secs(7));
        // No list and no text in a file becomes the line of an action.
        let shown = command.line.to_string();
        for written in [format!("\"{shown}\""), format!("[\"{shown}\"]")] {
            let other = job(&format!("command = {written}"))
                .command
                .expect("a command");
            assert_ne!(other.line, command.line);
        }
    }
    let command = job("systemd { unit = \"nginx\" action = \"reload-or-restart\" }")
        .command
        .expect("a command");
    assert_eq!(
        (command.line.to_string().as_str(), command.action),
        (
            "systemctl --no-ask-password reload-or-restart -- nginx",
            None
        )
    );
}

#[test]
fn equal_actions_are_one_and_those_that_look_equal_are_two() {
    let http = |token: &str| format!("http {{ url = \"http://h/?{token}\" }}");
    let text = template("a", &http("1")) + &template("b", &http("2")) + &template("c", &http("1"));
    let config = resolved(&text).expect("a configuration");
    let lines = config
        .jobs
        .iter()
        .map(|job| job.command.as_ref().expect("an action").line.to_string());
    let lines: Vec<_> = lines.collect();
    assert_eq!(
        lines,
        [
            "http POST http://h/?***",
            "http POST http://h/?*** (2)",
            "http POST http://h/?***"
        ]
    );
    let group = "group \"g\" { signal { process = \"p\" } }\n".to_owned();
    let config =
        resolved(&(group.clone() + &template("a", "group = \"g\" signal { process = \"p\" }")))
            .expect("valid");
    let own = config.jobs[0].group.as_ref().expect("a group");
    assert_eq!(own.key, GroupKey::Named("g".into()));
    assert!(
        own.command
            .as_ref()
            .is_some_and(|command| command.action.is_some())
    );
    let error = resolved(&(group + &template("a", "group = \"g\" command = \"x\"")))
        .expect_err("two actions");
    assert!(
        chain(&error)
            .contains("the group g has another command, group[g].signal.process in a.hcl:1"),
        "{}",
        chain(&error)
    );
}

#[test]
#[expect(clippy::too_many_lines, reason = "a table of cases")]
fn an_action_that_cannot_work_is_an_error() {
    let cases = [
        (
            "command = \"x\" signal { process = \"p\" }",
            "template[1].command in a.hcl:1 sets another action",
        ),
        (
            "docker { container = \"c\" } systemd { unit = \"u\" }",
            "template[1].docker.container in a.hcl:1 sets another action",
        ),
        (
            "signal { process = \"p\" pidfile = \"/p\" }",
            "signal.pidfile in a.hcl:1 sets another action",
        ),
        ("signal { name = \"HUP\" }", "a signal needs a process"),
        (
            "signal { process = \"/usr/sbin/nginx\" }",
            "this cannot be the name of a process",
        ),
        (
            "signal { process = \"p\" name = \"KILL\" }",
            "no process can act on SIGKILL",
        ),
        (
            "signal { process = \"p\" name = \"\" }",
            "no process can act on SIGNULL",
        ),
        ("http { method = \"POST\" }", "a request needs a URL"),
        ("http { headers = [\"A: b\"] }", "a request needs a URL"),
        ("http { url = \"h:80/s3cret\" }", "it is not a URL of HTTP"),
        (
            "http { url = \"http://h\" method = \"a b\" }",
            "this is not a method",
        ),
        (
            "http { url = \"http://h\" headers = [\"s3cret\"] }",
            "this is not NAME: VALUE",
        ),
        (
            "http { url = \"http://h\" headers = [\"A: s3cret\\n\", \"A: x\\ny\"] }",
            "this is not NAME: VALUE",
        ),
        ("systemd { action = \"reload\" }", "needs a unit"),
        (
            "systemd { unit = \"a b\" }",
            "this cannot be the name of a unit",
        ),
        (
            "systemd { unit = \"u\" action = \"stop\" }",
            "there is no action of systemd \"stop\"; write reload, restart",
        ),
        ("docker { signal = \"HUP\" }", "needs its name: container"),
        (
            "docker { container = \"../x\" }",
            "this cannot be the name of a container",
        ),
        (
            "drift = \"repair\"",
            "there is no reaction to a drift \"repair\"; write ignore, report or restore",
        ),
        (
            "max_change { fraction = 1.5 }",
            "it is not a number from 0 to 1",
        ),
        ("max_change { line = 1 }", "did you mean lines?"),
        (
            "max_change {}",
            "it limits nothing without lines or fraction",
        ),
        (
            "max_change { confirm_for = \"1m\" }",
            "template[1].max_change in a.hcl:1: it limits nothing without lines or fraction",
        ),
        (
            "max_change { lines = 1 confirm_for = \"0s\" }",
            "template[1].max_change in a.hcl:1: confirm_for = \"0s\" would accept",
        ),
    ];
    for (keys, expected) in cases {
        let error = error(keys);
        assert!(
            error.contains(expected) && !error.contains("s3cret"),
            "{keys}: {error}"
        );
    }
}

#[test]
fn an_empty_action_is_an_error_in_each_format() {
    let blocks = [
        ("signal", "a signal needs a process: pidfile ="),
        ("http", "a request needs a URL: url ="),
        ("systemd", "an action of systemd needs a unit: unit ="),
        ("docker", "needs its name: container ="),
        ("verify", "a verification needs a method"),
    ];
    for (block, remedy) in blocks {
        let json =
            format!(r#"{{"template": {{"contents": "x", "destination": "a", "{block}": {{}}}}}}"#);
        let cases = [
            ("a.hcl", template("a", &format!("{block} {{}}"))),
            (
                "a.hcl",
                format!("group \"g\" {{ {block} {{}} }}\n") + &template("a", "group = \"g\""),
            ),
            ("a.json", json.replace("{}", "[{}]")),
            ("a.json", json),
            (
                "a.yaml",
                format!("template: {{contents: x, destination: a, {block}: {{}}}}\n"),
            ),
            (
                "a.toml",
                format!(
                    "[[template]]\ncontents = \"x\"\ndestination = \"a\"\n[template.{block}]\n"
                ),
            ),
        ];
        for (name, text) in cases {
            let layer = file::read_text(name, &text).expect("it can be read");
            let error = resolve::resolve(layer, None, &Environment::default()).expect_err(&text);
            let error = chain(&error);
            let place = format!(".{block} in {name}:");
            assert!(
                error.contains(&place) && error.contains(remedy),
                "{text}: {error}"
            );
        }
    }
    // A block of a lower layer is completed by a higher one.
    let [lower, upper] = ["systemd {}", "systemd { unit = \"u\" }"].map(|block| {
        file::read_text("a.hcl", &format!("group \"g\" {{ {block} }}\n")).expect("it can be read")
    });
    let own = file::read_text("a.hcl", &template("a", "group = \"g\"")).expect("it can be read");
    let layer = own.over(upper.over(lower.clone()));
    assert!(resolve::resolve(layer, None, &Environment::default()).is_ok());
    let own = file::read_text("a.hcl", &template("a", "group = \"g\"")).expect("it can be read");
    let layer = own.over(
        file::read_text("b.hcl", "group \"g\" {}")
            .expect("it can be read")
            .over(lower),
    );
    assert!(resolve::resolve(layer, None, &Environment::default()).is_err());
}

#[test]
fn write_modes_are_read_in_any_case() {
    for (_, mode) in WriteMode::ALL.iter().copied() {
        assert_eq!(WriteMode::of_name(mode.name()), Ok(mode));
        assert_eq!(WriteMode::of_name(&mode.name().to_uppercase()), Ok(mode));
    }
    let error = WriteMode::of_name("truncate")
        .expect_err("no write mode")
        .to_string();
    assert_eq!(
        error,
        "there is no write mode \"truncate\"; write auto, rename or inplace"
    );
}

#[test]
fn drift_and_budget_are_those_of_the_file() {
    let file =
        job("drift = \"report\" max_change { lines = 200 fraction = 0.5 confirm_for = \"1m\" }")
            .file;
    let budget = MaxChange {
        lines: Some(200),
        fraction: Fraction::of(0.5),
        confirm_for: Some(Duration::from_secs(60)),
    };
    assert_eq!((file.drift, file.max_change), (Drift::Report, Some(budget)));
    let file = job("").file;
    assert_eq!((file.drift, file.max_change), (Drift::Ignore, None));
}
