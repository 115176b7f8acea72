//! The manual page.
//!
//! Input: a command, and the sections that its declarations do not contain. Output: a page in roff,
//! without warnings of `mandoc` and `groff`.

use std::fmt::Write as _;

use clap::{Arg, Command};

/// The parts of a page that do not follow from the command.
#[derive(Clone, Debug, Default)]
pub struct Manual {
    /// The date of the page: year, month and day.
    pub date: &'static str,
    /// What the program does.
    pub description: &'static str,
    /// The sections after the flags.
    pub sections: Vec<Section>,
}

/// A section of a page.
#[derive(Clone, Debug)]
pub struct Section {
    /// The title, in upper case.
    pub title: &'static str,
    /// Names with their descriptions. An empty name makes a paragraph.
    pub entries: Vec<(String, String)>,
}

impl Section {
    /// Creates a section.
    #[must_use]
    pub fn new(title: &'static str, entries: &[(&str, &str)]) -> Self {
        let owned = |(name, text): &(&str, &str)| ((*name).to_owned(), (*text).to_owned());
        Self {
            title,
            entries: entries.iter().map(owned).collect(),
        }
    }
}

/// The length of a line in the source, in bytes; `mandoc` warns about longer ones.
const LINE: usize = 78;

impl Manual {
    /// Creates the page of a command.
    #[must_use]
    pub fn page(&self, command: &Command) -> String {
        let name = command.get_name();
        let mut page = format!(
            ".TH {} 1 \"{}\" \"{name} {}\"\n.SH NAME\n",
            escaped(&name.to_uppercase()),
            self.date,
            escaped(command.get_version().unwrap_or_default())
        );
        paragraph(
            &mut page,
            &format!("{} \\- {}", escaped(name), escaped(&about(command))),
        );
        page += ".SH SYNOPSIS\n.nf\n";
        for line in usage(command).lines() {
            paragraph(&mut page, &escaped(line.trim()));
        }
        page += ".fi\n.SH DESCRIPTION\n";
        paragraph(&mut page, &escaped(self.description));
        let notes = command.get_after_help().map(ToString::to_string);
        for line in notes.unwrap_or_default().lines() {
            paragraph(&mut page, &escaped(line));
        }
        page += ".SH COMMANDS\n";
        for own in command.get_subcommands() {
            subcommand(&mut page, command, own);
        }
        page += ".SH OPTIONS\n";
        flags(&mut page, command, |_| true);
        for Section { title, entries } in &self.sections {
            let _ = writeln!(page, ".SH {title}");
            for (name, text) in entries {
                match name.as_str() {
                    "" => paragraph(&mut page, &escaped(text)),
                    name => entry(&mut page, &format!("\\fB{}\\fR", escaped(name)), text),
                }
            }
        }
        page
    }
}

/// Writes the usage and the description of a subcommand, and the flags that the program does not have.
fn subcommand(page: &mut String, command: &Command, own: &Command) {
    let _ = writeln!(page, ".SS {}", escaped(usage(own).trim()));
    paragraph(page, &escaped(&(about(own) + ".")));
    flags(page, own, |arg| {
        let is_listed = |other: &Arg| other.get_id() == arg.get_id();
        arg.is_positional() || !command.get_arguments().any(is_listed)
    });
}

fn about(command: &Command) -> String {
    let about = command.get_long_about().or(command.get_about());
    about.map(ToString::to_string).unwrap_or_default()
}

fn usage(command: &Command) -> String {
    let usage = command.clone().render_usage().to_string();
    usage.trim_start_matches("Usage:").trim().to_owned()
}

