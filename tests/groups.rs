//! Groups with real programs: checked before the swap, verified after the reload, rolled back.

mod checks;
mod failures;

use std::fs;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use consul_dev::{Background, Seed};

use crate::support::ctmpl::{Ctmpl, Folder, text};
use crate::support::haproxy::Haproxy;
use crate::support::nginx::Nginx;
use crate::support::{eventually, free_port, http, installed};

/// An embedded server with these keys.
fn consul(keys: &[(&str, &str)]) -> Background {
    let seed = keys.iter();
    let seed = seed.fold(Seed::default(), |seed, (key, value)| seed.key(key, value));
    crate::support::embedded(seed)
}

fn start(folder: &Folder, consul: &Background, configuration: &str) -> Ctmpl {
    folder.write("ctmpl.hcl", configuration);
    let config = format!("--config={}", text(&folder.path("ctmpl.hcl")));
    Ctmpl::start(consul.address(), [config])
}

fn answers(address: SocketAddr, expected: &str) -> bool {
    http::get(address, "/").is_ok_and(|answer| answer.body == expected)
}

/// A free address for the site of a test.
fn front() -> SocketAddr {
    SocketAddr::from(([127, 0, 0, 1], free_port()))
}

/// nginx, and the server with the keys `name` and `text` of its site.
struct Site {
    folder: Folder,
    front: SocketAddr,
    consul: Background,
    nginx: Nginx,
}

impl Site {
    /// Starts nginx without the site; `None` if it is not installed.
    fn start(text: &str) -> Option<Self> {
        if !installed(&["nginx"]) {
            return None;
        }
        let folder = Folder::new();
        Some(Self {
            front: front(),
            consul: consul(&[("name", "app"), ("text", text)]),
            nginx: Nginx::start(&folder),
            folder,
        })
    }

    /// The configuration of a group `nginx` with two fragments. The first one uses the upstream that the second one
    /// defines.
    fn group(&self, settings: &str) -> String {
        let path = |name: &str| text(&self.folder.path(name));
        format!(
            r#"
group "nginx" {{
  command = "{reload}"
  {settings}
}}
template {{
  group = "nginx"
  destination = "{site}"
  contents = "server {{ listen {front}; location /up {{ proxy_pass http://{{{{ key \"name\" }}}}; }} location / {{ return 200 {{{{ key \"text\" }}}}; }} }}"
}}
template {{
  group = "nginx"
  destination = "{upstream}"
  contents = "upstream {{{{ key \"name\" }}}} {{ server 127.0.0.1:9; }}"
}}
"#,
            reload = self.nginx.reload(),
            front = self.front,
            site = path("conf.d/a-site.conf"),
            upstream = path("conf.d/b-upstream.conf"),
        )
    }

    /// Starts ctmpl with this configuration.
    fn follow(&self, configuration: &str) -> Ctmpl {
        start(&self.folder, &self.consul, configuration)
    }

    fn answers(&self, expected: &str) -> bool {
        answers(self.front, expected)
    }
}

#[test]
fn a_bad_fragment_of_nginx_is_refused_and_the_live_tree_stays() {
    let Some(site) = Site::start("one") else {
        return;
    };
    let (folder, consul) = (&site.folder, &site.consul);
    let settings = format!(
        r#"check = ["nginx", "-t", "-q", "-p", "{{tree}}", "-c", "{{tree}}/nginx.conf", "-e", "{log}"]
  check_tree = "{tree}"
  verify {{
    program = "nginx"
    pid_file = "{pid}"
  }}"#,
        log = text(&folder.path("check.log")),
        tree = text(&folder.path("")).trim_end_matches('/'),
        pid = text(&folder.path("nginx.pid")),
    );
    let ctmpl = site.follow(&site.group(&settings));
    eventually("both fragments are live", || site.answers("one"));
    ctmpl.logs("verified after");

    let before = folder.read("conf.d/a-site.conf");
    consul.put_key("text", "one; nonsense");
    ctmpl.logs("the check failed, so no file is changed");
    ctmpl.logs("unknown directive \"nonsense\"");
    assert!(!ctmpl.log().contains("/proc/self/exe"), "{}", ctmpl.log());
    assert_eq!(ctmpl.log_count("unknown directive"), 1);
    assert_eq!(folder.read("conf.d/a-site.conf"), before);
    assert!(site.answers("one"));

    // Each of the fragments is valid only together with the other one.
    consul.put_key("text", "two");
    eventually("the content is applied when it is valid again", || {
        site.answers("two")
    });
    consul.put_key("name", "renamed");
    folder.eventually("conf.d/b-upstream.conf", "renamed", |it| {
        it.contains("renamed")
    });
    assert!(folder.read("conf.d/a-site.conf").contains("renamed"));
    assert_eq!(ctmpl.log_count("the check failed"), 1);
    let names = fs::read_dir(folder.path("conf.d")).unwrap().count();
    assert_eq!(names, 2, "no temporary file is left");
    assert_eq!(ctmpl.stop().code(), Some(12));
}

