//! What `validate` says about differences from consul-template.

use super::*;

/// Settings that consul-template reads in another way, with a part of the line about each.
const TOUCHING: &[(&str, &str)] = &[
    (
        "vault { address = \"http://v:8200\" }",
        "vault in ct.hcl:1: ctmpl queries Consul only",
    ),
    (
        "nomad { address = \"http://n:4646\" }",
        "nomad in ct.hcl:1: ctmpl queries Consul only",
    ),
    (
        "deduplicate { enabled = true }",
        "deduplicate in ct.hcl:1: each process queries Consul itself",
    ),
    (
        "template_error_fatal = true",
        "template_error_fatal in ct.hcl:1: consul-template: a template that fails ends the process",
    ),
    (
        "consul { retry { attempts = 5 } }",
        "consul.retry.attempts in ct.hcl:1: the daemon retries without limit",
    ),
    (
        "consul { retry { backoff = \"1s\" } }",
        "consul.retry.backoff in ct.hcl:1: consul-template: ",
    ),
    (
        "consul { transport { max_conns_per_host = 1 } }",
        "consul.transport.max_conns_per_host in ct.hcl:1",
    ),
    (
        "consul = \"127.0.0.1:8500\"",
        "consul in ct.hcl:1: it is the old spelling",
    ),
    (
        "once = true",
        "once in ct.hcl:1: consul-template: no effect; ctmpl: works",
    ),
    (
        "err_on_failed_lookup = true",
        "err_on_failed_lookup in ct.hcl:1: consul-template: exits if the second query has no data either",
    ),
    (
        "kill_signal = \"SIGTERM\"",
        "kill_signal in ct.hcl:1: consul-template: ",
    ),
    (
        "exec { command = \"a\" enabled = false }",
        "exec.enabled in ct.hcl:1: consul-template: no effect",
    ),
    (
        "exec { command = \"a\" reload_signal = \"\" }",
        "exec.reload_signal in ct.hcl:1",
    ),
    (
        "exec { command = \"a\" timeout = \"5s\" }",
        "exec.timeout in ct.hcl:1",
    ),
    (
        "template { contents = \"y\" destination = \"o\" perms = 640 }",
        "template[1].perms in ct.hcl:1: consul-template: the number is decimal",
    ),
    (
        "template { contents = \"y\" destination = \"o\" command = \"echo a,b\" }",
        "template[1].command in ct.hcl:1",
    ),
    (
        "template { contents = \"{{ \\\"x\\\" | spew_dump }}\" destination = \"o\" }",
        "inline:o: spew_dump: consul-template: ",
    ),
    (
        "template { contents = \"{{ secret \\\"x\\\" }}\" destination = \"o\" }",
        "function \"secret\" is not supported",
    ),
];

#[test]
fn row_11_validate_lists_each_difference_that_a_configuration_touches() {
    for (text, part) in TOUCHING {
        let log = with_file(&["validate"], "ct.hcl", &format!("{text}\n{TEMPLATE}")).log;
        assert!(log.contains(part), "{text}: {log}");
        let notes = log.lines().filter(|line| line.starts_with("ctmpl: "));
        assert_eq!(notes.count(), 1, "{text}: {log}");
    }
    let folder = Folder::new();
    folder.write(
        "ct.hcl",
        &format!("consul {{ addres = \"a\" }}\n{TEMPLATE}"),
    );
    let ended = run(&folder, &["validate", "-config=ct.hcl"]);
    assert_eq!(ended.code(), Some(15));
    assert!(
        ended
            .log
            .contains("consul.addres in ct.hcl:1: there is no such key"),
        "{}",
        ended.log
    );
    let words = ["validate", "-template=a:b:c d", "-once"];
    folder.write("a", "x");
    let log = run(&folder, &words).log;
    assert!(
        log.contains("--template: consul-template: ") && log.contains("--once: "),
        "{log}"
    );
}

