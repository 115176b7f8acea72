//! Checks rendered files with the real programs.
//!
//! Input: a configuration. Output: nothing if the program accepts it or is not installed. Otherwise
//! the test fails with the program's message.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::ctmpl::{Folder, text};
use super::{free_port, http, installed, nginx, program};

/// Returns the path of a program that a test needs; `None` if the test is skipped.
pub fn require(name: &str) -> Option<PathBuf> {
    installed(&[name]).then(|| program(name).unwrap())
}

/// Asserts that a command accepts a file, with exit code 0.
fn accepts(mut command: Command, file: &Path) {
    let output = command.stdin(Stdio::null()).output().unwrap();
    let stderr = String::from_utf8_lossy(&output.stderr);
    let content = std::fs::read_to_string(file).unwrap();
    let ended = output.status;
    assert!(
        ended.success(),
        "{command:?} ended with {ended}:\n{stderr}\n--- {}:\n{content}",
        file.display()
    );
}

/// Asserts that nginx accepts this text inside `http {}`.
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

/// Returns the text with its log files in a folder of the test.
fn without_logs(folder: &Folder, site: &str) -> String {
    site.replace("/var/log/nginx/", &text(&folder.path("")))
}

/// Returns nginx's answers for these targets, with this text inside `http {}`. `None` if nginx is
/// not installed.
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

/// Asserts that HAProxy accepts a file.
pub fn haproxy_accepts(file: &Path) {
    let Some(haproxy) = require("haproxy") else {
        return;
    };
    let mut command = Command::new(haproxy);
    command.args(["-c", "-q", "-f"]).arg(file);
    accepts(command, file);
}

/// Asserts that Apache accepts a file, if Apache is installed; the tests do not require it.
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

/// Asserts that systemd accepts a unit without a warning, if it is installed; the tests do not require it.
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
    let stderr = String::from_utf8_lossy(&output.stderr);
    // `systemd-analyze` may also report problems of other units.
    assert!(
        output.status.success() && !stderr.contains("ctmpl.service"),
        "{stderr}"
    );
}
