//! Configuration files that people have for consul-template mean the same for ctmpl.

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
fn row_3_a_file_overrides_the_environment_and_a_flag_overrides_the_file() {
    let folder = Folder::new();
    let consul = Recorder::start("[]");
    let file = format!(
        "consul {{ address = \"{}\" token = \"file\" }}\ntemplate {{ contents = \"{{{{ range service \\\"web\\\" }}}}{{{{ end }}}}\" destination = \"out\" }}",
        consul.address()
    );
    folder.write("ct.hcl", &file);
    let variables = [
        ("CONSUL_HTTP_ADDR", "127.0.0.1:9"),
        ("CONSUL_HTTP_TOKEN", "environment"),
        ("CT_LOG", "debug"),
    ];
    for (flags, token) in [
        (&[] as &[&str], "x-consul-token: file"),
        (&["-consul-token=flag"], "x-consul-token: flag"),
    ] {
        let words = [&["-once", "-config=ct.hcl"], flags].concat();
        let ended = run_with(&folder, &words, &variables);
        assert_eq!(ended.code(), Some(0), "{}", ended.log);
        let heads = consul.heads().join("\n").to_lowercase();
        assert!(heads.contains(token), "{heads}");
        assert!(!heads.contains("environment"), "{heads}");
        assert!(
            ended.log.contains("[DEBUG]"),
            "no file sets the level: {}",
            ended.log
        );
    }
    let local = [
        &variables as &[_],
        &[("CT_LOCAL_CONFIG", "consul { token = \"local\" }")],
    ]
    .concat();
    let shown = run_with(&folder, &["config", "-config=ct.hcl"], &local).output;
    for origin in [
        "# consul.address in ct.hcl:1",
        "# consul.token in CT_LOCAL_CONFIG of the environment, line 1",
        "# CT_LOG of the environment",
    ] {
        assert!(shown.contains(origin), "{origin}: {shown}");
    }
}

#[test]
fn a_user_of_a_file_does_not_get_the_password_of_the_environment() {
    let folder = Folder::new();
    folder.write(
        "ct.hcl",
        &format!("consul {{ auth {{ username = \"u\" }} }}\n{TEMPLATE}"),
    );
    let variables = [("CONSUL_HTTP_AUTH", "other:s3cret")];
    let shown = run_with(&folder, &["config", "-config=ct.hcl"], &variables).output;
    assert!(
        shown.contains("username = \"u\"") && !shown.contains("password"),
        "{shown}"
    );
}

