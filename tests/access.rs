//! Access to Consul by TLS, tokens, sockets and prefixes, and the error messages if a credential is
//! missing.

use std::fs;
use std::time::{Duration, Instant};

use crate::support::consul::Consul;
use crate::support::ctmpl::{Ctmpl, Folder, command, run, run_command, text};
use crate::support::proxy::Proxy;
use crate::support::recorder::Recorder;
use crate::support::secured::{Secured, authority};
use crate::support::{eventually, installed};

/// Renders a template with one key once, with additional arguments. Returns the exit code, the log
/// and the file.
fn once(address: &str, arguments: &[String]) -> (Option<i32>, String, String) {
    let folder = Folder::new();
    folder.write("in", r#"{{ key "k" }}"#);
    let template = folder.template("in", "out", "");
    let fixed = [
        "-once",
        "-timeout=4s",
        "-template",
        &template,
        "-consul-addr",
        address,
    ]
    .map(str::to_owned);
    let ended = run(fixed.iter().chain(arguments));
    (ended.code(), ended.log, folder.read("out"))
}

fn words(words: &[&str]) -> Vec<String> {
    words.iter().map(|word| (*word).to_owned()).collect()
}

#[test]
#[expect(clippy::too_many_lines, reason = "a table of cases")]
fn access_needs_certificate_and_token_and_the_message_names_what_is_missing() {
    if !installed(&["consul"]) {
        return;
    }
    let consul = Secured::start();
    consul.put("k", "v");
    let (stranger, token) = (Folder::new(), consul.token());
    authority(&stranger.path(""));
    let file = consul.path("token");
    fs::write(&file, format!("{}\n", token.secret)).unwrap();
    let with_token = format!("-consul-token-file={}", file.display());
    let [ca, cert, key] = <[String; 3]>::try_from(consul.known()).unwrap();
    let all = words(&[&ca, &cert, &key, &with_token]);
    let but = |replaced: usize, by: &str| {
        let mut all = all.clone();
        all[replaced] = by.to_owned();
        all
    };
    let (localhost, address) = (consul.https("localhost"), consul.https("127.0.0.1"));
    let both = consul.path("both.pem");
    let read = |name: &str| fs::read_to_string(consul.path(name)).unwrap();
    fs::write(
        &both,
        read("dc1-client-consul-0.pem") + &read("dc1-client-consul-0-key.pem"),
    )
    .unwrap();
    fs::create_dir(consul.path("ca.d")).unwrap();
    fs::write(consul.path("ca.d/README"), "no certificate").unwrap();
    fs::copy(
        consul.path("consul-agent-ca.pem"),
        consul.path("ca.d/0.pem"),
    )
    .unwrap();
    let named = |name: &str| {
        [
            all.clone(),
            words(&[&format!("-consul-ssl-server-name={name}")]),
        ]
        .concat()
    };
    let unverified = [&all[1..], &words(&["-consul-ssl-verify=false"])].concat();

    let good = [
        (&localhost, all.clone()),
        (&address, all.clone()),
        (&address, named("server.dc1.consul")),
        (
            &localhost,
            but(
                0,
                &format!("-consul-ssl-ca-path={}", consul.path("ca.d").display()),
            ),
        ),
        (
            &localhost,
            words(&[
                &ca,
                &format!("-consul-ssl-cert={}", both.display()),
                &with_token,
            ]),
        ),
        (&localhost, unverified.clone()),
    ];
    for (server, arguments) in good {
        let (code, log, out) = once(server, &arguments);
        assert_eq!((code, out.as_str()), (Some(0), "v"), "{arguments:?}\n{log}");
        let warned = log
            .matches("certificates of Consul are not verified")
            .count();
        assert_eq!(warned, usize::from(arguments == unverified), "{log}");
    }

    let without_certificate = words(&[&ca, &with_token]);
    let strange = stranger.path("consul-agent-ca.pem");
    let strange = but(0, &format!("-consul-ssl-ca-cert={}", strange.display()));
    let no_file = but(0, "-consul-ssl-ca-cert=/no/such/ca.pem");
    let no_certificate = but(0, &format!("-consul-ssl-ca-cert={}", file.display()));
    let other_key = but(
        2,
        &format!(
            "-consul-ssl-key={}",
            consul.path("dc1-server-consul-0-key.pem").display()
        ),
    );
    let no_key = but(2, &format!("-consul-ssl-key={}", file.display()));
    let plain = format!("https://{}", consul.plain());
    let mut no_token = all[..3].to_vec();
    no_token.extend(["-consul-retry-attempts=2", "-consul-retry-backoff=10ms"].map(String::from));
    let bad: [(&String, Vec<String>, i32, &[&str]); 9] = [
        (
            &localhost,
            without_certificate,
            16,
            &["a certificate of this host", "--consul-ssl-cert"],
        ),
        (
            &localhost,
            strange,
            16,
            &[
                "is not signed by an authority",
                "consul-agent-ca.pem",
                "--consul-ssl-ca-cert",
            ],
        ),
        (
            &localhost,
            named("other.example"),
            16,
            &["is not for other.example but for", "server.dc1.consul"],
        ),
        (&plain, all.clone(), 16, &["does not speak TLS"]),
        (
            &localhost,
            no_token,
            14,
            &[
                "403: Permission denied (no token is set; the query needs one with the rule key \"k\"",
            ],
        ),
        (
            &localhost,
            no_file,
            14,
            &["/no/such/ca.pem", "No such file"],
        ),
        (
            &localhost,
            no_certificate,
            14,
            &["there is no certificate in", "-----BEGIN CERTIFICATE-----"],
        ),
        (
            &localhost,
            other_key,
            14,
            &["cannot be used together", "dc1-server-consul-0-key.pem"],
        ),
        (
            &localhost,
            no_key,
            14,
            &["there is no private key in", "-----BEGIN PRIVATE KEY-----"],
        ),
    ];
    for (server, arguments, expected, parts) in bad {
        let (code, log, out) = once(server, &arguments);
        assert_eq!(
            (code, out.as_str()),
            (Some(expected), ""),
            "{arguments:?}\n{log}"
        );
        assert!(
            parts.iter().all(|part| log.contains(part)),
            "{arguments:?}: {parts:?} in\n{log}"
        );
        assert!(!log.contains(&token.secret), "{log}");
    }
}

#[test]
fn another_token_in_the_file_is_used_and_a_bad_one_is_not() {
    if !installed(&["consul"]) {
        return;
    }
    let consul = Secured::start();
    consul.put("k", "1");
    let (first, second) = (consul.token(), consul.token());
    let folder = Folder::new();
    folder.write("in", r#"{{ key "k" }}"#);
    folder.write("token", &first.secret);
    let token_file = format!("-consul-token-file={}", text(&folder.path("token")));
    let template = folder.template(
        "in",
        "out",
        "printf %s \"$CONSUL_HTTP_TOKEN_FILE$CONSUL_HTTP_TOKEN\" >TOLD",
    );
    let template = template.replace("TOLD", &text(&folder.path("told")));
    let ctmpl = Ctmpl::start(consul.socket(), [&token_file, "-template", &template]);
    folder.becomes("out", "1");
    folder.becomes("told", &text(&folder.path("token")));
    // A text that cannot be a token is ignored, and logged once.
    folder.write("token", "not a token");
    ctmpl.logs(
        "characters that no HTTP header can carry; it should hold the token and nothing else",
    );
    folder.write("token", "not a token either");
    fs::remove_file(folder.path("token")).unwrap();
    ctmpl.logs("the old token stays in use");
    consul.put("k", "2");
    folder.becomes("out", "2");
    // The old token is revoked before the new one is written, as when a job rotates it.
    consul.revoke(&first);
    consul.put("k", "3");
    ctmpl.logs("answered 403");
    consul.put("k", "4");
    // A query that waited when the token was revoked may still have got the 3, and its write may last longer.
    let begun = Instant::now();
    while begun.elapsed() < Duration::from_millis(300) {
        assert_ne!(folder.read("out"), "4", "a revoked token reads nothing");
        std::thread::sleep(Duration::from_millis(20));
    }
    folder.write("new", &second.secret);
    fs::rename(folder.path("new"), folder.path("token")).unwrap();
    ctmpl.logs("holds another token");
    folder.becomes("out", "4");
    let ended = ctmpl.stop();
    assert_eq!(
        ended.log.matches("no HTTP header can carry").count(),
        1,
        "{}",
        ended.log
    );
    assert!(
        !ended.log.contains(&first.secret) && !ended.log.contains(&second.secret),
        "{}",
        ended.log
    );
}

#[test]
fn a_unix_socket_is_an_address_like_any_other() {
    if !installed(&["consul"]) {
        return;
    }
    let folder = Folder::new();
    let socket = folder.path("consul.sock");
    let consul = Consul::start_with(
        "s1",
        &[
            "-hcl",
            &format!(
                "addresses {{ http = \"127.0.0.1 unix://{}\" }}",
                socket.display()
            ),
        ],
    );
    crate::support::catalog::put(consul.address(), "k", "1");
    folder.write("in", r#"{{ key "k" }}"#);
    let template = folder.template("in", "out", "");
    let mut given = command();
    given
        .env("CONSUL_HTTP_ADDR", format!("unix://{}", socket.display()))
        .args(["-log-level=trace", "-template", &template]);
    let ctmpl = Ctmpl::spawn(given);
    folder.becomes("out", "1");
    crate::support::catalog::put(consul.address(), "k", "2");
    folder.becomes("out", "2");
    assert_eq!(ctmpl.stop().code(), Some(12));
    let missing = format!("unix://{}", folder.path("missing.sock").display());
    let (code, log, _) = once(&missing, &[]);
    assert_eq!(code, Some(16));
    assert!(
        log.contains(&format!("cannot reach Consul at {missing}: No such file")),
        "{log}"
    );
}

#[test]
fn a_proxy_of_the_environment_leads_to_consul_but_is_not_used_for_loopback() {
    if !installed(&["consul"]) {
        return;
    }
    let consul = Secured::start();
    consul.put("k", "v");
    let proxy = Proxy::start();
    let once_by = |server: &str| {
        let folder = Folder::new();
        folder.write("in", r#"{{ key "k" }}"#);
        let mut command = command();
        command.args([
            "-once",
            "-timeout=10s",
            "-consul-addr",
            server,
            "-template",
            &folder.template("in", "out", ""),
        ]);
        command
            .args(consul.known())
            .arg("-consul-ssl-server-name=server.dc1.consul");
        command
            .env("HTTPS_PROXY", proxy.address())
            .env("CONSUL_HTTP_TOKEN", consul.token().secret);
        let ended = run_command(command);
        assert_eq!(
            (ended.code(), folder.read("out").as_str()),
            (Some(0), "v"),
            "{}",
            ended.log
        );
    };
    once_by(&consul.https("localhost"));
    assert_eq!(proxy.request(), None, "no proxy is for this machine");
    let far = consul.https("consul.example");
    once_by(&far);
    assert_eq!(
        proxy.request(),
        Some(format!("CONNECT {} HTTP/1.1", far.replace("https://", "")))
    );
}

#[test]
fn prefix_namespace_partition_and_password_are_sent() {
    let recorder = Recorder::start(r#"[{"Key": "k", "Value": "dg==", "Flags": 0}]"#);
    let arguments = [
        "-consul-namespace=n",
        "-consul-partition=p",
        "-consul-auth=user:pass",
        "-consul-token=t",
    ]
    .map(str::to_owned);
    let (code, log, out) = once(
        &format!("http://{}/pre/fix/", recorder.address()),
        &arguments,
    );
    assert_eq!((code, out.as_str()), (Some(0), "v"), "{log}");
    let head = recorder.heads().remove(0);
    assert!(
        head.starts_with("GET /pre/fix/v1/kv/k?ns=n&partition=p&stale=&wait="),
        "{head}"
    );
    assert!(
        head.contains("\nauthorization: Basic dXNlcjpwYXNz")
            && head.contains("\nx-consul-token: t"),
        "{head}"
    );
}

#[test]
fn authorities_can_be_in_the_configuration_itself() {
    if !installed(&["consul"]) {
        return;
    }
    let consul = Secured::start();
    consul.put("k", "v");
    let folder = Folder::new();
    let pem = fs::read_to_string(consul.path("consul-agent-ca.pem")).unwrap();
    let path = |name: &str| text(&consul.path(name));
    let config = format!(
        "consul {{\n address = \"{}\"\n token = \"{}\"\n ssl {{\n  cert = \"{}\"\n  key = \"{}\"\n  \
         ca_cert_bytes = <<EOF\n{pem}EOF\n }}\n}}",
        consul.https("localhost"),
        consul.token().secret,
        path("dc1-client-consul-0.pem"),
        path("dc1-client-consul-0-key.pem"),
    );
    folder.write("ct.hcl", &config);
    folder.write("in", r#"{{ key "k" }}"#);
    let template = folder.template("in", "out", "");
    let ended = run([
        "-once",
        "-timeout=9s",
        "-template",
        &template,
        "-config",
        &text(&folder.path("ct.hcl")),
    ]);
    assert_eq!(
        (ended.code(), folder.read("out").as_str()),
        (Some(0), "v"),
        "{}",
        ended.log
    );
}

/// Returns the environment of a client with valid credentials.
fn variables(consul: &Secured) -> Vec<(&'static str, String)> {
    vec![
        ("CONSUL_HTTP_ADDR", consul.https("localhost")),
        ("CONSUL_CACERT", text(&consul.path("consul-agent-ca.pem"))),
        (
            "CONSUL_CLIENT_CERT",
            text(&consul.path("dc1-client-consul-0.pem")),
        ),
        (
            "CONSUL_CLIENT_KEY",
            text(&consul.path("dc1-client-consul-0-key.pem")),
        ),
    ]
}

#[test]
fn the_consul_program_as_a_command_reaches_the_same_consul() {
    if !installed(&["consul"]) {
        return;
    }
    let consul = Secured::start();
    consul.put("k", "v");
    let token = consul.token();
    for (name, mut command) in connections(&consul, &token.secret) {
        let folder = Folder::new();
        folder.write("in", r#"{{ key "k" }}"#);
        let line = format!("consul kv get k >{}", text(&folder.path("told")));
        command.args([
            "-once",
            "-timeout=9s",
            "-template",
            &folder.template("in", "out", &line),
        ]);
        let ended = run_command(command);
        assert_eq!(
            (ended.code(), folder.read("out").as_str()),
            (Some(0), "v"),
            "{name}: {}",
            ended.log
        );
        assert_eq!(folder.read("told"), "v\n", "{name}: {}", ended.log);
        assert!(!ended.log.contains(&token.secret), "{}", ended.log);
    }
}

/// Commands that describe the connection by flags, by variables, and without verification.
fn connections(consul: &Secured, token: &str) -> [(&'static str, std::process::Command); 3] {
    let by_flags = {
        let mut command = command();
        command
            .args(consul.known())
            .arg(format!("-consul-addr={}", consul.https("localhost")));
        command.arg(format!("-consul-token={token}"));
        // Environment variables of the test itself would influence the program.
        command
            .env("CONSUL_HTTP_ADDR", "127.0.0.1:1")
            .env("CONSUL_HTTP_SSL", "false");
        command
    };
    let by_variables = {
        let mut command = command();
        command
            .envs(variables(consul))
            .env("CONSUL_HTTP_TOKEN", token);
        command
    };
    let of_another_authority = {
        let mut command = command();
        // Without a scheme, only the variables enable TLS and disable the verification of
        // certificates.
        command.envs(variables(consul)).env_remove("CONSUL_CACERT");
        command.env(
            "CONSUL_HTTP_ADDR",
            consul.https("localhost").replace("https://", ""),
        );
        command
            .env("CONSUL_HTTP_SSL", "true")
            .env("CONSUL_HTTP_SSL_VERIFY", "false");
        command.env("CONSUL_HTTP_TOKEN", token);
        command
    };
    [
        ("flags", by_flags),
        ("variables", by_variables),
        ("verify", of_another_authority),
    ]
}

#[test]
fn a_proxy_for_http_is_used_unless_the_host_is_excepted() {
    let recorder = Recorder::start(r#"[{"Key": "k", "Value": "dg==", "Flags": 0}]"#);
    let once_by = |excepted: &str| {
        let folder = Folder::new();
        folder.write("in", r#"{{ key "k" }}"#);
        let mut command = command();
        command.args([
            "-once",
            "-timeout=2s",
            "-consul-retry=false",
            "-consul-addr=consul.invalid:8500",
        ]);
        command.args(["-template", &folder.template("in", "out", "")]);
        command
            .env(
                "HTTP_PROXY",
                format!("http://user:pass@{}", recorder.address()),
            )
            .env("NO_PROXY", excepted);
        let ended = run_command(command);
        (ended.code(), folder.read("out"), ended.log)
    };
    let (code, out, log) = once_by("other.invalid");
    assert_eq!((code, out.as_str()), (Some(0), "v"), "{log}");
    let head = recorder.heads().remove(0);
    assert!(
        head.starts_with("GET http://consul.invalid:8500/v1/kv/k?"),
        "{head}"
    );
    assert!(
        head.contains("\nproxy-authorization: Basic dXNlcjpwYXNz")
            && head.contains("\nhost: consul.invalid:8500"),
        "{head}"
    );
    let (code, out, log) = once_by("other.invalid,.invalid");
    // The host name cannot be resolved, and the resolver may take long to report it.
    assert!(
        [Some(14), Some(16)].contains(&code) && out.is_empty(),
        "{log}"
    );
    assert!(recorder.heads().is_empty(), "it is not for the proxy");
}

#[test]
fn new_certificates_in_the_files_are_used_and_bad_ones_are_not() {
    if !installed(&["consul"]) {
        return;
    }
    let consul = Secured::start();
    consul.put("k", "1");
    let folder = Folder::new();
    folder.write("in", r#"{{ key "k" }}"#);
    let copy = |from: &std::path::Path, to: &str| {
        fs::write(folder.path(to), fs::read(from).unwrap()).unwrap();
    };
    let stranger = Folder::new();
    authority(&stranger.path(""));
    copy(&stranger.path("consul-agent-ca.pem"), "ca.pem");
    copy(&consul.path("dc1-client-consul-0.pem"), "cert.pem");
    copy(&consul.path("dc1-client-consul-0-key.pem"), "key.pem");
    let flag = |name: &str, value: &str| format!("-consul-{name}={value}");
    let ctmpl = Ctmpl::start(
        consul.https("localhost"),
        [
            flag("ssl-ca-cert", &text(&folder.path("ca.pem"))),
            flag("ssl-cert", &text(&folder.path("cert.pem"))),
            flag("ssl-key", &text(&folder.path("key.pem"))),
            flag("token", &consul.token().secret),
            format!("-template={}", folder.template("in", "out", "")),
        ],
    );
    ctmpl.logs("is not signed by an authority");
    copy(&consul.path("consul-agent-ca.pem"), "new.pem");
    fs::rename(folder.path("new.pem"), folder.path("ca.pem")).unwrap();
    ctmpl.logs("the certificates for Consul were read again");
    folder.becomes("out", "1");
    // The new certificate is written before its key.
    copy(&consul.path("dc1-server-consul-0.pem"), "cert.pem");
    ctmpl.logs("cannot be used together");
    ctmpl.logs("the previous certificates stay in use");
    consul.put("k", "2");
    folder.becomes("out", "2");
    let again = ctmpl.log_count("were read again");
    copy(&consul.path("dc1-server-consul-0-key.pem"), "key.pem");
    eventually("both are used", || {
        ctmpl.log_count("were read again") > again
    });
    consul.put("k", "3");
    folder.becomes("out", "3");
    assert_eq!(ctmpl.stop().code(), Some(12));
}