/// Writes the flags, grouped by heading.
fn flags(page: &mut String, command: &Command, shown: impl Fn(&Arg) -> bool) {
    let mut headings: Vec<Option<&str>> = Vec::new();
    let args: Vec<&Arg> = command.get_arguments().filter(|arg| shown(arg)).collect();
    for arg in &args {
        if !headings.contains(&arg.get_help_heading()) {
            headings.push(arg.get_help_heading());
        }
    }
    for heading in headings {
        if let Some(heading) = heading {
            // The first paragraph of a section needs no request.
            let is_first = page
                .lines()
                .last()
                .is_some_and(|line| line.starts_with(".SH"));
            let gap = if is_first { "" } else { ".PP\n" };
            let _ = writeln!(page, "{gap}\\fI{}\\fR", escaped(heading));
        }
        for arg in args.iter().filter(|arg| arg.get_help_heading() == heading) {
            let help = arg.get_help().map(ToString::to_string).unwrap_or_default();
            entry(page, &name(arg), &help);
        }
    }
}

/// Formats the name of a flag: `-o, --output FILE`, in bold and italics.
fn name(arg: &Arg) -> String {
    let value = arg
        .get_value_names()
        .unwrap_or_default()
        .first()
        .map(|name| format!("\\fI{}\\fR", escaped(name)));
    let names = arg.get_short().map(|short| format!("-{short}")).into_iter();
    let longs = arg.get_long_and_visible_aliases().unwrap_or_default();
    let names: Vec<_> = names
        .chain(longs.iter().map(|name| format!("--{name}")))
        .collect();
    let shown = names
        .iter()
        .map(|name| format!("\\fB{}\\fR", escaped(name)))
        .collect::<Vec<_>>()
        .join(", ");
    match (
        value.filter(|_| arg.get_action().takes_values()),
        arg.get_num_args()
            .is_some_and(|count| count.min_values() == 0),
    ) {
        (Some(value), true) => format!("{shown}[={value}]"),
        (Some(value), false) => format!("{shown} {value}").trim_start().to_owned(),
        (None, _) => shown,
    }
}

fn entry(page: &mut String, name: &str, text: &str) {
    let _ = writeln!(page, ".TP\n{name}");
    paragraph(page, &escaped(text));
}

/// Writes an escaped text as lines of the source.
fn paragraph(page: &mut String, text: &str) {
    let mut line = String::new();
    for word in text.split(' ').filter(|word| !word.is_empty()) {
        if !line.is_empty() && line.len() + 1 + word.len() > LINE {
            let _ = writeln!(page, "{line}");
            line.clear();
        }
        if !line.is_empty() {
            line.push(' ');
        } else if word.starts_with(['.', '\'']) {
            // At the start of a line, these characters begin a roff request.
            line.push_str("\\&");
        }
        line.push_str(word);
    }
    let _ = writeln!(page, "{line}");
}

/// Escapes a text for roff.
fn escaped(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '\\' => shown.push_str("\\e"),
            '-' => shown.push_str("\\-"),
            '\'' => shown.push_str("\\(aq"),
            '`' => shown.push_str("\\(ga"),
            _ if letter.is_ascii() => shown.push(letter),
            _ => {
                let _ = write!(shown, "\\[u{:04X}]", u32::from(letter));
            }
        }
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_line_is_long_and_none_is_a_request_by_accident() {
        let help = ".text 'quoted' ".repeat(20);
        let mut command = Command::new("demo")
            .version("1")
            .about("Does nothing")
            .arg(Arg::new("long").long("long").help(&help));
        command.build();
        let manual = Manual {
            date: "2026-01-02",
            sections: vec![Section::new(
                "FILES",
                &[("/etc/demo", "a file"), ("", "No more.")],
            )],
            ..Manual::default()
        };
        let page = manual.page(&command);
        assert!(
            page.starts_with(".TH DEMO 1 \"2026-01-02\" \"demo 1\"\n"),
            "{page}"
        );
        assert!(page.lines().all(|line| line.len() <= 80), "{page}");
        assert!(
            page.lines().all(|line| !line.starts_with(".text")),
            "{page}"
        );
        assert!(page.contains("\n\\&.text \\(aqquoted\\(aq"), "{page}");
        assert!(
            page.contains(".SH FILES\n.TP\n\\fB/etc/demo\\fR\na file\nNo more.\n"),
            "{page}"
        );
    }
}
