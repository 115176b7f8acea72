//! The configuration of `ctmpl dev`.

use super::*;

#[test]
fn dev_ignores_the_environment() {
    let environment = [
        ("CONSUL_HTTP_ADDR", "ftp://s"),
        ("CONSUL_CACERT", "/no/such"),
        ("CONSUL_HTTP_TOKEN", "t"),
        ("CONSUL_HTTP_SSL", "true"),
        ("CONSUL_HTTP_AUTH", "u:p"),
        ("CT_LOG", "info"),
    ];
    let dev = loaded(&["dev"], &environment).expect("no template is needed");
    assert!(dev.jobs.is_empty());
    assert_eq!(
        dev.dev
            .as_ref()
            .map(|dev| dev.listen.to_string())
            .as_deref(),
        Some("127.0.0.1:8500")
    );
    assert_eq!(servers(&dev), ["http://127.0.0.1:8500/"]);
    assert!(dev.consul.client.token.is_none() && dev.consul.client.auth.is_none());
    assert_eq!(dev.log.level, LogLevel::Info);
    let dev = loaded(
        &[
            "dev",
            "--listen",
            "0.0.0.0:0",
            "--seed=s.yaml",
            "--template=a:b",
        ],
        &environment,
    )
    .expect("dev");
    assert_eq!(
        dev.dev.as_ref().and_then(|dev| dev.seed.clone()),
        Some("s.yaml".into())
    );
    assert_eq!(dev.jobs.len(), 1);
    let dev = dev.against("0.0.0.0:4711".parse().expect("an address"));
    assert_eq!(servers(&dev), ["http://127.0.0.1:4711/"]);
    let tls = [
        ("CONSUL_HTTP_SSL", "false"),
        ("CONSUL_HTTP_SSL_VERIFY", "true"),
    ];
    assert_eq!(
        exports(&dev),
        [[("CONSUL_HTTP_ADDR", "127.0.0.1:4711")].as_slice(), &tls].concat()
    );
}

#[test]
fn dev_listens_on_the_address_of_the_flag() {
    let cases = [
        ("localhost:0", "127.0.0.1:0"),
        ("127.0.0.2:80", "127.0.0.2:80"),
        ("[::1]:9", "[::1]:9"),
    ];
    assert!(!cases.is_empty());
    for (text, address) in cases {
        let dev = loaded(&["dev", "--listen", text], &[])
            .expect("dev")
            .dev
            .expect("dev");
        assert_eq!(dev.listen.to_string(), address);
    }
    for text in [
        "",
        "8500",
        ":8500",
        "127.0.0.1",
        "localhost",
        "localhost:x",
        "host:1",
    ] {
        let (message, code) = refused(&["dev", "--listen", text], &[]);
        assert!(
            message.contains("cannot use --listen") && message.contains("ADDRESS:PORT"),
            "{message}"
        );
        assert_eq!(code, 13);
    }
}
