//! Where the status server listens: at the start, at a reload and at the end.

use std::fs;
use std::io::{self, Read as _, Write as _};
use std::net::TcpListener;
use std::os::linux::net::SocketAddrExt as _;
use std::os::unix::fs::{FileTypeExt as _, PermissionsExt as _};
use std::os::unix::net::{SocketAddr, UnixListener, UnixStream};
use std::path::Path;

use consul_dev::Seed;
use nix::sys::signal::Signal;

use super::{LISTENING, address, get};
use crate::support::ctmpl::{Ctmpl, Folder, run};
use crate::support::http::TIMEOUT;
use crate::support::{embedded, eventually};

/// Sends a GET request on a unix socket. Returns the answer as text.
fn get_on(mut stream: UnixStream, path: &str) -> String {
    stream.set_read_timeout(Some(TIMEOUT)).unwrap();
    write!(stream, "GET {path} HTTP/1.1\r\nHost: x\r\n\r\n").unwrap();
    let mut text = String::new();
    stream.read_to_string(&mut text).unwrap();
    text
}

#[test]
fn a_socket_of_a_path_or_in_the_abstract_namespace_answers() {
    let (folder, consul) = (Folder::new(), embedded(Seed::default().key("a", "1")));
    folder.write("in.ctmpl", "{{ key \"a\" }}");
    let template = folder.template("in.ctmpl", "out", "");
    let path = folder.path("status.sock");
    // A daemon that was killed leaves its socket.
    drop(UnixListener::bind(&path).unwrap());
    let name = format!("ctmpl-test-{}", std::process::id());
    let connect_abstract = || {
        let name = SocketAddr::from_abstract_name(&name).unwrap();
        UnixStream::connect_addr(&name)
    };
    let connect: [(String, &dyn Fn() -> io::Result<UnixStream>); 2] = [
        (format!("unix://{}", path.display()), &|| {
            UnixStream::connect(&path)
        }),
        (format!("unix:@{name}"), &connect_abstract),
    ];
    for (address, connect) in connect {
        let flag = format!("--status-addr={address}");
        let arguments = [flag.as_str(), "--template", template.as_str()];
        let ctmpl = Ctmpl::start(consul.address(), arguments);
        ctmpl.logs(&format!("{LISTENING}{address}"));
        let answer = get_on(connect().unwrap(), "/healthz");
        assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{answer}");

        // A second daemon does not take the address.
        let consul = format!("--consul-addr={}", consul.address());
        let second = run([consul.as_str(), flag.as_str(), "--template", &template]);
        assert_eq!(second.code(), Some(14), "{}", second.log);
        let error = format!("cannot listen on {address} for status_addr: another process does");
        assert!(second.log.contains(&error), "{}", second.log);
        let answer = get_on(connect().unwrap(), "/readyz");
        assert!(answer.starts_with("HTTP/1.1 "), "{answer}");
        assert_eq!(ctmpl.stop().code(), Some(12));
        assert!(connect().is_err(), "nothing listens any more");
        assert!(!path.exists(), "the file is removed");
    }
}

#[test]
fn the_file_of_the_socket_is_for_its_user_and_removed_at_a_forced_end() {
    let (folder, consul) = (Folder::new(), embedded(Seed::default().key("a", "1")));
    folder.write("in.ctmpl", "{{ key \"a\" }}");
    let template = folder.template("in.ctmpl", "out", "");
    let path = folder.path("status.sock");
    let flag = format!("--status-addr=unix:{}", path.display());
    let up = folder.path("up").display().to_string();
    let exec = format!("sh -c 'trap : TERM INT; echo > {up}; while :; do sleep 0.1; done'");
    let arguments = [
        flag.as_str(),
        "--template",
        template.as_str(),
        "--exec",
        exec.as_str(),
    ];
    let ctmpl = Ctmpl::start(consul.address(), arguments);
    folder.becomes("up", "\n");
    let metadata = fs::symlink_metadata(&path).unwrap();
    assert!(metadata.file_type().is_socket());
    assert_eq!(metadata.permissions().mode() & 0o777, 0o600);
    ctmpl.signal(Signal::SIGTERM);
    ctmpl.logs("(daemon) ending");
    ctmpl.signal(Signal::SIGTERM);
    ctmpl.ends();
    assert!(!path.exists());
}

