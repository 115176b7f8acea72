//! The instances that became passing recently.
//!
//! Input: an answer, and the previous one. Output: the time since when each new passing instance passes.
//!
//! The instances that pass in the first answer count as passing for long; otherwise every start
//! would empty every upstream. An instance that returns at another address or port starts over.

use std::collections::{BTreeMap, HashSet};
use std::time::{Duration, Instant};

use consul_watch::answer::{Answer, Identity, Instance};
use consul_watch::query::Health;

/// The times since when instances pass, for those that became passing recently.
#[derive(Clone, Debug, Default)]
pub(super) struct PassingSince(BTreeMap<Identity<'static>, Instant>);

impl PassingSince {
    /// Returns the instances of a new answer that became passing within the span `longest`.
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
        let recent = passing(answer).filter_map(|instance| {
            let identity = instance.identity();
            let since =
                since(&identity).filter(|since| now.saturating_duration_since(*since) < longest)?;
            Some((identity.into_owned(), since))
        });
        Self(recent.collect())
    }

    /// The time since when this instance passes; `None` if it is not recorded.
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

    /// Records one answer per second. Returns the recent instances after each, with their age in seconds.
    fn history(answers: &[Vec<Instance>]) -> Vec<Vec<(String, u64)>> {
        let begin = Instant::now();
        let mut recent = PassingSince::default();
        let mut ages = Vec::new();
        for (second, pair) in (1..).zip(answers.windows(2)) {
            let now = begin + Duration::from_secs(second);
            recent = recent.next(&answer(&pair[0]), &answer(&pair[1]), now, LONGEST);
            let age = |(identity, since): (&Identity<'_>, &Instant)| {
                let instance = pair[1]
                    .iter()
                    .find(|one| one.identity() == *identity)
                    .unwrap();
                (instance.id.clone(), (now - *since).as_secs())
            };
            ages.push(recent.0.iter().map(age).collect());
        }
        ages
    }

    /// A description, the answers, and the recent instances after each answer but the first.
    type Case<'a> = (&'a str, &'a [Vec<Instance>], &'a [&'a [(&'a str, u64)]]);

    #[test]
    fn a_new_instance_is_recent_and_one_of_the_first_answer_is_not() {
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
            let recent: Vec<Vec<_>> = history(answers);
            let recent: Vec<Vec<_>> = recent
                .iter()
                .map(|ages| ages.iter().map(|(id, age)| (id.as_str(), *age)).collect())
                .collect();
            assert_eq!(recent, *expected, "{what}");
        }
    }

    #[test]
    fn an_instance_older_than_the_longest_span_is_removed() {
        let grown: Vec<_> = std::iter::once(vec![])
            .chain(vec![vec![instance("a", 80, Health::Passing)]; 8])
            .collect();
        let recent: Vec<_> = history(&grown).iter().map(Vec::len).collect();
        assert_eq!(recent, [1, 1, 1, 1, 1, 0, 0, 0]);
    }

    #[test]
    fn answers_without_instances_record_nothing() {
        let names = Answer::Datacenters(vec!["dc1".into()]);
        let recent = PassingSince::default().next(
            &Answer::Datacenters(Vec::new()),
            &names,
            Instant::now(),
            LONGEST,
        );
        assert!(recent.0.is_empty());
    }
}
