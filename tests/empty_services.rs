//! Services without instances on the first rendering: one line says why.

use crate::support::consul::Consul;
use crate::support::ctmpl::{Ctmpl, Ended, Folder, command, run_command};
use crate::support::recorder::Recorder;
use crate::support::{http, installed};
use consul_dev::Seed;

fn once(consul: impl std::fmt::Display, folder: &Folder, text: &str, arguments: &[&str]) -> Ended {
    folder.write("in", text);
    let mut command = command();
    command
        .arg(format!("-consul-addr={consul}"))
        .args(["-once", "-template", &folder.template("in", "out", "")])
        .args(arguments);
    run_command(command)
}

#[test]
fn a_service_that_is_not_registered_is_named_once() {
    let folder = Folder::new();
    let consul = crate::support::embedded(Seed::default());
    let text = "\n{{ range service \"wbe\" }}x{{ end }}{{ range service \"wbe\" }}x{{ end }}";
    let ended = once(consul.address(), &folder, text, &[]);
    assert_eq!(ended.code(), Some(0), "{}", ended.log);
    let line = format!(
        "[WARN] (daemon) {}:2: service \"wbe\": no passing instances (no service of this name is registered)",
        folder.path("in").display()
    );
    assert_eq!(ended.log.matches(&line).count(), 1, "{}", ended.log);
    assert_eq!(ended.log.lines().count(), 1, "{}", ended.log);
}

#[test]
fn instances_that_do_not_match_are_no_warning() {
    let folder = Folder::new();
    let consul = crate::support::embedded(Seed::default());
    let body = r#"{"Name":"web","Port":80,"Check":{"TTL":"1h","Status":"critical"}}"#;
    let path = "/v1/agent/service/register";
    let answer = http::request(consul.address(), "PUT", path, body).unwrap();
    assert_eq!(answer.status, 200, "{}", answer.body);
    let text = "{{ range service \"web\" }}x{{ end }}";
    let ended = once(consul.address(), &folder, text, &["-log-level=info"]);
    assert_eq!(ended.code(), Some(0), "{}", ended.log);
    assert!(
        ended.log.contains("[INFO] (daemon)")
            && ended
                .log
                .contains("service \"web\": no passing instances (1 instance is registered, and it does not match)"),
        "{}",
        ended.log
    );
    assert!(!ended.log.contains("[WARN]"), "{}", ended.log);
}

#[test]
fn acls_without_a_token_are_named() {
    if !installed(&["consul"]) {
        return;
    }
    let folder = Folder::new();
    let token = "5f1d0000-0000-4000-8000-000000000001";
    let acl = format!(
        "acl {{ enabled = true default_policy = \"deny\" tokens {{ master = \"{token}\" agent = \"{token}\" }} }}"
    );
    let consul = Consul::start_guarded("s1", &["-hcl", &acl], token);
    let ended = once(
        consul.address(),
        &folder,
        "{{ range service \"web\" }}x{{ end }}",
        &[],
    );
    assert_eq!(ended.code(), Some(0), "{}", ended.log);
    assert!(
        ended
            .log
            .contains("(ACLs are enabled, and no token is set)"),
        "{}",
        ended.log
    );
}

/// Consul 1.11 and newer say that they have left something out.
#[test]
fn a_token_without_rights_is_named() {
    let folder = Folder::new();
    let consul = Recorder::start_with("X-Consul-Results-Filtered-By-ACLs: true", "[]");
    let text = "{{ range service \"web\" }}x{{ end }}";
    for (arguments, reason) in [
        (
            &["-consul-token=s3cret"] as &[&str],
            "the token lacks the right to read it",
        ),
        (&[], "ACLs are enabled, and no token is set"),
    ] {
        let ended = once(consul.address(), &folder, text, arguments);
        assert_eq!(ended.code(), Some(0), "{}", ended.log);
        let line = format!(
            "[WARN] (daemon) {}:1: service \"web\": no passing instances ({reason})",
            folder.path("in").display()
        );
        assert_eq!(ended.log.matches(&line).count(), 1, "{}", ended.log);
        assert!(!ended.log.contains("s3cret"), "{}", ended.log);
    }
}

#[test]
fn a_service_that_becomes_empty_later_has_its_own_message() {
    let folder = Folder::new();
    let consul = crate::support::embedded(Seed::default().key("a", "1"));
    folder.write(
        "in",
        "{{ key \"a\" }}{{ if eq (key \"a\") \"2\" }}{{ service \"wbe\" }}{{ end }}",
    );
    let ctmpl = Ctmpl::start(
        consul.address(),
        ["-template", &folder.template("in", "out", "")],
    );
    folder.becomes("out", "1");
    consul.put_key("a", "2");
    folder.becomes("out", "2[]");
    assert!(
        !ctmpl.log().contains("no passing instances"),
        "{}",
        ctmpl.log()
    );
}
