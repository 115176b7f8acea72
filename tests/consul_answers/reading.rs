//! Answers of every kind are read.

use super::*;

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

    let all = Query::Consul(ConsulQuery::Datacenters(
        consul_watch::query::DatacentersQuery {
            ignore_failing: false,
        },
    ));
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
