//! Files that another template is about to write.
//!
//! In `-once`, a file is read once. If it is the destination of a template, it is read when that template is written, so
//! that a template that reads it renders the new content. The daemon watches files, and renders again instead.
//!
//! Input: the new files that templates request, and the templates that are settled. Output: the files to read.

use std::collections::BTreeSet;
use std::path::Path;

use super::template_state::TemplateState;
use consul_watch::query::{FileQuery, Query};

/// The files that are not read yet.
#[derive(Debug)]
pub(super) struct DeferredFiles {
    is_on: bool,
    files: Vec<FileQuery>,
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

    /// Puts aside the files that other templates write. Returns the others.
    pub(super) fn defer(
        &mut self,
        new: Vec<FileQuery>,
        templates: &[TemplateState],
    ) -> Vec<FileQuery> {
        if !self.is_on {
            return new;
        }
        let (deferred, others): (Vec<_>, Vec<_>) = new
            .into_iter()
            .partition(|file| writer(templates, file).is_some());
        self.files.extend(deferred);
        others
    }

    /// Takes the files whose templates are settled: written, or unable to be. Templates that wait for one another would
    /// wait forever, so their files are taken as well.
    pub(super) fn take_ready(
        &mut self,
        templates: &[TemplateState],
        settled: &BTreeSet<usize>,
    ) -> Vec<FileQuery> {
        let waits = Waits::of(&self.files, templates, settled);
        let ready = self.files.iter().filter(|file| !waits.is_awaited(file));
        let ready: Vec<_> = ready.cloned().collect();
        self.files.retain(|file| !ready.contains(file));
        ready
    }
}

/// The templates that wait for other templates.
struct Waits<'a> {
    /// The templates that are not settled.
    unsettled: Vec<&'a TemplateState>,
    /// The files whose templates are not settled.
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
        files: &'a [FileQuery],
        templates: &'a [TemplateState],
        settled: &BTreeSet<usize>,
    ) -> Self {
        let is_settled = |template: &TemplateState| settled.contains(&template.number());
        let wait = |file| {
            let writer = writer(templates, file).filter(|writer| !is_settled(writer))?;
            let readers = templates.iter().filter(|reader| requests(reader, file));
            Some(Wait {
                file,
                writer: writer.number(),
                readers: readers.map(TemplateState::number).collect(),
            })
        };
        let unsettled = templates.iter().filter(|template| !is_settled(template));
        Self {
            unsettled: unsettled.collect(),
            files: files.iter().filter_map(wait).collect(),
        }
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
        let mut unsettled = self.unsettled.iter();
        let own = unsettled.find(|template| template.number() == number);
        let group = own.and_then(|own| own.job().group.as_ref());
        let same = move |other: &&&TemplateState| {
            group.is_some_and(|group| other.job().group.as_ref() == Some(group))
        };
        let others = self.unsettled.iter().filter(same);
        others.map(|other| other.number())
    }
}

/// The template that writes this file, unless a template with the same command reads it: their command runs when both
/// files are written.
fn writer<'a>(templates: &'a [TemplateState], file: &FileQuery) -> Option<&'a TemplateState> {
    let is_destination = |template: &&TemplateState| {
        let destination = template.job().destination.as_deref();
        destination.is_some_and(|destination| is_same(destination, &file.path))
    };
    let writer = templates.iter().find(is_destination)?;
    let mut readers = templates.iter().filter(|other| requests(other, file));
    (!readers.any(|reader| shares_command(reader, writer))).then_some(writer)
}

fn requests(template: &TemplateState, file: &FileQuery) -> bool {
    let mut queries = template.queries();
    queries.any(|query| matches!(&**query, Query::File(own) if own == file))
}

fn shares_command(one: &TemplateState, other: &TemplateState) -> bool {
    let (one, other) = (one.job(), other.job());
    let is_unnamed = one.group.is_none() && other.group.is_none();
    is_unnamed && one.command.is_some() && one.command == other.command
}

/// Returns `true` if the paths are the same once they are absolute and without `.`.
fn is_same(one: &Path, other: &Path) -> bool {
    let absolute = |path| std::path::absolute(path).unwrap_or_else(|_| Path::to_owned(path));
    one == other || absolute(one) == absolute(other)
}
