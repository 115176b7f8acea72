//! The request budget: how many requests and bytes per second are sent towards Consul.
//!
//! Each request takes a token from a bucket that refills over time, so a few changes are found at once, and
//! many at a steady rate. The rate adapts: it falls while requests find nothing new, and rises again
//! with the first change, and while nothing is requested.

use std::time::{Duration, Instant};

/// The minimum time between two requests of a query, so that a server whose answer changes every time
/// is not polled in a tight loop.
pub(in crate::watch) const MIN_POLL_INTERVAL: Duration = Duration::from_millis(5);
/// The maximum time that a query blocks while others wait for their turn.
pub(in crate::watch) const CROWDED_WAIT: Duration = Duration::from_secs(2);
/// The number of requests that may be sent at once after a quiet time.
const BURST: f64 = 2_000.0;
/// The maximum number of short requests per second once the burst is used up.
const MAX_RATE: f64 = 3_000.0;
/// The lowest rate to which useless requests reduce it.
const MIN_RATE: f64 = 20.0;
/// The number of useless rounds from which the rate falls. A change moves up to three ticks, one after the other, so up to
/// two rounds after a useful one may find nothing.
const USELESS_ROUNDS: u32 = 3;
/// The maximum number of long polls per second once the burst is used up.
const POLL_RATE: f64 = 2_000.0;
/// The time in seconds in which each query is read once at the full rate.
const FULL_ROUND: f64 = 0.7;
/// The time in seconds in which each query is read once at the lowest rate. With the latency of the requests, the bound
/// of staleness is half a minute while ticks come without a pause and no request finds anything new.
const SLOWEST_ROUND: f64 = 27.0;
/// The number of bytes per second, and at once.
const BYTES: f64 = 64_000_000.0;
/// The shortest pause, so that the clock moves.
const MIN_PAUSE: f64 = 0.001;

/// Tokens that refill over time.
#[derive(Debug)]
struct TokenBucket {
    tokens: f64,
    capacity: f64,
    refilled: Instant,
}

impl TokenBucket {
    fn new(capacity: f64, now: Instant) -> Self {
        Self {
            tokens: capacity,
            capacity,
            refilled: now,
        }
    }

    /// Refills it at a rate per second. Returns the time since the last refill in seconds.
    fn refill(&mut self, rate: f64, now: Instant) -> f64 {
        let time = now.saturating_duration_since(self.refilled).as_secs_f64();
        self.refilled = now;
        self.tokens = (self.tokens + time * rate).min(self.capacity);
        time
    }

    fn is_full(&self) -> bool {
        self.tokens >= self.capacity
    }

    /// The time in seconds until it has this many tokens at a rate; zero if it has.
    fn time_until(&self, tokens: f64, rate: f64) -> f64 {
        ((tokens - self.tokens) / rate).max(0.0)
    }
}

/// The token buckets of requests and bytes.
#[derive(Debug)]
pub(super) struct Pace {
    reads: TokenBucket,
    polls: TokenBucket,
    bytes: TokenBucket,
    /// The short requests that no tick has announced.
    unannounced: TokenBucket,
    rate: f64,
    /// The number of rounds since the last useful one.
    useless: u32,
    /// The number of queries that are read when a tick has come.
    queries: usize,
    /// The server has demanded a pause until this time.
    pause: Option<Instant>,
}

impl Pace {
    pub(super) fn new(now: Instant) -> Self {
        Self {
            reads: TokenBucket::new(BURST, now),
            polls: TokenBucket::new(BURST, now),
            bytes: TokenBucket::new(BYTES, now),
            unannounced: TokenBucket::new(BURST, now),
            rate: MAX_RATE,
            useless: 0,
            queries: 0,
            pause: None,
        }
    }

    /// Sets the number of queries that are read when a tick has come.
    pub(super) fn reads(&mut self, queries: usize) {
        self.queries = queries;
    }

    fn full_rate(&self) -> f64 {
        (self.count() / FULL_ROUND).clamp(200.0, MAX_RATE)
    }

    fn lowest_rate(&self) -> f64 {
        (self.count() / SLOWEST_ROUND)
            .max(MIN_RATE)
            .min(self.full_rate())
    }

