//! A cluster of three real Consul servers that loses its leader, or the server that ctmpl polls.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use crate::support::catalog::{put, try_put};
use crate::support::cluster::Cluster;
use crate::support::ctmpl::{Ctmpl, Folder};
use crate::support::{eventually, http, installed, within};

/// The time limit from the accepted change to the file that shows it.
const LATEST: Duration = Duration::from_secs(2);
/// The message of an outage.
const OUTAGE: &str = "the files stay as they are";

/// Changes the key as soon as the cluster accepts it. Returns the time of the change.
fn changes_as_soon_as_possible(cluster: &Cluster, place: usize, value: &str) -> Instant {
    // Without a leader, a server holds the request for seconds. The change counts from the accepted
    // request.
    eventually("the cluster accepts a change", || {
        try_put(cluster.address(place), "app/port", value)
    });
    Instant::now()
}

/// Asserts that the file gets the value within the limit, counted from `since`.
fn arrives(folder: &Folder, value: &str, since: Instant) {
    within(
        LATEST.saturating_sub(since.elapsed()),
        &format!("the file says {value}"),
        || folder.read("out") == value,
    );
}

#[test]
fn a_cluster_that_loses_its_leader_changes_no_file_and_catches_up() {
    if !installed(&["consul"]) {
        return;
    }
    let (folder, mut cluster) = (Folder::new(), Cluster::start());
    put(cluster.address(0), "app/port", "80");
    folder.write(
        "in",
        r#"{{ key "app/port" }}{{ range service "consul" }}{{ end }}"#,
    );
    let leader = cluster.leader();
    let follower = (leader + 1) % 3;
    // The polled server keeps running; only the leader is killed.
    let template = folder.template("in", "out", "");
    let mut ctmpl = Ctmpl::start(
        cluster.addresses_from(follower),
        ["-max-stale=0", "-template", &template],
    );
    folder.becomes("out", "80");

    cluster.kill(leader);
    let changed = watch_while(&folder, "80", || {
        changes_as_soon_as_possible(&cluster, follower, "81")
    });
    arrives(&folder, "81", changed);
    assert!(ctmpl.is_running());
    assert!(
        ctmpl.log_count(OUTAGE) <= 1,
        "it is told once:\n{}",
        ctmpl.log()
    );
    assert_eq!(ctmpl.log_count("[ERR]"), 0, "{}", ctmpl.log());

    // The next leader is killed too. With one of three servers left, there is no leader until
    // another one is restarted.
    let second = cluster.leader();
    let last = (0..3)
        .find(|place| ![leader, second].contains(place))
        .unwrap();
    cluster.kill(second);
    folder.stays("out", "81", Duration::from_millis(500));
    cluster.launch(leader);
    let changed = watch_while(&folder, "81", || {
        changes_as_soon_as_possible(&cluster, last, "82")
    });
    arrives(&folder, "82", changed);
    assert!(ctmpl.is_running());
    assert!(
        ctmpl.log_count(OUTAGE) <= 2,
        "each outage is told once:\n{}",
        ctmpl.log()
    );
}

/// The number of services, more than long polls.
const SERVICES: usize = 100;

/// Registers an instance. Returns `false` if the cluster does not accept it at present.
fn register(cluster: &Cluster, place: usize, service: usize, port: u16) -> bool {
    let name = format!("s{service}");
    let body = serde_json::json!({
        "Node": "n1", "Address": "10.0.0.1", "Service": { "ID": name, "Service": name, "Port": port },
    });
    let path = "/v1/catalog/register";
    let answer = http::request(cluster.address(place), "PUT", path, &body.to_string());
    answer.is_ok_and(|answer| answer.status == 200)
}

/// Changes services until the test is over. Returns the last accepted port of each of them.
fn change_services(cluster: &Cluster, place: usize, over: &AtomicBool) -> BTreeMap<usize, u16> {
    let mut accepted = BTreeMap::new();
    let mut port = 1000;
    while !over.load(Ordering::SeqCst) {
        port += 1;
        let service = usize::from(port) * 37 % SERVICES;
        if register(cluster, place, service, port) {
            accepted.insert(service, port);
        }
    }
    accepted
}

