//! Loads the files that a template includes.
//!
//! Input: the name in `include`, `import` or `extends`. Output: the text of that file. It must be in the
//! directory of the template or below. Links may lead out of that directory, but not out of the sandbox.
//!
//! Names that begin with `ctmpl/` refer to built-in macros, never to files.
//!
//! Every name is read once and remembered, even if the file does not exist, because these are the
//! files to watch.

use std::collections::BTreeMap;
use std::path::{Component, Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use minijinja::{Error, ErrorKind};

use super::{depth, macros};

/// The maximum number of files that are compared with an unknown name.
const MAX_SIBLINGS: usize = 1000;

/// The text of a file; `None` if it does not exist; or the error of reading it.
type Read = Result<Option<Arc<str>>, String>;

/// A template and its includes.
#[derive(Debug)]
pub(super) struct Includes {
    main: String,
    source: Arc<str>,
    directory: Option<PathBuf>,
    sandbox: Option<Arc<Path>>,
    read: Mutex<BTreeMap<String, Read>>,
}

impl Includes {
    pub(super) fn of(
        main: &str,
        source: &str,
        directory: Option<&Path>,
        sandbox: Option<&Arc<Path>>,
    ) -> Self {
        let (directory, sandbox) = (directory.map(Path::to_owned), sandbox.cloned());
        Self {
            main: main.to_owned(),
            source: source.into(),
            directory,
            sandbox,
            read: Mutex::default(),
        }
    }

    /// Loads the source of the main template or of an include. This is minijinja's loader.
    pub(super) fn load(&self, name: &str) -> Result<Option<String>, Error> {
        if name == self.main {
            return Ok(Some(self.source.to_string()));
        }
        if macros::are_named(name) {
            return match macros::source(name) {
                Some(source) => Ok(Some(source.to_owned())),
                None => Err(refused(format!(
                    "of the names in ctmpl/ there are only {}",
                    macros::known()
                ))),
            };
        }
        let path = self.path(name).map_err(refused)?;
        let text = self
            .read()
            .entry(name.to_owned())
            .or_insert_with(|| read(&path, self.sandbox.as_deref()))
            .clone();
        let text = text.map_err(refused)?;
        match text.as_deref().and_then(depth::too_deep) {
            Some(_) => Err(refused(format!("{}: {}", path.display(), depth::message()))),
            None => Ok(text.map(|text| text.to_string())),
        }
    }

    /// The path of an include.
    fn path(&self, name: &str) -> Result<PathBuf, String> {
        let Some(directory) = &self.directory else {
            return Err(
                "a template in the configuration has no directory to include files from".to_owned(),
            );
        };
        let inside = |part| matches!(part, Component::Normal(_) | Component::CurDir);
        if name.is_empty() || name.contains('\0') || !Path::new(name).components().all(inside) {
            return Err(
                "an include must lie in the directory of the template or below, and is named from there".to_owned()
            );
        }
        Ok(directory.join(name))
    }

    /// The names of the files in the same directory as an include.
    pub(super) fn siblings(&self, name: &str) -> Vec<String> {
        let Some(directory) = self
            .path(name)
            .ok()
            .and_then(|path| path.parent().map(Path::to_owned))
        else {
            return Vec::new();
        };
        let folder = name
            .rsplit_once('/')
            .map(|(folder, _)| format!("{folder}/"))
            .unwrap_or_default();
        let files = std::fs::read_dir(directory)
            .into_iter()
            .flatten()
            .take(MAX_SIBLINGS)
            .flatten();
        files
            .filter_map(|file| Some(folder.clone() + file.file_name().to_str()?))
            .collect()
    }

    /// The name of a template in error messages.
    pub(super) fn shown(&self, name: &str) -> String {
        match self.path(name) {
            Ok(path) if name != self.main && !macros::are_named(name) => path.display().to_string(),
            _ => name.to_owned(),
        }
    }

    /// The source of a loaded template.
    pub(super) fn source(&self, name: &str) -> Option<Arc<str>> {
        if name == self.main {
            return Some(Arc::clone(&self.source));
        }
        if macros::are_named(name) {
            return macros::source(name).map(Arc::from);
        }
        self.read().get(name)?.clone().ok()?
    }

    /// The source of the main template.
    pub(super) fn main_source(&self) -> &str {
        &self.source
    }

    /// Returns `true` if every requested file is unchanged, or still missing.
    pub(super) fn are_current(&self) -> bool {
        let known = self.read().clone();
        known.iter().all(|(name, text)| {
            self.path(name)
                .is_ok_and(|path| read(&path, self.sandbox.as_deref()) == *text)
        })
    }

    /// The requested names.
    pub(super) fn names(&self) -> Vec<String> {
        self.read().keys().cloned().collect()
    }

    /// The number of requested names.
    pub(super) fn count(&self) -> usize {
        self.read().len()
    }

    /// The requested files.
    pub(super) fn paths(&self) -> Vec<PathBuf> {
        self.names()
            .iter()
            .filter_map(|name| self.path(name).ok())
            .collect()
    }

    fn read(&self) -> MutexGuard<'_, BTreeMap<String, Read>> {
        // The lock is held for one insertion, so a panic cannot leave the map inconsistent.
        self.read.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn read(path: &Path, sandbox: Option<&Path>) -> Read {
    match safe_read::read_within(path, sandbox.map(crate::options::sandbox)) {
        Ok(bytes) => match String::from_utf8(bytes) {
            Ok(text) => Ok(Some(text.into())),
            Err(_) => Err(format!("{} is not UTF-8 text", path.display())),
        },
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(format!("cannot read {}: {error}", path.display())),
    }
}

fn refused(text: String) -> Error {
    Error::new(ErrorKind::InvalidOperation, text)
}
