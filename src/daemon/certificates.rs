//! The certificates and keys by which Consul is reached, which may be replaced.
//!
//! in:  whether they could be read again, or why not
//! out: what is said about it

use std::path::PathBuf;

use super::state::chain;
use crate::config::resolved::ConsulConfig;
use crate::consul::ClientError;

/// Which files they are in.
#[derive(Debug)]
pub(super) struct Certificates {
    paths: Vec<PathBuf>,
    /// Whether they are read at all: those of a directory are, and are in none of these files.
    used: bool,
    /// Why they cannot be used, as it was said last; it is not said twice.
    complaint: Option<String>,
}

impl Certificates {
    pub(super) fn new(consul: &ConsulConfig) -> Self {
        Self {
            paths: consul.certificates(),
            used: consul.is_over_tls(),
            complaint: None,
        }
    }

    /// The files to watch.
    pub(super) fn paths(&self) -> &[PathBuf] {
        &self.paths
    }

    /// Is Consul reached with certificates at all?
    pub(super) fn are_used(&self) -> bool {
        self.used
    }

    /// Takes in how reading them again went. What cannot be used changes nothing: a certificate without its key may be
    /// one whose key is just being replaced.
    pub(super) fn read(&mut self, read: Result<(), ClientError>) {
        match read {
            Ok(()) => {
                self.complaint = None;
                tracing::info!(name: "certificates.read", "the certificates for Consul have been read again, and are used from now on");
            }
            Err(error) => {
                let complaint = chain(&error);
                if self.complaint.as_ref() != Some(&complaint) {
                    tracing::warn!(name: "certificates.refused", error = complaint, "{complaint}; the certificates from before stay in use");
                    self.complaint = Some(complaint);
                }
            }
        }
    }
}
