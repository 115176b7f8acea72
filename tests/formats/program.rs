//! Formats in the whole program.

use super::*;

/// Runs `ctmpl dev -once` with one hostile key and these arguments.
fn once(folder: &Folder, template: &str, words: &[&str]) -> Ended {
    let seed = folder.write("seed.yaml", "kv: {evil: 'x\"; } evil on; #', good: web}\n");
    let template = folder.path(template);
    let mut args = [
        "dev",
        "--listen",
        "127.0.0.1:0",
        "--seed",
        &text(&seed),
        "-once",
        "--timeout",
        "10s",
    ]
    .map(str::to_owned)
    .to_vec();
    args.extend(words.iter().map(|word| {
        word.replace("TEMPLATE", &text(&template))
            .replace("OUT", &text(&folder.path("out")))
    }));
    run(args)
}

#[test]
fn the_flag_is_for_all_templates_and_the_destination_for_one() {
    let folder = Folder::new();
    folder.write("a.ctmpl", "set $a {{ key \"evil\" }};\n");
    let ended = once(
        &folder,
        "a.ctmpl",
        &["--format", "nginx", "--template", "TEMPLATE:OUT/a.conf"],
    );
    assert_eq!(ended.code(), Some(0), "{}", ended.log);
    assert_eq!(
        folder.read("out/a.conf"),
        "set $a \"x\\\"; } evil on; #\";\n"
    );

    folder.write(
        "b.j2",
        "[\"{{ key(\"evil\") }}\"{{ \", \" if true }}{{ [1] }}]\n",
    );
    let ended = once(&folder, "b.j2", &["--template", "TEMPLATE:OUT/b.json"]);
    assert_eq!(ended.code(), Some(0), "{}", ended.log);
    assert_eq!(
        folder.read("out/b.json"),
        "[\"x\\\"; } evil on; #\", [1]]\n"
    );
    let ended = once(
        &folder,
        "b.j2",
        &["--format", "none", "--template", "TEMPLATE:OUT/c.json"],
    );
    assert_eq!(ended.code(), Some(0), "{}", ended.log);
    assert_eq!(folder.read("out/c.json"), "[\"x\"; } evil on; #\", [1]]\n");
}

#[test]
fn a_refused_value_leaves_the_file_and_its_origin_is_named() {
    let folder = Folder::new();
    folder.write("out/a.conf", "old");
    folder.write("a.ctmpl", "server {{ key \"evil\" }}:80;\n");
    let ended = once(
        &folder,
        "a.ctmpl",
        &["--format", "nginx", "--template", "TEMPLATE:OUT/a.conf"],
    );
    assert_eq!(ended.code(), Some(14), "{}", ended.log);
    assert!(
        ended
            .log
            .contains("a.ctmpl:1:11: a value of kv.get(evil) with a double quote in it"),
        "{}",
        ended.log
    );
    assert!(!ended.log.contains("evil on"), "{}", ended.log);
    assert_eq!(folder.read("out/a.conf"), "old");

    folder.write("b.ctmpl", "[1,\n{{ key \"good\" }}]\n");
    let words = [
        "--output-format",
        "json",
        "--template",
        "TEMPLATE:OUT/a.conf",
    ];
    let ended = once(&folder, "b.ctmpl", &words);
    assert_eq!(ended.code(), Some(14), "{}", ended.log);
    assert!(
        ended
            .log
            .contains("b.ctmpl: the output is not JSON: line 2: expected value"),
        "{}",
        ended.log
    );
    assert_eq!(folder.read("out/a.conf"), "old");
}

#[test]
fn templates_that_filter_values_render_the_same_with_a_format() {
    let folder = Folder::new();
    let seed = folder.write(
        "seed.yaml",
        &format!(
            "{}{}",
            crate::support::rendering::MANY,
            crate::support::rendering::ODD
        ),
    );
    for (name, format) in [
        ("nginx-upstreams.ctmpl", "nginx"),
        ("nginx-upstreams.conf.j2", "nginx"),
        ("haproxy.ctmpl", "haproxy"),
        ("haproxy.cfg.j2", "haproxy"),
    ] {
        let template = std::fs::canonicalize("templates").unwrap().join(name);
        let [none, with] = ["none", format].map(|format| {
            let job = format!("{}:{}", text(&template), text(&folder.path(format)));
            let words = [
                "dev",
                "--listen",
                "127.0.0.1:0",
                "--seed",
                &text(&seed),
                "-once",
                "--format",
                format,
            ];
            let ended = run(words.iter().copied().chain(["--template", &job]));
            assert_eq!(ended.code(), Some(0), "{name}: {}", ended.log);
            folder.read(format)
        });
        assert_eq!(none, with, "{name}");
        assert!(none.lines().count() > 10, "{name}");
    }
}

proptest! {
    #[test]
    fn any_value_is_one_word_or_refused(value in r#"[-\\"'{};#$%() a~\n]{1,8}"#, comment in r#"[-\\"'{};#$%() a~]{1,8}"#) {
        let source = "a \"x{{ key('v') }}y\" {{ key('v') }} 'x{{ key('v') }}y';";
        if let Ok(text) = render(Format::Nginx, Language::Jinja, source, &value) {
            let words = ["a".into(), format!("x{value}y"), value.clone(), format!("x{value}y")].to_vec();
            prop_assert_eq!(of_nginx(&text), Ok(vec![Directive { words, block: None }]), "{}", text);
        }
        let source = "a \"x{{ key('v') }}y\" {{ key('v') }}\n";
        if let Ok(text) = render(Format::Haproxy, Language::Jinja, source, &value) {
            prop_assert_eq!(of_haproxy(&text), Ok(vec![vec!["a".into(), format!("x{value}y"), value]]), "{}", text);
        }
        let source = "# {{ key('v') }}\na # {{ key('v') }}\n";
        let text = render(Format::Haproxy, Language::Jinja, source, &comment);
        prop_assert_eq!(of_haproxy(&text.unwrap()), Ok(vec![vec!["a".to_owned()]]));
    }
}

#[test]
fn a_template_for_a_json_file_may_be_written_as_before() {
    let folder = Folder::new();
    let template = std::fs::canonicalize("templates/prometheus-file-sd.json.j2").unwrap();
    let seed = folder.write("seed.yaml", crate::support::rendering::MANY);
    let render = |out: &str, output: &Path| {
        let job = format!("{}:{}", text(&template), text(output));
        let words = [
            "dev",
            "--listen",
            "127.0.0.1:0",
            "--seed",
            &text(&seed),
            "-once",
            "--template",
            &job,
        ];
        let ended = run(words.map(str::to_owned).to_vec());
        assert_eq!(ended.code(), Some(0), "{}", ended.log);
        folder.read(out)
    };
    let with = render("consul.json", &folder.path("consul.json"));
    assert_eq!(with, render("consul.txt", &folder.path("consul.txt")));
    assert!(with.lines().count() > 20);
}