#[test]
fn row_11_validate_is_silent_if_nothing_changes() {
    let text = "
consul {
  address = \"127.0.0.1:8500\"
  auth { username = \"u\" password = \"p\" }
  retry { enabled = true attempts = -1 }
  ssl { enabled = false }
  transport { dial_timeout = \"3s\" }
}
wait { min = \"2s\" max = \"10s\" }
kill_signal = \"SIGINT\"
reload_signal = \"SIGHUP\"
max_stale = \"10m\"
log_level = \"info\"
syslog { enabled = false }
default_delimiters { left = \"<<\" right = \">>\" }
exec { command = [\"a\", \"b,c\"] splay = \"1s\" env { denylist = [\"A_*\"] custom = \"A=1,B=2\" } }
template {
  contents    = \"<< range service `web` >><< .Address >><< end >><< key `a` | toUpper >>\"
  destination = \"o\"
  perms       = 0640
  command     = \"nginx -s reload\"
  backup      = true
  function_denylist = \"env,sprig_*\"
}
";
    assert_eq!(with_file(&["validate"], "ct.hcl", text).log, "");
}

#[test]
fn validate_names_variables_for_tls_beside_a_block_for_tls() {
    let folder = Folder::new();
    folder.write(
        "ct.hcl",
        &format!("consul {{ ssl {{ enabled = true ca_cert = \"a.pem\" }} }}\n{TEMPLATE}"),
    );
    let variables = [("CONSUL_CLIENT_CERT", "b.pem"), ("CONSUL_CACERT", "c.pem")];
    let log = run_with(&folder, &["validate", "-config=ct.hcl"], &variables).log;
    for part in [
        "CONSUL_CACERT of the environment is not used: consul.ssl.ca_cert in ct.hcl:1",
        "CONSUL_CLIENT_CERT of the environment: consul-template: the environment is ignored",
    ] {
        assert!(log.contains(part), "{part}: {log}");
    }
    assert_eq!(log.lines().count(), 2, "{log}");
}

#[test]
fn validate_names_a_token_that_is_set_over_a_token_file() {
    let folder = Folder::new();
    folder.write("t", "of-the-file");
    folder.write("a.hcl", "consul { token_file = \"t\" }");
    folder.write(
        "b.hcl",
        &format!("consul {{ token = \"s3cret\" }}\n{TEMPLATE}"),
    );
    let log = |words: &[&str]| run(&folder, &[&["validate"], words].concat()).log;
    let note = "consul-template: the token in the file of token_file; ctmpl: the token that is set later \
        (token in a later file or a flag than token_file)";
    assert_eq!(
        log(&["-config=a.hcl", "-config=b.hcl"]),
        format!("ctmpl: consul.token in b.hcl:1: {note}\n")
    );
    let by_flag = log(&["-config=a.hcl", "-consul-token=x", "-template=t:o"]);
    assert!(
        by_flag.contains(&format!("--consul-token: {note}")),
        "{by_flag}"
    );
    // In the other order, both use the file.
    assert_eq!(log(&["-config=b.hcl", "-config=a.hcl"]), "");
}

#[test]
fn a_note_of_validate_names_its_subject() {
    let text = "template { contents = \"{{ printf `%T` 1 }}{{ toTOML 1 }}\" destination = \"o\" function_denylist = \"a, b\" }";
    let log = with_file(&["validate"], "ct.hcl", text).log;
    for subject in [
        "(%T and %#v of printf)",
        "(toTOML of an inline table that ends with a nil value)",
        "(blanks after the commas of a list in one text, \"a, b\")",
    ] {
        assert!(log.contains(subject), "{subject}: {log}");
    }
}

#[test]
fn validate_names_a_destination_that_is_a_symlink() {
    let folder = Folder::new();
    folder.write("ct.hcl", TEMPLATE);
    let validate = || run(&folder, &["validate", "-config=ct.hcl"]).log;
    assert_eq!(validate(), "");
    std::os::unix::fs::symlink("elsewhere", folder.path("out")).expect("a link");
    let log = validate();
    assert!(
        log.contains("out: consul-template: replaced; ctmpl: followed"),
        "{log}"
    );
}

#[test]
fn a_hidden_file_in_a_directory_is_not_skipped_in_silence() {
    let folder = Folder::new();
    folder.write("d/a.hcl", TEMPLATE);
    folder.write("d/.b.hcl", "log_level = \"debug\"");
    folder.write("d/.gitkeep", "");
    for words in [&["validate", "-config=d"], &["-once", "-config=d"]] {
        let log = run(&folder, words).log;
        assert!(
            log.contains("not read, since the name begins with a dot: d/.b.hcl"),
            "{log}"
        );
        assert_eq!(log.lines().count(), 1, "{log}");
    }
}

#[test]
fn validate_names_a_user_only_if_no_file_and_no_flag_has_its_password() {
    let folder = Folder::new();
    let file = |name: &str, auth: &str| {
        let text = format!("consul {{ auth {{ {auth} }} }}\n{TEMPLATE}");
        folder.write(name, &text);
    };
    file("user.hcl", "username = \"u\"");
    file("password.hcl", "password = \"s3cret\"");
    file("both.hcl", "username = \"u\" password = \"s3cret\"");
    folder.write("none.hcl", TEMPLATE);
    let log = |words: &[&str]| run(&folder, &[&["validate"], words].concat()).log;
    for words in [
        &["-config=both.hcl"][..],
        &["-config=both.hcl", "-consul-auth=v"],
        &["-config=password.hcl", "-consul-auth=v"],
        &["-config=none.hcl", "-consul-auth=v:s3cret"],
        &["-config=user.hcl", "-consul-auth=v:s3cret"],
    ] {
        assert_eq!(log(words), "", "{words:?}");
    }
    let note = "consul-template: commands see USER; ctmpl: commands see USER: \
        (a user without a password in consul.auth)";
    for (words, origin) in [
        (
            &["-config=user.hcl"][..],
            "consul.auth.username in user.hcl:1",
        ),
        (&["-config=none.hcl", "-consul-auth=v"], "--consul-auth"),
        (&["-config=user.hcl", "-consul-auth=v"], "--consul-auth"),
    ] {
        assert_eq!(
            log(words),
            format!("ctmpl: {origin}: {note}\n"),
            "{words:?}"
        );
    }
}
