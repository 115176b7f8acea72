//! Asks a question, waiting as a blocking query waits.
//!
//! in:  a [`Question`] and the [`ReadOptions`] it came with
//! out: the reply, with the headers that tell its standing

use std::time::Duration;

use tokio::time::{Instant, sleep_until};

use super::faults::Interruptions;
use super::filter::{Filter, NO_FILTER};
use super::question::{Look, Question};
use super::reply::Reply;
use super::request::{ReadOptions, Request};
use super::store::Store;
use serde_json::Value;

/// What was found at an index.
struct Found {
    index: u64,
    body: Option<Value>,
}

/// One look at the state.
enum Step {
    Answer(Found),
    Wait { look: Look, since: u64, epoch: u64 },
    NoDatacenter,
}

/// Answers a question when its index is above the one asked for, or when the wait is over.
pub(crate) async fn ask(
    store: &Store,
    interruptions: Interruptions,
    request: &Request,
    options: &ReadOptions,
    question: &Question,
) -> Result<Reply, Reply> {
    let standing = |reply: Reply| {
        if question.of_kv() {
            reply
        } else {
            reply.with_standing(1, false, 0)
        }
    };
    let filter = Filter::parse(&options.filter, question)
        .map_err(|wrong| standing(Reply::text(500, format!("{NO_FILTER}: {wrong}"))))?;
    let found = tokio::select! {
        found = wait(store, options, question) => found.map_err(standing)?,
        reply = interruptions.below(&request.path) => return Err(reply),
    };
    let pretty = request.has("pretty");
    let reply = match found.body {
        None => Reply::empty(404),
        Some(mut body) => {
            filter.retain(&mut body);
            if request.has("raw") && matches!(question, Question::Key(_)) {
                raw(&body)
            } else {
                Reply::json(&body, pretty)
            }
        }
    };
    let reply = reply.with_standing(found.index.max(1), true, 0);
    let named = reply.status == 200 && !question.of_kv();
    Ok(if named {
        reply.with("X-Consul-Effective-Consistency", options.consistency.name())
    } else {
        reply
    })
}

async fn wait(store: &Store, options: &ReadOptions, question: &Question) -> Result<Found, Reply> {
    let deadline = Instant::now() + options.wait + stagger(options.wait / 16);
    let mut bell = store.listen();
    let mut waiting: Option<(Look, u64, u64)> = None;
    loop {
        bell.borrow_and_update();
        match step(store, options, question, waiting.take()) {
            Step::Answer(found) => return Ok(found),
            Step::NoDatacenter => return Err(Reply::text(500, "No path to datacenter")),
            Step::Wait { look, since, epoch } => waiting = Some((look, since, epoch)),
        }
        tokio::select! {
            rung = bell.changed() => debug_assert!(rung.is_ok(), "the store outlives its queries"),
            () = sleep_until(deadline) => {
                // The index is that of the last look, as with Consul: what did not stir the query is not reported.
                let index = waiting.map_or(0, |(look, ..)| look.index);
                let body = |world: &super::cluster_state::World| question.answer(world.datacenter(options.datacenter.as_deref())?);
                return Ok(Found { index, body: store.read(body) });
            }
        }
    }
}

fn step(
    store: &Store,
    options: &ReadOptions,
    question: &Question,
    last: Option<(Look, u64, u64)>,
) -> Step {
    store.read(|world| {
        let Some(dc) = world.datacenter(options.datacenter.as_deref()) else {
            return Step::NoDatacenter;
        };
        let restored = last
            .as_ref()
            .is_some_and(|(_, _, epoch)| *epoch != world.epoch);
        if let Some((look, since, epoch)) = last
            && !restored
            && !look.stirred(&dc.ledger, since)
        {
            return Step::Wait { look, since, epoch };
        }
        let look = question.look(dc);
        if options.index == 0 || restored || look.index.max(1) > options.index {
            Step::Answer(Found {
                index: look.index,
                body: question.answer(dc),
            })
        } else {
            Step::Wait {
                look,
                since: dc.index,
                epoch: world.epoch,
            }
        }
    })
}

/// The value of a key as it was stored.
fn raw(body: &Value) -> Reply {
    use base64::Engine as _;
    let encoded = body
        .pointer("/0/Value")
        .and_then(Value::as_str)
        .unwrap_or_default();
    let value = base64::engine::general_purpose::STANDARD
        .decode(encoded)
        .unwrap_or_default();
    let reply = Reply {
        body: value.into(),
        ..Reply::empty(200)
    };
    reply
        .with("Content-Type", "text/plain")
        .with("X-Content-Type-Options", "nosniff")
        .with("Content-Security-Policy", "sandbox")
}

/// A random part of this, so that many queries do not end together.
fn stagger(most: Duration) -> Duration {
    most.mul_f64(fastrand::f64())
}
