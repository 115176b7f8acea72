//! Sequences of answers with instances that come and go.

use std::time::Duration;

use super::*;
use Health::{Critical, Maintenance, Passing, Warning};
use consul_watch::answer::{Check, Instance, Nullable};
use policy_values::Fraction;

mod limits;
mod restarts;
mod sequences;

const CONFIG: FlapDampingConfig = FlapDampingConfig {
    is_on: true,
    max_toggles: 3,
    window: Duration::from_secs(20),
    stable_for: Duration::from_secs(60),
    max_damped: Fraction::HALF,
};

/// Instances by their IDs, with their status.
type Instances<'a> = &'a [(&'a str, Health)];

fn instance(id: &str, status: Health) -> Arc<Instance> {
    let check = Check {
        output: status.as_str().to_owned(),
        ..Check::default()
    };
    Arc::new(Instance {
        node: format!("n-{id}"),
        id: id.to_owned(),
        status,
        checks: Nullable::from([Arc::new(check)]),
        ..Instance::default()
    })
}

fn answer(instances: Instances<'_>) -> Arc<Answer> {
    let instances = instances.iter().map(|(id, status)| instance(id, *status));
    Arc::new(Answer::Service(instances.collect()))
}

/// Passing instances.
fn passing(ids: &[&str]) -> Arc<Answer> {
    let instances: Vec<_> = ids.iter().map(|id| (*id, Passing)).collect();
    answer(&instances)
}

/// The IDs and the states of the instances of an answer.
fn shown(answer: &Answer) -> Vec<(&str, Health)> {
    let Answer::Service(instances) = answer else {
        panic!("{answer:?}");
    };
    instances
        .iter()
        .map(|instance| (instance.id.as_str(), instance.status))
        .collect()
}

fn ids(answer: &Answer) -> Vec<&str> {
    shown(answer).into_iter().map(|(id, _)| id).collect()
}

/// A damper with the answers that it has seen.
struct World {
    damper: Damper,
    config: FlapDampingConfig,
    filter: HealthFilter,
    accepted: Option<Arc<Answer>>,
    begin: Instant,
    now: Instant,
}

impl World {
    fn new(filter: HealthFilter) -> Self {
        let now = Instant::now();
        Self {
            damper: Damper::default(),
            config: CONFIG,
            filter,
            accepted: None,
            begin: now,
            now,
        }
    }

    /// Lets time pass, and an answer arrive. Returns the changes in the damping.
    fn after(&mut self, seconds: u64, answer: &Arc<Answer>) -> Vec<Flap> {
        self.now += Duration::from_secs(seconds);
        let before = self.accepted.replace(Arc::clone(answer));
        let Some(before) = before else {
            return Vec::new();
        };
        self.damper
            .observe(&self.config, &self.filter, &before, answer, self.now)
    }

    /// Lets an answer alternate with another one, every second. Returns the changes in the damping.
    fn alternate(&mut self, times: usize, answers: [&Arc<Answer>; 2]) -> Vec<Flap> {
        let answers = answers.into_iter().cycle().take(times);
        answers.flat_map(|answer| self.after(1, answer)).collect()
    }

    /// The latest answer as it is seen.
    fn seen(&self) -> Arc<Answer> {
        let answer = self.accepted.as_ref().expect("an answer");
        self.damper
            .apply(&self.config, &self.filter, answer, |_| true)
    }

    fn seconds(&self, time: Instant) -> u64 {
        (time - self.begin).as_secs()
    }
}

/// The instances that begin to be damped.
fn damped(flaps: &[Flap]) -> Vec<(&str, u64, Shown)> {
    let damped = flaps.iter().filter_map(|flap| match flap.change {
        FlapChange::Damped(shown) => Some((flap.id.as_str(), flap.toggles, shown)),
        _ => None,
    });
    damped.collect()
}

#[test]
fn an_instance_that_toggles_too_often_is_left_out_until_it_is_stable() {
    let mut world = World::new(HealthFilter::passing());
    let [all, less] = [passing(&["a", "b", "c"]), passing(&["a", "c"])];
    world.after(0, &all);
    // Three toggles are permitted.
    assert_eq!(world.alternate(3, [&less, &all]), []);
    assert_eq!(world.seen(), less);
    let flaps = world.after(1, &all);
    assert_eq!(damped(&flaps), [("b", 4, Shown::Absent)]);
    assert_eq!((flaps[0].node.as_str(), flaps.len()), ("n-b", 1));
    assert_eq!(world.seen(), less);
    // Further toggles change nothing, and are counted.
    assert_eq!(world.alternate(10, [&less, &all]), []);
    assert_eq!(world.seen(), less);
    let now: Vec<_> = world.damper.damped().collect();
    assert_eq!(now.len(), 1);
    assert_eq!((now[0].id, now[0].toggles), ("b", 14));
    // Other changes are seen.
    world.after(1, &passing(&["a", "b", "c", "d"]));
    assert_eq!(ids(&world.seen()), ["a", "c", "d"]);

    let end = world.damper.next_release(&world.config).expect("an end");
    assert_eq!(world.seconds(end), 14 + 60);
    let early = end.checked_sub(Duration::from_millis(1)).unwrap();
    assert_eq!(world.damper.release(&world.config, early), []);
    let released = world.damper.release(&world.config, end);
    let after = Duration::from_secs(10 + 60);
    assert_eq!(released[0].change, FlapChange::Released { after });
    assert_eq!((released[0].id.as_str(), released[0].toggles), ("b", 14));
    assert!(Arc::ptr_eq(&world.seen(), world.accepted.as_ref().unwrap()));
    assert_eq!(world.damper.next_release(&world.config), None);
}

#[test]
fn toggles_that_are_older_than_the_window_do_not_count() {
    let mut world = World::new(HealthFilter::passing());
    let [all, less] = [passing(&["a", "b"]), passing(&["a"])];
    world.after(0, &all);
    for _ in 0..20 {
        assert_eq!(world.after(7, &less), []);
        assert_eq!(world.after(7, &all), []);
    }
    // With 6 s, there are four within 20 s.
    world.after(6, &less);
    let flaps = world.after(6, &all);
    assert_eq!(damped(&flaps), [("b", 4, Shown::Absent)]);
    // An instance is forgotten when all its toggles are old.
    world.after(60, &all);
    assert!(world.damper.is_idle());
}

#[test]
fn an_instance_is_shown_in_the_worst_of_the_states_between_which_it_toggles() {
    let warning = || HealthFilter::Only([Passing, Warning].into());
    let cases: &[(&str, HealthFilter, [Instances<'_>; 2], Shown)] = &[
        (
            "all are listed, and one fails",
            HealthFilter::Any,
            [
                &[("a", Passing), ("b", Critical)],
                &[("a", Passing), ("b", Passing)],
            ],
            Shown::As(Critical),
        ),
        (
            "one warns",
            warning(),
            [
                &[("a", Passing), ("b", Warning)],
                &[("a", Passing), ("b", Passing)],
            ],
            Shown::As(Warning),
        ),
        (
            "one warns, or fails and is not listed",
            warning(),
            [&[("a", Passing)], &[("a", Passing), ("b", Warning)]],
            Shown::Absent,
        ),
        (
            "all are listed, and one is registered and deregistered",
            HealthFilter::Any,
            [&[("a", Passing)], &[("a", Passing), ("b", Critical)]],
            Shown::Absent,
        ),
    ];
    for (what, filter, answers, expected) in cases {
        let mut world = World::new(filter.clone());
        let [down, up] = [answer(answers[0]), answer(answers[1])];
        world.after(0, &up);
        let flaps = world.alternate(4, [&down, &up]);
        assert_eq!(damped(&flaps), [("b", 4, *expected)], "{what}");
        assert_eq!(world.seen(), down, "{what}");
        world.alternate(1, [&down, &up]);
        assert_eq!(world.seen(), down, "{what}");
    }
}

#[test]
fn status_and_checks_are_those_of_the_worst_state_and_other_fields_those_of_the_answer() {
    let mut world = World::new(HealthFilter::Any);
    let [down, up] = [Critical, Passing].map(|status| answer(&[("a", Passing), ("b", status)]));
    world.after(0, &up);
    world.alternate(4, [&down, &up]);
    let moved = Instance {
        port: 81,
        ..Instance::clone(&instance("b", Passing))
    };
    let a = instance("a", Passing);
    world.after(1, &Arc::new(Answer::Service(vec![a, Arc::new(moved)])));
    let seen = world.seen();
    let Answer::Service(instances) = &*seen else {
        panic!("{seen:?}");
    };
    let b = &instances[1];
    assert_eq!((b.port, b.status), (81, Critical));
    assert_eq!(b.checks, instance("b", Critical).checks);
}

#[test]
fn the_damping_becomes_deeper_with_a_worse_state() {
    let mut world = World::new(HealthFilter::Any);
    let [down, up] = [Warning, Passing].map(|status| answer(&[("a", Passing), ("b", status)]));
    world.after(0, &up);
    world.alternate(4, [&down, &up]);
    assert_eq!(shown(&world.seen())[1], ("b", Warning));
    world.after(1, &answer(&[("a", Passing), ("b", Critical)]));
    world.after(1, &up);
    assert_eq!(shown(&world.seen())[1], ("b", Critical));
    world.after(1, &answer(&[("a", Passing)]));
    world.after(1, &up);
    assert_eq!(ids(&world.seen()), ["a"]);
}

#[test]
fn an_instance_that_is_deregistered_leaves_at_once_and_is_not_kept() {
    for filter in [HealthFilter::Any, HealthFilter::passing()] {
        let mut world = World::new(filter.clone());
        let [down, up] = match filter {
            HealthFilter::Any => {
                [Critical, Passing].map(|status| answer(&[("a", Passing), ("b", status)]))
            }
            HealthFilter::Only(_) => [passing(&["a"]), passing(&["a", "b"])],
        };
        world.after(0, &up);
        world.alternate(4, [&down, &up]);
        world.after(1, &passing(&["a"]));
        assert_eq!(ids(&world.seen()), ["a"], "{filter:?}");
        let end = world.damper.next_release(&world.config).unwrap();
        assert_eq!(world.damper.release(&world.config, end).len(), 1);
        assert_eq!(ids(&world.seen()), ["a"], "{filter:?}");
    }
}

#[test]
fn maintenance_is_no_toggle_and_is_shown_as_it_is() {
    let mut world = World::new(HealthFilter::Any);
    let [down, up, out] =
        [Critical, Passing, Maintenance].map(|status| answer(&[("a", Passing), ("b", status)]));
    world.after(0, &up);
    assert_eq!(world.alternate(20, [&out, &up]), []);
    assert!(world.damper.is_idle());
    world.alternate(4, [&down, &up]);
    assert_eq!(world.seen(), down);
    world.after(1, &out);
    assert_eq!(world.seen(), out);
}

#[test]
fn only_lists_with_passing_instances_are_damped() {
    for (argument, expected) in [
        ("web", true),
        ("web|any", true),
        ("web|passing,warning", true),
        ("web|critical", false),
        ("web|warning,critical", false),
    ] {
        let query = Query::service(argument).unwrap();
        assert_eq!(damped_by(&query).is_some(), expected, "{argument}");
    }
    assert!(damped_by(&Query::connect("web").unwrap()).is_some());
    assert!(damped_by(&Query::services("").unwrap()).is_none());
    assert!(damped_by(&Query::key("web").unwrap()).is_none());
}

#[test]
fn damping_that_no_reader_requires_ends_at_once() {
    let mut world = World::new(HealthFilter::passing());
    let [all, less] = [passing(&["a", "b"]), passing(&["a"])];
    world.after(0, &all);
    world.alternate(4, [&less, &all]);
    assert_eq!(world.seen(), less);
    let released = world.damper.release_all(world.now);
    let after = Duration::ZERO;
    assert_eq!(released[0].change, FlapChange::Released { after });
    assert!(world.damper.is_idle());
    assert_eq!(world.seen(), all);
}
