//! The room that the record leaves for long polls.

use super::*;

const MINUTE: Duration = Duration::from_secs(60);
const LIMIT: usize = 54;

fn after(begun: Instant, millis: u64) -> Instant {
    begun + Duration::from_millis(millis)
}

fn written(reservations: &mut Reservations, now: Instant) -> Option<Vec<(Duration, usize)>> {
    let mut open = reservations.next_write(1, LIMIT, now)?;
    reservations.wrote(true);
    open.pop()
}

#[test]
fn without_a_record_nothing_is_limited_or_written() {
    let now = Instant::now();
    let mut reservations = Reservations::new(MINUTE);
    assert!(!reservations.waits(now));
    reservations.begin(1, 0, MINUTE, MINUTE);
    assert_eq!(reservations.longest_wait(0, MINUTE, now), MINUTE);
    assert_eq!(reservations.next_write(1, LIMIT, now), None);
    assert_eq!(reservations.next_wake(now), None);
}

#[test]
fn polls_are_short_until_the_record_has_room_for_them() {
    let begun = Instant::now();
    let mut reservations = Reservations::new(MINUTE);
    reservations.turn_on(begun);
    assert!(reservations.waits(begun));
    assert_eq!(
        written(&mut reservations, begun),
        Some(vec![(FIRST_WAIT, LIMIT)])
    );
    assert!(!reservations.waits(begun));
    let wait = reservations.longest_wait(0, MINUTE, begun);
    assert_eq!(wait, FIRST_WAIT);
    for number in 0..9 {
        reservations.begin(number, 0, wait, MINUTE);
    }
    assert_eq!(reservations.next_wake(begun), Some(after(begun, 5000)));
    assert_eq!(written(&mut reservations, after(begun, 4999)), None);
    let now = after(begun, 5000);
    assert_eq!(
        written(&mut reservations, now),
        Some(vec![(FIRST_WAIT, LIMIT), (MINUTE, 16)])
    );
    for number in 0..20 {
        let wait = reservations.longest_wait(0, MINUTE, now);
        assert_eq!(wait == MINUTE, number < 16, "{number}");
        reservations.begin(number, 0, wait, MINUTE);
    }
    assert_eq!(reservations.longest_wait(1, MINUTE, now), FIRST_WAIT);
}

#[test]
fn nothing_is_written_while_nothing_changes() {
    let begun = Instant::now();
    let mut reservations = Reservations::new(MINUTE);
    reservations.turn_on(begun);
    written(&mut reservations, begun);
    reservations.begin(1, 0, FIRST_WAIT, MINUTE);
    assert!(written(&mut reservations, after(begun, 5000)).is_some());
    for minute in 1..60 {
        let now = after(begun, minute * 60_000);
        reservations.end(1);
        reservations.begin(1, 0, reservations.longest_wait(0, MINUTE, now), MINUTE);
        assert_eq!(written(&mut reservations, now), None);
        assert_eq!(reservations.next_wake(now), None);
    }
}

#[test]
fn a_cancelled_poll_takes_room_until_its_wait_is_over() {
    let begun = Instant::now();
    let mut reservations = Reservations::new(MINUTE);
    reservations.turn_on(begun);
    written(&mut reservations, begun);
    (0..8).for_each(|number| reservations.begin(number, 0, FIRST_WAIT, MINUTE));
    let now = after(begun, 5000);
    written(&mut reservations, now);
    for number in 0..8 {
        reservations.end(number);
        reservations.begin(number, 0, MINUTE, MINUTE);
    }
    reservations.cancel(0, after(begun, 65_000));
    assert_eq!(reservations.longest_wait(0, MINUTE, now), FIRST_WAIT);
    let end = after(begun, 65_000);
    written(&mut reservations, end);
    assert_eq!(reservations.longest_wait(0, MINUTE, end), MINUTE);
}

#[test]
fn a_write_that_fails_or_hangs_limits_nothing() {
    let begun = Instant::now();
    let mut reservations = Reservations::new(MINUTE);
    reservations.turn_on(begun);
    assert!(reservations.next_write(1, LIMIT, begun).is_some());
    assert!(reservations.waits(after(begun, 1999)));
    assert_eq!(reservations.next_wake(begun), Some(after(begun, 2000)));
    let late = after(begun, 2000);
    assert!(!reservations.waits(late));
    assert_eq!(reservations.longest_wait(0, MINUTE, late), MINUTE);
    assert_eq!(reservations.next_wake(late), None);
    reservations.wrote(false);
    assert!(!reservations.waits(late));
    assert_eq!(reservations.longest_wait(0, MINUTE, late), MINUTE);
    let again = begun + RETRY_INTERVAL;
    assert_eq!(reservations.next_wake(late), Some(again));
    assert!(written(&mut reservations, again).is_some());
    assert_eq!(reservations.longest_wait(0, MINUTE, again), FIRST_WAIT);
}
