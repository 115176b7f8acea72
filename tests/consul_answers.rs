//! Recorded answers of real servers, replayed byte for byte: the client parses each, or returns an
//! error of the right class.

use std::fs;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::time::Duration;

use ctmpl::answer::{Answer, Instance};
use ctmpl::config::resolved::{ConsulConfig, LoadConfig, RetryConfig, TlsConfig, TransportConfig};
use ctmpl::query::{ConsulQuery, Health, Query};
use ctmpl::source::consul::Client;
use ctmpl::source::{Error, ErrorClass, Poll, Reply, Source, SourceQuery};

/// Answers every connection with these bytes, and closes it.
fn replay(bytes: Vec<u8>) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        // A query needs at most two requests.
        for stream in listener.incoming().take(2) {
            let mut stream = stream.unwrap();
            let mut request = [0; 4096];
            let _ = stream.read(&mut request);
            let _ = stream.write_all(&bytes);
        }
    });
    address
}

fn client(server: SocketAddr) -> Client {
    Client::new(&ConsulConfig {
        servers: vec![format!("http://{server}").parse().unwrap()],
        tls: TlsConfig::DEFAULT,
        token: None,
        token_file: None,
        auth: None,
        namespace: None,
        partition: None,
        max_stale: Some(Duration::from_secs(2)),
        block_query_wait: Duration::from_secs(60),
        retry: RetryConfig::DEFAULT,
        transport: TransportConfig::DEFAULT,
        load: LoadConfig::DEFAULT,
        exports: Vec::new(),
    })
    .unwrap()
}

fn consul(query: &Query) -> &ConsulQuery {
    ConsulQuery::select(query).expect("a query for Consul")
}

fn once() -> Poll {
    Poll {
        server: 0,
        index: 0,
        wait: Duration::from_secs(60),
        stale: true,
    }
}

pub(crate) async fn ask(query: &Query, bytes: Vec<u8>) -> Result<Reply, Error> {
    client(replay(bytes)).poll(consul(query), once()).await
}

async fn fixture(query: &Query, name: &str) -> Result<Reply, Error> {
    let bytes = fs::read(format!("tests/fixtures/consul/{name}.http")).unwrap();
    ask(query, bytes).await
}

fn service(text: &str) -> Query {
    Query::service(text).unwrap()
}

