//! Random sequences of answers, compared with the definition of the rules.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;

use super::*;

const IDS: [&str; 6] = ["a", "b", "c", "d", "e", "f"];

/// The states of all instances; `None`: absent. Few of them change from one step to the next.
fn any_step() -> impl Strategy<Value = (u64, usize, Option<Health>)> {
    let state = prop_oneof![
        3 => Just(None),
        3 => Just(Some(Passing)),
        1 => Just(Some(Warning)),
        1 => Just(Some(Critical)),
    ];
    (0_u64..6, 0..IDS.len(), state)
}

fn any_filter() -> impl Strategy<Value = HealthFilter> {
    prop_oneof![
        Just(HealthFilter::Any),
        Just(HealthFilter::passing()),
        Just(HealthFilter::Only([Passing, Warning].into())),
    ]
}

/// The toggles of each instance, by the definition.
#[derive(Default)]
struct Reference {
    toggles: BTreeMap<String, Vec<Instant>>,
    /// The instances that have toggled too often at any time.
    flapping: BTreeSet<String>,
}

impl Reference {
    fn observe(&mut self, before: &Answer, after: &Answer, now: Instant) {
        let [before, after] = [before, after].map(|answer| {
            let states = shown(answer).into_iter();
            states.collect::<BTreeMap<_, _>>()
        });
        for id in IDS {
            if before.get(id) == after.get(id) {
                continue;
            }
            let toggles = self.toggles.entry(id.to_owned()).or_default();
            toggles.push(now);
            let recent = toggles.iter().filter(|time| now - **time < CONFIG.window);
            if recent.count() > 3 {
                self.flapping.insert(id.to_owned());
            }
        }
    }
}

proptest! {
    #[test]
    fn damping_touches_only_what_flaps_and_never_empties_a_list(
        filter in any_filter(),
        steps in prop::collection::vec(any_step(), 1..120),
        min in 0_usize..5,
    ) {
        let mut world = World::new(filter.clone());
        let mut reference = Reference::default();
        let mut states = [Some(Passing); IDS.len()];
        for (seconds, number, state) in steps {
            states[number] = state;
            let instances = IDS.into_iter().zip(states);
            let instances = instances.filter_map(|(id, state)| Some((id, state?)));
            let listed: Vec<_> = instances.filter(|(_, state)| filter.admits(*state)).collect();
            let raw = answer(&listed);
            let before = world.accepted.clone();
            world.after(seconds, &raw);
            if let Some(before) = &before {
                reference.observe(before, &raw, world.now);
            }
            let is_enough = |part: &Answer| part.len() >= min || raw.len() < min;
            let seen = world.damper.apply(&world.config, &filter, &raw, is_enough);
            let [all, left] = [shown(&raw), shown(&seen)];
            prop_assert!(!left.is_empty() || all.is_empty(), "{all:?}");
            prop_assert!(left.len() >= min || all.len() < min, "{all:?} {left:?}");
            // Nothing is added, nothing gets better, and the order stays.
            let mut rest = all.iter();
            for (id, status) in &left {
                let found = rest.find(|(other, _)| other == id);
                prop_assert!(found.is_some_and(|(_, own)| own.severity() <= status.severity()));
            }
            // What does not flap is as in the answer.
            for (id, status) in &all {
                if !reference.flapping.contains(*id) {
                    prop_assert!(left.contains(&(*id, *status)), "{id} {all:?} {left:?}");
                }
            }
            let usable = |instances: &[(&str, Health)]| {
                let usable = instances.iter().filter(|(_, status)| {
                    filter != HealthFilter::Any || *status == Passing
                });
                usable.count()
            };
            let [had, has] = [&all, &left].map(|instances| usable(instances));
            prop_assert!(had - has <= CONFIG.max_damped_of(had), "{all:?} {left:?}");
            prop_assert!(has > 0 || had == 0, "{all:?} {left:?}");
        }
        // When all is stable, the answer is seen as it is.
        let end = world.now + CONFIG.stable_for;
        let many = world.damper.damped().count();
        prop_assert!(world.damper.next_release(&world.config).is_none_or(|next| next <= end));
        prop_assert_eq!(world.damper.release(&world.config, end).len(), many);
        prop_assert!(Arc::ptr_eq(&world.seen(), world.accepted.as_ref().unwrap()));
        prop_assert!(!world.damper.is_damping());
    }

    #[test]
    fn an_instance_that_flaps_forever_changes_the_result_a_few_times(
        pauses in prop::collection::vec(0_u64..5, 40..200),
    ) {
        let mut world = World::new(HealthFilter::passing());
        let answers = [passing(&IDS), passing(&IDS[1..])];
        let mut changes = 0;
        let mut last = None;
        for (pause, answer) in pauses.into_iter().zip(answers.iter().cycle()) {
            world.after(pause, answer);
            let seen = world.seen();
            changes += usize::from(last.as_ref() != Some(&seen));
            last = Some(seen);
        }
        // The first answer, three toggles, and at most one for the damping.
        prop_assert!((4..=5).contains(&changes), "{changes}");
        prop_assert_eq!(last.unwrap(), passing(&IDS[1..]));
    }
}
