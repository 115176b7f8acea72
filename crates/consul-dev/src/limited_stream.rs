//! A connection that is closed after a number of bytes, or when a request does not arrive in time.
//!
//! Input: a stream, a [`ByteLimit`] and a [`RequestPhase`]. Output: the same stream; when a limit
//! is reached, an error that makes the HTTP server close the connection.

use std::future::Future as _;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::{Sleep, sleep};

/// The number of bytes that may still be sent.
#[derive(Clone, Debug)]
pub(crate) struct ByteLimit(Arc<AtomicU64>);

impl ByteLimit {
    /// Creates an unlimited value.
    pub(crate) fn none() -> Self {
        Self(Arc::new(AtomicU64::new(u64::MAX)))
    }

    /// Allows this many more bytes.
    pub(crate) fn set(&self, bytes: usize) {
        self.0.store(bytes as u64, Ordering::Release);
    }

    fn left(&self) -> u64 {
        self.0.load(Ordering::Acquire)
    }

    fn spend(&self, bytes: usize) {
        let left = self.left();
        if left != u64::MAX {
            self.0
                .store(left.saturating_sub(bytes as u64), Ordering::Release);
        }
    }
}

/// Tells whether a request is being answered. Otherwise, bytes that arrive belong to the head of
/// the next request.
#[derive(Clone, Debug, Default)]
pub(crate) struct RequestPhase {
    /// The number of answers started plus the number finished; odd while a request is being
    /// answered.
    steps: Arc<AtomicU64>,
}

impl RequestPhase {
    /// Marks the start of an answer, after the head has arrived, or its end.
    pub(crate) fn step(&self) {
        self.steps.fetch_add(1, Ordering::AcqRel);
    }
}

/// A connection with its limits.
#[derive(Debug)]
pub(crate) struct LimitedStream {
    stream: TcpStream,
    bytes: ByteLimit,
    phase: RequestPhase,
    /// The number of steps at the last read.
    steps: u64,
    head_timeout: Duration,
    /// The deadline for the head that has begun to arrive. `None` while the connection is idle.
    head_due: Option<Pin<Box<Sleep>>>,
}

impl LimitedStream {
    /// Creates a connection with these limits.
    pub(crate) fn new(
        stream: TcpStream,
        bytes: ByteLimit,
        phase: RequestPhase,
        head_timeout: Duration,
    ) -> Self {
        Self {
            stream,
            bytes,
            phase,
            steps: 0,
            head_timeout,
            head_due: None,
        }
    }
}

impl AsyncRead for LimitedStream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        into: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = into.filled().len();
        let read = Pin::new(&mut self.stream).poll_read(cx, into);
        let steps = self.phase.steps.load(Ordering::Acquire);
        if steps != self.steps {
            self.steps = steps;
            self.head_due = None;
        }
        let is_answering = steps % 2 == 1;
        if is_answering {
            return read;
        }
        if into.filled().len() > before && self.head_due.is_none() {
            self.head_due = Some(Box::pin(sleep(self.head_timeout)));
        }
        match &mut self.head_due {
            Some(due) if read.is_pending() => due
                .as_mut()
                .poll(cx)
                .map(|()| Err(io::ErrorKind::TimedOut.into())),
            _ => read,
        }
    }
}

impl AsyncWrite for LimitedStream {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let left = self.bytes.left();
        if left == 0 {
            return Poll::Ready(Err(io::ErrorKind::ConnectionAborted.into()));
        }
        let allowed = usize::try_from(left).unwrap_or(usize::MAX).min(bytes.len());
        let written =
            std::task::ready!(Pin::new(&mut self.stream).poll_write(cx, &bytes[..allowed]))?;
        self.bytes.spend(written);
        Poll::Ready(Ok(written))
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}
