//! Renders templates until all their queries are answered.
//!
//! Input: templates, and a source of answers. Output: their renderings on the same data.
//!
//! An answer may lead to further queries: a loop over services requests each service only when the
//! list is known. Therefore, the templates are rendered in rounds until a round requests nothing new.

use std::borrow::Borrow;
use std::collections::BTreeSet;
use std::sync::Arc;

use futures_util::StreamExt as _;
use futures_util::stream;
use jiff::Timestamp;

use super::render_context::RenderEnv;
use super::template::{Rendering, Template};
use answer_guard::Snapshot;
use consul_watch::answer::Answer;
use consul_watch::query::Query;
use consul_watch::source::MAX_SHORT_REQUESTS;

/// The maximum number of rounds.
const MAX_ROUNDS: usize = 100;

/// The answers received so far.
#[derive(Debug)]
pub struct Session {
    snapshot: Snapshot,
    env: Arc<RenderEnv>,
    now: Timestamp,
    /// The maximum number of queries that wait for an answer at the same time.
    in_flight: usize,
}

/// The templates still have new queries after the maximum number of rounds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("it still has new queries after {MAX_ROUNDS} rounds")]
pub struct Endless;

/// The reason for which templates cannot be rendered.
#[derive(Debug)]
pub enum Unsettled<E> {
    /// A query was not answered.
    Unanswered(E),
    /// The number of queries has no end.
    Endless(Endless),
}

impl Session {
    /// Creates a session without answers. `now` is the time for all renderings.
    #[must_use]
    pub fn new(env: Arc<RenderEnv>, now: Timestamp) -> Self {
        Self {
            snapshot: Snapshot::default(),
            env,
            now,
            in_flight: MAX_SHORT_REQUESTS,
        }
    }

    /// Sends at most this many queries at the same time.
    #[must_use]
    pub fn within(self, connections: usize) -> Self {
        Self {
            in_flight: connections.clamp(1, MAX_SHORT_REQUESTS),
            ..self
        }
    }

    /// Renders the templates once with the answers received so far.
    fn render<const N: usize>(&self, templates: [&Template; N]) -> [Rendering; N] {
        templates.map(|template| template.render(&self.snapshot, &self.env, self.now))
    }

    /// The queries of renderings that have no answer yet.
    fn unanswered(&self, renderings: &[Rendering]) -> BTreeSet<Arc<Query>> {
        let queries = renderings
            .iter()
            .flat_map(|rendering| &rendering.dependencies.queries);
        queries
            .filter(|query| self.snapshot.answer(query).is_none())
            .cloned()
            .collect()
    }

    /// Renders the templates until all their queries are answered.
    ///
    /// # Errors
    /// [`Unsettled`]: the error of `answer`, or the queries have no end.
    pub async fn settle<const N: usize, E>(
        &mut self,
        templates: [&Template; N],
        answer: impl AsyncFn(&Query) -> Result<Answer, E>,
    ) -> Result<[Rendering; N], Unsettled<E>> {
        self.settle_all(templates, answer).await?;
        Ok(self.render(templates))
    }

    /// Renders any number of templates until all their queries are answered. Several queries are answered at the same time.
    ///
    /// # Errors
    /// Those of [`settle`](Self::settle).
    pub async fn settle_all<T: Borrow<Template>, E>(
        &mut self,
        templates: impl AsRef<[T]>,
        answer: impl AsyncFn(&Query) -> Result<Answer, E>,
    ) -> Result<Vec<Rendering>, Unsettled<E>> {
        for _ in 0..MAX_ROUNDS {
            let render = |template: &T| {
                template
                    .borrow()
                    .render(&self.snapshot, &self.env, self.now)
            };
            let renderings: Vec<_> = templates.as_ref().iter().map(render).collect();
            let queries = self.unanswered(&renderings);
            if queries.is_empty() {
                return Ok(renderings);
            }
            let answered = stream::iter(queries).map(async |query: Arc<Query>| {
                let answered = answer(&query).await;
                answered.map(|answered| (query, answered))
            });
            let mut answered = std::pin::pin!(answered.buffer_unordered(self.in_flight));
            while let Some(next) = answered.next().await {
                let (query, answered) = next.map_err(Unsettled::Unanswered)?;
                self.snapshot.record(query, Arc::new(answered));
            }
        }
        Err(Unsettled::Endless(Endless))
    }
}

