//! Several datacenters, of which one does not answer: with the real binary, in both languages.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use crate::support::consul::Consul;
use crate::support::ctmpl::{Ctmpl, Ended, Folder, command, run_command};
use crate::support::{embedded, eventually, http, installed};
use consul_dev::{Background, Fault, Seed, SeedDatacenter, Service, Status};

/// A loop over all datacenters.
const GO: &str = r#"{{ range datacenters }}{{ . }}:{{ range service (printf "web@%s" .) }} {{ .Address }}:{{ .Port }}{{ end }}
{{ end }}"#;
const JINJA: &str = "{% for dc in datacenters() %}\n{{ dc }}:{% for s in service('web', dc=dc) %} {{ s.address }}:{{ s.port }}{% endfor %}\n\n{% endfor %}\n";

fn web(port: u16) -> Service {
    Service::new("web")
        .address("10.0.0.1")
        .port(port)
        .status(Status::Passing)
}

/// Three datacenters with one instance each: `dc1`, `eu` and `us`.
fn consul() -> Background {
    let other = |port| SeedDatacenter {
        services: vec![web(port)],
        ..SeedDatacenter::default()
    };
    let seed = Seed::default().service(web(80));
    embedded(seed.datacenter("eu", other(81)).datacenter("us", other(82)))
}

/// Starts ctmpl with both templates, which write to `go` and `jinja`.
fn start(folder: &Folder, consul: &SocketAddr, go: &str, jinja: &str) -> Ctmpl {
    folder.write("in", go);
    folder.write("in.j2", jinja);
    let templates = [
        folder.template("in", "go", ""),
        folder.template("in.j2", "jinja", ""),
    ];
    Ctmpl::start(
        consul,
        ["-template", &templates[0], "-template", &templates[1]],
    )
}

fn both_become(folder: &Folder, text: &str) {
    folder.becomes("go", text);
    folder.becomes("jinja", text);
}

const ALL: &str = "dc1: 10.0.0.1:80\neu: 10.0.0.1:81\nus: 10.0.0.1:82\n";
const WITHOUT_EU: &str = "dc1: 10.0.0.1:80\neu:\nus: 10.0.0.1:82\n";

#[test]
fn a_datacenter_that_is_dead_from_the_start_is_left_out_until_it_answers() {
    let (folder, consul) = (Folder::new(), consul());
    consul.faults().lose_datacenter("eu");
    let ctmpl = start(&folder, &consul.address(), GO, JINJA);
    both_become(&folder, WITHOUT_EU);
    ctmpl.logs("in:1: health.service(web@eu|passing): ");
    ctmpl.logs("answered 500: No path to datacenter; the template continues without it");
    consul.faults().regain_datacenter("eu");
    both_become(&folder, ALL);
}

#[test]
fn a_datacenter_that_dies_keeps_its_last_instances_and_delays_no_other() {
    let (folder, consul) = (Folder::new(), consul());
    let ctmpl = start(&folder, &consul.address(), GO, JINJA);
    both_become(&folder, ALL);
    consul.faults().lose_datacenter("eu");
    ctmpl.logs("the last answer stays in use");
    consul.register(web(90));
    let moved = ALL.replace(":80", ":90");
    both_become(&folder, &moved);
    folder.stays("go", &moved, Duration::from_millis(300));
    consul.faults().regain_datacenter("eu");
    ctmpl.logs("health.service(web@eu|passing) is answered again");
}