fn instances(reply: Reply) -> Vec<Arc<Instance>> {
    match reply.answer {
        Answer::Service(instances) => instances,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn three_healthy_instances_are_read() {
    let reply = fixture(&service("web"), "health-service-web-passing-3")
        .await
        .unwrap();
    assert_eq!(
        (reply.index, reply.last_contact),
        (Some(26), Duration::ZERO)
    );
    let instances = instances(reply);
    let read: Vec<_> = instances
        .iter()
        .map(|one| (one.id.as_str(), one.address.as_str(), one.port))
        .collect();
    assert_eq!(
        read,
        [
            ("web-1", "127.0.0.1", 8081),
            ("web-2", "127.0.0.1", 8082),
            ("web-3", "127.0.0.1", 8083)
        ]
    );
    let first = &instances[0];
    assert_eq!(first.tags, ["blue", "v1"], "tags are sorted");
    assert_eq!(
        (first.status, first.checks.iter().count()),
        (Health::Passing, 2)
    );
    assert_eq!(first.service_meta.get().unwrap()["weight"], "1");
    assert_eq!(
        first.node_tagged_addresses.get().unwrap()["lan"],
        "127.0.0.1"
    );
    assert_eq!(
        first.service_tagged_addresses.get().unwrap()["lan_ipv4"].port,
        8081
    );
}

#[tokio::test]
async fn maintenance_is_the_worst_state_and_is_filtered() {
    let all = instances(
        fixture(&service("web|any"), "health-service-with-maintenance-all")
            .await
            .unwrap(),
    );
    let in_maintenance = all
        .iter()
        .filter(|one| one.status == Health::Maintenance)
        .count();
    assert_eq!((all.len(), in_maintenance), (3, 1));
    for (query, count) in [
        ("web", 2),
        ("web|maintenance", 1),
        ("web|passing,maintenance", 3),
        ("web|,", 0),
    ] {
        let reply = fixture(&service(query), "health-service-with-maintenance-all")
            .await
            .unwrap();
        assert_eq!(instances(reply).len(), count, "{query}");
    }
}

#[tokio::test]
async fn entries_of_the_store_are_read_and_absent_ones_are_no_error() {
    let key = Query::key("app/one").unwrap();
    let value = |reply: Reply| match reply.answer {
        Answer::Key(pair) => pair.map(|pair| pair.value.clone()),
        other => panic!("{other:?}"),
    };
    assert_eq!(
        value(fixture(&key, "kv-get-one").await.unwrap()).as_deref(),
        Some("hello")
    );
    assert_eq!(
        value(fixture(&key, "kv-get-null-value").await.unwrap()).as_deref(),
        Some("")
    );
    let absent = fixture(&key, "kv-get-404").await.unwrap();
    assert!(
        absent.index.is_some(),
        "an absent key has an index to wait on"
    );
    assert_eq!(value(absent), None);

    let below = Query::pairs("app").unwrap();
    let Answer::Pairs(pairs) = fixture(&below, "kv-recurse-one").await.unwrap().answer else {
        panic!()
    };
    assert_eq!(
        (pairs[0].path.as_str(), pairs[0].key.as_str()),
        ("app/one", "one")
    );
    for name in ["kv-recurse-404-empty-store", "acl-kv-recurse-no-token"] {
        let reply = fixture(&below, name).await.unwrap();
        assert_eq!(reply.answer, Answer::Pairs(Vec::new()), "{name}");
        assert!(reply.index.is_some(), "{name}");
    }
}

#[tokio::test]
async fn a_404_without_an_index_is_not_a_missing_key() {
    for query in [
        Query::key("app/one").unwrap(),
        Query::pairs("app").unwrap(),
        service("web"),
        Query::node("").unwrap(),
    ] {
        let error = fixture(&query, "error-404-path").await.unwrap_err();
        assert!(
            matches!(error, Error::NotConsul { .. }) && error.concerns_the_server(),
            "{query}: {error:?}"
        );
    }
    let text = "Namespace not found";
    let answer = format!(
        "HTTP/1.1 404 Not Found\r\nContent-Length: {}\r\n\r\n{text}",
        text.len()
    );
    let error = ask(&Query::key("a").unwrap(), answer.into_bytes()).await;
    assert!(
        error
            .unwrap_err()
            .to_string()
            .ends_with("answered 404: Namespace not found")
    );
}

#[tokio::test]
async fn the_catalog_is_read_and_sorted() {
    let reply = fixture(
        &Query::services("").unwrap(),
        "blocking-catalog-services-tag-change",
    )
    .await
    .unwrap();
    let Answer::Services(services) = reply.answer else {
        panic!()
    };
    assert_eq!(
        (services[1].name.as_str(), &services[1].tags[..]),
        ("web", &["blue", "v1", "v2"].map(str::to_owned)[..])
    );

    let reply = fixture(&Query::nodes("").unwrap(), "catalog-nodes")
        .await
        .unwrap();
    let Answer::Nodes(nodes) = reply.answer else {
        panic!()
    };
    assert_eq!(
        (nodes[0].node.as_str(), nodes[0].datacenter.as_str()),
        ("s1", "dc1")
    );

    let node = Query::node("s1").unwrap();
    let Answer::Node(Some(found)) = fixture(&node, "catalog-node-s1").await.unwrap().answer else {
        panic!()
    };
    let names: Vec<_> = found
        .services
        .iter()
        .map(|service| service.id.as_str())
        .collect();
    assert_eq!(names, ["consul", "web-1", "web-2", "web-3"]);
    assert_eq!(
        fixture(&node, "catalog-node-unknown").await.unwrap().answer,
        Answer::Node(None)
    );

    let all = Query::Consul(ConsulQuery::Datacenters(ctmpl::query::DatacentersQuery {
        ignore_failing: false,
    }));
    let reply = fixture(&all, "catalog-datacenters").await.unwrap();
    assert_eq!(
        (reply.answer, reply.index),
        (Answer::Datacenters(vec!["dc1".to_owned()]), None)
    );
}

#[tokio::test]
async fn the_mesh_is_read() {
    let reply = fixture(
        &Query::connect("web|any").unwrap(),
        "health-connect-web-sidecar",
    )
    .await
    .unwrap();
    assert_eq!(reply.index, Some(27));
    let proxies = instances(reply);
    let read: Vec<_> = proxies
        .iter()
        .map(|one| (one.name.as_str(), one.port, one.status))
        .collect();
    assert_eq!(read, [("web-sidecar-proxy", 21000, Health::Critical)]);
    let passing = fixture(
        &Query::connect("web").unwrap(),
        "health-connect-web-sidecar",
    )
    .await
    .unwrap();
    assert!(
        instances(passing).is_empty(),
        "without a filter only those that pass"
    );

    let reply = fixture(&Query::Consul(ConsulQuery::CaRoots), "connect-ca-roots")
        .await
        .unwrap();
    assert!(reply.index.is_some(), "there is an index to wait on");
    let Answer::CaRoots(roots) = reply.answer else {
        panic!()
    };
    assert_eq!(
        (roots.len(), roots[0].name.as_str(), roots[0].active),
        (1, "Consul CA Root Cert", true)
    );
    assert!(
        roots[0]
            .certificate
            .starts_with("-----BEGIN CERTIFICATE-----\n")
    );
}

#[tokio::test]
async fn partitions_are_read_and_sorted() {
    let reply = fixture(
        &Query::Consul(ConsulQuery::Partitions),
        "SYNTHETIC-partitions",
    )
    .await
    .unwrap();
    let Answer::Partitions(partitions) = reply.answer else {
        panic!()
    };
    let read: Vec<_> = partitions
        .iter()
        .map(|one| (one.name.as_str(), one.description.as_str()))
        .collect();
    assert_eq!(
        read,
        [
            ("default", "Builtin Default Partition"),
            ("na-west", "Partition for North America West")
        ]
    );
}

#[tokio::test]
async fn peerings_are_read_and_sorted() {
    let reply = fixture(&Query::peerings("").unwrap(), "SYNTHETIC-peerings")
        .await
        .unwrap();
    let Answer::Peerings(peerings) = reply.answer else {
        panic!()
    };
    let read: Vec<_> = peerings
        .iter()
        .map(|one| (one.name.as_str(), one.state.as_str()))
        .collect();
    assert_eq!(read, [("cluster-02", "ACTIVE"), ("cluster-03", "PENDING")]);
    let first = &peerings[0];
    assert_eq!(
        first.stream_status.imported_services.get().unwrap()[..],
        ["api", "db"]
    );
    assert_eq!(
        first.stream_status.last_heartbeat.as_deref(),
        Some("2026-11-22T20:28:14.0254Z")
    );
    assert_eq!(
        (
            first.stream_status.last_send.as_ref(),
            first.remote.datacenter.as_str()
        ),
        (None, "dc2")
    );
    assert_eq!(
        (
            first.peer_server_addresses.iter().count(),
            peerings[1].meta.get().unwrap()["env"].as_str()
        ),
        (1, "production")
    );
}

#[tokio::test]
async fn exported_services_are_read_and_sorted() {
    let exported = Query::Consul(ConsulQuery::ExportedServices(String::new()));
    let reply = fixture(&exported, "SYNTHETIC-exported-services")
        .await
        .unwrap();
    assert_eq!(reply.index, Some(61));
    let Answer::ExportedServices(services) = reply.answer else {
        panic!()
    };
    let read: Vec<_> = services
        .iter()
        .map(|one| (one.service.as_str(), one.namespace.as_str()))
        .collect();
    assert_eq!(
        read,
        [("db", ""), ("frontend", "default"), ("frontend", "ns")]
    );
    assert_eq!(services[1].consumers.peers, ["east", "west"]);
    assert_eq!(services[0].consumers.partitions, ["part1"]);
}

#[tokio::test]
async fn imported_services_are_read_and_sorted() {
    let imported = Query::Consul(ConsulQuery::ImportedServices("part3".to_owned()));
    let Answer::ImportedServices(services) = fixture(&imported, "SYNTHETIC-imported-services")
        .await
        .unwrap()
        .answer
    else {
        panic!()
    };
    let read: Vec<_> = services
        .iter()
        .map(|one| (one.service.as_str(), one.source_partition.as_str()))
        .collect();
    assert_eq!(read, [("api", "part1"), ("web", "part2")]);
}

/// Asks a Consul that does not know the path of the query, and answers other queries.
async fn ask_old_consul(query: &Query) -> Result<Reply, Error> {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let mut request = [0; 4096];
            let length = stream.read(&mut request).unwrap();
            let name = if request[..length].starts_with(b"GET /v1/status/leader ") {
                "status-leader"
            } else {
                "error-404-path"
            };
            let bytes = fs::read(format!("tests/fixtures/consul/{name}.http")).unwrap();
            let _ = stream.write_all(&bytes);
        }
    });
    client(address).poll(consul(query), once()).await
}

