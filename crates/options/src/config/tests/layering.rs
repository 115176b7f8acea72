//! Flags, files and the environment: which value counts, and where it came from.

use super::*;

#[test]
fn an_overridden_variable_may_be_invalid() {
    let config = config(
        &["-log-level=info", "-consul-addr=h:1"],
        &[("CT_LOG", "loud"), ("CONSUL_HTTP_ADDR", "ftp://s")],
    );
    assert_eq!(config.log.level, LogLevel::Info);
    assert_eq!(config.consul.client.servers[0].as_str(), "http://h:1/");
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
    let formats = |job: &Job| (job.template.format, job.template.output_format);
    assert_eq!(
        formats(&config.jobs[0]),
        (Format::Shell, Some(OutputFormat::Ini))
    );
    assert_eq!(
        formats(&config.jobs[1]),
        (Format::Nginx, Some(OutputFormat::Toml))
    );
    assert_eq!(config.jobs[0].template.delimiters.left, "<<");
    assert_eq!(config.jobs[0].template.delimiters.right, "}}");
    assert_eq!(config.consul.max_stale, Some(Duration::from_secs(60)));
    assert_eq!(
        config
            .consul
            .client
            .auth
            .map(|auth| auth.username)
            .as_deref(),
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
fn an_empty_value_takes_away_that_of_a_lower_file() {
    let folder = tempfile::tempdir().expect("a directory");
    let path = |name: &str, text: &str| {
        let path = folder.path().join(name);
        std::fs::write(&path, text).expect("a file");
        path.into_os_string().into_string().expect("a path")
    };
    let lower = path(
        "lower.hcl",
        r#"pid_file = "/run/a.pid"
        log_file { path = "/var/log/a.log" }
        consul { address = "lower:1" token = "s3cret" namespace = "lower" ssl { enabled = false ca_cert = "/lower" } }"#,
    );
    let upper = path(
        "upper.hcl",
        r#"pid_file = ""
        log_file { path = "" }
        consul { address = "" token = "" namespace = "" ssl { ca_path = "" } }"#,
    );
    let files = ["--config", &lower, "--config", &upper];
    let both = config(&files, &[]);
    assert_eq!(
        both.consul.client.servers[0].as_str(),
        "http://127.0.0.1:8500/"
    );
    assert!(both.consul.client.token.is_none() && both.consul.client.namespace.is_none());
    assert!(both.pid_file.is_none() && both.log.file.is_none());
    // An empty value of another key of the authorities leaves this one.
    let authorities = both.consul.client.tls.authorities;
    assert_eq!(authorities, Authorities::File("/lower".into()));
    // The environment counts then.
    let variables = [
        ("CONSUL_HTTP_ADDR", "variable:1"),
        ("CONSUL_HTTP_TOKEN", "t"),
    ];
    let with_variables = config(&files, &variables).consul;
    assert_eq!(
        with_variables.client.servers[0].as_str(),
        "http://variable:1/"
    );
    assert!(with_variables.client.token.is_some());
    let flags = ["--config", &lower, "-consul-token=", "-consul-ssl-ca-cert="];
    let with_flags = config(&flags, &[]).consul;
    assert!(with_flags.client.token.is_none());
    assert_eq!(with_flags.client.tls.authorities, Authorities::System);
}
