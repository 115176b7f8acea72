//! Every flag of consul-template, with the real binary: in Go style and GNU style, with its effect.
//!
//! The effect of a flag is a line in the output of `ctmpl config`, with the flag as the origin.
//! Other effects have separate tests below the table.

use std::collections::BTreeSet;
use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use crate::support::ctmpl::{Ctmpl, Ended, Folder, command, run_command, text};
use crate::support::full_queue;
use crate::support::recorder::Recorder;

/// The effect of a flag.
enum Effect {
    /// The output of `ctmpl config` has a line that begins with this, with the flag as the origin.
    Shows(&'static str),
    /// The flag is accepted with a warning that contains these words.
    Warns(&'static str),
    /// The test with this name checks the effect.
    Elsewhere(&'static str),
}
use Effect::{Elsewhere, Shows, Warns};

/// A flag, its value, and its effect. An empty value means a bool, written alone or with `=true`.
type Row = (&'static str, &'static str, Effect);

const VAULT: Effect = Warns("a template that queries Vault fails at that line");

#[rustfmt::skip]
const ROWS: &[Row] = &[
    ("config", "d", Elsewhere("several_configuration_files_are_merged")),
    ("consul-addr", "h:1,https://i:2/p", Shows("address = \"h:1,https://i:2/p\"")),
    ("consul-auth", "u:s3cret", Shows("username = \"u\"")),
    ("consul-retry", "", Shows("enabled = true")),
    ("consul-retry-attempts", "7", Shows("attempts = 7")),
    ("consul-retry-backoff", "3s", Shows("backoff = \"3s\"")),
    ("consul-retry-max-backoff", "90s", Shows("max_backoff = \"1m30s\"")),
    ("retry", "4s", Shows("backoff = \"4s\"")),
    ("consul-ssl", "", Shows("enabled = true")),
    ("consul-ssl-ca-cert", "/c", Shows("ca_cert = \"/c\"")),
    ("consul-ssl-ca-path", "/d", Shows("ca_path = \"/d\"")),
    ("consul-ssl-cert", "/e", Shows("cert = \"/e\"")),
    ("consul-ssl-key", "/f", Shows("key = \"/f\"")),
    ("consul-ssl-server-name", "n.example", Shows("server_name = \"n.example\"")),
    ("consul-ssl-verify", "", Shows("verify = true")),
    ("consul-token", "s3cret", Shows("token = \"***\"")),
    ("consul-token-file", "token", Shows("token_file = \"token\"")),
    ("consul-transport-dial-keep-alive", "5s", Shows("dial_keep_alive = \"5s\"")),
    ("consul-transport-dial-timeout", "6s", Shows("dial_timeout = \"6s\"")),
    ("consul-transport-disable-keep-alives", "", Shows("disable_keep_alives = true")),
    ("consul-transport-max-idle-conns-per-host", "8", Shows("max_idle_conns_per_host = 8")),
    ("consul-transport-tls-handshake-timeout", "9s", Shows("tls_handshake_timeout = \"9s\"")),
    ("dedup", "", Warns("each query once, however many templates use it")),
    ("default-left-delimiter", "<<", Shows("left = \"<<\"")),
    ("default-right-delimiter", ">>", Shows("right = \">>\"")),
    ("dry", "", Shows("# dry = true")),
    ("template-error-fatal", "", Shows("template_error_fatal = true")),
    ("exec", "true", Shows("command = \"true\"")),
    ("exec-kill-signal", "SIGHUP", Shows("kill_signal = \"SIGHUP\"")),
    ("exec-kill-timeout", "3s", Shows("kill_timeout = \"3s\"")),
    ("exec-reload-signal", "SIGUSR2", Shows("reload_signal = \"SIGUSR2\"")),
    ("exec-splay", "4s", Shows("splay = \"4s\"")),
    ("exec-env-pristine", "", Shows("pristine = true")),
    ("exec-env-custom", "K=s3cret", Shows("custom = [")),
    ("exec-env-allowlist", "A*", Shows("allowlist = [\"A*\"]")),
    ("exec-env-denylist", "B*", Shows("denylist = [\"B*\"]")),
    ("log-file", "/l", Shows("path = \"/l\"")),
    ("log-rotate-bytes", "5kB", Shows("log_rotate_bytes = 5000")),
    ("log-rotate-duration", "5h", Shows("log_rotate_duration = \"5h\"")),
    ("log-rotate-max-files", "6", Shows("log_rotate_max_files = 6")),
    ("syslog", "", Shows("enabled = true")),
    ("syslog-facility", "LOCAL5", Shows("facility = \"LOCAL5\"")),
    ("syslog-name", "me", Shows("name = \"me\"")),
    ("kill-signal", "sigterm", Shows("kill_signal = \"SIGTERM\"")),
    ("log-level", "debug", Shows("log_level = \"debug\"")),
    ("max-stale", "10m", Shows("max_stale = \"10m\"")),
    ("once", "", Shows("once = true")),
    ("parse-only", "", Shows("parseonly = true")),
    ("pid-file", "/run/p.pid", Shows("pid_file = \"/run/p.pid\"")),
    ("reload-signal", "SIGUSR1", Shows("reload_signal = \"SIGUSR1\"")),
    ("template", "a:b:c d", Shows("template {")),
    ("wait", "2s:9s", Shows("wait = \"2s:9s\"")),
    ("v", "", Elsewhere("help_and_version_are_printed_without_any_configuration")),
    ("version", "", Elsewhere("help_and_version_are_printed_without_any_configuration")),
    ("h", "", Elsewhere("help_and_version_are_printed_without_any_configuration")),
    ("help", "", Elsewhere("help_and_version_are_printed_without_any_configuration")),
    ("vault-addr", "https://v:8200", VAULT),
    ("vault-token", "s3cret", VAULT),
    ("vault-agent-token-file", "/t", VAULT),
    ("vault-renew-token", "", VAULT),
    ("vault-unwrap-token", "", VAULT),
    ("vault-default-lease-duration", "1m", VAULT),
    ("vault-client-user-agent", "a", VAULT),
    ("vault-retry", "", VAULT),
    ("vault-retry-attempts", "1", VAULT),
    ("vault-retry-backoff", "1s", VAULT),
    ("vault-retry-max-backoff", "1s", VAULT),
    ("vault-ssl", "", VAULT),
    ("vault-ssl-ca-cert", "/c", VAULT),
    ("vault-ssl-ca-path", "/c", VAULT),
    ("vault-ssl-cert", "/c", VAULT),
    ("vault-ssl-key", "/c", VAULT),
    ("vault-ssl-server-name", "n", VAULT),
    ("vault-ssl-verify", "", VAULT),
    ("vault-transport-dial-keep-alive", "1s", VAULT),
    ("vault-transport-dial-timeout", "1s", VAULT),
    ("vault-transport-disable-keep-alives", "", VAULT),
    ("vault-transport-max-idle-conns-per-host", "1", VAULT),
    ("vault-transport-max-conns-per-host", "1", VAULT),
    ("vault-transport-tls-handshake-timeout", "1s", VAULT),
];

/// All flags of consul-template 0.42.1, from its own flag set.
const ALL: &str = "config consul-addr consul-auth consul-retry consul-retry-attempts consul-retry-backoff \
    consul-retry-max-backoff consul-ssl consul-ssl-ca-cert consul-ssl-ca-path consul-ssl-cert consul-ssl-key \
    consul-ssl-server-name consul-ssl-verify consul-token consul-token-file consul-transport-dial-keep-alive \
    consul-transport-dial-timeout consul-transport-disable-keep-alives consul-transport-max-idle-conns-per-host \
    consul-transport-tls-handshake-timeout dedup default-left-delimiter default-right-delimiter dry exec \
    exec-env-allowlist exec-env-custom exec-env-denylist exec-env-pristine exec-kill-signal exec-kill-timeout \
    exec-reload-signal exec-splay h help kill-signal log-file log-level log-rotate-bytes log-rotate-duration \
    log-rotate-max-files max-stale once parse-only pid-file reload-signal retry syslog syslog-facility syslog-name \
    template template-error-fatal v vault-addr vault-agent-token-file vault-client-user-agent \
    vault-default-lease-duration vault-renew-token vault-retry vault-retry-attempts vault-retry-backoff \
    vault-retry-max-backoff vault-ssl vault-ssl-ca-cert vault-ssl-ca-path vault-ssl-cert vault-ssl-key \
    vault-ssl-server-name vault-ssl-verify vault-token vault-transport-dial-keep-alive vault-transport-dial-timeout \
    vault-transport-disable-keep-alives vault-transport-max-conns-per-host vault-transport-max-idle-conns-per-host \
    vault-transport-tls-handshake-timeout vault-unwrap-token version wait";

fn run(folder: &Folder, words: &[&str]) -> Ended {
    let mut command = command();
    command.current_dir(folder.path(".")).args(words);
    run_command(command)
}

/// Creates a folder with the files that the rows name.
fn folder() -> Folder {
    let folder = Folder::new();
    folder.write("in", "x");
    folder.write("token", "t");
    folder
}

/// Returns all spellings of a flag.
fn spellings(flag: &str, value: &str) -> Vec<Vec<String>> {
    ["-", "--"]
        .into_iter()
        .flat_map(|dashes| {
            let name = format!("{dashes}{flag}");
            match value {
                "" => [vec![name.clone()], vec![format!("{name}=true")]],
                value => [
                    vec![name.clone(), value.to_owned()],
                    vec![format!("{name}={value}")],
                ],
            }
        })
        .collect()
}

#[test]
fn every_flag_has_a_row() {
    let rows: Vec<&str> = ROWS.iter().map(|(flag, ..)| *flag).collect();
    let all: BTreeSet<&str> = ALL.split_whitespace().collect();
    assert!(all.len() > 75, "{}", all.len());
    assert_eq!(rows.iter().copied().collect::<BTreeSet<_>>(), all);
    assert_eq!(rows.len(), all.len(), "each once");
    let tests = std::fs::read_to_string("tests/flags.rs").unwrap();
    for (flag, _, effect) in ROWS {
        if let Elsewhere(test) = effect {
            assert!(tests.contains(&format!("fn {test}()")), "{flag}: {test}");
        }
    }
}

#[test]
fn every_flag_has_its_effect_in_every_spelling() {
    let folder = folder();
    let mut checked = 0;
    for (flag, value, effect) in ROWS {
        for words in spellings(flag, value) {
            let words: Vec<&str> = words.iter().map(String::as_str).collect();
            // A key is valid only with a certificate.
            let around = if *flag == "consul-ssl-key" {
                "-consul-ssl-cert=/e"
            } else {
                "-template=in:out"
            };
            let own = ["-template=in:out2", around].map(str::to_owned);
            let own: Vec<&str> = own[..if around == "-template=in:out" { 1 } else { 2 }]
                .iter()
                .map(String::as_str)
                .collect();
            match effect {
                Shows(line) => {
                    let ended = run(&folder, &[&["config"], own.as_slice(), &words].concat());
                    assert_eq!(ended.code(), Some(0), "{words:?}: {}", ended.log);
                    let origin = format!(
                        "# --{}",
                        if *flag == "retry" {
                            "consul-retry-backoff"
                        } else {
                            flag
                        }
                    );
                    let shown =
                        |shown: &str| shown.trim().starts_with(line) && shown.ends_with(&origin);
                    assert!(
                        ended.output.lines().any(shown),
                        "{words:?}: {line} {origin} in\n{}",
                        ended.output
                    );
                    assert!(!ended.output.contains("s3cret"), "{}", ended.output);
                    checked += 1;
                }
                Warns(part) => {
                    let ended = run(&folder, &[&["validate"], own.as_slice(), &words].concat());
                    let warning = format!("ctmpl: --{flag}: ");
                    assert_eq!(
                        (ended.code(), ended.log.matches(&warning).count()),
                        (Some(0), 1),
                        "{}",
                        ended.log
                    );
                    assert!(
                        ended.log.contains(part) && ended.log.lines().count() == 1,
                        "{}",
                        ended.log
                    );
                    assert!(!ended.log.contains("s3cret"), "{}", ended.log);
                    checked += 1;
                }
                Elsewhere(_) => {}
            }
        }
    }
    assert!(checked > 200, "{checked}");
}

#[test]
fn a_bool_flag_can_be_false() {
    let folder = folder();
    let mut checked = 0;
    for (flag, value, effect) in ROWS {
        if let (Shows(line), "") = (effect, *value) {
            let ended = run(
                &folder,
                &["config", "-template=in:out", &format!("-{flag}=false")],
            );
            let line = line.replace("true", "false");
            assert!(
                ended.output.contains(&line),
                "{flag}: {line} in {}{}",
                ended.output,
                ended.log
            );
            checked += 1;
        }
    }
    assert!(checked >= 6);
}

#[test]
#[expect(clippy::too_many_lines, reason = "a table of cases")]
fn a_wrong_flag_exits_with_13_and_one_line() {
    let folder = folder();
    let cases: &[(&[&str], &[&str])] = &[
        (&["-nope"], &["unknown flag --nope"]),
        (
            &["-consul-retri"],
            &[
                "unknown flag --consul-retri",
                "did you mean --consul-retry?",
            ],
        ),
        (
            &["-once=maybe"],
            &["invalid boolean value \"maybe\" for --once"],
        ),
        (
            &["-once", "false"],
            &["unexpected word \"false\"", "--once=true or --once=false"],
        ),
        (&["-wait=5x"], &["cannot use --wait", "unknown unit \"x\""]),
        (
            &["-retry", "5"],
            &["cannot use --consul-retry-backoff", "needs a unit"],
        ),
        (
            &["-consul-retry-max-backoff=-1s"],
            &["cannot use --consul-retry-max-backoff", "is negative"],
        ),
        (
            &["-consul-retry-attempts=many"],
            &["cannot use --consul-retry-attempts", "not a whole number"],
        ),
        (
            &["-consul-retry-attempts=9999999999"],
            &["cannot use --consul-retry-attempts", "out of range"],
        ),
        (
            &["-consul-transport-dial-timeout=soon"],
            &["cannot use --consul-transport-dial-timeout"],
        ),
        (
            &["-vault-retry-backoff=5x"],
            &["cannot use --vault-retry-backoff", "unknown unit"],
        ),
        (
            &["-vault-retry-attempts=x"],
            &["cannot use --vault-retry-attempts", "not a whole number"],
        ),
        (&["-kill-signal="], &["cannot use --kill-signal"]),
        (&["-kill-signal=9"], &["cannot use --kill-signal"]),
        (&["-template="], &["cannot use --template"]),
        (&["-consul-auth="], &["cannot use --consul-auth"]),
        (&["extra"], &["unexpected word \"extra\""]),
        (&["-consul-addr"], &["the flag --consul-addr needs a value"]),
    ];
    for (words, parts) in cases {
        let ended = run(&folder, &[&["-template=in:out"], *words].concat());
        assert_eq!(
            (ended.code(), ended.output.as_str()),
            (Some(13), ""),
            "{words:?}: {}",
            ended.log
        );
        assert_eq!(ended.log.lines().count(), 1, "{}", ended.log);
        assert!(ended.log.starts_with("ctmpl: "), "{}", ended.log);
        for part in *parts {
            assert!(ended.log.contains(part), "{part:?} in {}", ended.log);
        }
    }
    let mut local = command();
    local
        .current_dir(folder.path("."))
        .env("CT_LOCAL_CONFIG", "max_stale = 5")
        .arg("-template=in:out");
    assert_eq!(run_command(local).code(), Some(13));
    assert!(!folder.path("out").exists());
}

#[test]
fn help_and_version_are_printed_without_any_configuration() {
    let folder = folder();
    for flag in ["--h", "-help", "--help"] {
        let ended = run(&folder, &["-config=none", flag]);
        assert_eq!((ended.code(), ended.log.as_str()), (Some(0), ""), "{flag}");
        for topic in [
            "Templates:",
            "Process:",
            "Consul:",
            "Consul over TLS:",
            "When Consul does not answer:",
        ] {
            assert!(ended.output.contains(topic), "{topic}: {}", ended.output);
        }
    }
    for flag in ["-v", "--v", "-version", "--version"] {
        let ended = run(&folder, &["-config=none", flag]);
        assert_eq!(
            ended.output,
            concat!("ctmpl v", env!("CARGO_PKG_VERSION"), "\n")
        );
        assert_eq!(ended.code(), Some(0));
    }
}

#[test]
fn several_configuration_files_are_merged() {
    let folder = folder();
    folder.write("d/a.hcl", "max_stale = \"1s\"");
    folder.write("b.yaml", "block_query_wait: 7s");
    for words in spellings("config", "d") {
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        let ended = run(
            &folder,
            &[
                &["config", "-template=in:out", "-config=b.yaml"],
                words.as_slice(),
            ]
            .concat(),
        );
        for part in ["max_stale in d/a.hcl:1", "block_query_wait in b.yaml:1"] {
            assert!(
                ended.output.contains(part),
                "{words:?}: {part}: {}{}",
                ended.output,
                ended.log
            );
        }
    }
}

#[test]
fn parse_only_reads_every_template_and_does_nothing_else() {
    let folder = folder();
    folder.write("good", "{{ key \"a\" }}");
    folder.write("bad", "{{ if }}");
    folder.write(
        "ct.hcl",
        "parseonly = true\ntemplate { source = \"good\" destination = \"out\" command = \"touch ran\" }",
    );
    for words in [
        &["-parse-only", "-template=good:out:touch ran"][..],
        &["-parse-only", "-template=good"],
        &["-config=ct.hcl"],
        &["-parse-only", "-once", "-template=in:out"],
        &["dev", "-parse-only", "-template=good:out"],
    ] {
        let ended = run(&folder, words);
        assert_eq!(
            (ended.code(), ended.output.as_str(), ended.log.as_str()),
            (Some(0), "", ""),
            "{words:?}"
        );
    }
    for (template, part) in [("bad:out", "bad:1"), ("none:out", "none")] {
        let ended = run(
            &folder,
            &["-parse-only", "-template=good:a", "-template", template],
        );
        assert_eq!(ended.code(), Some(14), "{template}");
        assert!(ended.log.contains(part), "{}", ended.log);
    }
    assert!(
        !folder.path("out").exists() && !folder.path("ran").exists() && !folder.path("a").exists()
    );
    folder.write(
        "in.hcl",
        "parseonly = true\ntemplate { source = \"in\" destination = \"out\" }",
    );
    assert_eq!(
        run(&folder, &["-config=in.hcl", "-parse-only=false", "-once"]).code(),
        Some(0),
        "the flag wins"
    );
    assert_eq!(folder.read("out"), "x");
}

#[test]
fn other_delimiters_apply_to_go_templates_without_their_own() {
    let folder = folder();
    folder.write("go", "<< 1 | add 1 >> {{ x }}");
    folder.write("jinja.j2", "{{ 1 + 1 }} << x >>");
    folder.write(
        "own.hcl",
        "template { contents = \"[[ 2 ]]\" destination = \"own\" left_delimiter = \"[[\" right_delimiter = \"]]\" }",
    );
    let flags = [
        "-once",
        "-default-left-delimiter=<<",
        "--default-right-delimiter",
        ">>",
    ];
    let ended = run(
        &folder,
        &[
            &flags[..],
            &[
                "-template=go:go.out",
                "-template=jinja.j2:j2.out",
                "-config=own.hcl",
            ],
        ]
        .concat(),
    );
    assert_eq!(ended.code(), Some(0), "{}", ended.log);
    assert_eq!(
        ["go.out", "j2.out", "own"].map(|name| folder.read(name)),
        ["2 {{ x }}", "2 << x >>", "2"]
    );
}

/// Starts a server that refuses every request like Consul without a leader. Returns its address and
/// a count of the requests.
fn without_leader() -> (SocketAddr, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let (address, asked) = (
        listener.local_addr().unwrap(),
        Arc::new(AtomicUsize::new(0)),
    );
    let count = Arc::clone(&asked);
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let _ = stream.read(&mut [0; 4096]);
            count.fetch_add(1, Ordering::SeqCst);
            let _ = stream.write_all(
                b"HTTP/1.1 500 Internal Server Error\r\nConnection: close\r\nContent-Length: 17\r\n\r\nNo cluster leader",
            );
        }
    });
    (address, asked)
}