#[cfg(test)]
mod tests {
    use std::cell::{Cell, RefCell};

    use super::*;
    use crate::options::{Language, TemplateOptions, TemplateSource};
    use consul_watch::answer::Pair;

    fn template(text: &str) -> Template {
        let source = TemplateSource::Inline {
            name: "t".into(),
            text: text.into(),
        };
        Template::read(&source, &TemplateOptions::new(Language::Go)).unwrap()
    }

    fn pair(value: &str) -> Answer {
        Answer::Key(Some(Arc::new(Pair {
            value: value.into(),
            ..Pair::default()
        })))
    }

    /// Renders with keys whose value is that of the answer.
    async fn settle(
        texts: [&str; 2],
        answer: impl AsyncFn(&Query) -> Result<Answer, String>,
    ) -> Result<[Rendering; 2], Unsettled<String>> {
        let [one, other] = texts.map(template);
        let mut session = Session::new(Arc::default(), Timestamp::UNIX_EPOCH);
        session.settle([&one, &other], answer).await
    }

    #[tokio::test]
    async fn answers_lead_to_further_queries_and_each_is_sent_once() {
        let dependencies = RefCell::new(Vec::new());
        let both = settle(
            [r#"{{ key (key "a") }}"#, r#"{{ key "a" }}"#],
            async |query: &Query| {
                dependencies.borrow_mut().push(query.to_string());
                Ok(pair(if *query == Query::key("a").unwrap() {
                    "b"
                } else {
                    "end"
                }))
            },
        );
        let texts = both.await.unwrap().map(|rendering| rendering.text.unwrap());
        assert_eq!(texts, ["end", "b"]);
        assert_eq!(dependencies.into_inner(), ["kv.get(a)", "kv.get(b)"]);
    }

    #[tokio::test]
    async fn a_query_without_an_answer_ends_it() {
        let none = async |_: &Query| Err("no".to_owned());
        let ended = settle([r#"{{ key "a" }}"#, ""], none).await;
        assert!(matches!(ended, Err(Unsettled::Unanswered(why)) if why == "no"));
        assert!(settle(["x", "y"], none).await.is_ok());
    }

    #[tokio::test]
    async fn endless_queries_are_an_error() {
        let count = Cell::new(0);
        // Each answer is the name of the next key.
        let chain = r#"{{ $k := "a" }}{{ range loop 1000 }}{{ with key $k }}{{ $k = . }}{{ end }}{{ end }}"#;
        let ended = settle([chain, ""], async |_: &Query| {
            count.set(count.get() + 1);
            Ok(pair(&format!("k{}", count.get())))
        });
        assert!(matches!(ended.await, Err(Unsettled::Endless(Endless))));
        assert_eq!(count.get(), MAX_ROUNDS);
    }

    #[tokio::test]
    async fn a_few_queries_wait_at_the_same_time() {
        let keys = template(r#"{{ range loop 100 }}{{ key (printf "%d" .) }} {{ end }}"#);
        let texts = (0..100).map(|number| format!("kv.get({number}) "));
        let texts = texts.collect::<String>();
        for (connections, expected) in [(0, 1), (3, 3), (64, MAX_SHORT_REQUESTS)] {
            let (waiting, most) = (Cell::new(0), Cell::new(0));
            let session = Session::new(Arc::default(), Timestamp::UNIX_EPOCH);
            let settled = session
                .within(connections)
                .settle([&keys], async |query: &Query| {
                    waiting.set(waiting.get() + 1);
                    most.set(most.get().max(waiting.get()));
                    tokio::task::yield_now().await;
                    waiting.set(waiting.get() - 1);
                    Ok::<_, String>(pair(&query.to_string()))
                })
                .await;
            let [rendering] = settled.unwrap();
            assert_eq!(rendering.text.unwrap(), texts);
            assert_eq!((waiting.get(), most.get()), (0, expected));
        }
    }
}
