//! The certificates and keys for the connections to Consul, which may be replaced.
//!
//! Input: the result of reading them again. Output: log lines.

use std::path::PathBuf;

use crate::config::resolved::ConsulConfig;
use crate::daemon::event::CertificateError;
use crate::error_chain::chain;

/// The files of the certificates.
#[derive(Debug)]
pub(super) struct Certificates {
    paths: Vec<PathBuf>,
    /// Whether any are used: those of a directory are, and are in none of these files.
    used: bool,
    /// The last error that was logged; it is not logged twice.
    complaint: Option<String>,
}

impl Certificates {
    /// Creates the certificates of a configuration, which has read them.
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

    /// Returns `true` if connections to Consul use certificates.
    pub(super) fn are_used(&self) -> bool {
        self.used
    }

    /// Takes in the result of reading them again. Certificates that cannot be used change nothing: one whose key does
    /// not fit may be in the middle of a replacement.
    pub(super) fn read(&mut self, read: &Result<(), CertificateError>) {
        match read {
            Ok(()) => {
                self.complaint = None;
                tracing::info!(name: "certificates.read", "the certificates for Consul were read again, and are used from now on");
            }
            Err(error) => {
                let complaint = chain(error);
                if self.complaint.as_ref() != Some(&complaint) {
                    tracing::warn!(name: "certificates.refused", error = complaint, "{complaint}; the previous certificates stay in use");
                    self.complaint = Some(complaint);
                }
            }
        }
    }
}