#[test]
fn once_gives_up_after_the_attempts_and_lists_missing_data() {
    let folder = folder();
    folder.write("key", "{{ key \"a\" }}");
    folder.write("none.hcl", "consul { retry { enabled = false } }");
    folder.write(
        "two.hcl",
        "consul { retry { attempts = 2 backoff = \"20ms\" } }",
    );
    let cases: [(&[&str], usize, &str); 4] = [
        (
            &["-consul-retry-attempts=3", "-consul-retry-backoff=10ms"],
            4,
            "retried up to 3 times",
        ),
        (
            &["-consul-retry=false", "-consul-retry-attempts=5"],
            1,
            "it is not retried",
        ),
        (&["-config=none.hcl"], 1, "it is not retried"),
        (&["-config=two.hcl"], 3, "retried up to 2 times"),
    ];
    for (words, questions, part) in cases {
        let (address, asked) = without_leader();
        let fixed = [
            "-once",
            "-template=key:out",
            "-consul-addr",
            &address.to_string(),
        ]
        .map(str::to_owned);
        let fixed: Vec<&str> = fixed.iter().map(String::as_str).collect();
        let ended = run(&folder, &[fixed.as_slice(), words].concat());
        assert_eq!(
            (ended.code(), asked.load(Ordering::SeqCst)),
            (Some(14), questions),
            "{words:?}: {}",
            ended.log
        );
        for part in [
            "required data is unavailable:\n",
            " key:1: kv.get(a): ",
            "No cluster leader",
            part,
        ] {
            assert!(ended.log.contains(part), "{part:?} in {}", ended.log);
        }
    }
    assert!(!folder.path("out").exists());
}

