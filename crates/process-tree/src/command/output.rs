//! The output of a command.
//!
//! Input: the pipes of a child process. Output: each line, passed to a [`Sink`], which may also pass
//! the bytes on unchanged.

use std::fmt;
use std::future::{self, Future};
use std::pin::pin;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt as _};
use tokio::process::{Child, ChildStderr, ChildStdout};
use tokio::time::timeout;

use super::lines::Lines;
use super::relay::Relay;
use super::stream::Stream;

/// The time after the end of a command in which its last output may arrive.
pub(super) const DRAIN_TIMEOUT: Duration = Duration::from_millis(200);

/// Receives each line, without its line end.
type LineSink = Box<dyn FnMut(Stream, &str) + Send>;

/// Receives the output of a command.
pub struct Sink {
    lines: LineSink,
    relay: Option<Relay>,
}

impl Sink {
    /// Creates a sink that receives each line, without its line end.
    pub fn of_lines(lines: impl FnMut(Stream, &str) + Send + 'static) -> Self {
        Self {
            lines: Box::new(lines),
            relay: None,
        }
    }

    /// Returns a sink that also passes the output on to this process's own output, unchanged.
    #[must_use]
    pub fn relayed_by(self, relay: Relay) -> Self {
        Self {
            relay: Some(relay),
            ..self
        }
    }
}

/// Both pipes of a command.
pub struct Output {
    out: Pipe<ChildStdout>,
    err: Pipe<ChildStderr>,
    sink: Sink,
}

impl fmt::Debug for Output {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Output")
            .field("open", &self.is_open())
            .finish_non_exhaustive()
    }
}

impl Output {
    /// Takes the pipes of a child process.
    pub(super) fn take_from(child: &mut Child, sink: Sink) -> Self {
        Self {
            out: Pipe::new(child.stdout.take()),
            err: Pipe::new(child.stderr.take()),
            sink,
        }
    }

    /// Passes lines to the sink until all processes have closed the pipes.
    pub async fn follow(mut self) {
        self.read_all().await;
    }

    /// Passes lines to the sink until `work` is done.
    pub(super) async fn while_running<T>(&mut self, work: impl Future<Output = T>) -> T {
        let mut work = pin!(work);
        loop {
            tokio::select! {
                done = &mut work => return done,
                () = self.read_some(), if self.is_open() => {}
            }
        }
    }

    /// Passes the rest of the output to the sink after the command has ended. Returns `true` if the
    /// pipes were closed within `time_limit`.
    pub(super) async fn drain(&mut self, time_limit: Duration) -> bool {
        let drained = timeout(time_limit, self.read_all()).await.is_ok();
        self.finish_lines();
        drained
    }

    async fn read_all(&mut self) {
        while self.is_open() {
            self.read_some().await;
        }
    }

    fn is_open(&self) -> bool {
        self.out.is_open() || self.err.is_open()
    }

    /// Reads from either pipe, and passes on what was read. Dropping the future loses no data.
    async fn read_some(&mut self) {
        let Self { out, err, sink } = self;
        tokio::select! {
            () = out.read() => {}
            () = err.read() => {}
        }
        out.pass_on(Stream::Out, sink).await;
        err.pass_on(Stream::Err, sink).await;
    }

    fn finish_lines(&mut self) {
        let Self { out, err, sink } = self;
        out.lines.finish(|line| (sink.lines)(Stream::Out, line));
        err.lines.finish(|line| (sink.lines)(Stream::Err, line));
    }
}

/// One of the two pipes.
struct Pipe<R> {
    /// `None` after the end of the stream.
    reader: Option<R>,
    buffer: Box<[u8; 8 * 1024]>,
    /// The number of bytes in the buffer that were not passed on.
    filled: usize,
    lines: Lines,
}

impl<R: AsyncRead + Unpin> Pipe<R> {
    fn new(reader: Option<R>) -> Self {
        Self {
            reader,
            buffer: Box::new([0; 8 * 1024]),
            filled: 0,
            lines: Lines::default(),
        }
    }

    fn is_open(&self) -> bool {
        self.reader.is_some() || self.filled > 0
    }

    /// Reads into the buffer, unless it is filled. Never completes after the end of the stream.
    async fn read(&mut self) {
        if self.filled > 0 {
            return;
        }
        let Some(reader) = &mut self.reader else {
            return future::pending().await;
        };
        match reader.read(&mut self.buffer[..]).await {
            // An error counts as the end of the stream.
            Ok(0) | Err(_) => self.reader = None,
            Ok(filled) => self.filled = filled,
        }
    }

    /// Passes the content of the buffer on, and the last line at the end of the stream.
    async fn pass_on(&mut self, stream: Stream, sink: &mut Sink) {
        if self.filled > 0 {
            let permit = match &sink.relay {
                Some(relay) => relay.reserve().await,
                None => None,
            };
            let bytes = &self.buffer[..std::mem::take(&mut self.filled)];
            if let Some(permit) = permit {
                permit.send(stream, bytes);
            }
            self.lines.push(bytes, |line| (sink.lines)(stream, line));
        }
        if self.reader.is_none() {
            self.lines.finish(|line| (sink.lines)(stream, line));
        }
    }
}
