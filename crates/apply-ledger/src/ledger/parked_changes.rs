//! The changes that are parked.

use std::path::Path;
use std::time::SystemTime;

use super::{Ledger, Result};
use crate::database::Durability;
use crate::error::LedgerError;
use crate::hash::Hash;
use crate::parked::{self, Parked, ParkedChange};

impl Ledger {
    /// Records that a change of a destination is parked. The same change stays parked since its first time, and
    /// approved if it was; another one replaces it. Returns the recorded change.
    ///
    /// # Errors
    /// [`LedgerError`]; then what was recorded before remains.
    pub fn park(&mut self, destination: &Path, change: &ParkedChange) -> Result<Parked> {
        let now = SystemTime::now();
        self.write("park a change", Durability::Process, |transaction| {
            Ok(parked::park(transaction, destination, change, now)?)
        })
    }

    /// Records that no change of a destination is parked any more.
    ///
    /// # Errors
    /// [`LedgerError`]; then the parked change remains.
    pub fn unpark(&mut self, destination: &Path) -> Result<()> {
        self.write("end a parked change", Durability::Process, |transaction| {
            Ok(parked::unpark(transaction, destination)?)
        })
    }

    /// Approves the change of a destination that is parked with this content. Returns `false` if none is, or
    /// another one.
    ///
    /// # Errors
    /// [`LedgerError`]; then it is not approved.
    pub fn approve(&mut self, destination: &Path, content: Hash) -> Result<bool> {
        self.write("approve a change", Durability::Power, |transaction| {
            Ok(parked::approve(transaction, destination, content)?)
        })
    }

    /// The changes that are parked, sorted by destination.
    ///
    /// # Errors
    /// [`LedgerError`] if they cannot be read.
    pub fn parked(&self) -> Result<Vec<Parked>> {
        parked::all(&self.connection).map_err(LedgerError::when("read the parked changes"))
    }
}
