//! An address that is not Consul's API: an error, and never "the key does not exist".

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener};
use std::time::Duration;

use consul_dev::Seed;

use crate::support::consul::Consul;
use crate::support::ctmpl::{Ctmpl, Folder, command, run, run_command};
use crate::support::{embedded, free_port, http};

/// A template that writes a default if a key does not exist.
const TEMPLATE: &str =
    "{{ keyOrDefault \"app/port\" \"the default\" }} {{ range tree \"app\" }}{{ .Key }}{{ end }}";

/// Starts a server that gives every request this answer, until the test ends.
fn gateway(answer: &'static str) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let _ = stream.read(&mut [0; 4096]);
            let _ = stream.write_all(answer.as_bytes());
        }
    });
    address
}

#[test]
fn a_path_that_is_not_of_the_api_is_an_error_and_keeps_the_file() {
    let (folder, consul) = (
        Folder::new(),
        embedded(Seed::default().key("app/port", "80")),
    );
    folder.write("in", TEMPLATE);
    let template = folder.template("in", "out", "");
    for (path, remedy) in [
        ("/v1", "write it without /v1, which ctmpl adds itself"),
        ("/v1/", "write it without /v1, which ctmpl adds itself"),
        ("/ui", "or the whole prefix of a proxy"),
    ] {
        folder.write("out", "good");
        let address = format!("http://{}{path}", consul.address());
        let ended = run([
            &format!("-consul-addr={address}"),
            "-once",
            "-template",
            &template,
        ]);
        assert_eq!(ended.code(), Some(14), "{}", ended.log);
        let named = format!("{} answered 404", address.trim_end_matches('/'));
        for part in [
            named.as_str(),
            "not the address of Consul's HTTP API",
            remedy,
        ] {
            assert!(ended.log.contains(part), "{part}: {}", ended.log);
        }
        assert!(!ended.log.contains("does not exist"), "{}", ended.log);
        assert_eq!(folder.read("out"), "good", "{path}");
    }
}

#[test]
fn a_gateway_that_answers_404_is_an_error_and_keeps_the_file() {
    let folder = Folder::new();
    folder.write("in", TEMPLATE);
    folder.write("out", "good");
    for answer in [
        "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n",
        "HTTP/1.1 404 Not Found\r\nContent-Length: 19\r\n\r\n404 page not found\n",
        "HTTP/1.1 404 Not Found\r\nContent-Length: 22\r\n\r\n<html>Not Found</html>",
        "HTTP/1.1 404 Not Found\r\nContent-Length: 24\r\n\r\n{\"message\":\"no route\"}\n\n",
    ] {
        let ctmpl = Ctmpl::start(
            gateway(answer),
            ["-template", &folder.template("in", "out", "")],
        );
        ctmpl.logs("not the address of Consul's HTTP API");
        folder.stays("out", "good", Duration::from_millis(100));
    }
}

#[test]
fn an_address_that_ends_in_v1_is_a_warning_at_the_start() {
    let folder = Folder::new();
    let config = "consul { address = \"a:1,https://h:8501/pre/v1/\" }\ntemplate { contents = \"x\" destination = \"out\" }";
    folder.write("ct.hcl", config);
    let warning = "consul.address in ct.hcl:1: https://h:8501/pre/v1/ ends in /v1, which ctmpl adds itself; \
                   write https://h:8501/pre";
    for words in [&["validate"] as &[&str], &["-once"]] {
        let mut command = command();
        command.current_dir(folder.path(".")).args(words);
        command.args(["-config", "ct.hcl"]);
        let ended = run_command(command);
        assert!(ended.log.contains(warning), "{words:?}: {}", ended.log);
    }
    let good = "consul { address = \"unix:///run/v1,h:1/v1/x\" }\ntemplate { contents = \"x\" destination = \"out\" }";
    folder.write("ct.hcl", good);
    let mut command = command();
    command.current_dir(folder.path("."));
    command.args(["validate", "-config", "ct.hcl"]);
    assert_eq!(run_command(command).log, "");
}

/// Consul answers for the key `v1/kv/app/port`, which does not exist, with an index.
#[test]
fn an_address_of_the_key_value_store_is_refused() {
    let ended = run([
        "-consul-addr=http://127.0.0.1:8500/v1/kv/",
        "-once",
        "-template=in:out",
    ]);
    assert_eq!(ended.code(), Some(13));
    assert!(ended.log.contains("has the path /v1/kv"), "{}", ended.log);
}

/// A missing key is told from a wrong address by this header.
fn has_the_index(name: &str, consul: SocketAddr) {
    for target in [
        "/v1/kv/none",
        "/v1/kv/none?recurse",
        "/v1/kv/none?keys",
        "/v1/kv/?recurse",
        "/v1/kv/none?stale&wait=60000ms",
    ] {
        let answer = http::get(consul, target).unwrap();
        assert_eq!(answer.status, 404, "{name}: {target}");
        assert!(
            answer.header("x-consul-index").is_some(),
            "{name}: {target}"
        );
    }
    let unknown = http::get(consul, "/v1/v1/kv/none").unwrap();
    assert_eq!(
        (unknown.status, unknown.header("x-consul-index")),
        (404, None),
        "{name}"
    );
}

#[test]
fn a_missing_key_has_an_index_in_the_embedded_server_and_in_consul() {
    has_the_index("embedded", embedded(Seed::default()).address());
    if Consul::is_installed() {
        has_the_index("consul", Consul::start().address());
    }
}

/// Renders a template once with this address. Returns the log.
fn log_of_once(address: &str) -> String {
    let folder = Folder::new();
    folder.write("in", TEMPLATE);
    let template = folder.template("in", "out", "");
    let address = format!("-consul-addr={address}");
    run([&address, "-once", "-timeout=300ms", "-template", &template]).log
}

#[test]
fn a_port_that_is_not_of_the_api_is_named_with_the_right_one() {
    let other = gateway("SSH-2.0-OpenSSH_9.2\r\n");
    let closed = gateway("");
    let refused = free_port();
    for (address, parts) in [
        (
            other.to_string(),
            [
                "this is not HTTP",
                "check that this is the port of Consul's HTTP API (8500)",
            ],
        ),
        (
            closed.to_string(),
            [
                "closed the connection without an answer; check that this is the port",
                "(8500)",
            ],
        ),
        (
            format!("127.0.0.1:{refused}"),
            [
                "Connection refused; start Consul there, or correct --consul-addr",
                "CONSUL_HTTP_ADDR",
            ],
        ),
    ] {
        let log = log_of_once(&address);
        for part in parts {
            assert!(log.contains(part), "{part}: {log}");
        }
        assert!(!log.contains("os error"), "{log}");
    }
}

#[test]
fn the_rpc_port_of_consul_is_named_with_the_right_one() {
    if !Consul::is_installed() {
        return;
    }
    let consul = Consul::start();
    let log = log_of_once(&format!("127.0.0.1:{}", consul.other_ports()[0]));
    assert!(
        log.contains("the port of Consul's HTTP API (8500)"),
        "{log}"
    );
}
