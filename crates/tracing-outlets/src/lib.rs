//! Log outlets for [`tracing`] that never block the program: standard error, files with rotation, syslog, and systemd's
//! journal.
//!
//! Each outlet has a queue of 1 MiB and a thread that writes. A slow reader, disk or socket therefore never delays the
//! code that logs: what does not fit into the queue is dropped, counted, and reported in the same outlet as soon as it
//! works again. An outlet whose disk is full or whose reader is gone does not affect the others.
//!
//! The outlets are one layer of [`tracing_subscriber`]'s registry. They can be replaced while the program runs, for
//! example when its configuration is read again.
//!
//! # Example
//!
//! ```
//! use std::time::Duration;
//!
//! use tracing::info;
//! use tracing_outlets::{FileOptions, Format, Keep, Outlet, Outlets};
//! use tracing_subscriber::filter::LevelFilter;
//! use tracing_subscriber::layer::{Layer as _, SubscriberExt as _};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let directory = tempfile::tempdir()?;
//! let outlets = Outlets::default();
//! let layer = outlets.layer().with_filter(LevelFilter::INFO);
//! tracing::subscriber::set_global_default(tracing_subscriber::registry().with(layer))?;
//!
//! outlets.replace(&[
//!     Outlet::StandardError { format: Format::Text, priorities: false },
//!     Outlet::File {
//!         options: FileOptions {
//!             rotate_bytes: Some(10 << 20),
//!             keep: Keep::Newest(5),
//!             ..FileOptions::new(directory.path().join("app.log"))
//!         },
//!         format: Format::Json,
//!     },
//! ])?;
//! info!(name: "server.started", port = 8080, "listening on port 8080");
//!
//! // At the end of the program, wait for lines that are not written yet.
//! outlets.close(Duration::from_secs(1));
//! # Ok(())
//! # }
//! ```
//!
//! # Lines
//!
//! Text has time, level, component and message: `2026-11-22T15:33:01.232Z [INFO] (server) listening on port 8080`. JSON
//! also has the name of the event and its fields. The component is the crate that logs; [`Outlets::new`] takes a
//! function that names it. An event without a name, as most libraries log them, shows its fields after its message.
//!
//! Control characters, line separators and marks that change the direction of writing are escaped, so text from
//! outside cannot forge a line or move the cursor.
//!
//! # Own events
//!
//! The outlets report their own problems to each other, with the target `log`: `log.lost`, `log.broken` and
//! `log.not_rotated`.

// Each module imports only modules above it.

// The options of the outlets.
mod options;

// Escapes text so that it stays on its line.
mod escape;

// An event in the form that the outlets write.
mod record;

// Formats a record as text or JSON.
mod layout;

// Writes whole lines to a file or a pipe.
mod lines;

// The queue before an outlet.
mod queue;

// The outlet on standard error.
mod stderr;

// The log file, with rotation.
mod file;

// The syslog outlet.
mod syslog;

// The journal outlet.
mod journal;

// A place that log lines are written to.
mod outlet;

// Why an outlet cannot be opened.
mod error;

// The outlets as a layer of the subscriber.
mod layer;

// The outlets of a process, which can be replaced while it runs.
mod outlets;

pub use error::OpenError;
pub use journal::is_stderr_connected_to_journal;
pub use layer::OutletLayer;
pub use options::{
    Facility, FacilityError, FileOptions, Format, JournalOptions, Keep, SyslogOptions,
};
pub use outlet::Outlet;
pub use outlets::Outlets;
pub use record::Component;
