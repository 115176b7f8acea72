//! Every flag of consul-template, with the real binary: in Go style and GNU style, with its effect.
//!
//! The effect of a flag is a line in the output of `ctmpl config`, with the flag as the origin.
//! Other effects have separate tests below the table.

mod connections;
mod runs;
mod variables;

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
    let files = [
        "tests/flags.rs",
        "tests/flags/connections.rs",
        "tests/flags/runs.rs",
        "tests/flags/variables.rs",
    ];
    let tests: String = files
        .map(|file| std::fs::read_to_string(file).unwrap())
        .concat();
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
