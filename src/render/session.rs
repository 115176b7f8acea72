//! Renders templates until all their queries are answered.
//!
//! Input: templates, and a source of answers. Output: their renderings on the same data.
//!
//! An answer may lead to further queries: a loop over services requests each service only when the
//! list is known. Therefore, the templates are rendered in rounds until a round requests nothing new.

use std::borrow::Borrow;
use std::collections::BTreeSet;
use std::sync::Arc;

use jiff::Timestamp;

use super::render_context::RenderEnv;
use super::template::{Rendering, Template};
use crate::answer::Answer;
use crate::query::Query;
use crate::store::Snapshot;

/// The maximum number of rounds.
const MAX_ROUNDS: usize = 100;

/// The answers received so far.
#[derive(Debug)]
pub struct Session {
    snapshot: Snapshot,
    env: Arc<RenderEnv>,
    now: Timestamp,
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
        answer: impl AsyncFnMut(&Query) -> Result<Answer, E>,
    ) -> Result<[Rendering; N], Unsettled<E>> {
        self.settle_all(templates, answer).await?;
        Ok(self.render(templates))
    }

    /// Renders any number of templates until all their queries are answered.
    ///
    /// # Errors
    /// Those of [`settle`](Self::settle).
    pub async fn settle_all<T: Borrow<Template>, E>(
        &mut self,
        templates: impl AsRef<[T]>,
        mut answer: impl AsyncFnMut(&Query) -> Result<Answer, E>,
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
            for query in queries {
                let answered = answer(&query).await.map_err(Unsettled::Unanswered)?;
                self.snapshot.record(query, Arc::new(answered));
            }
        }
        Err(Unsettled::Endless(Endless))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::answer::Pair;
    use crate::config::resolved::{Job, Language, TemplateSource};

    fn template(text: &str) -> Template {
        let source = TemplateSource::Inline {
            name: "t".into(),
            text: text.into(),
        };
        Template::read(&Job::of_template(source, Language::Go)).unwrap()
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
        answer: impl AsyncFnMut(&Query) -> Result<Answer, String>,
    ) -> Result<[Rendering; 2], Unsettled<String>> {
        let [one, other] = texts.map(template);
        let mut session = Session::new(Arc::default(), Timestamp::UNIX_EPOCH);
        session.settle([&one, &other], answer).await
    }

    #[tokio::test]
    async fn answers_lead_to_further_queries_and_each_is_sent_once() {
        let mut dependencies = Vec::new();
        let both = settle(
            [r#"{{ key (key "a") }}"#, r#"{{ key "a" }}"#],
            async |query: &Query| {
                dependencies.push(query.to_string());
                Ok(pair(if *query == Query::key("a").unwrap() {
                    "b"
                } else {
                    "end"
                }))
            },
        );
        let texts = both.await.unwrap().map(|rendering| rendering.text.unwrap());
        assert_eq!(texts, ["end", "b"]);
        assert_eq!(dependencies, ["kv.get(a)", "kv.get(b)"]);
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
        let mut count = 0;
        // Each answer is the name of the next key.
        let chain = r#"{{ $k := "a" }}{{ range loop 1000 }}{{ with key $k }}{{ $k = . }}{{ end }}{{ end }}"#;
        let ended = settle([chain, ""], async |_: &Query| {
            count += 1;
            Ok(pair(&format!("k{count}")))
        });
        assert!(matches!(ended.await, Err(Unsettled::Endless(Endless))));
        assert_eq!(count, MAX_ROUNDS);
    }
}
