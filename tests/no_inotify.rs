//! A system that has no more inotify instances or watches: templates, the token and certificates are compared at
//! intervals.

use crate::support::ctmpl::{Ctmpl, Folder, below, can_unshare, command, text};
use crate::support::secured::authority;
use crate::support::{free_port, installed};

/// Sets a limit of inotify to 0 for the user namespace, and runs a command.
const WITHOUT: &str = r#"echo 0 >"/proc/sys/user/$1"; shift; exec "$@""#;

#[test]
fn templates_the_token_and_certificates_are_compared_at_intervals() {
    let namespace = ["--user", "--map-root-user"];
    if !installed(&["consul"]) || !can_unshare(&namespace) {
        return;
    }
    for (limit, warning) in [
        ("max_inotify_instances", "cannot watch files ("),
        ("max_inotify_watches", "cannot watch "),
    ] {
        let folder = Folder::new();
        folder.write("in", "1");
        folder.write("token", "first");
        authority(&folder.path(""));
        let authorities = folder.path("consul-agent-ca.pem");
        let mut run = command();
        run.args(["-log-level=info", "-consul-addr"])
            .arg(format!("127.0.0.1:{}", free_port()))
            .args(["-consul-token-file", &text(&folder.path("token"))])
            .args(["-consul-ssl-ca-cert", &text(&authorities)])
            .args(["-template", &folder.template("in", "out", "")]);
        let words = [
            "unshare",
            namespace[0],
            namespace[1],
            "sh",
            "-c",
            WITHOUT,
            "sh",
            limit,
        ];
        let ctmpl = Ctmpl::spawn(below(&words, &run));
        folder.becomes("out", "1");
        ctmpl.logs(warning);
        ctmpl.logs("compared every 2 s");

        folder.write("in", "2");
        folder.write("token", "second");
        let other = Folder::new();
        authority(&other.path(""));
        std::fs::copy(other.path("consul-agent-ca.pem"), &authorities).unwrap();
        folder.becomes("out", "2");
        ctmpl.logs("holds another token");
        ctmpl.logs("the certificates for Consul were read again");
        assert_eq!(ctmpl.stop().code(), Some(12), "{limit}");
    }
}
