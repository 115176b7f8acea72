//! Passes the output of commands on to the standard output and error of this process.
//!
//! Input: bytes, in the order of reading. Output: the same bytes, written by a thread of its own, so
//! that a reader that does not read blocks only the commands. A program that writes more than the
//! reader takes waits, as it does with an inherited descriptor.

use std::io;
use std::thread;
use std::time::Duration;

use tokio::sync::{mpsc, oneshot};
use tokio::time::timeout;

use super::stream::Stream;

/// The maximum number of chunks that wait to be written.
const CAPACITY: usize = 16;

/// A handle to the thread that writes. The thread ends when all handles are dropped.
#[derive(Clone, Debug)]
pub struct Relay(mpsc::Sender<Chunk>);

#[derive(Debug)]
enum Chunk {
    Bytes(Stream, Vec<u8>),
    /// Everything before this has to be written.
    Flush(oneshot::Sender<()>),
}

/// Room for one chunk.
pub(super) struct Permit<'a>(mpsc::Permit<'a, Chunk>);

impl Relay {
    /// Starts the thread.
    ///
    /// # Errors
    /// The error of the system if it gives no thread.
    pub fn start() -> io::Result<Self> {
        let (sender, chunks) = mpsc::channel(CAPACITY);
        thread::Builder::new()
            .name("output".to_owned())
            .spawn(move || write_all(chunks))?;
        Ok(Self(sender))
    }

    /// Waits until everything is written, but at most for `limit`.
    pub async fn flush(&self, limit: Duration) {
        let flushed = async {
            let (sender, written) = oneshot::channel();
            if self.0.send(Chunk::Flush(sender)).await.is_ok() {
                let _ = written.await;
            }
        };
        let _ = timeout(limit, flushed).await;
    }

    /// Waits for room. `None` if the thread has ended. Dropping the future loses nothing.
    pub(super) async fn reserve(&self) -> Option<Permit<'_>> {
        self.0.reserve().await.ok().map(Permit)
    }
}

impl Permit<'_> {
    pub(super) fn send(self, stream: Stream, bytes: &[u8]) {
        self.0.send(Chunk::Bytes(stream, bytes.to_vec()));
    }
}

fn write_all(mut chunks: mpsc::Receiver<Chunk>) {
    while let Some(chunk) = chunks.blocking_recv() {
        // Without a reader, the output is lost; the command must not notice it.
        let _ = match chunk {
            Chunk::Bytes(Stream::Out, bytes) => write(&mut io::stdout().lock(), &bytes),
            Chunk::Bytes(Stream::Err, bytes) => write(&mut io::stderr().lock(), &bytes),
            Chunk::Flush(written) => {
                let _ = written.send(());
                Ok(())
            }
        };
    }
}

fn write(stream: &mut impl io::Write, bytes: &[u8]) -> io::Result<()> {
    stream.write_all(bytes)?;
    stream.flush()
}
