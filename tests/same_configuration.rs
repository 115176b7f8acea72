//! Configuration files that people have for consul-template mean the same for ctmpl.

mod differences;
mod environment;

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::time::Duration;

use nix::sys::signal::Signal;

use crate::support::ctmpl::{Ctmpl, Ended, Folder, command, run_command};
use crate::support::recorder::Recorder;
use consul_dev::Seed;

/// A template that needs no data.
const TEMPLATE: &str = "template { contents = \"x\" destination = \"out\" }\n";

/// Runs ctmpl in a folder with these arguments and these environment variables.
fn run_with(folder: &Folder, words: &[&str], variables: &[(&str, &str)]) -> Ended {
    let mut command = command();
    command.current_dir(folder.path(".")).args(words);
    command.envs(variables.iter().copied());
    run_command(command)
}

fn run(folder: &Folder, words: &[&str]) -> Ended {
    run_with(folder, words, &[])
}

/// Runs a command for a file with this text. It succeeds.
fn with_file(command: &[&str], name: &str, text: &str) -> Ended {
    let folder = Folder::new();
    folder.write(name, text);
    let ended = run(&folder, &[command, &["-config", name]].concat());
    assert_eq!(ended.code(), Some(0), "{text}: {}", ended.log);
    ended
}

fn mode(folder: &Folder, name: &str) -> u32 {
    fs::metadata(folder.path(name))
        .unwrap()
        .permissions()
        .mode()
        & 0o7777
}

#[test]
fn attempts_of_minus_one_are_unlimited() {
    let text = format!("consul {{ retry {{ attempts = -1 }} }}\n{TEMPLATE}");
    assert_eq!(with_file(&["-once"], "ct.hcl", &text).log, "");
    // Nothing listens there: the time limit ends the run, not a number of attempts.
    let folder = Folder::new();
    folder.write("ct.hcl", "consul { address = \"127.0.0.1:9\" retry { attempts = -1 backoff = \"1ms\" max_backoff = \"1ms\" } }\ntemplate { contents = \"{{ key \\\"a\\\" }}\" destination = \"out\" }");
    let ended = run(&folder, &["-once", "-timeout=500ms", "-config=ct.hcl"]);
    assert_eq!(ended.code(), Some(16), "{}", ended.log);
}

#[test]
fn a_decimal_mode_in_json_is_the_mode_that_is_meant() {
    for (number, expected) in [
        ("384", 0o600),
        ("420", 0o644),
        ("416", 0o640),
        ("438", 0o666),
        ("493", 0o755),
        ("256", 0o400),
        ("640", 0o640),
    ] {
        let folder = Folder::new();
        folder.write("ct.json", &format!("{{\"once\": true, \"template\": {{\"contents\": \"x\", \"destination\": \"out\", \"perms\": {number}}}}}"));
        let ended = run(&folder, &["-config=ct.json"]);
        assert_eq!(ended.code(), Some(0), "{number}: {}", ended.log);
        assert_eq!(mode(&folder, "out"), expected, "{number}");
    }
}

#[test]
fn an_ambiguous_mode_in_json_is_an_error_that_names_both_readings() {
    let folder = Folder::new();
    folder.write(
        "ct.json",
        "{\"template\": {\"contents\": \"x\", \"destination\": \"out\", \"perms\": 400}}",
    );
    let ended = run(&folder, &["validate", "-config=ct.json"]);
    assert_eq!(ended.code(), Some(15));
    for part in ["template[1].perms in ct.json:1", "\"0400\"", "\"0620\""] {
        assert!(ended.log.contains(part), "{part}: {}", ended.log);
    }
}

#[test]
fn a_directory_without_a_template_waits_and_once_exits_with_0() {
    let folder = Folder::new();
    folder.write("d/10-log.hcl", "log_level = \"info\"\n");
    let warning = "there is no template and no exec command";
    for words in [&["-once"] as &[&str], &["validate"]] {
        let ended = run(&folder, &[words, &["-config=d"]].concat());
        assert_eq!(ended.code(), Some(0), "{words:?}: {}", ended.log);
        assert_eq!(ended.log.matches(warning).count(), 1, "{}", ended.log);
    }
    let mut command = command();
    command.current_dir(folder.path(".")).args(["-config=d"]);
    let mut ctmpl = Ctmpl::spawn(command);
    ctmpl.logs(warning);
    assert!(ctmpl.is_running());
    folder.write("d/20.hcl", TEMPLATE);
    ctmpl.signal(Signal::SIGHUP);
    folder.becomes("out", "x");
    assert_eq!(ctmpl.stop().code(), Some(12));
}

