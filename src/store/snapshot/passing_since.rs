//! The instances that began to pass their checks recently.
//!
//! Input: an answer, and the one before it. Output: since when the instances pass that did not pass before.
//!
//! An instance that passes in the first answer counts as passing for long; otherwise every start would empty every
//! upstream. An instance that comes back at another address or port starts over.

use std::collections::{BTreeMap, HashSet};
use std::time::{Duration, Instant};

use crate::answer::{Answer, Identity, Instance};
use crate::query::Health;

/// Since when the instances of one query pass that began recently; all others have passed for long.
#[derive(Clone, Debug, Default)]
pub(super) struct PassingSince(BTreeMap<Identity<'static>, Instant>);

impl PassingSince {
    /// The instances in a new answer that began to pass within the span `longest`.
    pub(super) fn next(
        &self,
        before: &Answer,
        answer: &Answer,
        now: Instant,
        longest: Duration,
    ) -> Self {
        let known: HashSet<_> = passing(before).map(Instance::identity).collect();
        let since = |identity: &Identity<'_>| {
            if known.contains(identity) {
                self.since(identity)
            } else {
                Some(now)
            }
        };
        let young = passing(answer).filter_map(|instance| {
            let identity = instance.identity();
            let since =
                since(&identity).filter(|since| now.saturating_duration_since(*since) < longest)?;
            Some((identity.into_owned(), since))
        });
        Self(young.collect())
    }

    /// Since when this instance passes, if it began recently.
    pub(super) fn since(&self, identity: &Identity<'_>) -> Option<Instant> {
        self.0.get(identity).copied()
    }
}

fn passing(answer: &Answer) -> impl Iterator<Item = &Instance> {
    let instances = if let Answer::Service(instances) = answer {
        instances.as_slice()
    } else {
        &[]
    };
    instances
        .iter()
        .map(AsRef::as_ref)
        .filter(|instance| instance.status == Health::Passing)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    const LONGEST: Duration = Duration::from_secs(5);

    fn instance(id: &str, port: i64, status: Health) -> Instance {
        Instance {
            node: "n1".into(),
            id: id.into(),
            port,
            status,
            ..Instance::default()
        }
    }

    fn answer(instances: &[Instance]) -> Answer {
        Answer::Service(instances.iter().cloned().map(Arc::new).collect())
    }

    /// An answer each second; which instances are young after each, and for how many seconds.
    fn history(answers: &[Vec<Instance>]) -> Vec<Vec<(String, u64)>> {
        let begin = Instant::now();
        let mut young = PassingSince::default();
        let mut ages = Vec::new();
        for (second, pair) in (1..).zip(answers.windows(2)) {
            let now = begin + Duration::from_secs(second);
            young = young.next(&answer(&pair[0]), &answer(&pair[1]), now, LONGEST);
            let age = |(identity, since): (&Identity<'_>, &Instant)| {
                let instance = pair[1]
                    .iter()
                    .find(|one| one.identity() == *identity)
                    .unwrap();
                (instance.id.clone(), (now - *since).as_secs())
            };
            ages.push(young.0.iter().map(age).collect());
        }
        ages
    }

    /// What happens, in which answers, and who is young after each but the first.
    type Case<'a> = (&'a str, &'a [Vec<Instance>], &'a [&'a [(&'a str, u64)]]);

    #[test]
    fn who_comes_is_young_and_who_was_there_at_first_is_not() {
        use Health::{Critical, Passing, Warning};
        let one = |id, status| instance(id, 80, status);
        let a = || one("a", Passing);
        let cases: &[Case<'_>] = &[
            (
                "there from the first answer on",
                &[vec![a()], vec![a()]],
                &[&[]],
            ),
            (
                "comes",
                &[vec![a()], vec![a(), one("b", Passing)]],
                &[&[("b", 0)]],
            ),
            (
                "comes, and grows older",
                &[vec![], vec![a()], vec![a()], vec![a()]],
                &[&[("a", 0)], &[("a", 1)], &[("a", 2)]],
            ),
            (
                "goes, and comes back",
                &[vec![a()], vec![], vec![a()]],
                &[&[], &[("a", 0)]],
            ),
            (
                "comes before it passes",
                &[vec![], vec![one("a", Critical)], vec![a()], vec![a()]],
                &[&[], &[("a", 0)], &[("a", 1)]],
            ),
            (
                "fails for a while",
                &[vec![a()], vec![one("a", Warning)], vec![a()]],
                &[&[], &[("a", 0)]],
            ),
            (
                "moves to another port",
                &[vec![a()], vec![instance("a", 81, Passing)]],
                &[&[("a", 0)]],
            ),
        ];
        assert!(!cases.is_empty());
        for (what, answers, expected) in cases {
            let told: Vec<Vec<_>> = history(answers);
            let told: Vec<Vec<_>> = told
                .iter()
                .map(|ages| ages.iter().map(|(id, age)| (id.as_str(), *age)).collect())
                .collect();
            assert_eq!(told, *expected, "{what}");
        }
    }

    #[test]
    fn who_is_older_than_anybody_asks_is_forgotten() {
        let grown: Vec<_> = std::iter::once(vec![])
            .chain(vec![vec![instance("a", 80, Health::Passing)]; 8])
            .collect();
        let young: Vec<_> = history(&grown).iter().map(Vec::len).collect();
        assert_eq!(young, [1, 1, 1, 1, 1, 0, 0, 0]);
    }

    #[test]
    fn other_answers_have_no_instances_that_pass_since_recently() {
        let names = Answer::Datacenters(vec!["dc1".into()]);
        let young = PassingSince::default().next(
            &Answer::Datacenters(Vec::new()),
            &names,
            Instant::now(),
            LONGEST,
        );
        assert!(young.0.is_empty());
    }
}
