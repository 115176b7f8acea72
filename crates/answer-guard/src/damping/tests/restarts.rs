//! Damped instances that outlive the process.

use jiff::{SignedDuration, Timestamp};

use super::*;

fn clocks(instant: Instant, seconds: i64) -> Clocks {
    let time = Timestamp::UNIX_EPOCH + SignedDuration::from_secs(1_000_000 + seconds);
    Clocks { instant, time }
}

/// A process that has damped `b`, and what it leaves.
fn before(filter: HealthFilter, answers: [&Arc<Answer>; 2]) -> (World, Vec<SavedDamping>) {
    let mut world = World::new(filter);
    world.after(0, answers[1]);
    world.alternate(4, answers);
    let saved = world.damper.save(clocks(world.now, 0));
    assert_eq!(saved.len(), 1);
    let json = serde_json::to_string(&saved).unwrap();
    (world, serde_json::from_str(&json).unwrap())
}

/// The next process, whose first answer arrives after this time.
fn next(earlier: &World, saved: &[SavedDamping], answer: &Arc<Answer>, seconds: u64) -> World {
    let mut world = World::new(earlier.filter.clone());
    let time = i64::try_from(seconds).unwrap();
    let now = clocks(world.now, time);
    world.damper = Damper::restore(saved, &world.config, answer, now);
    world.accepted = Some(Arc::clone(answer));
    world
}

#[test]
fn a_damped_instance_stays_out_until_it_has_been_stable_across_both_processes() {
    let [all, less] = [passing(&["a", "b", "c"]), passing(&["a", "c"])];
    let (earlier, saved) = before(HealthFilter::passing(), [&less, &all]);
    let mut world = next(&earlier, &saved, &all, 25);
    assert_eq!(world.seen(), less);
    let end = world.damper.next_release(&world.config).unwrap();
    assert_eq!(world.seconds(end), 35);
    // A toggle begins the time again.
    world.after(30, &less);
    let end = world.damper.next_release(&world.config).unwrap();
    assert_eq!(world.seconds(end), 90);
    assert_eq!(world.damper.damped().next().unwrap().toggles, 5);
}

#[test]
fn an_instance_that_has_been_stable_meanwhile_is_in_the_first_answer() {
    let [all, less] = [passing(&["a", "b", "c"]), passing(&["a", "c"])];
    let (earlier, saved) = before(HealthFilter::passing(), [&less, &all]);
    let world = next(&earlier, &saved, &all, 60);
    assert!(world.damper.is_idle());
    assert_eq!(world.seen(), all);
}

#[test]
fn an_instance_is_shown_with_its_worst_status_and_its_present_checks() {
    let fine = answer(&[("a", Passing), ("b", Passing)]);
    let failing = answer(&[("a", Passing), ("b", Critical)]);
    let (earlier, saved) = before(HealthFilter::Any, [&failing, &fine]);
    let world = next(&earlier, &saved, &fine, 5);
    assert_eq!(shown(&world.seen()), [("a", Passing), ("b", Critical)]);
}

#[test]
fn the_limits_of_damping_hold_after_a_restart() {
    let [all, less] = [passing(&["a", "b", "c"]), passing(&["a", "c"])];
    let (earlier, saved) = before(HealthFilter::passing(), [&less, &all]);
    let last = passing(&["b"]);
    let world = next(&earlier, &saved, &last, 5);
    assert_eq!(world.seen(), last, "damping empties no list");
}

#[test]
fn a_wall_clock_that_was_set_back_delays_the_end_by_no_more_than_the_configured_time() {
    let [all, less] = [passing(&["a", "b", "c"]), passing(&["a", "c"])];
    let (earlier, saved) = before(HealthFilter::passing(), [&less, &all]);
    let mut world = World::new(earlier.filter.clone());
    let now = clocks(world.now, -90_000);
    world.damper = Damper::restore(&saved, &world.config, &all, now);
    let end = world.damper.next_release(&world.config).unwrap();
    assert_eq!(world.seconds(end), 60);
}

#[test]
fn only_toggles_are_a_change_of_what_is_kept() {
    let [all, less] = [passing(&["a", "b", "c"]), passing(&["a", "c"])];
    let (mut world, saved) = before(HealthFilter::passing(), [&less, &all]);
    let later = world.damper.save(clocks(world.now, 7));
    assert!(SavedDamping::are_same(&saved, &later));
    world.after(1, &less);
    let toggled = world.damper.save(clocks(world.now, 8));
    assert!(!SavedDamping::are_same(&saved, &toggled));
    assert!(!SavedDamping::are_same(&saved, &[]));
}
