//! From a command line and an environment to a configuration.

mod consul;
mod files;
mod logging;
mod migrate;
mod reference;
mod schema;
mod templates;

use std::ffi::OsString;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use config_blocks::{Document, Origin, Span};
use nix::sys::signal::Signal;

use super::resolved::{Format, Job, LogLevel, Mode, OutputFormat, Settle};
use super::*;
use crate::cli::{self, Command};

type Variables<'a> = &'a [(&'a str, &'a str)];

/// What a command line and some variables resolve to.
fn loaded(words: &[&str], variables: Variables<'_>) -> Result<Config, ConfigError> {
    let words = std::iter::once("ctmpl")
        .chain(words.iter().copied())
        .map(OsString::from);
    match cli::parse(words).expect("a good command line") {
        Command::Run(arguments) => load(*arguments, &variables.iter().copied().collect()),
        other => panic!("{other:?}"),
    }
}

/// The same, with one template.
fn config(words: &[&str], variables: Variables<'_>) -> Config {
    loaded(&[words, &["--template", "in:out"]].concat(), variables)
        .unwrap_or_else(|error| panic!("{}", chain(&error)))
}

/// The whole error in one line, as `main` prints it, and its exit code.
fn refused(words: &[&str], variables: Variables<'_>) -> (String, u8) {
    let error = loaded(words, variables).expect_err("refused");
    let text = chain(&error);
    assert_eq!(text.lines().count(), 1, "{text}");
    (text, error.exit_code())
}

fn chain(error: &dyn std::error::Error) -> String {
    match error.source() {
        Some(source) => format!("{error}: {}", chain(source)),
        None => error.to_string(),
    }
}

#[test]
fn defaults_are_consul_templates() {
    let config = config(&[], &[]);
    assert_eq!(config.mode, Mode::Daemon);
    assert!(!config.dry);
    assert_eq!(config.log.level, LogLevel::Warn);
    assert_eq!(config.kill_signal, Some(Signal::SIGINT));
    assert_eq!(config.reload_signal, Some(Signal::SIGHUP));
    assert_eq!(config.pid_file, None);
    assert_eq!(config.dev, None);
    assert_eq!(config.consul.max_stale, Some(Duration::from_secs(2)));
    assert_eq!(config.consul.block_query_wait, Duration::from_secs(60));
    assert_eq!(config.consul.servers[0].as_str(), "http://127.0.0.1:8500/");
    assert!(config.consul.token.is_none() && config.consul.auth.is_none());
}

#[test]
fn flags_set_their_keys() {
    let config = config(
        &[
            "-dry",
            "-once=true",
            "-timeout=1m30s",
            "-max-stale",
            "0",
            "-log-level=Trace",
            "-kill-signal=sigterm",
            "-reload-signal=usr1",
            "-pid-file=/run/ctmpl.pid",
        ],
        &[],
    );
    assert!(config.dry);
    assert_eq!(
        config.mode,
        Mode::Once {
            timeout: Some(Duration::from_secs(90))
        }
    );
    assert_eq!(config.consul.max_stale, None);
    assert_eq!(config.log.level, LogLevel::Trace);
    assert_eq!(config.kill_signal, Some(Signal::SIGTERM));
    assert_eq!(config.reload_signal, Some(Signal::SIGUSR1));
    assert_eq!(config.pid_file.as_deref(), Some("/run/ctmpl.pid".as_ref()));
}

#[test]
fn once_has_a_time_limit_that_zero_disables() {
    assert_eq!(
        config(&["-once"], &[]).mode,
        Mode::Once {
            timeout: Some(Duration::from_secs(60))
        }
    );
    assert_eq!(
        config(&["-once", "-timeout=0"], &[]).mode,
        Mode::Once { timeout: None }
    );
    assert_eq!(config(&["-once", "-once=false"], &[]).mode, Mode::Daemon);
    let (text, code) = refused(&["-timeout=5s", "-template=a:b"], &[]);
    assert!(text.contains("--timeout requires --once"), "{text}");
    assert_eq!(code, 13);
}

