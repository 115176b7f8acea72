//! The service mesh of a real Consul: instances and proxies, the trusted roots, and the certificate of a service.

use std::net::SocketAddr;

use crate::support::consul::Consul;
use crate::support::ctmpl::{Ctmpl, Folder, run};
use crate::support::{eventually, http, installed};

fn write(consul: SocketAddr, target: &str, body: &str) {
    let answer = http::request(consul, "PUT", target, body).unwrap();
    assert_eq!(answer.status, 200, "{target}: {}", answer.body);
}

const GO: &str = r#"{{ range connect "web" }}{{ .Name }} {{ .Port }}
{{ end }}{{ range caRoots }}{{ if .Active }}{{ .ID }}
{{ .RootCertPEM }}{{ end }}{{ end }}{{ with caLeaf "web" }}{{ .Service }} {{ .ServiceURI }}
{{ .CertPEM }}{{ .PrivateKeyPEM }}{{ end }}"#;

const JINJA: &str = r#"{% for s in connect("web") %}
{{ s.name }} {{ s.port }}
{% endfor %}
{% for root in ca_roots() if root.active %}
{{ root.id }}
{{ root.root_cert_pem }}{% endfor %}
{% set leaf = ca_leaf("web") %}
{{ leaf.service }} {{ leaf.service_uri }}
{{ leaf.cert_pem }}{{ leaf.private_key_pem }}"#;

/// The key of a new root certificate, created for this test.
const NEW_KEY: [&str; 3] = [
    "MHcCAQEEIEnCtZNN7qfe+G1Sl31s9r+er0tVUttdhPMjBn1dLZ8qoAoGCCqGSM49",
    "AwEHoUQDQgAE0/sB6zKaOFEtHP9OsEbuKzadzlzU29Ub60kYQqAAFJ1fW6lhHdos",
    "YLpfWwmA91+5iFajEgi75U4FEEgBmPRoCw==",
];

/// Returns the active root certificate.
fn active_root(consul: SocketAddr) -> String {
    let body = http::get(consul, "/v1/agent/connect/ca/roots")
        .unwrap()
        .body;
    let roots: serde_json::Value = serde_json::from_str(&body).unwrap();
    roots["ActiveRootID"].as_str().unwrap().to_owned()
}

#[test]
fn the_mesh_is_followed_in_both_languages_and_no_key_is_logged() {
    if !installed(&["consul"]) {
        return;
    }
    let (folder, consul) = (Folder::new(), Consul::start());
    folder.write("mesh.ctmpl", GO);
    folder.write("mesh.j2", JINJA);
    let [go, jinja] = [("mesh.ctmpl", "go"), ("mesh.j2", "jinja")]
        .map(|(from, to)| folder.template(from, to, ""));
    let ctmpl = Ctmpl::start(consul.address(), ["-template", &go, "-template", &jinja]);
    let key = |text: &str| {
        text.contains("-----BEGIN EC PRIVATE KEY-----\n") && text.ends_with("PRIVATE KEY-----\n")
    };
    let first = folder.eventually("go", "whole", |text| {
        text.starts_with(&active_root(consul.address())) && key(text)
    });
    assert!(
        first.contains("web spiffe://")
            && first.contains("/svc/web\n-----BEGIN CERTIFICATE-----\n"),
        "{first}"
    );

    // A service that is Connect-native, and a proxy of it.
    let native = r#"{"Name":"web","Port":80,"Connect":{"Native":true}}"#;
    write(consul.address(), "/v1/agent/service/register", native);
    folder.eventually("go", "with the service", |text| {
        text.starts_with("web 80\n")
    });
    let proxy = r#"{"Name":"web-proxy","Kind":"connect-proxy","Port":20000,"Proxy":{"DestinationServiceName":"web"}}"#;
    write(consul.address(), "/v1/agent/service/register", proxy);
    folder.eventually("go", "with the proxy", |text| {
        text.starts_with("web 80\nweb-proxy 20000\n")
    });

    // A new root is trusted at once. Consul takes up to half a minute until it signs certificates
    // with it.
    let before = active_root(consul.address());
    let key = format!(
        "-----BEGIN EC PRIVATE KEY-----\n{}\n-----END EC PRIVATE KEY-----\n",
        NEW_KEY.join("\n")
    );
    let configuration = serde_json::json!({"Provider": "consul", "Config": {"PrivateKey": key}});
    write(
        consul.address(),
        "/v1/connect/ca/configuration",
        &configuration.to_string(),
    );
    eventually("another root signs", || {
        active_root(consul.address()) != before
    });
    let root = format!("\n{}\n", active_root(consul.address()));
    folder.eventually("go", "with the new root", |text| text.contains(&root));
    folder.eventually("jinja", "the same in Jinja", |text| {
        text == folder.read("go")
    });

    let log = ctmpl.stop().log;
    assert!(
        log.contains("connect.caleaf(web) has a new answer"),
        "{log}"
    );
    let secret = first.lines().rev().nth(1).unwrap();
    assert!(
        secret.len() > 20 && !log.contains(secret),
        "a private key is in the log"
    );
}

#[test]
fn a_disabled_mesh_ends_a_run_that_renders_once_with_the_reason() {
    if !installed(&["consul"]) {
        return;
    }
    let (folder, consul) = (
        Folder::new(),
        Consul::start_with("s1", &["-hcl", "connect { enabled = false }"]),
    );
    folder.write("in", "{{ range caRoots }}{{ .ID }}{{ end }}");
    let address = format!("--consul-addr={}", consul.address());
    let ended = run([
        &address,
        "-once",
        "-template",
        &folder.template("in", "out", ""),
    ]);
    assert_eq!(ended.code(), Some(14), "{}", ended.log);
    let reason = "in:1: connect.caroots: Consul at";
    let text = "answered 500: Connect must be enabled in order to use this endpoint";
    assert!(
        ended.log.contains(reason) && ended.log.contains(text),
        "{}",
        ended.log
    );
}

#[test]
fn endpoints_that_this_consul_does_not_have_are_reported() {
    if !installed(&["consul"]) {
        return;
    }
    let (folder, consul) = (Folder::new(), Consul::start());
    let address = format!("--consul-addr={}", consul.address());
    for (function, question, needed) in [
        ("partitions", "list.partitions", "Consul Enterprise 1.11"),
        ("peerings", "list.peerings", "Consul 1.13"),
        (
            "exportedServices",
            "list.exportedServices()",
            "Consul 1.17.3",
        ),
    ] {
        folder.write(
            "in",
            &format!("\n{{{{ range {function} }}}}{{{{ .Name }}}}{{{{ end }}}}"),
        );
        let ended = run([
            &address,
            "-once",
            "-template",
            &folder.template("in", "out", ""),
        ]);
        assert_eq!(ended.code(), Some(14), "{}", ended.log);
        for text in [&format!("in:2: {question}: "), needed] {
            assert!(ended.log.contains(text), "{text}: {}", ended.log);
        }
    }
}