/// Services change all the time, while the leader is killed and another one is elected.
#[test]
fn a_cluster_that_loses_its_leader_under_load_loses_no_service_in_the_file() {
    if !installed(&["consul"]) {
        return;
    }
    let (folder, mut cluster) = (Folder::new(), Cluster::start());
    let leader = cluster.leader();
    let follower = (leader + 1) % 3;
    for service in 0..SERVICES {
        assert!(register(&cluster, leader, service, 1000));
    }
    folder.write(
        "in",
        "{{ range services }}{{ range service .Name }}{{ .Name }} {{ .Port }}\n{{ end }}{{ end }}",
    );
    let template = folder.template("in", "out", "");
    let connections = "-consul-max-connections=32";
    let mut ctmpl = Ctmpl::start(
        cluster.addresses_from(follower),
        ["-template", &template, connections],
    );
    let services = |text: &str| text.lines().filter(|line| line.starts_with('s')).count();
    folder.eventually("out", "whole", |text| services(text) == SERVICES);

    let over = AtomicBool::new(false);
    cluster.kill(leader);
    let (last, fewest) = std::thread::scope(|scope| {
        let load = scope.spawn(|| change_services(&cluster, follower, &over));
        let watcher = scope.spawn(|| {
            let mut fewest = SERVICES;
            while !over.load(Ordering::SeqCst) {
                fewest = fewest.min(services(&folder.read("out")));
                std::thread::sleep(Duration::from_millis(1));
            }
            fewest
        });
        eventually("a change under the new leader", || {
            let text = folder.read("out");
            let mut lines = text.lines().filter(|line| line.starts_with('s'));
            lines.any(|line| !line.ends_with(" 1000"))
        });
        std::thread::sleep(Duration::from_secs(2));
        over.store(true, Ordering::SeqCst);
        (load.join().unwrap(), watcher.join().unwrap())
    });
    assert_eq!(fewest, SERVICES, "no service was missing at any time");
    assert!(last.len() > 10, "the load was accepted: {last:?}");
    within(LATEST * 3, "the file has every change", || {
        let text = folder.read("out");
        let has = |(service, port): (&usize, &u16)| text.contains(&format!("s{service} {port}\n"));
        last.iter().all(has)
    });
    assert!(ctmpl.is_running());
    assert_eq!(ctmpl.log_count("[ERR]"), 0, "{}", ctmpl.log());
}

#[test]
fn a_server_that_is_killed_is_replaced_by_the_next_one() {
    if !installed(&["consul"]) {
        return;
    }
    let (folder, mut cluster) = (Folder::new(), Cluster::start());
    put(cluster.address(0), "app/port", "80");
    folder.write("in", r#"{{ key "app/port" }}"#);
    let leader = cluster.leader();
    let ctmpl = Ctmpl::start(
        cluster.addresses_from(leader),
        ["-template", &folder.template("in", "out", "")],
    );
    folder.becomes("out", "80");

    cluster.kill(leader);
    let next = (leader + 1) % 3;
    let changed = watch_while(&folder, "80", || {
        changes_as_soon_as_possible(&cluster, next, "81")
    });
    arrives(&folder, "81", changed);
    assert!(
        ctmpl.log_count(OUTAGE) <= 1,
        "it is told once at most:\n{}",
        ctmpl.log()
    );

    // Skipping a server that is not the leader is not logged.
    let said = ctmpl.log_count(OUTAGE);
    let address = cluster.address(next).to_string();
    let other = Ctmpl::start(
        cluster.addresses_from(next),
        ["-template", &folder.template("in", "other", "")],
    );
    folder.becomes("other", "81");
    assert!(
        !other.log().contains("[WARN]"),
        "{address}: {}",
        other.log()
    );
    assert_eq!(ctmpl.log_count(OUTAGE), said);
}

#[test]
fn a_server_that_is_missing_at_the_start_is_skipped() {
    if !installed(&["consul"]) {
        return;
    }
    let (folder, consul) = (Folder::new(), crate::support::consul::Consul::start());
    put(consul.address(), "app/port", "80");
    folder.write("in", r#"{{ key "app/port" }}"#);
    let unused = crate::support::free_port();
    let servers = format!("127.0.0.1:{unused},{}", consul.address());
    let ended = crate::support::ctmpl::run([
        format!("-consul-addr={servers}"),
        "-once".into(),
        "-template".into(),
        folder.template("in", "out", ""),
    ]);
    assert_eq!(
        (ended.code(), folder.read("out").as_str()),
        (Some(0), "80"),
        "{}",
        ended.log
    );
    assert_eq!(
        ended.log, "",
        "a server that answers is reason enough to be silent"
    );
}

/// Asserts that the file keeps this text while `until` runs. Returns the result of `until`.
fn watch_while<T>(folder: &Folder, text: &str, until: impl FnOnce() -> T) -> T {
    let over = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let watcher = scope.spawn(|| {
            let mut seen = std::collections::BTreeSet::new();
            while !over.load(Ordering::SeqCst) {
                seen.insert(folder.read("out"));
                std::thread::sleep(Duration::from_millis(1));
            }
            seen
        });
        let done = until();
        over.store(true, Ordering::SeqCst);
        // The change itself may arrive just before the last check of the file.
        let seen = watcher.join().expect("the watcher");
        assert!(
            seen.iter().filter(|now| *now != text).count() <= 1 && !seen.contains(""),
            "the file was {seen:?}"
        );
        done
    })
}
