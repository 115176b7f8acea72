//! What a command prints, line by line.
//!
//! in:  the pipes of a child
//! out: each line, given to a [`Sink`] as it comes

use std::fmt;
use std::future::{self, Future};
use std::io;
use std::pin::pin;
use std::time::Duration;

use secrecy::SecretString;
use tokio::io::{AsyncRead, AsyncReadExt as _};
use tokio::process::{Child, ChildStderr, ChildStdout};
use tokio::time::timeout;

use crate::config::resolved::CommandLine;

use super::lines::Lines;
use super::secrets::Secrets;

/// Where a line came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stream {
    /// Standard output.
    Out,
    /// Standard error.
    Err,
}

/// Is given each line that a command prints, without its end.
pub type Sink = Box<dyn FnMut(Stream, &str) + Send>;

/// The sink that logs, under the target `command`: standard output as what happened, standard error as what the
/// operator should know, because that is where a command that fails says why. What the command was given in its
/// `environment` and is secret is not told.
pub fn log(line: &CommandLine, environment: &[(String, SecretString)]) -> Sink {
    let secrets = Secrets::of(environment);
    let command = secrets.hidden_in(&line.to_string());
    Box::new(move |stream, line| {
        let output = secrets.hidden_in(line);
        match stream {
            Stream::Out => {
                tracing::info!(name: "command.output", target: "command", command, output, "{output} command={command}");
            }
            Stream::Err => {
                tracing::warn!(
                    name: "command.error_output", target: "command", command, output,
                    "{output} command={command}"
                );
            }
        }
    })
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
    /// Takes the child's pipes.
    pub(super) fn of(child: &mut Child, sink: Sink) -> Self {
        Self {
            out: Pipe::of(child.stdout.take()),
            err: Pipe::of(child.stderr.take()),
            sink,
        }
    }

    /// Executor out lines until nobody holds the pipes any more.
    pub async fn follow(mut self) {
        self.read_all().await;
    }

    /// Executor out lines while `work` goes on.
    pub(super) async fn beside<T>(&mut self, work: impl Future<Output = T>) -> T {
        let mut work = pin!(work);
        loop {
            tokio::select! {
                done = &mut work => return done,
                () = self.read_some(), if self.is_open() => {}
            }
        }
    }

    /// The command has ended: hands out what is still in the pipes; whether they were let go within `limit`.
    pub(super) async fn drain(&mut self, limit: Duration) -> bool {
        let drained = timeout(limit, self.read_all()).await.is_ok();
        self.end_lines();
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

    /// Waits for bytes in either pipe, and gives the lines they complete to the sink. Nothing is lost when dropped.
    async fn read_some(&mut self) {
        let Self { out, err, sink } = self;
        tokio::select! {
            read = out.fill() => out.took(&read, |line| sink(Stream::Out, line)),
            read = err.fill() => err.took(&read, |line| sink(Stream::Err, line)),
        }
    }

    fn end_lines(&mut self) {
        let Self { out, err, sink } = self;
        out.lines.end(|line| sink(Stream::Out, line));
        err.lines.end(|line| sink(Stream::Err, line));
    }
}

/// One of the two pipes.
struct Pipe<R> {
    /// `None`: it has ended.
    reader: Option<R>,
    buffer: Box<[u8; 8 * 1024]>,
    lines: Lines,
}

impl<R: AsyncRead + Unpin> Pipe<R> {
    fn of(reader: Option<R>) -> Self {
        Self {
            reader,
            buffer: Box::new([0; 8 * 1024]),
            lines: Lines::default(),
        }
    }

    /// Reads into the buffer; never comes back once the pipe has ended.
    async fn fill(&mut self) -> io::Result<usize> {
        match &mut self.reader {
            Some(reader) => reader.read(&mut self.buffer[..]).await,
            None => future::pending().await,
        }
    }

    fn took(&mut self, read: &io::Result<usize>, sink: impl FnMut(&str)) {
        match read {
            // A pipe that cannot be read has nothing more to say.
            Ok(0) | Err(_) => {
                self.reader = None;
                self.lines.end(sink);
            }
            Ok(length) => self.lines.take(&self.buffer[..*length], sink),
        }
    }
}
