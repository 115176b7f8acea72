//! Options of `service` and `connect` that choose instances, in templates rendered by the real
//! binary.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::time::{Duration, Instant};

use crate::support::catalog::deregister;
use crate::support::consul::Consul;
use crate::support::ctmpl::{Ctmpl, Folder, run};
use crate::support::{http, installed};
use consul_dev::{Background, Seed, Service, Status};

fn web(id: &str, port: u16) -> Service {
    Service::new("web")
        .id(id)
        .node(&format!("n-{id}"))
        .address("10.0.0.1")
        .port(port)
        .status(Status::Passing)
}

/// Starts ctmpl with both templates, which write to `go` and `jinja`.
fn start(folder: &Folder, consul: &Background, go: &str, jinja: &str) -> Ctmpl {
    folder.write(
        "in",
        &format!("{{{{ range {go} }}}}{{{{ .ID }}}} {{{{ end }}}}"),
    );
    folder.write(
        "in.j2",
        &format!("{{% for s in {jinja} %}}{{{{ s.id }}}} {{% endfor %}}"),
    );
    let templates = [
        folder.template("in", "go", ""),
        folder.template("in.j2", "jinja", ""),
    ];
    Ctmpl::start(
        consul.address(),
        ["-template", &templates[0], "-template", &templates[1]],
    )
}

fn both_become(folder: &Folder, text: &str) {
    folder.becomes("go", text);
    folder.becomes("jinja", text);
}

#[test]
fn an_instance_is_used_after_passing_long_enough() {
    let consul = crate::support::embedded(Seed::default().service(web("a", 80)));
    let folder = Folder::new();
    let begun = Instant::now();
    let ctmpl = start(
        &folder,
        &consul,
        r#"service "web" "passing_for=1500ms""#,
        r#"service("web", passing_for="1500ms")"#,
    );
    both_become(&folder, "a ");
    assert!(
        begun.elapsed() < Duration::from_millis(1500),
        "who is there at the start is taken at once"
    );

    let came = Instant::now();
    consul.register(web("b", 81));
    both_become(&folder, "a b ");
    assert!(
        came.elapsed() >= Duration::from_millis(1500),
        "{:?}",
        came.elapsed()
    );
    consul.set_check("service:b", "critical");
    both_become(&folder, "a ");
    assert_eq!(
        ctmpl.log_count("is polled server=0 index=0"),
        1,
        "both templates share one question"
    );
}

#[test]
fn an_instance_that_registers_before_its_check_does_changes_no_file() {
    let consul = crate::support::embedded(Seed::default().service(web("a", 80)));
    let folder = Folder::new();
    let ctmpl = start(
        &folder,
        &consul,
        r#"service "web" "passing_for=1s""#,
        r#"service("web", passing_for="1s")"#,
    );
    both_become(&folder, "a ");
    let inode = |name| fs::metadata(folder.path(name)).unwrap().ino();
    let before = inode("go");
    // The instance passes without a check. Then its check is registered, and is critical until its
    // first run.
    for _ in 0..3 {
        consul.register(
            Service::new("web")
                .id("b")
                .node("n-b")
                .address("10.0.0.2")
                .port(81),
        );
        std::thread::sleep(Duration::from_millis(100));
        consul.register(web("b", 81).status(Status::Critical));
        std::thread::sleep(Duration::from_millis(100));
        consul.deregister("b");
    }
    folder.stays("go", "a ", Duration::from_millis(1500));
    assert_eq!((inode("go"), ctmpl.log_count("is written to")), (before, 2));
}

