//! Log outlets for [`tracing`] that never block the program: standard error, files with rotation,
//! syslog, and systemd's journal.
//!
//! Each outlet has a queue of 1 MiB and a writer thread. So a slow reader, disk or socket never
//! delays the code that logs. Records that do not fit into the queue are dropped and counted, and
//! the outlet reports the count when it works again. A broken outlet does not affect the others.
//!
//! The outlets form one layer of [`tracing_subscriber`]'s registry. They can be replaced at run
//! time, for example when the configuration is reloaded.
//! # Example
//!
//! ```
//! use std::time::Duration;
//!
//! use tracing::info;
//! use tracing_outlets::{FileOptions, Format, Keep, Outlet, Outlets, Terminal};
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
//!     Outlet::StandardError {
//!         format: Format::Text,
//!         priorities: false,
//!         terminal: Terminal::default(),
//!     },
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
//! Text lines have time, level, component and message:
//! `2026-11-22T15:33:01.232Z [INFO] (server) listening on port 8080`. JSON lines also have the
//! event's name and fields. The component is the crate that logs; [`Outlets::new`] accepts a
//! function that names it. In most libraries, events have no names; their fields follow the
//! message.
//!
//! Control characters, line separators and marks that change the direction of writing are escaped,
//! so untrusted text cannot forge a line or move the cursor.
//!
//! # Own events
//!
//! The outlets report problems to each other with the target `log`: `log.lost`, `log.broken` and
//! `log.not_rotated`.

// Each module imports only modules above it.

// The options of the outlets.
mod options;

// Escapes untrusted text so that it stays on its line.
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

// A destination of log lines.
mod outlet;

// The error of opening an outlet.
mod error;

// The outlets as a layer of the subscriber.
mod layer;

// The outlets of a process, which can be replaced at run time.
mod outlets;

pub use error::OpenError;
pub use escape::{escaped, is_hidden};
pub use journal::is_stderr_connected_to_journal;
pub use layer::OutletLayer;
pub use options::{
    Facility, FacilityError, FileOptions, Format, JournalOptions, Keep, SyslogOptions, Terminal,
};
pub use outlet::Outlet;
pub use outlets::{Opened, Outlets};
pub use record::Component;
