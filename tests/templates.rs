//! The files in `templates/`: rendered by the real binary for no, one and many instances, equal in
//! both languages, and accepted by their program.

mod renderings;

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
