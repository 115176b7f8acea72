//! Sequences of answers.

use proptest::prelude::*;

use super::*;
use consul_watch::answer::Instance;
use policy_values::Fraction;

mod losses;
mod maintenance;
mod sequences;

const FRESH: Circumstances = Circumstances::CURRENT;
const STALE: Circumstances = Circumstances {
    is_fresh: false,
    is_filtered: false,
};
const FILTERED: Circumstances = Circumstances {
    is_fresh: true,
    is_filtered: true,
};

/// An answer with the first `count` instances.
fn instances(count: usize) -> Arc<Answer> {
    let instance = |number: usize| {
        Arc::new(Instance {
            node: format!("n{number}"),
            id: format!("web-{number}"),
            ..Instance::default()
        })
    };
    Arc::new(Answer::Service((0..count).map(instance).collect()))
}

/// A guard with the answers that it has accepted, as the daemon keeps it.
struct World {
    guard: Guard,
    rules: GuardRules,
    accepted: Option<Arc<Answer>>,
    begin: Instant,
}

impl World {
    fn new() -> Self {
        let rules = GuardRules {
            config: GuardConfig::default(),
            depth: None,
        };
        Self {
            guard: Guard::default(),
            rules,
            accepted: None,
            begin: Instant::now(),
        }
    }

    /// Time in tenths of a second.
    fn time(&self, tenths: u64) -> Instant {
        self.begin + Duration::from_millis(100 * tenths)
    }

    /// An answer with `count` instances at a time; instances from `maintenance` on are in maintenance.
    fn answer_with(
        &mut self,
        tenths: u64,
        count: usize,
        circumstances: Circumstances,
        in_maintenance: &[usize],
    ) -> Ruling {
        let answer = instances(count);
        let all = instances(100);
        let all: Vec<_> = items::instances(&all).collect();
        let in_maintenance = in_maintenance.iter().map(|number| all[*number]).collect();
        let seen = Observation {
            answer: &answer,
            circumstances,
            is_short: false,
            in_maintenance: &in_maintenance,
        };
        let now = self.time(tenths);
        let ruling = self
            .guard
            .observe(&self.rules, self.accepted.as_ref(), seen, now);
        if let Ruling::Accepted(_) = ruling {
            self.accepted = Some(answer);
        }
        ruling
    }

    fn answer(&mut self, tenths: u64, count: usize, circumstances: Circumstances) -> Ruling {
        self.answer_with(tenths, count, circumstances, &[])
    }

    fn accepted(&self) -> usize {
        self.accepted.as_ref().map_or(0, |answer| answer.len())
    }
}

fn how(ruling: &Ruling) -> Option<How> {
    match ruling {
        Ruling::Accepted(ended) => ended.as_ref().map(|ended| ended.how),
        Ruling::Held { .. } => None,
    }
}

#[test]
fn instances_in_maintenance_are_no_loss() {
    let cases: &[(&str, usize, usize, &[usize], bool)] = &[
        ("3 of 4", 4, 1, &[1, 2, 3], true),
        ("all", 4, 0, &[0, 1, 2, 3], true),
        ("the only one", 1, 0, &[0], true),
        ("one of 4, and 3 are missing", 4, 0, &[0], false),
        (
            "others that were not passing before",
            4,
            0,
            &[10, 11, 12, 13],
            false,
        ),
        (
            "2 of 10, and 4 of the other 8 are missing",
            10,
            4,
            &[8, 9],
            true,
        ),
        (
            "2 of 10, and 5 of the other 8 are missing",
            10,
            3,
            &[8, 9],
            false,
        ),
    ];
    for (what, before, after, in_maintenance, accepted) in cases {
        let mut world = World::new();
        world.answer(0, *before, FRESH);
        assert!(
            matches!(
                world.answer(10, *after, STALE),
                Ruling::Held { is_news: true }
            ),
            "{what}"
        );
        let ruling = world.answer_with(11, *after, FRESH, in_maintenance);
        assert_eq!(how(&ruling) == Some(How::Maintenance), *accepted, "{what}");
        assert_eq!(
            world.accepted(),
            if *accepted { *after } else { *before },
            "{what}"
        );
    }
    // In two steps: the instances of the largest answer count.
    let mut world = World::new();
    world.answer(0, 10, FRESH);
    world.answer(1, 6, FRESH);
    let ruling = world.answer_with(2, 2, FRESH, &[2, 3, 4, 5, 6, 7, 8, 9]);
    assert_eq!((ruling, world.accepted()), (Ruling::Accepted(None), 2));
}