/// Consul waits for a datacenter behind a connection that passes nothing on, and so does a request of ctmpl.
#[test]
fn a_datacenter_that_gives_no_answer_delays_the_first_file_by_two_seconds() {
    let (folder, consul) = (Folder::new(), consul());
    let rule = consul.faults().inject_in_datacenter("eu", Fault::BlackHole);
    let begun = Instant::now();
    let ctmpl = start(&folder, &consul.address(), GO, JINJA);
    both_become(&folder, WITHOUT_EU);
    let took = begun.elapsed();
    assert!(took < Duration::from_secs(4), "{took:?}");
    ctmpl.logs(
        "datacenter eu does not answer: no answer for 2 s; the template continues without it",
    );
    consul.register(web(90));
    both_become(&folder, &WITHOUT_EU.replace(":80", ":90"));
    assert_eq!(
        ctmpl.log_count("the files stay as they are"),
        0,
        "{}",
        ctmpl.log()
    );
    consul.faults().lift(rule);
    // The swallowed request ends.
    consul.faults().cut_connections();
    both_become(&folder, &ALL.replace(":80", ":90"));
}

#[test]
fn a_datacenter_without_a_leader_is_no_outage_of_consul() {
    let (folder, consul) = (Folder::new(), consul());
    let ctmpl = start(&folder, &consul.address(), GO, JINJA);
    both_become(&folder, ALL);
    let error = Fault::Status(500, "rpc error making call: No cluster leader".into());
    let rule = consul.faults().inject_in_datacenter("eu", error);
    consul.faults().cut_connections();
    ctmpl.logs("datacenter eu does not answer: Consul at ");
    ctmpl.logs("No cluster leader; the last answer stays in use");
    consul.register(web(90));
    both_become(&folder, &ALL.replace(":80", ":90"));
    consul.faults().lift(rule);
    ctmpl.logs("health.service(web@eu|passing) is answered again");
    let log = ctmpl.log();
    assert!(
        !log.contains("No cluster leader; the files stay as they are"),
        "{log}"
    );
}

#[test]
fn a_list_without_any_answer_writes_no_file() {
    let (folder, consul) = (Folder::new(), consul());
    for datacenter in ["dc1", "eu", "us"] {
        consul.faults().lose_datacenter(datacenter);
    }
    let ctmpl = start(&folder, &consul.address(), GO, JINJA);
    ctmpl.logs("No path to datacenter");
    std::thread::sleep(Duration::from_millis(500));
    assert!(!folder.path("go").exists() && !folder.path("jinja").exists());
    consul.faults().regain_datacenter("us");
    both_become(&folder, "dc1:\neu:\nus: 10.0.0.1:82\n");
}

/// Templates with one call to the datacenter `eu`.
fn calls(options: [&str; 2]) -> [String; 2] {
    let [go, jinja] = options;
    [
        format!("{{{{ range service \"web@eu\" {go} }}}}{{{{ .Port }}}}{{{{ end }}}}."),
        format!("{{% for s in service('web', dc='eu', {jinja}) %}}{{{{ s.port }}}}{{% endfor %}}."),
    ]
}

