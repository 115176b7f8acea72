//! The main use case with HAProxy: ctmpl renders its whole configuration and reloads its master
//! process.

use std::net::SocketAddr;

use crate::support::backend::Backend;
use crate::support::catalog::{deregister, passes, register};
use crate::support::consul::Consul;
use crate::support::ctmpl::{Ctmpl, Folder, command, run};
use crate::support::haproxy::Haproxy;
use crate::support::load::Load;
use crate::support::{eventually, free_port, http, installed};

const GO: &str = r#"global
    maxconn 200
    nbthread 1
defaults
    mode http
    timeout connect 5s
    timeout client 10s
    timeout server 10s
frontend web
    bind 127.0.0.1:PORT
    default_backend web
backend web
    balance roundrobin
{{- range service "web"}}
    server {{.ID}} {{.Address}}:{{.Port}}
{{- end}}
"#;

#[test]
fn no_request_is_lost_while_instances_change_under_load() {
    run_under_load("haproxy.ctmpl", GO);
}

#[test]
fn no_request_is_lost_with_the_jinja_template() {
    let jinja = GO
        .replace(
            r#"{{- range service "web"}}"#,
            r#"{% for s in service("web") %}"#,
        )
        .replace(
            "{{.ID}} {{.Address}}:{{.Port}}",
            "{{ s.id }} {{ s.address }}:{{ s.port }}",
        )
        .replace("{{- end}}", "{% endfor %}");
    run_under_load("haproxy.cfg.j2", &jinja);
}

fn run_under_load(source: &str, template: &str) {
    if !installed(&["consul", "haproxy"]) {
        return;
    }
    let (folder, consul) = (Folder::new(), Consul::start());
    let [one, two, three] = ["one", "two", "three"].map(Backend::start);
    let front = SocketAddr::from(([127, 0, 0, 1], free_port()));
    folder.write(source, &template.replace("PORT", &front.port().to_string()));
    register(consul.address(), "web", &one);
    passes(consul.address(), "web", &one);

    // HAProxy needs its file to start, so render it once.
    let address = format!("--consul-addr={}", consul.address());
    let rendered = run([
        &address,
        "-once",
        "-template",
        &folder.template(source, "haproxy.cfg", ""),
    ]);
    assert_eq!(rendered.code(), Some(0), "{}", rendered.log);
    let _haproxy = Haproxy::start(&folder, "haproxy.cfg");
    let ctmpl = Ctmpl::spawn({
        let mut command = command();
        command.arg(address).arg("--template");
        command.arg(folder.template(source, "haproxy.cfg", &Haproxy::reload(&folder)));
        // HAProxy ignores a USR2 that arrives during a reload, for example 50 ms after the first.
        command.args(["--wait=700ms:5s", "--log-level=info"]);
        command
    });
    eventually("haproxy listens", || {
        http::get(front, "/").is_ok_and(|answer| answer.status == 200)
    });

    let load = Load::start(front);
    load.rotates_over(&["one"]);
    register(consul.address(), "web", &two);
    register(consul.address(), "web", &three);
    load.rotates_over(&["one", "two", "three"]);

    two.set_healthy(false);
    load.rotates_over(&["one", "three"]);

    deregister(consul.address(), "one");
    load.rotates_over(&["three"]);

    two.set_healthy(true);
    register(consul.address(), "web", &one);
    load.rotates_over(&["one", "two", "three"]);

    let requests = load.ends_without_a_failure();
    assert!(requests > 100, "too little load: {requests} requests");
    let ended = ctmpl.stop();
    assert!(
        !ended.log.contains("[ERR]") && !ended.log.contains("failed"),
        "{}",
        ended.log
    );
    let log = folder.read("haproxy.log");
    assert!(!log.contains("[ALERT]"), "{log}");
}
