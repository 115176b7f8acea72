//! A proxy in front of Consul answers by itself, cuts connections, or disappears: no file changes, the next server
//! is used, and files are current soon after the recovery.

use std::time::{Duration, Instant};

use consul_dev::{Background, Seed};

use crate::support::ctmpl::{Ctmpl, Folder, run};
use crate::support::front::{Behaviour, Front, http_answer};
use crate::support::{embedded, eventually, within};

/// The time limit from the recovery of the proxy to the current file.
const LATEST: Duration = Duration::from_secs(2);

/// The answers of a proxy, each with a part of the error that it leads to.
fn foreign_answers() -> Vec<(&'static str, String, &'static str)> {
    let page = "<html><body>Sign in</body></html>";
    let to_login = "Location: https://sso.test/login?then=secret\r\n";
    vec![
        (
            "301",
            http_answer("301 Moved Permanently", to_login, ""),
            "answered 301, a redirect to https://sso.test/login, so a proxy or a login page",
        ),
        (
            "302",
            http_answer("302 Found", to_login, page),
            "answered 302, a redirect to https://sso.test/login, so a proxy or a login page",
        ),
        (
            "307",
            http_answer("307 Temporary Redirect", "Location: /login\r\n", ""),
            "answered 307, a redirect to /login",
        ),
        (
            "404",
            http_answer("404 Not Found", "", "default backend - 404"),
            "answered 404: default backend - 404, so it is not the address of Consul's HTTP API",
        ),
        (
            "204",
            http_answer("204 No Content", "", ""),
            "answered 204, which Consul never does",
        ),
        (
            "206",
            http_answer("206 Partial Content", "", "["),
            "answered 206: [, which Consul never does",
        ),
        (
            "418",
            http_answer("418 I'm a teapot", "", "short and stout"),
            "answered 418: short and stout",
        ),
        (
            "999",
            http_answer("999 Request Denied", "", ""),
            "answered 999, which Consul never does",
        ),
        (
            "403",
            http_answer("403 Forbidden", "", page),
            "answered 403, which Consul never does",
        ),
        (
            "200",
            http_answer("200 OK", "Content-Type: text/html\r\n", page),
            "an answer that is not Consul's: it is HTML",
        ),
    ]
}

/// Two keys and a daemon with a template for each, connected through a proxy.
struct Behind {
    folder: Folder,
    consul: Background,
    front: Front,
    ctmpl: Ctmpl,
}

