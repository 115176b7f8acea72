//! The files in `templates/`: rendered by the real binary for no, one and many instances, equal in
//! both languages, and accepted by their program.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::support::backend::Backend;
use crate::support::ctmpl::Folder;
use crate::support::rendering::{MANY, NONE, ODD, ONE, output, read_flags, read_script, render};
use crate::support::servers;

/// A template in both languages, with the check of its output.
struct Twins {
    go: &'static str,
    jinja: &'static str,
    check: fn(&Path),
    /// Whether it accepts the instances of [`ODD`].
    odd: bool,
}

const TWINS: &[Twins] = &[
    Twins {
        go: "nginx.ctmpl",
        jinja: "nginx.conf.j2",
        check: nginx,
        odd: false,
    },
    Twins {
        go: "nginx-upstreams.ctmpl",
        jinja: "nginx-upstreams.conf.j2",
        check: nginx,
        odd: true,
    },
    Twins {
        go: "haproxy.ctmpl",
        jinja: "haproxy.cfg.j2",
        check: haproxy,
        odd: true,
    },
    Twins {
        go: "apache-balancer.ctmpl",
        jinja: "apache-balancer.conf.j2",
        check: apache,
        odd: true,
    },
    Twins {
        go: "hosts.ctmpl",
        jinja: "hosts.j2",
        check: hosts,
        odd: true,
    },
    Twins {
        go: "prometheus-file-sd.ctmpl",
        jinja: "prometheus-file-sd.json.j2",
        check: prometheus,
        odd: true,
    },
    Twins {
        go: "dotenv.ctmpl",
        jinja: "dotenv.j2",
        check: dotenv,
        odd: true,
    },
];

fn template(name: &str) -> PathBuf {
    fs::canonicalize("templates").unwrap().join(name)
}

/// Renders and checks all templates, or only those that accept odd instances.
fn all_hold(seed: &str, odd: bool) -> Folder {
    let folder = Folder::new();
    let twins: Vec<_> = TWINS.iter().filter(|twins| twins.odd || !odd).collect();
    let templates: Vec<_> = twins
        .iter()
        .flat_map(|twins| [template(twins.go), template(twins.jinja)])
        .collect();
    let ended = render(&folder, seed, &templates);
    assert_eq!(ended.code(), Some(0), "{}", ended.log);
    for Twins {
        go, jinja, check, ..
    } in twins
    {
        let [go, jinja] = [go, jinja].map(|name| output(&folder, name));
        let [first, second] = [&go, &jinja].map(|path| fs::read_to_string(path).unwrap());
        assert_eq!(
            first,
            second,
            "{} and {} differ",
            go.display(),
            jinja.display()
        );
        assert!(
            first.ends_with('\n') && !first.ends_with("\n\n"),
            "{first:?}"
        );
        check(&go);
    }
    folder
}

fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap()
}

fn nginx(file: &Path) {
    servers::nginx_accepts(&read(file));
}

fn haproxy(file: &Path) {
    servers::haproxy_accepts(file);
}

fn apache(file: &Path) {
    let text = read(file);
    for section in ["VirtualHost", "Proxy"] {
        let count = |tag: String| text.matches(&tag).count();
        assert_eq!(
            count(format!("<{section} ")),
            count(format!("</{section}>")),
            "{text}"
        );
    }
    assert_ne!(
        text.contains("BalancerMember"),
        text.contains("Redirect 503"),
        "{text}"
    );
    servers::apache_accepts(file);
}

fn hosts(file: &Path) {
    for line in read(file).lines().filter(|line| !line.starts_with('#')) {
        let mut words = line.split(' ');
        assert!(
            words.next().unwrap().parse::<std::net::IpAddr>().is_ok(),
            "{line}"
        );
        let mut names = words.peekable();
        assert!(names.peek().is_some(), "{line}");
        assert!(
            names.all(|name| name
                .chars()
                .all(|c| c.is_ascii_alphanumeric() || "-.".contains(c))),
            "{line}"
        );
    }
}

fn prometheus(file: &Path) {
    let groups: serde_json::Value = serde_json::from_str(&read(file)).unwrap();
    for group in groups.as_array().unwrap() {
        let target = group["targets"][0].as_str().unwrap();
        assert!(
            target
                .rsplit_once(':')
                .unwrap()
                .1
                .parse::<u16>()
                .is_ok_and(|port| port > 0),
            "{target}"
        );
        for (name, value) in group["labels"].as_object().unwrap() {
            assert!(
                name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_') && value.is_string(),
                "{name}: {value}"
            );
        }
    }
}

