//! Tests of unusable files and names.

use super::*;

#[test]
fn an_invalid_server_name_is_refused() {
    for (name, good) in [
        ("server.dc1.consul", true),
        ("10.0.0.1", true),
        ("a b", false),
        ("http://a", false),
    ] {
        let config = TlsConfig {
            verify: false,
            server_name: Some(name.to_owned()),
            ..TlsConfig::DEFAULT
        };
        assert_eq!(Tls::new(&config).is_ok(), good, "{name}");
    }
}

#[test]
#[expect(clippy::too_many_lines, reason = "a table of cases")]
fn the_content_of_a_file_is_not_shown() {
    let directory = tempfile::tempdir().unwrap();
    let file = |name: &str, text: &str| {
        let path = directory.path().join(name);
        std::fs::write(&path, text).unwrap();
        path
    };
    let encrypted =
        "-----BEGIN ENCRYPTED PRIVATE KEY-----\nczNjcmV0\n-----END ENCRYPTED PRIVATE KEY-----\n";
    let broken = "-----BEGIN CERTIFICATE-----\ns3cret!!\n-----END CERTIFICATE-----\n";
    let certificate = "-----BEGIN CERTIFICATE-----\nczNjcmV0\n-----END CERTIFICATE-----\n";
    let identity = |certificate, key| Some(Identity { certificate, key });
    let cases = [
        (
            Authorities::File(file("broken", broken)),
            None,
            "holds a certificate that cannot be used",
        ),
        (
            Authorities::Text(certificate.to_owned()),
            None,
            "ca_cert_bytes holds a certificate that cannot be used",
        ),
        (
            Authorities::Text("s3cret".to_owned()),
            None,
            "there is no certificate in the configured ca_cert_bytes",
        ),
        (
            Authorities::Directory(directory.path().join("none")),
            None,
            "cannot read the directory of authorities",
        ),
        (
            Authorities::System,
            identity(file("c", certificate), file("k", encrypted)),
            "is encrypted; store it",
        ),
        (
            Authorities::System,
            identity(file("c", certificate), file("l", "s3cret")),
            "there is no private key in",
        ),
        (
            Authorities::System,
            identity(file("d", "s3cret"), file("l", "s3cret")),
            "there is no certificate in",
        ),
    ];
    for (authorities, identity, expected) in cases {
        let verify = identity.is_none();
        let error = Tls::new(&TlsConfig {
            verify,
            authorities,
            identity,
            server_name: None,
        })
        .unwrap_err();
        assert!(error.to_string().contains(expected), "{error}");
        assert!(
            !format!("{error} {error:?}").contains("s3cret"),
            "{error:?}"
        );
    }
}