#[test]
fn without_a_configuration_nothing_to_do_is_an_error_with_a_hint() {
    let ended = run(&Folder::new(), &["-once"]);
    assert_eq!(ended.code(), Some(13));
    for part in ["nothing to do", "ctmpl --help", "ctmpl dev"] {
        assert!(ended.log.contains(part), "{part}: {}", ended.log);
    }
}

#[test]
fn a_file_without_a_known_extension_is_read_and_a_backup_is_not() {
    let folder = Folder::new();
    folder.write("conf/10-base", TEMPLATE);
    folder.write(
        "conf/20.conf",
        "template { contents = \"y\" destination = \"p\" }",
    );
    folder.write(
        "conf/30",
        "{\"template\": {\"contents\": \"z\", \"destination\": \"q\"}}",
    );
    let backups = [
        "10-base~",
        "a.bak",
        "b.swp",
        "c.orig",
        "d.rpmsave",
        "e.rpmnew",
        "f.dpkg-old",
        ".g",
    ];
    for name in backups {
        folder.write(&format!("conf/{name}"), "garbage {");
    }
    let ended = run(&folder, &["-once", "-config", "conf"]);
    assert_eq!(ended.code(), Some(0), "{}", ended.log);
    assert_eq!(
        ["out", "p", "q"].map(|name| folder.read(name)),
        ["x", "y", "z"]
    );
    folder.write("conf/README", "# Configuration\n\nSome words.\n");
    let ended = run(&folder, &["-once", "-config", "conf"]);
    assert_eq!(ended.code(), Some(15));
    for part in ["conf/README:3", "keep other files elsewhere"] {
        assert!(ended.log.contains(part), "{part}: {}", ended.log);
    }
}

#[test]
fn row_4_a_denylist_in_one_text_is_cut_at_its_commas() {
    for key in ["function_denylist", "function_blacklist"] {
        let folder = Folder::new();
        folder.write("ct.hcl", &format!("template {{ contents = \"{{{{ env \\\"HOME\\\" }}}}\" destination = \"out\" {key} = \"env,sprig_*\" }}"));
        let ended = run(&folder, &["-once", "-config=ct.hcl"]);
        assert_eq!(ended.code(), Some(14), "{key}: {}", ended.log);
        assert_eq!(folder.read("out"), "");
    }
}

#[test]
fn row_4_an_environment_in_one_text_is_cut_at_its_commas_and_a_command_is_not() {
    let variables = [("SECRET_A", "1"), ("DB_PW", "2"), ("KEEP", "3")];
    let seen = |env: &str| {
        let folder = Folder::new();
        folder.write("ct.hcl", &format!("template {{ contents = \"x\" destination = \"out\" command = \"env > e; echo a,b > comma\" exec {{ env {{ {env} }} }} }}"));
        let ended = run_with(&folder, &["-once", "-config=ct.hcl"], &variables);
        assert_eq!(ended.code(), Some(0), "{env}: {}", ended.log);
        assert_eq!(folder.read("comma"), "a,b\n");
        let environment = folder.read("e");
        ["SECRET_A=1", "DB_PW=2", "KEEP=3", "B=y"]
            .map(|line| environment.lines().any(|other| other == line))
    };
    for key in ["denylist", "blacklist"] {
        let text = format!("{key} = \"SECRET_*, DB_*\"");
        assert_eq!(seen(&text), [false, false, true, false], "{key}");
    }
    for key in ["allowlist", "whitelist"] {
        let text = format!("{key} = \"PATH,DB_*\"");
        assert_eq!(seen(&text), [false, true, false, false], "{key}");
    }
    assert_eq!(seen("custom = \"A=x,B=y\""), [true, true, true, true]);
    assert_eq!(seen("custom = [\"A=x,B=y\"]"), [true, true, true, false]);
}

#[test]
fn a_key_without_a_certificate_is_a_warning() {
    let text = format!("consul {{ ssl {{ key = \"k\" }} }}\n{TEMPLATE}");
    for words in [&["validate"] as &[&str], &["-once"]] {
        let ended = with_file(words, "ct.hcl", &text);
        let warning = "consul.ssl.key in ct.hcl:1: no effect without a certificate";
        assert!(ended.log.contains(warning), "{}", ended.log);
    }
}