#[test]
fn the_quiescence_timer_is_off_with_once() {
    let settle = Settle {
        quiet: Duration::from_secs(2),
        most: Duration::from_secs(8),
    };
    assert_eq!(config(&["-wait=2s"], &[]).jobs[0].settle, Some(settle));
    assert_eq!(config(&["-wait=0"], &[]).jobs[0].settle, None);
    assert_eq!(config(&["-wait=2s", "-once"], &[]).jobs[0].settle, None);
}

#[test]
fn one_signal_has_one_role() {
    let both = |words: &[&str]| {
        let config = config(words, &[]);
        (config.kill_signal, config.reload_signal)
    };
    let (int, hup) = (Some(Signal::SIGINT), Some(Signal::SIGHUP));
    assert_eq!(both(&["-kill-signal=SIGNULL"]), (None, hup));
    assert_eq!(both(&["-reload-signal=SIGNULL"]), (int, None));
    assert_eq!(
        both(&["-reload-signal=SIGNULL", "-kill-signal=SIGNULL"]),
        (None, None)
    );
    assert_eq!(both(&["-kill-signal=HUP"]), (hup, None));
    assert_eq!(both(&["-reload-signal=INT"]), (None, int));
    let (text, code) = refused(
        &["-kill-signal=HUP", "-reload-signal=HUP", "-template=a:b"],
        &[],
    );
    assert!(text.contains("both SIGHUP"), "{text}");
    assert_eq!(code, 13);
}

