//! The built-in macros: their output for no, one and many instances is accepted by its program, and
//! no instance can add more than its server.

use std::path::PathBuf;

use crate::support::backend::Backend;
use crate::support::ctmpl::Folder;
use crate::support::directives::{of_haproxy, of_nginx};
use crate::support::rendering::{MANY, NONE, ODD, ONE, output, render};
use crate::support::servers;

const NGINX: &str = "{% import 'ctmpl/nginx' as nginx %}\n";
const HAPROXY: &str = "{% import 'ctmpl/haproxy' as haproxy %}\n\
    defaults\n  mode http\n  timeout connect 1s\n  timeout client 1s\n  timeout server 1s\n\
    frontend f\n  bind *:8000\n  http-request return status 200\n\n";

/// Renders a template with this text. Returns the output, or the log of a failure.
fn made(text: &str, seed: &str) -> Result<String, String> {
    let folder = Folder::new();
    let template: PathBuf = folder.write("t.conf.j2", text);
    let ended = render(&folder, seed, std::slice::from_ref(&template));
    match ended.code() {
        Some(0) => Ok(std::fs::read_to_string(output(&folder, "t.conf.j2")).unwrap()),
        _ => Err(ended.log),
    }
}

fn odd() -> String {
    format!("{MANY}{ODD}")
}

/// Checks cases: a call, and seeds with the expected words of the output.
fn nginx_holds(cases: &[(&str, &[(&str, &str)])]) {
    assert!(!cases.is_empty());
    for (call, seeds) in cases {
        for (seed, wanted) in *seeds {
            let text = made(&format!("{NGINX}{{{{ nginx.{call} }}}}"), seed)
                .unwrap_or_else(|log| panic!("{call}: {log}"));
            assert_eq!(text.trim(), *wanted, "{call}");
            servers::nginx_accepts(&text);
        }
    }
}

const PLACEHOLDER: &str = "server 127.0.0.1:9 down; # a placeholder: there is no usable instance";

#[test]
fn an_upstream_for_no_one_and_many_instances() {
    let empty = format!("upstream web {{\n    zone web 64k;\n    {PLACEHOLDER}\n}}");
    let many = "upstream web {\n    zone web 64k;\n    server 10.0.0.1:82 weight=300;\n    \
                server 10.0.0.1:80 weight=1;\n    server 10.0.0.1:81 weight=1;\n}";
    nginx_holds(&[
        (
            "upstream('web', service('web'))",
            &[
                (NONE, &empty),
                (
                    ONE,
                    "upstream web {\n    zone web 64k;\n    server 10.0.0.1:8080 weight=1;\n}",
                ),
                (MANY, many),
            ],
        ),
        (
            "upstream('web', service('web'), empty='503')",
            &[(NONE, &empty)],
        ),
        (
            "upstream('web', service('web'), empty='down')",
            &[(NONE, &empty), (MANY, many)],
        ),
        (
            "upstream('web', service('web'), empty='omit')",
            &[(NONE, ""), (MANY, many)],
        ),
        (
            "upstream('web', service('web'), method='least_conn', weights=false, max_fails=0, fail_timeout='5s', \
             max_conns=9, keepalive=4, zone='')",
            &[(
                ONE,
                "upstream web {\n    least_conn;\n    \
                 server 10.0.0.1:8080 max_fails=0 fail_timeout=5s max_conns=9;\n    keepalive 4;\n}",
            )],
        ),
        (
            "upstream('web', service('web'), method='hash $request_uri consistent' | raw, zone='', weights=false)",
            &[(
                ONE,
                "upstream web {\n    hash $request_uri consistent;\n    server 10.0.0.1:8080;\n}",
            )],
        ),
        (
            "upstream('n', service('nginx|any'), backup='metrics', zone='')",
            &[
                // A backup server alone does not count.
                (ONE, "upstream n {\n    server 10.0.0.1:80 weight=1;\n}"),
                (
                    MANY,
                    "upstream n {\n    server 10.0.0.1:80 weight=1 backup;\n    server 10.0.0.2:80 weight=65535;\n    \
                     server 10.0.0.2:81 weight=1 backup;\n}",
                ),
            ],
        ),
    ]);
}

