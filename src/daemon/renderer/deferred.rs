//! Files that another template is about to write.
//!
//! In `-once`, a file is read once. If it is the destination of a template, it is read when that template is written, so
//! that a template that reads it renders the new content. The daemon watches files, and renders again instead.
//!
//! Input: the new files that templates request, and the templates that are final. Output: the files to read.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use consul_watch::query::{FileQuery, Query};
use group_apply::options::GroupKey;

use super::template_state::TemplateState;

/// The files that are not read yet.
#[derive(Debug)]
pub(super) struct DeferredFiles {
    is_on: bool,
    files: Vec<DeferredFile>,
}

/// A file that is not read yet.
#[derive(Debug)]
struct DeferredFile {
    file: FileQuery,
    /// The number of the template that writes it.
    writer: usize,
}

impl DeferredFiles {
    /// Creates the list; files are deferred if it `is_on`.
    pub(super) fn new(is_on: bool) -> Self {
        Self {
            is_on,
            files: Vec::new(),
        }
    }

    /// Returns `true` if no file is deferred.
    pub(super) fn is_empty(&self) -> bool {
        self.files.is_empty()
    }

    /// Forgets the files.
    pub(super) fn clear(&mut self) {
        self.files.clear();
    }

    /// Puts aside the files that other templates write. Returns the others.
    pub(super) fn defer(
        &mut self,
        new: Vec<FileQuery>,
        templates: &[TemplateState],
    ) -> Vec<FileQuery> {
        if !self.is_on || new.is_empty() {
            return new;
        }
        let writers = by_destination(templates);
        let mut others = Vec::new();
        for file in new {
            let writer = writers.get(&absolute(&file.path));
            match writer.filter(|writer| !is_read_with(&file, writer, templates)) {
                Some(writer) => {
                    let writer = writer.number();
                    self.files.push(DeferredFile { file, writer });
                }
                None => others.push(file),
            }
        }
        others
    }

    /// Takes the files whose templates are final: written, or unable to be. Templates that wait for one another would
    /// wait forever, so their files are taken as well.
    pub(super) fn take_ready(
        &mut self,
        templates: &[TemplateState],
        final_templates: &BTreeSet<usize>,
    ) -> Vec<FileQuery> {
        let waits = Waits::of(&self.files, templates, final_templates);
        let files = self.files.iter().map(|own| &own.file);
        let ready: Vec<_> = files
            .filter(|file| !waits.is_awaited(file))
            .cloned()
            .collect();
        self.files.retain(|own| !ready.contains(&own.file));
        ready
    }
}

/// The templates that wait for other templates.
struct Waits<'a> {
    /// The templates that are not final.
    pending: Vec<&'a TemplateState>,
    /// The files that such templates write.
    files: Vec<Wait<'a>>,
}

/// A file that templates wait for.
struct Wait<'a> {
    file: &'a FileQuery,
    /// The number of the template that writes it.
    writer: usize,
    /// The numbers of the templates that read it.
    readers: BTreeSet<usize>,
}

impl<'a> Waits<'a> {
    fn of(
        files: &'a [DeferredFile],
        templates: &'a [TemplateState],
        final_templates: &BTreeSet<usize>,
    ) -> Self {
        let is_pending = |own: &&TemplateState| !final_templates.contains(&own.number());
        let pending: Vec<_> = templates.iter().filter(is_pending).collect();
        let wait = |DeferredFile { file, writer }: &'a DeferredFile| {
            let mut pending = pending.iter();
            let writer = pending.find(|own| own.number() == *writer)?;
            (!is_read_with(file, writer, templates)).then(|| Wait {
                file,
                writer: writer.number(),
                readers: readers(file, templates)
                    .map(TemplateState::number)
                    .collect(),
            })
        };
        let files = files.iter().filter_map(wait).collect();
        Self { pending, files }
    }

    /// Returns `true` if this file will be written, and its template does not wait for a template that reads the file.
    fn is_awaited(&self, file: &FileQuery) -> bool {
        let mut files = self.files.iter();
        files
            .find(|wait| wait.file == file)
            .is_some_and(|wait| self.awaited_by(wait.writer).is_disjoint(&wait.readers))
    }

    /// The templates that this one waits for, also indirectly, and itself.
    fn awaited_by(&self, number: usize) -> BTreeSet<usize> {
        let (mut all, mut open) = (BTreeSet::new(), vec![number]);
        while let Some(number) = open.pop() {
            if all.insert(number) {
                let files = self.files.iter();
                let read = files.filter(|wait| wait.readers.contains(&number));
                open.extend(read.map(|wait| wait.writer));
                open.extend(self.siblings(number));
            }
        }
        all
    }

    /// The templates of the same named group, whose files are written together.
    fn siblings(&self, number: usize) -> impl Iterator<Item = usize> {
        let mut pending = self.pending.iter();
        let own = pending.find(|template| template.number() == number);
        let group = own.and_then(|own| named_group(own));
        let pending = self.pending.iter();
        let others = pending.filter(move |other| group.is_some() && named_group(other) == group);
        others.map(|other| other.number())
    }
}

/// The templates by the absolute paths of their destinations.
fn by_destination(templates: &[TemplateState]) -> BTreeMap<PathBuf, &TemplateState> {
    let with_path = |template| {
        let destination = TemplateState::job(template).destination.as_deref();
        destination.map(|destination| (absolute(destination), template))
    };
    templates.iter().filter_map(with_path).collect()
}

/// The absolute path, without `.`.
fn absolute(path: &Path) -> PathBuf {
    std::path::absolute(path).unwrap_or_else(|_| path.to_owned())
}

/// The templates that read a file.
fn readers<'a>(
    file: &FileQuery,
    templates: &'a [TemplateState],
) -> impl Iterator<Item = &'a TemplateState> {
    templates.iter().filter(move |template| {
        let mut queries = template.queries();
        queries.any(|query| matches!(&**query, Query::File(own) if own == file))
    })
}

/// Returns `true` if a template reads this file that is applied together with the one that writes it: their command runs
/// when both files are written.
fn is_read_with(file: &FileQuery, writer: &TemplateState, templates: &[TemplateState]) -> bool {
    let group = writer.job().applied_with();
    readers(file, templates).any(|reader| reader.job().applied_with().key == group.key)
}

/// The named group of a template, if any.
fn named_group(template: &TemplateState) -> Option<&GroupKey> {
    template.job().group.as_ref().map(|group| &group.key)
}
