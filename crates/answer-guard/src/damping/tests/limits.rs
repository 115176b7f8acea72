//! Damping must not cause an outage of its own.

use std::cell::Cell;

use super::*;

/// Lets all these instances flap, one after the other, while the others stay. Returns the world and the changes.
fn flapping(all: &[&str], flapping: &[&str]) -> (World, Vec<Flap>) {
    let mut world = World::new(HealthFilter::passing());
    let whole = passing(all);
    world.after(0, &whole);
    let mut flaps = Vec::new();
    for id in flapping {
        let others: Vec<_> = all.iter().copied().filter(|other| other != id).collect();
        flaps.extend(world.alternate(4, [&passing(&others), &whole]));
    }
    (world, flaps)
}

/// The instances that flap, but are not damped.
fn not_damped(flaps: &[Flap]) -> Vec<&str> {
    let flapping = flaps
        .iter()
        .filter(|flap| flap.change == FlapChange::Flapping);
    flapping.map(|flap| flap.id.as_str()).collect()
}

#[test]
fn no_more_than_a_part_of_the_instances_is_damped() {
    type Ids<'a> = &'a [&'a str];
    let cases: &[(Ids<'_>, Ids<'_>, Ids<'_>)] = &[
        (&["a"], &["a"], &["a"]),
        (&["a", "b"], &["a", "b"], &["b"]),
        (&["a", "b", "c"], &["a", "b", "c"], &["b", "c"]),
        (&["a", "b", "c", "d"], &["a", "b", "c"], &["c", "d"]),
        (&["a", "b", "c", "d", "e"], &["b", "d"], &["a", "c", "e"]),
    ];
    for (all, flap, expected) in cases {
        let (world, flaps) = flapping(all, flap);
        assert_eq!(ids(&world.seen()), *expected, "{all:?} {flap:?}");
        let named = damped(&flaps).len() + not_damped(&flaps).len();
        assert_eq!(named, flap.len(), "{flaps:?}");
    }
}

#[test]
fn an_instance_that_is_not_damped_is_reported_once_and_damped_when_others_are_stable() {
    let (mut world, flaps) = flapping(&["a", "b"], &["a", "b"]);
    assert_eq!((damped(&flaps).len(), not_damped(&flaps)), (1, vec!["b"]));
    let [less, all] = [passing(&["a"]), passing(&["a", "b"])];
    let mut seconds = 0;
    let later = loop {
        let flaps = world.alternate(2, [&less, &all]);
        if !flaps.is_empty() {
            break flaps;
        }
        seconds += 2;
        assert!(seconds < 100);
    };
    // `a` has been stable for a minute.
    assert_eq!(later[0].id, "a");
    assert!(matches!(later[0].change, FlapChange::Released { .. }));
    assert_eq!(damped(&later), [("b", 4, Shown::Absent)]);
    assert_eq!(ids(&world.seen()), ["a"]);
}

#[test]
fn damped_instances_are_shown_when_the_others_vanish() {
    let (mut world, _) = flapping(&["a", "b", "c", "d"], &["a", "b"]);
    let cases: &[(&[&str], &[&str])] = &[
        (&["a", "b", "c", "d"], &["c", "d"]),
        // At most half of three: `b` was damped last.
        (&["a", "b", "c"], &["b", "c"]),
        (&["a", "c"], &["c"]),
        (&["a", "b"], &["b"]),
        (&["a"], &["a"]),
        (&[], &[]),
    ];
    for (raw, expected) in cases {
        world.accepted = Some(passing(raw));
        assert_eq!(ids(&world.seen()), *expected, "{raw:?}");
    }
}

#[test]
fn the_items_that_calls_require_are_kept() {
    let (world, _) = flapping(&["a", "b", "c", "d", "e", "f"], &["a", "b", "c"]);
    let answer = world.accepted.as_ref().unwrap();
    for (min, expected) in [
        (0, vec!["d", "e", "f"]),
        (3, vec!["d", "e", "f"]),
        (4, vec!["c", "d", "e", "f"]),
        (5, vec!["b", "c", "d", "e", "f"]),
        (6, vec!["a", "b", "c", "d", "e", "f"]),
        // The answer does not have them either.
        (7, vec!["d", "e", "f"]),
    ] {
        let is_enough = |part: &Answer| part.len() >= min || answer.len() < min;
        let seen = world
            .damper
            .apply(&world.config, &world.filter, answer, is_enough);
        assert_eq!(ids(&seen), expected, "{min}");
    }
}

#[test]
fn a_binary_search_finds_the_fewest_instances_that_have_to_return() {
    let names: Vec<_> = (0..28).map(|number| format!("i{number:02}")).collect();
    let all: Vec<&str> = names.iter().map(String::as_str).collect();
    let (world, _) = flapping(&all, &all[..14]);
    let answer = world.accepted.as_ref().unwrap();
    for min in 1..=28 {
        let candidates = Cell::new(0);
        let is_enough = |part: &Answer| {
            candidates.set(candidates.get() + 1);
            part.len() >= min
        };
        let seen = world
            .damper
            .apply(&world.config, &world.filter, answer, is_enough);
        // Those that were damped last return first.
        assert_eq!(ids(&seen), all[28 - min.max(14)..], "{min}");
        let most = if min <= 14 { 1 } else { 5 };
        assert!(candidates.get() <= most, "{min}: {}", candidates.get());
    }
}

#[test]
fn an_instance_that_a_reader_lists_as_failing_does_not_count_as_usable() {
    let mut world = World::new(HealthFilter::Any);
    let with = |b| answer(&[("a", Passing), ("b", b), ("c", Critical), ("d", Critical)]);
    let [down, up] = [with(Critical), with(Passing)];
    world.after(0, &up);
    let flaps = world.alternate(4, [&down, &up]);
    assert_eq!(damped(&flaps), [("b", 4, Shown::As(Critical))]);
    assert_eq!(world.seen(), down);
    // `b` is the only one that is usable now.
    let last = answer(&[("a", Critical), ("b", Passing), ("c", Critical)]);
    world.accepted = Some(Arc::clone(&last));
    assert_eq!(world.seen(), last);
}

#[test]
fn the_part_can_be_set() {
    let part = |number| Fraction::of(number).expect("a fraction");
    for (max_damped, expected) in [
        (part(0.0), vec!["a", "b", "c", "d"]),
        (part(0.25), vec!["b", "c", "d"]),
        (part(1.0), vec!["d"]),
    ] {
        let mut world = World::new(HealthFilter::passing());
        world.config.max_damped = max_damped;
        let all = passing(&["a", "b", "c", "d"]);
        world.after(0, &all);
        for id in ["a", "b", "c", "d"] {
            let others: Vec<_> = ["a", "b", "c", "d"]
                .into_iter()
                .filter(|it| *it != id)
                .collect();
            world.alternate(4, [&passing(&others), &all]);
        }
        assert_eq!(ids(&world.seen()), expected);
    }
}
