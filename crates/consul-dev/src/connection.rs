//! Serves one connection: reads requests, applies faults, sends answers.
//!
//! Input: a stream, and the state that all connections share. Output: HTTP answers until the client
//! closes the connection.

use std::convert::Infallible;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

use super::blocking_query;
use super::body::{self, BodyBudget};
use super::fault_injection;
use super::faults::{Faults, Interruptions};
use super::hash_query;
use super::limited_stream::{ByteLimit, LimitedStream, RequestPhase};
use super::outcome::Outcome;
use super::reply::Reply;
use super::request::Request;
use super::request_log::RecordedRequest;
use super::routes;
use super::store::Store;

/// The state that all connections share.
#[derive(Clone, Debug)]
pub(crate) struct Shared {
    pub(crate) store: Store,
    pub(crate) faults: Faults,
    pub(crate) bodies: BodyBudget,
    pub(crate) read_timeout: Duration,
}

/// Answers the requests of one connection.
pub(crate) async fn serve(stream: TcpStream, shared: Shared) {
    let _open = shared.faults.log().connection();
    // Without `TCP_NODELAY`, an answer in two writes waits for the client's delayed
    // acknowledgement.
    drop(stream.set_nodelay(true));
    let cuts = shared.faults.cuts();
    let (limit, phase) = (ByteLimit::none(), RequestPhase::default());
    let stream = LimitedStream::new(stream, limit.clone(), phase.clone(), shared.read_timeout);
    let service = service_fn(|request| {
        let (shared, limit, phase) = (&shared, &limit, &phase);
        async move {
            phase.step();
            let response = respond(request, shared, limit).await.into_response();
            phase.step();
            if shared.faults.cuts() != cuts {
                // A fault cut the connection while this answer was prepared: send nothing more.
                std::future::pending::<()>().await;
            }
            Ok::<http::Response<Full<Bytes>>, Infallible>(response)
        }
    });
    let connection = http1::Builder::new()
        .title_case_headers(true)
        .serve_connection(TokioIo::new(stream), service);
    if let Err(error) = connection.await {
        tracing::debug!(
            name: "dev.connection_cut", %error,
            "embedded server: connection cut: {error}"
        );
    }
}

async fn respond(request: http::Request<Incoming>, shared: &Shared, limit: &ByteLimit) -> Reply {
    let (head, body) = request.into_parts();
    let token = head
        .headers
        .get("x-consul-token")
        .and_then(|value| value.to_str().ok());
    let path = head.uri.path();
    // Subscribe before the request is recorded: a test that sees the request may interrupt it at
    // once.
    let interruptions = shared.faults.interruptions();
    let _open = shared.faults.log().request(path, || RecordedRequest {
        method: head.method.to_string(),
        path: path.to_owned(),
        query: head.uri.query().unwrap_or_default().to_owned(),
        token: token.map(str::to_owned),
    });
    let body = match body::read(body, path, &shared.bodies, shared.read_timeout).await {
        Ok(body) => body,
        Err(refusal) => return refusal,
    };
    let request = Request::new(head.method.clone(), &head.uri, body.bytes.clone());
    let faults = shared.faults.take(path, request.datacenter());
    if let Some(reply) = fault_injection::before(&faults, &request, limit).await {
        return reply;
    }
    tokio::select! {
        biased;
        () = shared.faults.datacenter_lost(request.datacenter()) => {
            Reply::text(500, "No path to datacenter")
        }
        reply = answer(&request, shared, interruptions) => fault_injection::after(&faults, reply),
    }
}

/// Answers a request, without faults.
async fn answer(request: &Request, shared: &Shared, interruptions: Interruptions) -> Reply {
    let answer = async {
        match routes::serve(&shared.store, request)? {
            Outcome::Done(reply) => Ok(reply),
            Outcome::AgentInstance(id) => {
                hash_query::answer(&shared.store, interruptions, request, &id).await
            }
            Outcome::Query(query) => {
                let options = request.read_options()?;
                blocking_query::answer(&shared.store, interruptions, request, &options, &query)
                    .await
            }
        }
    };
    answer.await.unwrap_or_else(|refusal| refusal)
}
