//! What `validate` and a start say about a wrong configuration.

use super::*;

#[test]
fn a_wrong_configuration_exits_with_15_and_names_its_position() {
    let folder = Folder::new();
    folder.write("in", "x");
    fs::write(folder.path("latin.yaml"), b"log_level: info # caf\xe9\n").unwrap();
    fs::write(folder.path("large.hcl"), vec![b' '; 10 * 1024 * 1024]).unwrap();
    let cases: &[(&str, &str, &[&str])] = &[
        (
            "unknown.hcl",
            "\nconsul { adress = \"h\" }",
            &["consul.adress in unknown.hcl:2", "did you mean address?"],
        ),
        (
            "kind.yaml",
            "once: maybe\n",
            &["once in kind.yaml:1", "true or false"],
        ),
        (
            "twice.hcl",
            "consul {}\nconsul {}",
            &["consul in twice.hcl:2: it is set 2 times, first on line 1"],
        ),
        (
            "twice.yaml",
            "once: true\nonce: true\n",
            &["twice.yaml", "as YAML"],
        ),
        ("syntax.toml", "once = \n", &["syntax.toml:1 as TOML"]),
        (
            "unit.json",
            "{\"max_stale\": 5}",
            &["max_stale in unit.json:1", "needs a unit, for example 5s"],
        ),
        ("latin.yaml", "", &["latin.yaml:1 as YAML: it is not UTF-8"]),
        ("large.hcl", "", &["it has 10485760 bytes"]),
        (
            "none.hcl",
            "",
            &["cannot read the configuration none.hcl", "No such file"],
        ),
    ];
    for (name, config, parts) in cases {
        if !config.is_empty() {
            folder.write(name, config);
        }
        let ended = run(
            &folder,
            &["-once", "-template=in:out", &format!("-config={name}")],
        );
        assert_eq!(ended.code(), Some(15), "{name}: {}", ended.log);
        for part in *parts {
            assert!(ended.log.contains(part), "{part:?} in {}", ended.log);
        }
        assert_eq!(ended.log.lines().count(), 1, "{}", ended.log);
        assert!(!folder.path("out").exists(), "{name}");
    }
}

#[test]
fn row_7_validate_lists_each_call_that_will_fail_once() {
    let folder = Folder::new();
    folder.write(
        "a.ctmpl",
        "{{ if false }}{{ secret \"a\" }}{{ end }}\n{{ plugin \"b\" }}{{ \"c\" | plugin \"b\" }}",
    );
    folder.write("b.j2", "{% include 'c' %}{{ nomad_var('a') }}");
    folder.write("c", "\n{{ write_to_file('a', '', '', '600', 'b') }}");
    let templates = ["a.ctmpl:a", "b.j2:b", "a.ctmpl:c"];
    let mut args = vec!["validate"];
    for template in &templates {
        args.extend(["-template", template]);
    }
    let ended = run(&folder, &args);
    assert_eq!(ended.code(), Some(0), "{}", ended.log);
    let calls: Vec<&str> = ended
        .log
        .lines()
        .filter_map(|line| line.strip_prefix("ctmpl: "))
        .collect();
    assert_eq!(
        calls,
        [
            "a.ctmpl:1:18: function \"secret\" is not supported yet: the template fails where it calls it",
            "a.ctmpl:2:4: function \"plugin\" is not allowed: the template fails where it calls it",
            "a.ctmpl:2:26: function \"plugin\" is not allowed: the template fails where it calls it",
            "b.j2:1:21: function \"nomad_var\" is not supported yet: the template fails where it calls it",
            "c:2:4: function \"write_to_file\" is not allowed: the template fails where it calls it",
        ]
    );
    args.push("--allow=plugin,writeToFile");
    let allowed = run(&folder, &args);
    assert!(!allowed.log.contains("is not allowed"), "{}", allowed.log);
    assert!(allowed.log.contains("nomad_var"), "{}", allowed.log);
}

#[test]
fn validate_reads_everything_and_changes_nothing() {
    let folder = Folder::new();
    folder.write("good", "{{ key \"a\" }}");
    folder.write("bad", "{{ if }}");
    folder.write("worse.j2", "{% if %}");
    folder.write(
        "ct.hcl",
        "template { source = \"good\" destination = \"out\" command = \"touch ran\" }\nnomad { enabled = true }",
    );
    let ended = run(&folder, &["validate", "-config=ct.hcl"]);
    assert_eq!((ended.code(), ended.output.as_str()), (Some(0), ""));
    assert!(ended.log.contains("nomad in ct.hcl:2"), "{}", ended.log);
    let ended = run(
        &folder,
        &[
            "validate",
            "-config=ct.hcl",
            "-template=bad:b",
            "-template=worse.j2:c",
            "-template=none:d",
        ],
    );
    assert_eq!(ended.code(), Some(15));
    for part in ["bad:1", "worse.j2:1", "none"] {
        assert!(ended.log.contains(part), "{part}: {}", ended.log);
    }
    folder.write("ct.hcl", "template { source = \"good\" }");
    assert_eq!(
        run(&folder, &["validate", "-config=ct.hcl"]).code(),
        Some(15)
    );
    assert_eq!(run(&folder, &["validate", "-wait=5"]).code(), Some(13));
    assert!(!folder.path("out").exists() && !folder.path("ran").exists());
}
