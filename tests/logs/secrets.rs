//! No outlet shows a secret, and no value forges a line.

use super::*;

const SECRETS: [&str; 5] = [
    "t0ken-of-flag",
    "t0ken-of-file",
    "pa55word",
    "key-valu3",
    "variable-valu3",
];

/// Waits for the messages about a failed template, a failed command, an outage, an invalid token file and a reload.
fn provoke_messages(ctmpl: &Ctmpl, folder: &Folder, consul: &Background, has_token_file: bool) {
    ctmpl.logs("fails:1");
    ctmpl.logs("runs again in");
    consul.faults().stop_listening();
    ctmpl.logs("the files stay as they are");
    consul.faults().listen_again();
    ctmpl.logs("Consul answers again");
    fs::write(
        folder.path("token"),
        format!("{}\n{}", SECRETS[1], SECRETS[1]),
    )
    .unwrap();
    if has_token_file {
        ctmpl.logs("cannot use the token file");
    }
    fs::write(folder.path("token"), SECRETS[1]).unwrap();
    ctmpl.signal(nix::sys::signal::Signal::SIGHUP);
    ctmpl.logs("reloading the configuration");
}

#[test]
fn no_outlet_shows_a_secret_at_any_level() {
    let (folder, _) = setup();
    let seed = Seed::default()
        .key("secret", SECRETS[3])
        .key("number", SECRETS[3]);
    let consul = crate::support::embedded(seed);
    folder.write("good", r#"{{ key "secret" }}{{ env "CANARY" }}"#);
    folder.write("fails", r#"{{ key "number" | parseInt }}"#);
    folder.write(
        "fails.j2",
        r#"{{ key("number") | int + env("CANARY") }}{{ key("number").nothing.more }}"#,
    );
    folder.write("told", r#"{{ key "secret" | spew_dump }}"#);
    let token = text(&folder.write("token", SECRETS[1]));
    let (config, syslog, journal) = all_outlets(&folder);
    for (format, token) in [
        ("text", vec!["-consul-token", SECRETS[0]]),
        ("json", vec!["-consul-token-file", &token]),
    ] {
        let format = format!("-log-format={format}");
        let mut command = command();
        command
            .env("CANARY", SECRETS[4])
            .args(["-log-level=trace", "-config", &config, &format])
            .arg("-command-output=log")
            .args(&token);
        command.arg(format!("-consul-addr={}", consul.address()));
        command.arg(format!("-consul-auth=user:{}", SECRETS[2]));
        for (source, run) in [
            ("good", "echo $CONSUL_HTTP_TOKEN $CONSUL_HTTP_AUTH; false"),
            ("fails", ""),
            ("fails.j2", ""),
            ("told", "no-such-program"),
        ] {
            command.args([
                "-template",
                &folder.template(source, &format!("{source}.out"), run),
            ]);
        }
        let _ = fs::remove_file(folder.path("good.out"));
        let ctmpl = Ctmpl::spawn(command);
        folder.becomes("good.out", &format!("{}{}", SECRETS[3], SECRETS[4]));
        let has_token_file = token[0].ends_with("file");
        provoke_messages(&ctmpl, &folder, &consul, has_token_file);
        let ended = ctmpl.stop();
        assert_eq!(ended.code(), Some(12), "{}", ended.log);
        syslog.receives("ending");
        journal.receives("process.ending");
        let outlets = [
            ended.log,
            log_file(&folder, "ct-"),
            syslog.received().join(""),
            journal.received().join(""),
        ];
        for outlet in &outlets {
            check_redaction(outlet);
        }
    }
}

/// Checks that an outlet has the queries and the output of the command, but no secret.
fn check_redaction(outlet: &str) {
    assert!(
        outlet.contains("is polled"),
        "trace shows queries: {outlet}"
    );
    assert!(
        outlet.contains("*** command="),
        "the output of the command is logged: {outlet}"
    );
    for secret in SECRETS {
        assert!(!outlet.contains(secret), "{secret} in {outlet}");
    }
}

#[test]
fn logged_values_cannot_forge_a_line() {
    let forged = "x\n2026-11-22T15:33:01.232Z [ERR] (watch) forged\r\u{1b}[2J\u{2028}";
    let folder = Folder::new();
    let consul = crate::support::embedded(Seed::default().key("evil", forged));
    folder.write("in", "{{ keyOrDefault (key \"evil\") \"none\" }}");
    folder.write(
        "broken\n2026-11-22T15:33:01.232Z [ERR] (watch) forged",
        "{{ nonsense }}\n{{ end }}",
    );
    let broken = folder.template(
        "broken\n2026-11-22T15\\:33\\:01.232Z [ERR] (watch) forged",
        "b",
        "",
    );
    let prints = "printf 'a\\r2026-11-22T15\\:33\\:01.232Z [ERR] (watch) forged\\033[2J\\n'";
    for format in ["text", "json"] {
        let _ = fs::remove_file(folder.path("out"));
        let format = format!("-log-format={format}");
        let log = text(&folder.path(&format!("{format}.log")));
        let arguments = [
            "-template",
            &folder.template("in", "out", prints),
            "-template",
            &broken,
            &format,
        ];
        let ctmpl = Ctmpl::start(
            consul.address(),
            arguments.into_iter().chain(["-log-file", &log]),
        );
        ctmpl.logs("succeeded");
        ctmpl.logs("nonsense");
        let ended = ctmpl.stop();
        assert_eq!(ended.log, log_file(&folder, &format!("{format}-")));
        assert!(ended.log.contains("forged"), "{}", ended.log);
        for line in ended.log.lines() {
            assert!(
                !line
                    .chars()
                    .any(|letter| letter.is_control() || letter == '\u{2028}'),
                "{line:?}"
            );
            if format.ends_with("text") {
                assert!(
                    is_event(line) && !line.starts_with("2026-11-22T15:33:01.232Z"),
                    "{line:?}"
                );
            } else {
                let line: Value = serde_json::from_str(line).unwrap();
                assert!(line["event"].is_string(), "{line}");
            }
        }
    }
}