#[test]
fn a_reload_that_nginx_rejects_is_detected_and_rolled_back() {
    let Some(site) = Site::start("one") else {
        return;
    };
    let (folder, consul) = (&site.folder, &site.consul);
    // The signal is accepted, whatever nginx thinks of the files.
    let signal = format!("kill -HUP $(cat {})", text(&folder.path("nginx.pid")));
    let settings = format!(
        r#"on_failure = "rollback"
  verify {{
    program = "nginx"
    pid_file = "{}"
    timeout = "3s"
  }}"#,
        text(&folder.path("nginx.pid")),
    );
    let configuration = site.group(&settings);
    let configuration = configuration.replace(site.nginx.reload(), &signal);
    let ctmpl = site.follow(&configuration);
    eventually("the first content is live", || site.answers("one"));
    ctmpl.logs("verified after");

    let before = folder.read("conf.d/a-site.conf");
    consul.put_key("text", "two; nonsense");
    ctmpl.logs("the verification failed");
    folder.becomes("conf.d/a-site.conf", &before);
    eventually("the previous content is verified", || {
        ctmpl.log_count("verified after") == 2
    });
    assert!(site.answers("one"));
    folder.stays("conf.d/a-site.conf", &before, Duration::from_millis(500));
    consul.put_key("text", "three");
    eventually("a changed content is applied", || site.answers("three"));
    assert_eq!(ctmpl.stop().code(), Some(12));
}

#[test]
fn a_hundred_changes_in_ten_seconds_reload_nginx_at_the_rate_and_the_latest_is_live() {
    let Some(site) = Site::start("v1") else {
        return;
    };
    let (folder, consul) = (&site.folder, &site.consul);
    let settings = "reload_rate = \"1/2s burst 2\"";
    let begun = Instant::now();
    let configuration = site.group(settings);
    let ctmpl = site.follow(&configuration);
    eventually("the first content is live", || site.answers("v1"));
    for version in 2..=100 {
        consul.put_key("text", &format!("v{version}"));
        std::thread::sleep(Duration::from_millis(100));
    }
    eventually("the latest content is live", || site.answers("v100"));
    assert_eq!(ctmpl.stop().code(), Some(12));
    let reloads = folder
        .read("error.log")
        .matches("(SIGHUP) received")
        .count();
    // The burst, and one for each period that has begun.
    let most = 2 + usize::try_from(begun.elapsed().as_secs() / 2).unwrap() + 1;
    assert!((3..=most).contains(&reloads), "{reloads} of {most} reloads");
}

