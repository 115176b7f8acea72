#![doc = include_str!("../README.md")]

// Each module imports only modules above it.

// The hash of a content.
mod hash;

// The content of a file.
mod content;

// The errors of the ledger.
mod error;

// The values that the ledger takes and returns.
mod records;

// The requests of the command line, and their answers.
mod requests;

// Converts between columns and values.
mod columns;

// The state directory and the files in it.
mod files;

// The lock by which at most one daemon uses a state directory.
mod lock;

// The SQLite database: opening, checking, transactions.
mod database;

// Reads the tables.
mod queries;

// The changes that are parked.
mod parked;

// The generations of destinations.
mod generations;

// The changes that the daemon makes.
mod transactions;

// The ledger of the daemon.
mod ledger;

// The ledger as the command line reads it.
mod history;

// The requests of the command line to the daemon.
mod request_queue;

// Decides how an interrupted intent ends.
mod recovery;

pub use content::Content;
pub use error::{LedgerError, Notice, OpenError};
pub use files::{default_parent, requests_file, service_directory};
pub use hash::Hash;
pub use history::History;
pub use ledger::{Ledger, LedgerOptions};
pub use parked::{Parked, ParkedChange};
pub use records::{
    Attributes, Destination, Ending, Generation, Hold, Intent, IntentFile, IntentId, Old, Outcome,
    OwedGroup, PendingFile, PendingIntent, Replaced, SwapEnd,
};
pub use recovery::{FileState, Recovery, RecoveryPlan, RecoveryStep, recover};
pub use request_queue::RequestQueue;
pub use requests::{Answer, Request, RequestAction, RequestId};