    #[expect(
        clippy::cast_precision_loss,
        reason = "a number of queries is far below the limit"
    )]
    fn count(&self) -> f64 {
        self.queries as f64
    }

    /// The time at which the next query may be read whose change a tick has announced; `None` for now.
    pub(super) fn read_at(&mut self, now: Instant) -> Option<Instant> {
        self.refill(now);
        let wait = self.reads.time_until(1.0, self.rate);
        self.after(wait.max(self.bytes.time_until(0.0, BYTES)), now)
    }

    /// The time at which the next long poll may be sent; `None` for now.
    pub(super) fn poll_at(&mut self, now: Instant) -> Option<Instant> {
        self.refill(now);
        let wait = self.polls.time_until(1.0, POLL_RATE);
        self.after(wait.max(self.bytes.time_until(0.0, BYTES)), now)
    }

    /// The time at which the first answer to a query may be requested; `None` for now. Only the bytes of earlier answers
    /// delay it, because a file cannot be written without it.
    pub(super) fn first_at(&mut self, now: Instant) -> Option<Instant> {
        self.refill(now);
        self.after(self.bytes.time_until(0.0, BYTES), now)
    }

    /// The time at which the next short request that no tick has announced may be sent: after a recovery, for a full read
    /// or after a failure. `None` for now.
    pub(super) fn unannounced_at(&mut self, now: Instant) -> Option<Instant> {
        self.refill(now);
        let wait = self.unannounced.time_until(1.0, MAX_RATE);
        self.after(wait.max(self.bytes.time_until(0.0, BYTES)), now)
    }

    fn after(&self, wait: f64, now: Instant) -> Option<Instant> {
        let time = (wait > 0.0).then(|| now + Duration::from_secs_f64(wait.max(MIN_PAUSE)));
        time.max(self.pause)
    }

    /// Returns the end of the pause that the server has demanded.
    pub(super) fn pause(&self, now: Instant) -> Option<Instant> {
        self.pause.filter(|until| now < *until)
    }

    /// Pays for a short request. The debt of those that do not wait is limited to a second.
    pub(super) fn spend_read(&mut self, now: Instant) {
        self.refill(now);
        self.reads.tokens = (self.reads.tokens - 1.0).max(-self.rate);
    }

    /// Pays for a short request that no tick has announced.
    pub(super) fn spend_unannounced(&mut self, now: Instant) {
        self.refill(now);
        self.unannounced.tokens -= 1.0;
    }

    /// Pays for a long poll.
    pub(super) fn spend_poll(&mut self, now: Instant) {
        self.refill(now);
        self.polls.tokens -= 1.0;
    }

    /// Pays for an answer.
    pub(super) fn received(&mut self, bytes: usize) {
        self.bytes.tokens -= f64::from(u32::try_from(bytes).unwrap_or(u32::MAX));
    }

    /// Adapts the rate after all queries were read once. `useful`: a new answer was among them.
    pub(super) fn round_ended(&mut self, useful: bool) {
        if useful {
            self.found();
        } else {
            self.useless = self.useless.saturating_add(1);
            if self.useless >= USELESS_ROUNDS {
                self.slow_down();
            }
        }
    }

    /// Restores the full rate, because a request has found a change.
    pub(super) fn found(&mut self) {
        self.useless = 0;
        self.rate = self.full_rate();
    }

    fn slow_down(&mut self) {
        self.rate = (self.rate / 2.0).clamp(self.lowest_rate(), self.full_rate());
    }

    /// Stops all requests until this time.
    pub(super) fn pause_until(&mut self, until: Instant) {
        self.pause = self.pause.max(Some(until));
    }

    /// Lowers the rate, because the server has refused a request.
    pub(super) fn refused(&mut self) {
        self.reads.tokens = self.reads.tokens.min(0.0);
        self.slow_down();
    }

    fn refill(&mut self, now: Instant) {
        self.pause = self.pause.filter(|until| now < *until);
        self.bytes.refill(BYTES, now);
        self.polls.refill(POLL_RATE, now);
        self.unannounced.refill(MAX_RATE, now);
        let time = self.reads.refill(self.rate, now);
        if self.reads.is_full() && time > 0.0 {
            // Nothing has been requested for a while: forget that requests were useless.
            self.rate = (self.rate * 2f64.powf(time)).min(self.full_rate());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Sends as many requests as possible for a time. Returns their number.
    fn run(pace: &mut Pace, now: &mut Instant, time: Duration) -> usize {
        let end = *now + time;
        let mut sent = 0;
        while *now < end {
            if let Some(next) = pace.read_at(*now) {
                *now = next.min(end);
            } else {
                pace.spend_read(*now);
                sent += 1;
            }
        }
        sent
    }

    #[test]
    fn after_the_burst_the_rate_limits_requests() {
        let mut now = Instant::now();
        let mut pace = Pace::new(now);
        pace.reads(10_000);
        let sent = run(&mut pace, &mut now, Duration::from_secs(10));
        assert!((31_000..33_000).contains(&sent), "{sent}");
    }

    #[test]
    fn useless_rounds_slow_down_to_the_bound_and_a_useful_one_speeds_up() {
        let mut now = Instant::now();
        let mut pace = Pace::new(now);
        pace.reads(10_000);
        run(&mut pace, &mut now, Duration::from_secs(1));
        (0..20).for_each(|_| pace.round_ended(false));
        let sent = run(&mut pace, &mut now, Duration::from_secs(30));
        assert!(
            (9_900..13_500).contains(&sent),
            "{sent}: each query is read in time"
        );
        pace.round_ended(true);
        let sent = run(&mut pace, &mut now, Duration::from_secs(10));
        assert!(sent > 29_000, "{sent}");
    }

    #[test]
    fn a_quiet_time_restores_the_rate() {
        let mut now = Instant::now();
        let mut pace = Pace::new(now);
        pace.reads(1000);
        (0..20).for_each(|_| pace.round_ended(false));
        now += Duration::from_secs(120);
        assert_eq!(pace.read_at(now), None);
        now += Duration::from_secs(10);
        let sent = run(&mut pace, &mut now, Duration::from_secs(2));
        assert!(sent > 4_000, "{sent}");
    }

    #[test]
    fn large_answers_delay_the_next_request() {
        let now = Instant::now();
        let mut pace = Pace::new(now);
        (0..3).for_each(|_| pace.received(64_000_000));
        let next = pace.read_at(now).unwrap();
        let wait = next - now;
        assert!(wait > Duration::from_millis(1900) && wait < Duration::from_millis(2100));
        assert_eq!(pace.read_at(next + Duration::from_millis(1)), None);
    }

    #[test]
    fn a_demanded_pause_stops_all_requests() {
        let now = Instant::now();
        let until = now + Duration::from_secs(7);
        let mut pace = Pace::new(now);
        pace.pause_until(until);
        pace.pause_until(now + Duration::from_secs(3));
        assert_eq!(pace.read_at(now), Some(until));
        assert_eq!(pace.read_at(until), None);
    }

    #[test]
    fn requests_without_a_tick_have_a_budget_and_first_ones_only_that_of_bytes() {
        let mut now = Instant::now();
        let begun = now;
        let mut pace = Pace::new(now);
        for _ in 0..5_000 {
            if let Some(next) = pace.unannounced_at(now) {
                now = next;
            }
            pace.spend_unannounced(now);
        }
        let took = now - begun;
        assert!(took > Duration::from_millis(900) && took < Duration::from_millis(1100));
        assert_eq!(pace.first_at(now), None);
        (0..3).for_each(|_| pace.received(64_000_000));
        let next = pace.first_at(now).unwrap();
        assert!(next - now > Duration::from_secs(1), "{:?}", next - now);
        assert_eq!(pace.unannounced_at(now), Some(next));
        pace.pause_until(next + Duration::from_secs(5));
        assert_eq!(pace.first_at(now), Some(next + Duration::from_secs(5)));
    }

    #[test]
    fn any_number_of_queries_has_a_rate() {
        let now = Instant::now();
        let mut pace = Pace::new(now);
        pace.reads(1_000_000);
        (0..20).for_each(|_| pace.round_ended(false));
        assert_eq!(pace.read_at(now), None);
    }
}