#[test]
fn an_address_that_cannot_be_used_is_an_error_at_the_start() {
    let folder = Folder::new();
    folder.write("in.ctmpl", "x");
    let template = folder.template("in.ctmpl", "out", "");
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let taken = listener.local_addr().unwrap().to_string();
    let file = folder.write("file", "text").display().to_string();
    let missing = folder.path("missing/s").display().to_string();
    for (address, code, says) in [
        (
            taken.clone(),
            14,
            "another process does; choose another address",
        ),
        (format!("unix://{file}"), 14, "the file is not a socket"),
        (format!("unix://{missing}"), 14, "create its directory"),
        (
            ":9700".to_owned(),
            13,
            "write 127.0.0.1:9700 for this machine only",
        ),
        (
            "9700".to_owned(),
            13,
            "write HOST:PORT, for example 127.0.0.1:9700",
        ),
    ] {
        let flag = format!("--status-addr={address}");
        let ended = run([flag.as_str(), "--template", &template]);
        assert_eq!(ended.code(), Some(code), "{address}: {}", ended.log);
        assert!(ended.log.contains(says), "{address}: {}", ended.log);
        assert_eq!(folder.read("out"), "", "nothing is rendered before");
    }
    // A run of -once has no server.
    let flag = format!("--status-addr={taken}");
    let ended = run(["--once", flag.as_str(), "--template", &template]);
    assert_eq!(ended.code(), Some(0), "{}", ended.log);
    assert_eq!(folder.read("file"), "text");
}

/// Writes the configuration with this address and reloads it.
fn reload(folder: &Folder, ctmpl: &Ctmpl, address: &str, count: usize) {
    configure(folder, address);
    ctmpl.signal(Signal::SIGHUP);
    eventually("configuration reloaded", || {
        ctmpl.log_count("configuration reloaded") == count
    });
}

fn configure(folder: &Folder, address: &str) {
    let out = folder.path("out").display().to_string();
    let text = format!(
        "status_addr = \"{address}\"\ntemplate {{ contents = \"{{{{ key \\\"a\\\" }}}}\" destination = \"{out}\" }}\n"
    );
    folder.write("ct.hcl", &text);
}

fn is_ready(path: &Path) -> bool {
    let Ok(stream) = UnixStream::connect(path) else {
        return false;
    };
    get_on(stream, "/readyz").starts_with("HTTP/1.1 200")
}

#[test]
fn a_reload_moves_the_server_and_keeps_it_if_the_new_address_is_taken() {
    let (folder, consul) = (Folder::new(), embedded(Seed::default().key("a", "1")));
    let [first, second] = ["first.sock", "second.sock"].map(|name| folder.path(name));
    let unix = |path: &Path| format!("unix://{}", path.display());
    configure(&folder, &unix(&first));
    let config = format!("--config={}", folder.path("ct.hcl").display());
    let ctmpl = Ctmpl::start(consul.address(), [config.as_str()]);
    folder.becomes("out", "1");
    eventually("the first is ready", || is_ready(&first));

    reload(&folder, &ctmpl, &unix(&second), 1);
    eventually("the second is ready", || is_ready(&second));
    eventually("the first is gone", || !first.exists());

    let other = UnixListener::bind(&first).unwrap();
    reload(&folder, &ctmpl, &unix(&first), 2);
    let warning = format!("; the status server stays on {}", unix(&second));
    assert_eq!(ctmpl.log_count(&warning), 1, "{}", ctmpl.log());
    assert!(is_ready(&second));
    drop(other);

    // The socket that was taken is stale now.
    reload(&folder, &ctmpl, &unix(&first), 3);
    eventually("the first is ready", || is_ready(&first));
    eventually("the second is gone", || !second.exists());

    // Another spelling of the path changes nothing.
    reload(&folder, &ctmpl, &unix(&folder.path("./first.sock")), 4);
    assert!(is_ready(&first));

    reload(&folder, &ctmpl, "", 5);
    eventually("the first is gone", || !first.exists());
    reload(&folder, &ctmpl, "127.0.0.1:0", 6);
    let address = address(&ctmpl, 4);
    assert_eq!(get(address, "/readyz").0, 200);
    assert_eq!(ctmpl.stop().code(), Some(12));
}
