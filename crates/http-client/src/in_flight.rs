//! The limit on the total size of bodies that are being received.
//!
//! Below half of the limit, every answer may grow. Above it, an answer may grow only to its equal
//! share of the other half. So an endless body fails while small answers beside it succeed.

use std::sync::atomic::{AtomicUsize, Ordering};

use crate::error::Error;

/// The total size of all bodies in flight.
#[derive(Debug)]
pub(crate) struct InFlight {
    limit: usize,
    bytes: AtomicUsize,
    answers: AtomicUsize,
}

/// The size of one body in flight. Dropping it releases the bytes.
#[derive(Debug)]
pub(crate) struct Share<'a> {
    all: &'a InFlight,
    bytes: usize,
}

impl InFlight {
    /// Creates a counter with a limit in bytes.
    pub(crate) fn new(limit: usize) -> Self {
        Self {
            limit,
            bytes: AtomicUsize::new(0),
            answers: AtomicUsize::new(0),
        }
    }

    /// The number of bytes in flight.
    #[cfg(test)]
    pub(crate) fn bytes(&self) -> usize {
        self.bytes.load(Ordering::Relaxed)
    }

    /// Creates the share of another answer.
    pub(crate) fn share(&self) -> Share<'_> {
        self.answers.fetch_add(1, Ordering::Relaxed);
        Share {
            all: self,
            bytes: 0,
        }
    }
}

impl Share<'_> {
    /// Adds bytes to the share.
    pub(crate) fn grow(&mut self, more: usize) -> Result<(), Error> {
        let half = self.all.limit / 2;
        let answers = self.all.answers.load(Ordering::Relaxed).max(1);
        let total = self.all.bytes.load(Ordering::Relaxed) + more;
        let is_large = self.bytes + more > half / answers;
        if total > self.all.limit || (total > half && is_large) {
            return Err(Error::TooMuchInFlight(half));
        }
        self.all.bytes.fetch_add(more, Ordering::Relaxed);
        self.bytes += more;
        Ok(())
    }
}

impl Drop for Share<'_> {
    fn drop(&mut self) {
        self.all.bytes.fetch_sub(self.bytes, Ordering::Relaxed);
        self.all.answers.fetch_sub(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_largest_answer_fails_and_small_ones_succeed() {
        let all = InFlight::new(6 << 20);
        let (mut endless, mut large, mut small) = (all.share(), all.share(), all.share());
        let third = 1 << 20;
        endless.grow(2 * third).unwrap();
        large.grow(third).unwrap();
        assert!(matches!(endless.grow(1000), Err(Error::TooMuchInFlight(_))));
        small.grow(third).unwrap();
        assert!(matches!(small.grow(1000), Err(Error::TooMuchInFlight(_))));
        drop((endless, large));
        small.grow(third).unwrap();
        drop(small);
        assert_eq!(all.bytes(), 0);
        assert_eq!(all.answers.load(Ordering::Relaxed), 0);
    }

    #[test]
    fn the_sum_never_exceeds_the_limit() {
        let all = InFlight::new(1 << 20);
        let mut shares = Vec::new();
        // Each answer grows to its share before the next one begins, so that the shares add up to
        // more than the limit.
        for _ in 0..50 {
            let mut share = all.share();
            while share.grow(1000).is_ok() {}
            shares.push(share);
            assert!(all.bytes() <= 1 << 20);
        }
        drop(shares);
        assert_eq!(all.bytes(), 0);
    }
}
