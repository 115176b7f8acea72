//! The environment, files and flags.

use super::*;

#[test]
fn row_3_a_file_overrides_the_environment_and_a_flag_overrides_the_file() {
    let folder = Folder::new();
    let consul = Recorder::start("[]");
    let file = format!(
        "consul {{ address = \"{}\" token = \"file\" }}\ntemplate {{ contents = \"{{{{ range service \\\"web\\\" }}}}{{{{ end }}}}\" destination = \"out\" }}",
        consul.address()
    );
    folder.write("ct.hcl", &file);
    let variables = [
        ("CONSUL_HTTP_ADDR", "127.0.0.1:9"),
        ("CONSUL_HTTP_TOKEN", "environment"),
        ("CT_LOG", "debug"),
    ];
    for (flags, token) in [
        (&[] as &[&str], "x-consul-token: file"),
        (&["-consul-token=flag"], "x-consul-token: flag"),
    ] {
        let words = [&["-once", "-config=ct.hcl"], flags].concat();
        let ended = run_with(&folder, &words, &variables);
        assert_eq!(ended.code(), Some(0), "{}", ended.log);
        let heads = consul.heads().join("\n").to_lowercase();
        assert!(heads.contains(token), "{heads}");
        assert!(!heads.contains("environment"), "{heads}");
        assert!(
            ended.log.contains("[DEBUG]"),
            "no file sets the level: {}",
            ended.log
        );
    }
    let local = [
        &variables as &[_],
        &[("CT_LOCAL_CONFIG", "consul { token = \"local\" }")],
    ]
    .concat();
    let shown = run_with(&folder, &["config", "-config=ct.hcl"], &local).output;
    for origin in [
        "# consul.address in ct.hcl:1",
        "# consul.token in CT_LOCAL_CONFIG of the environment, line 1",
        "# CT_LOG of the environment",
    ] {
        assert!(shown.contains(origin), "{origin}: {shown}");
    }
}

#[test]
fn a_user_of_a_file_does_not_get_the_password_of_the_environment() {
    let folder = Folder::new();
    folder.write(
        "ct.hcl",
        &format!("consul {{ auth {{ username = \"u\" }} }}\n{TEMPLATE}"),
    );
    let variables = [("CONSUL_HTTP_AUTH", "other:s3cret")];
    let shown = run_with(&folder, &["config", "-config=ct.hcl"], &variables).output;
    assert!(
        shown.contains("username = \"u\"") && !shown.contains("password"),
        "{shown}"
    );
}

#[test]
fn row_3_validate_names_an_overridden_variable_without_its_value() {
    let folder = Folder::new();
    folder.write(
        "ct.hcl",
        &format!("consul {{ address = \"127.0.0.1:8500\" token = \"s3cret-one\" }}\n{TEMPLATE}"),
    );
    let validate = |variables: &[(&str, &str)]| {
        let ended = run_with(&folder, &["validate", "-config=ct.hcl"], variables);
        assert_eq!(ended.code(), Some(0), "{}", ended.log);
        ended.log
    };
    let log = validate(&[
        ("CONSUL_HTTP_ADDR", "127.0.0.1:9"),
        ("CONSUL_HTTP_TOKEN", "s3cret-two"),
        ("CONSUL_HTTP_TOKEN_FILE", "/s3cret/file"),
    ]);
    for part in [
        "CONSUL_HTTP_ADDR of the environment is not used: consul.address in ct.hcl:1 has another value",
        "CONSUL_HTTP_TOKEN of the environment is not used: consul.token in ct.hcl:1",
        "CONSUL_HTTP_TOKEN_FILE of the environment is not used: ",
    ] {
        assert_eq!(log.matches(part).count(), 1, "{part}: {log}");
    }
    assert!(!log.contains("s3cret"), "{log}");
    let same = validate(&[
        ("CONSUL_HTTP_ADDR", "127.0.0.1:8500"),
        ("CONSUL_HTTP_TOKEN", "s3cret-one"),
        ("CONSUL_NAMESPACE", "n"),
    ]);
    assert_eq!(same, "", "the same value, and one that no file sets");
}
