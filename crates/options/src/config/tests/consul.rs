//! How Consul is reached, what commands are told about it, and that no secret is seen.

mod dev;

use std::io::Write as _;

use secrecy::ExposeSecret;
use tempfile::NamedTempFile;

use super::*;
use http_client::Authorities;

fn servers(config: &Config) -> Vec<&str> {
    let servers = config.consul.client.servers.iter();
    servers.map(url::Url::as_str).collect()
}

fn token(config: &Config) -> Option<&str> {
    config
        .consul
        .client
        .token
        .as_ref()
        .map(ExposeSecret::expose_secret)
}

pub(super) fn exports(config: &Config) -> Vec<(&str, &str)> {
    config
        .consul
        .exports
        .iter()
        .map(|(name, value)| (name.as_str(), value.expose_secret()))
        .collect()
}

fn token_file(text: &str) -> NamedTempFile {
    let mut file = NamedTempFile::new().expect("a file");
    file.write_all(text.as_bytes()).expect("written");
    file
}

fn path(file: &NamedTempFile) -> &str {
    file.path().to_str().expect("UTF-8")
}

#[test]
fn the_address_is_the_flags_or_the_environments() {
    let environment = [("CONSUL_HTTP_ADDR", " env:1,env:2 ")];
    assert_eq!(
        servers(&config(&[], &environment)),
        ["http://env:1/", "http://env:2/"]
    );
    assert_eq!(
        servers(&config(&["-consul-addr=flag:1,https://b/p"], &environment)),
        ["http://flag:1/", "https://b/p"]
    );
    assert_eq!(
        servers(&config(&["-consul-addr="], &environment)),
        ["http://env:1/", "http://env:2/"]
    );
    assert_eq!(
        servers(&config(&[], &[("CONSUL_HTTP_ADDR", "")])),
        ["http://127.0.0.1:8500/"]
    );
}

#[test]
fn tls_of_the_environment_applies_to_every_address() {
    for yes in ["1", "true", "T"] {
        let config = config(
            &["-consul-addr=a:1,http://b:2"],
            &[("CONSUL_HTTP_SSL", yes)],
        );
        assert_eq!(servers(&config), ["https://a:1/", "https://b:2/"]);
    }
    assert_eq!(
        servers(&config(
            &["-consul-addr=https://a:1"],
            &[("CONSUL_HTTP_SSL", "0")]
        )),
        ["https://a:1/"]
    );
}

#[test]
fn the_token_is_that_of_the_highest_layer() {
    let file = token_file(" from-file\n");
    let all = [
        ("CONSUL_TOKEN", "one"),
        ("CONSUL_HTTP_TOKEN", "two"),
        ("CONSUL_HTTP_TOKEN_FILE", path(&file)),
    ];
    assert_eq!(token(&config(&[], &[])), None);
    assert_eq!(token(&config(&[], &all[1..2])), Some("two"));
    assert_eq!(token(&config(&[], &all[..2])), Some("one"));
    assert_eq!(
        token(&config(&[], &all)),
        Some("from-file"),
        "a file beats a token of the same layer"
    );
    assert_eq!(token(&config(&["-consul-token=flag"], &all)), Some("flag"));
    assert_eq!(token(&config(&["-consul-token="], &all[..2])), Some("one"));
    let other = token_file("other");
    let both = [
        ("CONSUL_TOKEN_FILE", path(&other)),
        ("CONSUL_HTTP_TOKEN_FILE", path(&file)),
    ];
    assert_eq!(token(&config(&[], &both)), Some("other"));
    let empty = token_file("\n");
    let (text, code) = refused(&["-template=a:b"], &[("CONSUL_TOKEN_FILE", path(&empty))]);
    assert!(text.contains("the token file is empty"), "{text}");
    assert_eq!(code, 15);
}

#[test]
fn user_and_password_are_split_at_the_first_colon() {
    let auth = |words: &[&str], variables: &[(&str, &str)]| {
        let auth = config(words, variables).consul.client.auth?;
        Some((auth.username, auth.password.expose_secret().to_owned()))
    };
    let pair = |user: &str, password: &str| Some((user.to_owned(), password.to_owned()));
    assert_eq!(auth(&["-consul-auth=u"], &[]), pair("u", ""));
    assert_eq!(auth(&["-consul-auth=u:p:q"], &[]), pair("u", "p:q"));
    assert_eq!(auth(&[], &[("CONSUL_HTTP_AUTH", "e:f")]), pair("e", "f"));
    assert_eq!(
        auth(&["-consul-auth=u"], &[("CONSUL_HTTP_AUTH", "e:f")]),
        pair("u", ""),
        "the flag says all of it"
    );
    assert_eq!(auth(&["-consul-auth=:"], &[]), None);
    let mut flags = Flags::default();
    flags.set("--consul-auth", vec!["u".into()]);
    let variables = Environment::from_iter([("CONSUL_HTTP_AUTH", "e:f")]);
    let of_command = consul(&flags, &variables).expect("a connection");
    assert_eq!(
        of_command
            .client
            .auth
            .expect("a user")
            .password
            .expose_secret(),
        ""
    );
    // The password need not be on the command line.
    let file = token_file("consul { auth { username = \"v\" password = \"p\" } }");
    let file = format!("-config={}", path(&file));
    assert_eq!(auth(&[&file, "-consul-auth=u"], &[]), pair("u", "p"));
    assert_eq!(auth(&[&file, "-consul-auth=u:"], &[]), pair("u", ""));
    assert_eq!(auth(&[], &[("CONSUL_HTTP_AUTH", "")]), None);
}

