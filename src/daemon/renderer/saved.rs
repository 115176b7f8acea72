//! The sizes of the accepted answers, which outlive the process.

use std::sync::Arc;

use super::Renderer;
use crate::store::SavedAnswers;

impl Renderer {
    /// Compares the first answers with those that an earlier process has accepted.
    pub(in crate::daemon) fn expect(&mut self, saved: SavedAnswers) {
        self.answers.expect(saved);
    }

    /// The sizes of the accepted answers.
    pub(in crate::daemon) fn saved(&self) -> &Arc<SavedAnswers> {
        self.answers.saved()
    }
}