#[test]
fn an_instance_becomes_one_server_or_nothing() {
    for prefix in ["", "{% autoescape true %}"] {
        let suffix = if prefix.is_empty() {
            ""
        } else {
            "{% endautoescape %}"
        };
        let call =
            format!("{NGINX}{prefix}{{{{ nginx.upstream('web', service('web')) }}}}{suffix}");
        let text = made(&call, &odd()).unwrap();
        let read = of_nginx(&text).unwrap();
        let servers = read[0]
            .block
            .as_ref()
            .unwrap()
            .iter()
            .filter(|directive| directive.words[0] == "server");
        assert_eq!((read.len(), servers.count()), (1, 5), "{text}");
        assert!(
            text.contains("server [fd00::1]:80") && !text.contains("evil"),
            "{text}"
        );
        servers::nginx_accepts(&text);
    }
    let text = made(
        &format!("{HAPROXY}{{{{ haproxy.backend('web', service('web')) }}}}"),
        &odd(),
    )
    .unwrap();
    let servers = of_haproxy(&text)
        .unwrap()
        .into_iter()
        .filter(|words| words[0] == "server");
    assert_eq!(
        servers.map(|words| words.len()).collect::<Vec<_>>(),
        [5; 5],
        "{text}"
    );
    assert!(
        text.contains(" [fd00::1]:80 ") && !text.contains("evil {"),
        "{text}"
    );
}