#[test]
#[expect(clippy::too_many_lines, reason = "a table of cases")]
fn bad_flags_are_13_and_bad_configuration_is_15() {
    let cases: &[(&[&str], Variables<'_>, u8, &[&str])] = &[
        (
            &["-wait=5x"],
            &[],
            13,
            &["cannot use --wait:", "unknown unit \"x\""],
        ),
        (
            &["-wait=9s:1s"],
            &[],
            13,
            &["cannot use --wait:", "below the minimum"],
        ),
        (
            &["-format=apache"],
            &[],
            13,
            &["cannot use --format: there is no format \"apache\"; write nginx,"],
        ),
        (
            &["-output-format="],
            &[],
            13,
            &[
                "cannot use --output-format:",
                "write json, yaml, toml or ini",
            ],
        ),
        (
            &["-max-stale=5"],
            &[],
            13,
            &["cannot use --max-stale:", "needs a unit, for example 5s"],
        ),
        (
            &["-once", "-timeout=-5s"],
            &[],
            13,
            &["cannot use --timeout:", "is negative"],
        ),
        (
            &["-kill-signal="],
            &[],
            13,
            &["cannot use --kill-signal:", "there is no signal"],
        ),
        (
            &["-reload-signal=9"],
            &[],
            13,
            &["cannot use --reload-signal:", "there is no signal"],
        ),
        (
            &["-kill-signal=KILL"],
            &[],
            13,
            &["cannot use --kill-signal:", "no process can act on SIGKILL"],
        ),
        (
            &["-reload-signal=SEGV"],
            &[],
            13,
            &[
                "cannot use --reload-signal:",
                "no process can act on SIGSEGV",
            ],
        ),
        (
            &["-template="],
            &[],
            13,
            &["cannot use --template:", "cannot be empty"],
        ),
        (
            &["-consul-addr=unix://s"],
            &[],
            13,
            &["cannot use --consul-addr:", "three slashes"],
        ),
        (
            &["-consul-auth="],
            &[],
            13,
            &["cannot use --consul-auth:", "write USER or USER:PASSWORD"],
        ),
        (
            &["-consul-token=a b"],
            &[],
            13,
            &["cannot use --consul-token:", "no HTTP header"],
        ),
        (
            &["-log-level=BOGUS"],
            &[],
            15,
            &["cannot use --log-level: invalid log level \"BOGUS\", valid log levels are"],
        ),
        (
            &["-log-level="],
            &[],
            15,
            &["cannot use --log-level: invalid log level \"\""],
        ),
        (
            &[],
            &[("CT_LOG", "loud")],
            15,
            &["cannot use CT_LOG of the environment: invalid log level \"loud\""],
        ),
        (
            &[],
            &[("CONSUL_HTTP_ADDR", "ftp://s")],
            15,
            &["cannot use CONSUL_HTTP_ADDR of", "unknown scheme"],
        ),
        (
            &[],
            &[("CONSUL_HTTP_SSL", "yes")],
            15,
            &[
                "cannot use CONSUL_HTTP_SSL of",
                "\"yes\" is neither true nor false",
            ],
        ),
        (
            &[],
            &[("CONSUL_HTTP_TOKEN", "a\tb")],
            15,
            &["cannot use CONSUL_HTTP_TOKEN of", "no HTTP header"],
        ),
        (
            &[],
            &[("CONSUL_TOKEN_FILE", "/no/such")],
            15,
            &["cannot use the token file /no/such", "No such file"],
        ),
        (
            &[],
            &[("CT_LOCAL_CONFIG", "once = 1")],
            13,
            &["cannot use once in CT_LOCAL_CONFIG of the environment, line 1"],
        ),
        (
            &[],
            &[("CT_LOCAL_CONFIG", "once =")],
            13,
            &["CT_LOCAL_CONFIG of the environment, line 1 as HCL: once has no"],
        ),
    ];
    assert!(!cases.is_empty());
    for (words, variables, code, parts) in cases {
        let (text, got) = refused(
            &[words, &["-template=in:out"] as &[&str]].concat(),
            variables,
        );
        assert_eq!(got, *code, "{text}");
        for part in *parts {
            assert_eq!(text.matches(part).count(), 1, "{part:?} once in {text:?}");
        }
    }
}

#[test]
fn an_overridden_variable_may_be_invalid() {
    let config = config(
        &["-log-level=info", "-consul-addr=h:1"],
        &[("CT_LOG", "loud"), ("CONSUL_HTTP_ADDR", "ftp://s")],
    );
    assert_eq!(config.log.level, LogLevel::Info);
    assert_eq!(config.consul.servers[0].as_str(), "http://h:1/");
}

#[test]
fn the_first_log_variable_that_is_not_blank_counts() {
    let level = |variables: Variables<'_>| config(&[], variables).log.level;
    assert_eq!(
        level(&[("CONSUL_TEMPLATE_LOG_LEVEL", "err")]),
        LogLevel::Error
    );
    assert_eq!(
        level(&[
            ("CONSUL_TEMPLATE_LOG_LEVEL", "err"),
            ("CONSUL_TEMPLATE_LOG", " info ")
        ]),
        LogLevel::Info
    );
    assert_eq!(
        level(&[("CT_LOG", "  "), ("CONSUL_TEMPLATE_LOG", "info")]),
        LogLevel::Info
    );
    assert_eq!(
        level(&[("CT_LOG", "debug"), ("CONSUL_TEMPLATE_LOG", "info")]),
        LogLevel::Debug
    );
}

#[test]
fn layers_are_read_from_files_and_laid_over_one_another() {
    let upper = file::read_text(
        "upper.json",
        r#"{"wait": "2s:10s", "format": "shell",
            "template": [{"source": "b", "destination": "bo", "wait": "0", "format": "nginx", "output_format": "toml"}],
            "consul": {"auth": {"username": "u"}}, "kill_signal": ""}"#,
    )
    .expect("an upper layer");
    let lower = file::read_text(
        "lower.json",
        r#"{"wait": "5s", "max_stale": "1m", "log_level": "info", "format": "json", "output_format": "ini",
            "default_delimiters": {"left": "<<"}, "once": false,
            "consul": {"address": "h:1", "auth": {"username": "v", "password": "s3cret"}, "token": "s3cret"},
            "template": [{"source": "a", "destination": "ao"}]}"#,
    )
    .expect("a lower layer");
    let layer = upper.over(lower);
    assert!(!format!("{layer:?}").contains("s3cret"));
    let config = resolve::resolve(layer, None, &Environment::default()).expect("a configuration");
    assert_eq!(
        config
            .jobs
            .iter()
            .map(|job| job.destination.clone())
            .collect::<Vec<_>>(),
        [Some("ao".into()), Some("bo".into())]
    );
    assert_eq!(
        config.jobs[0].settle.map(|settle| settle.most),
        Some(Duration::from_secs(10))
    );
    assert_eq!(config.jobs[1].settle, None);
    let formats = |job: &Job| (job.format, job.output_format);
    assert_eq!(
        formats(&config.jobs[0]),
        (Format::Shell, Some(OutputFormat::Ini))
    );
    assert_eq!(
        formats(&config.jobs[1]),
        (Format::Nginx, Some(OutputFormat::Toml))
    );
    assert_eq!(config.jobs[0].delimiters.left, "<<");
    assert_eq!(config.jobs[0].delimiters.right, "}}");
    assert_eq!(config.consul.max_stale, Some(Duration::from_secs(60)));
    assert_eq!(
        config.consul.auth.map(|auth| auth.username).as_deref(),
        Some("u")
    );
    assert_eq!(
        (config.log.level, config.kill_signal),
        (LogLevel::Info, None)
    );
}

