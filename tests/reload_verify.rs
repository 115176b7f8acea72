//! Verification of reloads by the processes of real nginx and HAProxy.

use std::fs;
use std::net::SocketAddr;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use reload_checks::{Before, Server, Verified, VerifyError, verify};

use crate::support::ctmpl::Folder;
use crate::support::haproxy::Haproxy;
use crate::support::nginx::Nginx;
use crate::support::{eventually, free_port, http, installed, is_alive, program};

const LIMIT: Duration = Duration::from_secs(15);
const INTERVAL: Duration = Duration::from_millis(20);

/// The time after which a rejected reload is an error.
const SHORT: Duration = Duration::from_millis(1500);

fn pid(folder: &Folder, name: &str) -> i32 {
    folder.read(name).trim().parse().unwrap()
}

fn signal(pid: i32, signal: Signal) {
    kill(Pid::from_raw(pid), signal).unwrap();
}

fn site(address: SocketAddr, answer: &str) -> String {
    format!("server {{ listen {address}; location / {{ return 200 {answer}; }} }}\n")
}

fn answers(address: SocketAddr, expected: &str) -> bool {
    http::get(address, "/").is_ok_and(|answer| answer.body == expected)
}

/// Observes the server, sends a signal to its master, and verifies.
fn reload(
    server: Server,
    folder: &Folder,
    pid_file: &str,
    reload: Signal,
    limit: Duration,
) -> Result<Verified, VerifyError> {
    let before = Before::observe(server, Some(&folder.path(pid_file))).unwrap();
    signal(pid(folder, pid_file), reload);
    verify(&before, limit, INTERVAL)
}

#[test]
fn a_reload_of_nginx_is_verified_and_a_rejected_one_is_detected() {
    if !installed(&["nginx"]) {
        return;
    }
    let (folder, front) = (
        Folder::new(),
        SocketAddr::from(([127, 0, 0, 1], free_port())),
    );
    let nginx = Nginx::start(&folder);
    let hup = |limit| reload(Server::Nginx, &folder, "nginx.pid", Signal::SIGHUP, limit);
    for answer in ["one", "two"] {
        folder.write("conf.d/site.conf", &site(front, answer));
        let verified = hup(LIMIT).unwrap();
        assert_eq!(
            (verified.pid, verified.is_new),
            (pid(&folder, "nginx.pid"), false)
        );
        assert!(answers(front, answer));
    }
    // The command succeeds, and nginx keeps its old workers.
    folder.write("conf.d/bad.conf", "upstream empty { }\n");
    let error = hup(SHORT).unwrap_err();
    assert!(
        matches!(error, VerifyError::OldWorkersKept { .. }),
        "{error}"
    );
    assert!(
        error.to_string().contains("rejected the new configuration"),
        "{error}"
    );
    assert!(answers(front, "two"));
    // Without a reload there is nothing to verify.
    let before = Before::observe(Server::Nginx, Some(&folder.path("nginx.pid"))).unwrap();
    let begun = Instant::now();
    assert!(verify(&before, SHORT, INTERVAL).is_err());
    assert!(begun.elapsed() >= SHORT);

    // A reload command that succeeds, while the address of the new configuration is in use.
    fs::remove_file(folder.path("conf.d/bad.conf")).unwrap();
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    folder.write(
        "conf.d/site.conf",
        &site(taken.local_addr().unwrap(), "three"),
    );
    let before = Before::observe(Server::Nginx, Some(&folder.path("nginx.pid"))).unwrap();
    let words: Vec<_> = nginx.reload().split(' ').collect();
    let status = Command::new(program("nginx").unwrap())
        .args(&words[1..])
        .stderr(Stdio::null())
        .status();
    assert!(status.unwrap().success());
    let error = verify(&before, SHORT, INTERVAL).unwrap_err();
    assert!(
        matches!(error, VerifyError::OldWorkersKept { .. }),
        "{error}"
    );
}

#[test]
fn an_old_nginx_worker_with_a_connection_does_not_delay_the_verification() {
    if !installed(&["nginx"]) {
        return;
    }
    let (folder, front) = (
        Folder::new(),
        SocketAddr::from(([127, 0, 0, 1], free_port())),
    );
    let _nginx = Nginx::start(&folder);
    folder.write("conf.d/site.conf", &site(front, "one"));
    let hup = || reload(Server::Nginx, &folder, "nginx.pid", Signal::SIGHUP, LIMIT);
    hup().unwrap();
    // A request that is not complete keeps its worker.
    let mut client = std::net::TcpStream::connect(front).unwrap();
    std::io::Write::write_all(&mut client, b"GET / HTTP/1.1\r\n").unwrap();
    eventually("the worker has the connection", || answers(front, "one"));
    assert_eq!(hup().unwrap().workers, 1);
}