#[tokio::test]
async fn a_consul_that_is_too_old_is_distinguished_from_a_wrong_address() {
    for (query, needed) in [
        (
            Query::Consul(ConsulQuery::Partitions),
            "Consul Enterprise 1.11",
        ),
        (Query::peerings("").unwrap(), "Consul 1.13"),
        (
            Query::Consul(ConsulQuery::ExportedServices(String::new())),
            "Consul 1.17.3",
        ),
        (
            Query::Consul(ConsulQuery::ImportedServices("p".to_owned())),
            "a newer Consul",
        ),
    ] {
        let error = ask_old_consul(&query).await.unwrap_err();
        assert!(
            error.to_string().contains(&format!(
                "answered 404: it does not know this query; that needs {needed}"
            )),
            "{error}"
        );
        assert!(error.is_final(), "{query}");
    }
}

#[tokio::test]
async fn a_mesh_that_is_disabled_is_not_an_outage() {
    let text = "Connect must be enabled in order to use this endpoint";
    let answer = format!(
        "HTTP/1.1 500 Internal Server Error\r\nContent-Length: {}\r\n\r\n{text}",
        text.len()
    );
    for query in [
        Query::Consul(ConsulQuery::CaRoots),
        Query::ca_leaf("web").unwrap(),
    ] {
        let error = ask(&query, answer.clone().into_bytes()).await.unwrap_err();
        assert_eq!(
            (error.class(), error.is_final()),
            (ErrorClass::Query, true),
            "{error}"
        );
        assert!(error.to_string().contains(text), "{error}");
    }
}

