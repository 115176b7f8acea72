//! The access to Consul: addresses, token, certificates.
//!
//! Input: changed files, their content, a new configuration. Output: the token, certificates or
//! client to use.

use std::path::PathBuf;

use ctmpl_options::config::resolved::{Config, ConsulConfig};

use super::event::{Action, Event};

mod certificates;
mod token_file;

use certificates::Certificates;
use token_file::TokenFile;

/// The current access to Consul.
#[derive(Debug)]
pub(super) struct Credentials {
    consul: ConsulConfig,
    token: TokenFile,
    certificates: Certificates,
}

impl Credentials {
    /// Creates the credentials that were read with a configuration.
    pub(super) fn new(consul: &ConsulConfig) -> Self {
        Self {
            token: TokenFile::new(consul.token_file.clone(), consul.client.token.clone()),
            certificates: Certificates::new(consul),
            consul: consul.clone(),
        }
    }

    /// The files to watch.
    pub(super) fn files(&self) -> impl Iterator<Item = PathBuf> {
        let certificates = self.certificates.paths().iter();
        self.token.path().into_iter().chain(certificates).cloned()
    }

    /// Handles an event.
    pub(super) fn handle(&mut self, event: &Event) -> Vec<Action> {
        match event {
            Event::FilesChanged(changed) => {
                let token = self.token.path().filter(|path| changed.concerns(path));
                let certificates = self.certificates.changed(changed);
                let token = token.cloned().map(Action::ReadToken).into_iter();
                token
                    .chain(certificates.then_some(Action::ReadCertificates))
                    .collect()
            }
            Event::CertificatesRead(read) => {
                self.certificates.read(read);
                Vec::new()
            }
            Event::TokenRead(read) => {
                let Some(token) = self.token.read(read) else {
                    return Vec::new();
                };
                self.consul.client.token = Some(token.clone());
                vec![Action::UseToken(token)]
            }
            Event::ConfigRead(Ok(renewal)) => {
                let Config { consul, .. } = &renewal.config;
                if *consul == self.consul {
                    // The content of the certificate files may have changed nevertheless.
                    let certificates = self.certificates.are_used();
                    return certificates
                        .then_some(Action::ReadCertificates)
                        .into_iter()
                        .collect();
                }
                self.token
                    .follow(consul.token_file.clone(), consul.client.token.clone());
                self.certificates = Certificates::new(consul);
                self.consul = consul.clone();
                // Accepted answers stay until the new client receives others.
                vec![Action::UseClient(renewal.client.clone(), renewal.rules)]
            }
            _ => Vec::new(),
        }
    }
}
