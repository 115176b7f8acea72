//! Connections whose other side is gone without a packet, or never answers: they are noticed within the documented
//! time.

use std::time::{Duration, Instant};

use consul_dev::{Fault, Seed};

use crate::support::ctmpl::{Ctmpl, Folder};
use crate::support::front::{Behaviour, Front};
use crate::support::{embedded, eventually, within};

const TEMPLATE: &str = r#"port {{ key "app/port" }}"#;

/// The host of the server loses its power, and a new one takes its address. The client's TCP has nothing to send, so only
/// its keep-alive probes can notice it: after `dial_keep_alive`, and at most three probes later.
#[test]
fn a_server_that_vanishes_is_noticed_by_the_keep_alive_probes() {
    if !nix::unistd::geteuid().is_root() {
        #[expect(clippy::print_stderr, reason = "the test is skipped")]
        {
            eprintln!("skipped: only root can make a connection vanish");
        }
        return;
    }
    let consul = embedded(Seed::default().key("app/port", "80"));
    for number in 0..20 {
        consul.put_key("filler", &number.to_string());
    }
    let front = Front::start(Behaviour::Forward(consul.address()));
    let folder = Folder::new();
    folder.write("in", TEMPLATE);
    let template = folder.template("in", "out", "");
    let keep_alive = "-consul-transport-dial-keep-alive=2s";
    let ctmpl = Ctmpl::start(front.address(), ["-template", &template, keep_alive]);
    folder.becomes("out", "port 80");
    eventually("the query waits", || {
        consul.faults().open_requests("/v1/kv/") == 1 && front.open() == 1
    });

    // Wait until TCP has acknowledged everything: a repeated packet would find out earlier.
    std::thread::sleep(Duration::from_millis(500));
    let replacement = embedded(Seed::default().key("app/port", "81"));
    let begun = Instant::now();
    front.vanish(Behaviour::Forward(replacement.address()));
    // One probe after 2 s is refused by the new host. Packets that are lost would cost three seconds more.
    within(Duration::from_secs(4), "the new server is used", || {
        folder.read("out") == "port 81"
    });
    assert!(begun.elapsed() > Duration::from_millis(500));
    assert!(!ctmpl.log().contains("[WARN]"), "{}", ctmpl.log());
}

/// The system of the server acknowledges everything, but the process is frozen: only the time limit of the poll can
/// notice it.
#[test]
fn a_poll_that_is_never_answered_ends_at_its_time_limit() {
    let consul = embedded(Seed::default().key("app/port", "80"));
    let folder = Folder::new();
    folder.write("in", TEMPLATE);
    let template = folder.template("in", "out", "");
    let config = folder.write("ct.hcl", "block_query_wait = \"1s\"");
    let config = format!("-config={}", config.display());
    let ctmpl = Ctmpl::start(consul.address(), ["-template", &template, &config]);
    folder.becomes("out", "port 80");
    eventually("the query waits", || {
        consul.faults().open_requests("/v1/kv/") == 1
    });
    let rule = consul.faults().inject("/v1/kv/", Fault::BlackHole);
    let asked = consul.faults().requests("/v1/kv/").len();
    eventually("a poll is swallowed", || {
        consul.faults().requests("/v1/kv/").len() > asked
    });
    let begun = Instant::now();
    consul.faults().lift(rule);
    consul.put_key("app/port", "81");
    // The limit is wait + wait/16 + 10 s, and the poll was swallowed before.
    let limit = Duration::from_millis(11_100);
    within(
        limit + Duration::from_secs(1),
        "the query is sent again",
        || folder.read("out") == "port 81",
    );
    assert!(
        begun.elapsed() > Duration::from_secs(8),
        "{:?}",
        begun.elapsed()
    );
    assert!(!ctmpl.log().contains("[WARN]"), "{}", ctmpl.log());
}
