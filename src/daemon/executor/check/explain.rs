//! Explains the output of a failed check in terms of destinations and templates.
//!
//! Input: the output, the staged files, the templates. Output: the same lines with the names of the destinations,
//! and the lines of templates that they are about.

use std::path::Path;
use std::sync::Arc;

use consul_render::TemplateSource;
use consul_render::line_origin::line_origin;
use ctmpl_options::config::resolved::Job;
use group_apply::budget::DiffSize;
use group_apply::transaction::StagedFile;

/// The maximum number of places in a message.
const MAX_PLACES: usize = 3;

/// The names of files as a check sees them, with the names that the user knows.
#[derive(Debug, Default)]
pub(super) struct Names(Vec<(String, String)>);

impl Names {
    /// Adds a name. An inner path is to be added as well as that of its tree: the longest name counts.
    pub(super) fn add(&mut self, shown: &Path, known: &Path) {
        let (shown, known) = (shown.display().to_string(), known.display().to_string());
        if shown != known && !shown.is_empty() {
            self.0.push((shown, known));
            self.0
                .sort_by_key(|(shown, _)| std::cmp::Reverse(shown.len()));
        }
    }

    /// Replaces the names in a text.
    pub(super) fn known(&self, text: &str) -> String {
        let mut text = text.to_owned();
        for (shown, known) in &self.0 {
            text = text.replace(shown, known);
        }
        text
    }
}

/// The places in templates that these lines of output are about, in words. Reads the staged files and the templates.
pub(super) fn places(output: &[String], files: &[StagedFile], jobs: &[Arc<Job>]) -> Vec<String> {
    let mut places = Vec::new();
    for line in output {
        for file in files {
            let destination = file.destination.display().to_string();
            let Some(number) = line_number(line, &destination) else {
                continue;
            };
            let place = template_line(file, number, jobs)
                .map(|place| format!("line {number} of {destination} comes from {place}"));
            if let Some(place) = place.filter(|place| !places.contains(place)) {
                places.push(place);
            }
        }
    }
    places.truncate(MAX_PLACES);
    places
}

/// The number of the line of a file that a line of output names: `FILE:3` as nginx and HAProxy write it, or
/// `line 3 of FILE` as Apache does.
fn line_number(output: &str, file: &str) -> Option<usize> {
    for (at, _) in output.match_indices(file) {
        let (before, after) = (&output[..at], &output[at + file.len()..]);
        let digits =
            |text: &str| -> String { text.chars().take_while(char::is_ascii_digit).collect() };
        let behind = after.strip_prefix(':').map(digits);
        let ahead = before
            .strip_suffix(" of ")
            .and_then(|text| text.rsplit_once("line "));
        let number = behind.filter(|number| !number.is_empty());
        let number = number.or_else(|| ahead.map(|(_, number)| number.to_owned()));
        if let Some(number) = number.and_then(|number| number.parse().ok()) {
            return Some(number);
        }
    }
    None
}

/// The place in the template of a line of a staged file.
fn template_line(file: &StagedFile, number: usize, jobs: &[Arc<Job>]) -> Option<String> {
    let job = jobs.iter().find(|job| {
        let own = job.destination.as_deref().map(std::path::absolute);
        own.is_some_and(|own| own.is_ok_and(|own| own == file.destination))
    })?;
    let template = match &job.source {
        TemplateSource::File(path) => text_of(path)?,
        TemplateSource::Inline { text, .. } => text.clone(),
        TemplateSource::StandardInput => return None,
    };
    let rendered = text_of(file.shown())?;
    let rendered = rendered.lines().nth(number.checked_sub(1)?)?;
    let line = line_origin(
        &template,
        job.template.language,
        &job.template.delimiters,
        rendered,
    )?;
    Some(format!("{}:{line}", job.source.name()))
}

/// The size of the difference between the destinations and their staged files; `None` if one cannot be read.
pub(super) fn size(files: &[StagedFile]) -> Option<DiffSize> {
    let changed = files.iter().filter(|file| file.is_changed);
    let sizes = changed.map(|file| {
        let old = match safe_read::read(&file.destination) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Vec::new(),
            old => old.ok()?,
        };
        let new = safe_read::read(file.shown()).ok()?;
        Some(DiffSize::of(&old, &new))
    });
    sizes.sum()
}

fn text_of(path: &Path) -> Option<String> {
    String::from_utf8(safe_read::read(path).ok()?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use consul_render::Language;

    #[test]
    fn the_places_of_nginx_haproxy_and_apache_are_found() {
        let file = "/etc/app.conf";
        let cases = [
            (
                "nginx: [emerg] unknown directive \"x\" in /etc/app.conf:12",
                Some(12),
            ),
            (
                "[ALERT] (8) : config : parsing [/etc/app.conf:7] : unknown keyword",
                Some(7),
            ),
            ("AH00526: Syntax error on line 3 of /etc/app.conf:", Some(3)),
            ("/etc/app.conf: /etc/app.conf:4:9: error", Some(4)),
            ("/etc/app.conf is wrong", None),
            ("/etc/app.conf:99999999999999999999999", None),
            ("line x of /etc/app.conf", None),
        ];
        for (line, expected) in cases {
            assert_eq!(line_number(line, file), expected, "{line}");
        }
    }

    #[test]
    fn the_longest_name_is_replaced_first() {
        let mut names = Names::default();
        names.add(Path::new("/tmp/tree"), Path::new("/etc"));
        names.add(Path::new("/etc/.a.ctmpl-1"), Path::new("/etc/a"));
        names.add(Path::new("/tmp/tree/b.ctmpl-1"), Path::new("/etc/b"));
        names.add(Path::new("/same"), Path::new("/same"));
        let text = "/tmp/tree/b.ctmpl-1:1 /tmp/tree/c /etc/.a.ctmpl-1:2";
        assert_eq!(names.known(text), "/etc/b:1 /etc/c /etc/a:2");
    }

    #[test]
    fn a_line_of_output_leads_to_the_line_of_the_template() {
        let folder = tempfile::tempdir().unwrap();
        let destination = folder.path().join("out");
        let staged = folder.path().join(".out");
        std::fs::write(&destination, "one\n").unwrap();
        std::fs::write(&staged, "one\nport 7;\nport 8;\n").unwrap();
        let source = TemplateSource::Inline {
            name: "t".to_owned(),
            text: "one\n{{ range ls \"p\" }}port {{ .Value }};\n{{ end }}".to_owned(),
        };
        let job = Job {
            destination: Some(destination.clone()),
            ..Job::of_template(source, Language::Go)
        };
        let files = [StagedFile {
            destination: destination.clone(),
            staged: Some(staged),
            is_changed: true,
        }];
        let shown = destination.display();
        let output = [2, 3, 2].map(|line| format!("wrong in {shown}:{line}"));
        let expected = [2, 3].map(|line| format!("line {line} of {shown} comes from t:2"));
        assert_eq!(places(&output, &files, &[Arc::new(job)]), expected);
        let expected = DiffSize {
            removed: 0,
            added: 2,
        };
        assert_eq!(size(&files), Some(expected));
    }
}
