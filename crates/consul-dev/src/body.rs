//! Reads request bodies within limits.
//!
//! Input: an incoming body. Output: its bytes, or the [`Reply`] that refuses it. A body holds its
//! share of the [`BodyBudget`] until the request is answered, so the memory of all bodies is
//! bounded.

use std::sync::Arc;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http_body_util::BodyExt as _;
use hyper::body::{Body as _, Incoming};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;

use super::reply::Reply;

/// The maximum size of all bodies in memory, in bytes.
const MAX_SUM: usize = 32 * 1024 * 1024;
/// The maximum size of a value and of a transaction, in bytes: Consul's default.
const MAX_VALUE: usize = 512 * 1024;
/// The maximum size of other bodies, in bytes. Consul has no limit here; a registration has a few
/// hundred bytes.
const MAX_OTHER: usize = 4 * 1024 * 1024;
/// The maximum number of bytes of a refused body that are read and discarded. A client that still
/// sends would otherwise see a reset instead of the refusal.
const MAX_DRAINED: usize = 64 * 1024 * 1024;

/// The memory for request bodies. Clones share one budget.
#[derive(Clone, Debug)]
pub(crate) struct BodyBudget(Arc<Semaphore>);

impl Default for BodyBudget {
    fn default() -> Self {
        Self(Arc::new(Semaphore::new(MAX_SUM)))
    }
}

/// A complete body, with its share of the budget.
#[derive(Debug, Default)]
pub(crate) struct ReadBody {
    pub(crate) bytes: Bytes,
    _permit: Option<OwnedSemaphorePermit>,
}

/// The maximum size of a path's body, and the setting that Consul's error message names.
#[derive(Clone, Copy, Debug)]
struct Limit {
    bytes: usize,
    setting: Option<&'static str>,
}

impl Limit {
    fn of(path: &str) -> Self {
        let (bytes, setting) = if path.starts_with("/v1/kv/") {
            (MAX_VALUE, Some("kv_max_value_size"))
        } else if path.starts_with("/v1/txn") {
            (MAX_VALUE, Some("txn_max_req_len"))
        } else {
            (MAX_OTHER, None)
        };
        Self { bytes, setting }
    }

    /// Returns Consul's error for a body of this length.
    fn refuse(self, length: u64) -> Reply {
        let limit = self.bytes;
        let mut text = format!("Request body({length} bytes) too large, max size: {limit} bytes.");
        if let Some(setting) = self.setting {
            text.push_str(" See https://www.consul.io/docs/agent/options.html#");
            text.push_str(setting);
            text.push('.');
        }
        Reply::text(413, text).with("Connection", "close")
    }
}

/// Reads the body of a request for `path`; fails if it does not arrive within `time`.
pub(crate) async fn read(
    body: Incoming,
    path: &str,
    budget: &BodyBudget,
    time: Duration,
) -> Result<ReadBody, Reply> {
    if body.is_end_stream() {
        return Ok(ReadBody::default());
    }
    let read = timeout(time, read_within(body, Limit::of(path), budget));
    read.await.unwrap_or_else(|_| {
        let text = format!(
            "Request body did not arrive within {} s",
            time.as_secs_f32()
        );
        Err(Reply::text(408, text).with("Connection", "close"))
    })
}

async fn read_within(
    mut body: Incoming,
    limit: Limit,
    budget: &BodyBudget,
) -> Result<ReadBody, Reply> {
    let announced = body.size_hint().exact();
    if let Some(length) = announced.filter(|length| *length > limit.bytes as u64) {
        drain(body).await;
        return Err(limit.refuse(length));
    }
    // Acquire the whole share at once. If each body held a part and waited for more, they could
    // deadlock.
    let share = announced.map_or(Ok(limit.bytes), usize::try_from);
    let share = share.unwrap_or(limit.bytes).min(limit.bytes);
    let permits = u32::try_from(share).unwrap_or(u32::MAX);
    let permit = Arc::clone(&budget.0).acquire_many_owned(permits).await.ok();
    let mut bytes = BytesMut::new();
    while let Some(frame) = body.frame().await {
        let broken = |_| Reply::text(400, "Request body is incomplete").with("Connection", "close");
        let Ok(data) = frame.map_err(broken)?.into_data() else {
            continue;
        };
        if bytes.len() + data.len() > limit.bytes {
            let length = (bytes.len() + data.len()) as u64;
            drop(permit);
            drop(bytes);
            drain(body).await;
            return Err(limit.refuse(length));
        }
        bytes.extend_from_slice(&data);
    }
    Ok(ReadBody {
        bytes: bytes.freeze(),
        _permit: permit,
    })
}

/// Reads and discards the rest of a refused body.
async fn drain(mut body: Incoming) {
    let mut drained = 0;
    while let Some(Ok(frame)) = body.frame().await {
        drained += frame.data_ref().map_or(0, Bytes::len);
        if drained > MAX_DRAINED {
            return;
        }
    }
}