#[test]
fn namespace_and_partition_have_their_place() {
    let config = config(&[], &[("CONSUL_NAMESPACE", "n"), ("CONSUL_PARTITION", "p")]);
    assert_eq!(
        (
            config.consul.client.namespace.as_deref(),
            config.consul.client.partition.as_deref()
        ),
        (Some("n"), Some("p"))
    );
}

#[test]
fn commands_get_variables_for_the_connection() {
    let tls = [
        ("CONSUL_HTTP_SSL", "false"),
        ("CONSUL_HTTP_SSL_VERIFY", "true"),
    ];
    assert_eq!(exports(&config(&[], &[])), tls);
    let all = config(
        &["-consul-addr=a:1,b:2", "-consul-token=t", "-consul-auth=u"],
        &[],
    );
    let said = [
        ("CONSUL_HTTP_ADDR", "a:1"),
        ("CONSUL_HTTP_AUTH", "u:"),
        ("CONSUL_HTTP_TOKEN", "t"),
    ];
    assert_eq!(exports(&all), [said.as_slice(), &tls].concat());
    assert!(
        exports(&config(&["-consul-addr=https://a"], &[])).contains(&("CONSUL_HTTP_SSL", "true"))
    );
}

#[test]
fn commands_keep_the_variables_of_the_environment() {
    let ssl = [
        ("CONSUL_HTTP_SSL", "true"),
        ("CONSUL_HTTP_SSL_VERIFY", "false"),
    ];
    assert_eq!(exports(&config(&[], &ssl)), []);
    let file = token_file("t");
    let environment = [("CONSUL_HTTP_TOKEN_FILE", path(&file)), ssl[0], ssl[1]];
    let from_file = config(&[], &environment);
    assert_eq!(
        exports(&from_file),
        [("CONSUL_HTTP_TOKEN_FILE", path(&file))]
    );
    let flag = config(&["-consul-token=f"], &environment);
    assert_eq!(
        exports(&flag),
        [("CONSUL_HTTP_TOKEN", "f"), ("CONSUL_HTTP_TOKEN_FILE", "")]
    );
}

#[test]
fn no_secret_is_shown() {
    let file = token_file("s3cret-file");
    let environment = [
        ("CONSUL_HTTP_AUTH", "u:s3cret"),
        ("CONSUL_TOKEN", "s3cret"),
        ("CONSUL_HTTP_TOKEN_FILE", path(&file)),
    ];
    let variables: Environment = environment.iter().copied().collect();
    let layer = ConfigLayer::from_inputs(&variables).expect("a layer");
    let flags: &[&str] = &["-consul-token=s3cret", "-consul-auth=u:s3cret"];
    for shown in [
        format!("{layer:#?}"),
        format!(
            "{:#?}",
            environment.iter().copied().collect::<Environment>()
        ),
        format!("{:#?}", config(&[], &environment)),
        format!("{:#?}", config(flags, &environment)),
    ] {
        assert!(
            shown.contains("CONSUL_") || shown.contains("consul"),
            "{shown}"
        );
        assert!(!shown.contains("s3cret"), "{shown}");
    }
    let bad = token_file("s3cret with blanks");
    let cases: &[(&[&str], Variables<'_>)] = &[
        (&["-consul-token=s3cret\u{e4}"], &[]),
        (&["-consul-addr=http://u:s3cret@h:1"], &[]),
        (&[], &[("CONSUL_HTTP_ADDR", "https://s3cret@h:1")]),
        (&[], &[("CONSUL_HTTP_TOKEN", "s3cret s3cret")]),
        (&[], &[("CONSUL_TOKEN_FILE", path(&bad))]),
    ];
    assert!(!cases.is_empty());
    for (words, variables) in cases {
        let error = loaded(&[words, &["-template=a:b"] as &[&str]].concat(), variables)
            .expect_err("refused");
        assert!(
            !format!("{} {error:?}", chain(&error)).contains("s3cret"),
            "{error:?}"
        );
    }
}

#[test]
fn a_block_of_a_file_sets_the_same_as_flags() {
    let layer = file::read_text(
        "a.json",
        r#"{"template": [{"source": "a", "destination": "b"}], "consul": {"address": "h:1", "namespace": "n",
            "token_file": "", "ssl": {"ca_cert_bytes": "pem", "ca_path": "/d", "key": ""}}}"#,
    )
    .expect("a layer");
    let config = resolve::resolve(layer, None, &Environment::default()).expect("a configuration");
    assert_eq!(servers(&config), ["https://h:1/"]);
    assert_eq!(
        config.consul.client.tls.authorities,
        Authorities::Text("pem".to_owned())
    );
    assert_eq!(
        (
            config.consul.client.tls.identity,
            config.consul.client.namespace.as_deref()
        ),
        (None, Some("n"))
    );
}

#[test]
fn flags_name_the_token_file_the_namespace_and_the_partition() {
    let file = token_file("from-file");
    let flag = format!("-consul-token-file={}", path(&file));
    let config = config(
        &[&flag, "-consul-namespace=n", "-consul-partition=p"],
        &[("CONSUL_HTTP_TOKEN", "t")],
    );
    assert_eq!(token(&config), Some("from-file"));
    assert_eq!(config.consul.token_file.as_deref(), Some(file.path()));
    assert_eq!(
        (
            config.consul.client.namespace.as_deref(),
            config.consul.client.partition.as_deref()
        ),
        (Some("n"), Some("p"))
    );
    let told = [
        ("CONSUL_HTTP_TOKEN_FILE", path(&file)),
        ("CONSUL_NAMESPACE", "n"),
        ("CONSUL_PARTITION", "p"),
    ];
    assert!(
        told.iter().all(|pair| exports(&config).contains(pair)),
        "{:?}",
        exports(&config)
    );
}
