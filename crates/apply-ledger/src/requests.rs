//! The requests of the command line, and their answers.

use std::path::PathBuf;
use std::time::SystemTime;

use crate::hash::Hash;

/// Identifies a request of the command line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RequestId(pub(crate) i64);

/// A request of the command line, which the daemon [answers](crate::Ledger::answer).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// The request.
    pub id: RequestId,
    /// The destination.
    pub destination: PathBuf,
    /// What is requested.
    pub action: RequestAction,
    /// The time of the request.
    pub at: SystemTime,
}

/// What a [`Request`] requests.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RequestAction {
    /// Write this generation and keep it.
    Hold {
        /// The number of the generation.
        generation: u64,
        /// The hash of its content.
        hash: Hash,
        /// The end of the hold; `None`: until it is released.
        until: Option<SystemTime>,
    },
    /// Let the template write the file again.
    Release,
    /// Apply the change that is parked.
    Approve {
        /// The hash of its content.
        content: Hash,
    },
}

/// How far a request is carried out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum RequestState {
    /// The daemon has not taken it.
    New,
    /// The daemon has taken it, and has not answered.
    Taken,
}

/// The kind of a [`RequestAction`], as the database names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum RequestKind {
    Hold,
    Release,
    Approve,
}

impl RequestKind {
    const ALL: [Self; 3] = [Self::Hold, Self::Release, Self::Approve];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Hold => "hold",
            Self::Release => "release",
            Self::Approve => "approve",
        }
    }

    pub(crate) fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }
}

/// The answer to a [`Request`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// `true` if the request was carried out.
    pub succeeded: bool,
    /// A sentence for the user.
    pub text: String,
}