#[test]
fn without_a_number_of_attempts_a_single_run_retries_until_its_time_limit() {
    let folder = folder();
    folder.write("key", "{{ key \"a\" }}");
    for words in [&[][..], &["-consul-retry-attempts=0"]] {
        let (address, asked) = without_leader();
        let fixed = [
            "-once",
            "-timeout=1s",
            "-retry=50ms",
            "-template=key:out",
            "-consul-addr",
            &address.to_string(),
        ]
        .map(str::to_owned);
        let fixed: Vec<&str> = fixed.iter().map(String::as_str).collect();
        assert_eq!(
            run(&folder, &[fixed.as_slice(), words].concat()).code(),
            Some(16),
            "{words:?}"
        );
        assert!(asked.load(Ordering::SeqCst) >= 3);
    }
    assert!(!folder.path("out").exists());
}

#[test]
fn the_daemon_ignores_the_attempt_limit_with_a_warning() {
    let folder = folder();
    folder.write("key", "{{ key \"a\" }}");
    let (address, asked) = without_leader();
    let template = folder.template("key", "out", "");
    let mut ctmpl = Ctmpl::start(
        address,
        [
            "-consul-retry=false",
            "-consul-retry-attempts=1",
            "-consul-retry-backoff=10ms",
            "-template",
            &template,
        ],
    );
    ctmpl.logs("--consul-retry: the daemon retries without limit");
    crate::support::eventually("it keeps polling", || asked.load(Ordering::SeqCst) > 4);
    assert!(ctmpl.is_running());
    assert_eq!(ctmpl.stop().code(), Some(12));
}

