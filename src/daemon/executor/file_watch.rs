//! Watches files on a thread of its own, because access to a directory on a hanging file system
//! blocks.
//!
//! Input: the files to watch. Output: [`FileEvent`]s.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::{io, thread};

use tokio::sync::mpsc;

use file_watch::{FileEvent, Files};

/// A handle to the watching thread. The thread starts with the first request and ends when this
/// value is dropped.
#[derive(Debug, Default)]
pub(super) struct FileWatch {
    thread: Option<Thread>,
}

#[derive(Debug)]
struct Thread {
    wanted: mpsc::UnboundedSender<BTreeSet<PathBuf>>,
    events: mpsc::UnboundedReceiver<FileEvent>,
}

impl FileWatch {
    /// Watches these files and no others.
    pub(super) fn watch_exactly(&mut self, files: BTreeSet<PathBuf>) {
        if self.thread.is_none() {
            let warn = |error: &_| {
                tracing::warn!(
                    name: "files.no_watcher", %error,
                    "cannot watch files ({error}); they are read again on SIGHUP"
                );
            };
            self.thread = start().inspect_err(warn).ok();
        }
        if let Some(thread) = &self.thread {
            // The thread ends only when the receiver of its events is dropped.
            let _ = thread.wanted.send(files);
        }
    }

    /// Waits until some of the files may have changed.
    pub(super) async fn changed(&mut self) -> FileEvent {
        let event = match &mut self.thread {
            Some(thread) => thread.events.recv().await,
            None => None,
        };
        match event {
            Some(event) => event,
            None => std::future::pending().await,
        }
    }
}

fn start() -> io::Result<Thread> {
    let (wanted, mut requests) = mpsc::unbounded_channel();
    let (sender, events) = mpsc::unbounded_channel();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build()?;
    thread::Builder::new()
        .name("files".to_owned())
        .spawn(move || {
            runtime.block_on(async {
                let mut files = Files::new();
                loop {
                    tokio::select! {
                        request = requests.recv() => match request {
                            Some(request) => files.watch_exactly(request),
                            None => return,
                        },
                        event = files.changed() => if sender.send(event).is_err() {
                            return;
                        },
                    }
                }
            });
        })?;
    Ok(Thread { wanted, events })
}
