//! TLS to Consul.

use super::consul::exports;
use super::*;
use http_client::{Authorities, Identity, TlsConfig};

#[test]
fn any_tls_flag_turns_tls_on() {
    let scheme = |words: &[&str], variables: Variables<'_>| {
        config(&[words, &["-consul-addr=http://a:1"]].concat(), variables)
            .consul
            .client
            .servers[0]
            .scheme()
            .to_owned()
    };
    let cases: &[(&[&str], Variables<'_>, &str)] = &[
        (&[], &[], "http"),
        (&["-consul-ssl"], &[], "https"),
        (&["-consul-ssl=false", "-consul-ssl-ca-cert=c"], &[], "http"),
        (&["-consul-ssl-ca-cert=c"], &[], "https"),
        (&["-consul-ssl-ca-cert="], &[], "http"),
        (&["-consul-ssl-ca-path=c"], &[], "https"),
        (&["-consul-ssl-cert=c"], &[], "https"),
        (&["-consul-ssl-server-name=c"], &[], "https"),
        (&["-consul-ssl-verify=false"], &[], "https"),
        (&["-consul-ssl-verify"], &[], "https"),
        (
            &["-consul-ssl-verify"],
            &[("CONSUL_HTTP_SSL", "false")],
            "https",
        ),
        (
            &["-consul-ssl=false"],
            &[("CONSUL_HTTP_SSL", "true")],
            "http",
        ),
        (&[], &[("CONSUL_HTTP_SSL", "true")], "https"),
        (
            &[],
            &[("CONSUL_CACERT", "c"), ("CONSUL_HTTP_SSL_VERIFY", "false")],
            "http",
        ),
    ];
    for (words, variables, expected) in cases {
        assert_eq!(
            scheme(words, variables),
            *expected,
            "{words:?} {variables:?}"
        );
    }
}

#[test]
fn trust_and_identity_are_those_of_the_highest_layer() {
    let variables: Variables<'_> = &[
        ("CONSUL_CACERT", "/env/ca"),
        ("CONSUL_CLIENT_CERT", "/env/cert"),
        ("CONSUL_CLIENT_KEY", "/env/key"),
        ("CONSUL_TLS_SERVER_NAME", "env.name"),
        ("CONSUL_HTTP_SSL_VERIFY", "false"),
    ];
    let identity = |certificate: &str, key: &str| {
        Some(Identity {
            certificate: certificate.into(),
            key: key.into(),
        })
    };
    assert_eq!(config(&[], &[]).consul.client.tls, TlsConfig::DEFAULT);
    let environment = TlsConfig {
        verify: false,
        authorities: Authorities::File("/env/ca".into()),
        identity: identity("/env/cert", "/env/key"),
        server_name: Some("env.name".to_owned()),
    };
    assert_eq!(config(&[], variables).consul.client.tls, environment);
    let flags = [
        "-consul-ssl-ca-path=/flag/ca.d",
        "-consul-ssl-cert=/flag/both",
        "-consul-ssl-server-name=flag.name",
        "-consul-ssl-verify",
    ];
    let config = config(&flags, variables);
    let expected = TlsConfig {
        verify: true,
        authorities: Authorities::Directory("/flag/ca.d".into()),
        identity: identity("/flag/both", "/flag/both"),
        server_name: Some("flag.name".to_owned()),
    };
    assert_eq!(config.consul.client.tls, expected);
    let told = [
        ("CONSUL_HTTP_SSL", "true"),
        ("CONSUL_HTTP_SSL_VERIFY", "true"),
        ("CONSUL_CAPATH", "/flag/ca.d"),
        ("CONSUL_CACERT", ""),
        ("CONSUL_CLIENT_CERT", "/flag/both"),
        ("CONSUL_CLIENT_KEY", "/flag/both"),
        ("CONSUL_TLS_SERVER_NAME", "flag.name"),
    ];
    assert_eq!(exports(&config), told);
}
