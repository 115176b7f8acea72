//! The main use case with real Consul and nginx: instances are registered, deregistered and fail
//! their checks; the file is updated, nginx is reloaded, and no request is lost.

use std::io::Write as _;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::thread;

use crate::support::backend::Backend;
use crate::support::catalog::{deregister, passes, register};
use crate::support::consul::Consul;
use crate::support::ctmpl::{Ctmpl, Folder, command, text};
use crate::support::load::Load;
use crate::support::nginx::Nginx;
use crate::support::{eventually, free_port, http, installed};
use consul_dev::Seed;
use nix::sys::signal::Signal;

/// The tutorial's template, with the port and the access log of the test.
const GO: &str = r#"upstream http_backend {
    {{range service "nginx"}}
    server {{.Address}}:{{.Port}};
    {{end}}
}
server {
    listen 127.0.0.1:PORT;
    server_name localhost 192.168.100.150;
    access_log LOG;
    index index.html index.php;
    location / {
        proxy_set_header HOST $host;
        proxy_set_header X-Real-IP $remote_addr;
        proxy_set_header Client-IP $remote_addr;
        proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
        proxy_pass http://http_backend;
    }
}
"#;

#[test]
fn no_request_is_lost_while_instances_change_under_load() {
    run_under_load("nginx.ctmpl", GO);
}

#[test]
fn no_request_is_lost_with_the_jinja_template() {
    let jinja = GO
        .replace(
            r#"{{range service "nginx"}}"#,
            r#"{% for s in service("nginx") %}"#,
        )
        .replace("{{.Address}}:{{.Port}}", "{{ s.address }}:{{ s.port }}")
        .replace("{{end}}", "{% endfor %}");
    run_under_load("nginx.conf.j2", &jinja);
}

fn run_under_load(source: &str, template: &str) {
    if !installed(&["consul", "nginx"]) {
        return;
    }
    let (folder, consul) = (Folder::new(), Consul::start());
    let [one, two, three] = ["one", "two", "three"].map(Backend::start);
    let nginx = Nginx::start(&folder);
    let front = SocketAddr::from(([127, 0, 0, 1], free_port()));
    let log = folder.path("lp.com-access.log");
    folder.write(
        source,
        &template
            .replace("PORT", &front.port().to_string())
            .replace("LOG", &text(&log)),
    );
    // nginx rejects an upstream without servers, so register the first instance before the file is
    // rendered.
    register(consul.address(), "nginx", &one);
    passes(consul.address(), "nginx", &one);

    let ctmpl = Ctmpl::spawn({
        let mut command = command();
        command
            .arg("--consul-addr")
            .arg(consul.address().to_string());
        command
            .arg("--template")
            .arg(folder.template(source, "conf.d/lp.conf", nginx.reload()));
        command
            .arg("--log-level=info")
            .env("PATH", path_with_sbin());
        command
    });
    serves(&folder, &[&one]);
    crate::support::eventually("nginx listens", || {
        crate::support::http::get(front, "/").is_ok_and(|answer| answer.status == 200)
    });

    let load = Load::start(front);
    load.rotates_over(&["one"]);
    register(consul.address(), "nginx", &two);
    register(consul.address(), "nginx", &three);
    serves(&folder, &[&one, &two, &three]);
    load.rotates_over(&["one", "two", "three"]);

    two.set_healthy(false);
    serves(&folder, &[&one, &three]);
    load.rotates_over(&["one", "three"]);

    deregister(consul.address(), "one");
    serves(&folder, &[&three]);
    load.rotates_over(&["three"]);

    two.set_healthy(true);
    register(consul.address(), "nginx", &one);
    serves(&folder, &[&one, &two, &three]);
    load.rotates_over(&["one", "two", "three"]);

    let requests = load.ends_without_a_failure();
    assert!(requests > 100, "too little load: {requests} requests");
    let ended = ctmpl.stop();
    assert!(
        !ended.log.contains("[ERR]") && !ended.log.contains("failed"),
        "{}",
        ended.log
    );
    assert_eq!(ended.code(), Some(12));
}

/// Waits until the file contains exactly these backends.
fn serves(folder: &Folder, backends: &[&Backend]) {
    let mut wanted: Vec<_> = backends
        .iter()
        .map(|one| format!("server 127.0.0.1:{};", one.port()))
        .collect();
    wanted.sort();
    folder.eventually(
        "conf.d/lp.conf",
        &format!("one that serves {wanted:?}"),
        |text| {
            let mut named: Vec<_> = text
                .lines()
                .map(str::trim)
                .filter(|line| line.starts_with("server 127"))
                .map(str::to_owned)
                .collect();
            named.sort();
            named == wanted
        },
    );
}

/// Returns `PATH` with the directories of nginx.
fn path_with_sbin() -> String {
    format!(
        "{}:/usr/sbin:/sbin",
        std::env::var("PATH").unwrap_or_default()
    )
}

#[test]
fn row_1_a_quit_lets_nginx_as_the_child_finish_its_requests() {
    if !installed(&["nginx"]) {
        return;
    }
    let (folder, consul) = (Folder::new(), crate::support::embedded(Seed::default()));
    let backend = TcpListener::bind("127.0.0.1:0").unwrap();
    let front = SocketAddr::from(([127, 0, 0, 1], free_port()));
    let site = format!(
        "server {{ listen {front}; location / {{ proxy_pass http://{}; }} }}",
        backend.local_addr().unwrap()
    );
    folder.write("site.ctmpl", &site);
    let arguments = Nginx::configure(&folder);
    let mut command = command();
    command
        .arg(format!("--consul-addr={}", consul.address()))
        .arg("--template")
        .arg(folder.template("site.ctmpl", "conf.d/site.conf", ""))
        .arg(format!("--exec=nginx {}", arguments.join(" ")));
    let ctmpl = Ctmpl::spawn(command);
    eventually("nginx listens", || TcpStream::connect(front).is_ok());

    let client = thread::spawn(move || http::get(front, "/"));
    let (mut request, _) = backend.accept().unwrap();
    ctmpl.signal(Signal::SIGQUIT);
    eventually("nginx accepts no more", || {
        TcpStream::connect(front).is_err()
    });
    let answer = b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\nConnection: close\r\n\r\nlate";
    request.write_all(answer).unwrap();
    drop(request);
    assert_eq!(client.join().unwrap().unwrap().body, "late");
    let ended = ctmpl.ends();
    assert_eq!(
        ended.code(),
        Some(0),
        "the exit code of nginx: {}",
        ended.log
    );
}