impl Behind {
    fn start(arguments: &[&str]) -> Self {
        let consul = embedded(
            Seed::default()
                .key("app/port", "80")
                .key("other/port", "90"),
        );
        let front = Front::start(Behaviour::Forward(consul.address()));
        let folder = Folder::new();
        folder.write("in", r#"port {{ key "app/port" }}"#);
        folder.write("other.in", r#"port {{ key "other/port" }}"#);
        let templates = [
            folder.template("in", "out", ""),
            folder.template("other.in", "other", ""),
        ];
        let templates = templates
            .iter()
            .flat_map(|template| ["-template", template]);
        let ctmpl = Ctmpl::start(front.address(), templates.chain(arguments.iter().copied()));
        folder.becomes("out", "port 80");
        folder.becomes("other", "port 90");
        eventually("both queries wait", || {
            consul.faults().open_requests("/v1/kv/") == 2
        });
        Self {
            folder,
            consul,
            front,
            ctmpl,
        }
    }

    /// Waits until both files are current.
    fn is_current_within(&self, limit: Duration, port: &str, other: &str) {
        let (port, other) = (format!("port {port}"), format!("port {other}"));
        within(limit, "both files are current", || {
            self.folder.read("out") == port && self.folder.read("other") == other
        });
    }

    fn loud(&self) -> Vec<String> {
        let log = self.ctmpl.log();
        let is_loud = |line: &&str| line.contains("[WARN]") || line.contains("[ERR]");
        log.lines().filter(is_loud).map(str::to_owned).collect()
    }
}

#[test]
fn an_answer_that_is_not_consuls_ends_like_an_outage() {
    std::thread::scope(|scope| {
        for (name, answer, said) in foreign_answers() {
            scope.spawn(move || {
                let behind = Behind::start(&[]);
                behind.front.switch(Behaviour::Answer(answer));
                behind.ctmpl.logs(said);
                behind.consul.put_key("app/port", "81");
                behind.consul.put_key("other/port", "91");
                // Wait until the pauses have grown.
                let unchanged = Duration::from_secs(7);
                behind.folder.stays("out", "port 80", unchanged);
                assert!(behind.front.answered() < 60, "{name}: too many requests");
                behind
                    .front
                    .switch(Behaviour::Forward(behind.consul.address()));
                behind.is_current_within(LATEST, "81", "91");
                let loud = behind.loud();
                assert_eq!(loud.len(), 1, "{name} is logged once: {loud:#?}");
                assert!(!behind.ctmpl.log().contains("then=secret"), "{name}");
            });
        }
    });
}

#[test]
fn a_server_whose_answers_are_not_consuls_is_left_for_the_next() {
    let answers = foreign_answers();
    assert!(!answers.is_empty());
    for (name, answer, _) in answers {
        let bad = Front::start(Behaviour::Answer(answer));
        let good = embedded(Seed::default().key("app/port", "80"));
        let folder = Folder::new();
        folder.write("in", r#"port {{ key "app/port" }}"#);
        let servers = format!("{},{}", bad.address(), good.address());
        let ctmpl = Ctmpl::start(servers, ["-template", &folder.template("in", "out", "")]);
        let read = || folder.read("out");
        within(LATEST, name, || read() == "port 80");
        good.put_key("app/port", "81");
        within(LATEST, name, || read() == "port 81");
        let log = ctmpl.log();
        assert!(!log.contains("[ERR]"), "{name}: {log}");
    }
}

#[test]
fn once_retries_until_the_proxy_reaches_consul() {
    let consul = embedded(Seed::default().key("app/port", "80"));
    let folder = Folder::new();
    folder.write("in", r#"port {{ key "app/port" }}"#);
    let template = folder.template("in", "out", "");
    for (name, answer, said) in foreign_answers() {
        let front = Front::start(Behaviour::Answer(answer));
        let address = format!("-consul-addr={}", front.address());
        let arguments = ["-once", &address, "-template", &template];
        let ended = std::thread::scope(|scope| {
            let once = scope.spawn(|| run(arguments));
            eventually("the proxy has answered", || front.answered() > 2);
            front.switch(Behaviour::Forward(consul.address()));
            once.join().unwrap()
        });
        assert_eq!(ended.code(), Some(0), "{name}: {}", ended.log);
        assert!(ended.log.contains(said), "{name}: {}", ended.log);
        assert_eq!(folder.read("out"), "port 80", "{name}");
    }
}

#[test]
fn once_fails_after_its_retries_and_names_the_answer() {
    let folder = Folder::new();
    folder.write("in", r#"port {{ key "app/port" }}"#);
    let front = Front::start(Behaviour::Answer(http_answer(
        "404 Not Found",
        "",
        "default backend - 404",
    )));
    let ended = run([
        "-once",
        &format!("-consul-addr={}", front.address()),
        "-consul-retry-attempts=2",
        "-consul-retry-backoff=10ms",
        "-template",
        &folder.template("in", "out", ""),
    ]);
    assert_eq!(ended.code(), Some(14), "{}", ended.log);
    assert!(ended.log.contains("default backend - 404"), "{}", ended.log);
    // Each of the three attempts asks for the leader too.
    assert_eq!(front.answered(), 6);
}

/// The server is replaced by one without its state, and the connections are cut and taken again at once: a poll with the
/// old index would wait for up to a minute.
#[test]
fn a_poll_that_is_cut_starts_over_without_the_old_index() {
    let behind = Behind::start(&[]);
    for number in 0..50 {
        behind.consul.put_key("filler", &number.to_string());
    }
    let replacement = embedded(
        Seed::default()
            .key("app/port", "81")
            .key("other/port", "91"),
    );
    behind
        .front
        .switch(Behaviour::Forward(replacement.address()));
    behind.is_current_within(Duration::from_secs(1), "81", "91");
    replacement.put_key("app/port", "82");
    behind.is_current_within(Duration::from_secs(1), "82", "91");
    assert_eq!(behind.loud(), Vec::<String>::new());
}

#[test]
fn polls_that_are_cut_again_and_again_are_not_repeated_in_a_tight_loop() {
    let behind = Behind::start(&[]);
    let until = Instant::now() + Duration::from_secs(2);
    behind.consul.faults().forget_requests();
    while Instant::now() < until {
        behind
            .front
            .switch(Behaviour::Forward(behind.consul.address()));
        std::thread::sleep(Duration::from_millis(20));
    }
    let asked = behind.consul.faults().requests("/v1/kv/").len();
    assert!(asked < 400, "{asked} requests in 2 s");
    behind.consul.put_key("app/port", "81");
    behind.is_current_within(LATEST, "81", "90");
}
