//! `ctmpl validate`: checks the configuration and parses every template.

use std::collections::BTreeSet;

use consul_render::{Language, Template, TemplateSource, functions};
use ctmpl_convert::differences::{self, TemplateText};
use ctmpl_options::cli::Arguments;
use ctmpl_options::config::resolved::Job;
use ctmpl_options::config::{self, Config};
use ctmpl_options::exit_code;
use error_line::chain;

use super::output::{Failure, counted, report, report_success};

pub(super) fn run(arguments: Arguments) -> Result<u8, Failure> {
    let (config, notes) = config::load_with_notes(arguments, &std::env::vars_os().collect())?;
    let of_templates: BTreeSet<_> = config.jobs.iter().flat_map(differences_of).collect();
    let linked: Vec<_> = config.jobs.iter().filter_map(linked_destination).collect();
    let notes = notes.iter().chain(&of_templates).chain(&linked);
    for message in config.warnings.iter().chain(notes) {
        report(message);
    }
    if !templates_parse(&config) {
        return Ok(exit_code::CONFIG);
    }
    report_success(format_args!("validate: {}: OK", summary(&config)));
    Ok(exit_code::SUCCESS)
}

/// The numbers of templates and of different commands, with the child process.
fn summary(config: &Config) -> String {
    let commands = config.jobs.iter().filter_map(|job| job.command.as_ref());
    let commands: BTreeSet<_> = commands.map(|command| command.line.to_string()).collect();
    let mut summary = format!(
        "{}, {}",
        counted(config.jobs.len(), "template"),
        counted(commands.len(), "command")
    );
    if config.exec.is_some() {
        summary += ", 1 child process";
    }
    summary
}

/// The note about a destination that is a symbolic link, which consul-template replaces.
fn linked_destination(job: &Job) -> Option<String> {
    let destination = job.destination.as_ref()?;
    let is_link = std::fs::symlink_metadata(destination).is_ok_and(|file| file.is_symlink());
    is_link.then(|| differences::in_linked_destination(&destination.display().to_string()))
}

/// The differences from consul-template that a template touches; empty if it cannot be read.
fn differences_of(job: &Job) -> Vec<String> {
    let (name, text) = match &job.source {
        TemplateSource::Inline { name, text } => (name.clone(), text.clone()),
        TemplateSource::StandardInput => return Vec::new(),
        TemplateSource::File(path) => {
            let content = safe_read::read(path).unwrap_or_default();
            let text = String::from_utf8(content).unwrap_or_default();
            (path.display().to_string(), text)
        }
    };
    let template = TemplateText {
        name: &name,
        text: &text,
        delimiters: &job.template.delimiters,
        is_jinja: job.template.language == Language::Jinja,
    };
    differences::in_template(template, |function| {
        functions::id_in_go(function).is_some() && job.template.allow.allow(function)
    })
}

/// Parses every template. Reports the invalid ones, and the calls that fail when a template
/// executes them. Returns `true` if all templates are valid.
pub(super) fn templates_parse(config: &Config) -> bool {
    let mut valid = true;
    let mut reported = BTreeSet::new();
    for job in &config.jobs {
        match Template::read(&job.source, &job.template) {
            // Several jobs may have the same template.
            Ok(template) => template
                .failing_calls()
                .iter()
                .map(|call| chain(call))
                .filter(|call| reported.insert(call.clone()))
                .for_each(report),
            Err(error) => {
                valid = false;
                report(chain(&error));
            }
        }
    }
    valid
}
