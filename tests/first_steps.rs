//! `ctmpl init` and `ctmpl render`: the first steps, without Consul.

use std::process::Command;

use crate::support::ctmpl::{Ended, Folder, command, run_command};

fn run(folder: &Folder, words: &[&str]) -> Ended {
    let mut command: Command = command();
    command.args(words).current_dir(folder.path("."));
    run_command(command)
}

const DATA: &str =
    "kv:\n  app/port: 8080\nservices:\n  - {name: web, address: 10.0.0.1, port: 80}\n";

#[test]
fn render_prints_a_template_with_the_data_of_a_file() {
    let folder = Folder::new();
    folder.write("data.yaml", DATA);
    folder.write(
        "a.ctmpl",
        "{{ key \"app/port\" }}{{ range service \"web\" }} {{ .Address }}:{{ .Port }}{{ end }}\n",
    );
    folder.write(
        "a.j2",
        "{{ key('app/port') }}{% for s in service('web') %} {{ s.address }}:{{ s.port }}{% endfor %}",
    );
    for (template, text) in [
        ("a.ctmpl", "8080 10.0.0.1:80\n"),
        ("a.j2", "8080 10.0.0.1:80"),
    ] {
        let ended = run(&folder, &["render", "--data", "data.yaml", template]);
        assert_eq!(
            (ended.code(), ended.output.as_str(), ended.log.as_str()),
            (Some(0), text, ""),
            "{template}"
        );
    }
}

#[test]
fn render_without_data_prints_a_template_that_needs_none() {
    let folder = Folder::new();
    folder.write(
        "a.ctmpl",
        "{{ \"x\" | toUpper }}{{ len (service \"web\") }}",
    );
    let ended = run(&folder, &["render", "a.ctmpl"]);
    assert_eq!((ended.code(), ended.output.as_str()), (Some(0), "X0"));
}

#[test]
fn render_names_missing_data_and_errors_with_their_place() {
    let folder = Folder::new();
    folder.write("data.yaml", DATA);
    folder.write("missing.ctmpl", "x\n{{ key \"app/prot\" }}");
    folder.write("wrong.ctmpl", "{{ frobnicate }}");
    folder.write("plugin.ctmpl", "{{ plugin \"true\" }}");
    folder.write("bad.yaml", "kw: {}");
    let cases = [
        (
            ["data.yaml", "missing.ctmpl"],
            "missing.ctmpl:2: kv.get(app/prot): the data has no such key",
        ),
        (["data.yaml", "wrong.ctmpl"], "wrong.ctmpl:1:4: function"),
        (["data.yaml", "plugin.ctmpl"], "plugin"),
        (["data.yaml", "absent.ctmpl"], "absent.ctmpl"),
        (["bad.yaml", "missing.ctmpl"], "bad.yaml"),
        (["absent.yaml", "missing.ctmpl"], "absent.yaml"),
    ];
    for ([data, template], error) in cases {
        let ended = run(&folder, &["render", "--data", data, template]);
        assert_eq!(
            (ended.code(), ended.output.as_str()),
            (Some(14), ""),
            "{template}: {}",
            ended.log
        );
        assert!(ended.log.contains(error), "{error}: {}", ended.log);
    }
}

#[test]
fn init_writes_files_that_work_and_overwrites_none() {
    let folder = Folder::new();
    let ended = run(&folder, &["init"]);
    assert_eq!((ended.code(), ended.log.as_str()), (Some(0), ""));
    // The next commands that it names succeed.
    let next = ended.output;
    assert!(next.contains("ctmpl render --data data.yaml app.conf.ctmpl"));
    let rendered = run(
        &folder,
        &["render", "--data", "data.yaml", "app.conf.ctmpl"],
    );
    assert_eq!(rendered.code(), Some(0), "{}", rendered.log);
    assert!(
        rendered.output.contains("port 8080\n")
            && rendered.output.contains("server 10.0.0.2:8082\n"),
        "{}",
        rendered.output
    );
    assert!(next.contains("ctmpl dev --seed data.yaml --config ctmpl.hcl"));
    let validated = run(&folder, &["validate", "--config", "ctmpl.hcl"]);
    assert_eq!((validated.code(), validated.log.as_str()), (Some(0), ""));
    let words = ["dev", "--listen=127.0.0.1:0", "--seed=data.yaml"];
    let words = [&words[..], &["--config=ctmpl.hcl", "--once"]].concat();
    let written = run(&folder, &words);
    assert_eq!(written.code(), Some(0), "{}", written.log);
    assert_eq!(folder.read("app.conf"), rendered.output);

    folder.write("data.yaml", "mine");
    std::fs::remove_file(folder.path("ctmpl.hcl")).unwrap();
    let ended = run(&folder, &["init"]);
    assert_eq!(ended.code(), Some(14));
    assert!(
        ended
            .log
            .contains("exists; `ctmpl init` overwrites no file")
    );
    assert_eq!(folder.read("data.yaml"), "mine");
    assert_eq!(folder.read("ctmpl.hcl"), "", "nothing is written");
}
