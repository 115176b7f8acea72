//! Injected faults.

use super::*;

#[test]
fn a_fault_applies_below_its_prefix_and_as_often_as_set() {
    let consul = start();
    consul
        .faults()
        .inject_times("/v1/kv/", 2, Fault::Status(503, "out".into()));
    assert!(get(consul.address(), "/v1/status/leader").starts_with("HTTP/1.1 200"));
    assert!(get(consul.address(), "/v1/kv/app/one").starts_with("HTTP/1.1 503"));
    assert!(get(consul.address(), "/v1/kv/app/one").ends_with("out"));
    assert!(get(consul.address(), "/v1/kv/app/one").starts_with("HTTP/1.1 200"));
    let rule = consul
        .faults()
        .inject("/v1/kv/", Fault::Status(503, "out".into()));
    assert!(get(consul.address(), "/v1/kv/app/one").starts_with("HTTP/1.1 503"));
    consul.faults().lift(rule);
    assert!(get(consul.address(), "/v1/kv/app/one").starts_with("HTTP/1.1 200"));
}

#[test]
fn a_connection_is_cut_after_the_given_bytes() {
    let consul = start();
    consul.faults().inject_times("/", 1, Fault::HangUp);
    assert_eq!(get(consul.address(), "/v1/kv/app/one"), "");
    consul.faults().inject_times("/", 1, Fault::CutAfter(20));
    assert_eq!(
        get(consul.address(), "/v1/kv/app/one"),
        "HTTP/1.1 200 OK\r\nVar"
    );
    let whole = get(consul.address(), "/v1/kv/app/one");
    consul
        .faults()
        .inject_times("/", 1, Fault::CutAfter(whole.len() - 5));
    assert_eq!(
        get(consul.address(), "/v1/kv/app/one").len(),
        whole.len() - 5
    );
}

#[test]
fn answers_can_be_falsified() {
    let consul = start();
    consul.faults().inject_times("/", 1, Fault::HalfBody);
    let half = get(consul.address(), "/v1/kv/app/one");
    assert!(
        half.contains("Content-Length: 47\r\n") && !half.ends_with(']'),
        "{half}"
    );
    consul
        .faults()
        .inject_times("/", 1, Fault::Html("<html>hotel</html>".into()));
    assert!(get(consul.address(), "/v1/kv/app/one").contains("text/html"));
    let wrong = [
        (Fault::Index(0), "X-Consul-Index: 0\r\n"),
        (
            Fault::LastContact(Duration::from_secs(3)),
            "X-Consul-Lastcontact: 3000\r\n",
        ),
        (Fault::UnknownLeader, "X-Consul-Knownleader: false\r\n"),
    ];
    for (fault, line) in wrong {
        consul.faults().inject_times("/", 1, fault);
        assert!(
            get(consul.address(), "/v1/health/service/web").contains(line),
            "{line}"
        );
    }
    consul.faults().inject_times("/", 1, Fault::Filtered);
    let filtered = get(consul.address(), "/v1/health/service/web");
    let line = "X-Consul-Results-Filtered-By-Acls: true\r\n";
    assert!(
        filtered.contains(line) && filtered.ends_with("[]"),
        "{filtered}"
    );
    consul.faults().inject_times("/", 1, Fault::NoIndex);
    assert!(!get(consul.address(), "/v1/health/service/web").contains("X-Consul-Index"));
}

#[test]
fn without_a_leader_only_stale_queries_are_answered() {
    let consul = start();
    let rule = consul.faults().inject("/", Fault::NoLeader(Duration::ZERO));
    let refused = get(consul.address(), "/v1/health/service/web");
    assert!(
        refused.starts_with("HTTP/1.1 500") && refused.ends_with("No cluster leader"),
        "{refused}"
    );
    assert!(refused.contains("X-Consul-Index: 1\r\n"), "{refused}");
    assert!(!get(consul.address(), "/v1/kv/app/one").contains("X-Consul-Index"));
    let stale = get(consul.address(), "/v1/health/service/web?stale");
    assert!(
        stale.starts_with("HTTP/1.1 200") && stale.contains("X-Consul-Knownleader: false"),
        "{stale}"
    );
    assert!(get(consul.address(), "/v1/status/leader").ends_with("\"\""));
    consul.faults().lift(rule);
    assert!(get(consul.address(), "/v1/health/service/web").starts_with("HTTP/1.1 200"));
}

#[test]
fn a_black_hole_keeps_the_request_open() {
    let consul = start();
    consul.faults().inject("/v1/kv/", Fault::BlackHole);
    let address = consul.address();
    let asked = std::thread::spawn(move || get(address, "/v1/kv/app/one?index=1"));
    eventually("the request is open", || {
        consul.faults().open_requests("/v1/kv/") == 1
    });
    assert_eq!(consul.faults().connections(), 1);
    consul.faults().cut_connections();
    assert_eq!(asked.join().expect("an end"), "");
    eventually("nothing is open", || {
        consul.faults().open_requests("/") == 0 && consul.faults().connections() == 0
    });
    let seen = consul.faults().requests("/v1/kv/");
    assert_eq!(seen.len(), 1);
    assert_eq!(
        (seen[0].method.as_str(), seen[0].query.as_str()),
        ("GET", "index=1")
    );
}

#[test]
fn a_client_that_hangs_up_leaves_nothing_open() {
    let consul = start();
    let mut stream = TcpStream::connect(consul.address()).expect("a connection");
    write!(
        stream,
        "GET /v1/kv/app/one?index=999&wait=5m HTTP/1.1\r\nHost: x\r\n\r\n"
    )
    .expect("sent");
    eventually("the query waits", || {
        consul.faults().open_requests("/v1/kv/") == 1
    });
    drop(stream);
    eventually("the query is no longer open", || {
        consul.faults().open_requests("/v1/kv/") == 0
    });
}

#[test]
fn connections_beyond_the_limit_are_closed_without_http() {
    let consul = start();
    consul.faults().limit_connections(1);
    let kept = TcpStream::connect(consul.address()).expect("a connection");
    eventually("there is one connection", || {
        consul.faults().connections() == 1
    });
    assert_eq!(get(consul.address(), "/v1/status/leader"), "");
    drop(kept);
    eventually("there is room again", || {
        get(consul.address(), "/v1/status/leader").starts_with("HTTP/1.1 200")
    });
}

#[test]
fn a_closed_port_refuses_and_opens_again() {
    let consul = start();
    consul.faults().stop_listening();
    eventually("connections are refused", || {
        TcpStream::connect(consul.address()).is_err()
    });
    consul.faults().forget_everything();
    consul.faults().listen_again();
    eventually("it answers again", || {
        TcpStream::connect(consul.address()).is_ok()
    });
    assert!(get(consul.address(), "/v1/kv/app/one").starts_with("HTTP/1.1 404"));
    assert!(get(consul.address(), "/v1/health/service/web").ends_with("[]"));
}
