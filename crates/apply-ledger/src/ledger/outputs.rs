//! The fingerprints of the additional files of templates, so that a content that was rolled back is recognized.

use std::path::PathBuf;

use super::{Ledger, Result};
use crate::columns::path_column;
use crate::database::Durability;

impl Ledger {
    /// Records the fingerprints of the additional files that belong to the present contents of destinations; `None`: there
    /// are none.
    ///
    /// # Errors
    /// [`LedgerError`](crate::LedgerError); then nothing is recorded.
    pub fn note_outputs(&mut self, files: &[(PathBuf, Option<String>)]) -> Result<()> {
        let operation = "record the additional files of a template";
        self.write(operation, Durability::Process, |transaction| {
            for (destination, fingerprint) in files {
                let path = path_column(destination);
                let delete = "DELETE FROM facts WHERE name = 'outputs ' || hex(?1)";
                transaction.execute(delete, [path])?;
                if let Some(fingerprint) = fingerprint {
                    let insert = "INSERT INTO facts VALUES ('outputs ' || hex(?1), ?2)";
                    transaction.execute(insert, rusqlite::params![path, fingerprint])?;
                }
            }
            Ok(())
        })
    }
}
