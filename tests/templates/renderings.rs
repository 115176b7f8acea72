//! Each template with no, one and many instances.

use super::*;

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
