//! Reads files: template sources, files for `file`, the token. The daemon reads all of them here, on
//! worker threads; `FileSource::poll` of `crate::source::file` serves `ctmpl convert`.

use std::path::Path;
use std::sync::Arc;

use consul_render::{Template, TemplateError};
use consul_watch::query::{FileQuery, Query};
use consul_watch::watch::WatchEvent;
use ctmpl_options::config::resolved::Job;
use ctmpl_options::config::token::{self, TokenError};
use gotemplate::budget::Budget;
use secrecy::SecretString;

use crate::source;

/// Reads a template, and parses it unless its source is unchanged.
pub(super) fn source(
    job: &Job,
    known: Option<Arc<Template>>,
    budget: &Arc<Budget>,
) -> Result<Arc<Template>, TemplateError> {
    match known.filter(|known| known.is_current()) {
        Some(known) => Ok(known),
        None => Template::read_within(&job.source, &job.template, budget).map(Arc::new),
    }
}

/// Reads a file for `file`.
pub(super) fn file(file: FileQuery) -> WatchEvent {
    let read = source::file::read(&file);
    let query = Arc::new(Query::File(file));
    match read {
        Ok(answer) => WatchEvent::current(query, Arc::new(answer)),
        Err(error) => WatchEvent::Failed(query, Arc::new(error)),
    }
}

/// Reads the token file.
pub(super) fn token(path: &Path) -> Result<SecretString, TokenError> {
    let content = safe_read::read(path)?;
    token::read(&content)
}

#[cfg(test)]
mod tests {
    use super::*;
    use consul_render::{TemplateSource, language_of};

    #[test]
    fn a_template_is_parsed_again_only_when_its_source_has_changed() {
        let directory = tempfile::tempdir().unwrap();
        for name in ["a.ctmpl", "a.j2"] {
            let path = directory.path().join(name);
            let read = |text: &str, known: Option<&Arc<Template>>| {
                std::fs::write(&path, text).unwrap();
                let job = Job::of_template(TemplateSource::File(path.clone()), language_of(&path));
                source(&job, known.cloned(), &Arc::default()).unwrap()
            };
            let first = read("a", None);
            assert!(Arc::ptr_eq(&first, &read("a", Some(&first))), "{name}");
            assert!(!Arc::ptr_eq(&first, &read("b", Some(&first))), "{name}");
        }
    }
}