#[test]
fn row_3_validate_names_an_overridden_variable_without_its_value() {
    let folder = Folder::new();
    folder.write(
        "ct.hcl",
        &format!("consul {{ address = \"127.0.0.1:8500\" token = \"s3cret-one\" }}\n{TEMPLATE}"),
    );
    let validate = |variables: &[(&str, &str)]| {
        let ended = run_with(&folder, &["validate", "-config=ct.hcl"], variables);
        assert_eq!(ended.code(), Some(0), "{}", ended.log);
        ended.log
    };
    let log = validate(&[
        ("CONSUL_HTTP_ADDR", "127.0.0.1:9"),
        ("CONSUL_HTTP_TOKEN", "s3cret-two"),
        ("CONSUL_HTTP_TOKEN_FILE", "/s3cret/file"),
    ]);
    for part in [
        "CONSUL_HTTP_ADDR of the environment is not used: consul.address in ct.hcl:1 has another value",
        "CONSUL_HTTP_TOKEN of the environment is not used: consul.token in ct.hcl:1",
        "CONSUL_HTTP_TOKEN_FILE of the environment is not used: ",
    ] {
        assert_eq!(log.matches(part).count(), 1, "{part}: {log}");
    }
    assert!(!log.contains("s3cret"), "{log}");
    let same = validate(&[
        ("CONSUL_HTTP_ADDR", "127.0.0.1:8500"),
        ("CONSUL_HTTP_TOKEN", "s3cret-one"),
        ("CONSUL_NAMESPACE", "n"),
    ]);
    assert_eq!(same, "", "the same value, and one that no file sets");
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

/// Settings that consul-template reads in another way, with a part of the line about each.
const TOUCHING: &[(&str, &str)] = &[
    (
        "vault { address = \"http://v:8200\" }",
        "vault in ct.hcl:1: ctmpl queries Consul only",
    ),
    (
        "nomad { address = \"http://n:4646\" }",
        "nomad in ct.hcl:1: ctmpl queries Consul only",
    ),
    (
        "deduplicate { enabled = true }",
        "deduplicate in ct.hcl:1: each process queries Consul itself",
    ),
    (
        "template_error_fatal = true",
        "template_error_fatal in ct.hcl:1: consul-template: a template that fails ends the process",
    ),
    (
        "consul { retry { attempts = 5 } }",
        "consul.retry.attempts in ct.hcl:1: the daemon retries without limit",
    ),
    (
        "consul { retry { backoff = \"1s\" } }",
        "consul.retry.backoff in ct.hcl:1: consul-template: ",
    ),
    (
        "consul { transport { max_conns_per_host = 1 } }",
        "consul.transport.max_conns_per_host in ct.hcl:1",
    ),
    (
        "consul = \"127.0.0.1:8500\"",
        "consul in ct.hcl:1: it is the old spelling",
    ),
    (
        "once = true",
        "once in ct.hcl:1: consul-template: no effect; ctmpl: works",
    ),
    (
        "kill_signal = \"SIGTERM\"",
        "kill_signal in ct.hcl:1: consul-template: ",
    ),
    (
        "exec { command = \"a\" enabled = false }",
        "exec.enabled in ct.hcl:1: consul-template: no effect",
    ),
    (
        "exec { command = \"a\" reload_signal = \"\" }",
        "exec.reload_signal in ct.hcl:1",
    ),
    (
        "exec { command = \"a\" timeout = \"5s\" }",
        "exec.timeout in ct.hcl:1",
    ),
    (
        "template { contents = \"y\" destination = \"o\" perms = 640 }",
        "template[1].perms in ct.hcl:1: consul-template: the number is decimal",
    ),
    (
        "template { contents = \"y\" destination = \"o\" command = \"echo a,b\" }",
        "template[1].command in ct.hcl:1",
    ),
    (
        "template { contents = \"{{ \\\"x\\\" | spew_dump }}\" destination = \"o\" }",
        "inline:o: spew_dump: consul-template: ",
    ),
    (
        "template { contents = \"{{ secret \\\"x\\\" }}\" destination = \"o\" }",
        "function \"secret\" is not supported",
    ),
];

#[test]
fn row_11_validate_lists_each_difference_that_a_configuration_touches() {
    for (text, part) in TOUCHING {
        let log = with_file(&["validate"], "ct.hcl", &format!("{text}\n{TEMPLATE}")).log;
        assert!(log.contains(part), "{text}: {log}");
        let notes = log.lines().filter(|line| line.starts_with("ctmpl: "));
        assert_eq!(notes.count(), 1, "{text}: {log}");
    }
    let folder = Folder::new();
    folder.write(
        "ct.hcl",
        &format!("consul {{ addres = \"a\" }}\n{TEMPLATE}"),
    );
    let ended = run(&folder, &["validate", "-config=ct.hcl"]);
    assert_eq!(ended.code(), Some(15));
    assert!(
        ended
            .log
            .contains("consul.addres in ct.hcl:1: there is no such key"),
        "{}",
        ended.log
    );
    let words = ["validate", "-template=a:b:c d", "-once"];
    folder.write("a", "x");
    let log = run(&folder, &words).log;
    assert!(
        log.contains("--template: consul-template: ") && log.contains("--once: "),
        "{log}"
    );
}

#[test]
fn row_11_validate_is_silent_if_nothing_changes() {
    let text = "
consul {
  address = \"127.0.0.1:8500\"
  auth { username = \"u\" password = \"p\" }
  retry { enabled = true attempts = -1 }
  ssl { enabled = false }
  transport { dial_timeout = \"3s\" }
}
wait { min = \"2s\" max = \"10s\" }
kill_signal = \"SIGINT\"
reload_signal = \"SIGHUP\"
max_stale = \"10m\"
log_level = \"info\"
syslog { enabled = false }
default_delimiters { left = \"<<\" right = \">>\" }
exec { command = [\"a\", \"b,c\"] splay = \"1s\" env { denylist = [\"A_*\"] custom = \"A=1,B=2\" } }
template {
  contents    = \"<< range service `web` >><< .Address >><< end >><< key `a` | toUpper >>\"
  destination = \"o\"
  perms       = 0640
  command     = \"nginx -s reload\"
  backup      = true
  function_denylist = \"env,sprig_*\"
}
";
    assert_eq!(with_file(&["validate"], "ct.hcl", text).log, "");
}

#[test]
fn validate_names_variables_for_tls_beside_a_block_for_tls() {
    let folder = Folder::new();
    folder.write(
        "ct.hcl",
        &format!("consul {{ ssl {{ enabled = true ca_cert = \"a.pem\" }} }}\n{TEMPLATE}"),
    );
    let variables = [("CONSUL_CLIENT_CERT", "b.pem"), ("CONSUL_CACERT", "c.pem")];
    let log = run_with(&folder, &["validate", "-config=ct.hcl"], &variables).log;
    for part in [
        "CONSUL_CACERT of the environment is not used: consul.ssl.ca_cert in ct.hcl:1",
        "CONSUL_CLIENT_CERT of the environment: consul-template: the environment is ignored",
    ] {
        assert!(log.contains(part), "{part}: {log}");
    }
    assert_eq!(log.lines().count(), 2, "{log}");
}