#[test]
fn the_nginx_master_must_be_unique() {
    if !installed(&["nginx"]) {
        return;
    }
    let folders = [Folder::new(), Folder::new()];
    let servers = folders.each_ref().map(Nginx::start);
    let error = Before::observe(Server::Nginx, None).unwrap_err();
    let text = error.to_string();
    for folder in &folders {
        assert!(text.contains(folder.read("nginx.pid").trim()), "{text}");
    }
    assert!(text.contains("set pid_file to choose one"), "{text}");
    drop(servers);

    let own = folders[0].write("own.pid", &std::process::id().to_string());
    let error = Before::observe(Server::Nginx, Some(&own)).unwrap_err();
    assert!(matches!(error, VerifyError::NotTheMaster { .. }), "{error}");
    for text in ["", "x\n"] {
        let empty = folders[0].write("empty.pid", text);
        let error = Before::observe(Server::Nginx, Some(&empty)).unwrap_err();
        assert!(matches!(error, VerifyError::PidFile { .. }), "{error}");
    }
}

/// Returns `true` if a process has a handler for SIGUSR2.
fn catches_usr2(pid: i32) -> bool {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let mask = status.lines().find_map(|line| line.strip_prefix("SigCgt:"));
    u64::from_str_radix(mask.unwrap().trim(), 16).unwrap() & (1 << (Signal::SIGUSR2 as i32 - 1))
        != 0
}

fn haproxy_config(address: SocketAddr, answer: &str) -> String {
    format!(
        "global\n  nbthread 1\ndefaults\n  mode http\n  timeout connect 1s\n  timeout client 10s\n  timeout server 1s\n\
         frontend web\n  bind {address}\n  http-request return status 200 content-type text/plain string {answer}\n"
    )
}

#[test]
fn a_reload_of_haproxy_is_verified_and_a_rejected_one_is_detected() {
    if !installed(&["haproxy"]) {
        return;
    }
    let (folder, front) = (
        Folder::new(),
        SocketAddr::from(([127, 0, 0, 1], free_port())),
    );
    folder.write("haproxy.cfg", &haproxy_config(front, "zero"));
    let _haproxy = Haproxy::start(&folder, "haproxy.cfg");
    eventually("haproxy listens", || answers(front, "zero"));
    let master = pid(&folder, "haproxy.pid");
    eventually("the master accepts USR2", || catches_usr2(master));
    let usr2 = |limit| {
        reload(
            Server::Haproxy,
            &folder,
            "haproxy.pid",
            Signal::SIGUSR2,
            limit,
        )
    };
    for answer in ["one", "two"] {
        folder.write("haproxy.cfg", &haproxy_config(front, answer));
        let verified = usr2(LIMIT).unwrap();
        assert_eq!((verified.workers, verified.is_new), (1, false));
        assert!(answers(front, answer));
    }
    folder.write("haproxy.cfg", "nonsense\n");
    let error = usr2(SHORT).unwrap_err();
    assert!(
        matches!(error, VerifyError::OldWorkersKept { .. }),
        "{error}"
    );
    assert!(answers(front, "two"));

    // From the wait mode after a failed reload, and beside an old worker with a connection.
    let mut client = std::net::TcpStream::connect(front).unwrap();
    std::io::Write::write_all(&mut client, b"GET / HTTP/1.1\r\n").unwrap();
    folder.write("haproxy.cfg", &haproxy_config(front, "three"));
    usr2(LIMIT).unwrap();
    assert!(answers(front, "three"));
}

/// HAProxy as a daemon without a master. Dropping it kills all its processes.
struct Daemon<'a>(&'a Folder);

impl Daemon<'_> {
    fn start(&self, replaced: Option<i32>) {
        let mut command = Command::new(program("haproxy").unwrap());
        command.arg("-D").arg("-f").arg(self.0.path("haproxy.cfg"));
        command.arg("-p").arg(self.0.path("haproxy.pid"));
        if let Some(pid) = replaced {
            command.args(["-sf", &pid.to_string()]);
        }
        assert!(command.stdin(Stdio::null()).status().unwrap().success());
        let pids = format!("{}{}", self.0.read("pids"), self.0.read("haproxy.pid"));
        self.0.write("pids", &pids);
    }
}

impl Drop for Daemon<'_> {
    fn drop(&mut self) {
        for pid in self.0.read("pids").lines() {
            if is_alive(pid) {
                let _ = kill(Pid::from_raw(pid.parse().unwrap()), Signal::SIGKILL);
            }
        }
    }
}

#[test]
fn a_haproxy_without_a_master_is_replaced_by_a_new_process() {
    if !installed(&["haproxy"]) {
        return;
    }
    let (folder, front) = (
        Folder::new(),
        SocketAddr::from(([127, 0, 0, 1], free_port())),
    );
    folder.write("haproxy.cfg", &haproxy_config(front, "one"));
    let daemon = Daemon(&folder);
    daemon.start(None);
    let pid_file = folder.path("haproxy.pid");
    let first = pid(&folder, "haproxy.pid");
    let before = Before::observe(Server::Haproxy, Some(&pid_file)).unwrap();
    let error = verify(&before, SHORT, INTERVAL).unwrap_err();
    assert!(
        matches!(error, VerifyError::OldWorkersKept { .. }),
        "{error}"
    );

    folder.write("haproxy.cfg", &haproxy_config(front, "two"));
    daemon.start(Some(first));
    let verified = verify(&before, LIMIT, INTERVAL).unwrap();
    assert!(verified.is_new);
    assert_eq!(verified.pid, pid(&folder, "haproxy.pid"));
    assert!(answers(front, "two"));
}