#[tokio::test]
async fn a_server_without_a_leader_reports_the_age_of_its_answer() {
    let reply = fixture(&service("web"), "noleader-2srv-stale-200")
        .await
        .unwrap();
    assert!(
        reply.last_contact > Duration::from_secs(2),
        "{:?}",
        reply.last_contact
    );
}

#[tokio::test]
async fn every_error_has_its_class() {
    use ErrorClass::{Denied, Outage, Throttled};
    let cases = [
        ("noleader-2srv-default-500", Outage, false),
        ("client-no-known-servers-health", Outage, false),
        ("acl-health-bad-token", Denied, false),
        ("acl-via-client-agent-health-bad-token", Denied, false),
        ("acl-kv-get-no-token", Denied, false),
        ("error-unknown-dc-500", ErrorClass::Query, false),
        ("error-bad-filter-500", ErrorClass::Query, false),
        ("error-bad-index-400", ErrorClass::Query, false),
        ("error-stale-and-consistent-400", ErrorClass::Query, false),
        ("error-404-path", ErrorClass::Query, true),
        ("error-405", ErrorClass::Query, true),
        ("SYNTHETIC-429-newer-consul", Throttled, false),
        ("gzip-encoded-health", ErrorClass::Query, false),
    ];
    for (name, class, is_final) in cases {
        let error = fixture(&service("web"), name).await.expect_err(name);
        assert_eq!(
            (error.class(), error.is_final()),
            (class, is_final),
            "{name}: {error}"
        );
    }
}

#[tokio::test]
async fn the_pause_that_a_server_requests_is_part_of_the_error() {
    for (status, seconds) in [(429, Some(7)), (503, Some(7)), (500, None), (400, None)] {
        let answer =
            format!("HTTP/1.1 {status} x\r\nRetry-After: 7\r\nContent-Length: 4\r\n\r\nbusy");
        let error = ask(&service("web"), answer.into_bytes()).await.unwrap_err();
        assert_eq!(
            error.retry_after(),
            seconds.map(Duration::from_secs),
            "{error}"
        );
    }
}

#[tokio::test]
async fn a_server_that_answers_anything_passes_the_probe() {
    let leader = fs::read("tests/fixtures/consul/status-leader.http").unwrap();
    let answer = |status: &str| format!("HTTP/1.1 {status}\r\nContent-Length: 0\r\n\r\n");
    for (bytes, passes) in [
        (leader, true),
        (answer("404 Not Found").into_bytes(), true),
        (answer("302 Found").into_bytes(), true),
        (answer("429 Too Many Requests").into_bytes(), false),
        (answer("503 Service Unavailable").into_bytes(), false),
        (Vec::new(), false),
    ] {
        let text = String::from_utf8_lossy(&bytes).into_owned();
        let probed = client(replay(bytes)).probe(0).await;
        assert_eq!(probed.is_ok(), passes, "{text}: {probed:?}");
        let class = probed.map_err(|error| error.class());
        assert_ne!(class, Err(ErrorClass::Query), "{text}");
    }
}