#[test]
fn an_empty_facility_leaves_syslog_off() {
    let text = format!("syslog {{ facility = \"\" }}\n{TEMPLATE}");
    let shown = with_file(&["config"], "ct.hcl", &text).output;
    assert!(!shown.contains("syslog"), "{shown}");
    let text = format!("syslog {{ facility = \"LOCAL5\" }}\n{TEMPLATE}");
    let shown = with_file(&["config"], "ct.hcl", &text).output;
    assert!(
        shown.contains("LOCAL5") && shown.contains("enabled = true"),
        "{shown}"
    );
}

#[test]
fn a_custom_variable_without_a_value_is_handed_on() {
    let folder = Folder::new();
    folder.write("ct.hcl", &format!("{TEMPLATE} exec {{ command = [\"sh\", \"-c\", \"env > e\"] env {{ custom = [\"FLAG\", \"KEEP\"] }} }}"));
    let ended = run_with(&folder, &["-config=ct.hcl"], &[("KEEP", "3")]);
    assert_eq!(ended.code(), Some(0), "{}", ended.log);
    let environment = folder.read("e");
    for line in ["FLAG=", "KEEP=3"] {
        assert!(
            environment.lines().any(|other| other == line),
            "{line}: {environment}"
        );
    }
}

#[test]
fn row_12_without_a_kill_signal_int_is_ignored_or_reaches_the_child() {
    let folder = Folder::new();
    folder.write("ct.hcl", &format!("kill_signal = \"\"\n{TEMPLATE}"));
    let consul = crate::support::embedded(Seed::default());
    let start = |more: &[&str]| {
        let mut command = command();
        command.current_dir(folder.path("."));
        command
            .args(["-config=ct.hcl", "-log-level=trace"])
            .args(more);
        command.arg(format!("-consul-addr={}", consul.address()));
        Ctmpl::spawn(command)
    };
    let mut ctmpl = start(&[]);
    folder.becomes("out", "x");
    ctmpl.signal(Signal::SIGINT);
    std::thread::sleep(Duration::from_millis(200));
    assert!(ctmpl.is_running());
    assert_eq!(ctmpl.stop().code(), Some(12), "TERM still ends it");

    folder.program(
        "app",
        "#!/bin/sh\ntrap 'echo int >> log; exit 3' INT\ntrap 'echo term >> log; exit 0' TERM\necho start >> log\nwhile :; do sleep 0.05; done\n",
    );
    let ctmpl = start(&["-exec=./app", "-exec-kill-signal=SIGTERM"]);
    folder.becomes("log", "start\n");
    ctmpl.signal(Signal::SIGINT);
    let ended = ctmpl.ends();
    assert_eq!(ended.code(), Some(3), "{}", ended.log);
    assert_eq!(folder.read("log"), "start\nint\n");
}

#[test]
fn row_12_help_and_config_show_the_same_defaults_of_connections() {
    let folder = Folder::new();
    let help = run(&folder, &["--help"]).output;
    let shown = run(&folder, &["config"]).output;
    for (flag, key, value) in [
        ("dial-timeout", "dial_timeout", "30s"),
        ("dial-keep-alive", "dial_keep_alive", "30s"),
        ("tls-handshake-timeout", "tls_handshake_timeout", "10s"),
        ("max-idle-conns-per-host", "max_idle_conns_per_host", "100"),
    ] {
        let flag = help.split(&format!("--consul-transport-{flag}")).nth(1);
        let entry = flag.unwrap().split("\n  -").next().unwrap();
        let entry = entry.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(entry.contains(&format!("[default: {value}]")), "{entry}");
        let line = shown.lines().find(|line| line.trim().starts_with(key));
        let line = line.unwrap_or_else(|| panic!("{key}: {shown}"));
        let shown = line.split(" # ").next().unwrap().replace('"', "");
        assert_eq!(shown.trim(), format!("{key} = {value}"));
    }
    assert!(shown.contains("idle_conn_timeout = \"5s\""), "{shown}");
}

#[test]
fn config_shows_the_defaults_without_a_template() {
    let ended = run(&Folder::new(), &["config"]);
    assert_eq!((ended.code(), ended.log.as_str()), (Some(0), ""));
    for part in [
        "address = \"127.0.0.1:8500\"",
        "max_stale = \"2s\"",
        "# the default",
    ] {
        assert!(ended.output.contains(part), "{part}: {}", ended.output);
    }
}