fn dotenv(file: &Path) {
    assert!(read(file).starts_with("# Written by ctmpl"));
    variables(file, &[]);
}

/// Returns the values of these variables after a shell has read the file.
fn variables(file: &Path, names: &[&str]) -> Vec<String> {
    let wanted = names
        .iter()
        .map(|name| format!(" \"${name}\""))
        .collect::<Vec<_>>()
        .concat();
    let script = format!(". '{}'; printf '%s\\0'{wanted}", file.display());
    let output = Command::new("/bin/sh")
        .args(["-eu", "-c", &script])
        .env_clear()
        .output()
        .unwrap();
    assert!(
        output.status.success() && output.stderr.is_empty(),
        "{output:?}"
    );
    String::from_utf8(output.stdout)
        .unwrap()
        .split_terminator('\0')
        .map(str::to_owned)
        .collect()
}

#[test]
fn every_template_has_a_test() {
    let mut found: Vec<_> = fs::read_dir("templates")
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    let mut known: Vec<_> = TWINS
        .iter()
        .flat_map(|twins| [twins.go, twins.jinja])
        .collect();
    found.sort_unstable();
    known.sort_unstable();
    assert_eq!(found, known);
}

#[test]
fn each_begins_with_a_command_line_that_works() {
    for name in TWINS.iter().flat_map(|twins| [twins.go, twins.jinja]) {
        let text = read(&template(name));
        assert!(
            text.starts_with("{{- /*\n") || text.starts_with("{#\n"),
            "{name} begins with something else"
        );
        let line = text
            .lines()
            .find(|line| line.starts_with("  ctmpl "))
            .unwrap_or_else(|| panic!("{name}: no command"));
        let calls = read_script(&Folder::new(), Path::new("templates"), line);
        assert_eq!(calls.len(), 1, "{line}");
        let config = read_flags(&calls[0]);
        assert_eq!(config.jobs.len(), 1, "{line}");
        assert!(
            calls[0]
                .last()
                .unwrap()
                .starts_with(&format!("{name}:/etc/")),
            "{line}"
        );
    }
}

#[test]
fn without_an_instance() {
    let folder = all_hold(NONE, false);
    assert!(folder.read("out/nginx.ctmpl").contains("return 503;"));
    assert!(folder.read("out/haproxy.ctmpl").ends_with("none\n"));
    assert_eq!(folder.read("out/prometheus-file-sd.ctmpl"), "[\n]\n");
    assert_eq!(folder.read("out/dotenv.ctmpl").lines().count(), 1);
}

#[test]
fn with_one_instance() {
    let folder = all_hold(ONE, false);
    assert!(
        folder
            .read("out/nginx.ctmpl")
            .contains("{\n    server 10.0.0.1:80;\n}")
    );
    assert!(!folder.read("out/nginx.ctmpl").contains("503"));
    assert!(
        folder
            .read("out/nginx-upstreams.ctmpl")
            .contains("map \"\" $web_is_empty { default 0; }")
    );
    assert!(
        folder
            .read("out/haproxy.ctmpl")
            .contains("\n    server n1_web 10.0.0.1:8080 weight 1\n")
    );
    assert!(
        folder
            .read("out/hosts.ctmpl")
            .contains("\n10.0.0.1 n1.node.consul n1\n")
    );
    assert_eq!(
        variables(&folder.path("out/dotenv.ctmpl"), &["NAME", "DB_HOST"]),
        ["x", "db.example.net"]
    );
}

#[test]
fn with_many_instances_of_any_name() {
    let folder = all_hold(MANY, false);
    let haproxy = folder.read("out/haproxy.ctmpl");
    for name in ["n1_we_b_1", "n1_we_b_2", "n1_we_b_2_2"] {
        assert_eq!(
            haproxy.matches(&format!(" {name} ")).count(),
            1,
            "{name} in {haproxy}"
        );
    }
    let hosts = folder.read("out/hosts.ctmpl");
    assert!(hosts.contains("fd00::9 v6.node.consul v6\n"), "{hosts}");
    assert!(
        !hosts.contains("bad host") && !hosts.contains("db.example.net"),
        "{hosts}"
    );
    let groups: serde_json::Value =
        serde_json::from_str(&folder.read("out/prometheus-file-sd.ctmpl")).unwrap();
    let labels = groups
        .as_array()
        .unwrap()
        .iter()
        .map(|group| &group["labels"]);
    let labels: Vec<_> = labels
        .map(|labels| (labels["job"].as_str().unwrap(), labels))
        .collect();
    assert_eq!(
        labels.iter().map(|(job, _)| *job).collect::<Vec<_>>(),
        ["down", "nginx", "nginx", "web", "web"]
    );
    assert_eq!(
        labels[1].1["__meta_consul_tags"],
        ",back\\slash,metrics,q\"uote,"
    );
    assert_eq!(labels[3].1["__meta_consul_service_metadata_a_b"], "x\"; }");
}

