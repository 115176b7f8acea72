//! What the programs say to a file that is made for them.
//!
//! in:  a configuration
//! out: nothing when its program accepts it, or there is no such program; else the test fails with what it says

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::ctmpl::{Folder, text};
use super::{free_port, http, installed, nginx, program};

/// A program that a test wants; none when the test is to be skipped.
pub fn require(name: &str) -> Option<PathBuf> {
    installed(&[name]).then(|| program(name).unwrap())
}

/// A program's word on a file: it must end with 0.
fn accepts(mut command: Command, file: &Path) {
    let output = command.stdin(Stdio::null()).output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    let content = std::fs::read_to_string(file).unwrap();
    let ended = output.status;
    assert!(
        ended.success(),
        "{command:?} ended with {ended}:\n{said}\n--- {}:\n{content}",
        file.display()
    );
}

/// nginx accepts this inside of `http {}`.
pub fn nginx_accepts(site: &str) {
    let Some(nginx) = require("nginx") else {
        return;
    };
    let folder = Folder::new();
    let site = folder.write("site.conf", &without_logs(&folder, site));
    let wrapper = format!(
        "pid /dev/null;\nerror_log stderr;\nevents {{}}\nhttp {{ include {}; }}\n",
        text(&site)
    );
    let wrapper = folder.write("wrapper.conf", &wrapper);
    let mut command = Command::new(nginx);
    command
        .args(["-t", "-q", "-e", "stderr", "-c"])
        .arg(wrapper);
    accepts(command, &site);
}

/// The same with its logs in a folder of the test.
fn without_logs(folder: &Folder, site: &str) -> String {
    site.replace("/var/log/nginx/", &text(&folder.path("")))
}

/// What nginx answers to these targets with this inside of `http {}`; nothing when there is no nginx.
pub fn nginx_answers(site: &str, targets: &[&str]) -> Option<Vec<(u16, String)>> {
    require("nginx")?;
    let folder = Folder::new();
    let port = free_port();
    assert!(site.contains("listen 8000;"), "{site}");
    let site = site.replace("listen 8000;", &format!("listen 127.0.0.1:{port};"));
    folder.write("conf.d/site.conf", &without_logs(&folder, &site));
    let _nginx = nginx::Nginx::start(&folder);
    let ask = |target: &&str| http::get(([127, 0, 0, 1], port).into(), target).unwrap();
    Some(
        targets
            .iter()
            .map(ask)
            .map(|answer| (answer.status, answer.body))
            .collect(),
    )
}

/// HAProxy accepts this file.
pub fn haproxy_accepts(file: &Path) {
    let Some(haproxy) = require("haproxy") else {
        return;
    };
    let mut command = Command::new(haproxy);
    command.args(["-c", "-q", "-f"]).arg(file);
    accepts(command, file);
}

/// Apache accepts this file, if there is an Apache: the tests do not ask for one.
pub fn apache_accepts(file: &Path) {
    let modules = Path::new("/usr/lib/apache2/modules");
    let Some(apache) = program("apache2").filter(|_| modules.is_dir()) else {
        return eprintln!("skipped: there is no apache2");
    };
    let folder = Folder::new();
    let root = text(&folder.path(""));
    let wanted = [
        "mpm_event",
        "authz_core",
        "alias",
        "proxy",
        "proxy_http",
        "slotmem_shm",
        "proxy_balancer",
    ];
    let load = |module| {
        format!(
            "LoadModule {module}_module {}/mod_{module}.so\n",
            modules.display()
        )
    };
    let load: String = wanted
        .into_iter()
        .chain(["lbmethod_byrequests"])
        .map(load)
        .collect();
    let head = format!(
        "ServerRoot {root}\nDefaultRuntimeDir {root}\nServerName localhost\nErrorLog {root}log\n"
    );
    let wrapper = folder.write(
        "apache.conf",
        &format!("{head}{load}Include {}\n", text(file)),
    );
    let mut command = Command::new(apache);
    command.arg("-t").arg("-f").arg(wrapper);
    accepts(command, file);
}

/// systemd accepts this service without a warning, if there is a systemd: the tests do not ask for one.
pub fn systemd_accepts(unit: &str) {
    let Some(analyze) = program("systemd-analyze") else {
        return eprintln!("skipped: there is no systemd-analyze");
    };
    let folder = Folder::new();
    let file = folder.write("ctmpl.service", unit);
    let output = Command::new(analyze)
        .args(["verify", "--man=no"])
        .arg(file)
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    // It may have its own troubles with other units of the machine.
    assert!(
        output.status.success() && !said.contains("ctmpl.service"),
        "{said}"
    );
}
