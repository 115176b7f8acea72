//! The answers that an earlier process has accepted, in a snapshot.

use std::sync::Arc;
use std::time::Duration;

use super::origin::{Earlier, Origin, SeenBy};
use super::{Recorded, Snapshot, View};
use consul_watch::answer::Answer;
use consul_watch::query::Query;

impl Snapshot {
    /// The accepted answer, if an earlier process has accepted it.
    #[must_use]
    pub fn earlier(&self, query: &Query) -> Option<Earlier> {
        self.origin(query)?.earlier()
    }

    /// The number of queries whose accepted answer is that of an earlier process.
    #[must_use]
    pub fn earlier_answers(&self) -> usize {
        let accepted = self
            .known
            .values()
            .filter_map(|known| known.accepted.as_ref());
        accepted
            .filter(|accepted| accepted.origin != Origin::Own)
            .count()
    }

    /// Returns `true` if the answer in this view is that of an earlier process, and only calls that use stale answers see it.
    #[must_use]
    pub fn is_for_stale_calls(&self, view: View, query: &Query) -> bool {
        let seen = self.known.get(query).and_then(|known| known.seen(view));
        let earlier = seen.and_then(|seen| seen.origin.earlier());
        earlier.is_some_and(|earlier| earlier.seen_by == SeenBy::StaleCalls)
    }

    /// Records the answer that an earlier process has accepted, if this process has accepted none. What is held back
    /// stays. If it is recorded already, only the calls that see it may differ.
    pub fn restore(&mut self, query: impl Into<Arc<Query>>, answer: Arc<Answer>, earlier: Earlier) {
        let known = Arc::make_mut(&mut self.known);
        let known = known.entry(query.into()).or_default();
        match &mut known.accepted {
            Some(accepted) if accepted.origin == Origin::Own => {}
            Some(accepted) => accepted.origin = Origin::Earlier(earlier),
            None => {
                if let Answer::Key(Some(pair)) = &*answer {
                    known.last_entry = Some(Arc::clone(pair));
                }
                let recorded = Recorded::after(None, answer, self.now, Duration::ZERO);
                known.accepted = Some(Recorded {
                    origin: Origin::Earlier(earlier),
                    ..recorded
                });
            }
        }
    }

    /// Records that this process has accepted the same answer as an earlier one.
    pub fn confirm(&mut self, query: &Query) {
        if self.earlier(query).is_some()
            && let Some(known) = Arc::make_mut(&mut self.known).get_mut(query)
            && let Some(accepted) = &mut known.accepted
        {
            accepted.origin = Origin::Own;
        }
    }

    /// Forgets the answers that an earlier process has accepted. What is held back beside them stays. Returns them.
    pub fn forget_earlier(&mut self) -> Vec<(Arc<Query>, Arc<Answer>)> {
        let mut forgotten = Vec::new();
        if self.earlier_answers() == 0 {
            return forgotten;
        }
        for (query, known) in Arc::make_mut(&mut self.known).iter_mut() {
            let is_earlier = |accepted: &mut Recorded| accepted.origin != Origin::Own;
            if let Some(earlier) = known.accepted.take_if(is_earlier) {
                known.last_entry = None;
                forgotten.push((Arc::clone(query), earlier.answer));
            }
        }
        forgotten
    }
}