#[test]
fn addresses_of_every_kind_and_instances_without_a_port() {
    let folder = all_hold(&format!("{MANY}{ODD}"), true);
    for name in [
        "nginx-upstreams.ctmpl",
        "haproxy.ctmpl",
        "apache-balancer.ctmpl",
    ] {
        let text = folder.read(&format!("out/{name}"));
        assert!(text.contains("[fd00::1]:80"), "{name}: {text}");
        assert!(
            !text.contains("evil {") && !text.contains("} evil"),
            "{name}: {text}"
        );
    }
    let upstreams = folder.read("out/nginx-upstreams.ctmpl").to_lowercase();
    assert_eq!(
        upstreams.matches("upstream web {").count(),
        1,
        "nginx takes WEB and web for the same: {upstreams}"
    );
    assert!(
        upstreams.contains("map \"\" $odd_is_empty { default 1; }"),
        "{upstreams}"
    );
}

#[test]
fn a_value_stays_one_value_in_a_shell() {
    let folder = Folder::new();
    let ended = render(&folder, MANY, &[template("dotenv.ctmpl")]);
    assert_eq!(ended.code(), Some(0), "{}", ended.log);
    let values = variables(
        &folder.path("out/dotenv.ctmpl"),
        &["PLAIN", "EMPTY", "_9_LIVES_OF__", "LINES"],
    );
    let hostile = "two\nlines; $HOME `id` $(id) 'q' \"dq\" \\ end\\";
    assert_eq!(values, ["x", "", hostile, "\n a\r\n\n"]);
    assert!(!folder.read("out/dotenv.ctmpl").contains("another user"));
}

#[test]
fn nginx_answers_503_or_proxies() {
    let backend = Backend::start("the backend");
    let port = backend.port();
    let instance = |name| format!("  - {{name: {name}, address: 127.0.0.1, port: {port}}}\n");
    let seeds = [
        (
            "services: [{name: web, port: 1, status: critical}]".to_owned(),
            503,
        ),
        (
            format!("services:\n{}{}", instance("nginx"), instance("web")),
            200,
        ),
    ];
    let site = "server { listen 8000; location / { if ($web_is_empty) { return 503; } proxy_pass http://web; } }";
    for (name, site) in [("nginx.ctmpl", ""), ("nginx-upstreams.ctmpl", site)] {
        for (seed, status) in &seeds {
            let folder = Folder::new();
            let ended = render(&folder, seed, &[template(name)]);
            assert_eq!(ended.code(), Some(0), "{}", ended.log);
            let site = format!("{}{site}", read(&output(&folder, name)));
            let Some(answers) = servers::nginx_answers(&site, &["/"]) else {
                return;
            };
            assert_eq!(answers[0].0, *status, "{name}: {answers:?}");
            assert_eq!(
                answers[0].1 == "the backend",
                *status == 200,
                "{name}: {answers:?}"
            );
        }
    }
}

#[test]
fn the_tutorial_is_at_the_path_that_the_demo_uses() {
    let demo = fs::read_to_string("scripts/demo").unwrap();
    for path in [
        "templates/nginx.ctmpl",
        "templates/nginx.conf.j2",
        "examples/dev/catalog.yaml",
    ] {
        assert!(demo.contains(path) && Path::new(path).is_file(), "{path}");
    }
    let folder = Folder::new();
    let seed = fs::read_to_string("examples/dev/catalog.yaml").unwrap();
    let ended = render(&folder, &seed, &[template("nginx.ctmpl")]);
    assert_eq!(ended.code(), Some(0), "{}", ended.log);
    assert!(
        read(&output(&folder, "nginx.ctmpl"))
            .contains("{\n    server 10.0.0.11:80;\n    server 10.0.0.12:80;\n}")
    );
}