#[test]
fn an_argument_is_a_word_unless_it_is_raw() {
    let calls = [
        "upstream('a b', [])",
        "upstream('web;', service('web'))",
        "upstream('web', service('web'), method='hash $uri')",
        "pass('web', service('web'), uri='/; evil on')",
        "upstream('web', service('web'), max_fails='1; evil')",
    ];
    for call in calls {
        let log = made(&format!("{NGINX}{{{{ nginx.{call} }}}}"), ONE).unwrap_err();
        assert!(
            log.contains("ctmpl/nginx:") && log.contains("would have to be quoted"),
            "{call}: {log}"
        );
    }
    let log = made(
        &format!("{HAPROXY}{{{{ haproxy.backend('a b', []) }}}}"),
        ONE,
    )
    .unwrap_err();
    assert!(
        log.contains("ctmpl/haproxy:") && log.contains("would have to be quoted"),
        "{log}"
    );
    let log = made(
        &format!("{NGINX}{{{{ nginx.upstream('web', [], empty='404') }}}}"),
        ONE,
    )
    .unwrap_err();
    assert!(
        log.contains(r#"{"503": "", "omit": "", "down": ""}[empty]"#),
        "{log}"
    );
    let log = made("{% import 'ctmpl/apache' as apache %}", ONE).unwrap_err();
    assert!(
        log.contains("of the names in ctmpl/ there are only ctmpl/nginx and ctmpl/haproxy"),
        "{log}"
    );
}

#[test]
fn a_site_proxies_or_answers_503() {
    let backend = Backend::start("the backend");
    let instance = format!(
        "services: [{{name: web, address: 127.0.0.1, port: {}}}]",
        backend.port()
    );
    let site = |empty: &str| {
        format!(
            "{NGINX}{{{{ nginx.upstream('web', service('web'), empty='{empty}') }}}}\
             server {{ listen 8000; location / {{ {{{{ nginx.pass('web', service('web'), empty='{empty}') }}}} }} }}"
        )
    };
    for (empty, seed, status) in [
        ("503", instance.as_str(), 200),
        ("503", NONE, 503),
        ("down", instance.as_str(), 200),
        ("down", NONE, 502),
        ("omit", instance.as_str(), 200),
        ("omit", NONE, 404),
    ] {
        let text = made(&site(empty), seed).unwrap();
        let Some(answers) = servers::nginx_answers(&text, &["/x"]) else {
            return;
        };
        assert_eq!(answers[0].0, status, "{text}");
    }
}

#[test]
fn a_backend_for_no_one_and_many_instances() {
    let head = "backend web\n    mode http\n    balance roundrobin\n    \
                default-server check inter 5s init-addr last,libc,none\n";
    let cases: &[(&str, &str, String)] = &[
        ("", NONE, head.into()),
        (", empty='down'", NONE, format!("{head}    server none 127.0.0.1:9 disabled\n")),
        (", empty='omit'", NONE, String::new()),
        ("", ONE, format!("{head}    server n1_web 10.0.0.1:8080 weight 1\n")),
        (", empty='omit'", ONE, format!("{head}    server n1_web 10.0.0.1:8080 weight 1\n")),
        (
            "",
            MANY,
            format!(
                "{head}    server n1_we_b_2 10.0.0.1:82 weight 256\n    server n1_we_b_1 10.0.0.1:80 weight 1\n    \
                 server n1_we_b_2_3 10.0.0.1:81 weight 1\n"
            ),
        ),
        (
            ", slots=3, weights=false, maxconn=7",
            ONE,
            format!(
                "{head}    server web1 10.0.0.1:8080 maxconn 7\n    server web2 127.0.0.1:9 disabled\n    \
                 server web3 127.0.0.1:9 disabled\n"
            ),
        ),
        (
            ", slots=2, backup='metrics'",
            MANY,
            format!(
                "{head}    server web1 10.0.0.1:82 weight 256\n    server web2 10.0.0.1:80 weight 1 backup\n    \
                 server web3 10.0.0.1:81 weight 1 backup\n"
            ),
        ),
        (
            ", mode='tcp', balance='leastconn', check=false",
            ONE,
            "backend web\n    mode tcp\n    balance leastconn\n    default-server init-addr last,libc,none\n    \
             server n1_web 10.0.0.1:8080 weight 1\n"
                .into(),
        ),
    ];
    for (arguments, seed, wanted) in cases {
        let call = format!("{HAPROXY}{{{{ haproxy.backend('web', service('web'){arguments}) }}}}");
        let text = made(&call, seed).unwrap_or_else(|log| panic!("{arguments}: {log}"));
        let (_, backend) = text.split_once("status 200\n\n").unwrap();
        assert_eq!(backend, wanted, "{arguments}");
        let folder = Folder::new();
        servers::haproxy_accepts(&folder.write("haproxy.cfg", &text));
    }
    let twice =
        "{{ haproxy.backend('a', service('web')) }}{{ haproxy.backend('b', service('web')) }}";
    let text = made(&format!("{HAPROXY}{twice}"), MANY).unwrap();
    assert_eq!(
        text.matches(" n1_we_b_1 ").count(),
        2,
        "names are names of their backend: {text}"
    );
}

#[test]
fn built_in_macros_are_not_read_from_files() {
    let folder = Folder::new();
    folder.write(
        "ctmpl/nginx",
        "{% macro upstream(name, instances) %}stolen{% endmacro %}",
    );
    folder.write("ctmpl/other", "stolen");
    let template = folder.write(
        "t.j2",
        &format!("{NGINX}{{{{ nginx.upstream('web', []) }}}}"),
    );
    let ended = render(&folder, ONE, &[template]);
    assert_eq!(ended.code(), Some(0), "{}", ended.log);
    assert!(folder.read("out/t.j2").contains("upstream web {"));
    let template = folder.write("u.j2", "{% include 'ctmpl/other' %}");
    assert_eq!(render(&folder, ONE, &[template]).code(), Some(14));
}

#[test]
fn a_template_with_the_format_of_its_program_has_the_same_text() {
    let folder = Folder::new();
    let text = format!("{NGINX}{{{{ nginx.upstream('web', service('web'), backup='metrics') }}}}");
    let template = folder.write("t.j2", &text);
    let seed = folder.write("seed.yaml", MANY);
    let made: Vec<String> = ["none", "nginx", "haproxy"]
        .into_iter()
        .map(|format| {
            let job = format!("{}:{}", template.display(), folder.path(format).display());
            let seed = seed.display().to_string();
            let words = [
                "dev",
                "--listen",
                "127.0.0.1:0",
                "--seed",
                &seed,
                "-once",
                "--format",
                format,
                "--template",
                &job,
            ];
            let ended = crate::support::ctmpl::run(words);
            assert_eq!(ended.code(), Some(0), "{}", ended.log);
            folder.read(format)
        })
        .collect();
    assert!(
        made[0].contains("upstream web {") && made.iter().all(|text| *text == made[0]),
        "{made:?}"
    );
}