#[test]
fn a_longer_backoff_sends_fewer_requests() {
    let folder = folder();
    folder.write("key", "{{ key \"a\" }}");
    let (address, asked) = without_leader();
    let address = address.to_string();
    let words = [
        "-once",
        "-timeout=2s",
        "-retry=10m",
        "-template=key:out",
        "-consul-addr",
        &address,
    ];
    assert_eq!(run(&folder, &words).code(), Some(16));
    assert_eq!(asked.load(Ordering::SeqCst), 1);
}

#[test]
fn without_keep_alives_every_request_closes_its_connection() {
    let folder = folder();
    folder.write("key", "{{ key \"k\" }}");
    for (words, closes) in [
        (&[][..], false),
        (&["-consul-transport-disable-keep-alives"], true),
    ] {
        let recorder = Recorder::start(r#"[{"Key": "k", "Value": "dg==", "Flags": 0}]"#);
        let address = format!("-consul-addr={}", recorder.address());
        let ended = run(
            &folder,
            &[&["-once", "-template=key:out", &address], words].concat(),
        );
        assert_eq!(ended.code(), Some(0), "{}", ended.log);
        let head = recorder.heads().remove(0);
        assert_eq!(head.contains("\nconnection: close"), closes, "{head}");
    }
}

#[test]
fn connecting_is_limited_by_the_dial_timeout() {
    let folder = folder();
    folder.write("key", "{{ key \"k\" }}");
    let (_socket, _waiting, address) = full_queue();
    let flags = [
        "-once",
        "-template=key:out",
        "-consul-retry=false",
        "-consul-transport-dial-timeout=300ms",
    ];
    let over_tls = [
        "-consul-ssl-verify=false",
        "-consul-transport-tls-handshake-timeout=400ms",
    ];
    // It accepts connections, and never says anything.
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let silent = listener.local_addr().unwrap();
    let connecting = "connecting took longer than 300ms;";
    for (server, more, expected) in [
        (format!("http://{address}"), &[][..], connecting),
        (format!("https://{address}"), &over_tls[..1], connecting),
        (format!("https://{address}"), &over_tls[..], connecting),
        (
            format!("https://{silent}"),
            &over_tls[..],
            "the TLS handshake took longer than 400ms;",
        ),
    ] {
        let begun = Instant::now();
        let ended = run(
            &folder,
            &[&flags[..], &["-consul-addr", &server], more].concat(),
        );
        assert_eq!(ended.code(), Some(14), "{}", ended.log);
        assert!(
            begun.elapsed() < Duration::from_secs(5),
            "{server} took {:?}",
            begun.elapsed()
        );
        assert!(ended.log.contains(expected), "{}", ended.log);
    }
}

#[test]
#[expect(clippy::too_many_lines, reason = "a table of cases")]
fn every_variable_has_its_effect() {
    let folder = folder();
    let token = text(&folder.path("token"));
    #[rustfmt::skip]
    let rows: &[(&str, &str, &str)] = &[
        ("CONSUL_HTTP_ADDR", "e:1", "address = \"e:1\""),
        ("CONSUL_TOKEN", "s3cret", "token = \"***\""),
        ("CONSUL_HTTP_TOKEN", "s3cret", "token = \"***\""),
        ("CONSUL_TOKEN_FILE", &token, "token_file = "),
        ("CONSUL_HTTP_TOKEN_FILE", &token, "token_file = "),
        ("CONSUL_HTTP_AUTH", "u:s3cret", "username = \"u\""),
        ("CONSUL_HTTP_SSL", "true", "enabled = true"),
        ("CONSUL_HTTP_SSL_VERIFY", "0", "verify = false"),
        ("CONSUL_CACERT", "/c", "ca_cert = \"/c\""),
        ("CONSUL_CAPATH", "/d", "ca_path = \"/d\""),
        ("CONSUL_CLIENT_CERT", "/e", "cert = \"/e\""),
        ("CONSUL_CLIENT_KEY", "/f", "key = \"/f\""),
        ("CONSUL_TLS_SERVER_NAME", "n", "server_name = \"n\""),
        ("CONSUL_NAMESPACE", "ns", "namespace = \"ns\""),
        ("CONSUL_PARTITION", "p", "partition = \"p\""),
        ("CT_LOG", "info", "log_level = \"info\""),
        ("CONSUL_TEMPLATE_LOG", "info", "log_level = \"info\""),
        ("CONSUL_TEMPLATE_LOG_LEVEL", "info", "log_level = \"info\""),
    ];
    for (name, value, line) in rows {
        let shown = |variables: &[(&str, String)]| {
            let mut command = command();
            command
                .current_dir(folder.path("."))
                .args(["config", "-template=in:out"]);
            if *name == "CONSUL_CLIENT_KEY" {
                command.env("CONSUL_CLIENT_CERT", "/e");
            }
            command.envs(variables.iter().map(|(name, value)| (*name, value)));
            let ended = run_command(command);
            assert_eq!(ended.code(), Some(0), "{variables:?}: {}", ended.log);
            assert!(!ended.output.contains("s3cret"), "{}", ended.output);
            ended.output
        };
        // Surrounding blanks are removed.
        let output = shown(&[(name, format!(" {value}\t"))]);
        let origin = format!("# {name} of the environment");
        let is_it = |shown: &str| shown.trim().starts_with(line) && shown.ends_with(&origin);
        assert!(output.lines().any(is_it), "{name}: {line} in {output}");
        assert!(
            !shown(&[(name, " \t".to_owned())]).contains(name),
            "a blank {name} says nothing"
        );
    }
    // If several variables set the same value, the first that is not blank is used.
    for names in [
        &["CONSUL_TOKEN", "CONSUL_HTTP_TOKEN"][..],
        &["CONSUL_TOKEN_FILE", "CONSUL_HTTP_TOKEN_FILE"],
        &["CT_LOG", "CONSUL_TEMPLATE_LOG", "CONSUL_TEMPLATE_LOG_LEVEL"],
    ] {
        for first in 0..names.len() {
            let mut command = command();
            command
                .current_dir(folder.path("."))
                .args(["config", "-template=in:out"]);
            for (place, name) in names.iter().enumerate() {
                let value = if names[0] == "CT_LOG" { "info" } else { &token };
                command.env(name, if place < first { " " } else { value });
            }
            let output = run_command(command).output;
            assert!(
                output.contains(&format!("# {} of the environment", names[first])),
                "{names:?} {first}: {output}"
            );
            for other in names
                .iter()
                .enumerate()
                .filter(|(place, _)| *place != first)
                .map(|(_, name)| name)
            {
                assert!(
                    !output.contains(&format!("# {other} of the environment")),
                    "{other}: {output}"
                );
            }
        }
    }
}
