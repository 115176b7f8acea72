//! `ctmpl convert` with the real binary: every Go template of the repository is converted, proven
//! on data, and rendered.

use std::path::{Path, PathBuf};
use std::process::Output;

use crate::support::ctmpl::{Folder, command, text};
use crate::support::rendering::{MANY, NONE, ODD, ONE, output, render};

/// Returns every Go template of the repository.
fn templates() -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut left: Vec<PathBuf> = ["templates", "examples"].map(PathBuf::from).to_vec();
    while let Some(path) = left.pop() {
        if path.is_dir() {
            left.extend(
                std::fs::read_dir(path)
                    .unwrap()
                    .map(|entry| entry.unwrap().path()),
            );
        } else if path
            .extension()
            .is_some_and(|extension| extension == "ctmpl")
        {
            found.push(path);
        }
    }
    assert!(found.len() > 7, "{found:?}");
    found
}

fn convert(template: &Path, args: &[&str]) -> Output {
    command()
        .arg("convert")
        .arg(template)
        .args(args)
        .output()
        .unwrap()
}

fn log(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

#[test]
fn every_template_of_the_repository_is_converted_and_proven() {
    let odd = format!("{MANY}{ODD}");
    for template in templates() {
        for seed in [NONE, ONE, MANY, &odd] {
            let folder = Folder::new();
            let data = folder.write("data.yaml", seed);
            let done = convert(&template, &["--data", &text(&data)]);
            let log = log(&done);
            assert_eq!(done.status.code(), Some(0), "{}: {log}", template.display());
            assert!(
                log.contains("proven: both templates print the same") && log.lines().count() == 1,
                "{log}"
            );
        }
    }
}

#[test]
fn the_daemon_renders_both_templates_to_the_same_text() {
    for seed in [NONE, ONE, MANY] {
        let folder = Folder::new();
        let mut all = Vec::new();
        for template in templates() {
            let name = template.file_name().unwrap().to_str().unwrap().to_owned();
            let jinja = folder.path(&format!("{name}.j2"));
            assert_eq!(
                convert(&template, &["-o", &text(&jinja)]).status.code(),
                Some(0),
                "{name}"
            );
            all.extend([std::fs::canonicalize(&template).unwrap(), jinja]);
        }
        let ended = render(&folder, seed, &all);
        assert_eq!(ended.code(), Some(0), "{}", ended.log);
        for pair in all.chunks(2) {
            let [go, jinja] =
                [&pair[0], &pair[1]].map(|path| path.file_name().unwrap().to_str().unwrap());
            let [go, jinja] =
                [go, jinja].map(|name| std::fs::read_to_string(output(&folder, name)).unwrap());
            assert_eq!(go, jinja, "{}", pair[0].display());
        }
    }
}

#[test]
fn unconverted_parts_are_reported_and_fail() {
    let folder = Folder::new();
    let template = folder.write("a.ctmpl", "x\n{{ call 1 }}\ny\n");
    let done = convert(&template, &[]);
    assert_eq!(done.status.code(), Some(1));
    let text = String::from_utf8(done.stdout.clone()).unwrap();
    assert!(text.contains("{# ctmpl convert: line 2: call 1:"), "{text}");
    assert!(
        log(&done).contains("a.ctmpl: not converted: line 2: call 1:"),
        "{}",
        log(&done)
    );
}

#[test]
fn a_difference_is_shown() {
    let folder = Folder::new();
    // The name of the template is computed, so its converted form prints nothing.
    let source = "{{define \"a\"}}A{{end}}before\n{{executeTemplate (printf \"%s\" (env \"NAME\")) 1}}\nafter\n";
    let template = folder.write("a.ctmpl", source);
    let done = command()
        .env("NAME", "a")
        .args(["convert", &text(&template)])
        .output()
        .unwrap();
    assert_eq!(done.status.code(), Some(1));
    let log = log(&done);
    assert!(
        log.contains("the templates print something different:") && log.contains("\n-A\n"),
        "{log}"
    );
}

#[test]
fn without_data_nothing_is_proven() {
    let done = convert(Path::new("templates/nginx.ctmpl"), &[]);
    assert_eq!(done.status.code(), Some(0));
    assert!(log(&done).contains(
        "not proven: it asks Consul; give it one with --data FILE or --consul-addr ADDR"
    ));
    assert!(
        String::from_utf8(done.stdout.clone())
            .unwrap()
            .contains("{% for instance in service(\"nginx\") %}")
    );
}

#[test]
fn a_live_consul_proves_as_well() {
    let consul = crate::support::embedded(consul_dev::Seed::default().key("a", "1"));
    let folder = Folder::new();
    let template = folder.write(
        "a.ctmpl",
        "{{ key \"a\" }}\n{{ range ls \"\" }}{{ .Key }}{{ end }}",
    );
    let address = format!("--consul-addr={}", consul.address());
    let done = convert(&template, &[&address]);
    assert!(
        done.status.success()
            && log(&done).contains("proven: both templates print the same 2 bytes"),
        "{}",
        log(&done)
    );
    let template = folder.write("b.ctmpl", "{{ key \"none\" }}");
    let done = convert(&template, &[&address]);
    assert!(done.status.success(), "{}", log(&done));
    assert!(
        log(&done).contains("not proven") && log(&done).contains("query kv.get(none) has no data"),
        "{}",
        log(&done)
    );
}

#[test]
fn an_unreadable_template_is_an_error() {
    let folder = Folder::new();
    let broken = folder.write("broken.ctmpl", "a\n{{ servce }}");
    let fine = folder.write("fine.ctmpl", "{{ key \"a\" }}");
    let none = text(&folder.path("none"));
    let cases: [(&Path, &[&str], &str); 4] = [
        (
            &broken,
            &[],
            "broken.ctmpl:2:4: function \"servce\" not defined",
        ),
        (Path::new("none.ctmpl"), &[], "cannot read the template"),
        (&fine, &["--data", &none], "none"),
        (
            &fine,
            &["--consul-addr", "127.0.0.1:1"],
            "cannot ask for kv.get(a)",
        ),
    ];
    for (template, args, said) in cases {
        let done = convert(template, args);
        assert_eq!(done.status.code(), Some(14), "{args:?}");
        assert!(log(&done).contains(said), "{}", log(&done));
    }
}

#[test]
fn the_template_itself_is_not_overwritten() {
    let folder = Folder::new();
    let template = folder.write("a.ctmpl", "a");
    let done = convert(&template, &["-o", &text(&template)]);
    assert_eq!(
        (done.status.code(), folder.read("a.ctmpl").as_str()),
        (Some(14), "a"),
        "{}",
        log(&done)
    );
}
