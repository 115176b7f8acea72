//! Instances in maintenance, and what is expected after they were accepted as missing.

use super::*;

/// Lets instances go into maintenance and vanish, as the daemon notices it.
fn empty_by_maintenance(world: &mut World) {
    world.answer(0, 4, FRESH);
    world.answer(1, 1, STALE);
    world.answer_with(2, 1, FRESH, &[1, 2, 3]);
    assert_eq!(world.accepted(), 1);
    world.answer(3, 0, STALE);
    let ruling = world.answer_with(4, 0, FRESH, &[0, 1, 2, 3]);
    assert_eq!(
        (how(&ruling), world.accepted()),
        (Some(How::Maintenance), 0)
    );
}

/// "1 of 4 items are left" held the only instance back, and the accepted answer was empty.
#[test]
fn a_new_instance_is_accepted_after_the_others_went_into_maintenance() {
    let mut world = World::new();
    empty_by_maintenance(&mut world);
    assert_eq!(world.answer(5, 1, STALE), Ruling::Accepted(None));
    assert_eq!(world.accepted(), 1);
}

#[test]
fn the_end_of_a_maintenance_is_no_loss() {
    let mut world = World::new();
    empty_by_maintenance(&mut world);
    for count in 1..=4 {
        assert_eq!(world.answer(5, count, STALE), Ruling::Accepted(None));
    }
}

#[test]
fn instances_that_are_not_in_maintenance_are_still_expected() {
    let mut world = World::new();
    world.answer(0, 10, FRESH);
    world.answer(1, 4, STALE);
    let ruling = world.answer_with(2, 4, FRESH, &[8, 9]);
    assert_eq!(
        (how(&ruling), world.accepted()),
        (Some(How::Maintenance), 4)
    );
    // It is the loss of 5 of the 8 others, in two steps.
    let ruling = world.answer(3, 3, STALE);
    assert_eq!(
        (ruling, world.accepted()),
        (Ruling::Held { is_news: true }, 4)
    );
}

proptest! {
    #[test]
    fn an_answer_with_all_items_of_the_accepted_one_is_never_held(
        steps in prop::collection::vec((0_u64..60, 0_usize..12, any::<bool>(), 0_usize..12), 1..60),
    ) {
        let mut world = World::new();
        let mut now = 0;
        for (pause, items, is_fresh, in_maintenance) in steps {
            now += pause;
            let before = world.accepted.as_ref().map(|answer| answer.len());
            let circumstances = if is_fresh { FRESH } else { STALE };
            let in_maintenance: Vec<_> = (in_maintenance..12).collect();
            let known: &[usize] = if is_fresh { &in_maintenance } else { &[] };
            world.answer_with(now, items, circumstances, known);
            if before.is_some_and(|before| items >= before) {
                prop_assert_eq!(world.accepted(), items);
            }
        }
    }
}
