//! The certificates and keys for connections to Consul, which may be replaced on disk.
//!
//! Input: the result of reading them again. Output: log lines.

use std::path::PathBuf;

use ctmpl_options::config::resolved::ConsulConfig;
use error_line::chain;
use file_watch::FileEvent;

use crate::daemon::event::CertificateError;

/// The certificate files.
#[derive(Debug)]
pub(super) struct Certificates {
    paths: Vec<PathBuf>,
    /// `true` if connections use TLS. `paths` does not list the files of a certificate directory.
    used: bool,
    /// `true` while the files are read a second time because their watch has just started.
    confirming: bool,
    /// The last logged error, so that it is not logged twice.
    last_error: Option<String>,
}

impl Certificates {
    /// Creates the certificates that were read with a configuration.
    pub(super) fn new(consul: &ConsulConfig) -> Self {
        Self {
            paths: consul.client.certificates(),
            used: consul.client.is_over_tls(),
            confirming: false,
            last_error: None,
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

    /// Handles a change of files. Returns `true` if the certificates have to be read again.
    pub(super) fn changed(&mut self, event: &FileEvent) -> bool {
        let is_changed = self.paths.iter().any(|path| event.files.contains(path));
        self.confirming = !is_changed;
        self.paths.iter().any(|path| event.concerns(path))
    }

    /// Handles the result of reading the certificates again. If they are not usable, the previous
    /// ones stay: the key may not match because a replacement is in progress.
    pub(super) fn read(&mut self, read: &Result<(), CertificateError>) {
        match read {
            Ok(()) if self.confirming => self.last_error = None,
            Ok(()) => {
                self.last_error = None;
                tracing::info!(name: "certificates.read", "the certificates for Consul were read again, and are used from now on");
            }
            Err(error) => {
                let last_error = chain(error);
                if self.last_error.as_ref() != Some(&last_error) {
                    tracing::warn!(name: "certificates.refused", error = last_error, "{last_error}; the previous certificates stay in use");
                    self.last_error = Some(last_error);
                }
            }
        }
    }
}
