//! The accepted answers in the state directory.
//!
//! Input: changes of accepted answers; queries. Output: the answers of an earlier process. What fails is logged.
//!
//! The path of an answer through the code, from its acceptance to its use by the next process:
//!
//! | file | responsibility |
//! |---|---|
//! | `unwritten.rs` | the changes that are not written yet, and how current each answer is |
//! | `keeping.rs` | the time of a write |
//! | `kept_answers.rs` | reading and writing the file, with the crate `answer-store` |
//! | `query_failures.rs` | whether a query fails, and whether Consul answers no query at all |
//! | `renderer/restoration.rs` | the queries to load, and the calls that see their answers |
//! | `renderer/answers/restoring.rs` | the use of the loaded answers, and the change of the server |
//! | `renderer/answers_and_sizes.rs` | the actions that follow, and the templates that are rendered |
//! | `renderer/restoration_log.rs` | the messages |
//! | `snapshot/earlier.rs` of the crate `answer-guard` | the earlier answers beside those of this process |

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Instant, SystemTime};

use answer_store::{AnswerStore, Damage, Loaded};

use super::event::{AnswerWrite, Event, KeptWrite, LoadedAnswer, NoAnswer};
use consul_watch::answer::Answer;
use consul_watch::query::Query;
use error_line::chain;

/// The name of the file.
const NAME: &str = "answers.db";

/// The answers. Clones refer to the same file.
#[derive(Clone, Debug)]
pub(super) struct KeptAnswers {
    path: PathBuf,
    /// Writes the answers of the server that has answered last. It is locked during a write, which a file system that hangs
    /// may prolong.
    store: Arc<Mutex<Option<AnswerStore>>>,
    /// `true` if the last write has failed.
    has_failed: Arc<AtomicBool>,
    /// `true` if the last load has failed, or has found damage.
    has_failed_to_load: Arc<AtomicBool>,
}

impl KeptAnswers {
    /// The answers in a state directory.
    pub(super) fn new(directory: &Path) -> Self {
        Self {
            path: directory.join(NAME),
            store: Arc::default(),
            has_failed: Arc::default(),
            has_failed_to_load: Arc::default(),
        }
    }

    /// The file.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Removes all answers.
    pub(super) fn remove(&self) {
        if let Err(error) = AnswerStore::remove(&self.path) {
            self.warn_of_unremoved(&chain(&error));
        }
    }

    /// Writes changes.
    pub(super) fn write(&self, write: AnswerWrite) -> Event {
        let AnswerWrite {
            server,
            changes,
            current_until,
        } = write;
        let begun = Instant::now();
        let updates = changes.iter().flat_map(|(query, change)| {
            let query = query.to_string();
            change.updates().map(move |update| (query.clone(), update))
        });
        let mut store = self.store.lock().unwrap_or_else(PoisonError::into_inner);
        let own = store.take().filter(|own| own.source() == &*server);
        let own = own.unwrap_or_else(|| AnswerStore::new(self.path.clone(), &server));
        let written = store.insert(own).write(updates, current_until);
        drop(store);
        let failed = written.is_err();
        let had_failed = self.has_failed.swap(failed, Ordering::Relaxed);
        match written {
            Ok(written) => {
                if let Some(error) = written.damage {
                    self.warn_of_damage(&error);
                }
                let write = KeptWrite {
                    took: begun.elapsed(),
                    is_new: written.is_new,
                };
                Event::AnswersKept(server, Ok(write))
            }
            Err(error) => {
                if !had_failed {
                    self.warn_of_unwritten(&chain(&error));
                }
                Event::AnswersKept(server, Err(changes))
            }
        }
    }

    /// Loads the answers of a server to these queries, which an earlier process has accepted.
    pub(super) fn load(
        &self,
        server: &str,
        queries: &[Arc<Query>],
    ) -> Vec<(Arc<Query>, Result<LoadedAnswer, NoAnswer>)> {
        let texts: Vec<_> = queries.iter().map(ToString::to_string).collect();
        let store = AnswerStore::new(self.path.clone(), server);
        let loaded = store.read(texts.iter().map(String::as_str), SystemTime::now());
        match &loaded {
            Ok(Loaded { damage: None, .. }) => {
                self.has_failed_to_load.store(false, Ordering::Relaxed);
            }
            Ok(Loaded {
                damage: Some(damage),
                ..
            }) => self.warn_of_damage_found(damage),
            Err(error) => self.warn_of_unreadable(&chain(error)),
        }
        let answers = queries.iter().zip(&texts);
        answers
            .map(|(query, text)| (Arc::clone(query), answer_to(text, loaded.as_ref().ok())))
            .collect()
    }

    /// Logs that the answers cannot be read, once until they can.
    pub(super) fn warn_of_unreadable(&self, error: &str) {
        if self.has_failed_to_load.swap(true, Ordering::Relaxed) {
            return;
        }
        let path = self.path.display();
        tracing::warn!(
            name: "answers.unreadable", %path, error,
            "{error}; the templates cannot use the answers of the process before"
        );
    }

    /// Logs that answers cannot be used because they are damaged, once until a load finds none.
    fn warn_of_damage_found(&self, error: &Damage) {
        if self.has_failed_to_load.swap(true, Ordering::Relaxed) {
            return;
        }
        let path = self.path.display();
        tracing::warn!(
            name: "answers.damaged", %path, %error,
            "{path} is damaged ({error}); the templates cannot use the damaged answers of the process before"
        );
    }

    /// Logs that the answers of earlier processes cannot be removed.
    pub(super) fn warn_of_unremoved(&self, error: &str) {
        let path = self.path.display();
        tracing::warn!(
            name: "answers.not_removed", %path, error,
            "{error}; keep_answers = false, but the answers of earlier processes are still there: remove {path}"
        );
    }

    fn warn_of_unwritten(&self, error: &str) {
        let path = self.path.display();
        tracing::warn!(
            name: "answers.not_saved", %path, error,
            "{error}; after a restart without Consul, the templates cannot use the latest answers"
        );
    }

    fn warn_of_damage(&self, error: &str) {
        let path = self.path.display();
        tracing::warn!(
            name: "answers.damaged", %path, error,
            "{path} was damaged ({error}); it is written again with the answers of this process"
        );
    }
}

/// The answer to a query among those that were loaded; `None`: the file cannot be read.
fn answer_to(query: &str, loaded: Option<&Loaded<'_>>) -> Result<LoadedAnswer, NoAnswer> {
    let loaded = loaded.ok_or(NoAnswer::Unreadable)?;
    let Some(kept) = loaded.answers.get(query) else {
        let is_damaged = matches!(loaded.damage, Some(Damage::File(_)));
        return Err(if is_damaged || loaded.damaged.contains(query) {
            NoAnswer::Unreadable
        } else {
            NoAnswer::NotKept
        });
    };
    let answer = Answer::decode(&kept.answer).ok_or(NoAnswer::Unreadable)?;
    Ok(LoadedAnswer {
        answer: Arc::new(answer),
        current_until: kept.current_until,
    })
}
