//! The output of a command.
//!
//! Input: the pipes of a child process. Output: each line, passed to a [`Sink`], which may also pass
//! the bytes on unchanged.

use std::fmt;
use std::future::{self, Future};
use std::io;
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
    /// pipes were closed within `time_limit`. The rest is small: it was in the pipes.
    pub(super) async fn drain(&mut self, time_limit: Duration) -> bool {
        let rest = async {
            while self.is_open() {
                self.read_now().await;
            }
        };
        let drained = timeout(time_limit, rest).await.is_ok();
        self.finish_lines();
        drained
    }

    async fn read_all(&mut self) {
        while self.is_open() {
            self.read_some().await;
        }
    }

    fn is_open(&self) -> bool {
        self.out.reader.is_some() || self.err.reader.is_some()
    }

    /// Reads from either pipe, and passes on what was read. Dropping the future loses no data.
    async fn read_some(&mut self) {
        if let Some(relay) = &self.sink.relay {
            relay.wait_for_room().await;
        }
        self.read_now().await;
    }

    /// Like [`read_some`](Self::read_some), but does not wait for the reader of the output.
    async fn read_now(&mut self) {
        let Self { out, err, sink } = self;
        tokio::select! {
            read = out.fill() => out.on_read(&read, Stream::Out, sink),
            read = err.fill() => err.on_read(&read, Stream::Err, sink),
        }
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
    lines: Lines,
}

impl<R: AsyncRead + Unpin> Pipe<R> {
    fn new(reader: Option<R>) -> Self {
        Self {
            reader,
            buffer: Box::new([0; 8 * 1024]),
            lines: Lines::default(),
        }
    }

    /// Reads into the buffer. Never completes after the end of the stream.
    async fn fill(&mut self) -> io::Result<usize> {
        match &mut self.reader {
            Some(reader) => reader.read(&mut self.buffer[..]).await,
            None => future::pending().await,
        }
    }

    fn on_read(&mut self, read: &io::Result<usize>, stream: Stream, sink: &mut Sink) {
        match read {
            // An error counts as the end of the stream.
            Ok(0) | Err(_) => {
                self.reader = None;
                self.lines.finish(|line| (sink.lines)(stream, line));
            }
            Ok(len) => {
                let bytes = &self.buffer[..*len];
                if let Some(relay) = &sink.relay {
                    relay.send(stream, bytes);
                }
                self.lines.push(bytes, |line| (sink.lines)(stream, line));
            }
        }
    }
}
