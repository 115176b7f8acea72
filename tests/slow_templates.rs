//! Templates that take too long, and file systems that hang: the template fails, others continue,
//! and a signal ends the process within a second.

use std::time::{Duration, Instant};

use nix::sys::signal::Signal;

use crate::support::ctmpl::{Ctmpl, Folder, command};
use crate::support::eventually;
use crate::support::mount::HungMount;
use consul_dev::{Background, Seed};

/// Go templates that run for seconds or days.
const GO: [(&str, &str); 11] = [
    (
        "sha256",
        "{{ $x := sprig_repeat 60000000 `x` }}{{ range loop 1000000 }}{{ $y := sha256Hex $x }}{{ end }}",
    ),
    (
        "contains",
        "{{ $x := sprig_repeat 60000000 `x` }}{{ range loop 1000000 }}{{ $y := contains `y` $x }}{{ end }}",
    ),
    (
        "regex",
        "{{ $x := sprig_repeat 60000000 `x` }}{{ range loop 1000000 }}{{ $y := $x | regexMatch `xy` }}{{ end }}",
    ),
    (
        "bcrypt",
        "{{ range loop 1000000 }}{{ $y := sprig_bcrypt `x` }}{{ end }}",
    ),
    (
        "password",
        "{{ range loop 1000000 }}{{ $y := sprig_derivePassword 1 `long` `p` `u` `s` }}{{ end }}",
    ),
    (
        "certificate",
        "{{ range loop 1000000 }}{{ $y := sprig_genSelfSignedCert `x` nil nil 365 }}{{ end }}",
    ),
    (
        "sockaddr",
        "{{ range loop 1000000 }}{{ $y := sockaddr `GetAllInterfaces` }}{{ end }}",
    ),
    (
        "in",
        "{{ $l := key `data` | split `,` }}{{ range $l }}{{ if in $l . }}{{ end }}{{ end }}",
    ),
    (
        "has",
        "{{ $l := key `data` | split `,` }}{{ range $l }}{{ if sprig_has . $l }}{{ end }}{{ end }}",
    ),
    (
        "printf",
        "{{ range loop 9900000 }}{{ $y := printf `%d` . }}{{ end }}",
    ),
    (
        "fork",
        "{{ define `f` }}{{ if gt . 0 }}{{ template `f` (subtract 1 .) }}{{ template `f` (subtract 1 .) }}{{ end }}{{ end }}{{ template `f` 60 }}",
    ),
];

/// Jinja templates that would practically never end.
const JINJA: [(&str, &str); 2] = [
    (
        "chain",
        "{% set ns = namespace(x=[1]) %}{% for i in range(60) %}{% set ns.x = ns.x + ns.x %}{% endfor %}{{ ns.x | last }}",
    ),
    (
        "equal",
        "{% set ns = namespace(x=1, y=1) %}{% for i in range(90) %}{% set ns.x = [ns.x, ns.x] %}{% set ns.y = [ns.y, ns.y] %}{% endfor %}{{ ns.x == ns.y }}",
    ),
];

/// The time limit for the exit after a signal.
const EXIT_TIMEOUT: Duration = Duration::from_secs(1);

/// The time limit for the other template to follow a change.
const FOLLOW_TIMEOUT: Duration = Duration::from_secs(5);

struct Scene {
    folder: Folder,
    consul: Background,
    slow: String,
}

impl Scene {
    /// Creates a slow template, and another one that queries a key.
    fn new(name: &str, text: &str) -> Self {
        let scene = Self::of_source(name);
        scene.folder.write(name, text);
        scene
    }

    fn of_source(name: &str) -> Self {
        let folder = Folder::new();
        folder.write("follower", "{{ key `port` }}");
        let data: Vec<_> = (0..90_000).map(|number| number.to_string()).collect();
        let mut data = data.join(",");
        data.truncate(500_000);
        let consul = crate::support::embedded(Seed::default().key("port", "80").key("data", &data));
        let slow = folder.path(name).display().to_string();
        Self {
            folder,
            consul,
            slow,
        }
    }

    fn start(&self, timeout: &str, arguments: &[&str]) -> Ctmpl {
        let (slow, out) = (&self.slow, self.folder.path("slow.out"));
        let (source, destination) = (self.folder.path("follower"), self.folder.path("out"));
        let [out, source, destination] =
            [out, source, destination].map(|path| path.display().to_string());
        let config = format!(
            "template {{\n source = \"{slow}\"\n destination = \"{out}\"\n render_timeout = \"{timeout}\"\n}}\n\
             template {{\n source = \"{source}\"\n destination = \"{destination}\"\n}}\n"
        );
        self.folder.write("c.hcl", &config);
        let _ = std::fs::remove_file(self.folder.path("out"));
        self.consul.put_key("port", "80");
        let mut command = command();
        command
            .arg(format!("--consul-addr={}", self.consul.address()))
            .arg(format!("--config={}", self.folder.path("c.hcl").display()))
            .arg("--log-level=info")
            .args(arguments);
        Ctmpl::spawn(command)
    }

