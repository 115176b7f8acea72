//! Recorded answers of real servers, replayed byte for byte: the client parses each, or returns an
//! error of the right class.

mod failures;
mod reading;

use std::fs;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::time::Duration;

use consul_watch::answer::{Answer, Instance};
use consul_watch::query::{ConsulQuery, Health, Query};
use consul_watch::source::consul::{Client, ClientConfig};
use consul_watch::source::{Error, ErrorClass, Poll, Reply, Source, SourceQuery};

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
    Client::new(&ClientConfig::new(vec![
        format!("http://{server}").parse().unwrap(),
    ]))
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