#[test]
fn an_origin_names_the_flag_the_variable_or_the_line() {
    assert_eq!(Origin::Flag("--wait").to_string(), "--wait");
    assert_eq!(
        Origin::Variable("CT_LOG").to_string(),
        "CT_LOG of the environment"
    );
    assert_eq!(Origin::default().to_string(), "the default");
    let file = |line, key: &str| {
        let document = Document::File(Path::new("/etc/a.hcl").into());
        Origin::File(Arc::new(Span {
            document,
            line,
            key: key.to_owned(),
        }))
        .to_string()
    };
    assert_eq!(file(3, "consul.token"), "consul.token in /etc/a.hcl:3");
    assert_eq!(file(0, ""), "/etc/a.hcl");
}

#[test]
fn a_variable_must_be_utf8() {
    use std::os::unix::ffi::OsStringExt;
    let environment: Environment = [(
        "CONSUL_HTTP_TOKEN",
        OsString::from_vec(b"s3cret\xff".to_vec()),
    )]
    .into_iter()
    .collect();
    let error = ConfigError::from(ConfigLayer::from_inputs(&environment).expect_err("no text"));
    assert_eq!(error.exit_code(), 15);
    assert!(chain(&error).contains("CONSUL_HTTP_TOKEN of the environment: it is not UTF-8"));
    assert!(!format!("{error:?} {environment:?}").contains("s3cret"));
}

#[test]
fn dev_ignores_the_consul_block() {
    let folder = tempfile::tempdir().expect("a directory");
    let path = folder.path().join("a.hcl");
    std::fs::write(&path, "consul { token_file = \"/no/such\" transport {} }").expect("a file");
    let flag = format!("-config={}", path.display());
    let (text, code) = refused(&[&flag, "-template=in:out"], &[]);
    assert!(
        text.contains("the token file /no/such, named by consul.token_file in "),
        "{text}"
    );
    assert_eq!(code, 15);
    assert_eq!(
        loaded(&["dev", &flag, "-template=in:out"], &[])
            .expect("a configuration")
            .warnings,
        [""; 0]
    );
}

#[test]
fn templates_have_only_the_permissions_of_allow() {
    let allowed = |words: &[&str]| config(words, &[]).jobs[0].allow;
    assert!(!allowed(&[]).plugin);
    assert!(!allowed(&["--allow="]).plugin);
    assert!(allowed(&["--allow", "plugin"]).plugin);
    assert!(allowed(&["--allow", "", "--allow", " plugin, plugin"]).plugin);
    assert!(!allowed(&["--allow", "plugin"]).write_to_file);
    let both = allowed(&["--allow", "plugin,writeToFile"]);
    assert!(both.plugin && both.write_to_file);
    let (text, code) = refused(&["--allow", "plugin,sudo", "--template", "in:out"], &[]);
    assert_eq!(
        (text.as_str(), code),
        (
            "cannot use --allow: \"sudo\" is not a permission of templates; write plugin or writeToFile",
            13
        )
    );
}

#[test]
fn a_template_reads_anywhere_unless_a_sandbox_is_set() {
    let sandbox = |words: &[&str]| config(words, &[]).jobs[0].sandbox.clone();
    assert_eq!(sandbox(&[]), None);
    assert_eq!(
        sandbox(&["-sandbox-path", "/srv/parts"]).as_deref(),
        Some("/srv/parts".as_ref())
    );
    // A variable that is not set must not open the door.
    let arguments = ["--sandbox-path=", "--template=in:out"];
    let words = ["ctmpl"].into_iter().chain(arguments).map(OsString::from);
    assert!(cli::parse(words).is_err());
}