#[test]
fn each_policy_decides_what_a_call_does() {
    let (folder, consul) = (Folder::new(), consul());
    let [go, jinja] = calls([r#""on_error=empty""#, "on_error='empty'"]);
    let ctmpl = start(&folder, &consul.address(), &go, &jinja);
    both_become(&folder, "81.");
    consul.faults().lose_datacenter("eu");
    both_become(&folder, ".");
    consul.faults().regain_datacenter("eu");
    both_become(&folder, "81.");
    drop(ctmpl);

    let [go, jinja] = calls([
        r#""on_error=stale" "stale_for=300ms""#,
        "on_error='stale', stale_for='300ms'",
    ]);
    let ctmpl = start(&folder, &consul.address(), &go, &jinja);
    both_become(&folder, "81.");
    ctmpl.logs("in renders to");
    consul.faults().lose_datacenter("eu");
    ctmpl.logs("the last answer stays in use");
    ctmpl.logs("it has failed for longer than stale_for");
    folder.stays("go", "81.", Duration::from_millis(100));
    consul.faults().regain_datacenter("eu");
    ctmpl.logs("in: renders again");
    drop(ctmpl);

    let [go, jinja] = calls([r#""on_error=fail""#, "on_error='fail'"]);
    let ctmpl = start(&folder, &consul.address(), &go, &jinja);
    ctmpl.logs("in renders to");
    consul.faults().lose_datacenter("eu");
    ctmpl.logs("health.service(web@eu|passing): Consul at ");
    ctmpl.logs("on_error=fail keeps the last file");
    folder.stays("jinja", "81.", Duration::from_millis(100));
    consul.faults().regain_datacenter("eu");
    ctmpl.logs("in: renders again");
}

/// Runs `-once` with one template, and two retries.
fn once(consul: &Background, folder: &Folder, template: &str) -> Ended {
    folder.write("in", template);
    let mut command = command();
    command
        .arg(format!("--consul-addr={}", consul.address()))
        .args(["-once", "-consul-retry-attempts=2"])
        .args(["-consul-retry-backoff=10ms", "-template"])
        .arg(folder.template("in", "out", ""));
    run_command(command)
}

#[test]
fn once_obeys_the_policies() {
    let (folder, consul) = (Folder::new(), consul());
    consul.faults().lose_datacenter("eu");
    let ended = once(&consul, &folder, GO);
    assert_eq!(ended.code(), Some(0), "{}", ended.log);
    assert_eq!(folder.read("out"), WITHOUT_EU);
    let [go, _] = calls([r#""on_error=empty""#, ""]);
    let ended = once(&consul, &folder, &go);
    assert_eq!(ended.code(), Some(0), "{}", ended.log);
    assert_eq!(folder.read("out"), ".");
    for options in [r#""on_error=fail""#, r#""on_error=stale""#, ""] {
        let [go, _] = calls([options, ""]);
        let ended = once(&consul, &folder, &go);
        let log = ended.log.as_str();
        assert_ne!(ended.code(), Some(0), "{options}: {log}");
        assert!(log.contains("in:1"), "{options}: {log}");
        assert!(log.contains("No path to datacenter"), "{options}: {log}");
        assert_eq!(folder.read("out"), ".", "{options}");
    }
}

#[test]
fn a_real_datacenter_dies_and_returns() {
    if !installed(&["consul"]) {
        return;
    }
    let consul = Consul::start_with("s1", &["-datacenter=dc1"]);
    let [.., wan] = consul.other_ports();
    let join = format!("-retry-join-wan=127.0.0.1:{wan}");
    let arguments = ["-datacenter=eu", "-retry-interval-wan=100ms", &join];
    let mut other = Consul::start_with("s2", &arguments);
    let register = |consul: &Consul, port: u16| {
        let body = format!(r#"{{"Name":"web","Address":"10.0.0.1","Port":{port}}}"#);
        let answer = http::request(consul.address(), "PUT", "/v1/agent/service/register", &body);
        assert_eq!(answer.unwrap().status, 200);
    };
    register(&consul, 80);
    register(&other, 81);
    eventually("the datacenters know each other", || {
        let list = http::get(consul.address(), "/v1/catalog/services?dc=eu");
        list.is_ok_and(|answer| answer.status == 200 && answer.body.contains("web"))
    });
    let folder = Folder::new();
    let ctmpl = start(&folder, &consul.address(), GO, JINJA);
    both_become(&folder, "dc1: 10.0.0.1:80\neu: 10.0.0.1:81\n");
    other.stop();
    register(&consul, 90);
    both_become(&folder, "dc1: 10.0.0.1:90\neu: 10.0.0.1:81\n");
    ctmpl.logs("the last answer stays in use");
    drop(ctmpl);

    // Started again while the datacenter is dead.
    let folder = Folder::new();
    let _ctmpl = start(&folder, &consul.address(), GO, JINJA);
    both_become(&folder, "dc1: 10.0.0.1:90\neu:\n");
    other.start_again();
    register(&other, 82);
    both_become(&folder, "dc1: 10.0.0.1:90\neu: 10.0.0.1:82\n");
}
