//! From a command line and an environment to a configuration.

mod actions;
mod consul;
mod files;
mod flap_damping;
mod groups;
mod guard;
mod layering;
mod logging;
mod migrate;
mod reference;
mod refused;
mod schema;
mod state;
mod templates;
mod tls;

use std::ffi::OsString;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use config_blocks::{Document, Origin, Span};
use nix::sys::signal::Signal;

use super::logging::LogLevel;
use super::resolved::{Job, Mode};
use super::wait::Settle;
use super::*;
use crate::cli::{self, Command};
use file_formats::{Format, OutputFormat};
use http_client::Authorities;

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
    assert_eq!(
        config.consul.client.servers[0].as_str(),
        "http://127.0.0.1:8500/"
    );
    assert!(config.consul.client.token.is_none() && config.consul.client.auth.is_none());
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
    let allowed = |words: &[&str]| config(words, &[]).jobs[0].template.allow;
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
    let sandbox = |words: &[&str]| config(words, &[]).jobs[0].template.sandbox.clone();
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