    /// Asserts that the other template follows a change while the slow one is rendered.
    fn others_continue(&self, ctmpl: &Ctmpl) {
        self.folder.becomes("out", "80");
        self.consul.put_key("port", "81");
        let begun = Instant::now();
        self.folder.becomes("out", "81");
        let took = begun.elapsed();
        assert!(took < FOLLOW_TIMEOUT, "{}: {took:?}", self.slow);
        Self::has_written(ctmpl, 2);
    }

    /// Waits until the other template was written this many times.
    fn has_written(ctmpl: &Ctmpl, count: usize) {
        eventually("the other template is written", || {
            ctmpl.log_count("follower is written to") == count
        });
    }

    /// Asserts that a signal ends the process in time. Nothing is being written: a graceful exit
    /// waits for that, and for the disk.
    fn ends_at_once(&self, ctmpl: Ctmpl) {
        let begun = Instant::now();
        let ended = ctmpl.stop();
        let took = begun.elapsed();
        assert_eq!(ended.code(), Some(12), "{}: {}", self.slow, ended.log);
        assert!(took < EXIT_TIMEOUT, "{}: {took:?}", self.slow);
    }

    /// Asserts that the slow template fails in the daemon and with `-once`, and that signals are
    /// handled.
    fn assert_survived(&self) {
        let ctmpl = self.start("500ms", &[]);
        self.others_continue(&ctmpl);
        ctmpl.logs(&format!("[ERR] (daemon) {}", self.slow));
        self.ends_at_once(ctmpl);

        let ended = self.start("500ms", &["--once"]).ends();
        assert_eq!(ended.code(), Some(14), "{}: {}", self.slow, ended.log);
        assert_eq!(self.folder.read("out"), "80");

        let ctmpl = self.start("1h", &["--once"]);
        Self::has_written(&ctmpl, 1);
        assert_eq!(self.folder.read("out"), "80");
        self.ends_at_once(ctmpl);
        assert!(!self.folder.path("slow.out").exists(), "{}", self.slow);
    }
}

#[test]
fn a_go_template_that_takes_too_long_fails_alone_and_delays_no_signal() {
    for (name, text) in GO {
        Scene::new(name, text).assert_survived();
    }
}

#[test]
fn a_jinja_template_that_takes_too_long_fails_alone_and_delays_no_signal() {
    for (name, text) in JINJA {
        Scene::new(&format!("{name}.j2"), text).assert_survived();
    }
}

#[test]
fn a_template_on_a_file_system_that_hangs_fails_alone_and_delays_no_signal() {
    let scene = Scene::of_source("mount/template");
    let path = scene.folder.path("mount");
    let Some(_mount) = HungMount::at(&path) else {
        return;
    };
    scene.assert_survived();
}

#[test]
fn a_file_on_a_file_system_that_hangs_fails_alone_and_delays_no_signal() {
    let scene = Scene::of_source("reader");
    let path = scene.folder.path("mount");
    let text = format!("{{{{ file `{}/file` }}}}", path.display());
    scene.folder.write("reader", &text);
    let Some(_mount) = HungMount::at(&path) else {
        return;
    };
    let ctmpl = scene.start("1h", &[]);
    scene.others_continue(&ctmpl);
    ctmpl.logs("it was not read within 10 s; its file system may hang");
    scene.ends_at_once(ctmpl);

    let ctmpl = scene.start("1h", &["--once"]);
    Scene::has_written(&ctmpl, 1);
    assert_eq!(scene.folder.read("out"), "80");
    scene.ends_at_once(ctmpl);
}

#[test]
fn a_reload_whose_pid_file_or_log_hangs_delays_nothing() {
    for setting in ["pid_file = \"{}/pid\"", "log_file { path = \"{}/log\" }"] {
        let scene = Scene::new("quick", "quick");
        let path = scene.folder.path("mount");
        let Some(_mount) = HungMount::at(&path) else {
            return;
        };
        let ctmpl = scene.start("1h", &[]);
        scene.folder.becomes("out", "80");
        let config = scene.folder.read("c.hcl");
        let setting = setting.replace("{}", &path.display().to_string());
        scene.folder.write("c.hcl", &format!("{config}{setting}\n"));
        ctmpl.signal(Signal::SIGHUP);
        ctmpl.logs("reloading the configuration");
        scene.consul.put_key("port", "81");
        scene.folder.becomes("out", "81");
        scene.ends_at_once(ctmpl);
    }
}