#[tokio::test]
async fn a_wrong_answer_is_an_error_and_never_read_as_data() {
    let ok = |body: &str| {
        format!(
            "HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        )
        .into_bytes()
    };
    let cases = [
        (
            ok("<html><body>Welcome to nginx!</body></html>"),
            "it is HTML",
        ),
        (
            ok("[{\"Node\":{\"Node\":\"s1\""),
            "the JSON ends too early, at line 1 column",
        ),
        (ok("{\"a\":1}"), "another shape than expected"),
        (ok("nonsense"), "it is not JSON"),
        (ok(""), "the JSON ends too early"),
        (
            b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n[".to_vec(),
            "the answer is cut off",
        ),
        (
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n[{\"No".to_vec(),
            "the answer is cut off",
        ),
        (
            b"HTTP/1.1 301 Moved\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n"
                .to_vec(),
            "answered 301",
        ),
        (b"".to_vec(), "closed the connection without an answer"),
        (b"SSH-2.0-OpenSSH_9.2\r\n".to_vec(), "cannot reach Consul"),
    ];
    for (bytes, expected) in cases {
        let error = ask(&service("web"), bytes)
            .await
            .expect_err(expected)
            .to_string();
        assert!(
            error.contains(expected),
            "{error:?} does not say {expected:?}"
        );
    }
}

#[tokio::test]
async fn headers_that_a_gateway_adds_do_not_hide_the_answer() {
    for size in [100, 6_000, 60_000] {
        let padding = "x".repeat(size);
        let answer = format!(
            "HTTP/1.1 200 OK\r\nX-Trace: {padding}\r\nX-Consul-Index: 7\r\nContent-Length: 2\r\n\r\n[]"
        );
        let reply = ask(&service("web"), answer.into_bytes()).await.unwrap();
        assert_eq!(
            (reply.index, instances(reply).len()),
            (Some(7), 0),
            "{size}"
        );
    }
}

/// The moment when the server process ends.
#[derive(Clone, Copy, Debug)]
enum Dies {
    /// Between two requests: the connection closes before the second one is sent on it.
    BetweenRequests,
    /// After it has read the request: the system closes the connection.
    AfterReading,
    /// Before it has read the request: the system resets the connection.
    BeforeReading,
}

/// Starts a server that answers one request, and ends before it answers a second one on the same
/// connection.
fn dies(how: Dies) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut request = [0; 4096];
        let _ = stream.read(&mut request);
        stream
            .write_all(b"HTTP/1.1 200 OK\r\nX-Consul-Index: 7\r\nContent-Length: 2\r\n\r\n[]")
            .unwrap();
        drop(listener);
        match how {
            Dies::BetweenRequests => {}
            Dies::AfterReading => drop(stream.read(&mut request)),
            Dies::BeforeReading => while stream.peek(&mut request).unwrap() == 0 {},
        }
    });
    address
}

/// Regression test: a closed connection was kept for the waiting request, which then exceeded its
/// time limit.
#[tokio::test]
async fn a_server_that_dies_during_a_long_poll_is_noticed_at_once() {
    for how in [
        Dies::BetweenRequests,
        Dies::AfterReading,
        Dies::BeforeReading,
    ] {
        let client = client(dies(how));
        let poll = |index| Poll {
            server: 0,
            index,
            wait: Duration::from_secs(60),
            stale: true,
        };
        client.poll(consul(&service("web")), poll(0)).await.unwrap();
        // Wait until the end of the connection has arrived.
        tokio::time::sleep(Duration::from_millis(50)).await;
        let lost = tokio::time::timeout(
            Duration::from_secs(10),
            client.poll(consul(&service("web")), poll(7)),
        )
        .await;
        let error = lost
            .unwrap_or_else(|_| panic!("{how:?}: nothing is noticed"))
            .expect_err("it is dead");
        assert_eq!(error.class(), ErrorClass::Outage, "{how:?}: {error}");
    }
}
