//! The output of a command, line by line.
//!
//! Input: the pipes of a child process. Output: each line, passed to a [`Sink`].

use std::fmt;
use std::future::{self, Future};
use std::io;
use std::pin::pin;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt as _};
use tokio::process::{Child, ChildStderr, ChildStdout};
use tokio::time::timeout;

use super::lines::Lines;

/// The time after the end of a command in which its last output may arrive.
pub(super) const DRAIN_TIMEOUT: Duration = Duration::from_millis(200);

/// The stream of a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stream {
    /// Standard output.
    Out,
    /// Standard error.
    Err,
}

/// Receives each line of output, without its line end.
pub type Sink = Box<dyn FnMut(Stream, &str) + Send>;

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
        self.out.reader.is_some() || self.err.reader.is_some()
    }

    /// Reads from either pipe, and passes complete lines to the sink. Dropping the future loses no
    /// data.
    async fn read_some(&mut self) {
        let Self { out, err, sink } = self;
        tokio::select! {
            read = out.fill() => out.on_read(&read, |line| sink(Stream::Out, line)),
            read = err.fill() => err.on_read(&read, |line| sink(Stream::Err, line)),
        }
    }

    fn finish_lines(&mut self) {
        let Self { out, err, sink } = self;
        out.lines.finish(|line| sink(Stream::Out, line));
        err.lines.finish(|line| sink(Stream::Err, line));
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

    fn on_read(&mut self, read: &io::Result<usize>, sink: impl FnMut(&str)) {
        match read {
            // An error counts as the end of the stream.
            Ok(0) | Err(_) => {
                self.reader = None;
                self.lines.finish(sink);
            }
            Ok(len) => self.lines.push(&self.buffer[..*len], sink),
        }
    }
}
