//! Passes the output of commands on to the standard output and error of this process.
//!
//! Input: bytes, in the order of reading. Output: the same bytes, written by a thread of its own, so
//! that a reader that does not read blocks only the commands. A program that writes more than the
//! reader takes waits, as it does with an inherited descriptor.

use std::io;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use tokio::sync::{Semaphore, mpsc, oneshot};
use tokio::time::timeout;

use super::stream::Stream;

/// The maximum number of chunks of running commands that wait to be written.
const CAPACITY: usize = 16;

/// The pause before another try if the output is not ready. Another process may have made it
/// non-blocking.
const RETRY: Duration = Duration::from_millis(10);

/// A handle to the thread that writes. The thread ends when all handles are dropped.
#[derive(Clone, Debug)]
pub struct Relay {
    chunks: mpsc::UnboundedSender<Chunk>,
    /// Room for chunks.
    room: Arc<Semaphore>,
}

#[derive(Debug)]
enum Chunk {
    Bytes(Stream, Vec<u8>),
    /// Everything before this has to be written.
    Flush(oneshot::Sender<()>),
}

impl Relay {
    /// Starts the thread.
    ///
    /// # Errors
    /// The error of the system if it gives no thread.
    pub fn start() -> io::Result<Self> {
        let (sender, chunks) = mpsc::unbounded_channel();
        let room = Arc::new(Semaphore::new(CAPACITY));
        let released = Arc::clone(&room);
        thread::Builder::new()
            .name("output".to_owned())
            .spawn(move || write_all(chunks, &released))?;
        Ok(Self {
            chunks: sender,
            room,
        })
    }

    /// Waits until everything is written, but at most for `limit`; `None`: without a limit.
    pub async fn flush(&self, limit: Option<Duration>) {
        let (sender, written) = oneshot::channel();
        // Without the thread, there is nothing to wait for.
        if self.chunks.send(Chunk::Flush(sender)).is_ok() {
            match limit {
                Some(limit) => drop(timeout(limit, written).await),
                None => drop(written.await),
            }
        }
    }

    /// Waits for room for a chunk. Dropping the future loses nothing.
    pub(super) async fn wait_for_room(&self) {
        // The semaphore is never closed.
        if let Ok(permit) = self.room.acquire().await {
            drop(permit);
        }
    }

    /// Passes bytes on, even if there is no room.
    pub(super) fn send(&self, stream: Stream, bytes: &[u8]) {
        // Each chunk takes room, if there is any, until it is written.
        if let Ok(permit) = self.room.try_acquire() {
            permit.forget();
        }
        let _ = self.chunks.send(Chunk::Bytes(stream, bytes.to_vec()));
    }
}

fn write_all(mut chunks: mpsc::UnboundedReceiver<Chunk>, room: &Semaphore) {
    while let Some(chunk) = chunks.blocking_recv() {
        match chunk {
            Chunk::Bytes(stream, bytes) => {
                // Without a reader, the output is lost; the command must not notice it.
                let _ = match stream {
                    Stream::Out => write(&mut io::stdout().lock(), &bytes),
                    Stream::Err => write(&mut io::stderr().lock(), &bytes),
                };
                if room.available_permits() < CAPACITY {
                    room.add_permits(1);
                }
            }
            Chunk::Flush(written) => {
                let _ = written.send(());
            }
        }
    }
}

fn write(stream: &mut impl io::Write, mut bytes: &[u8]) -> io::Result<()> {
    while !bytes.is_empty() {
        match stream.write(bytes) {
            Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
            Ok(count) => bytes = &bytes[count..],
            Err(error) if is_temporary(&error) => thread::sleep(RETRY),
            Err(error) => return Err(error),
        }
    }
    while let Err(error) = stream.flush() {
        if !is_temporary(&error) {
            return Err(error);
        }
        thread::sleep(RETRY);
    }
    Ok(())
}

fn is_temporary(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::WouldBlock | io::ErrorKind::Interrupted
    )
}
