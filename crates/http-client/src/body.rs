//! Answers and their bodies.

use std::future::poll_fn;
use std::pin::Pin;
use std::sync::Arc;

use hyper::body::{Body as _, Bytes, Frame, Incoming};
use hyper::{HeaderMap, StatusCode};
use tokio::task::yield_now;
use tokio::time::timeout;

use crate::error::Error;
use crate::http1::{self, Idle};
use crate::http2::Slot;
use crate::in_flight::InFlight;
use crate::limits::Limits;

/// The number of pieces of a body after which the task yields, so that many small pieces do not
/// starve other tasks.
const PIECES_PER_TURN: usize = 64;

/// The length in bytes above which a body grows by a quarter instead of twofold. The C library keeps as much free memory
/// as the largest piece that was ever freed, twice.
const LARGE: usize = 1 << 20;

/// An answer whose body has not been read yet.
#[derive(Debug)]
pub struct Response {
    /// The status.
    pub status: StatusCode,
    /// The headers.
    pub headers: HeaderMap,
    /// The body.
    pub body: Body,
}

/// A complete answer.
#[derive(Debug)]
pub struct Answer {
    /// The status.
    pub status: StatusCode,
    /// The headers.
    pub headers: HeaderMap,
    /// The body.
    pub body: Vec<u8>,
}

/// A body that arrives in pieces. Dropping it ends the request.
pub struct Body {
    incoming: Incoming,
    link: Link,
}

impl std::fmt::Debug for Body {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Body").finish_non_exhaustive()
    }
}

/// The connection over which a body arrives.
pub(crate) enum Link {
    /// An exclusive connection, which returns to the idle pool when the body is complete.
    Http1 {
        connection: Option<Box<http1::Connection>>,
        idle: Arc<Idle>,
    },
    /// A slot on a shared connection.
    Http2(Slot),
}

impl Body {
    pub(crate) fn new(incoming: Incoming, link: Link) -> Self {
        Self { incoming, link }
    }

    /// Returns the next piece of the body; `None` at its end. There is no time limit, because a
    /// stream of events may be idle.
    ///
    /// # Errors
    /// [`Error::CutOff`] if the body ends before it is complete.
    pub async fn chunk(&mut self) -> Result<Option<Bytes>, Error> {
        loop {
            match self.frame().await {
                Some(Ok(frame)) => match frame.into_data() {
                    Ok(data) if !data.is_empty() => return Ok(Some(data)),
                    // Ignore trailers.
                    _ => {}
                },
                Some(Err(error)) => return Err(Error::body(&error)),
                None => {
                    self.release().await;
                    return Ok(None);
                }
            }
        }
    }

    async fn frame(&mut self) -> Option<Result<Frame<Bytes>, hyper::Error>> {
        poll_fn(|cx| {
            if let Link::Http1 {
                connection: Some(connection),
                ..
            } = &mut self.link
            {
                connection.drive(cx);
            }
            Pin::new(&mut self.incoming).poll_frame(cx)
        })
        .await
    }

    /// Returns the connection to the idle pool after the body is complete.
    async fn release(&mut self) {
        if let Link::Http1 { connection, idle } = &mut self.link
            && let Some(mut connection) = connection.take()
            && connection.is_reusable().await
        {
            idle.put_back(connection);
        }
    }

    /// Reads the complete body.
    ///
    /// # Errors
    /// [`Error`] if the body stalls, is cut off, or exceeds the limits.
    pub(crate) async fn collect(
        mut self,
        limits: Limits,
        in_flight: &InFlight,
    ) -> Result<Vec<u8>, Error> {
        let Limits { answer, stall, .. } = limits;
        let expected = self.incoming.size_hint().lower();
        let expected = usize::try_from(expected).unwrap_or(usize::MAX);
        if expected > answer {
            return Err(Error::TooLong(answer));
        }
        let mut share = in_flight.share();
        let mut body = Vec::new();
        let mut pieces = 0_usize;
        loop {
            let chunk = timeout(stall, self.chunk()).await;
            let chunk = chunk.map_err(|_| Error::Stalled(stall))?;
            let Some(chunk) = chunk? else {
                return Ok(body);
            };
            if body.len() + chunk.len() > answer {
                return Err(Error::TooLong(answer));
            }
            share.grow(chunk.len())?;
            if body.is_empty() {
                // Reserve the announced length, but at most a few pieces: the announcement may be false.
                body.reserve_exact(expected.clamp(chunk.len(), 64 << 10).max(chunk.len()));
            }
            if body.len() > LARGE && body.capacity() - body.len() < chunk.len() {
                body.reserve_exact(chunk.len().max(body.len() / 4));
            }
            body.extend_from_slice(&chunk);
            pieces += 1;
            if pieces.is_multiple_of(PIECES_PER_TURN) {
                yield_now().await;
            }
        }
    }
}