#[test]
fn options_of_a_service_share_one_query() {
    let seed = Seed::default()
        .service(web("a", 80).tag("blue").tag("v1"))
        .service(web("b", 80).tag("blue"))
        .service(web("c", 0).tag("v1"));
    let (consul, folder) = (crate::support::embedded(seed), Folder::new());
    folder.write(
        "in",
        "{{ range service \"web\" }}{{ .ID }}{{ end }} {{ range service \"web\" \"tag=blue,v1\" }}{{ .ID }}{{ end }} \
         {{ range service \"web\" \"unique=addr:port\" }}{{ .ID }}{{ end }} \
         {{ range service \"web\" \"require_port=true\" }}{{ .ID }}{{ end }}",
    );
    let ctmpl = Ctmpl::start(
        consul.address(),
        ["-template", &folder.template("in", "out", "")],
    );
    folder.becomes("out", "abc a ac ab");
    assert_eq!(ctmpl.log_count("is polled server=0 index=0"), 1);
}

#[test]
fn an_unknown_option_is_reported_with_its_position() {
    let (consul, folder) = (crate::support::embedded(Seed::default()), Folder::new());
    let address = format!("--consul-addr={}", consul.address());
    for (name, text, said) in [
        (
            "in",
            "\n{{ range service \"web\" \"uniqe=addr:port\" }}{{ end }}",
            "in:2:10: error calling service: ",
        ),
        (
            "in.j2",
            "\n{% for s in service('web', uniqe='addr:port') %}{% endfor %}",
            "in.j2:2:13: service: ",
        ),
    ] {
        folder.write(name, text);
        let ended = run([
            &address,
            "-once",
            "-template",
            &folder.template(name, "out", ""),
        ]);
        assert_eq!(ended.code(), Some(14), "{}", ended.log);
        assert!(ended.log.contains(said), "{said}: {}", ended.log);
        assert!(
            ended
                .log
                .contains(r#"unknown option "uniqe"; did you mean "unique"?"#),
            "{}",
            ended.log
        );
    }
}

#[test]
fn sorting_by_distance_is_requested_from_consul() {
    if !installed(&["consul"]) {
        return;
    }
    let (consul, folder) = (Consul::start(), Folder::new());
    for id in ["b", "a"] {
        let body = format!(r#"{{"Name":"web","ID":"{id}","Port":80}}"#);
        let answer =
            http::request(consul.address(), "PUT", "/v1/agent/service/register", &body).unwrap();
        assert_eq!(answer.status, 200, "{}", answer.body);
    }
    folder.write(
        "in.j2",
        "{% for s in service('web', sort='near') %}{{ s.id }}{% endfor %}",
    );
    let ctmpl = Ctmpl::start(
        consul.address(),
        ["-template", &folder.template("in.j2", "out", "")],
    );
    folder.becomes("out", "ab");
    assert!(
        ctmpl.log_count("health.service(web~_agent|passing) is polled") > 0,
        "{}",
        ctmpl.log()
    );
    deregister(consul.address(), "a");
    folder.becomes("out", "b");
}

#[test]
fn the_embedded_server_finds_the_proxies_of_a_service() {
    let (folder, seed) = (
        Folder::new(),
        "services:\n  - {name: web, port: 80}\n  - {name: sidecar, port: 20000, proxy_of: web}\n",
    );
    let seed = folder.write("seed.yaml", seed);
    folder.write(
        "in",
        r#"{{ range connect "web" }}{{ .Name }}:{{ .Port }}{{ end }}"#,
    );
    folder.write(
        "in.j2",
        "{% for s in connect('web', require_port=true) %}{{ s.name }}:{{ s.port }}{% endfor %}",
    );
    let templates = [
        folder.template("in", "go", ""),
        folder.template("in.j2", "jinja", ""),
    ];
    let ended = run([
        "dev",
        "--listen",
        "127.0.0.1:0",
        "--seed",
        seed.to_str().unwrap(),
        "-once",
    ]
    .into_iter()
    .chain(
        templates
            .iter()
            .flat_map(|template| ["-template", template.as_str()]),
    ));
    assert_eq!(ended.code(), Some(0), "{}", ended.log);
    both_become(&folder, "sidecar:20000");
}