#[test]
fn reads_are_due_at_once_and_then_at_intervals() {
    let mut world = World::new();
    world.answer(0, 3, FRESH);
    assert_eq!(world.guard.next_read(), None);
    world.answer(10, 0, FRESH);
    assert_eq!(world.guard.next_read(), Some(world.time(10)));
    world.guard.read_sent(world.time(10));
    assert_eq!(world.guard.next_read(), Some(world.time(160)));
    world.answer(11, 0, FRESH);
    assert_eq!(world.guard.next_read(), Some(world.time(31)));
    // The last read is due when the time is over.
    world.answer(95, 0, FRESH);
    assert_eq!(world.guard.next_read(), Some(world.time(110)));
    let ruling = world.answer(110, 0, FRESH);
    assert_eq!(how(&ruling), Some(How::Confirmed));
    let Ruling::Accepted(Some(ended)) = ruling else {
        panic!("{ruling:?}");
    };
    assert_eq!(
        (ended.after, ended.loss.before),
        (Duration::from_secs(10), 3)
    );
    assert_eq!(world.guard.next_read(), None);
}

#[test]
fn a_failed_read_starts_the_time_again() {
    let mut world = World::new();
    world.answer(0, 3, FRESH);
    world.answer(10, 0, FRESH);
    let now = world.time(50);
    world.guard.failed(now);
    assert_eq!(world.guard.next_read(), Some(world.time(70)));
    world.answer(60, 0, FRESH);
    world.answer(159, 0, FRESH);
    assert_eq!(world.accepted(), 3);
    world.answer(160, 0, FRESH);
    assert_eq!(world.accepted(), 0);
}

/// The largest answer became too old meanwhile, and then the loss counted as one that had ended.
#[test]
fn a_loss_in_small_steps_is_confirmed_and_not_released() {
    let mut world = World::new();
    for (time, count) in [(0, 6), (50, 5), (51, 4), (52, 3)] {
        world.answer(time, count, FRESH);
        assert_eq!(world.accepted(), count);
    }
    world.answer(53, 2, FRESH);
    world.answer(54, 1, FRESH);
    assert_eq!(world.accepted(), 3);
    for time in [100, 150, 152] {
        world.answer(time, 1, FRESH);
        assert_eq!(world.accepted(), 3, "{time}");
    }
    let ruling = world.answer(153, 1, FRESH);
    assert_eq!((how(&ruling), world.accepted()), (Some(How::Confirmed), 1));
}

#[test]
fn without_a_guard_the_held_answer_is_accepted() {
    let mut world = World::new();
    world.answer(0, 6, FRESH);
    world.answer(1, 1, FRESH);
    let accepted = world.accepted.clone();
    let now = world.time(2);
    let lenient = GuardRules {
        config: GuardConfig {
            max_drop: Fraction::of(0.9).expect("a fraction"),
            ..world.rules.config
        },
        ..world.rules
    };
    let strict = world.rules;
    let mut guard = world.guard.clone();
    assert!(
        guard
            .reconsider(Some(&strict), accepted.as_ref(), false, now)
            .is_none()
    );
    for rules in [None, Some(&lenient)] {
        let mut guard = world.guard.clone();
        let (answer, ended) = guard
            .reconsider(rules, accepted.as_ref(), false, now)
            .expect("the held answer");
        assert_eq!((answer.len(), ended.how), (1, How::NotRequired));
        assert!(guard.held().is_none());
    }
}

#[test]
fn a_guard_remembers_the_items_of_an_earlier_process() {
    let mut world = World::new();
    world.guard = Guard::expecting(3);
    world.answer(0, 0, FRESH);
    assert!(world.guard.held().is_some() && world.accepted.is_none());
    world.answer(20, 3, FRESH);
    assert_eq!((world.guard.held().is_some(), world.accepted()), (false, 3));
    assert!(world.guard.is_idle(world.time(20)));
}