#[test]
fn a_bad_configuration_of_haproxy_is_refused_by_the_built_in_check() {
    if !installed(&["haproxy"]) {
        return;
    }
    let (folder, front) = (Folder::new(), front());
    let consul = consul(&[("text", "one")]);
    let site = |text: &str| {
        format!(
            "defaults\n  mode http\n  timeout client 5s\n  timeout connect 5s\n  timeout server 5s\n\
             frontend front\n  bind {front}\n  http-request return status 200 content-type text/plain string {text}\n"
        )
    };
    folder.write("haproxy.cfg", &site("zero"));
    let _haproxy = Haproxy::start(&folder, "haproxy.cfg");
    let contents = site(r#"{{ key \"text\" }}"#).replace('\n', "\\n");
    let configuration = format!(
        r#"
group "haproxy" {{
  check = "haproxy"
  command = "{reload}"
  verify {{
    program = "haproxy"
    pid_file = "{pid}"
  }}
}}
template {{
  group = "haproxy"
  destination = "{destination}"
  contents = "{contents}"
}}
"#,
        reload = Haproxy::reload(&folder),
        pid = text(&folder.path("haproxy.pid")),
        destination = text(&folder.path("haproxy.cfg")),
    );
    let ctmpl = start(&folder, &consul, &configuration);
    eventually("the first content is live", || answers(front, "one"));
    ctmpl.logs("verified after");
    consul.put_key("text", "two unless nonsense");
    ctmpl.logs("the check failed, so no file is changed");
    assert!(answers(front, "one"));
    consul.put_key("text", "three");
    eventually("a valid content is applied", || answers(front, "three"));
    assert_eq!(ctmpl.stop().code(), Some(12));
}

#[test]
fn a_command_that_hangs_delays_only_its_own_group() {
    let (folder, consul) = (Folder::new(), consul(&[("a", "1")]));
    let template = |destination: &str, command: &str| {
        format!(
            "template {{\n  destination = \"{}\"\n  contents = \"{{{{ key \\\"a\\\" }}}}\"\n  command = \"{command}\"\n}}\n",
            text(&folder.path(destination))
        )
    };
    let touched = text(&folder.path("touched"));
    let configuration = [
        template("first", "sleep 60"),
        template("second", &format!("echo done >> {touched}")),
    ];
    let ctmpl = start(&folder, &consul, &configuration.concat());
    folder.becomes("touched", "done\n");
    consul.put_key("a", "2");
    folder.becomes("touched", "done\ndone\n");
    folder.becomes("first", "2");
    drop(ctmpl);
}

#[test]
fn a_verification_by_http_waits_for_the_status() {
    let Some(site) = Site::start("one") else {
        return;
    };
    let (folder, consul) = (&site.folder, &site.consul);
    let settings = format!(
        "verify {{\n    http = \"http://{}/\"\n    timeout = \"2s\"\n  }}",
        site.front
    );
    let ctmpl = site.follow(&site.group(&settings));
    ctmpl.logs("verified after");
    assert!(site.answers("one"));
    let begun = Instant::now();
    consul.put_key("text", "nothing; error_page 404 /; return 404");
    eventually("the file is written", || {
        folder.read("conf.d/a-site.conf").contains("404")
    });
    assert!(begun.elapsed() < Duration::from_secs(10));
    assert_eq!(ctmpl.stop().code(), Some(12));
}

#[test]
fn a_failed_check_names_the_destination_and_the_line_of_the_template() {
    let folder = Folder::new();
    let consul = consul(&[("port", "80")]);
    let out = text(&folder.path("out"));
    folder.write(
        "app.ctmpl",
        "# app\n{{ with key \"port\" }}\nlisten {{ . }};\n{{ end }}\n",
    );
    let configuration = format!(
        r#"
group "app" {{
  check = ["sh", "-c", "! grep -n bad $1 || {{ echo \"error in $1:3\"; exit 1; }}", "sh", "{{staged}}"]
}}
template {{
  group = "app"
  source = "{source}"
  destination = "{out}"
}}
"#,
        source = text(&folder.path("app.ctmpl")),
    );
    let ctmpl = start(&folder, &consul, &configuration);
    folder.eventually("out", "listen 80", |it| it.contains("listen 80;"));
    consul.put_key("port", "bad");
    ctmpl.logs("the check failed, so no file is changed");
    ctmpl.logs(&format!("error in {out}:3"));
    let place = format!(
        "line 3 of {out} comes from {}:3",
        text(&folder.path("app.ctmpl"))
    );
    ctmpl.logs(&place);
    assert!(!ctmpl.log().contains(".out.ctmpl-"), "{}", ctmpl.log());
    assert_eq!(ctmpl.stop().code(), Some(12));
}
