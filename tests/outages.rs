//! Consul does not answer, or answers nonsense: no file changes, the outage is logged once, and
//! files are current soon after the recovery.

mod servers;

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use crate::support::catalog::put;
use crate::support::consul::Consul;
use crate::support::ctmpl::{Ctmpl, DEADLINE, Folder};
use crate::support::{eventually, installed, within};
use consul_dev::{Background, Fault, Seed};
use nix::sys::signal::Signal;

/// The time limit from the recovery of Consul to the current file.
const LATEST: Duration = Duration::from_secs(2);
const ONCE: &str = "the files stay as they are";

/// A server with two keys, and a daemon with a template for each.
struct Pair {
    folder: Folder,
    consul: Background,
    ctmpl: Ctmpl,
}

fn pair(more: &[&str]) -> Pair {
    let seed = Seed::default()
        .key("app/port", "80")
        .key("other/port", "90");
    let consul = crate::support::embedded(seed);
    let folder = Folder::new();
    folder.write("in", r#"port {{ key "app/port" }}"#);
    folder.write("other.in", r#"port {{ key "other/port" }}"#);
    let templates = [
        folder.template("in", "out", ""),
        folder.template("other.in", "other", ""),
    ];
    let arguments = templates
        .iter()
        .flat_map(|template| ["-template", template])
        .chain(more.iter().copied());
    let ctmpl = Ctmpl::start(consul.address(), arguments);
    folder.becomes("out", "port 80");
    folder.becomes("other", "port 90");
    eventually("both queries wait", || {
        consul.faults().requests("/v1/kv/").len() >= 4
            && consul.faults().open_requests("/v1/kv/") == 2
    });
    Pair {
        folder,
        consul,
        ctmpl,
    }
}

impl Pair {
    /// Injects a fault for the query of the first template, and checks that the second template
    /// continues.
    fn suffers(&mut self, fault: Fault, said: &str) {
        let Self {
            folder,
            consul,
            ctmpl,
        } = self;
        consul.faults().inject("/v1/kv/app", fault);
        // The waiting poll still receives a correct answer; the fault affects the next one.
        consul.put_key("app/port", "81");
        folder.becomes("out", "port 81");
        consul.put_key("app/port", "82");
        ctmpl.logs(said);
        consul.put_key("other/port", "91");
        folder.becomes("other", "port 91");
        folder.stays("out", "port 81", Duration::from_millis(700));
        consul.faults().lift_all();
    }
}

/// Asserts that the file has this text within the limit after the recovery.
fn recovers(folder: &Folder, text: &str, since: Instant) {
    within(
        LATEST.saturating_sub(since.elapsed()),
        &format!("the file says {text:?}"),
        || folder.read("out") == text,
    );
}

#[test]
fn bad_answers_of_any_kind_change_no_file_and_other_queries_continue() {
    let web_page = "<html><body>Please sign in</body></html>";
    // Failures of one query are retried with growing pauses, outages at least once a second.
    let (soon, later) = (LATEST, DEADLINE);
    let cases = [
        (
            Fault::Status(500, "No cluster leader".into()),
            "answered 500: No cluster leader",
            soon,
        ),
        (
            Fault::Status(403, "Permission denied".into()),
            "answered 403: Permission denied",
            later,
        ),
        (
            Fault::Status(429, "Your IP is issuing too many".into()),
            "answered 429: Your IP",
            soon,
        ),
        (
            Fault::Html(web_page.into()),
            "an answer that is not Consul's",
            soon,
        ),
        (Fault::HalfBody, "an answer that is not Consul's", soon),
        (Fault::CutAfter(240), "the answer is cut off", soon),
        (
            Fault::HangUp,
            "closed the connection without an answer",
            soon,
        ),
    ];
    assert!(!cases.is_empty());
    std::thread::scope(|scope| {
        for (fault, said, limit) in cases {
            scope.spawn(move || {
                let mut pair = pair(&[]);
                pair.suffers(fault.clone(), said);
                within(limit, &format!("{fault:?} is over"), || {
                    pair.folder.read("out") == "port 82"
                });
                let loud: Vec<_> = loud(&pair.ctmpl)
                    .into_iter()
                    .filter(|line| line.contains(said))
                    .collect();
                assert_eq!(loud.len(), 1, "{fault:?} is told once: {loud:#?}");
                assert!(pair.ctmpl.is_running());
            });
        }
    });
}

/// Returns the lines at level warn and above.
fn loud(ctmpl: &Ctmpl) -> Vec<String> {
    let log = ctmpl.log();
    log.lines()
        .filter(|line| line.contains("[WARN]") || line.contains("[ERR]"))
        .map(str::to_owned)
        .collect()
}

#[test]
fn strange_indexes_and_slow_answers_do_not_affect_the_files() {
    let cases = [
        Fault::NoIndex,
        Fault::Index(0),
        Fault::Index(1),
        Fault::Delay(Duration::from_millis(300)),
    ];
    assert!(!cases.is_empty());
    for fault in cases {
        let Pair {
            folder,
            consul,
            mut ctmpl,
        } = pair(&[]);
        consul.faults().inject("/v1/kv/", fault.clone());
        for port in ["81", "82", "83"] {
            consul.put_key("app/port", port);
            recovers(&folder, &format!("port {port}"), Instant::now());
        }
        consul.faults().lift_all();
        consul.put_key("app/port", "84");
        recovers(&folder, "port 84", Instant::now());
        assert!(ctmpl.is_running());
        assert_eq!(loud(&ctmpl), Vec::<String>::new(), "{fault:?}");
    }
}

#[test]
fn a_constant_index_of_one_does_not_cause_polls_without_pause() {
    let Pair {
        folder,
        consul,
        ctmpl: _ctmpl,
    } = pair(&[]);
    consul.faults().inject("/v1/kv/app", Fault::Index(1));
    consul.put_key("app/port", "81");
    recovers(&folder, "port 81", Instant::now());
    consul.faults().forget_requests();
    std::thread::sleep(Duration::from_secs(2));
    let asked = consul.faults().requests("/v1/kv/app").len();
    assert!(asked < 30, "{asked} requests in 2 s");
}

#[test]
fn an_index_that_goes_back_loses_no_change() {
    let Pair {
        folder,
        consul,
        ctmpl,
    } = pair(&[]);
    for value in 0..20 {
        consul.put_key("filler", &value.to_string());
    }
    let asked = consul.faults().requests("/v1/kv/app").len();
    consul.put_key("app/port", "81");
    folder.becomes("out", "port 81");
    // After the restore, a query with an older index waits in vain; this is the same with the real
    // Consul.
    eventually("the query waits", || {
        consul.faults().requests("/v1/kv/app").len() > asked
            && consul.faults().open_requests("/v1/kv/app") == 1
    });
    consul.faults().rewind(7);
    consul.put_key("app/port", "82");
    recovers(&folder, "port 82", Instant::now());
    assert_eq!(loud(&ctmpl), Vec::<String>::new());
}

#[test]
fn an_answer_that_is_too_stale_is_not_used() {
    let Pair {
        folder,
        consul,
        ctmpl,
    } = pair(&["-max-stale=5s"]);
    consul
        .faults()
        .inject("/v1/kv/app", Fault::LastContact(Duration::from_secs(60)));
    for port in ["81", "82"] {
        consul.put_key("app/port", port);
        recovers(&folder, &format!("port {port}"), Instant::now());
    }
    eventually("it is polled without ?stale", || {
        consul
            .faults()
            .requests("/v1/kv/app")
            .iter()
            .any(|seen| !seen.query.contains("stale"))
    });
    assert_eq!(loud(&ctmpl), Vec::<String>::new());
}

#[test]
fn a_black_hole_only_delays() {
    let Pair {
        folder,
        consul,
        mut ctmpl,
    } = pair(&[]);
    consul.faults().inject("/v1/", Fault::BlackHole);
    consul.faults().cut_connections();
    consul.put_key("app/port", "81");
    folder.stays("out", "port 80", Duration::from_secs(1));
    consul.faults().lift_all();
    // Swallowed requests stay unanswered until the connection is closed.
    consul.faults().cut_connections();
    recovers(&folder, "port 81", Instant::now());
    assert!(ctmpl.is_running());
}

#[test]
fn a_gateway_that_times_out_at_once_is_an_outage_and_not_polled_in_a_tight_loop() {
    let consul = crate::support::embedded(consul_dev::Seed::default().key("a", "1"));
    let folder = Folder::new();
    folder.write("in", r#"{{ key "a" }}"#);
    let rule = consul
        .faults()
        .inject("/v1/kv/", Fault::Status(504, "stream timeout".to_owned()));
    let ctmpl = Ctmpl::start(
        consul.address(),
        ["-template", &folder.template("in", "out", "")],
    );
    ctmpl.logs("answered 504: stream timeout");
    std::thread::sleep(Duration::from_secs(1));
    let asked = consul.faults().requests("/v1/kv/").len();
    assert!(asked < 20, "{asked} requests in a second");
    consul.faults().lift(rule);
    folder.becomes("out", "1");
}

#[test]
fn a_key_that_is_too_long_for_a_url_is_not_an_outage() {
    let consul = crate::support::embedded(consul_dev::Seed::default().key("a", "1"));
    let folder = Folder::new();
    folder.write(
        "in",
        &format!(r#"{{{{ keyOrDefault "{}" "" }}}}"#, "k".repeat(100_000)),
    );
    let ended = crate::support::ctmpl::run([
        "-once".to_owned(),
        format!("-consul-addr={}", consul.address()),
        format!("-template={}", folder.template("in", "out", "")),
    ]);
    assert_eq!(ended.code(), Some(14), "{}", ended.log);
    assert!(
        ended.log.contains("cannot be sent as an HTTP request"),
        "{}",
        ended.log
    );
}
