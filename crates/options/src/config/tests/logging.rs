//! Where the log goes, and what it looks like.

use std::path::PathBuf;

use super::super::logging::{LogConfig, LogFormat, Wanted};
use super::*;
use tracing_outlets::{Facility, FileOptions, Keep, SyslogOptions};

fn log(flags: &[&str], file: &str) -> LogConfig {
    let variables = [("CT_LOCAL_CONFIG", file)];
    config(flags, if file.is_empty() { &[] } else { &variables }).log
}

fn code(flags: &[&str]) -> u8 {
    refused(&[flags, &["-template=in:out"]].concat(), &[]).1
}

#[test]
fn the_default_log_is_text_on_standard_error() {
    assert_eq!(log(&[], ""), LogConfig::of_level(LogLevel::Warn));
}

#[test]
fn flags_and_files_set_the_same_keys() {
    let flags = [
        "-log-format=json",
        "-log-file=/l/ct.log",
        "-log-rotate-bytes=10",
        "-log-rotate-duration=1h",
        "-log-rotate-max-files=-1",
        "-syslog-facility=local5",
        "-syslog-name=ct",
    ];
    let file = r#"log_format = "JSON"
        log_file { path = "/l/ct.log" log_rotate_bytes = 10 log_rotate_duration = "1h" log_rotate_max_files = -1 }
        syslog { facility = "LOCAL5" name = "ct" }"#;
    let expected = LogConfig {
        format: LogFormat::Json,
        file: Some(FileOptions {
            path: PathBuf::from("/l/ct.log"),
            rotate_bytes: Some(10),
            rotate_after: Some(Duration::from_secs(3600)),
            keep: Keep::Newest(0),
        }),
        syslog: Some(SyslogOptions {
            facility: "LOCAL5".parse().expect("a facility"),
            name: "ct".to_owned(),
            address: PathBuf::from("/dev/log"),
        }),
        ..LogConfig::of_level(LogLevel::Warn)
    };
    assert_eq!(log(&flags, ""), expected);
    assert_eq!(log(&[], file), expected);
    assert_eq!(
        log(
            &["-syslog=false", "-log-file", "", "-log-format=text"],
            file
        )
        .syslog,
        None
    );
}

#[test]
fn the_defaults_of_the_log_are_those_of_consul_template() {
    let syslog = log(&["-syslog"], "").syslog.expect("asked for");
    assert_eq!(
        (syslog.facility, syslog.name.as_str()),
        (Facility::LOCAL0, "consul-template")
    );
    assert_eq!(syslog.facility.number(), 16);
    let file = log(&["-log-file=x"], "").file.expect("asked for");
    assert_eq!(
        (file.rotate_bytes, file.rotate_after, file.keep),
        (None, Some(Duration::from_secs(86400)), Keep::All)
    );
    assert_eq!(
        log(&[], "log_file { log_rotate_bytes = 5 }").file,
        None,
        "there is no path"
    );
    assert_eq!(
        log(&["-log-rotate-duration=0", "-log-file=x"], "")
            .file
            .expect("asked for")
            .rotate_after,
        None
    );
    let journal = log(&[], "journal { enabled = true address = \"/j\" }").journal;
    assert_eq!(
        (journal.wanted, journal.address.as_path()),
        (Wanted::Always, Path::new("/j"))
    );
    assert_eq!(
        log(&[], "journal { enabled = false }").journal.wanted,
        Wanted::Never
    );
    assert_eq!(
        log(&[], "syslog { address = \"/s\" }")
            .syslog
            .expect("meant")
            .address,
        Path::new("/s")
    );
}

#[test]
fn every_error_has_its_exit_code() {
    // What consul-template finds out when it begins to log is configuration, wherever it was said.
    assert_eq!(code(&["-log-level=loud"]), 15);
    assert_eq!(code(&["-syslog-facility=x"]), 15);
    assert_eq!(code(&["-log-format=xml"]), 13);
    assert_eq!(code(&["-log-rotate-bytes=many"]), 13);
    assert_eq!(code(&["-log-rotate-bytes=-1", "-log-file=x"]), 13);
    assert_eq!(code(&["-log-rotate-max-files=1.5"]), 13);
}
